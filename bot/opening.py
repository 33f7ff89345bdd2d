"""Opens what the settings name: the database, the policy, the provider, Slack, and a desk of all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import SecretStr
from slack_sdk import WebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.model.audit import LogRules
from bot.model.audit_seal import Seal
from bot.model.errors import SettingsError
from bot.model.people import Found, NotListed
from bot.model.policy_file import LoadedPolicy, read_policy
from bot.plivo.client import PlivoClient
from bot.settings import Settings
from bot.usecases.desk import Desk, Timing
from bot.usecases.directory import Directory
from storage import migrate
from storage.clock import uptime
from storage.engine import make_engine
from storage.unit_of_work import Database

SLACK_TIMEOUT = 10
"""Seconds for one call of Slack's Web API."""


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


def make_desk(settings: Settings, database: Database, ask: Callable[[str, str], Found]) -> Desk:
    """The desk. Raises PolicyError if POLICY_FILE has a mistake."""
    loaded = load_policy(settings)
    return Desk(
        database=database,
        provider=make_provider(settings),
        account=settings.plivo_auth_id or "",
        policy=loaded.policy if loaded else None,
        policy_sha=loaded.sha256 if loaded else None,
        directory=Directory(database, ask),
        timing=Timing(buy_watchdog=settings.buy_watchdog, settle_window=settings.settle_window),
        uptime=uptime,
        seal=make_seal(settings),
    )


def nobody(_workspace: str, slack_id: str) -> Found:
    """For a desk that has no Slack to ask. Raises NotListed."""
    raise NotListed(slack_id)


def make_audit_desk(settings: Settings, database: Database) -> Desk:
    """A desk for work on the log alone, which asks neither Slack nor the provider."""
    return make_desk(settings, database, nobody)


def make_seal(settings: Settings) -> Seal | None:
    """What signs checkpoints, proofs and archives; None without a key."""
    return Seal(secret(settings.audit_signing_key)) if settings.audit_signing_key else None


def load_policy(settings: Settings) -> LoadedPolicy | None:
    """The policy that POLICY_FILE names; None if it names none."""
    return read_policy(settings.policy_file) if settings.policy_file else None


def make_provider(settings: Settings) -> PlivoClient:
    """Plivo's client."""
    return PlivoClient(
        settings.plivo_api_url,
        settings.plivo_auth_id or "",
        secret(settings.plivo_auth_token),
        buy_timeout=settings.buy_timeout,
    )


def make_slack(settings: Settings) -> WebClient:
    """Slack's client: no retries of its own, which would post a message twice after a reset connection."""
    return WebClient(
        token=secret(settings.slack_bot_token),
        base_url=settings.slack_api_url,
        timeout=SLACK_TIMEOUT,
        retry_handlers=[],
    )


def secret(value: SecretStr | None) -> str:
    """What a secret of the settings is; empty without one."""
    return value.get_secret_value() if value else ""
