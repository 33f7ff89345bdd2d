"""Reprice: the price is what the approver saw. A dearer one goes back to the approvers."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.model.audit import Action
from bot.model.errors import NotSent
from bot.model.money import format_usd
from bot.model.offer import Offer
from bot.model.purchase import PurchaseStatus
from bot.model.rules import Verdict
from bot.usecases import deadlines, record
from bot.usecases.conclude import Order, conclude
from bot.usecases.desk import Desk
from bot.usecases.directory import Listed
from bot.usecases.judge import judge, learn
from bot.usecases.look_up import RequestView, view_of
from bot.usecases.provider import offer_of
from storage import jobs, purchases, requests
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest, Round
from storage.unit_of_work import UnitOfWork

_S = PurchaseStatus


@dataclass(frozen=True, slots=True)
class Same:
    """The number is still offered, and not dearer."""


@dataclass(frozen=True, slots=True)
class Dearer:
    """The price rose since it was asked for; whoever approves, approves the new one."""

    view: RequestView  #: with the new price, the new round and the rule that counts now
    confirm_by_typing: bool  #: whether that rule asks for the number's last four digits


@dataclass(frozen=True, slots=True)
class Gone:
    """The provider does not offer the number any more."""


@dataclass(frozen=True, slots=True)
class DearerThanAllowed:
    """The price rose, and the policy or the budget does not allow the new one."""

    offer: Offer
    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The request was decided, or repriced by somebody else, while the provider was asked."""


PriceLook = Same | Dearer | Gone | DearerThanAllowed | Moved


class _CalledFor(Exception):
    """Another worker, who saw the price that was approved, is buying it: nothing of this may stay."""


class _TooDear(Exception):
    """The budget does not allow the new price: nothing of this unit of work may stay."""


def is_dearer(fresh: Offer, purchase: KeptPurchase) -> bool:
    """Whether the number now costs more, once or monthly, than what was confirmed."""
    return fresh.setup > purchase.setup or (fresh.monthly or 0) > purchase.monthly


def look_again(desk: Desk, seen: KeptRequest, purchase: KeptPurchase) -> PriceLook:
    """Asks the provider what a number that waits for approval costs by now, and writes down a higher price.

    Then a new round begins: what was approved so far was about another price. Raises ProviderError.
    """
    fresh = offer_of(desk, purchase.number, purchase.offer.country)
    if fresh is None or fresh.monthly is None:
        return Gone()
    if not is_dearer(fresh, purchase):
        return Same()
    learn(desk, seen.workspace, *seen.parties)
    try:
        return _raise_price(desk, seen, purchase, fresh)
    except _TooDear as problem:
        return DearerThanAllowed(fresh, str(problem))


def _raise_price(desk: Desk, seen: KeptRequest, purchase: KeptPurchase, fresh: Offer) -> PriceLook:
    with desk.database.write() as work:
        verdict = judge(desk, Listed(work, seen.workspace), seen.parties, fresh)
        if not verdict.allowed:
            return DearerThanAllowed(fresh, verdict.deny_reason or "")
        request = requests.new_round(work, seen, _round(verdict))
        if request is None:
            return Moved()
        _write_price(work, desk, request, purchase, fresh)
        record.tell_approvers(work, request, "repriced")
        return Dearer(view_of(work, desk, request), verdict.confirm_by_typing)


def reprice(desk: Desk, order: Order, fresh: Offer) -> None:
    """Sends a purchase that became dearer back to the approvers, with both prices, once.

    Refused if it rose again, if nobody was asked for it, or if policy or budget do not allow the new price.
    Raises NotSent if who people are cannot be looked up.
    """
    request = order.request
    learn(desk, request.workspace, *request.parties)
    try:
        refusal = _ask_again(desk, order, fresh)
    except _CalledFor:
        return
    except _TooDear as problem:
        refusal = f"The price rose {_both(order.purchase, fresh)}. {problem}"
    if refusal:
        with desk.database.write() as work, suppress(_CalledFor):
            _still(work, request)
            conclude(work, order, _S.REFUSED, origins={_S.QUEUED}, note=refusal)


def _still(work: UnitOfWork, seen: KeptRequest) -> None:
    """Raises _CalledFor if another worker took the request to another price: this one was held up."""
    now = requests.get(work, seen.id)
    if now is None or now.round != seen.round:
        raise _CalledFor


def _ask_again(desk: Desk, order: Order, fresh: Offer) -> str | None:
    """Writes all of it in one transaction; or the reason why it is refused instead."""
    request, purchase = order.request, order.purchase
    both = _both(purchase, fresh)
    with desk.database.write() as work:
        verdict = judge(desk, Listed(work, request.workspace), request.parties, fresh)
        if verdict.unknown:
            raise NotSent("Who may buy what could not be looked up in Slack.")
        if not verdict.allowed:
            return f"The price rose {both}, and the policy refuses that: {verdict.deny_reason}"
        if not (request.approvals_needed or verdict.approvals):
            return f"The price rose {both} since you confirmed it; nothing was bought. Search again to ask."
        again = requests.ask_again(work, request, _round(verdict), expires_at=_end(desk, work.now))
        if again is None:
            _still(work, request)
            return f"The price rose again, {both}; nothing was bought."
        if not purchases.move(work, purchase.id, {_S.QUEUED}, _S.WAITING):
            raise _CalledFor
        _write_price(work, desk, again, purchase, fresh)
        jobs.remove(work, f"buy:{purchase.id}")
        deadlines.arm(work, desk, again)
        if request.approvals_needed:  # else its card is new to them, and calls them by itself
            record.tell_approvers(work, again, "repriced")
    return None


def _round(verdict: Verdict) -> Round:
    return Round(rule=verdict.rule, approvals_needed=max(1, verdict.approvals), channel=verdict.channel)


def _end(desk: Desk, now: datetime) -> datetime | None:
    more = deadlines.more_time(desk)
    return now + more if more else None


def _write_price(
    work: UnitOfWork, desk: Desk, request: KeptRequest, purchase: KeptPurchase, fresh: Offer
) -> None:
    if exceeded := purchases.reprice(work, purchase, fresh, desk.budgets):
        left = format_usd(max(exceeded.spent.left or Decimal(0), Decimal(0)))
        raise _TooDear(f"The budget of {purchase.budget_month} has {left} left; nothing was bought.")
    reason = f"The price rose {_both(purchase, fresh)}."
    record.of_purchase(work, request, purchase, Action.REQUEST_REPRICED, reason=reason)
    record.tell(work, request, "repriced")


def _both(purchase: KeptPurchase, fresh: Offer) -> str:
    before = _price(purchase.setup, purchase.monthly)
    return f"from {before} to {_price(fresh.setup, fresh.monthly or Decimal(0))}"


def _price(setup: Decimal, monthly: Decimal) -> str:
    return f"{format_usd(monthly)}/month + {format_usd(setup)} set-up"
