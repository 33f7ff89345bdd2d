"""`GET /readyz`: whether the database, its schema and a worker are fine."""

from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from bot.usecases.turns import UNREACHABLE
from bot.worker import Worker
from storage import jobs, migrate
from storage.unit_of_work import Database

QUIET_FOR = 180.0
"""Seconds after which a worker that has not looked for work counts as gone: longer than any one job."""
SLACK = "slack"
OVERDUE = 120.0
"""Seconds for which a due job may wait; longer, and no worker is at work anywhere."""


class Health:
    """Looks at the parts that everything hangs on."""

    def __init__(self, database: Database, workers: Sequence[Worker]) -> None:
        """`workers` are those in this process, if there are any."""
        self._database = database
        self._workers = workers

    def look(self) -> tuple[bool, dict[str, str]]:
        """Whether all is fine, and a word on each part.

        Slack has its word and no vote: what it sends arrives here though it takes nothing from us.
        """
        checks = {"database": "fine", "schema": "fine", "worker": self._own_worker(), SLACK: "fine"}
        try:
            if not migrate.is_current(self._database.engine):
                checks["schema"] = "old: run `python -m bot db upgrade`"
            elif checks["worker"] == "fine":
                checks["worker"] = self._any_worker()
                checks[SLACK] = self._slack()
        except SQLAlchemyError as problem:
            checks["database"] = f"does not answer ({type(problem).__name__})"
        return all(word == "fine" for part, word in checks.items() if part != SLACK), checks

    def _own_worker(self) -> str:
        quiet = max((worker.idle_for() for worker in self._workers), default=0.0)
        return "fine" if quiet <= QUIET_FOR else f"has not looked for work for {quiet:.0f} s"

    def _slack(self) -> str:
        with self._database.read() as work:
            failing = jobs.failing(work, UNREACHABLE)
        if failing is None:
            return "fine"
        why = failing.error.removeprefix(UNREACHABLE).lstrip(": ")
        return f"a message has been waiting for {failing.since.total_seconds():.0f} s: {why}"

    def _any_worker(self) -> str:
        with self._database.read() as work:
            overdue = jobs.overdue(work).total_seconds()
        return "fine" if overdue <= OVERDUE else f"a due job has been waiting for {overdue:.0f} s"
