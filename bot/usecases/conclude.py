"""Conclude: writes down what became of a call, in one transaction, and has everybody told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.model.audit import SYSTEM, Action, Actor, Outcome
from bot.model.purchase import PurchaseStatus
from bot.usecases import record
from storage import jobs, purchases
from storage.purchases import KeptPurchase
from storage.requests import KeptRequest
from storage.unit_of_work import UnitOfWork

_S = PurchaseStatus

ACTIONS = {
    _S.BOUGHT: (Action.PURCHASE_BOUGHT, Outcome.SUCCESS),
    _S.AWAITING_DOCUMENTS: (Action.PURCHASE_AWAITING_DOCUMENTS, Outcome.SUCCESS),
    _S.REFUSED: (Action.PURCHASE_REFUSED, Outcome.FAILURE),
    _S.UNKNOWN: (Action.PURCHASE_UNKNOWN, Outcome.UNKNOWN),
    _S.NOT_BOUGHT: (Action.PURCHASE_NOT_BOUGHT, Outcome.FAILURE),
    _S.NEEDS_HUMAN: (Action.PURCHASE_NEEDS_HUMAN, Outcome.UNKNOWN),
    _S.QUEUED: (Action.PURCHASE_POSTPONED, Outcome.FAILURE),
}
HELD = frozenset({_S.BOUGHT, _S.AWAITING_DOCUMENTS})
_OPEN = frozenset({_S.UNKNOWN, _S.NEEDS_HUMAN, _S.QUEUED})
_ANY_TIME_BEFORE = frozenset({_S.BUYING, _S.UNKNOWN, _S.NOT_BOUGHT, _S.NEEDS_HUMAN})


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase with its request."""

    request: KeptRequest
    purchase: KeptPurchase


def conclude(
    work: UnitOfWork,
    order: Order,
    to: PurchaseStatus,
    *,
    origins: Iterable[PurchaseStatus] = (_S.BUYING,),
    of_attempt: str | None = None,
    note: str | None = None,
    api_id: str | None = None,
    actor: Actor = SYSTEM,
    **values: Any,
) -> bool:
    """Moves the purchase to `to` with its event, its cards and its jobs; False if it stands elsewhere.

    That the provider holds the number is true whenever it is learned: it is taken in from every
    state in which it may still come.
    """
    origins = _ANY_TIME_BEFORE if to in HELD and of_attempt else origins
    before = purchases.get(work, order.purchase.id)
    moved = purchases.move(
        work, order.purchase.id, origins, to,
        of_attempt=of_attempt, note=note, api_id=api_id or order.purchase.api_id, **values,
    )  # fmt: skip
    if before is None or not moved:
        return False
    action, outcome = ACTIONS[to]
    context = {"api_id": api_id} if api_id else {}
    record.of_purchase(
        work, order.request, order.purchase, action, outcome, actor=actor, reason=note, context=context
    )
    _follow_up(work, order, before.status, to)
    return True


def _follow_up(work: UnitOfWork, order: Order, before: PurchaseStatus, to: PurchaseStatus) -> None:
    if to not in _OPEN:
        jobs.remove(work, f"settle:{order.purchase.id}")
    if to in HELD and order.request.options.alias:
        jobs.put(work, f"alias:{order.purchase.id}")
    # A number bought at once is on its card within seconds; everything else the requester waits for.
    expected = to is _S.BOUGHT and before is _S.BUYING and order.request.approvals_needed == 0
    if to is not _S.QUEUED and not expected:
        record.tell(work, order.request.id, to.value)
