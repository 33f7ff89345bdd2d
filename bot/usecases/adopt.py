"""Adopt, ignore, reopen: what people say to a difference that the sweep has found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal

from bot.model import countries
from bot.model.audit import Action, Actor, AuditEvent, Outcome
from bot.model.budget import month_of
from bot.model.offer import NumberType, Offer
from bot.model.provider import RentedNumber
from bot.model.purchase import PurchaseStatus
from bot.model.request import Options, Person, RequestStatus
from bot.model.sweep import SAME_DAY, DifferenceState, Kind
from bot.usecases import record
from bot.usecases.approvers import NOT_KNOWN, no_approver
from bot.usecases.desk import Desk
from bot.usecases.judge import NotLookedUp, learn
from bot.usecases.preview import Taken, taken_by
from bot.usecases.provider import held_as
from storage import audit, differences, jobs, purchases, requests
from storage.differences import Difference
from storage.purchases import KeptPurchase, TakenOver
from storage.requests import ADOPTED, KeptRequest, NewRequest
from storage.unit_of_work import Database, UnitOfWork

NOBODY = "adopted"
"""The spender of a number that nobody here has asked for: it counts for the workspace, and for no person."""
REASON = "The account held this number, and no purchase here said so."
AT_ONCE = 100
"""Numbers that are adopted in one transaction."""
_D = DifferenceState
_MAY_BE_OURS = frozenset({PurchaseStatus.REFUSED, PurchaseStatus.NOT_BOUGHT})


@dataclass(frozen=True, slots=True)
class Adopted:
    """The numbers are ours from now on."""

    numbers: tuple[str, ...]
    left: int  #: those that a request of somebody speaks for


@dataclass(frozen=True, slots=True)
class MayIgnore:
    """The difference is open, and this person may say why it is none."""

    difference: Difference


@dataclass(frozen=True, slots=True)
class Ignored:
    """It is not told again."""

    difference: Difference


@dataclass(frozen=True, slots=True)
class IgnoredAll:
    """So many are not told again."""

    count: int


@dataclass(frozen=True, slots=True)
class Reopened:
    """It is open again, on the message on which it was."""

    difference: Difference


@dataclass(frozen=True, slots=True)
class MayNotTouch:
    """This person may not, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Over:
    """There is nothing to do any more: how it ended, by whom and when."""

    difference: Difference


@dataclass(frozen=True, slots=True)
class NoSuchDifference:
    """There is no difference of that id."""


Obstacle = MayNotTouch | Over | NoSuchDifference | Taken


class _LostRace(Exception):
    """Somebody else was faster in the same moment."""


def adopt(desk: Desk, person: Person, difference_id: str) -> Adopted | Obstacle:
    """Makes a number that the account holds one of ours. May ask Slack who is an approver."""
    learn(desk, person.workspace, person.user)
    try:
        return _adopt(desk, person, difference_id)
    except _LostRace:
        return _adopt(desk, person, difference_id)  # the second look sees who was faster


def adopt_all(desk: Desk, person: Person, report_id: str) -> Adopted | MayNotTouch:
    """The same for all that is open on a report, a hundred in each transaction."""
    learn(desk, person.workspace, person.user)
    found = _all_open(desk, person, report_id, Action.SWEEP_ADOPTED)
    if isinstance(found, MayNotTouch):
        return found
    done: list[str] = []
    for first in range(0, len(found), AT_ONCE):
        done += _adopt_some(desk, person, found[first : first + AT_ONCE])
    return Adopted(tuple(done), len(found) - len(done))


def _adopt_some(desk: Desk, person: Person, some: Sequence[Difference]) -> list[str]:
    try:
        return _adopt_these(desk, person, some)
    except _LostRace:
        return [each.number for each in some if isinstance(adopt(desk, person, each.id), Adopted)]


def _adopt_these(desk: Desk, person: Person, some: Sequence[Difference]) -> list[str]:
    with desk.database.write() as work:
        free = [each for each in some if not purchases.live(work, each.account, each.number)]
        _take_over(work, desk, person, free)
        return [each.number for each in free]


def _adopt(desk: Desk, person: Person, difference_id: str) -> Adopted | Obstacle:
    with desk.database.write() as work:
        found = _open(work, desk, person, difference_id, Action.SWEEP_ADOPTED)
        if isinstance(found, NotLookedUp):
            return _not_known(work, desk, person, difference_id, Action.SWEEP_ADOPTED)
        if not isinstance(found, Difference):
            return found
        if found.kind is Kind.GONE:
            _log_refusal(work, desk, person, Action.SWEEP_ADOPTED, found, "there is nothing to adopt")
            return NoSuchDifference()
        if taken := taken_by(work, desk, found.number):
            _still_open(work, found)
            _log_refusal(work, desk, person, Action.SWEEP_ADOPTED, found, "a purchase here has the number")
            return taken
        _take_over(work, desk, person, [found])
        return Adopted((found.number,), 0)


def _still_open(work: UnitOfWork, found: Difference) -> None:
    """Raises _LostRace if somebody has ended it since our look: a number is then taken by that very end."""
    now = differences.get(work, found.id)
    if now is None or now.state is not _D.OPEN:
        raise _LostRace


def _take_over(work: UnitOfWork, desk: Desk, person: Person, some: Sequence[Difference]) -> None:
    """Writes the requests and purchases that should have been there. Raises _LostRace.

    Requests, purchases, budgets, and the log last of all: the order in which everybody locks.
    """
    taken = [_taken_over(work, desk, person, each) for each in some]
    adopted = purchases.adopt(work, taken)
    for found, over, purchase in zip(some, taken, adopted, strict=True):
        by, request_id = person.user, over.request.id
        ended = differences.end(work, found.id, {_D.OPEN}, _D.ADOPTED, by=by, request_id=request_id)
        if purchase is None or ended is None:
            raise _LostRace
    for report_id in {each.report_id for each in some}:
        jobs.put(work, f"report:{report_id}")
    for over, purchase in zip(taken, filter(None, adopted), strict=True):
        _log_adoption(work, desk, person, over.request, purchase)


def _taken_over(work: UnitOfWork, desk: Desk, person: Person, found: Difference) -> TakenOver:
    rented = found.rented or RentedNumber(found.number)
    lost = _lost_by_us(work, person, found, rented)
    request = requests.add(work, _request(work, desk, person, found, lost))
    if request is None:
        raise _LostRace
    return TakenOver(
        request=request,
        offer=lost.offer if lost else _offer(rented),
        status=held_as(rented),
        spender=lost.spender if lost else NOBODY,
        month=lost.budget_month if lost else _month(work, rented),
    )


def _lost_by_us(
    work: UnitOfWork, person: Person, found: Difference, rented: RentedNumber
) -> KeptPurchase | None:
    """Our own purchase of this number, if it ended without it on the day on which the provider added it.

    So it is after an older database was restored: what was queued there met its own number.
    """
    last = purchases.get(work, found.purchase_id) if found.purchase_id else None
    if last is None or last.workspace != person.workspace or last.status not in _MAY_BE_OURS:
        return None
    added = rented.added_on
    return last if added and abs(last.updated_at.date() - added) <= SAME_DAY else None


def _request(
    work: UnitOfWork, desk: Desk, person: Person, found: Difference, lost: KeptPurchase | None
) -> NewRequest:
    asked = requests.get(work, lost.request_id) if lost else None
    whose = asked.parties[-1] if asked else person.user
    report = differences.get_report(work, found.report_id)
    return NewRequest(
        person=person,
        account=found.account,
        origin_key=f"{ADOPTED}{found.id}",
        channel=(report and report.channel) or person.user,
        reason=f"{REASON} Request {asked.id} had asked for it." if asked else REASON,
        options=Options(subaccount=found.rented.subaccount if found.rented else None),
        status=RequestStatus.APPROVED,
        rule=None,
        policy_sha=desk.policy_sha,
        approvals_needed=0,
        on_behalf_of=None if whose == person.user else whose,
    )


def _offer(rented: RentedNumber) -> Offer:
    """What can be said of a number that nobody searched for; its set-up fee is not known."""
    split = countries.split_calling_code(rented.number)
    kinds = {kind.value: kind for kind in NumberType}
    return Offer(
        number=rented.number,
        country=split[0] if split else "",
        type=kinds.get(rented.number_type or "", NumberType.FIXED),
        monthly=rented.monthly or Decimal(0),
        city=rented.city,
        region=rented.region,
        voice=rented.voice,
        sms=rented.sms,
        mms=rented.mms,
    )


def _month(work: UnitOfWork, rented: RentedNumber) -> str:
    """The month in which the provider was paid for it; this one where the provider does not say."""
    added = rented.added_on
    return month_of(datetime.combine(added, time(), UTC) if added else work.now)


def _log_adoption(
    work: UnitOfWork, desk: Desk, person: Person, request: KeptRequest, purchase: KeptPurchase
) -> None:
    changes = {"setup": str(purchase.setup), "monthly": str(purchase.monthly)}
    changes |= {"month": purchase.budget_month, "spender": purchase.spender}
    if request.on_behalf_of:
        changes["for"] = request.on_behalf_of
    record.by_person(
        work, desk, person, Action.SWEEP_ADOPTED, request=request, purchase_id=purchase.id,
        number=purchase.number, reason=request.reason, changes=changes,
    )  # fmt: skip


def consider_ignoring(desk: Desk, person: Person, difference_id: str) -> MayIgnore | Obstacle:
    """Whether there is something to ignore, and this person may. May ask Slack who is an approver."""
    learn(desk, person.workspace, person.user)
    with desk.database.write() as work:
        found = _open(work, desk, person, difference_id, Action.SWEEP_IGNORED)
        if isinstance(found, NotLookedUp):
            return _not_known(work, desk, person, difference_id, Action.SWEEP_IGNORED)
    return MayIgnore(found) if isinstance(found, Difference) else found


def ignore(
    desk: Desk, person: Person, difference_id: str, *, reason: str
) -> Ignored | Obstacle | NotLookedUp:
    """Has a difference not told again, with the reason. Asks nobody outside: a listener waits for it."""
    with desk.database.write() as work:
        found = _open(work, desk, person, difference_id, Action.SWEEP_IGNORED)
        if not isinstance(found, Difference):
            return found
        ended = differences.end(work, found.id, {_D.OPEN}, _D.IGNORED, by=person.user, reason=reason)
        if ended is None:
            now = differences.get(work, found.id) or found
            _log_refusal(work, desk, person, Action.SWEEP_IGNORED, found, f"already {now.state}")
            return Over(now)
        jobs.put(work, f"report:{found.report_id}")
        record.by_person(
            work, desk, person, Action.SWEEP_IGNORED,
            number=found.number, reason=reason, changes={"difference": found.id, "kind": found.kind.value},
        )  # fmt: skip
    return Ignored(ended)


def ignore_all(desk: Desk, person: Person, report_id: str, *, reason: str) -> IgnoredAll | MayNotTouch:
    """The same for all numbers that nobody here has bought and that are open on a report."""
    learn(desk, person.workspace, person.user)
    found = _all_open(desk, person, report_id, Action.SWEEP_IGNORED)
    if isinstance(found, MayNotTouch):
        return found
    done = sum(isinstance(ignore(desk, person, each.id, reason=reason), Ignored) for each in found)
    return IgnoredAll(done)


def _all_open(desk: Desk, person: Person, report_id: str, action: Action) -> list[Difference] | MayNotTouch:
    with desk.database.write() as work:
        if refusal := _refusal(work, desk, person, action):
            return refusal
        report = differences.get_report(work, report_id)
        if report is None or report.workspace != person.workspace:
            record.by_person(work, desk, person, action, outcome=Outcome.DENIED, reason="no such report")
            return []
        return differences.open_of(work, report_id, Kind.UNRECORDED)


def reopen(database: Database, actor: Actor, difference_id: str) -> Reopened | Over | NoSuchDifference:
    """An operator's word: an ignored difference counts, and is shown, again."""
    with database.write() as work:
        before = differences.get(work, difference_id)
        again = before and differences.reopen(work, difference_id)
        if again is None:
            return _not_reopened(work, actor, before)
        jobs.put(work, f"report:{again.report_id}")
        event = AuditEvent(
            workspace=again.workspace, account=again.account, actor=actor, action=Action.SWEEP_REOPENED,
            number=again.number, changes={"difference": again.id, "kind": again.kind.value},
        )  # fmt: skip
        audit.append(work, event)
    return Reopened(again)


def _not_reopened(work: UnitOfWork, actor: Actor, before: Difference | None) -> Over | NoSuchDifference:
    """What is not there is in no workspace, and so in no log."""
    if before is None:
        return NoSuchDifference()
    event = AuditEvent(
        workspace=before.workspace, account=before.account, actor=actor, action=Action.SWEEP_REOPENED,
        outcome=Outcome.DENIED, number=before.number, reason=f"it is {before.state}",
        changes={"difference": before.id, "kind": before.kind.value},
    )  # fmt: skip
    audit.append(work, event)
    return Over(before)


def _open(
    work: UnitOfWork, desk: Desk, person: Person, difference_id: str, action: Action
) -> Difference | MayNotTouch | Over | NoSuchDifference | NotLookedUp:
    """The difference if it is open and this person may do something about it; refusals are logged."""
    found = differences.get(work, difference_id)
    if found is None or found.workspace != person.workspace:
        record.by_person(work, desk, person, action, outcome=Outcome.DENIED, reason="no such difference")
        return NoSuchDifference()
    reason = no_approver(work, desk, person, "Only approvers may do that.")
    if isinstance(reason, NotLookedUp):
        return reason
    if reason is None and found.state is _D.OPEN:
        return found
    _log_refusal(work, desk, person, action, found, reason or f"already {found.state}")
    return MayNotTouch(reason) if reason else Over(found)


def _log_refusal(  # noqa: PLR0917 - one short call each, in the order of the sentence
    work: UnitOfWork, desk: Desk, person: Person, action: Action, found: Difference, why: str
) -> None:
    record.by_person(
        work, desk, person, action, outcome=Outcome.DENIED, number=found.number,
        reason=why, changes={"difference": found.id},
    )  # fmt: skip


def _not_known(
    work: UnitOfWork, desk: Desk, person: Person, difference_id: str, action: Action
) -> MayNotTouch:
    """Slack was asked, and still nobody knows whether this is an approver."""
    record.by_person(
        work, desk, person, action,
        outcome=Outcome.DENIED, reason=NOT_KNOWN, changes={"difference": difference_id},
    )  # fmt: skip
    return MayNotTouch(NOT_KNOWN)


def _refusal(work: UnitOfWork, desk: Desk, person: Person, action: Action) -> MayNotTouch | None:
    reason = no_approver(work, desk, person, "Only approvers may do that.")
    if reason is None:
        return None
    why = reason if isinstance(reason, str) else NOT_KNOWN
    record.by_person(work, desk, person, action, outcome=Outcome.DENIED, reason=why)
    return MayNotTouch(why)
