"""The clock of the rows: what a transaction says of the time is what the database says of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from storage import clock, jobs
from storage.clock import CLOCK, from_microseconds
from storage.engine import make_engine
from storage.unit_of_work import Database
from tests.conftest import a_database

CLOSE = timedelta(milliseconds=250)
"""Far more than the way of an answer, on a machine that is busy."""


def test_it_is_the_time_of_the_database_and_never_ahead_of_it(database: Database) -> None:
    for _ in range(200):
        with database.write() as work:
            now = work.now
            theirs = from_microseconds(work.connection.scalar(select(CLOCK)) or 0)
        assert theirs - CLOSE < now <= theirs


def test_it_goes_on_from_one_transaction_to_the_next(database: Database) -> None:
    def now() -> Any:
        with database.read() as work:
            return work.now

    times = [now() for _ in range(200)]
    assert times == sorted(times)


def test_what_is_put_now_is_due_now(database: Database) -> None:
    """A thread is called for it once, and would find nothing."""
    for _ in range(50):
        with database.write() as work:
            jobs.put(work, "render:R1")
        with database.write() as work:
            claimed = jobs.claim(work, lease="L", seconds=10, kinds=["render"])
            assert claimed and jobs.finish(work, claimed)


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[Database]:
    """SQLite's clock is this machine's, and is asked nothing."""
    with a_database("postgresql", tmp_path) as url:
        database = Database(make_engine(url))
        yield database
        database.engine.dispose()


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """This machine's uptime, which stands still."""
    now = [1000.0]
    monkeypatch.setattr(clock, "uptime", lambda: now[0])
    return now


def test_postgresql_is_asked_once_a_second(on_postgresql: Database, up: list[float]) -> None:
    asked: list[str] = []
    event.listen(on_postgresql.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with on_postgresql.read() as work:
        first = work.now
    up[0] += 0.75
    with on_postgresql.read() as work:
        assert work.now - first == timedelta(seconds=0.75)
    assert len(asked) == 1
    up[0] += 0.25
    with on_postgresql.read() as work:
        assert work.now < first + CLOSE, "it is what the database says, whatever this machine's does"
    assert len(asked) == 2


def test_an_answer_that_was_long_on_its_way_is_not_counted_on(
    on_postgresql: Database, up: list[float]
) -> None:
    """A process that was stopped while it asked would date the next second's purchases back by hours."""
    asked: list[str] = []

    def pause(*given: Any) -> None:
        asked.append(given[2])
        up[0] += 3600

    event.listen(on_postgresql.engine, "after_cursor_execute", pause)
    for count in (1, 2):
        with on_postgresql.read() as work:
            assert work.now
        assert len(asked) == count
