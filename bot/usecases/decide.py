"""Decide: an approver's yes or no to a request, counted in one UPDATE."""

from contextlib import suppress
from dataclasses import dataclass

from bot.model import rules
from bot.model.audit import Action, Outcome
from bot.model.request import Answer, Person, RequestStatus
from bot.model.rules import Verdict
from bot.usecases import deadlines, record
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import NotLookedUp, judge, learn, may_decide, not_looked_up
from bot.usecases.look_up import RequestView, view_of
from bot.usecases.submit import queue
from storage import purchases, requests
from storage.purchases import KeptPurchase
from storage.requests import KeptDecision, KeptRequest
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MayDecide:
    """The request is open, and this person may say yes or no to it."""

    view: RequestView  #: as it stands: who has spoken, and who may still
    approvals_needed: int  #: by the policy as it is now
    confirm_by_typing: bool = False  #: whether a yes needs the number's last four digits, typed
    canned_reasons: tuple[str, ...] = ()  #: reasons for a no that the policy offers

    @property
    def request(self) -> KeptRequest:
        return self.view.request

    @property
    def purchase(self) -> KeptPurchase:
        return self.view.purchases[0]


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
class ReasonChanged:
    """The person looked at another reason than the one that the request gives by now."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class MayNot:
    """This person may not decide on this request, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Mistyped:
    """The digits that were typed are not the last four of the number."""


@dataclass(frozen=True, slots=True)
class NoSuchRequest:
    """There is no such request in this workspace."""


Obstacle = AlreadyDecided | AlreadySpoken | PriceChanged | ReasonChanged | MayNot | Mistyped | NoSuchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """What an approver's form brought back."""

    answer: Answer
    round_seen: int  #: the price they looked at belongs to this round
    reason_seen: str | None = None  #: when the reason that they read was written, if it was changed
    comment: str | None = None
    typed: str | None = None  #: the number's last four digits, where a rule asks for them


@dataclass(frozen=True, slots=True)
class _Seen:
    """A request that may be decided, and what the policy says of it by now."""

    request: KeptRequest
    purchases: tuple[KeptPurchase, ...]
    verdict: Verdict


LOOKS = 3
"""Times that a decision is tried whose request moves under it: it may be repriced once and end once."""


class _TooLate(Exception):
    """The request ended meanwhile: nothing of this unit of work may stay."""


def consider(desk: Desk, person: Person, request_id: str, answer: Answer) -> MayDecide | Obstacle:
    """What an approver has to know before they decide; a refused attempt is logged.

    Asks Slack who people are; what it learns is what `decide` relies on a moment later.
    """
    request = _look(desk, person, request_id)
    learn(desk, person.workspace, person.user, *(request.parties if request else ()))
    with desk.database.write() as work:
        seen = _examine(work, desk, person, request_id, answer)
        if isinstance(seen, _Seen):
            return _may_decide(work, desk, seen)
        obstacle = MayNot("It could not be looked up.") if isinstance(seen, NotLookedUp) else seen
        log_refusal(work, desk, person, _VERBS[answer], request, obstacle)
        return obstacle


def _may_decide(work: UnitOfWork, desk: Desk, seen: _Seen) -> MayDecide:
    canned = desk.policy and desk.policy.approvals.deny_reasons
    needed = max(seen.request.approvals_needed, seen.verdict.approvals)
    view = view_of(work, desk, seen.request)
    return MayDecide(view, needed, seen.verdict.confirm_by_typing, canned or ())


def decide(
    desk: Desk, person: Person, request_id: str, say: Say
) -> Approved | Denied | Obstacle | NotLookedUp:
    """Writes a yes or a no in one transaction; of two at once each is told what really happened."""
    for _ in range(LOOKS - 1):
        deadlines.expire(desk, request_id)
        with suppress(_TooLate):
            return _once(desk, person, request_id, say)
        # Somebody, or time, moved the request between our look and our UPDATE; the next look sees how.
    deadlines.expire(desk, request_id)
    return _once(desk, person, request_id, say)


def _look(desk: Desk, person: Person, request_id: str) -> KeptRequest | None:
    deadlines.expire(desk, request_id)  # its time may be over though no worker has come by
    with desk.database.read() as work:
        return requests.get(work, request_id, person.workspace)


def _once(
    desk: Desk, person: Person, request_id: str, say: Say
) -> Approved | Denied | Obstacle | NotLookedUp:
    with desk.database.write() as work:
        seen = _examine(work, desk, person, request_id, say.answer)
        if isinstance(seen, NotLookedUp):
            return seen
        obstacle = _unfit(seen, say) if isinstance(seen, _Seen) else seen
        # The decision is written before the request is touched, by both verbs: two clicks of one
        # person meet at its key, and no two transactions wait for each other.
        if isinstance(seen, _Seen) and obstacle is None:
            if requests.add_decision(work, seen.request, person.user, say.answer, say.comment):
                verb = _approve if say.answer is Answer.APPROVE else _deny
                return verb(work, desk, person, say, seen)
            obstacle = AlreadySpoken(seen.request)
        request = requests.get(work, request_id, person.workspace)
        refused = obstacle or NoSuchRequest()
        log_refusal(work, desk, person, _VERBS[say.answer], request, refused)
        return refused


def _examine(
    work: UnitOfWork, desk: Desk, person: Person, request_id: str, answer: Answer
) -> _Seen | Obstacle | NotLookedUp:
    """Whether this person may say this to the request as it stands, and the policy as it is by now."""
    request = requests.get(work, request_id, person.workspace)
    if request is None:
        return NoSuchRequest()
    if request.status is not RequestStatus.PENDING:
        return AlreadyDecided(request)
    listed = Listed(work, person.workspace)
    wanted = purchases.of_request(work, request_id)
    obstacle: Obstacle | NotLookedUp | None = _not_theirs(desk, listed, person, request)
    if obstacle is None and any(d.approver == person.user for d in current_decisions(work, request)):
        obstacle = AlreadySpoken(request)
    verdict = judge(desk, listed, request.parties, wanted[0].offer)
    if obstacle is None and answer is Answer.APPROVE:
        obstacle = _no_longer(listed, verdict)
    return obstacle or _Seen(request, wanted, verdict)


def _not_theirs(
    desk: Desk, listed: Listed, person: Person, request: KeptRequest
) -> MayNot | NotLookedUp | None:
    allowed = may_decide(desk, listed, person.user, request.requester, on_behalf_of=request.on_behalf_of)
    if isinstance(allowed, rules.Allowed):
        return None
    unclear = allowed.unknown and listed.untried(allowed.unknown)
    return NotLookedUp(allowed.unknown) if unclear else MayNot(allowed.reason)


def _no_longer(listed: Listed, verdict: Verdict) -> MayNot | NotLookedUp | None:
    """A yes needs a policy that still allows it; a no is always possible."""
    if verdict.allowed:
        return None
    return not_looked_up(listed, verdict) or MayNot(
        f"The policy does not allow it now: {verdict.deny_reason}"
    )


def reason_mark(request: KeptRequest) -> str | None:
    """Tells one reason of a request from the next: when it was changed."""
    return request.reason_changed_at.isoformat() if request.reason_changed_at else None


def _unfit(seen: _Seen, say: Say) -> PriceChanged | ReasonChanged | Mistyped | None:
    if seen.request.round != say.round_seen:
        return PriceChanged(seen.request)
    if reason_mark(seen.request) != say.reason_seen:
        return ReasonChanged(seen.request)
    if say.answer is Answer.APPROVE and seen.verdict.confirm_by_typing:
        return None if say.typed == seen.purchases[0].number[-4:] else Mistyped()
    return None


def current_decisions(work: UnitOfWork, request: KeptRequest) -> tuple[KeptDecision, ...]:
    """What the approvers said to the price that counts now."""
    return tuple(d for d in requests.decisions(work, request.id) if d.round == request.round)


def _approve(work: UnitOfWork, desk: Desk, person: Person, say: Say, seen: _Seen) -> Approved:
    request = requests.count_approval(work, seen.request, at_least=seen.verdict.approvals)
    if request is None:
        raise _TooLate
    complete = request.approvals_given >= request.approvals_needed
    if complete:
        _complete(work, person, request)
    # the log comes last of all locks
    count = {"approvals": f"{request.approvals_given} of {request.approvals_needed}"}
    record.by_person(
        work, desk, person, Action.REQUEST_APPROVAL, request=request, reason=say.comment, changes=count
    )
    if complete:
        record.by_person(work, desk, person, Action.REQUEST_APPROVED, request=request)
        record.tell(work, request, "approved")
    record.redraw(work, request.id)
    return Approved(request, complete)


def _complete(work: UnitOfWork, person: Person, request: KeptRequest) -> None:
    if not requests.end(work, request.id, RequestStatus.APPROVED, person.user):
        raise _TooLate
    for purchase in purchases.of_request(work, request.id):
        queue(work, purchase.id)
    deadlines.disarm(work, request)


def _deny(work: UnitOfWork, desk: Desk, person: Person, say: Say, seen: _Seen) -> Denied:
    request = requests.deny(work, seen.request, person.user)
    if request is None:
        raise _TooLate
    deadlines.let_go(work, request)
    record.by_person(work, desk, person, Action.REQUEST_DENIED, request=request, reason=say.comment)
    record.tell(work, request, "denied")
    record.tell_approvers(work, request, "denied")
    record.redraw(work, request.id)
    return Denied(request)


_VERBS = {Answer.APPROVE: Action.REQUEST_APPROVAL, Answer.DENY: Action.REQUEST_DENIED}


def log_refusal(  # noqa: PLR0917 - one short call each, in the order of the sentence
    work: UnitOfWork,
    desk: Desk,
    person: Person,
    action: Action,
    request: KeptRequest | None,
    obstacle: Obstacle,
) -> None:
    """Notes that somebody wanted to do something with a request, and why that was not possible."""
    why = _why(obstacle)
    record.by_person(work, desk, person, action, outcome=Outcome.DENIED, request=request, reason=why)


def _why(obstacle: Obstacle) -> str:
    match obstacle:
        case MayNot(reason):
            return reason
        case AlreadyDecided(request):
            return f"already {request.status}"
        case AlreadySpoken():
            return "approved it before"
        case PriceChanged() | ReasonChanged():
            return f"looked at an older {'price' if isinstance(obstacle, PriceChanged) else 'reason'}"
        case Mistyped():
            return "typed other digits than the number's last four"
        case NoSuchRequest():
            return "no such request"
