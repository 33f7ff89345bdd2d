"""Migrations: brings a database to the newest schema, and tells whether it is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

_CONNECTION = "connection"


def upgrade(engine: Engine) -> None:
    """Brings the database to the newest schema, in one transaction; nothing happens if it is there."""
    with engine.connect() as connection, _references_unchecked(connection), connection.begin():
        config = _config()
        config.attributes[_CONNECTION] = connection
        command.upgrade(config, "head")
        _check_references(connection)


@contextmanager
def _references_unchecked(connection: Connection) -> Iterator[None]:
    """SQLite alters a table by copying it: dropping the old one would fail where others refer to it.

    The switch works outside of a transaction only, so it goes past SQLAlchemy, which would begin one.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _check_references(connection: Connection) -> None:
    """What was not checked meanwhile. Raises RuntimeError, and the upgrade is rolled back."""
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"the upgrade would leave rows that refer to nothing: {broken[:5]}")


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest schema."""
    with engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    return heads == tuple(ScriptDirectory.from_config(_config()).get_heads())


def is_known(engine: Engine) -> bool:
    """Whether the database's schema is one that this program has heard of: not that of a newer one."""
    with engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return set(heads) <= known


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
