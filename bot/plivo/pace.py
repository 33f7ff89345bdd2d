"""Pace: keeps one process under the provider's limit of 300 requests in 5 seconds an account."""

import time
from collections import deque
from collections.abc import Callable
from threading import Lock

from bot.model.errors import RateLimited


class Pace:
    """Lets at most `limit` requests start in any `per` seconds. Safe for threads.

    A request takes the next free place at once and then waits for it outside the lock, so those that
    came first go first. A process knows only its own requests: the rest below the provider's limit
    (280 of 300) is for others who use the account.
    """

    def __init__(
        self,
        limit: int = 280,
        per: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
        *,
        patience: float = 10.0,
    ) -> None:
        self._per = per
        self._clock = clock
        self._wait = wait
        self._patience = patience
        self._places: deque[float] = deque(maxlen=limit)
        self._lock = Lock()

    def take(self) -> None:
        """Returns when the next request may start, after `patience` seconds at most.

        Raises RateLimited at once, with the seconds until there is room, if that would take longer.
        """
        delay = self._reserve()
        if delay > 0:
            self._wait(delay)

    def _reserve(self) -> float:
        with self._lock:
            now = self._clock()
            place = max(now, self._first_free())
            delay = place - now
            if delay > self._patience:
                raise RateLimited("Too many requests to the provider at once; try again.", retry_after=delay)
            self._places.append(place)
            return delay

    def _first_free(self) -> float:
        if len(self._places) < (self._places.maxlen or 0):
            return float("-inf")
        return self._places[0] + self._per
