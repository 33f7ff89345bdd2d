"""Reprice: the price is what the approver saw. A dearer one goes back to the approvers, once."""

from decimal import Decimal

from bot.model.audit import Action
from bot.model.money import format_usd
from bot.model.offer import Offer
from bot.model.policy import Verdict
from bot.model.purchase import PurchaseStatus
from bot.model.request import Person
from bot.usecases import record
from bot.usecases.conclude import Order, conclude
from bot.usecases.desk import Desk
from bot.usecases.preview import judge
from storage import jobs, purchases, requests, searches
from storage.purchases import KeptPurchase
from storage.unit_of_work import UnitOfWork

_S = PurchaseStatus


def is_dearer(fresh: Offer, purchase: KeptPurchase) -> bool:
    """Whether the number now costs more, once or monthly, than what was approved."""
    return fresh.setup > purchase.setup or (fresh.monthly or 0) > purchase.monthly


def reprice(desk: Desk, order: Order, fresh: Offer) -> None:
    """Asks the approvers anew, with both prices; refuses if nobody else can say yes to the new one."""
    request = order.request
    person = Person(request.workspace, request.requester)
    verdict = judge(desk, person, fresh, desk.groups.asked(request.workspace))
    both = f"from {_price(order.purchase.setup, order.purchase.monthly)} to {_price_of(fresh)}"
    with desk.database.write() as work:
        if verdict.allowed and (request.approvals_needed or verdict.approvals):
            if _ask_again(work, order, fresh, verdict, both):
                return
            note = f"The price rose again, {both}; nothing was bought."
        elif verdict.allowed:
            note = f"The price rose {both} since you confirmed it; nothing was bought. Search again to ask."
        else:
            note = f"The price rose {both}, and the policy refuses that: {verdict.deny_reason}"
        conclude(work, order, _S.REFUSED, origins={_S.QUEUED}, note=note)


def _ask_again(work: UnitOfWork, order: Order, fresh: Offer, verdict: Verdict, both: str) -> bool:
    needed = max(1, verdict.approvals)
    if not requests.ask_again(work, order.request.id, rule=verdict.rule, approvals_needed=needed):
        return False
    purchases.move(
        work,
        order.purchase.id,
        {_S.QUEUED},
        _S.WAITING,
        setup=fresh.setup,
        monthly=fresh.monthly,
        setup_before=order.purchase.setup,
        monthly_before=order.purchase.monthly,
        details=searches.to_json(fresh),
    )
    jobs.remove(work, f"buy:{order.purchase.id}")
    record.of_purchase(
        work, order.request, order.purchase, Action.REQUEST_REPRICED, reason=f"The price rose {both}."
    )
    record.tell(work, order.request.id, "repriced")
    return True


def _price(setup: Decimal, monthly: Decimal) -> str:
    return f"{format_usd(monthly)}/month + {format_usd(setup)} set-up"


def _price_of(offer: Offer) -> str:
    return _price(offer.setup, offer.monthly or Decimal(0))
