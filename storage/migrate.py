"""Migrations: brings a database to the newest schema, and tells whether it is there.

Every start asks that, so it is told without Alembic, whose import takes as long as SQLAlchemy's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from storage.engine import reading

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = "alembic_version"


class UnknownSchema(Exception):
    """The database has a schema that this program has never heard of: a newer program made it."""


def upgrade(engine: Engine) -> None:
    """Brings the database to the newest schema, in one transaction; nothing happens if it is there.

    Raises UnknownSchema.
    """
    if is_current(engine):
        return
    if not is_known(engine):
        raise UnknownSchema
    with engine.connect() as connection, _references_unchecked(connection), connection.begin():
        _to(connection, "head")
        _check_references(connection)


def _to(connection: Connection, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - only a schema that is old needs it
    from alembic.config import Config  # noqa: PLC0415 - same

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


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
    return _revisions(engine) == {known_revisions()[-1]}


def is_known(engine: Engine) -> bool:
    """Whether the database's schema is one that this program has heard of: not that of a newer one."""
    return _revisions(engine) <= set(known_revisions())


def known_revisions() -> list[str]:
    """The schema's revisions, the newest last: a migration's file is named by its revision and a title."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _revisions(engine: Engine) -> set[str]:
    """What Alembic has written down in the database; nothing in one without tables."""
    with engine.connect().execution_options(**reading(engine)) as connection:
        if not inspect(connection).has_table(_VERSION):
            return set()
        return set(connection.scalars(text(f"SELECT version_num FROM {_VERSION}")))  # noqa: S608 - our own
