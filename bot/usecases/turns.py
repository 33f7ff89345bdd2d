"""Turns: Slack takes a message a second in a channel, and people read in the order in which it happened."""

from datetime import timedelta

from bot.usecases.desk import Desk
from storage import jobs, pace
from storage.jobs import Job
from storage.unit_of_work import UnitOfWork

UNREACHABLE = "Unreachable"
"""How the last error of a job begins that waits for Slack to be there again."""
_SOON = 1.0
"""Seconds after which to look again whether the word before was said."""


def take_turn(desk: Desk, channel: str, word: Job | None = None) -> float:
    """Takes a turn to post there: 0 if it is granted, else the seconds after which to ask again.

    With `word`, the job that wants to say something, its turn comes after those that were put before it.
    """
    with desk.database.write() as work:
        before = _before(work, word) if word and word.put_at else None
        return pace.turn(work, channel) if before is None else max(_SOON, before.total_seconds())


def _before(work: UnitOfWork, word: Job) -> timedelta | None:
    """How long an earlier word waits: to the same person, or in the thread of the same request."""
    if word.kind == "dm":
        person = word.words(3)[-1]
        return jobs.behind(work, word, starts="dm:", ends=f":{person}", failing=UNREACHABLE)
    request_id = word.words(2)[0]
    return jobs.behind(work, word, starts=f"note:{request_id}:", failing=UNREACHABLE)


def hold(desk: Desk, channel: str, seconds: float) -> None:
    """Lets nobody post there for `seconds`: Slack asked for it."""
    with desk.database.write() as work:
        pace.hold(work, channel, seconds)
