"""Settle: finds out by asking what became of a call whose answer nobody has."""

from bot.model.errors import ProviderError
from bot.model.provider import RentedNumber
from bot.model.purchase import PurchaseStatus
from bot.usecases.buy import load
from bot.usecases.conclude import Order, conclude
from bot.usecases.desk import Desk
from bot.usecases.provider import LISTED, held_as
from storage import purchases
from storage.unit_of_work import UnitOfWork

_S = PurchaseStatus
ASKABLE = frozenset({_S.UNKNOWN, _S.NEEDS_HUMAN})
"""Where only the provider, or a person who looked there, can say what is the case."""

ASK_AFTER = (1.0, 5.0, 15.0, 60.0)
"""Seconds between the first questions to the provider; then `THEN_EVERY`."""
THEN_EVERY = 120.0


def settle(desk: Desk, purchase_id: str) -> float | None:
    """Asks the provider whether it holds the number; the seconds until the next question, or None.

    Found: bought. Not found: asked again until the window after the call is over, then not bought.
    No clear answer by then: a person has to look, and the desk goes on asking.
    """
    order = load(desk.database, purchase_id)
    if order is not None and order.purchase.status is _S.BUYING:
        if (early := _until_watchdog(desk, order)) > 0:
            return early  # armed by an earlier call of this purchase: that of now may well be answered
        _admit(desk, order)
        order = load(desk.database, purchase_id)
    if order is None or order.purchase.status not in ASKABLE:
        return None
    # Measured before the question: an answer that was true then says nothing about the end of the window.
    left = _left(desk, order)
    try:
        rented = desk.provider.rented_number(
            order.purchase.number, subaccount=order.request.options.subaccount
        )
    except ProviderError as problem:
        return _no_answer(desk, order, left, problem)
    if rented is None:
        return _not_there(desk, order, left)
    _there(desk, order, rented)
    return None


def _admit(desk: Desk, order: Order) -> None:
    """The watchdog fired and nobody wrote a result: the process that called is gone or frozen."""
    with desk.database.write() as work:
        note = "No answer to the call was recorded."
        conclude(work, order, _S.UNKNOWN, of_attempt=order.purchase.attempt, note=note)


def _there(desk: Desk, order: Order, rented: RentedNumber) -> None:
    with desk.database.write() as work:
        _count(work, order)
        # whatever was said meanwhile, by a person or another process: it is there
        conclude(
            work, order, held_as(rented), of_attempt=order.purchase.attempt, origins=ASKABLE, note=LISTED
        )


def _not_there(desk: Desk, order: Order, left: float) -> float | None:
    with desk.database.write() as work:
        _count(work, order)
        if left > 0:
            return min(_pause(order), left)
        note = "The provider did not list it within the time in which it should have; nothing was bought."
        conclude(work, order, _S.NOT_BOUGHT, origins=ASKABLE, note=note)
        return None


def _no_answer(desk: Desk, order: Order, left: float, problem: ProviderError) -> float:
    with desk.database.write() as work:
        _count(work, order)
        if left <= 0:
            note = f"The provider could not be asked: {problem}"
            conclude(work, order, _S.NEEDS_HUMAN, origins={_S.UNKNOWN}, note=note)
    return _pause(order)


def _count(work: UnitOfWork, order: Order) -> None:
    purchases.note(work, order.purchase.id, looks=order.purchase.looks + 1)


def _pause(order: Order) -> float:
    looks = order.purchase.looks
    return ASK_AFTER[looks + 1] if looks + 1 < len(ASK_AFTER) else THEN_EVERY


def _until_watchdog(desk: Desk, order: Order) -> float:
    """Seconds in which whoever called may still write down an answer; none if the clock was set back far.

    A call that lies just ahead is one that another process has dated: each counts the clock on by itself.
    """
    with desk.database.read() as work:
        passed = (work.now - (order.purchase.call_at or order.purchase.updated_at)).total_seconds()
    return desk.timing.buy_watchdog - passed if passed > -desk.timing.buy_watchdog else 0


def _left(desk: Desk, order: Order) -> float:
    """Seconds until a number that is not listed counts as not bought."""
    called = order.purchase.call_at or order.purchase.updated_at
    with desk.database.read() as work:
        now = work.now
    return desk.timing.settle_window - (now - called).total_seconds()
