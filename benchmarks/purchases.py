"""Purchases a second: the whole path against a bare script, and 1, 2 and 4 workers against one."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import requests
from pydantic import SecretStr
from slack_sdk import WebClient
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    event,
    func,
    insert,
    or_,
    select,
    text,
    type_coerce,
    update,
)

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
STOCK, FAR = 1500, 1000
"""Numbers on sale: few, because the stand-in looks through all of them; and where the script begins."""
WINDOW = 5.0
"""Seconds in which the desk counts its requests, to stay below the provider's limit: a round fits in."""
FLEET = (1, 2, 4)
EACH_WORKER = 30
"""Purchases for each worker of a fleet."""
THREADS = 2
"""Threads with which each worker of a fleet buys: more would measure how many cores the machine has."""
DELAY = 0.2
"""Seconds that the provider takes for each answer to a fleet."""
PEOPLE = tuple(Person("T0DEMO", f"U0P{place:02}") for place in range(20))
POLICY = """
[approvals]
channel = "C0APPROVE"
approvers = ["U0BOSS"]

[[rules]]
name = "all"
approvals = 0
"""
HOUR = 3_600_000_000
"""Microseconds."""
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
        stock = Path(folder) / "stock.json"
        rows = [
            {"number": f"1415{2000000 + n}", "country_iso": "US", "monthly_rental_rate": "0.80000"}
            for n in range(STOCK)
        ]
        stock.write_text(json.dumps(rows))
        yield World(Path(folder), stack.enter_context(systems.provider(stock)), sink)


@dataclass(frozen=True)
class Took:
    """What a round of purchases took: seconds, calls over the network, and commits that changed something."""

    seconds: float
    provider: Mapping[str, int]
    slack: Mapping[str, int]
    commits: int = 0


@dataclass(frozen=True)
class Compared:
    """Purchases a second of ours against those of the script, medians of several rounds; and in words."""

    ratio: float
    bare: float  #: the same where the script commits by the driver itself
    detail: str


def against_script(world: World, url: str) -> Compared:
    """Several rounds of ours and of the script, in turn."""
    program = make_program(world.settings(url), works=True)
    program.start()
    engine = program.desk.database.engine
    try:
        ours, script, bare = [], [], []
        _round(world, program, 0)  # statements are compiled
        with _commits(engine) as commits:  # to count takes time: this round has none of the clock's
            time.sleep(WINDOW)
            path = _round(world, program, 1)
        path = replace(path, commits=commits[0])
        for number in range(2, ROUNDS + 2):
            time.sleep(WINDOW)
            ours.append(PURCHASES / _round(world, program, number).seconds)
            by_library, by_driver = _script(world, engine, path)
            script.append(PURCHASES / by_library)
            bare.append(PURCHASES / by_driver)
    finally:
        program.stop()
    each = f"{(sum(path.provider.values()) + sum(path.slack.values())) / PURCHASES:.1f} calls"
    a, b, c = (statistics.median(rates) for rates in (ours, script, bare))
    detail = f"{a:.0f}/s against {b:.0f}/s, {each} and {path.commits / PURCHASES:.1f} commits each"
    return Compared(a / b, a / c, detail)


def _round(world: World, program: Program, number: int) -> Took:
    desk = program.desk
    asks = offers(desk, world, first=number * PURCHASES, count=PURCHASES)
    _meet(desk)
    before = world.provider_calls(), world.slack_calls()
    began = perf_counter()
    for place, ask in enumerate(asks):
        _submit(desk, place, ask)
    _until_done(desk.database)
    seconds = perf_counter() - began
    after = world.provider_calls(), world.slack_calls()
    return Took(seconds, after[0] - before[0], after[1] - before[1])


def offers(desk: Desk, world: World, *, first: int, count: int) -> list[Ask]:
    """What could be asked for, each in a channel of its own: Slack takes a message a second in each."""
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


def _meet(desk: Desk) -> None:
    """Slack says who all of them are, as it does when somebody opens the form."""
    learn(desk, PEOPLE[0].workspace, *(person.user for person in PEOPLE))


def _submit(desk: Desk, place: int, ask: Ask) -> None:
    outcome = submit(desk, PEOPLE[place % len(PEOPLE)], ask)
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
    counted = _by_transaction_ids if engine.dialect.name == "postgresql" else _by_changes
    with counted(engine, count):
        yield count


@contextmanager
def _by_transaction_ids(engine: Engine, count: list[int]) -> Iterator[None]:
    """PostgreSQL gives an id to each transaction that changes something; to ask for the newest takes one."""
    before = _newest_transaction(engine)
    yield
    count[0] = _newest_transaction(engine) - before - 1


def _newest_transaction(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.scalar(text("SELECT pg_current_xact_id()::text")) or 0)


@contextmanager
def _by_changes(engine: Engine, count: list[int]) -> Iterator[None]:
    """SQLite counts the rows that a connection has changed."""

    def begun(connection: Any) -> None:
        connection.info["changes"] = connection.connection.dbapi_connection.total_changes

    def committed(connection: Any) -> None:
        now = connection.connection.dbapi_connection.total_changes
        count[0] += now != connection.info.get("changes", now)  # it may have begun before we listened

    event.listen(engine, "begin", begun)
    event.listen(engine, "commit", committed)
    try:
        yield
    finally:
        event.remove(engine, "begin", begun)
        event.remove(engine, "commit", committed)


def _script(world: World, engine: Engine, took: Took) -> tuple[float, float]:
    """What anybody would write who makes the same calls, and commits a row as often; seconds.

    With the same libraries, and with the driver itself for the commits.
    """
    bare = Table("bare", MetaData(), Column("id", Text, primary_key=True), Column("note", Text))
    bare.create(engine, checkfirst=True)
    call = _calls(world)
    times = Counter(took.provider) + Counter(took.slack)
    numbers = _stock(world)
    calling = by_library = by_driver = 0.0

    def keep(row_id: str, note: str) -> None:
        with engine.begin() as connection:
            connection.execute(insert(bare).values(id=row_id, note=note))

    with engine.connect() as connection, _driver(connection) as keep_bare:
        for place, number in enumerate(numbers):
            rows = [(random_id("B"), number) for _ in range(_share(took.commits, place))]
            again = [(random_id("B"), number) for _ in rows]
            calling += _seconds(call, [(n, number) for n in times for _ in range(_share(times[n], place))])
            by_library += _seconds(keep, rows)
            by_driver += _seconds(keep_bare, again)
    return calling + by_library, calling + by_driver


def _seconds(do: Callable[[str, str], Any], each: Iterable[tuple[str, str]]) -> float:
    began = perf_counter()
    for arguments in each:
        do(*arguments)
    return perf_counter() - began


@contextmanager
def _driver(connection: Connection) -> Iterator[Callable[[str, str], None]]:
    """Commits a row as the driver itself does it, on one connection: nothing of a library lies between."""
    is_sqlite = connection.dialect.name == "sqlite"
    mark = "?" if is_sqlite else "%s"
    statement = f"INSERT INTO bare (id, note) VALUES ({mark}, {mark})"  # noqa: S608 - our own words
    driver: Any = connection.connection.dbapi_connection
    cursor = driver.cursor()

    def keep(row_id: str, note: str) -> None:
        if is_sqlite:  # the other driver says so by itself
            cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(statement, (row_id, note))
        driver.commit()

    yield keep
    cursor.close()


def _calls(world: World) -> Callable[[str, str], Any]:
    """Makes a call of that name for a number, with the library's own function for it."""
    account = f"http://127.0.0.1:{world.provider}/v1/Account/{systems.AUTH[0]}"
    slack = WebClient("xoxb-invented", f"http://127.0.0.1:{world.slack}/api/")
    get = partial(requests.get, auth=systems.AUTH, timeout=30)
    post = partial(requests.post, auth=systems.AUTH, timeout=30)

    def call(name: str, number: str) -> Any:
        match name:
            case "search":
                asked = {"country_iso": "US", "pattern": number}
                return get(f"{account}/PhoneNumber/", params=asked).json()
            case "rented":
                return get(f"{account}/Number/{number}/").json()
            case "buy":
                return post(f"{account}/PhoneNumber/{number}/", json={}).json()
        said = {"channel": f"C{number}", "text": "A number was bought", "ts": "1.1"}
        return slack.api_call(name, json=said)

    return call


def _share(times: int, place: int) -> int:
    """How many of `times` belong to one purchase of the round, so that all of them are made."""
    return times * (place + 1) // PURCHASES - times * place // PURCHASES


def _stock(world: World) -> list[str]:
    """Numbers that nobody has bought yet, from far behind those that the desk was offered."""
    address = f"http://127.0.0.1:{world.provider}/v1/Account/{systems.AUTH[0]}/PhoneNumber/"
    found: list[str] = []
    while len(found) < PURCHASES:
        asked = {"country_iso": "US", "type": "local", "limit": 20, "offset": FAR + len(found)}
        rows = requests.get(address, params=asked, auth=systems.AUTH, timeout=30).json()["objects"]
        if not rows:
            raise RuntimeError("nothing is left to buy: there are more rounds than STOCK has numbers for")
        found += [str(row["number"]) for row in rows]
    return found[:PURCHASES]


def growth(world: World, server: str) -> Iterator[tuple[int, float]]:
    """Purchases a second of 1, 2 and 4 worker processes on PostgreSQL, with a slow provider."""
    for workers in FLEET:
        with log.own(server, f"fleet{workers}") as url, ExitStack() as stack:
            yield workers, _rate(world, url, log.upgraded(url, stack), workers)


def _rate(world: World, url: str, database: Database, workers: int) -> float:
    count = EACH_WORKER * workers
    program = make_program(world.settings(url), works=False)
    _meet(program.desk)
    for place, ask in enumerate(offers(program.desk, world, first=0, count=count)):
        _submit(program.desk, place, ask)
    program.stop()
    faults = f"http://127.0.0.1:{world.provider}/sandbox/faults"
    _put_off(database, HOUR)
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(_worker(world, url))
        _until(database, "SELECT count(*) FROM audit_event WHERE action = 'worker.started'", workers)
        requests.post(faults, json=[{"match": "any", "do": {"delay": DELAY}}], timeout=5).raise_for_status()
        began = perf_counter()
        _put_off(database, -HOUR)
        _until(database, "SELECT count(*) FROM purchase WHERE status = 'bought'", count)
        seconds = perf_counter() - began
        requests.delete(faults, timeout=5).raise_for_status()
    return count / seconds


def _put_off(database: Database, microseconds: int) -> None:
    with database.engine.begin() as connection:
        due = type_coerce(schema.job.c.due_at, BigInteger) + microseconds
        connection.execute(update(schema.job).where(schema.job.c.key.startswith("buy:")).values(due_at=due))


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


def _until(database: Database, query: str, count: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with database.engine.connect() as connection:
            if int(connection.scalar(text(query)) or 0) >= count:
                return
        time.sleep(0.02)
    raise RuntimeError(f"stuck: {query}")
