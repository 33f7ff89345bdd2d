"""Opens what the settings name on this machine: the database, the policy file and the key to the log."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.model.audit import LogRules
from bot.model.audit_seal import Seal
from bot.model.errors import SettingsError
from bot.model.policy_file import LoadedPolicy, read_policy
from bot.settings import Settings
from storage import migrate
from storage.engine import make_engine
from storage.unit_of_work import Database


def make_database(settings: Settings) -> Database:
    """The rows, at DATABASE_URL; connects to nothing yet. Raises SettingsError if the driver is absent."""
    try:
        # in production a field that is not allowed is left out with a warning, and stops nobody's work
        rules = LogRules(strict=False, checkpoint_every=settings.audit_checkpoint_events)
        return Database(make_engine(settings.database_url), log_rules=rules)
    except ImportError:
        raise SettingsError(
            "DATABASE_URL names PostgreSQL, whose driver is not installed: install numberdesk[postgres]"
        ) from None


def prepare(database: Database) -> None:
    """Brings SQLite to the newest schema; on PostgreSQL an old one is an error: others may use it now.

    Raises SettingsError for that, and where no database answers.
    """
    if database.engine.dialect.name == "sqlite":
        upgrade(database)
    elif not is_current(database):
        raise SettingsError("The database's schema is old: run `python -m bot db upgrade` first.")


def refuse_early(settings: Settings) -> None:
    """Says what stands in the way before anything listens: an old schema, no database, a wrong policy file.

    Leaves no connection behind. Raises SettingsError or PolicyError.
    """
    load_policy(settings)
    database = make_database(settings)
    try:
        prepare(database)
    finally:
        database.engine.dispose()


def upgrade(database: Database) -> None:
    """Brings the database to the newest schema. Raises SettingsError where none answers."""
    with _told_in_one_line():
        migrate.upgrade(database.engine)


def is_current(database: Database) -> bool:
    """Whether the database has the newest schema. Raises SettingsError where none answers."""
    with _told_in_one_line():
        return migrate.is_current(database.engine)


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as problem:
        raise SettingsError(no_database(problem)) from None
    except migrate.UnknownSchema:
        raise SettingsError(
            "DATABASE_URL leads to a database with a schema of another version: run the newest Numberdesk"
        ) from None


def no_database(problem: SQLAlchemyError) -> str:
    """In one line that the database cannot be used, in its driver's first words, which hold no password."""
    words = str(getattr(problem, "orig", None) or problem).strip().partition("\n")[0]
    return (
        f"DATABASE_URL leads to no database that can be used ({words.removeprefix('connection failed: ')}):"
        " check the address, that its server runs, or that its folder is there and the file may be written"
    )


def make_seal(settings: Settings) -> Seal | None:
    """What signs checkpoints, proofs and archives; None without a key."""
    return Seal(secret(settings.audit_signing_key)) if settings.audit_signing_key else None


def load_policy(settings: Settings) -> LoadedPolicy | None:
    """The policy that POLICY_FILE names; None if it names none."""
    return read_policy(settings.policy_file) if settings.policy_file else None


def secret(value: SecretStr | None) -> str:
    """What a secret of the settings is; empty without one."""
    return value.get_secret_value() if value else ""
