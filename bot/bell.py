"""A bell: how a worker's idle threads are called, each for one thing, none in vain."""

from enum import Enum, auto
from threading import Condition


class Call(Enum):
    """What a thread is called for."""

    FOR_ONE = auto()  #: a job that was put just now
    FOR_ALL = auto()  #: whatever is due
    NOT = auto()  #: it has waited for long enough


class Bell:
    """Calls threads to work, whoever is free: one for each job that was put, or one for all that is due."""

    def __init__(self) -> None:
        self._jobs, self._all = 0, True
        self._heard = Condition()

    def call(self, times: int = 1) -> None:
        with self._heard:
            self._jobs += times
            self._heard.notify(times)

    def call_for_all(self) -> None:
        with self._heard:
            self._all = True
            self._heard.notify()

    def wait(self, timeout: float) -> Call:
        with self._heard:
            if not self._jobs and not self._all:
                self._heard.wait(timeout)
            if self._jobs:
                self._jobs -= 1
                return Call.FOR_ONE
            called, self._all = self._all, False
            return Call.FOR_ALL if called else Call.NOT
