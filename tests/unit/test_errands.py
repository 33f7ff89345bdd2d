"""Errands: bounded, never lost silently, and alarms that ring however busy the threads are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, active_count, current_thread
from time import monotonic

import pytest
import structlog
from structlog.testing import capture_logs

from bot.errands import Errands

PATIENCE = 10


@contextmanager
def errands(threads: int = 1, waiting: int = 0) -> Iterator[Errands]:
    made = Errands(threads, waiting)
    yield made
    made.stop(PATIENCE)


def test_work_runs_on_another_thread() -> None:
    names: list[str] = []
    with errands() as some:
        assert some.offer(lambda: names.append(current_thread().name))
    assert names == ["errand-0"]


def test_a_full_house_says_no_and_says_yes_again_when_somebody_left() -> None:
    gate, began, done = Event(), Event(), Event()
    with errands(threads=1, waiting=1) as some:
        assert some.offer(lambda: (began.set(), gate.wait(PATIENCE)))
        assert began.wait(PATIENCE)
        assert some.offer(done.set)
        assert some.busy == 2
        assert not some.offer(lambda: None)
        gate.set()
        assert done.wait(PATIENCE)
        again = Event()
        while not some.offer(again.set):  # the thread has yet to say that it is free
            pass
        assert again.wait(PATIENCE)


def test_all_threads_work_at_once() -> None:
    gate, ran = Event(), []
    began = [Event() for _ in range(3)]
    with errands(threads=3) as some:
        for event in began:
            assert some.offer(lambda event=event: (event.set(), gate.wait(PATIENCE), ran.append(1)))
        assert all(event.wait(PATIENCE) for event in began)
        gate.set()
    assert len(ran) == 3


@pytest.mark.parametrize("problem", [ValueError("no"), SystemExit(3)])
def test_an_exception_is_logged_and_the_thread_goes_on(problem: BaseException) -> None:
    def fail() -> None:
        raise problem

    after = Event()
    with capture_logs() as lines, errands(waiting=1) as some:
        some.offer(fail)
        some.offer(after.set)
        assert after.wait(PATIENCE)
    assert [line["event"] for line in lines] == ["an errand failed"]


def test_work_keeps_the_log_context_of_the_one_who_left_it() -> None:
    seen: list[object] = []
    with errands() as some, structlog.contextvars.bound_contextvars(user="U0ALICE01"):
        some.offer(lambda: seen.append(structlog.contextvars.get_contextvars()))
        some.stop(PATIENCE)
    assert seen == [{"user": "U0ALICE01"}]


def test_later_rings_although_every_thread_is_busy() -> None:
    gate, rung = Event(), Event()
    with errands() as some:
        some.offer(lambda: gate.wait(PATIENCE))
        begin = monotonic()
        some.later(0.05, rung.set)
        assert rung.wait(PATIENCE)
        assert monotonic() - begin >= 0.05
        gate.set()


def test_a_slow_alarm_does_not_hold_up_the_next() -> None:
    gate, rung = Event(), Event()
    with errands() as some:
        some.later(0, lambda: gate.wait(PATIENCE))
        some.later(0.01, rung.set)
        assert rung.wait(PATIENCE)
        gate.set()


def test_alarms_ring_in_their_order_whatever_the_order_they_were_set_in() -> None:
    order: list[int] = []
    last = Event()
    with errands() as some:
        some.later(0.15, lambda: (order.append(2), last.set()))
        some.later(0.02, lambda: order.append(1))
        assert last.wait(PATIENCE)
    assert order == [1, 2]


def test_a_cancelled_alarm_never_rings_and_may_be_cancelled_twice() -> None:
    rung, other = Event(), Event()
    with errands() as some:
        cancel = some.later(0.03, rung.set)
        some.later(0.06, other.set)
        cancel()
        cancel()
        assert other.wait(PATIENCE)
        cancel()
    assert not rung.is_set()


def test_stop_waits_for_what_was_taken_and_takes_no_more() -> None:
    ran: list[int] = []
    some = Errands(1, 5)
    for number in range(5):
        some.offer(lambda number=number: ran.append(number))
    rung = Event()
    some.later(10 * PATIENCE, rung.set)
    some.stop(PATIENCE)
    assert ran == [0, 1, 2, 3, 4]
    assert not some.offer(lambda: None)
    some.later(0, rung.set)()
    assert some.busy == 0
    assert not rung.is_set()


def test_stop_gives_up_in_time_and_says_what_was_lost() -> None:
    gate, began = Event(), Event()
    some = Errands(1, 5)
    some.offer(lambda: (began.set(), gate.wait(PATIENCE)))
    assert began.wait(PATIENCE)
    some.offer(lambda: None)
    with capture_logs() as lines:
        some.stop(0.05)
    assert [(line["lost"], line["waited"]) for line in lines] == [(2, 0.05)]
    gate.set()


def test_alarms_go_on_while_stop_waits_and_new_ones_are_set() -> None:
    excused, done = Event(), Event()
    some = Errands(1, 0)
    assert some.offer(lambda: (excused.wait(PATIENCE), done.set()))
    some.later(0.01, lambda: some.later(0.01, excused.set))
    with capture_logs() as lines:
        some.stop(PATIENCE)
    assert done.is_set()
    assert lines == []


def test_stop_waits_for_an_alarm_that_is_due_in_time_and_for_no_other() -> None:
    rung = Event()
    some = Errands(1, 0)
    some.later(0.01, rung.set)
    cancel = some.later(10, Event().set)
    some.later(10 * PATIENCE, Event().set)
    some.later(0.02, cancel)
    begin = monotonic()
    some.stop(PATIENCE)
    assert rung.is_set()
    assert monotonic() - begin < PATIENCE / 2


def test_what_is_lost_is_told_of_once_each() -> None:
    gate, began, told = Event(), Event(), []
    some = Errands(1, 5)
    some.offer(lambda: (began.set(), gate.wait(PATIENCE)), on_lost=lambda: told.append("cut"))
    assert began.wait(PATIENCE)
    some.offer(lambda: None, on_lost=lambda: told.append("in line"))
    some.later(10 * PATIENCE, lambda: None, on_lost=lambda: told.append("to ring"))
    some.later(10 * PATIENCE, lambda: None)
    with capture_logs() as lines:
        some.stop(0.05)
    assert sorted(told) == ["cut", "in line", "to ring"]
    assert [line["lost"] for line in lines] == [3]
    gate.set()


def test_what_is_done_in_time_is_not_told_of() -> None:
    told: list[int] = []
    with errands(waiting=1) as some:
        some.offer(lambda: None, on_lost=lambda: told.append(1))
        some.later(0, lambda: None, on_lost=lambda: told.append(2))
        some.stop(PATIENCE)
    assert told == []


def test_one_who_cannot_be_told_hinders_no_other() -> None:
    gate, began, told = Event(), Event(), Event()
    some = Errands(1, 5)
    some.offer(lambda: (began.set(), gate.wait(PATIENCE)), on_lost=lambda: 1 / 0)
    assert began.wait(PATIENCE)
    some.offer(lambda: None, on_lost=told.set)
    some.stop(0.01)
    assert told.is_set()
    gate.set()


def test_no_thread_starts_before_the_first_work_so_that_a_fork_is_safe() -> None:
    before = active_count()
    some = Errands(4, 4)
    assert active_count() == before
    child = os.fork()
    if child == 0:
        done = Event()
        some.offer(done.set)
        os._exit(0 if done.wait(PATIENCE) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    some.stop(PATIENCE)


def test_a_machine_without_threads_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_thread: object) -> None:
        raise RuntimeError("can't start new thread")

    some = Errands(1, 1)
    monkeypatch.setattr("bot.errands.Thread.start", fail)
    assert not some.offer(lambda: None)
    assert some.busy == 0
