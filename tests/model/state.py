"""What the small model of a purchase remembers: plain values, so that two equal moments are one state."""

from typing import NamedTuple

NOBODY = -1
OURS, FREE, OTHERS = "ours", "free", "others"


class Job(NamedTuple):
    """A keyed job: who has it on lease, whether it was put again meanwhile, whether the lease ran out."""

    holder: int = NOBODY
    again: bool = False
    ran_out: bool = False


class Row(NamedTuple):
    """What is committed: the purchase and its three jobs. A restore brings all of it back."""

    status: str = "waiting"
    tries: int = 0
    repriced: bool = False
    buy: Job | None = None
    settle: Job | None = None
    render: Job | None = None


class Worker(NamedTuple):
    """A thread that buys: where it is, which call is its own, and whether it slept past the window."""

    at: str = "idle"
    attempt: int = 0
    late: bool = False


class Drawer(NamedTuple):
    """A thread that draws the card: where it is, and the status that it read."""

    at: str = "idle"
    seen: str = ""


class State(NamedTuple):
    """One moment of everything: the rows, the processes, the person, the provider, the card."""

    row: Row = Row()
    workers: tuple[Worker, ...] = (Worker(), Worker())
    settler: str = "idle"
    human: str = "idle"
    drawers: tuple[Drawer, ...] = ()
    card: str = ""
    owner: str = FREE
    listed: bool = False  #: the provider's list shows that the number is ours
    dear: bool = False  #: the price rose
    adrift: bool = False  #: a call whose caller is gone, and that may still take effect
    sold: int = 0  #: calls that took effect
    over: bool = False  #: the window after the last call has passed
    restored: bool = False


def put(job: Job | None, *, rearm: bool = True) -> Job:
    """Arms a job. One that runs is noted as put again, unless that is the mistake that is planted."""
    if job is None:
        return Job()
    return job._replace(again=job.again or (rearm and job.holder != NOBODY))


def claimable(job: Job | None) -> bool:
    return job is not None and (job.holder == NOBODY or job.ran_out)


def finish(job: Job | None, holder: int) -> Job | None:
    """The job after its runner is done: gone, or free again if it was put meanwhile; never another's."""
    if job is None or job.holder != holder:
        return job
    return Job() if job.again else None


def hand_back(job: Job | None, holder: int) -> Job | None:
    """The job is due again later."""
    return Job() if job is not None and job.holder == holder else job


def key(s: State) -> State:
    """The same for states that differ only in which of two equal threads is which."""
    if len(s.workers) == 2 and _order(s.workers, s.row.buy):
        s = s._replace(workers=s.workers[::-1], row=s.row._replace(buy=_other(s.row.buy)))
    if len(s.drawers) == 2 and _order(s.drawers, s.row.render):
        s = s._replace(drawers=s.drawers[::-1], row=s.row._replace(render=_other(s.row.render)))
    return s


def _order(threads: tuple[Worker, ...] | tuple[Drawer, ...], job: Job | None) -> bool:
    """Whether the second comes first; of two in the same place, the one that holds the job does."""
    first, second = threads
    return second < first or (second == first and job is not None and job.holder == 1)


def _other(job: Job | None) -> Job | None:
    return job._replace(holder=1 - job.holder) if job and job.holder != NOBODY else job
