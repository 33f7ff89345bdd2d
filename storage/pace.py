"""Slack's pace at rest: one message a second in a channel, whoever of our processes sends it."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from storage.schema import pace
from storage.unit_of_work import UnitOfWork

GAP = timedelta(seconds=1)
"""Slack takes about one message a second in a channel (chat.postMessage)."""


def turn(work: UnitOfWork, channel: str) -> float:
    """Takes the channel's next turn: 0 if it is now, else the seconds until there may be one."""
    here = pace.c.channel == channel
    later = {"next_at": work.now + GAP}
    # a turn far in the future is that of a clock that was set back
    free = (pace.c.next_at <= work.now) | (pace.c.next_at > work.now + timedelta(hours=1))
    if work.changed(update(pace).where(here, free).values(**later)):
        return 0.0
    if work.changed(work.insert(pace).values(channel=channel, **later).on_conflict_do_nothing()):
        return 0.0
    next_at: datetime | None = work.connection.scalar(select(pace.c.next_at).where(here))
    return max(0.05, (next_at - work.now).total_seconds()) if next_at else GAP.total_seconds()


def hold(work: UnitOfWork, channel: str, seconds: float) -> None:
    """Sends nothing there for `seconds`: Slack asked for it."""
    until = {"next_at": work.now + timedelta(seconds=seconds)}
    new = work.insert(pace).values(channel=channel, **until)
    work.execute(new.on_conflict_do_update(index_elements=["channel"], set_=until))
