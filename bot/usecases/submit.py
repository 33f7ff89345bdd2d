"""Submit: one person asks for one number, with a reason; a cheap one may be bought without asking."""

from dataclasses import dataclass

from bot.model.audit import Action
from bot.model.budget import Exceeded, exceeded
from bot.model.purchase import PurchaseStatus
from bot.model.request import Options, Person, RequestStatus
from bot.model.rules import Verdict
from bot.usecases import deadlines, record
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import NotLookedUp, judge, not_looked_up
from bot.usecases.preview import (
    NotAllowed,
    OfferGone,
    Taken,
    by_how_much,
    log_refusal,
    may_break_glass,
    no_glass,
    purse_of,
    taken_by,
)
from bot.usecases.quorum import Unreachable, unreachable
from storage import budgets, jobs, purchases, requests, searches
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest, NewRequest
from storage.searches import KeptOffer
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the confirmation brought back."""

    offer_id: str
    origin_key: str  #: the modal's id: submitted twice, it is one request
    channel: str  #: where the number was searched, and where the card will be
    reason: str
    options: Options
    on_behalf_of: str | None = None  #: for whom the number is, if not for who asks
    break_glass: bool = False  #: confirmed a second time: buy without approval


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request is written; it waits for approvals, or its purchase is queued."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class Repeated:
    """This modal was submitted before: here is its request."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class OverBudget:
    """It does not fit into this month's budget."""

    exceeded: tuple[Exceeded, ...]  #: by each budget into which it does not fit
    raised_by: tuple[str, ...]  #: who can be asked for more, if the policy names somebody


@dataclass(frozen=True, slots=True)
class NotForThem:
    """The one for whom it should be may not have numbers; without them it is possible."""

    name: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """Fewer people can approve it than must."""

    why: Unreachable


Refusal = NotAllowed | Taken | OfferGone | OverBudget | NotForThem | OutOfReach
Submission = Submitted | Repeated | Refusal | NotLookedUp


class _LostRace(Exception):
    """Somebody else asked for this number in the same moment."""


class _Exceeded(Exception):
    """The budget is exceeded: nothing of this unit of work may stay."""

    def __init__(self, exceeded: Exceeded, kept: KeptOffer) -> None:
        self.exceeded = exceeded
        self.kept = kept


def submit(desk: Desk, person: Person, ask: Ask) -> Submission:
    """Writes the request in one transaction. Asks nobody outside: a listener waits for it."""
    try:
        return _twice(desk, person, ask)
    except _Exceeded as over:
        return _over_budget(desk, person, over)


def _twice(desk: Desk, person: Person, ask: Ask) -> Submission:
    try:
        return _once(desk, person, ask)
    except _LostRace:
        # Nothing of that unit of work stays. The second look sees who was faster.
        return _once(desk, person, ask)


def _once(desk: Desk, person: Person, ask: Ask) -> Submission:
    with desk.database.write() as work:
        if before := requests.by_origin(work, person.workspace, ask.origin_key):
            record.by_person(work, desk, person, Action.REQUEST_REPEATED, request=before)
            return Repeated(before)
        kept = searches.offer(work, person.workspace, ask.offer_id)
        if kept is None:
            log_refusal(work, desk, person, None, "the offer is older than a day")
            return OfferGone()
        listed = Listed(work, person.workspace)
        verdict = judge(desk, listed, _parties(person, ask), kept.offer)
        if unclear := not_looked_up(listed, verdict):
            return unclear
        refusal = _refusal(work, desk, person, ask, kept, verdict) or _hopeless(
            work, desk, person, ask, kept, listed, verdict
        )
        if refusal is not None:
            return refusal
        return Submitted(_write(work, desk, person, ask, kept, verdict))


def _parties(person: Person, ask: Ask) -> tuple[str, ...]:
    mine = ask.on_behalf_of in {None, person.user}
    return (person.user,) if mine else (person.user, str(ask.on_behalf_of))


def _refusal(  # noqa: PLR0917 - one short call each, in the order of the sentence
    work: UnitOfWork, desk: Desk, person: Person, ask: Ask, kept: KeptOffer, verdict: Verdict
) -> NotAllowed | NotForThem | Taken | None:
    if verdict.allowed and ask.break_glass and not may_break_glass(desk, person):
        verdict = no_glass(verdict)
    if not verdict.allowed:
        log_refusal(work, desk, person, kept, verdict.deny_reason)
        if verdict.outsider and verdict.outsider != person.user:
            return NotForThem(Listed(work, person.workspace).name(verdict.outsider), verdict)
        return NotAllowed(verdict)
    if taken := taken_by(work, desk, kept.offer.number):
        if requests.by_origin(work, person.workspace, ask.origin_key):
            raise _LostRace  # to this very form, submitted twice in one moment
        log_refusal(work, desk, person, kept, f"request {taken.request.id} speaks for it")
        return taken
    return None


def _hopeless(  # noqa: PLR0917 - one short call each, in the order of the sentence
    work: UnitOfWork, desk: Desk, person: Person, ask: Ask, kept: KeptOffer, listed: Listed, verdict: Verdict
) -> OutOfReach | None:
    """What could only wait until it expires is not asked of anybody."""
    if ask.break_glass:
        return None
    why = unreachable(desk, listed, _parties(person, ask), verdict)
    if why is None:
        return None
    log_refusal(work, desk, person, kept, why.short)
    return OutOfReach(why)


def _over_budget(desk: Desk, person: Person, over: _Exceeded) -> OverBudget:
    with desk.database.write() as work:
        now = budgets.spent(work, purse_of(work, desk, person), desk.budgets)
        # what was given back since may have made room: then it is said as it was
        both = exceeded(now, over.exceeded.wanted) or (over.exceeded,)
        log_refusal(work, desk, person, over.kept, by_how_much(both))
    return OverBudget(both, desk.budgets.raised_by or ())


def _write(  # noqa: PLR0917 - one short call each, in the order of the sentence
    work: UnitOfWork, desk: Desk, person: Person, ask: Ask, kept: KeptOffer, verdict: Verdict
) -> KeptRequest:
    request = requests.add(work, _new_request(desk, person, ask, verdict))
    purchase = request and purchases.add(work, request, kept.offer, desk.budgets)
    if not request or not purchase:
        raise _LostRace
    if isinstance(purchase, Exceeded):
        raise _Exceeded(purchase, kept)
    if request.status is RequestStatus.APPROVED:
        queue(work, purchase.id)
    else:
        deadlines.arm(work, desk, request)
    _log_submission(work, desk, person, request, purchase)
    if request.break_glass:
        record.tell_approvers(work, request, "break_glass")
    record.redraw(work, request.id)
    return request


def _new_request(desk: Desk, person: Person, ask: Ask, verdict: Verdict) -> NewRequest:
    waits = verdict.approvals and not ask.break_glass
    approvals = desk.policy.approvals if desk.policy else None
    return NewRequest(
        person=person,
        account=desk.account,
        origin_key=ask.origin_key,
        channel=ask.channel,
        reason=ask.reason,
        options=ask.options,
        status=RequestStatus.PENDING if waits else RequestStatus.APPROVED,
        rule=verdict.rule,
        policy_sha=desk.policy_sha,
        approvals_needed=verdict.approvals,
        on_behalf_of=None if ask.on_behalf_of == person.user else ask.on_behalf_of,
        approval_channel=verdict.channel,
        break_glass=ask.break_glass and verdict.approvals > 0,
        expires_after=approvals.expires_after if approvals else None,
    )


def queue(work: UnitOfWork, purchase_id: str) -> None:
    """Hands an approved purchase to the worker."""
    if purchases.move(work, purchase_id, {PurchaseStatus.WAITING}, PurchaseStatus.QUEUED):
        jobs.put(work, f"buy:{purchase_id}")


def _log_submission(
    work: UnitOfWork, desk: Desk, person: Person, request: KeptRequest, purchase: KeptPurchase
) -> None:
    changes = {
        "setup": str(purchase.setup),
        "monthly": str(purchase.monthly),
        "rule": request.rule,
        "approvals_needed": request.approvals_needed,
    }
    if request.on_behalf_of:
        changes["for"] = request.on_behalf_of
    record.by_person(
        work,
        desk,
        person,
        Action.REQUEST_BREAK_GLASS if request.break_glass else Action.REQUEST_SUBMITTED,
        request=request,
        purchase_id=purchase.id,
        number=purchase.number,
        country=purchase.offer.country,
        cost=purchase.setup + purchase.monthly,
        reason=request.reason,
        changes=changes,
        context={"channel": request.channel, "policy": desk.policy_sha},
    )
