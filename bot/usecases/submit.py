"""Submit: one person asks for one number, with a reason; a cheap one may be bought without asking."""

from dataclasses import dataclass

from bot.model.audit import Action
from bot.model.policy import Verdict
from bot.model.purchase import PurchaseStatus
from bot.model.request import Options, Person, RequestStatus
from bot.usecases import record
from bot.usecases.desk import Desk
from bot.usecases.preview import NotAllowed, OfferGone, Taken, judge, log_refusal, taken_by
from storage import jobs, purchases, requests, searches
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


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request is written; it waits for approvals, or its purchase is queued."""

    request: KeptRequest


@dataclass(frozen=True, slots=True)
class Repeated:
    """This modal was submitted before: here is its request."""

    request: KeptRequest


Submission = Submitted | Repeated | NotAllowed | Taken | OfferGone


class _LostRace(Exception):
    """Somebody else asked for this number in the same moment."""


def submit(desk: Desk, person: Person, ask: Ask) -> Submission:
    """Writes the request in one transaction. Asks nobody outside: a listener waits for it."""
    try:
        return _once(desk, person, ask)
    except _LostRace:
        # Nothing of that unit of work stays. The second look sees who was faster.
        return _once(desk, person, ask)


def _once(desk: Desk, person: Person, ask: Ask) -> Submission:
    with desk.database.write() as work:
        if before := requests.by_origin(work, person.workspace, ask.origin_key):
            return Repeated(before)
        kept = searches.offer(work, person.workspace, ask.offer_id)
        if kept is None:
            return OfferGone()
        verdict = judge(desk, person, kept.offer, desk.groups.remembered(person.workspace))
        if not verdict.allowed:
            log_refusal(work, desk, person, kept, verdict.deny_reason)
            return NotAllowed(verdict)
        if taken := taken_by(work, desk, kept.offer.number):
            log_refusal(work, desk, person, kept, f"request {taken.request.id} speaks for it")
            return taken
        return Submitted(_write(work, desk, person, ask, kept, verdict))


def _write(  # noqa: PLR0917 - one short call each, in the order of the sentence
    work: UnitOfWork, desk: Desk, person: Person, ask: Ask, kept: KeptOffer, verdict: Verdict
) -> KeptRequest:
    request = requests.add(work, _new_request(desk, person, ask, verdict))
    purchase = request and purchases.add(work, request, kept.offer)
    if not request or not purchase:
        raise _LostRace
    _log_submission(work, desk, person, request, purchase)
    if request.status is RequestStatus.APPROVED:
        queue(work, purchase.id)
    record.redraw(work, request.id)
    return request


def _new_request(desk: Desk, person: Person, ask: Ask, verdict: Verdict) -> NewRequest:
    return NewRequest(
        person=person,
        account=desk.account,
        origin_key=ask.origin_key,
        channel=ask.channel,
        reason=ask.reason,
        options=ask.options,
        status=RequestStatus.PENDING if verdict.approvals else RequestStatus.APPROVED,
        rule=verdict.rule,
        policy_sha=desk.policy_sha,
        approvals_needed=verdict.approvals,
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
    record.by_person(
        work,
        desk,
        person,
        Action.REQUEST_SUBMITTED,
        request=request,
        purchase_id=purchase.id,
        number=purchase.number,
        reason=request.reason,
        changes=changes,
        context={"channel": request.channel, "policy": desk.policy_sha},
    )
