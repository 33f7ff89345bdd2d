"""What a person needs who says what became of a purchase: all that is known, and what each word does."""

from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.purchase import PurchaseStatus
from handlers.ui.text import count, escape, when
from storage.purchases import KeptPurchase

LATER = "If the provider answers later, its answer counts, and everybody is told."


def facts(purchase: KeptPurchase) -> list[str]:
    """The call, its answer, what was asked since, where to look, and what the two buttons do."""
    return [_call(purchase), _asked(purchase), _where(purchase), *_buttons(purchase)]


def effect(purchase: KeptPurchase, to: PurchaseStatus) -> str:
    """What saying so does."""
    amount = format_usd(purchase.amount)
    if to is PurchaseStatus.BOUGHT:
        return f"The number counts as ours and {amount} as spent, and the requester is told."
    return f"Nothing counts as spent, {amount} is free again, and the requester is told to ask anew."


def where(number: str) -> str:
    """What to look at before saying anything."""
    return (
        f"Look in the provider's console, under Phone Numbers, Your Numbers, for {format_number(number)}; "
        "and in its billing, for the charge."
    )


def _call(purchase: KeptPurchase) -> str:
    at = f" {when(purchase.call_at)}" if purchase.call_at else ""
    if not purchase.answer:
        return f"The provider was called{at}; no answer was recorded."
    api_id = f" (provider's id {escape(purchase.api_id, 100)})" if purchase.api_id else ""
    return f"The provider was called{at} and answered: “{escape(purchase.answer, 300)}”{api_id}"


def _asked(purchase: KeptPurchase) -> str:
    times = count(purchase.looks, "time")
    last = f" The last time: “{escape(purchase.note, 300)}”" if purchase.note else ""
    return f"Asked {times} since then whether the account holds it, and asked on.{last}"


def _where(purchase: KeptPurchase) -> str:
    on = f" on {purchase.call_at:%Y-%m-%d} (UTC)" if purchase.call_at else ""
    return f"{where(purchase.number)} Only one that was added{on} is this purchase's."


def _buttons(purchase: KeptPurchase) -> list[str]:
    bought, not_bought = (effect(purchase, to) for to in (PurchaseStatus.BOUGHT, PurchaseStatus.NOT_BOUGHT))
    return [
        f"*It was bought*: {bought}",
        f"*It was not bought*: {not_bought}",
        f"Either needs a reason, from an approver, and stands in the log. {LATER}",
    ]
