"""Preview: what a purchase would cost, who must approve it and by which rule, before anybody asks."""

from dataclasses import dataclass

from bot.model.policy import Members, Verdict, Wish, decide
from bot.model.request import Person
from bot.usecases.desk import Desk
from storage import purchases, requests, searches
from storage.requests import KeptRequest
from storage.searches import KeptOffer
from storage.unit_of_work import UnitOfWork
from storage.purchases import KeptPurchase
from bot.model.offer import Offer


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


def preview(desk: Desk, person: Person, offer_id: str) -> Preview | OfferGone | Taken:
    """What would happen if this person asked for this offer. May ask Slack who is in a group."""
    with desk.database.read() as work:
        kept = searches.offer(work, person.workspace, offer_id)
        if kept is None:
            return OfferGone()
        taken = taken_by(work, desk, kept.offer.number)
    if taken:
        return taken
    return Preview(kept, judge(desk, person, kept.offer, desk.groups.asked(person.workspace)))


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
