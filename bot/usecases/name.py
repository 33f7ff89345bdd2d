"""Name: gives a bought number the alias that was asked for; it may fail without harm to the purchase."""

from bot.model.audit import Action, Outcome
from bot.model.errors import ProviderError
from bot.usecases import record
from bot.usecases.buy import load
from bot.usecases.conclude import Order
from bot.usecases.desk import Desk
from storage import purchases

AGAIN_AFTER = (5.0, 30.0, 120.0)
"""Seconds until the next try; naming a number twice does no harm."""


def name(desk: Desk, purchase_id: str, tries: int) -> float | None:
    """Names the number; the seconds until the next try, or None when it is done or given up."""
    order = load(desk.database, purchase_id)
    alias = order.request.options.alias if order else None
    if order is None or alias is None:
        return None
    try:
        desk.provider.set_alias(order.purchase.number, alias)
    except ProviderError as problem:
        if tries <= len(AGAIN_AFTER):
            return AGAIN_AFTER[tries - 1]
        _note(desk, order, Outcome.FAILURE, f"could not be named “{alias}”: {problem}")
    else:
        _note(desk, order, Outcome.SUCCESS, f"named “{alias}”")
    return None


def _note(desk: Desk, order: Order, outcome: Outcome, note: str) -> None:
    with desk.database.write() as work:
        purchases.note(work, order.purchase.id, alias_note=note)
        record.of_purchase(work, order.request, order.purchase, Action.NUMBER_NAMED, outcome, reason=note)
