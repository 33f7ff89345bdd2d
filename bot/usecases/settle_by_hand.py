"""Settle by hand: a person who looked at the provider's console says what became of a purchase."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.audit import Action, Actor, ActorType, Outcome
from bot.model.purchase import PurchaseStatus
from bot.model.request import Person
from bot.usecases import record
from bot.usecases.approvers import NOT_KNOWN, no_approver
from bot.usecases.buy import load
from bot.usecases.conclude import Order, conclude
from bot.usecases.desk import Desk
from bot.usecases.judge import NotLookedUp, learn
from bot.usecases.settle import ASKABLE
from storage import purchases
from storage.unit_of_work import Database, UnitOfWork


@dataclass(frozen=True, slots=True)
class MaySettle:
    """The purchase is unclear, and this person may say what became of it."""

    order: Order


@dataclass(frozen=True, slots=True)
class MayNotSettle:
    """This person may not, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A person's word settled it."""

    order: Order


@dataclass(frozen=True, slots=True)
class NotOpen:
    """There is nothing to settle: the purchase stands as it is."""

    order: Order


@dataclass(frozen=True, slots=True)
class TooEarly:
    """Until then the provider's list may leave out what was bought: nobody can say that it was not."""

    order: Order
    until: datetime


@dataclass(frozen=True, slots=True)
class NoSuchPurchase:
    """There is no purchase of that id."""


Unsettled = MayNotSettle | NotOpen | TooEarly | NoSuchPurchase
Settlement = Settled | Unsettled | NotLookedUp


def consider_settling(
    desk: Desk, person: Person, purchase_id: str, to: PurchaseStatus
) -> MaySettle | Unsettled:
    """Whether there is something to settle, and this person may. Asks Slack who is in a group."""
    learn(desk, person.workspace, person.user)
    order = load(desk.database, purchase_id)
    if order is None or order.request.workspace != person.workspace:
        return _not_there(desk, person)
    if order.purchase.status not in ASKABLE:
        return _log_denied(desk, person, NotOpen(order))
    obstacle = _obstacle(desk, person, order)
    if isinstance(obstacle, NotLookedUp):
        return _not_known(desk, person, order)
    early = obstacle is None and _early_by_now(desk, order, to)
    return _log_denied(desk, person, early) if early else obstacle or MaySettle(order)


def settle_in_slack(
    desk: Desk, person: Person, purchase_id: str, to: PurchaseStatus, *, reason: str
) -> Settlement:
    """An approver's word. Asks nobody outside: a listener waits for it."""
    order = load(desk.database, purchase_id)
    if order is None or order.request.workspace != person.workspace:
        return _not_there(desk, person)
    if obstacle := _obstacle(desk, person, order):
        return obstacle
    actor = Actor(ActorType.USER, person.user)
    window = desk.timing.settle_window
    outcome = settle_by_hand(desk.database, actor, purchase_id, to, reason=reason, window=window)
    return _log_denied(desk, person, outcome) if isinstance(outcome, NotOpen | TooEarly) else outcome


def settle_by_hand(
    database: Database, actor: Actor, purchase_id: str, to: PurchaseStatus, *, reason: str, window: float
) -> Settled | NotOpen | TooEarly | NoSuchPurchase:
    """An operator's word, or that of somebody who was let through: written if it is still unclear.

    `window`: seconds after the call in which nobody can know that nothing was bought.
    """
    order = load(database, purchase_id)
    if order is None:
        return NoSuchPurchase()
    with database.write() as work:
        if early := _too_early(work, order, to, window):
            return early
        note = f"Settled by hand: {reason}"
        settled = conclude(work, order, to, origins=ASKABLE, note=note, actor=actor)
        if settled:
            changes = {"to": to.value, "from": order.purchase.status.value}
            record.of_purchase(
                work, order.request, order.purchase, Action.PURCHASE_SETTLED,
                actor=actor, reason=reason, changes=changes,
            )  # fmt: skip
        elif actor.type is ActorType.OPERATOR:  # a person's door says and logs why not
            record.of_purchase(
                work, order.request, order.purchase, Action.PURCHASE_SETTLED, Outcome.DENIED,
                actor=actor, reason="it is not open any more",
            )  # fmt: skip
    return Settled(order) if settled else NotOpen(load(database, purchase_id) or order)


def _obstacle(desk: Desk, person: Person, order: Order) -> MayNotSettle | NotLookedUp | None:
    """Approvers may, their own requests included: they say what is the case, not what should be."""
    with desk.database.write() as work:
        reason = no_approver(work, desk, person, "Only approvers settle a purchase.")
        if not isinstance(reason, str):
            return reason
        _log_refusal(work, desk, person, order, reason)
    return MayNotSettle(reason)


def _too_early(work: UnitOfWork, order: Order, to: PurchaseStatus, window: float) -> TooEarly | None:
    # read again: the call that counts may be a later one than when we looked
    purchase = purchases.get(work, order.purchase.id)
    if purchase is None or to is not PurchaseStatus.NOT_BOUGHT or purchase.status not in ASKABLE:
        return None
    until = (purchase.call_at or purchase.updated_at) + timedelta(seconds=window)
    return TooEarly(order, until) if work.now < until else None


def _early_by_now(desk: Desk, order: Order, to: PurchaseStatus) -> TooEarly | None:
    with desk.database.read() as work:
        return _too_early(work, order, to, desk.timing.settle_window)


def _not_known(desk: Desk, person: Person, order: Order) -> MayNotSettle:
    """Slack was asked, and still nobody knows whether this is an approver."""
    with desk.database.write() as work:
        _log_refusal(work, desk, person, order, NOT_KNOWN)
    return MayNotSettle(NOT_KNOWN)


def _not_there(desk: Desk, person: Person) -> NoSuchPurchase:
    with desk.database.write() as work:
        record.by_person(
            work, desk, person, Action.PURCHASE_SETTLED, outcome=Outcome.DENIED, reason="no such purchase"
        )
    return NoSuchPurchase()


def _log_denied(desk: Desk, person: Person, outcome: NotOpen | TooEarly) -> NotOpen | TooEarly:
    early = isinstance(outcome, TooEarly)
    why = "the provider's list may lag" if early else f"already {outcome.order.purchase.status}"
    with desk.database.write() as work:
        _log_refusal(work, desk, person, outcome.order, why)
    return outcome


def _log_refusal(work: UnitOfWork, desk: Desk, person: Person, order: Order, reason: str) -> None:
    record.by_person(
        work, desk, person, Action.PURCHASE_SETTLED,
        outcome=Outcome.DENIED, request=order.request, purchase_id=order.purchase.id, reason=reason,
    )  # fmt: skip
