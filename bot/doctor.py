"""Doctor: looks at everything the desk needs and says what to do about each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from bot.furnishing import make_provider, make_slack
from bot.manifest import SCOPES
from bot.model.errors import CredentialsRefused, NumberdeskError, SettingsError
from bot.model.money import format_usd
from bot.model.policy import Policy
from bot.model.policy_check import warnings
from bot.model.policy_groups import groups_named
from bot.opening import is_current, load_policy, make_database
from bot.settings import Settings, load_settings
from handlers.people import SlackPeople
from storage import audit_chain, migrate
from storage.unit_of_work import Database

NEEDS = ("SLACK_BOT_TOKEN", "PLIVO_AUTH_ID", "PLIVO_AUTH_TOKEN")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    fine: bool
    says: str


def examine(environ: Mapping[str, str]) -> tuple[Check, ...]:
    """Every check, each by itself: one that fails hides no other. Raises nothing."""
    try:
        settings = load_settings(environ, needs=NEEDS)
    except SettingsError as problem:
        return (Check("settings", False, str(problem)),)  # noqa: FBT003 - the field says what it is
    return (_settings(settings), *_all(settings))


def _settings(settings: Settings) -> Check:
    if settings.slack_signing_secret or settings.slack_app_token:
        return Check("settings", True, "complete")  # noqa: FBT003
    says = "set SLACK_SIGNING_SECRET for `serve`, or SLACK_APP_TOKEN for `socket`"
    return Check("settings", False, says)  # noqa: FBT003


def _all(settings: Settings) -> Iterator[Check]:
    looks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("database", _database),
        ("slack", _slack),
        ("provider", _provider),
        ("policy", _policy),
        ("log", _log),
    )
    for name, look in looks:
        try:
            yield Check(name, True, look(settings))  # noqa: FBT003
        except _Wrong as problem:
            yield Check(name, False, str(problem))  # noqa: FBT003
        except (NumberdeskError, SlackApiError, OSError) as problem:
            yield Check(name, False, _plain(problem))  # noqa: FBT003


class _Wrong(Exception):
    """What is wrong and what to do."""


def _database(settings: Settings) -> str:
    database = make_database(settings)
    engine = database.engine
    try:
        if is_current(database):
            _may_archive(settings, database)
            return f"{engine.dialect.name}, newest schema"
        if not migrate.is_known(engine):
            raise _Wrong("the schema is that of another version: run the newest Numberdesk")
        if engine.dialect.name == "sqlite":
            return "sqlite, will be brought to the newest schema at the next start"
        raise _Wrong("the schema is old: run `python -m bot db upgrade`")
    finally:
        engine.dispose()


def _may_archive(settings: Settings, database: Database) -> None:
    if settings.audit_archive_folder:
        with database.read() as work:
            if not audit_chain.may_let_go(work):
                raise _Wrong(
                    "this role may not archive the log: unset AUDIT_ARCHIVE_FOLDER, and run"
                    " `python -m bot audit archive` as the role that owns the tables"
                )


def _slack(settings: Settings) -> str:
    answer = make_slack(settings).auth_test()
    has = set(str(answer.headers.get("x-oauth-scopes", "")).replace(" ", "").split(","))
    missing = sorted(set(SCOPES) - has)
    if missing:
        raise _Wrong(f"the token lacks {', '.join(missing)}: add them to the app and install it again")
    return f"token of {answer.get('user')} in {answer.get('team')}, all scopes"


def _provider(settings: Settings) -> str:
    provider = make_provider(settings)
    try:
        account = provider.account()
    except CredentialsRefused:
        raise _Wrong(
            "the desk's own credentials are refused: check PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN"
        ) from None
    finally:
        provider.close()
    if account.credit is None:
        return "credentials are fine"
    return f"credentials are fine, balance {format_usd(account.credit)}"


def _policy(settings: Settings) -> str:
    loaded = load_policy(settings)
    if loaded is None:
        raise _Wrong("POLICY_FILE is not set: people can search, and every purchase is refused")
    unknown = _unknown_groups(settings, loaded.policy)
    if unknown:
        raise _Wrong(f"these user groups cannot be looked up, so they let nobody in: {', '.join(unknown)}")
    return "; ".join([f"{len(loaded.policy.rules)} rules", *warnings(loaded.policy)])


def _log(settings: Settings) -> str:
    """A log without a key is still a chain; that it proves less is said, and stops nobody."""
    places = ["standard output"]
    if settings.audit_file:
        places.append(str(settings.audit_file))
    if settings.audit_channel:
        places.append(settings.audit_channel)
    to = f"checkpoints go to {', '.join(places)}"
    if settings.audit_signing_key is None:
        return f"{to}, unsigned: set AUDIT_SIGNING_KEY, which `python -m bot audit key` makes"
    return f"{to}, signed"


def _unknown_groups(settings: Settings, policy: Policy) -> list[str]:
    people = SlackPeople(make_slack(settings))
    unknown = []
    for group in sorted(groups_named(policy)):
        try:
            people.ask("", group)
        except (SlackApiError, OSError):
            unknown.append(group)
    return unknown


def _plain(problem: Exception) -> str:
    """One line without what a library thinks of it, and without any secret."""
    if isinstance(problem, SlackApiError):
        return f"Slack answered {problem.response.get('error')}: check SLACK_BOT_TOKEN"
    if isinstance(problem, OSError) and not isinstance(problem, NumberdeskError):
        return f"SLACK_API_URL cannot be reached ({type(problem).__name__})"
    return str(problem)
