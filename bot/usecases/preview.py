"""Preview: what a purchase would cost, who must approve it and by which rule, before anybody asks."""

from dataclasses import dataclass

from bot.model.audit import Action, Outcome
from bot.model.offer import Offer
from bot.model.policy import Members, Verdict, Wish, decide
from bot.model.request import Person
from bot.usecases import record
from bot.usecases.desk import Desk
from storage import purchases, requests, searches
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest
from storage.searches import KeptOffer
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Preview:
    """An offer and what the policy says of it, for this person."""

    kept: KeptOffer
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class OfferGone:
    """The offer is older than a day, or was never here."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody's request already speaks for this number."""

    request: KeptRequest
    purchase: KeptPurchase


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The policy says no, and this is why."""

    verdict: Verdict


def preview(desk: Desk, person: Person, offer_id: str) -> Preview | NotAllowed | OfferGone | Taken:
    """What would happen if this person asked for this offer; a refusal is logged.

    May ask Slack who is in a group; what it learns is what `submit` relies on a moment later.
    """
    with desk.database.read() as work:
        kept = searches.offer(work, person.workspace, offer_id)
        if kept is None:
            return OfferGone()
        taken = taken_by(work, desk, kept.offer.number)
    if taken:
        return taken
    verdict = judge(desk, person, kept.offer, desk.groups.asked(person.workspace))
    if verdict.allowed:
        return Preview(kept, verdict)
    with desk.database.write() as work:
        log_refusal(work, desk, person, kept, verdict.deny_reason)
    return NotAllowed(verdict)


def taken_by(work: UnitOfWork, desk: Desk, number: str) -> Taken | None:
    """Whose request speaks for a number: while it does, nobody else's can."""
    held = purchases.live(work, desk.account, number)
    request = held and requests.get(work, held.request_id)
    return Taken(request, held) if held and request else None


def judge(desk: Desk, person: Person, offer: Offer, members: Members) -> Verdict:
    """What the policy says of this offer for this person."""
    wish = Wish(
        user=person.user,
        country=offer.country,
        type=offer.type,
        monthly=offer.monthly,
        setup=offer.setup,
        number=offer.number,
    )
    return decide(desk.policy, wish, members)


def log_refusal(work: UnitOfWork, desk: Desk, person: Person, kept: KeptOffer, why: str | None) -> None:
    """Notes that somebody asked for a number and may not have it."""
    record.by_person(
        work, desk, person, Action.REQUEST_SUBMITTED,
        outcome=Outcome.DENIED, number=kept.offer.number, reason=why, context={"policy": desk.policy_sha},
    )  # fmt: skip
