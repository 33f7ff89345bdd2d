"""Who is waited for gives up on a lock in time; who is not has patience. A full database undoes it all."""

import time
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from storage import jobs, migrate
from storage.engine import make_engine
from storage.hurry import hurry, left
from storage.unit_of_work import Database

WAIT = 20.0


def _put(database: Database, key: str) -> None:
    with database.write() as work:
        jobs.put(work, key)


def _keys(database: Database) -> list[str]:
    with database.read() as work:
        return sorted(row["key"] for row in work.rows(text("SELECT key FROM job")))


def test_a_transaction_in_a_hurry_gives_up_on_a_lock_and_one_that_has_time_gets_it(
    database: Database,
) -> None:
    _put(database, "buy:P1")
    done = Event()

    def patient() -> None:
        _put(database, "buy:P1")
        done.set()

    waiting = Thread(target=patient)
    with database.write() as other:
        jobs.put(other, "buy:P1")
        waiting.start()
        began = time.monotonic()
        with pytest.raises(OperationalError), hurry(0.3):
            _put(database, "buy:P1")
        assert 0.2 < time.monotonic() - began < WAIT / 2
        assert not done.is_set()
    assert done.wait(WAIT), "another thread is in no hurry"
    waiting.join(WAIT)


def test_a_connection_that_was_in_a_hurry_has_time_again(tmp_path: Path) -> None:
    """It goes back to the pool; on PostgreSQL the limit ends with its transaction."""
    database = Database(make_engine(f"sqlite:///{tmp_path / 'numberdesk.db'}", pool_size=1))
    with hurry(0.3), database.write() as work:
        assert work.connection.scalar(text("PRAGMA busy_timeout")) == 30_000
    database.engine.dispose()


def test_a_read_has_no_lock_to_wait_for_and_a_hurry_ends_with_its_block(database: Database) -> None:
    with database.write() as other:
        jobs.put(other, "buy:P1")
        with hurry(0.2):
            assert _keys(database) == []
    assert left() is None


def _put_too_much(database: Database) -> None:
    with database.write() as work:
        for number in range(1000):
            jobs.put(work, f"dm:R{number}:bought", text="x" * 4000)


def test_a_database_that_is_full_undoes_the_whole_and_takes_the_next(tmp_path: Path) -> None:
    """SQLite's own words for a disk without room; the connection goes back to the pool and is used again."""
    engine = make_engine(f"sqlite:///{tmp_path / 'numberdesk.db'}", pool_size=1)
    migrate.upgrade(engine)
    database, pages = Database(engine), [1]

    @event.listens_for(engine, "begin")
    def _limit(connection: object) -> None:
        assert hasattr(connection, "exec_driver_sql")
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages[0]}")

    with pytest.raises(OperationalError, match="database or disk is full"):
        _put_too_much(database)
    assert _keys(database) == []
    pages[0] = 1_000_000
    _put(database, "buy:P2")
    assert _keys(database) == ["buy:P2"]
    engine.dispose()
