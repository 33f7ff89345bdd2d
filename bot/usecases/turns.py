"""Turns: Slack takes a message a second in a channel, and people read in the order in which it happened."""

from datetime import timedelta

from bot.usecases.desk import Desk
from storage import jobs, pace
from storage.jobs import Job
from storage.pace import Turn
from storage.unit_of_work import UnitOfWork

UNREACHABLE = "Unreachable"
"""How the last error of a job begins that waits for Slack to be there again."""
_SOON = 1.0
"""Seconds behind the word before: that one takes a second of the channel as well."""


def take_turn(desk: Desk, channel: str, word: Job | None = None, slot: int | None = None) -> Turn:
    """Takes a turn to post there, now or later; `slot` is what was taken before, if anything was.

    With `word`, the job that wants to say something, it comes after those that were put before it: it takes
    no turn until they are said.
    """
    with desk.database.write(alone=True) as work:  # each statement takes a turn by itself, or only looks
        before = _before(work, word) if word and word.put_at else None
        if before is not None:
            return Turn(before.total_seconds() + _SOON)
        return pace.turn(work, channel, slot)


def _before(work: UnitOfWork, word: Job) -> timedelta | None:
    """How long earlier words wait: to the same person, or in the thread of the same request."""
    if word.kind == "dm":
        person = word.words(3)[-1]
        return jobs.behind(work, word, starts="dm:", ends=f":{person}", failing=UNREACHABLE)
    request_id = word.words(2)[0]
    return jobs.behind(work, word, starts=f"note:{request_id}:", failing=UNREACHABLE)


def hold(desk: Desk, channel: str, seconds: float) -> Turn:
    """Lets nobody post there for `seconds`: Slack asked for it. The turn behind them is the caller's."""
    with desk.database.write() as work:
        pace.hold(work, channel, seconds)
        return pace.turn(work, channel)
