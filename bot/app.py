"""The composition root: from the settings to a desk, its doors and its worker. It alone knows all others."""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from sqlalchemy.exc import SQLAlchemyError

import handlers
from bot import anchors
from bot.door import Door, dispatcher
from bot.errands import Errands
from bot.furnishing import make_desk, make_slack
from bot.health import Health
from bot.metrics import Metrics
from bot.model.audit_anchor import Checkpoint
from bot.model.request import Person
from bot.opening import make_database, prepare, secret
from bot.settings import Settings
from bot.signature import SlackSignature
from bot.usecases.archive import EVERY as ARCHIVE_EVERY
from bot.usecases.archive import archive
from bot.usecases.buy import buy
from bot.usecases.checkpoint import EVERY as CHECKPOINT_EVERY
from bot.usecases.checkpoint import Places, checkpoint
from bot.usecases.choices import Choices
from bot.usecases.deadlines import escalate, expire, remind
from bot.usecases.desk import Desk
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
from storage.jobs import Job

log = structlog.get_logger(__name__)

ERRAND_THREADS = 60
"""People whose search or click is being worked on at once: each may wait 30 s for the provider."""
ERRANDS_WAITING = 100
BUYING_THREADS, SAYING_THREADS, TIMING_THREADS, CRON_THREADS = 8, 4, 1, 2
"""A purchase may hold a thread for a minute, a message one for ten seconds: neither waits for the other."""
DRAWING = ("render", "report", "home")
"""Kinds of jobs whose messages show the newest rows, however often they are drawn."""
GIVES_WAY = 0.0005
"""Seconds after which a thread that computes gives way to one that wants to. By Python's own setting whoever
has heard an answer of the network waits ten times as long for the others (docs/adr/0017)."""
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
        sys.setswitchinterval(GIVES_WAY)
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
            enterprise_id=None, team_id=None, bot_token=secret(self.settings.slack_bot_token)
        )


def _not_meant(line: logging.LogRecord) -> bool:
    """Drops Bolt's warning at each start that `authorize` makes the token superfluous: it is meant."""
    return "`token`" not in str(line.msg)


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
        Worker(
            database, _saying(parts), lease=lease, threads=SAYING_THREADS, redo=DRAWING, waits_count=False
        ),
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
        "render": partial(messages.render, parts),
        "dm": lambda job: messages.tell(parts, job),
        "note": lambda job: messages.note(parts, job),
        "report": lambda job: reports.draw(parts, job),
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


def _wake(workers: tuple[Worker, ...], kinds: Sequence[str]) -> None:
    for worker in workers:
        worker.wake(kinds)


def _own_slack(settings: Settings) -> str | None:
    return settings.slack_api_url if "slack_api_url" in settings.model_fields_set else None
