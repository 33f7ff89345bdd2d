"""`make bench`: its ratios in one run, as a table; exit 1 if one misses its bound."""

import math
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import requests
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks import log, purchases, questions, systems, taking
from benchmarks.load import Connection, rate, signed
from sandbox.serving import serve_in_thread
from storage.unit_of_work import Database

ROUNDS = 7
FEW, MANY = 2, 8
"""Callers at once: Bolt's default mode waits up to 10 ms for each, which many callers hide."""
SEARCHES = 60
HELPS = 1500
IN_FLIGHT = 50


@dataclass(frozen=True)
class Ratio:
    """One figure: what was measured, the yardstick, and the bound."""

    name: str
    value: float
    bound: str
    fine: bool
    detail: str

    @property
    def says(self) -> str:
        if math.isnan(self.value):
            return "not measured"
        return "fine" if self.fine else "MISSED"


class Sink:
    """Where response_urls lead: notes that an answer came."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self.app = Starlette(routes=[Route("/{rest:path}", self._take, methods=["POST", "GET"])])

    async def _take(self, request: Request) -> Response:
        if b"/month" in await request.body():  # offers, and no apology
            self.came.release()
        return Response("ok")


def helps(desk: int, default: int, before: int) -> Iterator[Ratio]:
    """`/number help` against a Bolt app that does nothing, by a few callers and, for comparison, by many."""
    connection = Connection(desk)
    connection.send(signed("help"))
    connection.close()
    if b"number search" not in connection.body:
        raise RuntimeError("that was no help")
    few = _rates({"desk": desk, "default": default, "before": before}, connections=FEW)
    against = f"{few['desk']:.0f}/s against"
    slow, fast = few["desk"] / few["default"], few["desk"] / few["before"]
    yield Ratio(
        "help, against Bolt's default", slow, "at least 4", slow >= 4, f"{against} {few['default']:.0f}/s"
    )
    yield Ratio(
        "help, against before_response",
        fast,
        "at least 0.75",
        fast >= 0.75,
        f"{against} {few['before']:.0f}/s",
    )
    many = _rates({"desk": desk, "default": default}, connections=MANY)
    detail = f"{many['desk']:.0f}/s against {many['default']:.0f}/s"
    yield Ratio(
        f"the first with {MANY} callers", many["desk"] / many["default"], "none", fine=True, detail=detail
    )


def _rates(ports: dict[str, int], *, connections: int) -> dict[str, float]:
    """Median requests per second of each, measured in turns."""
    rates: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(ROUNDS):
        for name, port in ports.items():
            rates[name].append(rate(port, signed("help"), connections=connections))
    return {name: statistics.median(found) for name, found in rates.items()}


def searches(desk: int, provider: int, sink: Sink, sink_url: str) -> Ratio:
    """From the command to the offers, against a script that makes the same two calls."""
    connection = Connection(desk)
    ours, script = [], []
    for turn in range(SEARCHES):
        began = perf_counter()
        connection.send(signed("search US local 415", f"{sink_url}/response/{turn}"))
        _must(sink.came.acquire(timeout=30))
        ours.append(perf_counter() - began)
        began = perf_counter()
        _script(provider, sink_url)
        _must(sink.came.acquire(timeout=30))
        script.append(perf_counter() - began)
    connection.close()
    a, b = statistics.median(ours), statistics.median(script)
    detail = f"{a * 1000:.1f} ms against {b * 1000:.1f} ms"
    return Ratio("search to offers, against a script", a / b, "at most 1.5", a <= 1.5 * b, detail)


def _script(provider: int, sink_url: str) -> None:
    """What anybody would write: one GET, one POST, with requests' own functions."""
    asked = {"country_iso": "US", "type": "local", "pattern": "415", "limit": "20", "offset": "0"}
    address = f"http://127.0.0.1:{provider}/v1/Account/{systems.AUTH[0]}/PhoneNumber/"
    found = requests.get(address, params=asked, auth=systems.AUTH, timeout=30).json()["objects"]
    lines = "\n".join(f"{n['number']} {n['monthly_rental_rate']}/month" for n in found)
    requests.post(f"{sink_url}/response/x", json={"text": lines}, timeout=30).raise_for_status()


def flights(desk: int, provider: int, sink_url: str) -> Iterator[Ratio]:
    """Acks of other commands while searches wait for a provider that takes ten seconds."""
    connection = Connection(desk)
    quiet = _p99([connection.send(signed("help")) for _ in range(HELPS)])
    slow = {"match": "search", "do": {"delay": 10}}
    requests.post(f"http://127.0.0.1:{provider}/sandbox/faults", json=[slow], timeout=5).raise_for_status()
    for turn in range(IN_FLIGHT):
        connection.send(signed("search US local 415", f"{sink_url}/response/{turn}"))
    loaded = [connection.send(signed("help")) for _ in range(HELPS)]
    connection.close()
    p99 = _p99(loaded)
    detail = f"{p99 * 1000:.1f} ms against {quiet * 1000:.1f} ms"
    yield Ratio(f"ack p99, {IN_FLIGHT} searches waiting", p99 / quiet, "at most 3", p99 <= 3 * quiet, detail)
    worst = max(loaded)
    yield Ratio("slowest ack then, seconds", worst, "at most 1", worst <= 1, f"{worst * 1000:.1f} ms")


def _must(came: bool) -> None:  # noqa: FBT001 - what a semaphore says
    if not came:
        raise RuntimeError("no offers came")


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99) - 1]


@contextmanager
def everything() -> Iterator[tuple[int, int, int, int, Sink, str]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sink = Sink()
        sink_url = stack.enter_context(serve_in_thread(sink.app)).url
        provider = stack.enter_context(systems.provider())
        desk = stack.enter_context(systems.desk(folder, provider, sink_url))
        default, before = (stack.enter_context(systems.plain(mode)) for mode in ("default", "before"))
        yield desk, provider, default, before, sink, sink_url


def logs() -> Iterator[Ratio]:
    """The audit log, on each database that is there: appending, and verifying."""
    with log.databases() as found:
        for name, database in found:
            for what, ours, bare in log.appends(database):
                detail = f"{ours * 1000:.1f} ms against {bare * 1000:.1f} ms"
                ratio = ours / bare
                yield Ratio(f"{what}, against INSERT, {name}", ratio, "at most 2", ratio <= 2, detail)
            _, ours, bare = log.verifies(database)
            detail = f"{ours:.2f} s against {bare:.2f} s"
            fast = bare / ours
            yield Ratio(f"verify, against hashing, {name}", fast, "at least 0.6", fast >= 0.6, detail)


def asking() -> Iterator[Ratio]:
    """The log's questions as it grows tenfold, on each database that is there, and taking it away."""
    servers = {"SQLite": None, "PostgreSQL": log.postgres()}
    for name, server in servers.items():
        if server is None and name != "SQLite":
            continue
        with questions.filled(server=server) as (few, many):
            yield from _pages(name, few, many)
            yield from _exports(name, many)


def _pages(name: str, few: Database, many: Database) -> Iterator[Ratio]:
    """The worst of all kinds of query, against the small log and against keys."""
    key = questions.by_key(many, questions.MANY)
    found = list(questions.asked(few, many))
    key = min(key, questions.by_key(many, questions.MANY))
    worst = max(found, key=lambda one: one.many / one.few)
    ratio, detail = worst.many / worst.few, f"{worst.name}: {worst.many * 1000:.2f} ms"
    yield Ratio(f"a page of the log, 10 times as long, {name}", ratio, "at most 2", ratio <= 2, detail)
    worst = max(found, key=lambda one: one.many)
    ratio, detail = worst.many / key, f"{worst.name}: {worst.many * 1000:.2f} ms against {key * 1000:.2f} ms"
    yield Ratio(f"the slowest page, against keys, {name}", ratio, "at most 5", ratio <= 5, detail)


def _exports(name: str, many: Database) -> Iterator[Ratio]:
    """Exports against the database's own means, and what they need of memory; a million need as much."""
    ours, theirs = taking.against(many)
    what = f"export, against {taking.YARDSTICKS[many.engine.dialect.name]}, {name}"
    if theirs is None:
        yield Ratio(what, math.nan, "at least 0.5", fine=True, detail="sqlite3 is not installed")
    else:
        seconds = ours.seconds(many)
        speed, detail = theirs / seconds, f"{seconds:.1f} s against {theirs:.1f} s"
        yield Ratio(what, speed, "at least 0.5", speed >= 0.5, detail)
    detail = f"{questions.MANY:,} events"
    with purchases.everything() as world:
        sent = taking.by_slack(many, world)
    for what, peak in (("export", ours.megabytes), ("Slack's export, the whole program", sent.megabytes)):
        yield Ratio(f"{what}, MB at its peak, {name}", peak, "at most 150", peak <= 150, detail)


def buying() -> Iterator[Ratio]:
    """Purchases a second: the whole path on each database, and how they grow with the workers."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        urls = {"SQLite": f"sqlite:///{folder}/buying.db"}
        if (server := log.postgres()) is not None:
            urls["PostgreSQL"] = stack.enter_context(log.own(server, "buying"))
        for name, url in urls.items():
            log.upgraded(url, stack)
            with purchases.everything() as world:  # one for each: both buy most of its numbers
                found = purchases.against_script(world, url)
            what = f"purchases, against a script, {name}"
            yield Ratio(what, found.ratio, "at least 0.6", found.ratio >= 0.6, found.detail)
            yield Ratio(
                f"{what}, that commits by the driver itself", found.bare, "none", fine=True, detail=""
            )
    if server is not None:
        with purchases.everything() as world:
            yield from _growth(dict(purchases.growth(world, server)))


def _growth(rates: dict[int, float]) -> Iterator[Ratio]:
    one = rates[1]
    for workers, found in rates.items():
        if workers > 1:
            share, detail = found / one / workers, f"{found:.1f}/s against {one:.1f}/s of one"
            yield Ratio(
                f"purchases, {workers} workers, of linear", share, "at least 0.85", share >= 0.85, detail
            )


def main() -> int:
    with everything() as (desk, provider, default, before, sink, sink_url):
        found = [
            *helps(desk, default, before),
            searches(desk, provider, sink, sink_url),
            *flights(desk, provider, sink_url),
            *logs(),
        ]
    found += asking()
    found += buying()
    table = Table("Ratio", "Measured", "Bound", "", "Detail", box=None)
    for one in found:
        table.add_row(one.name, f"{one.value:.2f}", one.bound, one.says, one.detail)
    Console().print(table)
    return 0 if all(one.fine for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
