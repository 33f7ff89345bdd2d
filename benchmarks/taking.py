"""The log taken away, by a process of its own each: seconds of its processor, and memory at its peak.

`python -m benchmarks.taking URL KIND` is such a process: a format, `bare`, or `slack` with its stand-ins.
"""

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.engine import make_url

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

BARE, SLACK = "bare", "slack"
PATIENCE = 300


class Taken(NamedTuple):
    """What one process that wrote all events out took."""

    seconds: float  #: of the processor: what else the machine does is not counted
    megabytes: float  #: at its peak


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
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as out:
        if kind == BARE:
            out.writelines(_bare(url))
        else:
            export(Database(make_engine(url)), AuditQuery(), Format(kind), out, lambda _: None)  # type: ignore[arg-type]
        out.flush()


def _bare(url: str) -> Iterator[str]:
    """What anybody would write: every column of every row, as an object a line."""
    connection = sqlite3.connect(str(make_url(url).database))
    connection.row_factory = sqlite3.Row
    statement = (
        "SELECT e.*, t.salt, t.text FROM audit_event e LEFT JOIN audit_text t"
        " ON t.workspace = e.workspace AND t.seq = e.seq ORDER BY e.workspace, e.seq"
    )
    for row in connection.execute(statement):
        yield json.dumps(dict(row), ensure_ascii=False) + "\n"


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
    began = time.process_time()
    _take(*sys.argv[1:])
    sys.stdout.write(json.dumps([time.process_time() - began, _peak()]) + "\n")
