"""The worker: runs due jobs by their kind, tries again what failed, and stops only between jobs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from bot import worker as module
from bot.worker import LONGEST_PAUSE, Handler, Worker
from storage import jobs, migrate, schema
from storage.engine import make_engine
from storage.jobs import Job
from storage.unit_of_work import Database, from_microseconds, random_id

WAIT = 10.0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Database]:
    """A database with the newest schema; the worker is the same on both kinds, so SQLite is enough."""
    engine = make_engine(f"sqlite:///{tmp_path / 'numberdesk.db'}")
    migrate.upgrade(engine)
    yield Database(engine)
    engine.dispose()


@contextmanager
def running(database: Database, handlers: dict[str, Handler], threads: int = 2) -> Iterator[Worker]:
    worker = Worker(database, handlers, lease=60, threads=threads)
    worker.start()
    yield worker
    worker.stop(WAIT)


def _put(database: Database, *keys: str, delay: float = 0) -> None:
    with database.write() as work:
        for key in keys:
            jobs.put(work, key, delay=delay)


def _row(database: Database, key: str) -> Any:
    with database.read() as work:
        return work.one(schema.job.select().where(schema.job.c.key == key))


def _due_in(database: Database, key: str) -> float:
    with database.read() as work:
        row = work.one(schema.job.select().where(schema.job.c.key == key))
        assert row
        return float((row["due_at"] - work.now).total_seconds())


def _fails(_: Job) -> None:
    raise ConnectionError("the provider hung up")


def _notes(into: list[str]) -> Callable[[Job], None]:
    return lambda job: into.append(job.key)


def test_each_job_goes_to_the_handler_of_its_kind(own: Database) -> None:
    bought: list[str] = []
    drawn: list[str] = []
    worker = Worker(own, {"buy": _notes(bought), "render": _notes(drawn)}, lease=60)
    _put(own, "buy:P1", "render:R1", "buy:P2")
    assert worker.run_all() == 3
    assert (sorted(bought), drawn) == (["buy:P1", "buy:P2"], ["render:R1"])
    assert not worker.run_one()


def test_a_job_that_fails_is_tried_later_and_says_why(own: Database) -> None:
    worker = Worker(own, {"render": _fails}, lease=60)
    _put(own, "render:R1")
    assert worker.run_one()
    row = _row(own, "render:R1")
    assert row["last_error"] == "ConnectionError: the provider hung up"
    assert (row["lease"], row["attempts"]) == (None, 1)
    assert 1 < _due_in(own, "render:R1") < 3
    assert not worker.run_one()


def test_a_job_that_goes_on_failing_waits_longer_each_time(own: Database) -> None:
    worker = Worker(own, {"render": _fails}, lease=60)
    _put(own, "render:R1")
    pauses = []
    for _ in range(12):
        assert worker.run_one()
        pauses.append(_due_in(own, "render:R1"))
        own.shift += timedelta(seconds=LONGEST_PAUSE * 1.3)
    assert pauses[:6] == sorted(pauses[:6])
    assert all(pause <= LONGEST_PAUSE * 1.2 for pause in pauses)
    assert pauses[-1] >= LONGEST_PAUSE * 0.7


def test_a_long_error_is_kept_short(own: Database) -> None:
    def fail(_: Job) -> None:
        raise ValueError("x" * 10_000)

    _put(own, "render:R1")
    Worker(own, {"render": fail}, lease=60).run_one()
    assert len(_row(own, "render:R1")["last_error"]) == 500


def test_a_handler_says_when_it_wants_to_be_asked_again(own: Database) -> None:
    worker = Worker(own, {"settle": lambda _: 60.0}, lease=60)
    _put(own, "settle:P1")
    worker.run_one()
    assert 55 < _due_in(own, "settle:P1") <= 60
    assert _row(own, "settle:P1")["last_error"] is None


def test_a_job_that_is_put_off_is_called_for_at_its_time(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that waits for its turn came up to a second behind it, and two in one look came at once."""
    monkeypatch.setattr(module, "POLL", 10 * WAIT)
    again = iter((0.2, 0.2, None))
    done = Event()

    def say(_: Job) -> float | None:
        left = next(again)
        if left is None:
            done.set()
        return left

    _put(own, "note:R1:denied")
    with running(own, {"note": say}):
        assert done.wait(WAIT)


def test_a_job_that_is_put_while_it_runs_runs_again(own: Database) -> None:
    seen: list[int] = []

    def render(job: Job) -> None:
        seen.append(job.gen)
        if len(seen) == 1:
            _put(own, "render:R1")

    _put(own, "render:R1")
    assert Worker(own, {"render": render}, lease=60).run_all() == 2
    assert seen == [0, 1]


def test_a_job_of_an_unknown_kind_is_left_to_others_and_stops_nobody(own: Database) -> None:
    done = Event()
    _put(own, "riddle:1")
    with running(own, {"buy": lambda _: done.set()}, threads=1) as worker:
        own.on_due = worker.wake
        _put(own, "buy:P1")
        assert done.wait(WAIT)
    riddle = _row(own, "riddle:1")
    assert (riddle["attempts"], riddle["lease"], riddle["last_error"]) == (0, None, None)


def test_a_woken_worker_does_not_wait_for_its_next_look(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 3600.0)
    done = Event()
    with running(own, {"buy": lambda _: done.set()}) as worker:
        own.on_due = worker.wake
        _put(own, "buy:P1")
        assert done.wait(WAIT)


def test_a_job_that_is_put_while_it_runs_runs_again_without_waiting_for_the_next_look(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is called for it when it is put, because it runs: who runs it calls."""
    monkeypatch.setattr(module, "POLL", 10 * WAIT)
    again = Event()
    called: list[Sequence[str]] = []

    def draw(job: Job) -> None:
        if job.gen:
            again.set()
            return
        own.on_due = called.append
        _put(own, job.key)
        own.on_due = worker.wake

    with running(own, {"render": draw}) as worker:
        own.on_due = worker.wake
        _put(own, "render:R1")
        assert again.wait(WAIT)
    assert called == []


def test_a_job_that_another_process_put_is_found_without_a_word(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 0.02)
    done = Event()
    with running(own, {"buy": lambda _: done.set()}):
        _put(own, "buy:P1")
        assert done.wait(WAIT)


def test_stop_waits_for_the_job_that_runs_and_takes_no_other(own: Database) -> None:
    begun, go_on = Event(), Event()
    finished: list[str] = []

    def buy(job: Job) -> None:
        begun.set()
        assert go_on.wait(WAIT)
        finished.append(job.key)

    worker = Worker(own, {"buy": buy}, lease=60, threads=1)
    _put(own, "buy:P1", "buy:P2")
    worker.start()
    assert begun.wait(WAIT)
    stopping = Thread(target=worker.stop, args=(WAIT,))
    stopping.start()
    stopping.join(0.05)
    assert stopping.is_alive(), "the job still runs"
    go_on.set()
    stopping.join(WAIT)
    assert not stopping.is_alive()
    assert len(finished) == 1
    with own.read() as work:
        assert jobs.count(work) == {"buy": 1}


def test_stop_gives_up_after_its_time(own: Database) -> None:
    begun, go_on = Event(), Event()

    def buy(_: Job) -> None:
        begun.set()
        go_on.wait(WAIT)

    worker = Worker(own, {"buy": buy}, lease=60, threads=1)
    _put(own, "buy:P1")
    worker.start()
    assert begun.wait(WAIT)
    worker.stop(0.01)
    assert _row(own, "buy:P1")["lease"] is not None
    go_on.set()
    worker.stop(WAIT)
    assert _row(own, "buy:P1") is None


def test_two_workers_share_one_table(own: Database) -> None:
    done: list[str] = []
    last = Event()

    def buy(job: Job) -> None:
        done.append(job.key)
        if len(done) >= 40:
            last.set()

    keys = [f"buy:P{i}" for i in range(40)]
    _put(own, *keys)
    with running(own, {"buy": buy}), running(own, {"buy": buy}):
        assert last.wait(WAIT)
    assert sorted(done) == sorted(keys)
    with own.read() as work:
        assert jobs.count(work) == {}


def test_the_worker_goes_on_when_the_database_comes_back(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 0.02)
    schema.job.drop(own.engine)
    done, missed = Event(), Event()
    monkeypatch.setattr(module.log, "exception", lambda *_, **__: missed.set())
    with running(own, {"buy": lambda _: done.set()}, threads=1) as worker:
        assert missed.wait(WAIT)
        schema.job.create(own.engine)
        _put(own, "buy:P1")
        assert done.wait(WAIT)
        assert worker.idle_for() < WAIT


def _says_half_a_letter(_: Job) -> None:
    raise ValueError("\ud800")


@pytest.mark.parametrize("first", [_says_half_a_letter, lambda _: 1e20], ids=["no text", "no time"])
def test_a_thread_outlives_what_no_database_takes(
    own: Database, monkeypatch: pytest.MonkeyPatch, first: Handler
) -> None:
    done, missed = Event(), Event()
    monkeypatch.setattr(module.log, "exception", lambda said, **_: "database" in said and missed.set())
    with running(own, {"render": first, "buy": lambda _: done.set()}, threads=1) as worker:
        _put(own, "render:R1")
        worker.wake(["render"])
        assert missed.wait(WAIT)
        _put(own, "buy:P1")
        worker.wake(["buy"])
        assert done.wait(WAIT)


@pytest.mark.parametrize(
    ("kind", "card"), [("render", ["new", "old", "new"]), ("dm", ["new", "old"])], ids=["redone", "kept"]
)
def test_who_slept_past_its_lease_has_the_card_drawn_again(own: Database, kind: str, card: list[str]) -> None:
    """It read the row before the other did, and drew it after: the card would stay at an old state."""
    drawn: list[str] = []

    def draw(job: Job) -> None:
        if job.attempts == 1 and not drawn:
            own.shift += timedelta(seconds=61)
            assert worker.run_one()  # another has drawn meanwhile, and is done
            drawn.append("old")
        else:
            drawn.append("new")

    worker = Worker(own, {kind: draw}, lease=60, redo={"render"})
    _put(own, f"{kind}:R1")
    worker.run_all()
    assert drawn == card
    assert _row(own, f"{kind}:R1") is None


def test_who_lost_its_lease_to_one_that_still_draws_has_it_drawn_after_that_one(own: Database) -> None:
    drawn: list[str] = []
    _put(own, "render:R1")

    def draw(job: Job) -> None:
        own.shift += timedelta(seconds=61)
        with own.write() as work:
            assert jobs.claim(work, lease="another", seconds=60, kinds={"render"})
        drawn.append(job.key)

    Worker(own, {"render": draw}, lease=60, redo={"render"}).run_one()
    assert _row(own, "render:R1")["lease"] == "another"
    assert _row(own, "render:R1")["gen"] == 1
    assert drawn == ["render:R1"]


def test_what_is_due_by_time_is_run_although_calls_never_stop(own: Database) -> None:
    """Retries, timers and what another process had put waited until nobody put anything for a second."""
    late, over = Event(), Event()

    def work(job: Job) -> float | None:
        if job.key == "buy:late":
            late.set()
        elif not over.is_set():
            _put(own, f"buy:{random_id('P')}")  # each calls for the next one
        return None

    with own.engine.begin() as connection:  # put by another process: nobody is called for it
        now = int(time.time() * 1_000_000)
        connection.execute(schema.job.insert().values(key="buy:late", due_at=from_microseconds(now), args={}))
    with running(own, {"buy": work}, threads=2) as worker:
        own.on_due = worker.wake
        _put(own, "buy:first")
        assert late.wait(WAIT)
        over.set()


def test_a_job_that_only_waits_its_turn_has_not_failed(own: Database) -> None:
    turns = iter([0.0] * 9)
    attempts: list[int] = []

    def say(job: Job) -> float | None:
        attempts.append(job.attempts)
        return next(turns, None)

    _put(own, "dm:R1:bought:U1")
    Worker(own, {"dm": say}, lease=60, waits_count=False).run_all()
    assert attempts == [1] * 10
