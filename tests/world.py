"""The real bot as its own process between both stand-ins: what people, and kill -9, really meet."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

import requests
from sqlalchemy import BigInteger, Connection, Engine, select, text, type_coerce, update
from sqlalchemy.exc import OperationalError

from bot.model.audit_query import AuditQuery
from sandbox.plivo.app import create_app as plivo_app
from sandbox.serving import serve_in_thread
from sandbox.slack.app import create_app as slack_app
from sandbox.slack.driver import Control, Message, Person
from sandbox.slack.world import DEMO, Residents
from storage import audit, audit_search, schema
from storage.engine import make_engine, reading
from storage.unit_of_work import Database
from tests.nursery import Born, Process, Start
from tests.sandbox.plivo_client import AUTH, Client

ROOT = Path(__file__).resolve().parent.parent
NUMBERS, APPROVE = "C0NUMBERS", "C0APPROVE"
SIGNING_SECRET = "an-invented-signing-secret"
BOT_TOKEN = "xoxb-invented"
APP_TOKEN = "xapp-invented"
PORTS = (12_000, 32_000)
"""Below those that systems give to connections that go out: 32768 and up on Linux, 49152 and up elsewhere."""
OWN = ("worker.", "policy.", "audit.checkpoint")


@dataclass
class World:
    """Both stand-ins, the bot's process, and what a test may ask of each."""

    plivo: Client
    slack_url: str
    database_url: str
    port: int
    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    process: Process | None = None
    doomed: bool = False  #: the program that can die is run, and born in the nursery
    copier: subprocess.Popen[bytes] | None = None
    piped: bool = False  #: its log goes through a pipe, as in a container: a limit on its files is none on it

    @property
    def control(self) -> Control:
        return Control(self.slack_url)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "PLIVO_API_URL": self.plivo.url,
            "PLIVO_AUTH_ID": AUTH[0],
            "PLIVO_AUTH_TOKEN": AUTH[1],
            "DATABASE_URL": self.database_url,
            "POLICY_FILE": str(ROOT / "sandbox" / "demo_policy.toml"),
            "PORT": str(self.port),
            **self.extra,
        }

    def start(self) -> None:
        """Starts the bot and waits until it says that it is ready."""
        self.process = self._born() if self.doomed and not self.piped else self._started()
        end = time.monotonic() + 30
        while not self.is_ready():
            assert self.process.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.05)  # another process: there is nothing to wait on but its port

    def _born(self) -> Process:
        log = self.folder / "bot.log"
        return Born(Start("tests.faults.doomed", ["serve"], self.environment(), self.folder, log))

    def _started(self) -> Process:
        program = "tests.faults.doomed" if self.doomed else "bot"
        with self._log_file() as out:
            return subprocess.Popen(
                [sys.executable, "-m", program, "serve"],
                env=self.environment(), cwd=self.folder, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    @contextmanager
    def _log_file(self) -> Iterator[IO[bytes]]:
        """What the program's output goes to; a pipe ends with the program."""
        with (self.folder / "bot.log").open("ab") as file:
            if not self.piped:
                yield file
                return
            self._copied()
            self.copier = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
            assert self.copier.stdin
            with self.copier.stdin as pipe:
                yield pipe

    def _copied(self) -> None:
        """Waits until all that a program which has ended said through a pipe stands in the log."""
        if self.copier is not None:
            self.copier.wait(10)

    @contextmanager
    def second(self) -> Iterator[subprocess.Popen[bytes]]:
        """Another process of the bot, with workers and without a door, on the same database."""
        with (self.folder / "second.log").open("ab") as out:
            worker = subprocess.Popen(
                [sys.executable, "-m", "bot", "worker"],
                env=self.environment(), cwd=self.folder, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        try:
            yield worker
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(10)

    def is_ready(self) -> bool:
        """Whether it says that all it needs is there."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self) -> None:
        """SIGKILL for every process of the bot, in the middle of whatever they do."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self._copied()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(40)

    def log(self) -> str:
        return (self.folder / "bot.log").read_text()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the shell, in the bot's environment."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=self.environment(), cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def buys(self, number: str | None = None) -> list[dict[str, Any]]:
        """The POSTs for a purchase that reached the provider."""
        log = self.plivo.control("GET", "sandbox/log?kind=buy")
        rows: list[dict[str, Any]] = log["log"] if isinstance(log, dict) else log
        return [row for row in rows if number is None or number in row["path"]]

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Rows straight from the database; `values` stand in the query as `:name`."""
        with connected(self.database_url) as engine:
            options = reading(engine) if engine.dialect.name == "sqlite" else {}  # it takes no write lock
            with engine.connect().execution_options(**options) as connection:
                return list(connection.execute(text(query), values))

    def pass_time(self, seconds: float) -> None:
        """Lets time pass for the bot: every moment in its rows moves into the past."""
        with connected(self.database_url) as engine, _alone(engine) as connection:
            for table in schema.metadata.sorted_tables:
                if table.name.startswith("audit_"):
                    continue  # the log is only appended to
                earlier = {
                    column: type_coerce(column, BigInteger) - int(seconds * 1_000_000)
                    for column in table.c
                    if isinstance(column.type, schema.Utc)
                }
                if earlier:
                    connection.execute(update(table).values(earlier))
            _move_slots(connection, int(seconds * 1_000_000))

    def events(self) -> list[str]:
        """The log's actions, oldest first, without what the program logs of itself."""
        with connected(self.database_url) as engine, Database(engine).read() as work:
            logged = audit_search.page(work, audit.Reader(None), AuditQuery(), limit=1000)
        actions = [event.event.action.value for event in reversed(logged)]
        return [action for action in actions if not action.startswith(OWN)]


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """An engine that leaves no connection behind, whatever happens."""
    engine = _engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@cache
def _engine(url: str) -> Engine:
    """One for each address: to compile a statement, or to ask who a server is, takes longer than to read."""
    return make_engine(url)


def _move_slots(connection: Connection, by: int) -> None:
    """The moments that jobs carry in their args: each is that of a turn to post."""
    for key, args in connection.execute(select(schema.job.c.key, schema.job.c.args)).all():
        if slots := args.get("slots"):
            moved = args | {"slots": {channel: at - by for channel, at in slots.items()}}
            connection.execute(update(schema.job).where(schema.job.c.key == key).values(args=moved))


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes to every table while nobody else does, and has nobody end in a deadlock."""
    tables = ", ".join(f'"{table}"' for table in schema.metadata.tables)
    while True:
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name != "postgresql" or _locked(connection, tables):
                yield connection
                return
        time.sleep(0.02)  # others at work: there is nothing to wait on but their rows


def _locked(connection: Connection, tables: str) -> bool:
    """Whether all tables could be locked at once; waiting for one with another is half a deadlock."""
    try:
        connection.execute(text(f"LOCK TABLE {tables} IN EXCLUSIVE MODE NOWAIT"))
    except OperationalError:
        connection.rollback()
        return False
    return True


def free_port() -> int:
    """A port that nobody listens on, and that no connection which somebody opens meanwhile is given."""
    while True:
        port = random.randrange(*PORTS)  # noqa: S311 - no secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def world(
    folder: Path,
    database_url: str,
    *,
    stock: Path | None = None,
    residents: Residents = DEMO,
    **extra: str,
) -> Iterator[World]:
    """A world of one's own, the bot not started yet.

    `stock` is what the provider sells, and `residents` who lives in Slack, if not the usual.
    """
    port = free_port()
    app = slack_app(
        request_url=f"http://127.0.0.1:{port}/slack/events",
        signing_secret=SIGNING_SECRET, bot_token=BOT_TOKEN, app_token=APP_TOKEN, residents=residents,
    )  # fmt: skip
    with (
        serve_in_thread(plivo_app(*AUTH, stock=stock, numbers=2_000)) as provider,
        serve_in_thread(app) as slack,
        requests.Session() as session,
    ):
        session.trust_env = False
        made = World(Client(provider.url, session), slack.url, database_url, port, folder, extra)
        try:
            yield made
        finally:
            if made.process and made.process.poll() is None:
                made.kill()


def offer(message: Message, *, dear: bool, skip: int = 0) -> tuple[str, str] | None:
    """A cheap, or dear, offer of a message, behind `skip` others: the value of its button, and the line."""
    for block in message.blocks:
        button = block.get("accessory")
        if button and button.get("action_id") == "offer_buy":
            line = str(block["text"]["text"])
            if ("$25.00" in line) is dear and (skip := skip - 1) < 0:
                return str(button["value"]), line
    return None


def find_offer(person: Person, *, dear: bool, area: str = "415", skip: int = 0) -> tuple[Message, str]:
    """Searches, turns pages until there is such an offer, and returns it with its message."""
    before = {m.ts for m in person.messages(NUMBERS)}
    person.command(NUMBERS, f"/number search US local {area}")

    def fresh(p: Person) -> Message | None:
        new = (m for m in p.messages(NUMBERS) if m.ts not in before)
        return next((m for m in new if any(b["action_id"] == "offer_buy" for b in m.buttons)), None)

    message = person.wait_for(fresh)
    assert message is not None
    for _ in range(6):
        if found := offer(message, dear=dear, skip=skip):
            return message, found[0]
        message = _turned(person, message)
    raise LookupError("no such offer")


def _turned(person: Person, message: Message) -> Message:
    """The same message once it shows the next page."""

    def changed(p: Person) -> Message | None:
        now = next(m for m in p.messages(NUMBERS) if m.ts == message.ts)
        return now if now.words != message.words else None

    person.click(message, "search_page:next")
    turned = person.wait_for(changed)
    assert turned is not None
    return turned


def number_of(message: Message, value: str) -> str:
    """The digits of the number behind a Buy button."""
    block = next(b for b in message.blocks if b.get("accessory", {}).get("value") == value)
    shown = block["text"]["text"].split("*")[1]
    return "".join(c for c in shown if c.isdigit())


def ask(person: Person, *, dear: bool, reason: str = "For the new hotline") -> str:
    """Searches, presses Buy, gives a reason and submits; returns the number's digits."""
    message, value = find_offer(person, dear=dear)
    person.click(message, "offer_buy", value=value)
    person.wait_for(lambda p: p.modal())
    person.fill("reason", reason)
    assert person.submit() is None
    return number_of(message, value)


def ask_and_approve(asking: Person, approving: Person, *, reason: str, comment: str) -> None:
    """The main job: one asks for a dear number, another says yes, and it is bought."""
    ask(asking, dear=True, reason=reason)
    waiting = approving.wait_message(APPROVE, "Waiting for approval")
    approving.click(waiting, "request_approve")
    approving.wait_for(lambda p: p.modal())
    approving.fill("comment", comment)
    assert approving.submit() is None
    approving.wait_message(APPROVE, "Bought")
