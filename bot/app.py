"""The composition root: from the settings to a desk, its doors and its worker. It alone knows all others."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

import handlers
from bot.door import Door, dispatcher
from bot.errands import Errands
from bot.health import Health
from bot.metrics import Metrics
from bot.model.errors import SettingsError
from bot.model.policy_file import LoadedPolicy, read_policy
from bot.plivo.client import PlivoClient
from bot.settings import Settings
from bot.signature import SlackSignature
from bot.usecases.buy import buy
from bot.usecases.choices import Choices
from bot.usecases.desk import Desk, Timing
from bot.usecases.groups import Groups
from bot.usecases.name import name
from bot.usecases.settle import settle
from bot.worker import Handler, Worker
from handlers import messages
from handlers.parts import Parts
from handlers.responder import Responder
from storage import migrate
from storage.engine import make_engine
from storage.jobs import Job
from storage.unit_of_work import Database

SLACK_TIMEOUT = 10
"""Seconds for one call of Slack's Web API."""
ERRAND_THREADS = 60
"""People whose search or click is being worked on at once: each may wait 30 s for the provider."""
ERRANDS_WAITING = 100
WORKER_THREADS = 12
"""A purchase may hold a thread for a minute, and messages must not wait for it."""
STOP_WITHIN = 20.0
"""Seconds that work in flight gets when the program is asked to stop."""
APOLOGIES_WITHIN = 5.0
"""Seconds of these in which people hear that their work is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All parts, wired up; nothing runs yet."""

    settings: Settings
    parts: Parts
    worker: Worker
    works: bool  #: whether this process runs the worker

    @property
    def desk(self) -> Desk:
        return self.parts.desk

    def slack_app(self) -> App:
        """Slack's listeners on a Bolt app. The door, or the socket, has verified and parsed already."""
        logging.getLogger("slack_bolt.App").addFilter(_not_meant)
        app = App(
            name="numberdesk",
            client=self.parts.slack,
            authorize=lambda **_: self._authorization(),
            process_before_response=True,  # listeners are short: what takes time is an errand
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,
        )
        handlers.register(app, self.parts)
        return app

    def door(self) -> Door:
        """The WSGI callable of `serve`."""
        health = Health(self.desk.database, self.worker if self.works else None)
        signature = SlackSignature(self.settings.signing_secrets(), time.time)
        metrics = Metrics(self.desk.database, self.parts.errands)
        return Door(dispatcher(self.slack_app()), signature, ready=health.look, metrics=metrics.page)

    def start(self) -> None:
        """Starts the worker, in the process that will run it."""
        if self.works:
            self.worker.start()

    def stop(self, within: float = STOP_WITHIN) -> None:
        """Lets what is under way finish, for `within` seconds at most, and closes all connections."""
        end = time.monotonic() + within
        self.parts.errands.stop(max(0.1, within - APOLOGIES_WITHIN))
        self.parts.apologies.stop(max(0.1, end - time.monotonic()))
        if self.works:
            self.worker.stop(max(0.1, end - time.monotonic()))
        self.desk.provider.close()
        self.desk.database.engine.dispose()

    def _authorization(self) -> AuthorizeResult:
        # One workspace, one token, known beforehand: no call to Slack before the first answer.
        return AuthorizeResult(
            enterprise_id=None, team_id=None, bot_token=_secret(self.settings.slack_bot_token)
        )


def _not_meant(line: logging.LogRecord) -> bool:
    """Drops Bolt's warning at each start that `authorize` makes the token superfluous: it is meant."""
    return "`token`" not in str(line.msg)


def make_database(settings: Settings) -> Database:
    """The rows, at DATABASE_URL; connects to nothing yet."""
    return Database(make_engine(settings.database_url))


def prepare(database: Database) -> None:
    """Brings SQLite to the newest schema; on PostgreSQL an old one is an error: others may use it now."""
    if database.engine.dialect.name == "sqlite":
        migrate.upgrade(database.engine)
    elif not migrate.is_current(database.engine):
        raise SettingsError("The database's schema is old: run `python -m bot db upgrade` first.")


def make_desk(settings: Settings, database: Database, look_up: Callable[[str, str], frozenset[str]]) -> Desk:
    """The desk. Raises PolicyError if POLICY_FILE has a mistake."""
    loaded = load_policy(settings)
    return Desk(
        database=database,
        provider=make_provider(settings),
        account=settings.plivo_auth_id or "",
        policy=loaded.policy if loaded else None,
        policy_sha=loaded.sha256 if loaded else None,
        groups=Groups(look_up, time.monotonic),
        timing=Timing(buy_watchdog=settings.buy_watchdog, settle_window=settings.settle_window),
        uptime=_uptime,
    )


def load_policy(settings: Settings) -> LoadedPolicy | None:
    """The policy that POLICY_FILE names; None if it names none."""
    return read_policy(settings.policy_file) if settings.policy_file else None


def make_provider(settings: Settings) -> PlivoClient:
    """Plivo's client."""
    return PlivoClient(
        settings.plivo_api_url,
        settings.plivo_auth_id or "",
        _secret(settings.plivo_auth_token),
        buy_timeout=settings.buy_timeout,
    )


def make_slack(settings: Settings) -> WebClient:
    """Slack's client: no retries of its own, which would post a message twice after a reset connection."""
    return WebClient(
        token=_secret(settings.slack_bot_token),
        base_url=settings.slack_api_url,
        timeout=SLACK_TIMEOUT,
        retry_handlers=[],
    )


def members_by(slack: WebClient) -> Callable[[str, str], frozenset[str]]:
    """Asks Slack who is in a user group; raises whatever Slack's client raises."""

    def look_up(_workspace: str, group: str) -> frozenset[str]:
        return frozenset(slack.usergroups_users_list(usergroup=group)["users"])

    return look_up


def make_program(settings: Settings, *, works: bool) -> Program:
    """Everything, wired up. Raises SettingsError or PolicyError; nothing is started."""
    database = make_database(settings)
    prepare(database)
    slack = make_slack(settings)
    desk = make_desk(settings, database, members_by(slack))
    parts = Parts(
        desk=desk,
        choices=Choices(desk.provider, time.monotonic),
        slack=slack,
        responder=Responder(_own_slack(settings)),
        errands=Errands(ERRAND_THREADS, ERRANDS_WAITING),
        apologies=Errands(2, 200),
    )
    worker = Worker(database, jobs(parts), lease=settings.job_lease, threads=WORKER_THREADS)
    database.on_due = worker.wake
    return Program(settings=settings, parts=parts, worker=worker, works=works)


def jobs(parts: Parts) -> Mapping[str, Handler]:
    """What each kind of job does."""

    def tell(job: Job) -> float | None:
        request_id, _, event = job.subject.partition(":")
        return messages.tell(parts, request_id, event)

    return {
        "buy": lambda job: buy(parts.desk, job.subject),
        "settle": lambda job: settle(parts.desk, job.subject),
        "alias": lambda job: name(parts.desk, job.subject, job.attempts),
        "render": lambda job: messages.render(parts, job.subject),
        "dm": tell,
    }


def _own_slack(settings: Settings) -> str | None:
    return settings.slack_api_url if "slack_api_url" in settings.model_fields_set else None


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_uptime = partial(time.clock_gettime, _CLOCK)
"""Seconds that also pass while the machine sleeps, where the system can tell."""
