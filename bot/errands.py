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


@dataclass(frozen=True, slots=True, eq=False)
class _Errand:
    work: Work
    on_lost: Work | None  #: called when the program stops before the work was done


@dataclass(order=True, slots=True)
class _Alarm:
    due: float
    order: int
    errand: _Errand | None = field(compare=False)  #: None once it was cancelled


class Errands:
    """Runs work on at most `threads` threads, and keeps at most `waiting` more in line.

    Threads start with the first work and not before: one may be made before a fork. An exception of the work
    is logged and hurts nobody else.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._most_threads = threads
        self._most = threads + waiting
        self._line: deque[_Errand] = deque()
        self._alarms: list[_Alarm] = []
        self._alarms_made = 0
        self._threads: list[Thread] = []
        self._ringer: Thread | None = None
        self._running: set[_Errand] = set()
        self._ringing: set[_Errand] = set()
        self._stopped = False
        self._end = 0.0  # when `stop` has waited long enough
        self._over = False
        self._changed = Condition()

    @property
    def busy(self) -> int:
        """How much work is running or waiting."""
        with self._changed:
            return len(self._running) + len(self._line)

    def offer(self, work: Work, on_lost: Work | None = None) -> bool:
        """Takes the work, or says False when everything is full or stopping: then tell the person.

        Work that was taken and is not done when `stop` gives up is lost: then `on_lost` is called.
        """
        with self._changed:
            if self._stopped or len(self._running) + len(self._line) >= self._most:
                return False
            if not self._a_thread_is_there():
                return False
            self._line.append(_errand(work, on_lost))
            self._changed.notify_all()
            return True

    def later(self, delay: float, work: Work, on_lost: Work | None = None) -> Callable[[], None]:
        """Runs the work once, in `delay` seconds, however busy the threads are; returns what cancels it.

        To cancel work that has begun, or twice, does nothing. While `stop` waits alarms still ring; after it
        none does, and `on_lost` is called of those that were left.
        """
        with self._changed:
            self._alarms_made += 1
            alarm = _Alarm(monotonic() + delay, self._alarms_made, _errand(work, on_lost))
            if not self._over:
                heapq.heappush(self._alarms, alarm)
                self._start_ringer()
                self._changed.notify_all()
        return lambda: self._cancel(alarm)

    def stop(self, timeout: float) -> None:
        """Takes no more; waits `timeout` seconds at most for what was taken and for alarms due until then.

        Then it calls the `on_lost` of what is lost: running, in line, or to ring later.
        """
        with self._changed:
            self._stopped = True
            self._end = monotonic() + timeout
            self._changed.notify_all()
            self._changed.wait_for(self._is_quiet, timeout)
            self._over = True
            lost = self._clear()
            self._changed.notify_all()
        if lost:
            log.warning("the program stops before all errands were done", lost=len(lost), waited=timeout)
        for errand in lost:
            if errand.on_lost:
                _run(errand.on_lost)

    def _is_quiet(self) -> bool:
        due = any(alarm.errand and alarm.due <= self._end for alarm in self._alarms)
        return not (self._line or self._running or self._ringing or due)

    def _clear(self) -> list[_Errand]:
        """Forgets all work; returns what is lost by that. An alarm that nobody misses is no loss."""
        alarms = (alarm.errand for alarm in self._alarms if alarm.errand and alarm.errand.on_lost)
        lost = [*self._running, *self._ringing, *self._line, *alarms]
        self._line.clear()
        self._alarms.clear()
        return lost

    def _a_thread_is_there(self) -> bool:
        if (
            len(self._running) + len(self._line) < len(self._threads)
            or len(self._threads) == self._most_threads
        ):
            return True
        thread = Thread(target=self._loop, name=f"errand-{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has no thread left: those that are there must do
            return bool(self._threads)
        self._threads.append(thread)
        return True

    def _loop(self) -> None:
        while (errand := self._next()) is not None:
            _run(errand.work)
            with self._changed:
                self._running.discard(errand)
                # The last reference goes before the others hear: what it held is free once `stop` returns.
                del errand
                self._changed.notify_all()

    def _next(self) -> _Errand | None:
        with self._changed:
            self._changed.wait_for(lambda: self._line or self._stopped)
            if not self._line:
                return None
            errand = self._line.popleft()
            self._running.add(errand)
            return errand

    def _start_ringer(self) -> None:
        if self._ringer is None:
            self._ringer = Thread(target=self._ring, name="errand-later", daemon=True)
            self._ringer.start()

    def _ring(self) -> None:
        while (errand := self._next_alarm()) is not None:
            # A thread for each: most alarms are cancelled before they ring, and one that is slow (it talks to
            # Slack) must not hold up the next.
            Thread(target=self._rung, args=(errand,), name="errand-rung", daemon=True).start()
            del errand

    def _next_alarm(self) -> _Errand | None:
        with self._changed:
            while not self._over:
                wait = self._alarms[0].due - monotonic() if self._alarms else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                errand = heapq.heappop(self._alarms).errand
                if errand is not None:
                    self._ringing.add(errand)
                    return errand
            return None

    def _rung(self, errand: _Errand) -> None:
        _run(errand.work)
        with self._changed:
            self._ringing.discard(errand)
            self._changed.notify_all()

    def _cancel(self, alarm: _Alarm) -> None:
        with self._changed:
            alarm.errand = None
            while self._alarms and self._alarms[0].errand is None:
                heapq.heappop(self._alarms)
            if self._stopped:  # it may have been what `stop` waits for
                self._changed.notify_all()


def _errand(work: Work, on_lost: Work | None) -> _Errand:
    return _Errand(_in_this_context(work), _in_this_context(on_lost) if on_lost else None)


def _in_this_context(work: Work) -> Work:
    """The work with the log context (who, which request) of the one who left it here."""
    context = copy_context()
    return lambda: context.run(work)


def _run(work: Work) -> None:
    try:
        work()
    except BaseException:  # also a SystemExit: an errand must not take its thread with it
        log.exception("an errand failed")
