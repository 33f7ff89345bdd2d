"""Hurry: what somebody stands and waits for gives up early where another program holds a lock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

LEAST = 0.05
"""Seconds that remain when the time is over: a lock that is free is taken all the same."""

# of the thread, and not of the context: what is left to another thread has no hurry
_here = threading.local()


@contextmanager
def hurry(seconds: float) -> Iterator[None]:
    """Transactions that begin in this block, on this thread, wait for no lock longer than until its end."""
    _here.end = monotonic() + seconds
    try:
        yield
    finally:
        del _here.end


def left() -> float | None:
    """The seconds that a transaction which begins now may wait for a lock; None if there is no hurry."""
    end: float | None = getattr(_here, "end", None)
    return None if end is None else max(LEAST, end - monotonic())
