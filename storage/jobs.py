"""Keyed jobs: the one primitive for the queue, timers, reminders and messages.

A job is put in the caller's transaction, claimed by one UPDATE, deleted when done. Putting a key
again while it runs re-arms it (`gen`), so a runner never finishes work it has not seen. A lease
protects only work that may be repeated; money is protected by the state of the purchase.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    bindparam,
    case,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from storage.clock import CLOCK, from_microseconds
from storage.prepared import Prepared, bound
from storage.schema import Utc, job
from storage.unit_of_work import INSERTS, UnitOfWork

OFTEN = 25
"""Attempts, about an hour and a half of them, after which a job holds up no other."""
LONGEST_LEASES = 10
"""Workers may have leases of different lengths, but not more than so many times one's own."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. `lease` and `gen` say whether it is still ours when it is finished."""

    key: str
    args: Mapping[str, Any]
    gen: int
    attempts: int  #: this one included
    lease: str
    put_at: datetime | None = None  #: when what it is about happened; not known of those of an older version
    waited: timedelta = timedelta(0)  #: from then until it was claimed

    @property
    def kind(self) -> str:
        """What stands before the first colon: such as `buy`, `settle` or `render`."""
        return kind_of(self.key)

    @property
    def subject(self) -> str:
        """What stands behind the first colon, usually an id."""
        return self.key.partition(":")[2]

    def words(self, count: int) -> list[str]:
        """The subject's `count` parts between colons."""
        return self.subject.split(":", count - 1)


class Gone(Enum):
    """What is left to do about a job that was disarmed in the transaction that did its work: nothing."""

    GONE = auto()


@dataclass(frozen=True, slots=True)
class Later:
    """What is left to do of a job, which comes again for it in `seconds`."""

    seconds: float
    args: Mapping[str, Any]


def kind_of(key: str) -> str:
    """What stands before the first colon of a job's key."""
    return key.partition(":")[0]


def put(work: UnitOfWork, key: str, *, delay: float = 0, soonest: bool = False, **args: Any) -> None:
    """Arms `key` to run `delay` seconds from now; a job of that key is moved there and re-armed.

    With `soonest`, a job that is due earlier keeps its time: what comes often is done all the same. One
    that runs at the moment does not: its time is that of the run that has begun.
    """
    put_now, due_at = _put(work.connection.dialect.name, soonest), work.now + timedelta(seconds=delay)
    row = work.one(put_now, key=key, due_at=due_at, shift=work.shift, args=args)
    # who runs it at the moment will find that it was re-armed, and call for it then
    runs = row and row["lease_until"] and row["lease_until"] > work.now
    if delay <= 0 and not runs:
        work.due_now.append(kind_of(key))


@cache
def _put(dialect: str, soonest: bool) -> Prepared:  # noqa: FBT001 - called in one place
    # read here, and not when the transaction began: since then it may have waited for a row, and for others
    put_at = CLOCK + bindparam("shift", type_=BigInteger)
    new = INSERTS[dialect](job).values(put_at=put_at, **bound("key", "due_at", "args"))
    told = new.excluded
    again = {"args": told.args, "gen": job.c.gen + 1, "attempts": 0, "last_error": None}
    again |= {"due_at": told.due_at, "put_at": told.put_at}
    if soonest:
        waits = or_(job.c.lease_until.is_(None), job.c.lease_until < told.put_at)
        again["due_at"] = case((waits & (job.c.due_at < told.due_at), job.c.due_at), else_=told.due_at)
    armed = new.on_conflict_do_update(index_elements=["key"], set_=again)
    return Prepared(armed.returning(job.c.lease_until))


def seed(work: UnitOfWork, key: str, *, delay: float) -> None:
    """Arms `key` unless it is armed, or running, already: what goes on for ever is begun once."""
    due_at = work.now + timedelta(seconds=delay)
    new = work.insert(job).values(key=key, due_at=due_at, put_at=work.now, args={})
    work.execute(new.on_conflict_do_nothing())


def hold(work: UnitOfWork, running: Job, *, seconds: float) -> bool:
    """Leases a job that runs for another while; False if somebody else has taken it meanwhile."""
    mine = (job.c.key == running.key) & (job.c.lease == running.lease)
    later = work.now + timedelta(seconds=seconds)
    return work.changed(update(job).where(mine).values(lease_until=later))


def remove(work: UnitOfWork, key: str) -> None:
    """Disarms `key`; nothing happens if it is not armed."""
    work.changed(_REMOVE, its_key=key)


_REMOVE = Prepared(delete(job).where(job.c.key == bindparam("its_key")))


def claim(work: UnitOfWork, *, lease: str, seconds: float, kinds: Collection[str]) -> Job | None:
    """The job of these kinds that has been due longest, leased for `seconds`; None if nothing is due."""
    row = work.one(_claim(tuple(kinds)), lease=lease, lasts=int(seconds * 1_000_000), shift=work.shift)
    if row is None:
        return None
    put_at = row["put_at"]
    waited = from_microseconds(row["now"]) - put_at if put_at else timedelta(0)
    return Job(row["key"], row["args"], row["gen"], row["attempts"], lease, put_at, waited)


@cache
def _claim(kinds: tuple[str, ...]) -> Prepared:
    now = CLOCK + bindparam("shift", type_=BigInteger)
    lasts = bindparam("lasts", type_=BigInteger)
    until = type_coerce(job.c.lease_until, BigInteger)
    # a lease that ends later than any may was given before the clock was set back
    free = or_(until.is_(None), until < now, until > now + LONGEST_LEASES * lasts)
    ours = or_(false(), *(job.c.key.startswith(f"{kind}:", autoescape=True) for kind in kinds))
    due = (
        select(job.c.key)
        .where(type_coerce(job.c.due_at, BigInteger) <= now, free, ours)
        .order_by(job.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    claimed = (
        update(job)
        .where(job.c.key == due.scalar_subquery())
        .values(lease=bindparam("lease"), lease_until=now + lasts, attempts=job.c.attempts + 1)
    )
    told = (job.c.key, job.c.args, job.c.gen, job.c.attempts, job.c.put_at, now.label("now"))
    return Prepared(claimed.returning(*told))


def behind(work: UnitOfWork, late: Job, *, starts: str, ends: str = "", failing: str) -> timedelta | None:
    """How long until the last of the jobs before `late`, of such keys, is due; None if there is none.

    Those whose last error was another than `failing`, or that have failed often, are passed by: what cannot
    be done holds up nothing.
    """
    alike = job.c.key.startswith(starts, autoescape=True) & job.c.key.endswith(ends, autoescape=True)
    earlier = tuple_(job.c.put_at, job.c.key) < tuple_(literal(late.put_at, Utc), literal(late.key))
    well = job.c.last_error.is_(None) | job.c.last_error.startswith(failing, autoescape=True)
    well &= job.c.attempts <= OFTEN
    due_at = work.connection.scalar(select(func.max(job.c.due_at)).where(alike, earlier, well))
    return max(timedelta(0), due_at - work.now) if due_at else None


def finish(work: UnitOfWork, done: Job) -> bool:
    """Deletes a job that was done, unless it was re-armed meanwhile: then it runs again.

    False if its lease was lost: somebody else has done it, or is doing it, or it was disarmed.
    """
    if work.changed(_DONE, its_key=done.key, its_lease=done.lease, its_gen=done.gen):
        return True
    return _free(work, done)


_MINE = (job.c.key == bindparam("its_key")) & (job.c.lease == bindparam("its_lease"))
_DONE = Prepared(delete(job).where(_MINE, job.c.gen == bindparam("its_gen")))
_FREE = Prepared(update(job).where(_MINE).values(lease=None, lease_until=None))


def _free(work: UnitOfWork, armed: Job) -> bool:
    """Gives back a job that was armed again while it ran; its new time may have come already."""
    if not work.changed(_FREE, its_key=armed.key, its_lease=armed.lease):
        return False
    work.due_now.append(armed.kind)
    return True


def postpone(
    work: UnitOfWork, late: Job, *, delay: float, error: str | None, counts: bool = True, **left: Any
) -> bool:
    """Gives a job back, due again in `delay` seconds; one that was re-armed keeps its own time and args.

    With `left`, those are its args from now on: what is left of it to do. False if its lease was lost.
    """
    mine = {"its_key": late.key, "its_lease": late.lease, "its_gen": late.gen}
    new = {
        "due_at": work.now + timedelta(seconds=delay),
        "args": left or dict(late.args),
        "last_error": error,
    }
    less = 0 if counts else 1
    return work.changed(_POSTPONE, **mine, **new, less=less) or _free(work, late)


_POSTPONE = Prepared(
    update(job)
    .where(_MINE, job.c.gen == bindparam("its_gen"))
    .values(
        lease=None,
        lease_until=None,
        last_error=bindparam("last_error"),
        due_at=bindparam("due_at"),
        args=bindparam("args"),
        attempts=job.c.attempts - bindparam("less", type_=BigInteger),
    )
)


def overdue(work: UnitOfWork) -> timedelta:
    """How long the oldest due job that nobody works on has been waiting; zero if there is none."""
    free = or_(job.c.lease_until.is_(None), job.c.lease_until < work.now)
    oldest: datetime | None = work.connection.scalar(select(func.min(job.c.due_at)).where(free))
    return max(timedelta(0), work.now - oldest) if oldest else timedelta(0)


@dataclass(frozen=True, slots=True)
class Failing:
    """Since when the oldest job waits that failed by `error`."""

    since: timedelta
    error: str


def failing(work: UnitOfWork, starts: str) -> Failing | None:
    """The job that has been waiting longest of those whose last error starts like that; None if none does."""
    failed = job.c.last_error.startswith(starts, autoescape=True)
    oldest = select(job.c.put_at, job.c.last_error).where(failed).order_by(job.c.put_at).limit(1)
    row = work.one(oldest)
    if row is None:
        return None
    put_at = row["put_at"] or work.now
    return Failing(max(timedelta(0), work.now - put_at), row["last_error"])


def count(work: UnitOfWork) -> dict[str, int]:
    """How many jobs are armed, by kind."""
    kinds = (kind_of(key) for key in work.connection.scalars(select(job.c.key)))
    return dict(Counter(kinds))
