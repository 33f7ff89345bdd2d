"""The log taken away, by a process of its own each: seconds, and memory at its peak.

`python -m benchmarks.taking URL KIND` is such a process: a format, `copy`, or `slack` with its stand-ins.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any, NamedTuple

from sqlalchemy import create_engine, func, select

from benchmarks.events import WORKSPACE
from benchmarks.purchases import World
from bot.app import make_program
from bot.model.audit_export import Format
from bot.model.audit_query import AuditQuery
from bot.model.request import Person
from bot.usecases.audit_export import export
from bot.usecases.export_log import request_export
from storage import schema
from storage.engine import make_engine
from storage.unit_of_work import Database

COPY, SLACK = "copy", "slack"
SAME_COLUMNS = (
    "SELECT e.*, t.salt, t.text FROM audit_event e LEFT JOIN audit_text t"
    " ON t.workspace = e.workspace AND t.seq = e.seq ORDER BY e.workspace, e.seq"
)
YARDSTICKS = {"sqlite": "sqlite3 -json", "postgresql": "COPY of row_to_json"}
"""What each database's own makers wrote for it: the columns of every row, as an object of JSON."""
PATIENCE = 300


class Taken(NamedTuple):
    """What one process that wrote all events out took."""

    processor: float  #: seconds of the processor: what else the machine does is not counted
    elapsed: float  #: seconds on the clock
    megabytes: float  #: at its peak

    def seconds(self, database: Database) -> float:
        """Those to compare: of PostgreSQL's work, this process's own is the smaller part."""
        return self.processor if database.engine.dialect.name == "sqlite" else self.elapsed


def against(database: Database, *, turns: int = 3) -> tuple[Taken, float | None]:
    """JSON lines, and the seconds of the yardstick, in turns: the quickest of each.

    None where the program `sqlite3` is not installed.
    """
    found = [(taken(database, Format.JSONL.value), yardstick(database)) for _ in range(turns)]
    quickest = min((ours for ours, _ in found), key=lambda one: one.seconds(database))
    return quickest, min((theirs for _, theirs in found if theirs is not None), default=None)


def yardstick(database: Database) -> float | None:
    """Seconds of the same columns of all events, written by the database's own means."""
    if database.engine.dialect.name != "sqlite":
        return taken(database, COPY).seconds(database)
    program = shutil.which("sqlite3")
    return _shell(program, str(database.engine.url.database)) if program else None


def _shell(program: str, file: str) -> float:
    with tempfile.TemporaryFile() as out:
        running = subprocess.Popen([program, "-json", file, SAME_COLUMNS], stdout=out)
        _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError("sqlite3 -json failed: it knows -json from version 3.33 on")
    return usage.ru_utime + usage.ru_stime


def taken(database: Database, kind: str, *more: str) -> Taken:
    """All events written out by a process of its own."""
    url = database.engine.url.render_as_string(hide_password=False)
    words = [sys.executable, "-m", "benchmarks.taking", url, kind, *more]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return Taken(*json.loads(said.splitlines()[-1]))


def by_slack(database: Database, world: World) -> Taken:
    """The file that somebody asks for in Slack: written by the job, and uploaded to a stand-in."""
    before = world.slack_calls()
    found = taken(database, SLACK, str(world.folder), str(world.provider), str(world.slack))
    sent = world.slack_calls() - before
    if sent["files.completeUploadExternal"] != 1 or sent["bytes"] < 1_000_000:
        raise RuntimeError(f"no file came: {sent}")
    return found


def _take(url: str, kind: str, *more: str) -> None:
    if kind == SLACK:
        folder, provider, slack = more
        _send(url, World(Path(folder), int(provider), int(slack)))
        return
    if kind == COPY:
        with tempfile.TemporaryFile() as file:
            _copy(url, file)
        return
    with tempfile.TemporaryFile("w", encoding="utf-8", newline="") as out:
        export(Database(make_engine(url)), AuditQuery(), Format(kind), nullcontext(out), lambda _: None)  # type: ignore[arg-type]
        out.flush()


def _copy(url: str, out: IO[bytes]) -> None:
    with create_engine(url).connect() as connection:
        driver: Any = connection.connection
        said = f"COPY (SELECT row_to_json(event) FROM ({SAME_COLUMNS}) event) TO STDOUT"  # noqa: S608 - our own words
        with driver.cursor().copy(said) as copy:
            for some in copy:
                out.write(some)


def _send(url: str, world: World) -> None:
    """The whole program, until its worker has sent the file."""
    program = make_program(world.settings(url), works=True)
    program.start()
    try:
        coming = request_export(program.desk, Person(WORKSPACE, "U0BOSS"), "", Format.JSONL)
        if not coming.all_of_it:
            raise RuntimeError("an approver may see all of the log")
        _until_sent(program.desk.database)
    finally:
        program.stop()


def _until_sent(database: Database) -> None:
    end = time.monotonic() + PATIENCE
    left = select(func.count()).where(schema.job.c.key.startswith("export:"))
    while time.monotonic() < end:
        with database.read() as work:
            if not work.connection.scalar(left):
                return
        time.sleep(0.05)
    raise RuntimeError("the file was not sent")


def _peak() -> float:
    """Megabytes of this process at its peak."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux, getrusage also counts what the process that started this one had
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024**2  # bytes, on a Mac


if __name__ == "__main__":
    began, clock = time.process_time(), time.perf_counter()
    _take(*sys.argv[1:])
    took = time.process_time() - began, time.perf_counter() - clock, _peak()
    sys.stdout.write(json.dumps(took) + "\n")
