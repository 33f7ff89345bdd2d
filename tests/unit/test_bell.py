"""A worker's bell: few threads compute, and others help only where these are held up."""

from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

import pytest

from bot.bell import ENOUGH, HELD_UP, Bell, Call

LONG = 20.0
"""Seconds; nobody waits for so long here."""


def _at_work(threads: int) -> Bell:
    """A bell of whose threads all are at work; nothing is due."""
    bell = Bell(threads)
    assert bell.wait(LONG) is Call.FOR_ALL, "at the start there may be something"
    return bell


def test_each_job_calls_one_thread() -> None:
    bell = _at_work(1)
    bell.call(2)
    assert [bell.wait(LONG), bell.wait(LONG), bell.wait(0)] == [Call.FOR_ONE, Call.FOR_ONE, Call.NOT]


def test_what_is_due_calls_one_thread_however_often_it_is_said() -> None:
    bell = _at_work(1)
    bell.call_for_all()
    bell.call_for_all()
    assert [bell.wait(LONG), bell.wait(0)] == [Call.FOR_ALL, Call.NOT]


def test_what_was_put_off_calls_one_thread_at_its_time_and_not_before() -> None:
    now = [1000.0]
    bell = Bell(1, clock=lambda: now[0])
    assert bell.wait(LONG) is Call.FOR_ALL
    for seconds in (30, 10, 10):
        bell.call_in(seconds)
    assert bell.wait(0) is Call.NOT
    now[0] += 10
    assert [bell.wait(LONG), bell.wait(LONG), bell.wait(0)] == [Call.FOR_ONE, Call.FOR_ONE, Call.NOT]
    now[0] += 20
    assert [bell.wait(LONG), bell.wait(0)] == [Call.FOR_ONE, Call.NOT]


def test_who_waits_for_long_hears_of_what_was_put_off_meanwhile() -> None:
    bell = _at_work(2)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(bell.wait, LONG)
        bell.call_in(0.1)
        began = monotonic()
        heard = waiting.result(LONG)  # woken, to wait for less long from now on
        assert heard is Call.FOR_ONE or bell.wait(LONG) is Call.FOR_ONE
    assert monotonic() - began < LONG / 2


def test_nobody_helps_those_who_get_on() -> None:
    """The clock stands still: for the bell, a call was taken just now."""
    bell = Bell(ENOUGH + 1, clock=lambda: 1000.0)
    assert bell.wait(LONG) is Call.FOR_ALL
    with ThreadPoolExecutor() as pool:
        helper = pool.submit(bell.wait, LONG)
        bell.call(2)
        # who is at work comes back, and takes the next call, and the one after it
        assert [bell.wait(LONG), bell.wait(LONG)] == [Call.FOR_ONE, Call.FOR_ONE]
        assert not helper.done()
        bell.end()
        assert helper.result(LONG) is Call.NOT


def test_where_those_at_work_are_held_up_one_after_the_other_helps() -> None:
    threads = ENOUGH + 4
    bell = _at_work(threads)
    began = monotonic()
    with ThreadPoolExecutor(threads) as pool:
        helpers: list[Future[Call]] = [pool.submit(bell.wait, LONG) for _ in range(4)]
        bell.call(4)
        assert {helper.result(LONG) for helper in helpers} == {Call.FOR_ONE}
    assert monotonic() - began >= HELD_UP * 3, "not all at once"


@pytest.mark.parametrize("threads", [1, 8])
def test_at_the_end_nobody_is_kept(threads: int) -> None:
    bell = _at_work(threads)
    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(bell.wait, LONG) for _ in range(threads)]
        bell.end()
        assert {one.result(LONG) for one in waiting} == {Call.NOT}
