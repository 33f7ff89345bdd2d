"""Slack's pace at rest: one message a second in a channel, whoever of our processes sends it.

A message that has to wait is given a moment of its own, its slot, and comes once, then. docs/adr/0018.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import BigInteger, bindparam, case, not_, select, type_coerce, update

from storage.clock import from_microseconds
from storage.prepared import Prepared
from storage.schema import Utc, pace
from storage.unit_of_work import INSERTS, UnitOfWork

GAP = timedelta(seconds=1)
"""Slack takes about one message a second in a channel (chat.postMessage): slots are so far apart."""
LEAST = timedelta(seconds=0.9)
"""Between two messages in truth: nobody comes at the very moment of their slot."""
LATE = timedelta(seconds=2)
"""What comes so long after its slot has lost it: else, after an outage, all would come at once."""
FAR = timedelta(hours=1)
"""Times further ahead are those of a clock that was set back, and count for nothing."""
LONGEST_HOLD = FAR / 2


@dataclass(frozen=True, slots=True)
class Turn:
    """When a message may be posted: in `wait` seconds, 0 for now."""

    wait: float
    slot: int | None = None  #: that moment, in microseconds since 1970, if it is kept for this message alone


def turn(work: UnitOfWork, channel: str, slot: int | None = None) -> Turn:
    """Takes the channel's next turn, or the one of `slot`, which an earlier answer has named.

    A slot that can be kept no more is given back for a new one: it is long past, Slack asked for a pause that
    ends behind it, or another message has come late and was posted just now.
    """
    kept = None if slot is None else _kept(work, channel, slot)
    return kept or _new(work, channel)


def _new(work: UnitOfWork, channel: str) -> Turn:
    row = work.one(_take(work.connection.dialect.name), channel=channel, **_times(work.now))
    at: datetime = row["next_at"] - GAP if row else work.now
    return Turn(max(0.0, (at - work.now).total_seconds()), _microseconds(at))


def _times(now: datetime) -> dict[str, datetime]:
    return {"now": now, "after": now + GAP, "quiet": now + LEAST, "far": now + FAR}


def _microseconds(at: datetime) -> int:
    return (at - from_microseconds(0)) // timedelta(microseconds=1)


_NOW, _FAR = bindparam("now", type_=Utc), bindparam("far", type_=Utc)
_QUIET = pace.c.quiet_until
_OPEN = _QUIET.is_(None) | (_QUIET <= _NOW) | (_QUIET > _FAR)


@cache
def _take(dialect: str) -> Prepared:
    new = INSERTS[dialect](pace).values(
        channel=bindparam("channel"), next_at=bindparam("after"), quiet_until=bindparam("quiet")
    )
    too_far = pace.c.next_at > _FAR
    free = _OPEN & ((pace.c.next_at <= _NOW) | too_far)
    # a pause holds for those as well whose slots lie too far ahead, and beside a process that knows of none
    first = case((not_(_OPEN) & ((pace.c.next_at < _QUIET) | too_far), _QUIET), else_=pace.c.next_at)
    behind = type_coerce(type_coerce(first, BigInteger) + GAP // timedelta(microseconds=1), Utc)
    taken = {
        "next_at": case((free, new.excluded.next_at), else_=behind),
        "quiet_until": case((free, new.excluded.quiet_until), else_=pace.c.quiet_until),
    }
    later = new.on_conflict_do_update(index_elements=["channel"], set_=taken)
    return Prepared(later.returning(pace.c.next_at))


def _kept(work: UnitOfWork, channel: str, slot: int) -> Turn | None:
    """The turn of a slot, if it still is one."""
    at = from_microseconds(slot)
    wait = at - work.now
    where = {"its_channel": channel, "ends": at + GAP}
    if wait > GAP - LEAST:
        # it came too early: one of its cards goes to another channel
        valid = wait <= FAR and work.one(_AHEAD, at=at, **where)
        return Turn(wait.total_seconds(), slot) if valid else None
    if -wait <= LATE and work.changed(_USE, **where, **_times(work.now)):
        return Turn(0.0, slot)
    return None


# Whoever has taken a slot has moved `next_at` behind it. If it lies before, time has passed for the rows that
# has not for the slot.
_TAKEN = (pace.c.channel == bindparam("its_channel")) & (pace.c.next_at >= bindparam("ends", type_=Utc))
_AT, _AFTER = bindparam("at", type_=Utc), bindparam("after", type_=Utc)
_AHEAD = Prepared(select(pace.c.channel).where(_TAKEN, _QUIET.is_(None) | (_QUIET <= _AT)))
_USE = Prepared(
    update(pace)
    .where(_TAKEN, _OPEN)
    .values(
        quiet_until=bindparam("quiet"),
        next_at=case((pace.c.next_at < _AFTER, _AFTER), else_=pace.c.next_at),
    )
)


def hold(work: UnitOfWork, channel: str, seconds: float) -> None:
    """Sends nothing there for `seconds`, half an hour at most: Slack asked for it."""
    until = work.now + min(timedelta(seconds=seconds), LONGEST_HOLD)
    new = work.insert(pace).values(channel=channel, next_at=until, quiet_until=until)
    far = work.now + FAR
    longer = {
        column.name: case(((column > until) & (column <= far), column), else_=new.excluded[column.name])
        for column in (pace.c.next_at, _QUIET)
    }
    work.execute(new.on_conflict_do_update(index_elements=["channel"], set_=longer))
