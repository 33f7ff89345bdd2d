"""Slack's pace at rest: one message a second in a channel, whoever of our processes sends it."""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Executable, bindparam, select

from storage.schema import Utc, pace
from storage.unit_of_work import INSERTS, UnitOfWork

GAP = timedelta(seconds=1)
"""Slack takes about one message a second in a channel (chat.postMessage)."""


def turn(work: UnitOfWork, channel: str) -> float:
    """Takes the channel's next turn: 0 if it is now, else the seconds until there may be one."""
    # a turn far in the future is that of a clock that was set back
    times = {"next_at": work.now + GAP, "now": work.now, "far": work.now + timedelta(hours=1)}
    if work.one(_take(work.connection.dialect.name), channel=channel, **times):
        return 0.0
    next_at: datetime | None = work.connection.scalar(_NEXT, {"its_channel": channel})
    return max(0.05, (next_at - work.now).total_seconds()) if next_at else GAP.total_seconds()


@cache
def _take(dialect: str) -> Executable:
    new = INSERTS[dialect](pace).values(channel=bindparam("channel"), next_at=bindparam("next_at"))
    free = (pace.c.next_at <= bindparam("now", type_=Utc)) | (pace.c.next_at > bindparam("far", type_=Utc))
    later = new.on_conflict_do_update(
        index_elements=["channel"], set_={"next_at": new.excluded.next_at}, where=free
    )
    return later.returning(pace.c.channel)


_NEXT = select(pace.c.next_at).where(pace.c.channel == bindparam("its_channel"))


def hold(work: UnitOfWork, channel: str, seconds: float) -> None:
    """Sends nothing there for `seconds`: Slack asked for it."""
    until = {"next_at": work.now + timedelta(seconds=seconds)}
    new = work.insert(pace).values(channel=channel, **until)
    work.execute(new.on_conflict_do_update(index_elements=["channel"], set_=until))
