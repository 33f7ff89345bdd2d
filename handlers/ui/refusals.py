"""Why something is not possible: what is the case, and what to do."""

from decimal import Decimal
from typing import assert_never

from bot.model.budget import Exceeded
from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from bot.usecases import settle_by_hand
from bot.usecases.preview import NotAllowed, OfferGone, Taken
from bot.usecases.submit import OverBudget, Refusal
from handlers.ui.text import escape, user, when, who

SEARCH_GONE = "These offers are older than a day. Please search again: prices and numbers may have changed."
_STANDS = {
    PurchaseStatus.BOUGHT: "has bought it",
    PurchaseStatus.AWAITING_DOCUMENTS: "has bought it; it waits for documents",
    PurchaseStatus.WAITING: "waits for approval",
}


def not_offered(outcome: Refusal) -> str:
    """Why a number cannot be asked for."""
    match outcome:
        case NotAllowed(verdict):
            rule = f" (rule “{escape(verdict.rule)}”)" if verdict.rule else ""
            return f"{escape(verdict.deny_reason or '')}{rule} Nothing was bought."
        case OfferGone():
            return "This offer is older than a day. Please search again: the price may have changed."
        case Taken(request, purchase):
            stands = _STANDS.get(purchase.status, "is buying it")
            return (
                f"{user(request.requester)} asked for {format_number(purchase.number)} "
                f"{when(request.created_at)}: request {request.id} {stands}. Nothing was changed."
            )
        case OverBudget(exceeded, raised_by):
            return f"{over_budget(exceeded)} {who_raises(raised_by)}"
    assert_never(outcome)


def over_budget(exceeded: Exceeded) -> str:
    """By how much a wish does not fit."""
    spent = exceeded.spent
    whose = "Your budget" if spent.spender else "The workspace's budget"
    limit, left = format_usd(spent.limit or Decimal(0)), format_usd(max(spent.left or Decimal(0), Decimal(0)))
    return (
        f"{whose} of {limit} for this month (UTC) has {left} left. This needs "
        f"{format_usd(exceeded.wanted)}, {format_usd(exceeded.over_by)} too much. Nothing was bought."
    )


def who_raises(people: tuple[str, ...]) -> str:
    """Who can be asked for a larger budget."""
    if not people:
        return "Whoever keeps the policy file can raise it."
    return f"{', '.join(who(one) for one in people)} can raise it."


def not_settled(
    outcome: settle_by_hand.MayNotSettle | settle_by_hand.NotOpen | settle_by_hand.NoSuchPurchase,
) -> str:
    """Why there is nothing to settle."""
    match outcome:
        case settle_by_hand.MayNotSettle(reason):
            return f"{escape(reason)} Nothing was changed."
        case settle_by_hand.NotOpen(order):
            status = order.purchase.status.replace("_", " ")
            return (
                f"{format_number(order.purchase.number)} is settled already: {status}. Nothing was changed."
            )
        case settle_by_hand.NoSuchPurchase():
            return "This purchase is not known here. Nothing was changed."
    assert_never(outcome)
