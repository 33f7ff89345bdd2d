"""The composition root: from the settings to a desk, its doors and its worker. It alone knows all others."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from alembic.util import CommandError
from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from sqlalchemy.exc import SQLAlchemyError

import handlers
from bot import anchors
from bot.door import Door, dispatcher
from bot.errands import Errands
from bot.health import Health
from bot.metrics import Metrics
from bot.model.audit import LogRules
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_seal import Seal
from bot.model.errors import SettingsError
from bot.model.people import Found, NotListed
from bot.model.policy_file import LoadedPolicy, read_policy
from bot.model.request import Person
from bot.plivo.client import PlivoClient
from bot.settings import Settings
from bot.signature import SlackSignature
from bot.usecases.archive import EVERY as ARCHIVE_EVERY
from bot.usecases.archive import archive
from bot.usecases.buy import buy
from bot.usecases.checkpoint import EVERY as CHECKPOINT_EVERY
from bot.usecases.checkpoint import Places, checkpoint
from bot.usecases.choices import Choices
from bot.usecases.deadlines import escalate, expire, remind
from bot.usecases.desk import Desk, Timing
from bot.usecases.directory import Directory
from bot.usecases.lifecycle import Lifecycle, arm
from bot.usecases.name import name
from bot.usecases.settle import settle
from bot.usecases.sweep import holding, seed, sweep
from bot.worker import Handler, Worker
from handlers import exports, messages, reports
from handlers.anchors import to_channel
from handlers.errand import aside
from handlers.home_team import HomeApp
from handlers.parts import Parts
from handlers.people import SlackPeople
from handlers.responder import Responder
from storage import migrate
from storage.engine import make_engine
from storage.jobs import Job
from storage.unit_of_work import Database

log = structlog.get_logger(__name__)

SLACK_TIMEOUT = 10
"""Seconds for one call of Slack's Web API."""
ERRAND_THREADS = 60
"""People whose search or click is being worked on at once: each may wait 30 s for the provider."""
ERRANDS_WAITING = 100
BUYING_THREADS, SAYING_THREADS, TIMING_THREADS, CRON_THREADS = 8, 4, 1, 2
"""A purchase may hold a thread for a minute, a message one for ten seconds: neither waits for the other."""
DRAWING = ("render", "report", "home")
"""Kinds of jobs whose messages show the newest rows, however often they are drawn."""
STOP_WITHIN = 20.0
"""Seconds that work in flight gets when the program is asked to stop."""
APOLOGIES_WITHIN = 5.0
"""Seconds of these in which people hear that their work is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All parts, wired up; nothing runs yet."""

    settings: Settings
    parts: Parts
    workers: tuple[Worker, ...]  #: those that this process runs; none with `--no-worker`
    lifecycle: Lifecycle

    @property
    def desk(self) -> Desk:
        return self.parts.desk

    def slack_app(self) -> App:
        """Slack's listeners on a Bolt app. The door, or the socket, has verified and parsed already."""
        logging.getLogger("slack_bolt.App").addFilter(_not_meant)
        app = HomeApp(
            self.parts.people,
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
        health = Health(self.desk.database, self.workers)
        signature = SlackSignature(self.settings.signing_secrets(), time.time)
        metrics = Metrics(self.desk.database, self.parts.errands)
        return Door(dispatcher(self.slack_app()), signature, ready=health.look, metrics=metrics.page)

    def start(self) -> None:
        """Starts the workers, in the process that will run them, and asks whose workspace this is."""
        aside(self.parts, self._begin)
        if self.workers:
            arm(self.desk, _again_and_again(self.settings, self.desk))
            seed(self.desk.database, self.desk.account)
        for worker in self.workers:
            worker.start()

    def _begin(self) -> None:
        """Learns whose workspace this is, and logs the start there."""
        home = None
        try:
            home = self.parts.people.find_home()
        finally:
            self.lifecycle.started(home)

    def stop(self, within: float = STOP_WITHIN) -> None:
        """Lets what is under way finish, for `within` seconds at most, and closes all connections."""
        end = time.monotonic() + within
        self.parts.errands.stop(max(0.1, within - APOLOGIES_WITHIN))
        self.parts.apologies.stop(max(0.1, end - time.monotonic()))
        for worker in self.workers:
            worker.stop(max(0.1, end - time.monotonic()))
        self._end()
        self.desk.provider.close()
        self.desk.database.engine.dispose()

    def _end(self) -> None:
        try:
            self.lifecycle.stopped()
        except SQLAlchemyError:
            log.exception("that the worker stopped could not be logged")

    def _authorization(self) -> AuthorizeResult:
        # One workspace, one token, known beforehand: no call to Slack before the first answer.
        return AuthorizeResult(
            enterprise_id=None, team_id=None, bot_token=_secret(self.settings.slack_bot_token)
        )


def _not_meant(line: logging.LogRecord) -> bool:
    """Drops Bolt's warning at each start that `authorize` makes the token superfluous: it is meant."""
    return "`token`" not in str(line.msg)


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
    except CommandError:  # Alembic's, for a revision it has never heard of
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
        uptime=_uptime,
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
    return Seal(_secret(settings.audit_signing_key)) if settings.audit_signing_key else None


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


def make_program(settings: Settings, *, works: bool) -> Program:
    """Everything, wired up. Raises SettingsError or PolicyError; nothing is started."""
    database = make_database(settings)
    prepare(database)
    slack = make_slack(settings)
    people = SlackPeople(slack)
    desk = make_desk(settings, database, people.ask)
    parts = Parts(
        desk=desk,
        choices=Choices(desk.provider, time.monotonic),
        slack=slack,
        people=people,
        responder=Responder(_own_slack(settings)),
        errands=Errands(ERRAND_THREADS, ERRANDS_WAITING),
        apologies=Errands(2, 200),
    )
    workers = make_workers(parts, settings) if works else ()
    database.on_due = partial(_wake, workers)
    kinds = (kind for worker in workers for kind in worker.kinds)
    lifecycle = Lifecycle(desk, kinds, settings.fingerprint())
    return Program(settings=settings, parts=parts, workers=workers, lifecycle=lifecycle)


def make_workers(parts: Parts, settings: Settings) -> tuple[Worker, ...]:
    """A worker for each kind of waiting: for the provider, for Slack, and for nobody."""
    database, lease = parts.desk.database, settings.job_lease
    crons = {"cron": _cron(parts, settings), "export": _exporting(parts, lease)}
    return (
        Worker(database, _buying(parts.desk), lease=lease, threads=BUYING_THREADS),
        Worker(database, _saying(parts), lease=lease, threads=SAYING_THREADS, redo=DRAWING),
        Worker(database, _timing(parts.desk), lease=lease, threads=TIMING_THREADS),
        Worker(database, crons, lease=lease, threads=CRON_THREADS),
    )


def _buying(desk: Desk) -> Mapping[str, Handler]:
    return {
        "buy": lambda job: buy(desk, job.subject),
        "settle": lambda job: settle(desk, job.subject),
        "alias": lambda job: name(desk, job.subject, job.attempts),
    }


def _saying(parts: Parts) -> Mapping[str, Handler]:
    return {
        "render": lambda job: messages.render(parts, job.subject),
        "dm": lambda job: messages.tell(parts, *job.words(3)),
        "note": lambda job: messages.note(parts, *job.words(2)),
        "report": lambda job: reports.draw(parts, job.subject),
        "home": lambda job: messages.home(parts, Person(*job.words(2))),
    }


def _exporting(parts: Parts, lease: float) -> Handler:
    return lambda job: exports.send(parts, job, holding(parts.desk, job, lease))


def _timing(desk: Desk) -> Mapping[str, Handler]:
    def reminder(job: Job) -> None:
        request_id, number = job.words(2)
        remind(desk, request_id, int(number))

    return {
        "remind": reminder,
        "escalate": lambda job: escalate(desk, job.subject),
        "expire": lambda job: expire(desk, job.subject),
    }


def _cron(parts: Parts, settings: Settings) -> Handler:
    """What is done again and again, by the word behind `cron:`; each says when it is due next."""
    desk, places = parts.desk, checkpoint_places(parts.slack, settings)

    def checkpoints(_: Job) -> float:
        checkpoint(desk, places)
        return CHECKPOINT_EVERY

    def archives(_: Job) -> float:
        if settings.audit_archive_folder and desk.keep_years:
            archive(desk, settings.audit_archive_folder, desk.keep_years)
        return ARCHIVE_EVERY

    def sweeps(job: Job) -> float:
        return sweep(desk, parts.people.find_home(), holding(desk, job, settings.job_lease))

    crons = {"checkpoint": checkpoints, "archive": archives, "sweep": sweeps}
    return lambda job: crons[job.words(2)[0]](job)


def checkpoint_places(slack: WebClient, settings: Settings) -> Places:
    """Where checkpoints go, by name."""
    places: dict[str, Callable[[Checkpoint], None]] = {"stdout": anchors.to_stdout}
    if settings.audit_file:
        places["file"] = anchors.to_file(settings.audit_file)
    if settings.audit_channel:
        places["slack"] = to_channel(slack, settings.audit_channel)
    return places


def _again_and_again(settings: Settings, desk: Desk) -> Iterator[tuple[str, float]]:
    yield "checkpoint", CHECKPOINT_EVERY
    if settings.audit_archive_folder and desk.keep_years:
        yield "archive", 60.0


def _wake(workers: tuple[Worker, ...]) -> None:
    for worker in workers:
        worker.wake()


def _own_slack(settings: Settings) -> str | None:
    return settings.slack_api_url if "slack_api_url" in settings.model_fields_set else None


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_uptime = partial(time.clock_gettime, _CLOCK)
"""Seconds that also pass while the machine sleeps, where the system can tell."""
