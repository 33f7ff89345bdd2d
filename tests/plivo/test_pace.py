"""The pace: no window ever holds more than the limit, however many threads ask."""

from threading import Lock, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.errors import RateLimited
from bot.plivo.pace import Pace


def _most_in_a_window(starts: list[float], per: float) -> int:
    return max(len([s for s in starts if start <= s < start + per - 1e-6]) for start in starts)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.integers(1, 6))
def test_no_window_holds_more_than_the_limit(gaps: list[float], limit: int) -> None:
    now, starts = [0.0], []

    def wait(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(limit, 5.0, lambda: now[0], wait)
    for gap in gaps:
        now[0] += gap
        pace.take()
        starts.append(now[0])
    assert _most_in_a_window(starts, 5.0) <= limit


def _all_at_once(pace: Pace, threads: int) -> list[RateLimited]:
    refused: list[RateLimited] = []

    def take() -> None:
        try:
            pace.take()
        except RateLimited as problem:
            refused.append(problem)

    made = [Thread(target=take) for _ in range(threads)]
    for thread in made:
        thread.start()
    for thread in made:
        thread.join(10)
    return refused


def test_twenty_threads_share_the_places_and_none_is_given_twice() -> None:
    waited: list[float] = []
    lock = Lock()

    def wait(seconds: float) -> None:
        with lock:
            waited.append(seconds)

    assert _all_at_once(Pace(4, 5.0, lambda: 0.0, wait, patience=100), 20) == []
    assert sorted(waited) == [5.0] * 4 + [10.0] * 4 + [15.0] * 4 + [20.0] * 4


def test_who_would_wait_too_long_is_told_at_once() -> None:
    waited: list[float] = []
    refused = _all_at_once(Pace(2, 5.0, lambda: 0.0, waited.append, patience=4), 20)
    assert len(refused) == 18
    assert waited == []
    assert refused[0].retry_after == 5.0


def test_a_refused_request_takes_no_place() -> None:
    now = [0.0]
    pace = Pace(1, 5.0, lambda: now[0], lambda _: None, patience=1)
    pace.take()
    for _ in range(3):
        with pytest.raises(RateLimited):
            pace.take()
    now[0] = 5.0
    pace.take()
