"""The log's questions: what each costs as the log grows, and the first page against look-ups by key."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import NamedTuple

from sqlalchemy import select, text

from benchmarks import purchases, taking
from benchmarks.events import WORKSPACE, fill
from benchmarks.log import own, postgres, upgraded
from bot.model.audit_export import Format
from bot.model.audit_query import AuditQuery
from bot.model.audit_query_reader import parse_audit_query
from storage import audit_search, schema
from storage.audit import Reader, with_texts
from storage.unit_of_work import Database

FEW, MANY = 20_000, 200_000
PAGE, TURNS = 20, 30
NOW = datetime(2027, 1, 1, tzinfo=UTC)
READER = Reader(WORKSPACE)
QUERIES = {
    "everything": "",
    "actor": "actor:U00007",
    "action": "action:purchase.refused",
    "actions": "action:purchase.*",
    "outcome": "outcome:failure",
    "number": "number:+14155550005",
    "numbers": "number:+1415*",
    "country": "country:DE",
    "request": "request:R000000000100",
    "cost": "cost:>5",
    "created": "created:2023-01-05",
    "words": '"hotline"',
    "without": "-actor:system",
    "several": "actor:U00007 action:request.* country:US",
}
Took = Callable[[Database], float]


class Asked(NamedTuple):
    """A kind of query: the seconds it takes on the small log and on the large one."""

    name: str
    few: float
    many: float


def asked(few: Database, many: Database) -> Iterator[Asked]:
    """Each kind of query, in turns on both: the quickest, which what else the machine does cannot better."""
    for name, asks in QUERIES.items():
        query = parse_audit_query(asks, NOW)
        times: dict[int, list[float]] = {0: [], 1: []}
        for _ in range(TURNS):
            for which, database in enumerate((few, many)):
                times[which].append(_page(database, query))
        yield Asked(name, min(times[0]), min(times[1]))


def by_key(database: Database, count: int) -> float:
    """Seconds of as many events looked up by their primary keys."""
    table = schema.audit_event
    wanted = [count - turn * 7 for turn in range(PAGE)]
    statement = select(table).where(table.c.workspace == WORKSPACE, table.c.seq.in_(wanted))
    times = []
    for _ in range(TURNS):
        with database.read() as work:
            began = perf_counter()
            found = with_texts(work, work.execute(statement).all())
            times.append(perf_counter() - began)
        if len(found) != PAGE:
            raise RuntimeError("rows are missing")
    return min(times)


def _page(database: Database, query: AuditQuery) -> float:
    with database.read() as work:
        began = perf_counter()
        audit_search.page(work, READER, query, limit=PAGE)
        return perf_counter() - began


@contextmanager
def filled(
    few: int = FEW, many: int = MANY, *, server: str | None = None
) -> Iterator[tuple[Database, Database]]:
    """A small log and a large one: on SQLite, or on a server of PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        found = []
        for which, count in (("few", few), ("many", many)):
            url = stack.enter_context(own(server, which)) if server else f"sqlite:///{folder}/{which}.db"
            database = upgraded(url, stack)
            fill(database, count)
            if server:  # it does so by itself after a while
                with database.engine.begin() as connection:
                    connection.execute(text("ANALYZE"))
            found.append(database)
        yield found[0], found[1]


def main() -> None:
    """The figures of a size: python -m benchmarks.questions 1000000."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    server = postgres() if "postgresql" in sys.argv else None
    with filled(many // 10, many, server=server) as (small, large):
        _show(small, large, many)


def _show(small: Database, large: Database, many: int) -> None:
    say = sys.stdout.write
    key = by_key(large, many)
    say(f"{large.engine.dialect.name}, {many:,} events; {PAGE} by key {key * 1000:.2f} ms\n")
    sys.stdout.flush()
    for one in asked(small, large):
        growth, page = one.many / one.few, one.many / key
        say(f"{one.name:12} {one.many * 1000:9.2f} ms  growth {growth:6.2f}  by key {page:7.2f}\n")
    ours, theirs = taking.against(large)
    say(f"{_exported('jsonl', ours)}  {compared(large, ours, theirs)}\n")
    for kind in (Format.CSV, Format.OCSF):
        say(f"{_exported(kind, taking.taken(large, kind.value))}\n")
    with purchases.everything() as world:
        say(f"by Slack     {taking.by_slack(large, world).megabytes:.0f} MB\n")


def _exported(kind: str, took: taking.Taken) -> str:
    elapsed = f"{took.elapsed:6.1f} s, {took.processor:.1f} of the processor"
    return f"{kind:12} {elapsed}  {took.megabytes:.0f} MB"


def compared(database: Database, ours: taking.Taken, theirs: float | None) -> str:
    """The speed of an export, or that there was nothing to hold it against."""
    name = taking.YARDSTICKS[database.engine.dialect.name]
    if theirs is None:
        return f"no {name}: it is not installed, so the speed was not compared"
    return f"{name} {theirs:.1f} s, speed {theirs / ours.seconds(database):.2f}"


if __name__ == "__main__":
    main()
