"""Errands: work that a Slack listener leaves to others, so that its answer never waits for it.

Python's own executor takes work without end and keeps it in memory; this one says no when it is full, so that
the person hears "busy, try again" at once instead of nothing for minutes.
"""

import heapq
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Condition, Thread
from time import monotonic

import structlog

log = structlog.get_logger(__name__)

Work = Callable[[], object]


@dataclass(order=True, slots=True)
class _Alarm:
    due: float
    order: int
    work: Work | None = field(compare=False)  #: None once it was cancelled


class Errands:
    """Runs work on at most `threads` threads, and keeps at most `waiting` more in line.

    Threads start with the first work and not before: one may be made before a fork. An exception of the work
    is logged and hurts nobody else.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._most_threads = threads
        self._most = threads + waiting
        self._line: deque[Work] = deque()
        self._alarms: list[_Alarm] = []
        self._alarms_made = 0
        self._threads: list[Thread] = []
        self._ringer: Thread | None = None
        self._running = 0
        self._ringing = 0
        self._stopped = False
        self._changed = Condition()

    @property
    def busy(self) -> int:
        """How much work is running or waiting."""
        with self._changed:
            return self._running + len(self._line)

    def offer(self, work: Work) -> bool:
        """Takes the work, or says False when everything is full or stopping: then tell the person."""
        with self._changed:
            if self._stopped or self._running + len(self._line) >= self._most:
                return False
            if not self._a_thread_is_there():
                return False
            self._line.append(_in_this_context(work))
            self._changed.notify_all()
            return True

    def later(self, delay: float, work: Work) -> Callable[[], None]:
        """Runs the work once, in `delay` seconds, however busy the threads are; returns what cancels it.

        To cancel work that has begun, or twice, does nothing. After `stop` it never runs.
        """
        with self._changed:
            self._alarms_made += 1
            alarm = _Alarm(monotonic() + delay, self._alarms_made, _in_this_context(work))
            if not self._stopped:
                heapq.heappush(self._alarms, alarm)
                self._start_ringer()
                self._changed.notify_all()
        return lambda: self._cancel(alarm)

    def stop(self, timeout: float) -> None:
        """Takes no more, waits `timeout` seconds at most for what was taken; what was for later is off."""
        with self._changed:
            self._stopped = True
            self._alarms.clear()
            self._changed.notify_all()
            self._changed.wait_for(self._is_quiet, timeout)
            lost = self._running + len(self._line) + self._ringing
            self._line.clear()
        if lost:
            log.warning("the program stops before all errands were done", lost=lost, waited=timeout)

    def _is_quiet(self) -> bool:
        return not (self._line or self._running or self._ringing)

    def _a_thread_is_there(self) -> bool:
        if self._running + len(self._line) < len(self._threads) or len(self._threads) == self._most_threads:
            return True
        thread = Thread(target=self._loop, name=f"errand-{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has no thread left: those that are there must do
            return bool(self._threads)
        self._threads.append(thread)
        return True

    def _loop(self) -> None:
        while (work := self._next()) is not None:
            _run(work)
            # The last reference goes before the others hear: what the work held is free once `stop` returns.
            del work
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _next(self) -> Work | None:
        with self._changed:
            self._changed.wait_for(lambda: self._line or self._stopped)
            if not self._line:
                return None
            self._running += 1
            return self._line.popleft()

    def _start_ringer(self) -> None:
        if self._ringer is None:
            self._ringer = Thread(target=self._ring, name="errand-later", daemon=True)
            self._ringer.start()

    def _ring(self) -> None:
        while (work := self._next_alarm()) is not None:
            # A thread for each: most alarms are cancelled before they ring, and one that is slow (it talks to
            # Slack) must not hold up the next.
            Thread(target=self._rung, args=(work,), name="errand-rung", daemon=True).start()
            del work

    def _next_alarm(self) -> Work | None:
        with self._changed:
            while not self._stopped:
                wait = self._alarms[0].due - monotonic() if self._alarms else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                work = heapq.heappop(self._alarms).work
                if work is not None:
                    self._ringing += 1
                    return work
            return None

    def _rung(self, work: Work) -> None:
        _run(work)
        with self._changed:
            self._ringing -= 1
            self._changed.notify_all()

    def _cancel(self, alarm: _Alarm) -> None:
        with self._changed:
            alarm.work = None
            while self._alarms and self._alarms[0].work is None:
                heapq.heappop(self._alarms)


def _in_this_context(work: Work) -> Work:
    """The work with the log context (who, which request) of the one who left it here."""
    context = copy_context()
    return lambda: context.run(work)


def _run(work: Work) -> None:
    try:
        work()
    except BaseException:  # also a SystemExit: an errand must not take its thread with it
        log.exception("an errand failed")
