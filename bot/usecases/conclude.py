"""Conclude: writes down what became of a call, in one transaction, and has everybody told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.audit import SYSTEM, Action, Actor, Outcome
from bot.model.purchase import HELD, PurchaseStatus
from bot.model.request import RequestStatus
from bot.usecases import deadlines, record
from storage import jobs, purchases, requests
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
_OPEN = frozenset({_S.UNKNOWN, _S.NEEDS_HUMAN, _S.QUEUED})
_NOT_CALLED = frozenset({_S.WAITING, _S.QUEUED})
_SPOKEN_FOR = frozenset({_S.BUYING, _S.UNKNOWN, _S.NEEDS_HUMAN})
"""States of a purchase that was called for and whose number nobody else can have meanwhile."""


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
    values = {"of_attempt": of_attempt, "note": note, "api_id": api_id or order.purchase.api_id, **values}
    if to is _S.UNKNOWN and of_attempt is not None:
        values["answer"] = note  # the note will say what asking came to
    way = _Way()
    if to in HELD and of_attempt is not None:
        was, way = _take_in(work, order, to, values)
    else:
        was = purchases.move(work, order.purchase.id, origins, to, **values)
    if was is None:
        return False
    # the log comes last of all locks
    way.log(work)
    action, outcome = ACTIONS[to]
    context = {"api_id": api_id} if api_id else {}
    record.of_purchase(
        work, order.request, order.purchase, action, outcome, actor=actor, reason=note, context=context
    )
    _follow_up(work, order, was, to)
    return True


@dataclass(frozen=True, slots=True)
class _Way:
    """Whether a number that arrived late can take its place, and who gave way to it."""

    blocked_by: str | None = None  #: a request that has called for the number itself
    gave_way: Order | None = None
    why: str = ""
    ended: bool = False  #: it still waited for a decision

    def log(self, work: UnitOfWork) -> None:
        if self.gave_way:
            request, purchase = self.gave_way.request, self.gave_way.purchase
            if self.ended:
                record.of_request(work, request, Action.REQUEST_CANCELLED, reason=self.why)
                record.tell_approvers(work, request, "overtaken")
            failed = (Action.PURCHASE_REFUSED, Outcome.FAILURE)
            record.of_purchase(work, request, purchase, *failed, reason=self.why)
            record.tell(work, request, "refused")


def _take_in(
    work: UnitOfWork, order: Order, to: PurchaseStatus, values: Mapping[str, Any]
) -> tuple[PurchaseStatus | None, _Way]:
    """Moves a purchase whose number arrived; a later request that speaks for the number by now makes way."""
    if was := purchases.move(work, order.purchase.id, _SPOKEN_FOR, to, **values):
        return was, _Way()
    way = _make_room(work, order, values["of_attempt"])
    if way.blocked_by:
        _log_clash(work, order, way.blocked_by)
        return None, way
    was = purchases.move(work, order.purchase.id, {_S.NOT_BOUGHT}, to, **values)
    if was is None and way.gave_way:
        raise RuntimeError("a purchase moved in the moment in which another made room for it")
    return was, way


def _make_room(work: UnitOfWork, order: Order, attempt: str) -> _Way:
    """Lets a number that arrived late take the place of a later request for it, which cannot be bought now.

    Blocked if that one has been called for itself: then the provider's list says it is held, and by whom is
    for people to sort out. Both stand in the log.
    """
    mine = purchases.get(work, order.purchase.id)
    if mine is None or mine.attempt != attempt or mine.status is not _S.NOT_BOUGHT:
        return _Way()  # it speaks for the number itself, or the move will say no
    other = purchases.live(work, order.purchase.account, order.purchase.number)
    if other is None:
        return _Way()
    why = f"Request {order.request.id} bought this number; its answer came late."
    # the request first, as always
    ended = requests.end(work, other.request_id, RequestStatus.CANCELLED, None)
    request = ended or requests.get(work, other.request_id)
    if request is None or not purchases.move(work, other.id, _NOT_CALLED, _S.REFUSED, note=why):
        return _Way(blocked_by=other.request_id)
    deadlines.disarm(work, request)
    jobs.remove(work, f"buy:{other.id}")
    return _Way(gave_way=Order(request, other), why=why, ended=ended is not None)


def _log_clash(work: UnitOfWork, order: Order, other: str) -> None:
    record.of_purchase(
        work, order.request, order.purchase, Action.PURCHASE_UNKNOWN, Outcome.UNKNOWN,
        reason=f"The provider says bought, and request {other} has called for it as well.",
    )  # fmt: skip


def _follow_up(work: UnitOfWork, order: Order, before: PurchaseStatus, to: PurchaseStatus) -> None:
    if to not in _OPEN:
        jobs.remove(work, f"settle:{order.purchase.id}")
    if to in HELD and order.request.options.alias:
        jobs.put(work, f"alias:{order.purchase.id}")
    # A number bought at once is on its card within seconds; everything else the requester waits for.
    expected = to is _S.BOUGHT and before is _S.BUYING and order.request.approvals_needed == 0
    if to is _S.NEEDS_HUMAN:
        record.tell_approvers(work, order.request, to.value)
    if to is not _S.QUEUED and not expected:
        record.tell(work, order.request, to.value)
