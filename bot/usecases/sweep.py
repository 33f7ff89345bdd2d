"""Sweep: once a day, the provider's list of our numbers against our purchases, both ways.

It settles what the list proves, remembers each difference once, and has new ones told in one message. A
list that could not be read to its end says nothing: then nothing is written, and it is read again later.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.model.audit import SYSTEM, Action, AuditEvent, Outcome
from bot.model.errors import NumberdeskError, ProviderError
from bot.model.provider import RentedNumber
from bot.model.purchase import PurchaseStatus
from bot.model.sweep import KNOWN, Comparison, DifferenceState, Finding, Kind, Proof, compare, gone
from bot.usecases.buy import load
from bot.usecases.conclude import conclude
from bot.usecases.desk import Desk
from bot.usecases.provider import LISTED, all_rented, held_as
from bot.usecases.settle import ASKABLE
from storage import audit, differences, jobs, purchases
from storage.differences import Difference
from storage.jobs import Job
from storage.unit_of_work import Database, UnitOfWork

log = structlog.get_logger(__name__)

_S = PurchaseStatus
FIRST_AFTER = 600.0
"""Seconds from the very first start to the first sweep."""
DAILY = 86_400.0
AGAIN_AFTER = 900.0
"""Seconds until a sweep that came to no result is tried again."""
_MOST_LOGGED = 50
SHOWN = "Given up before, and bought after all: the provider's list of our numbers has it since that day."
ACCEPTED = "The provider accepted its documents."


class Superseded(NumberdeskError):
    """Somebody else has taken over this job meanwhile."""


@dataclass(frozen=True, slots=True)
class Look:
    """Both sides, read and compared; nothing is written."""

    listed: dict[str, RentedNumber]  #: the provider's side, by digits
    absent: frozenset[str]  #: purchases that say held, and the provider said that it is not so
    comparison: Comparison
    settled_before: datetime

    @property
    def findings(self) -> list[Finding]:
        """Every difference of the account, what may be lost first."""
        return _findings(self.comparison, self.absent)


def seed(database: Database, account: str) -> None:
    """Arms the account's daily sweep, once, however many processes start."""
    with database.write() as work:
        jobs.seed(work, f"cron:sweep:{account}", delay=FIRST_AFTER)


def holding(desk: Desk, job: Job, lease: float) -> Callable[[], None]:
    """Keeps a job that takes longer than its lease; called often, it writes seldom. Raises Superseded."""
    since = desk.uptime()

    def keep() -> None:
        nonlocal since
        if desk.uptime() - since < lease / 4:
            return
        with desk.database.write() as work:
            if not jobs.hold(work, job, seconds=lease):
                raise Superseded("Another worker has taken over.")
        since = desk.uptime()

    return keep


def sweep(desk: Desk, workspace: str, keep: Callable[[], None] = lambda: None) -> float:
    """Compares both sides, settles what is proven and reports what is new; seconds until the next time."""
    try:
        seen = look(desk, keep)
    except Superseded:
        return AGAIN_AFTER
    except ProviderError as problem:
        log.warning("the provider's list of our numbers could not be read", why=str(problem))
        _log_no_result(desk, workspace, problem)
        return AGAIN_AFTER
    settled = sum(_settle(desk, proof) for proof in seen.comparison.proofs)
    with desk.database.write() as work:
        _write(work, desk, workspace, seen, settled)
    return DAILY


def look(desk: Desk, keep: Callable[[], None] = lambda: None) -> Look:
    """Reads the provider's list, and asks about each number that it should have and has not.

    Raises ProviderError if any of that fails: half a list says nothing.
    """
    with desk.database.read() as work:
        settled_before = work.now - timedelta(seconds=desk.timing.settle_window)
    listed = all_rented(desk, keep)
    with desk.database.read() as work:
        standing = purchases.standing(work, desk.account)
        remembered = differences.known(work, desk.account)
    first = compare(listed, standing, settled_before=settled_before)
    absent: set[str] = set()
    for purchase in first.missing:
        keep()
        if not _found(desk, listed, purchase.number, purchase.subaccount):
            absent.add(purchase.id)
    for each in remembered:
        if each.kind is Kind.UNRECORDED and each.number not in listed:
            keep()
            _found(desk, listed, each.number, each.rented.subaccount if each.rented else None)
    seen = compare(listed, standing, settled_before=settled_before)
    return Look(listed, frozenset(absent), seen, settled_before)


def _found(desk: Desk, listed: dict[str, RentedNumber], number: str, subaccount: str | None) -> bool:
    """Asks about one number that the list left out, as a list does that changes while it is read."""
    rented = desk.provider.rented_number(number, subaccount=subaccount)
    if rented is not None:
        listed[number] = rented
    return rented is not None


def _settle(desk: Desk, proof: Proof) -> bool:
    """Writes what the list proves of a purchase; False if it stands elsewhere by now."""
    order = load(desk.database, proof.purchase.id)
    if order is None:
        return False
    with desk.database.write() as work:
        match proof.purchase.status:
            case _S.AWAITING_DOCUMENTS:
                return conclude(work, order, _S.BOUGHT, origins={_S.AWAITING_DOCUMENTS}, note=ACCEPTED)
            case _S.NOT_BOUGHT:
                attempt = proof.purchase.attempt
                return conclude(work, order, held_as(proof.rented), of_attempt=attempt, note=SHOWN)
            case _:
                return conclude(work, order, held_as(proof.rented), origins=ASKABLE, note=LISTED)


def _findings(seen: Comparison, absent: Iterable[str]) -> list[Finding]:
    return [*(gone(p) for p in seen.missing if p.id in set(absent)), *seen.unrecorded]


def _write(work: UnitOfWork, desk: Desk, workspace: str, seen: Look, settled: int) -> None:
    """Remembers what is new, ends what is over, and logs it, by the rows as they are at this moment."""
    standing = purchases.standing(work, desk.account)
    fresh = compare(seen.listed, standing, settled_before=seen.settled_before)
    # another workspace's purchase is that one's to miss
    found = {
        (each.kind, each.number): each
        for each in _findings(fresh, seen.absent)
        if each.kind is Kind.UNRECORDED or (each.purchase and each.purchase.workspace == workspace)
    }
    known = differences.known(work, desk.account, workspace)
    remembered = {(each.kind, each.number) for each in known}
    over = [d for d in known if (d.kind, d.number) not in found and d.number not in fresh.in_flight]
    ended = _end(work, over)
    new = _add(work, desk, workspace, fresh.held, [f for key, f in found.items() if key not in remembered])
    reports = {each.report_id for each in ended} | set(differences.unposted(work, workspace))
    for report_id in sorted(reports):
        jobs.put(work, f"report:{report_id}")
    for each in ended:
        what = {"difference": each.id, "kind": each.kind.value}
        _log(work, desk, workspace, Action.SWEEP_RESOLVED, number=each.number, changes=what)
    counts = {"held": fresh.held, "settled": settled, "resolved": len(ended), "found": len(found)}
    numbers = [each.number for each in new[:_MOST_LOGGED]]
    changes = {**counts, "new": len(new), "numbers": numbers}
    _log(work, desk, workspace, Action.SWEEP_FINISHED, changes=changes)


def _add(work: UnitOfWork, desk: Desk, workspace: str, held: int, found: Iterable[Finding]) -> list[Finding]:
    """Those that nobody else has noted in this moment, in one report."""
    report_id = differences.add_report(work, workspace, desk.account, held=held)
    new = differences.add(work, report_id, workspace, desk.account, found)
    if not new:
        differences.remove_report(work, report_id)
    return new


def _end(work: UnitOfWork, over: Iterable[Difference]) -> list[Difference]:
    ended = (differences.end(work, each.id, KNOWN, DifferenceState.RESOLVED) for each in over)
    return [each for each in ended if each]


def _log_no_result(desk: Desk, workspace: str, problem: ProviderError) -> None:
    with desk.database.write() as work:
        context = {"api_id": problem.api_id} if problem.api_id else {}
        _log(
            work, desk, workspace, Action.SWEEP_FINISHED,
            outcome=Outcome.FAILURE, reason=str(problem), context=context,
        )  # fmt: skip


def _log(work: UnitOfWork, desk: Desk, workspace: str, action: Action, **fields: object) -> None:
    event = AuditEvent(workspace=workspace, account=desk.account, actor=SYSTEM, action=action)
    audit.append(work, replace(event, **fields))  # type: ignore[arg-type]
