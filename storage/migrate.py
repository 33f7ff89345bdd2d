"""Migrations: brings a database to the newest schema, and tells whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

_CONNECTION = "connection"


def upgrade(engine: Engine) -> None:
    """Brings the database to the newest schema, in one transaction; nothing happens if it is there."""
    with engine.begin() as connection:
        config = _config()
        config.attributes[_CONNECTION] = connection
        command.upgrade(config, "head")


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
