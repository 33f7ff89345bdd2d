"""Decide: an approver's yes or no to a request, counted in one UPDATE."""

from dataclasses import dataclass

from bot.model import policy as rules
from bot.model.audit import Action, Outcome
from bot.model.policy import Members
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, Person, RequestStatus
from bot.usecases import record
from bot.usecases.desk import Desk
from bot.usecases.submit import queue
from storage import purchases, requests
from storage.purchases import KeptPurchase
from storage.requests import KeptDecision, KeptRequest
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MayDecide:
    """The request is open, and this person may say yes or no to it."""

    request: KeptRequest
    purchases: tuple[KeptPurchase, ...]


@dataclass(frozen=True, slots=True)
class Approved:
    """The yes is counted; `complete` says whether it was the last one needed."""

    request: KeptRequest
    complete: bool


@dataclass(frozen=True, slots=True)
class Denied:
    """The no is written, and it ends the request."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class AlreadyDecided:
    """The request is not pending any more: who decided and when stands in it."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class AlreadySpoken:
    """This person has approved already; one person counts once."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class PriceChanged:
    """The person looked at an older price than the one that is to be approved now."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class MayNot:
    """This person may not decide on this request, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoSuchRequest:
    """There is no such request in this workspace."""


Obstacle = AlreadyDecided | AlreadySpoken | PriceChanged | MayNot | NoSuchRequest


def consider(desk: Desk, person: Person, request_id: str, answer: Answer) -> MayDecide | Obstacle:
    """What an approver has to know before they decide; a refused attempt is logged.

    May ask Slack who is in a group; what it learns is what `decide` relies on a moment later.
    """
    members = desk.groups.asked(person.workspace)
    with desk.database.read() as work:
        request = requests.get(work, request_id, person.workspace)
        obstacle = _obstacle(work, desk, person, request, members)
        if request is None or obstacle is None:
            return MayDecide(request, purchases.of_request(work, request_id)) if request else NoSuchRequest()
    with desk.database.write() as work:
        _log_refusal(work, desk, person, request, answer, obstacle)
    return obstacle


def decide(
    desk: Desk, person: Person, request_id: str, answer: Answer, *, round_seen: int, comment: str | None
) -> Approved | Denied | Obstacle:
    """Writes a yes or a no in one transaction; of two at once each is told what really happened."""
    say = _Say(person, answer, comment)
    try:
        return _once(desk, say, request_id, round_seen)
    except _TooLate:
        # Somebody ended the request between our look and our UPDATE; the second look sees how.
        return _once(desk, say, request_id, round_seen)


@dataclass(frozen=True, slots=True)
class _Say:
    person: Person
    answer: Answer
    comment: str | None


class _TooLate(Exception):
    """The request ended meanwhile: nothing of this unit of work may stay."""


def _once(desk: Desk, say: _Say, request_id: str, round_seen: int) -> Approved | Denied | Obstacle:
    members = desk.groups.remembered(say.person.workspace)
    with desk.database.write() as work:
        request = requests.get(work, request_id, say.person.workspace)
        if request is None:
            return NoSuchRequest()
        obstacle = _obstacle(work, desk, say.person, request, members)
        if obstacle is None and request.round != round_seen:
            obstacle = PriceChanged(request)
        # The decision is written before the request is touched, by both verbs: two clicks of one
        # person meet at its key, and no two transactions wait for each other.
        elif obstacle is None and not requests.add_decision(
            work, request, say.person.user, say.answer, say.comment
        ):
            obstacle = AlreadySpoken(request)
        if obstacle is not None:
            _log_refusal(work, desk, say.person, request, say.answer, obstacle)
            return obstacle
        verb = _approve if say.answer is Answer.APPROVE else _deny
        return verb(work, desk, say, request)


def _obstacle(
    work: UnitOfWork, desk: Desk, person: Person, request: KeptRequest | None, members: Members
) -> Obstacle | None:
    if request is None:
        return NoSuchRequest()
    if request.status is not RequestStatus.PENDING:
        return AlreadyDecided(request)
    allowed = rules.may_decide(desk.policy, person.user, request.requester, members)
    if isinstance(allowed, rules.NotAllowed):
        return MayNot(allowed.reason)
    if any(d.approver == person.user for d in current_decisions(work, request)):
        return AlreadySpoken(request)
    return None


def current_decisions(work: UnitOfWork, request: KeptRequest) -> tuple[KeptDecision, ...]:
    """What the approvers said to the price that counts now."""
    return tuple(d for d in requests.decisions(work, request.id) if d.round == request.round)


def _approve(work: UnitOfWork, desk: Desk, say: _Say, seen: KeptRequest) -> Approved:
    request = requests.count_approval(work, seen.id)
    if request is None:
        raise _TooLate
    count = f"{request.approvals_given} of {request.approvals_needed}"
    record.by_person(
        work,
        desk,
        say.person,
        Action.REQUEST_APPROVAL,
        request=request,
        reason=say.comment,
        changes={"approvals": count},
    )
    record.redraw(work, request.id)
    complete = request.approvals_given >= request.approvals_needed
    if complete:
        _complete(work, desk, say.person, request)
    return Approved(request, complete)


def _complete(work: UnitOfWork, desk: Desk, person: Person, request: KeptRequest) -> None:
    if not requests.end(work, request.id, RequestStatus.APPROVED, person.user):
        raise _TooLate
    record.by_person(work, desk, person, Action.REQUEST_APPROVED, request=request)
    for purchase in purchases.of_request(work, request.id):
        queue(work, purchase.id)
    record.tell(work, request.id, "approved")


def _deny(work: UnitOfWork, desk: Desk, say: _Say, request: KeptRequest) -> Denied:
    if not requests.end(work, request.id, RequestStatus.DENIED, say.person.user):
        raise _TooLate
    for purchase in purchases.of_request(work, request.id):
        purchases.move(work, purchase.id, {PurchaseStatus.WAITING}, PurchaseStatus.DROPPED)
    record.by_person(work, desk, say.person, Action.REQUEST_DENIED, request=request, reason=say.comment)
    record.tell(work, request.id, "denied")
    record.redraw(work, request.id)
    return Denied(request)


_VERBS = {Answer.APPROVE: Action.REQUEST_APPROVAL, Answer.DENY: Action.REQUEST_DENIED}


def _log_refusal(  # noqa: PLR0917 - one short call each, in the order of the sentence
    work: UnitOfWork,
    desk: Desk,
    person: Person,
    request: KeptRequest,
    answer: Answer,
    obstacle: Obstacle,
) -> None:
    record.by_person(
        work,
        desk,
        person,
        _VERBS[answer],
        outcome=Outcome.DENIED,
        request=request,
        reason=_why(obstacle),
    )


def _why(obstacle: Obstacle) -> str:
    match obstacle:
        case MayNot(reason):
            return reason
        case AlreadyDecided(request):
            return f"already {request.status}"
        case AlreadySpoken():
            return "approved it before"
        case PriceChanged():
            return "looked at an older price"
        case NoSuchRequest():
            return "no such request"
