"""Why something is not possible: what is the case, and what to do."""

from decimal import Decimal
from typing import assert_never

from bot.model.budget import Exceeded
from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from bot.usecases import settle_by_hand
from bot.usecases.preview import NotAllowed, OfferGone, Taken
from bot.usecases.quorum import Unreachable
from bot.usecases.submit import NotForThem, OutOfReach, OverBudget, Refusal
from handlers.ui.text import clean, count, escape, user, when, who

MOST_PEOPLE = 10
MOST_BELOW = 1000
"""Characters below an input."""

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
            each = " ".join(map(over_budget, exceeded))
            return f"{each} Nothing was bought. {who_raises(raised_by)}"
        case NotForThem():
            return f"{escape(_not_for(outcome), 600)} Nothing was bought."
        case OutOfReach(why):
            return f"{out_of_reach(why)} Nothing was asked for."
    assert_never(outcome)


def not_for_them(outcome: Refusal) -> str | None:
    """What to say below the choice of for whom it is, if that alone stands in the way; plain text."""
    match outcome:
        case NotForThem():
            return f"{_not_for(outcome)} Choose somebody else, or leave it empty."[:MOST_BELOW]
        case OutOfReach(why) if why.chosen:
            able = count(len(why.able), "approver")
            return (
                f"They are an approver, and nobody approves what is for them: {able} would be left, and "
                f"{count(why.needed, 'approval')} are needed. Choose somebody else, or leave it empty."
            )
    return None


def _not_for(outcome: NotForThem) -> str:
    return f"It cannot be for {clean(outcome.name, 80)}. {outcome.verdict.deny_reason or ''}"


def out_of_reach(why: Unreachable) -> str:
    """Which approvers there are, how many are needed, who does not count and why, and what to do."""
    able = f"only {people(why.able)}" if why.able else "nobody"
    needed = f"This needs {count(why.needed, 'approval')} (rule “{escape(why.rule)}”)"
    lines = [f"{needed}, and {able} could approve it, so it could only expire."]
    if why.own:
        lines.append(f"{people(why.own)} cannot: nobody approves what they ask for, or what is for them.")
    if why.outside:
        lines.append(
            f"{people(why.outside)} cannot: guests, apps, people of other workspaces and deactivated "
            "accounts decide nothing."
        )
    lines.append("Somebody else can ask for it, or whoever keeps the policy file names more approvers.")
    return " ".join(lines)


def people(ids: tuple[str, ...]) -> str:
    """Some people as mentions, for a form, in which nobody is pinged."""
    more = len(ids) - MOST_PEOPLE
    shown = ", ".join(who(one) for one in ids[:MOST_PEOPLE])
    return f"{shown} and {count(more, 'other')}" if more > 0 else shown


def over_budget(exceeded: Exceeded) -> str:
    """By how much a wish does not fit into one budget."""
    spent = exceeded.spent
    whose = "Your budget" if spent.spender else "The workspace's budget"
    limit, left = format_usd(spent.limit or Decimal(0)), format_usd(max(spent.left or Decimal(0), Decimal(0)))
    return (
        f"{whose} of {limit} for this month (UTC) has {left} left. This needs "
        f"{format_usd(exceeded.wanted)}, {format_usd(exceeded.over_by)} too much."
    )


def who_raises(people: tuple[str, ...]) -> str:
    """Who can be asked for a larger budget."""
    if not people:
        return "Whoever keeps the policy file can raise it."
    return f"{', '.join(who(one) for one in people)} can raise it."


def not_settled(outcome: settle_by_hand.Unsettled) -> str:
    """Why there is nothing to settle."""
    match outcome:
        case settle_by_hand.MayNotSettle(reason):
            return f"{escape(reason)} Nothing was changed."
        case settle_by_hand.NotOpen(order):
            status = order.purchase.status.replace("_", " ")
            return (
                f"{format_number(order.purchase.number)} is settled already: {status}. Nothing was changed."
            )
        case settle_by_hand.TooEarly(order, until):
            return (
                f"{format_number(order.purchase.number)} may be bought though the provider does not list it "
                f"yet: its list may lag until {when(until)}. Nothing was changed; the desk goes on asking."
            )
        case settle_by_hand.NoSuchPurchase():
            return "This purchase is not known here. Nothing was changed."
    assert_never(outcome)
