"""Purchases a second: the whole path against a bare script, and 1, 2 and 4 workers against one."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import requests
from pydantic import SecretStr
from slack_sdk import WebClient
from sqlalchemy import Column, Engine, MetaData, Table, Text, event, func, insert, or_, select, text

from benchmarks import log, systems
from bot.app import Program, make_program
from bot.model.offer import NumberType, Offer
from bot.model.request import Options, Person
from bot.settings import Settings
from bot.usecases.desk import Desk
from bot.usecases.judge import learn
from bot.usecases.submit import Ask, Submitted, submit
from storage import schema, searches
from storage.unit_of_work import Database, random_id

PURCHASES, ROUNDS = 60, 3
"""Purchases in a round, and rounds of each side in turn."""
FLEET = (1, 2, 4)
EACH_WORKER = 30
"""Purchases for each worker of a fleet."""
THREADS = 2
"""Threads with which each worker of a fleet buys: more would measure how many cores the machine has."""
DELAY = 0.2
"""Seconds that the provider takes for each answer to a fleet."""
POLICY = (
    '[approvals]\nchannel = "C0APPROVE"\napprovers = ["U0BOSS"]\n[[rules]]\nname = "all"\napprovals = 0\n'
)
OURS = ("buy:", "settle:", "render:", "dm:", "note:")


@dataclass(frozen=True)
class World:
    """Where the stand-ins are, and a folder for what the program needs."""

    folder: Path
    provider: int
    slack: int

    def settings(self, database_url: str) -> Settings:
        policy = self.folder / "policy.toml"
        policy.write_text(POLICY)
        return Settings(
            slack_bot_token=SecretStr("xoxb-invented"),
            slack_api_url=f"http://127.0.0.1:{self.slack}/api/",
            plivo_auth_id=systems.AUTH[0],
            plivo_auth_token=SecretStr(systems.AUTH[1]),
            plivo_api_url=f"http://127.0.0.1:{self.provider}",
            database_url=database_url,
            policy_file=policy,
            log_level="ERROR",
        )

    def slack_calls(self) -> Counter[str]:
        return Counter(requests.get(f"http://127.0.0.1:{self.slack}/counts", timeout=5).json())

    def provider_calls(self) -> Counter[str]:
        found = requests.get(f"http://127.0.0.1:{self.provider}/sandbox/log", timeout=30).json()
        return Counter(row["kind"] for row in found)


@contextmanager
def everything() -> Iterator[World]:
    """The stand-ins, as processes of their own."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port = systems.free_port()
        command = ["benchmarks.slack_sink", str(port)]
        sink = stack.enter_context(systems.process(command, port, "/counts", cwd=systems.ROOT))
        yield World(Path(folder), stack.enter_context(systems.provider()), sink)


@dataclass(frozen=True)
class Took:
    """What a round of purchases took: seconds, calls over the network, and commits that changed something."""

    seconds: float
    provider: Mapping[str, int]
    slack: Mapping[str, int]
    commits: int


def against_script(world: World, name: str, url: str) -> tuple[float, float, str]:
    """Purchases a second of ours and of the script, the medians of several rounds, and what each took."""
    program = make_program(world.settings(url), works=True)
    program.start()
    try:
        ours, script, path = [], [], None
        for number in range(ROUNDS):
            path = _round(world, program, number)
            ours.append(PURCHASES / path.seconds)
            script.append(PURCHASES / _script(world, program.desk.database.engine, path))
    finally:
        program.stop()
    assert path
    took = f"{sum(path.provider.values()) + sum(path.slack.values())} calls, {path.commits} commits"
    a, b = statistics.median(ours), statistics.median(script)
    return a, b, f"{a:.1f}/s against {b:.1f}/s, {took} for {PURCHASES} on {name}"


def _round(world: World, program: Program, number: int) -> Took:
    desk = program.desk
    asks = offers(desk, world, first=number * PURCHASES, count=PURCHASES)
    before = world.provider_calls(), world.slack_calls()
    with _commits(desk.database.engine) as counted:
        began = perf_counter()
        for place, ask in enumerate(asks):
            _submit(desk, place, ask)
        _until_done(desk.database)
        seconds = perf_counter() - began
    after = world.provider_calls(), world.slack_calls()
    return Took(seconds, after[0] - before[0], after[1] - before[1], counted[0])


def offers(desk: Desk, world: World, *, first: int, count: int) -> list[Ask]:
    """Purchases that could be asked for, each in a channel of its own: Slack takes a message a second in each."""
    address = f"http://127.0.0.1:{world.provider}/v1/Account/{systems.AUTH[0]}/PhoneNumber/"
    asks: list[Ask] = []
    person = Person("T0DEMO", "U0RITA")
    while len(asks) < count:
        # what was bought is not offered any more
        asked = {"country_iso": "US", "type": "local", "limit": 20, "offset": len(asks)}
        rows = requests.get(address, params=asked, auth=systems.AUTH, timeout=30).json()["objects"]
        found = tuple(
            Offer(row["number"], "US", NumberType.LOCAL, Decimal(row["monthly_rental_rate"])) for row in rows
        )
        with desk.database.write() as work:
            kept = searches.add(
                work, person, desk.account, text="US local", total=20, looked=20, next_offset=None
            )
            searches.add_offers(work, kept, 0, found)
        for place in range(len(found)):
            name = f"{first}-{len(asks)}"
            wanted = Ask(
                offer_id=f"{kept}.{place}", origin_key=f"V{name}", channel=f"C0{name.replace('-', 'X')}",
                reason="For the new hotline", options=Options(),
            )  # fmt: skip
            asks.append(wanted)
    return asks[:count]


def _submit(desk: Desk, place: int, ask: Ask) -> None:
    person = Person("T0DEMO", f"U0P{place % 20:02}")
    learn(desk, person.workspace, person.user)
    outcome = submit(desk, person, ask)
    if not isinstance(outcome, Submitted):
        raise RuntimeError(f"not taken: {outcome}")


def _until_done(database: Database) -> None:
    """Until nothing of a purchase is left to do."""
    end = time.monotonic() + 120
    left = select(func.count()).where(or_(*(schema.job.c.key.startswith(kind) for kind in OURS)))
    while time.monotonic() < end:
        with database.read() as work:
            if not work.connection.scalar(left):
                return
        time.sleep(0.02)
    raise RuntimeError("purchases are stuck")


@contextmanager
def _commits(engine: Engine) -> Iterator[list[int]]:
    """Counts the commits of transactions that changed a row."""
    count = [0]

    def changed(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"} and cursor.rowcount != 0:
            connection.info["changed"] = True

    def committed(connection: Any) -> None:
        if connection.info.pop("changed", False):
            count[0] += 1

    event.listen(engine, "after_cursor_execute", changed)
    event.listen(engine, "commit", committed)
    try:
        yield count
    finally:
        event.remove(engine, "after_cursor_execute", changed)
        event.remove(engine, "commit", committed)


def _script(world: World, engine: Engine, path: Took) -> float:
    """What anybody would write who makes the same calls, and commits a row as often; seconds."""
    bare = Table("bare", MetaData(), Column("id", Text, primary_key=True), Column("note", Text))
    bare.create(engine, checkfirst=True)
    provider, slack = requests.Session(), WebClient("xoxb-invented", f"http://127.0.0.1:{world.slack}/api/")
    provider.auth = systems.AUTH
    account = f"http://127.0.0.1:{world.provider}/v1/Account/{systems.AUTH[0]}"
    methods = {
        "search": lambda n: provider.get(
            f"{account}/PhoneNumber/", params={"country_iso": "US", "pattern": n}
        ),
        "rented": lambda n: provider.get(f"{account}/Number/{n}/"),
        "buy": lambda n: provider.post(f"{account}/PhoneNumber/{n}/", json={}),
        "chat.getPermalink": lambda n: slack.chat_getPermalink(channel=f"C{n}", message_ts="1.1"),
    }
    numbers = [str(row["number"]) for row in _stock(world)]
    began = perf_counter()
    for place, number in enumerate(numbers[:PURCHASES]):
        for name, times in ({**path.provider, **path.slack}).items():
            for _ in range(_share(times, place)):
                if name in methods:
                    methods[name](number)
                else:
                    slack.chat_postMessage(channel=f"C{number}", text="A number was bought", blocks=[])
        for _ in range(_share(path.commits, place)):
            with engine.begin() as connection:
                connection.execute(insert(bare).values(id=random_id("B"), note=number))
    return perf_counter() - began


def _share(times: int, place: int) -> int:
    """How many of `times` belong to one purchase of the round, so that all of them are made."""
    return times * (place + 1) // PURCHASES - times * place // PURCHASES


def _stock(world: World) -> list[dict[str, Any]]:
    """Numbers that nobody has bought yet, from the other end of what is offered."""
    address = f"http://127.0.0.1:{world.provider}/v1/Account/{systems.AUTH[0]}/PhoneNumber/"
    asked = {"country_iso": "US", "type": "local", "limit": 20, "offset": 2000}
    rows: list[dict[str, Any]] = []
    while len(rows) < PURCHASES:
        rows += requests.get(address, params=asked, auth=systems.AUTH, timeout=30).json()["objects"]
        asked["offset"] = int(asked["offset"]) + 20
    return rows


def growth(world: World, server: str) -> Iterator[tuple[int, float]]:
    """Purchases a second of 1, 2 and 4 worker processes on PostgreSQL, with a provider that takes its time."""
    slow = [{"match": "any", "do": {"delay": DELAY}}]
    for workers in FLEET:
        with log.own(server, f"fleet{workers}") as url, ExitStack() as stack:
            database = log.upgraded(url, stack)
            yield workers, _rate(world, url, database, workers, slow)


def _rate(world: World, url: str, database: Database, workers: int, slow: list[dict[str, Any]]) -> float:
    count = EACH_WORKER * workers
    program = make_program(world.settings(url), works=False)
    for place, ask in enumerate(offers(program.desk, world, first=0, count=count)):
        _submit(program.desk, place, ask)
    program.stop()
    _put_off(database, "due_at + 3600000000")
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(_worker(world, url))
        _until_started(database, workers)
        requests.post(f"http://127.0.0.1:{world.provider}/sandbox/faults", json=slow, timeout=5)
        began = perf_counter()
        _put_off(database, "due_at - 3600000000")
        _until_bought(database, count)
        seconds = perf_counter() - began
        requests.delete(f"http://127.0.0.1:{world.provider}/sandbox/faults", timeout=5)
    return count / seconds


def _put_off(database: Database, when: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(f"UPDATE job SET due_at = {when} WHERE key NOT LIKE 'cron:%'"))


@contextmanager
def _worker(world: World, url: str) -> Iterator[None]:
    given = world.settings(url)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(systems.ROOT),
        "SLACK_API_URL": given.slack_api_url,
        "SLACK_BOT_TOKEN": "xoxb-invented",
        "PLIVO_API_URL": given.plivo_api_url,
        "PLIVO_AUTH_ID": systems.AUTH[0],
        "PLIVO_AUTH_TOKEN": systems.AUTH[1],
        "DATABASE_URL": url,
        "POLICY_FILE": str(given.policy_file),
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "benchmarks.few_threads", str(THREADS)]
    with subprocess.Popen(command, env=environment, cwd=world.folder) as started:
        try:
            yield
        finally:
            started.terminate()
            started.wait(60)


def _until_started(database: Database, workers: int) -> None:
    query = "SELECT count(*) FROM audit_event WHERE action = 'worker.started'"
    _until(database, query, workers)


def _until_bought(database: Database, count: int) -> None:
    _until(database, "SELECT count(*) FROM purchase WHERE status = 'bought'", count)


def _until(database: Database, query: str, count: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with database.engine.connect() as connection:
            if int(connection.scalar(text(query)) or 0) >= count:
                return
        time.sleep(0.02)
    raise RuntimeError(f"stuck: {query}")
