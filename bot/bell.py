"""A bell: how a worker's idle threads are called, each for one thing, none in vain."""

from collections.abc import Callable
from enum import Enum, auto
from heapq import heappop, heappush
from threading import Condition
from time import monotonic

ENOUGH = 3
"""Threads at work that are enough for as long as they get on: more of them only take turns to compute."""
HELD_UP = 0.02
"""Seconds without a call taken after which those at work are held up, by a network, and another helps."""


class Call(Enum):
    """What a thread is called for."""

    FOR_ONE = auto()  #: a job that was put just now, or one whose time has come
    FOR_ALL = auto()  #: whatever is due
    NOT = auto()  #: it has waited for long enough


class Bell:
    """Calls threads to work, whoever is free: one for each job that was put, or one for all that is due.

    What is put off is called for at its time: who waits for a turn in Slack comes when it is, not up to a
    second later.

    Of `threads` that come here between two pieces of work, no more than ENOUGH are at work, unless these are
    held up: then one more every HELD_UP seconds.
    """

    def __init__(self, threads: int, clock: Callable[[], float] = monotonic) -> None:
        self._jobs, self._all, self._over = 0, True, False
        self._due: list[float] = []  # when one is to be called for what was put off, the next one first
        self._at_work = threads
        self._clock = clock
        self._taken = -HELD_UP  # when a call was taken for the last time
        self._heard = Condition()

    def call(self, times: int = 1) -> None:
        with self._heard:
            self._jobs += times
            self._heard.notify(times)

    def call_in(self, seconds: float) -> None:
        """Calls one thread then: for a job that this worker has put off."""
        with self._heard:
            heappush(self._due, self._clock() + seconds)
            self._heard.notify()  # whoever waits waits no longer than until then

    def call_for_all(self) -> None:
        with self._heard:
            self._all = True
            self._heard.notify()

    def end(self) -> None:
        """Nobody waits here any more."""
        with self._heard:
            self._over = True
            self._heard.notify_all()

    def wait(self, timeout: float) -> Call:
        with self._heard:
            self._at_work -= 1
            try:
                return self._next(timeout)
            finally:
                self._at_work += 1

    def _next(self, timeout: float) -> Call:
        if not self._called():
            self._heard.wait(min(timeout, self._due[0] - self._clock()) if self._due else timeout)
        while self._called() and (left := self._left_to_others()) > 0:
            self._heard.wait(left)
        if self._over or not self._called():
            return Call.NOT
        self._taken = self._clock()
        if self._jobs:
            self._jobs -= 1
            return Call.FOR_ONE
        if self._is_due():
            heappop(self._due)
            return Call.FOR_ONE
        self._all = False
        return Call.FOR_ALL

    def _called(self) -> bool:
        return bool(self._jobs) or self._is_due() or self._all or self._over

    def _is_due(self) -> bool:
        return bool(self._due) and self._due[0] <= self._clock()

    def _left_to_others(self) -> float:
        """Seconds for which a call is left to those who are at work."""
        if self._over or self._at_work < ENOUGH:
            return 0.0
        return self._taken + HELD_UP - self._clock()
