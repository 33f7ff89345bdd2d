"""Preview: what a purchase would cost, who must approve it and by which rule, before anybody asks."""

from dataclasses import dataclass
from decimal import Decimal

from bot.model.audit import Action, Outcome
from bot.model.budget import Exceeded, Spent, exceeded, month_of
from bot.model.money import format_usd
from bot.model.request import Person
from bot.model.rules import Verdict
from bot.usecases import record
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import judge, learn
from bot.usecases.quorum import Unreachable, all_are_needed, unreachable
from storage import budgets, purchases, requests, searches
from storage.budgets import Purse
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest
from storage.searches import KeptOffer
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Preview:
    """An offer and what the policy says of it, for this person."""

    kept: KeptOffer
    verdict: Verdict
    budgets: tuple[Spent, Spent]  #: this month's: of all together, and of this person
    may_break_glass: bool  #: whether this person may buy without approval, in an emergency
    unreachable: Unreachable | None = None  #: asked for, it could only expire
    all_are_needed: bool = False  #: so it cannot be for one of the approvers

    @property
    def exceeded(self) -> tuple[Exceeded, ...]:
        """The budgets into which it does not fit."""
        return exceeded(self.budgets, self.kept.offer.due_today or Decimal(0))


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


Unavailable = NotAllowed | OfferGone | Taken


def preview(desk: Desk, person: Person, offer_id: str) -> Preview | Unavailable:
    """What would happen if this person asked for this offer; an attempt that leads nowhere is logged.

    Asks Slack who people are; what it learns is what `submit` relies on a moment later.
    """
    learn(desk, person.workspace, person.user)
    with desk.database.write() as work:
        return _preview(work, desk, person, offer_id)


def preview_break_glass(desk: Desk, person: Person, offer_id: str) -> Preview | Unavailable:
    """The same for buying without approval; whoever may not is refused, which is logged."""
    learn(desk, person.workspace, person.user)
    with desk.database.write() as work:
        seen = _preview(work, desk, person, offer_id)
        if not isinstance(seen, Preview) or seen.may_break_glass:
            return seen
        verdict = no_glass(seen.verdict)
        log_refusal(work, desk, person, seen.kept, verdict.deny_reason)
        return NotAllowed(verdict)


def _preview(work: UnitOfWork, desk: Desk, person: Person, offer_id: str) -> Preview | Unavailable:
    kept = searches.offer(work, person.workspace, offer_id)
    if kept is None:
        log_refusal(work, desk, person, None, "the offer is older than a day")
        return OfferGone()
    if taken := taken_by(work, desk, kept.offer.number):
        log_refusal(work, desk, person, kept, f"request {taken.request.id} speaks for it")
        return taken
    listed = Listed(work, person.workspace)
    verdict = judge(desk, listed, (person.user,), kept.offer)
    if not verdict.allowed:
        log_refusal(work, desk, person, kept, verdict.deny_reason)
        return NotAllowed(verdict)
    spent = budgets.spent(work, purse_of(work, desk, person), desk.budgets)
    seen = Preview(
        kept,
        verdict,
        spent,
        bool(verdict.approvals) and may_break_glass(desk, person),
        unreachable(desk, listed, (person.user,), verdict),
        all_are_needed(desk, listed, person.user, verdict),
    )
    if seen.exceeded:
        log_refusal(work, desk, person, kept, by_how_much(seen.exceeded))
    elif seen.unreachable and not seen.may_break_glass:
        log_refusal(work, desk, person, kept, seen.unreachable.short)
    return seen


def by_how_much(over: tuple[Exceeded, ...]) -> str:
    """For the log, into which budgets a wish does not fit, and by how much."""
    return " and ".join(map(_over_one, over))


def _over_one(over: Exceeded) -> str:
    whose = "the person's" if over.spent.spender else "the workspace's"
    limit = format_usd(over.spent.limit or Decimal(0))
    return f"over {whose} budget of {limit} by {format_usd(over.over_by)}"


def no_glass(verdict: Verdict) -> Verdict:
    """The refusal of somebody whom the policy does not let buy without approval, or who needs none."""
    why = "The policy does not let you buy without approval."
    if not verdict.approvals:
        why = "This number needs no approval: confirm the purchase as usual."
    return Verdict(allowed=False, rule=verdict.rule, deny_reason=why)


def may_break_glass(desk: Desk, person: Person) -> bool:
    """Whether the policy lets this person buy without approval."""
    glass = desk.policy.break_glass if desk.policy else None
    return glass is not None and person.user in glass.users


def purse_of(work: UnitOfWork, desk: Desk, person: Person) -> Purse:
    """What this person spends from now."""
    return Purse(person.workspace, desk.account, month_of(work.now), person.user)


def taken_by(work: UnitOfWork, desk: Desk, number: str) -> Taken | None:
    """Whose request speaks for a number: while it does, nobody else's can."""
    held = purchases.live(work, desk.account, number)
    request = held and requests.get(work, held.request_id)
    return Taken(request, held) if held and request else None


def log_refusal(
    work: UnitOfWork, desk: Desk, person: Person, kept: KeptOffer | None, why: str | None
) -> None:
    """Notes that somebody asked for a number and may not have it."""
    number = kept.offer.number if kept else None
    record.by_person(
        work, desk, person, Action.REQUEST_SUBMITTED,
        outcome=Outcome.DENIED, number=number, reason=why, context={"policy": desk.policy_sha},
    )  # fmt: skip
