"""Eight processes append at once, and the log does not fork: 400 events here, 10,000 with SOAK=1."""

import multiprocessing
import os

import pytest

from bot.model.audit import SYSTEM, Action, AuditEvent
from bot.usecases.verify import Sound, verify
from storage import audit
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.storage.rows import undone

PROCESSES = 8
EVENTS = 10_000 if os.environ.get("SOAK") == "1" else 400


def append(url: str, count: int) -> None:
    """What each process does; every third transaction has two events, every seventh is undone."""
    database = Database(make_engine(url))
    written = turn = 0
    while written < count:
        turn += 1
        if turn % 7 == 0:
            with undone(database) as work:
                _one(work)
        with database.write() as work:
            for _ in range(min(2 if turn % 3 == 0 else 1, count - written)):
                _one(work)
                written += 1
    database.engine.dispose()


def _one(work: audit.UnitOfWork) -> None:
    event = AuditEvent(workspace="T0ONE", account="MA", actor=SYSTEM, action=Action.REQUEST_REMINDED)
    audit.append(work, event)


@pytest.mark.grows
@pytest.mark.timeout(600)
def test_the_log_does_not_fork_when_eight_processes_append(database: Database, database_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    each = EVENTS // PROCESSES
    started = [spawn.Process(target=append, args=(database_url, each)) for _ in range(PROCESSES)]
    for process in started:
        process.start()
    for process in started:
        process.join(300)
    assert [process.exitcode for process in started] == [0] * PROCESSES
    (found,) = verify(database)
    assert isinstance(found, Sound), found
    assert (found.first, found.last) == (1, EVENTS)
