"""A worker: a few threads that claim due jobs and run them. It knows no job, only their kinds."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Event, Thread
from time import monotonic

import structlog

from bot.bell import Bell, Call
from bot.model.errors import NumberdeskError
from storage import jobs
from storage.jobs import Gone, Job, Later
from storage.unit_of_work import Database, random_id

log = structlog.get_logger(__name__)

Handler = Callable[[Job], float | Later | Gone | None]
"""Runs a job: None when it is done, when it is due again, and for what, or that it is gone already."""

POLL = 1.0
"""Seconds between looks at the table when nothing wakes the worker: another process may have put a job."""
LONGEST_PAUSE = 300.0


class Worker:
    """Runs the kinds of jobs it has handlers for, on `threads` threads, until it is stopped.

    Several workers may share one database: of one process, so that a kind that is slow keeps no other
    waiting, and of several.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        lease: float,
        threads: int = 4,
        redo: Collection[str] = (),
        waits_count: bool = True,
    ) -> None:
        """`redo`: kinds that show the newest rows, and need no args: who was held up may have shown old ones.

        `waits_count`: whether a job that only waited, without an error, has used up an attempt.
        """
        self._redo = frozenset(redo)
        self._waits_count = waits_count
        self._database = database
        self._handlers = handlers
        self._lease = lease
        self._bell = Bell(threads)
        self._stopping = Event()
        self._threads = [Thread(target=self._loop, name=f"worker-{i}", daemon=True) for i in range(threads)]
        self._seen = monotonic()
        self._looked = -POLL

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of jobs it runs."""
        return tuple(self._handlers)

    def wake(self, kinds: Sequence[str]) -> None:
        """Calls a thread for each job of its kinds; after a commit that put these."""
        for kind in kinds:
            if kind in self._handlers:
                self._bell.call()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float) -> None:
        """Takes no new job and waits for those that run, `timeout` seconds at most."""
        self._stopping.set()
        self._bell.end()
        end = monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - monotonic()))

    def idle_for(self) -> float:
        """Seconds since a thread last looked for work without an error."""
        return monotonic() - self._seen

    def run_one(self) -> bool:
        """Claims the job that is due longest and runs it; False if nothing is due."""
        job = self._claim()
        if job is not None:
            self._run(job)
        return job is not None

    def _claim(self) -> Job | None:
        with self._database.write(alone=True) as work:
            job = jobs.claim(work, lease=random_id("L"), seconds=self._lease, kinds=self._handlers)
        self._seen = monotonic()
        return job

    def run_all(self) -> int:
        """Runs what is due until nothing is; how many jobs that were."""
        count = 0
        while self.run_one():
            count += 1
        return count

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self._answer(self._bell.wait(POLL))
            except Exception:
                # whatever it was: a thread that ends is one less, until nothing is done any more
                log.exception("the database did not take it; the worker goes on trying")

    def _answer(self, call: Call) -> None:
        # what is due by time has no call of its own, and must not wait until there are no calls
        if call is Call.FOR_ALL or monotonic() - self._looked >= POLL:
            self._run_due()
        elif call is Call.FOR_ONE:
            self.run_one()

    def _run_due(self) -> None:
        """Runs all that is due: by now, after a lease, or put by another process. Others of us help."""
        self._looked = monotonic()
        while not self._stopping.is_set() and (job := self._claim()):
            self._bell.call_for_all()  # where one is there may be more
            self._run(job)

    def _run(self, job: Job) -> None:
        left: float | Later | Gone | None
        error = None
        try:
            left = self._handlers[job.kind](job)
        except NumberdeskError as problem:  # what we have a name for needs no way that led to it
            log.warning(
                "a job failed; it is tried again", job=job.key, attempts=job.attempts, why=str(problem)
            )
            left, error = _pause(job.attempts), _words(problem)
        except Exception as problem:
            log.exception("a job failed; it is tried again", job=job.key, attempts=job.attempts)
            left, error = _pause(job.attempts), _words(problem)
        if isinstance(left, Gone):
            return
        again = Later(left, {}) if isinstance(left, int | float) else left
        # one statement, or two of which the second only counts where the first did nothing
        with self._database.write(alone=True) as work:
            if again is None:
                kept = jobs.finish(work, job)
            else:
                counts = self._waits_count or error is not None
                kept = jobs.postpone(work, job, delay=again.seconds, error=error, counts=counts, **again.args)
            if not kept and job.kind in self._redo:
                # It slept past its lease, and may have drawn an old state over what another drew meanwhile.
                jobs.put(work, job.key)
        if again is not None:
            self._bell.call_in(again.seconds)


def _words(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:500]


def _pause(attempts: int) -> float:
    """Twice as long each time, at most five minutes, with jitter so that not all come back at once."""
    return min(LONGEST_PAUSE, 2.0 ** min(attempts, 10)) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
