"""Purchases: the state machine at rest. A move is one UPDATE that names the state it comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, false, func, or_, select, update

from bot.model.budget import Exceeded, month_of
from bot.model.money import from_units, to_units
from bot.model.offer import Offer
from bot.model.policy import Budgets
from bot.model.purchase import HELD, LIVE, MOVES, RESERVING, UNSETTLED, PurchaseStatus
from bot.model.request import Person
from bot.model.sweep import Standing
from storage import budgets, schema, searches
from storage.budgets import Purse
from storage.prepared import Prepared, bound
from storage.requests import KeptRequest
from storage.unit_of_work import INSERTS, NamedRow, UnitOfWork

_T = schema.purchase
_S = PurchaseStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPurchase:
    """A purchase as it stands. Amounts in USD, times in UTC by the database's clock."""

    id: str
    request_id: str
    workspace: str
    account: str
    number: str
    setup: Decimal
    monthly: Decimal
    setup_before: Decimal | None  #: what was approved before the price rose
    monthly_before: Decimal | None
    offer: Offer
    status: PurchaseStatus
    spender: str  #: whose budget it is paid from
    budget_month: str  #: the month in which it was asked for, such as `2026-11`
    attempt: str | None
    call_at: datetime | None
    tries: int
    looks: int
    note: str | None
    api_id: str | None
    alias_note: str | None
    updated_at: datetime
    answer: str | None = None  #: what the answer to the call was, where it was not clear

    @property
    def amount(self) -> Decimal:
        """What counts against the budget: set-up fee plus first month."""
        return self.setup + self.monthly

    @property
    def purse(self) -> Purse:
        """Whose money it is."""
        return Purse(self.workspace, self.account, self.budget_month, self.spender)


def add(
    work: UnitOfWork, request: KeptRequest, offer: Offer, limits: Budgets
) -> KeptPurchase | Exceeded | None:
    """Writes a waiting purchase and reserves its amount.

    None if a live one of that number exists in the account. Exceeded if it does not fit into the budget; then
    the caller gives up its unit of work.
    """
    added = _insert(
        work,
        request,
        offer,
        setup=offer.setup,
        monthly=offer.monthly,
        status=PurchaseStatus.WAITING,
        spender=request.requester,
        budget_month=month_of(work.now),
    )
    return added and (budgets.reserve(work, added.purse, added.amount, limits) or added)


def _insert(work: UnitOfWork, request: KeptRequest, offer: Offer, **values: Any) -> KeptPurchase | None:
    values |= {
        "id": work.new_id("P"),
        "request_id": request.id,
        "workspace": request.workspace,
        "account": request.account,
        "number": offer.number,
        "details": searches.to_json(offer),
        "updated_at": work.now,
    }
    row = work.one(_insert_once(work.connection.dialect.name, tuple(sorted(values))), **values)
    return _purchase(row) if row else None


@cache
def _insert_once(dialect: str, names: tuple[str, ...]) -> Prepared:
    return Prepared(INSERTS[dialect](_T).values(bound(*names)).on_conflict_do_nothing().returning(*_T.c))


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """A number that the account holds by a purchase made without us."""

    request: KeptRequest
    offer: Offer
    status: PurchaseStatus
    spender: str
    month: str  #: in whose budget it counts, such as `2026-11`


def adopt(work: UnitOfWork, taken: Iterable[TakenOver]) -> list[KeptPurchase | None]:
    """Writes purchases as held and commits their amounts, without a limit: the money is spent.

    None in the place of one whose number has a live purchase. All rows come before all budgets, as in
    every other unit of work, so that no two wait for each other.
    """
    adopted = [_insert_held(work, each) for each in taken]
    for each in sorted(filter(None, adopted), key=lambda p: (p.budget_month, p.spender)):
        budgets.change(work, each.purse, committed=each.amount)
    return adopted


def _insert_held(work: UnitOfWork, taken: TakenOver) -> KeptPurchase | None:
    return _insert(
        work,
        taken.request,
        taken.offer,
        setup=_at_rest(taken.offer.setup),
        monthly=_at_rest(taken.offer.monthly or Decimal(0)),
        status=taken.status,
        spender=taken.spender,
        budget_month=taken.month,
    )


def move(
    work: UnitOfWork,
    purchase_id: str,
    origins: Iterable[PurchaseStatus],
    to: PurchaseStatus,
    *,
    of_attempt: str | None = None,
    one_more_try: bool = False,
    **values: Any,
) -> PurchaseStatus | None:
    """Moves a purchase from one of `origins` to `to`, and its amount in the budget with it.

    Returns the state it came from; None if it stands elsewhere by now. With `of_attempt`, only if the
    purchase still belongs to that call; with `one_more_try`, a try is counted. A move the state machine does
    not know is a mistake of ours and raises ValueError before anything is written.
    """
    froms = tuple(sorted(origins))
    if not all(to in MOVES[start] for start in froms):
        raise ValueError(f"no purchase moves from {' or '.join(froms)} to {to}")
    moving = _move(froms, tuple(sorted(values)), of_attempt=of_attempt is not None, one_more_try=one_more_try)
    keys = {"its_id": purchase_id, "attempt_then": of_attempt}
    row = work.one(moving, **keys, status=to, updated_at=work.now, **values)
    if row is None:
        return None
    was = PurchaseStatus(row["status_before"])
    _account(work, row, was, to)
    return was


@cache
def _move(
    froms: tuple[PurchaseStatus, ...], names: tuple[str, ...], *, of_attempt: bool, one_more_try: bool
) -> Prepared:
    here = (_T.c.id == bindparam("its_id")) & _among(froms)
    if of_attempt:
        here &= _T.c.attempt == bindparam("attempt_then")
    new = bound("status", "updated_at", *names)
    if one_more_try:
        new["tries"] = _T.c.tries + 1  # counted by the database, whoever read the row before
    moved = update(_T).where(here).values(status_before=_T.c.status, **new)
    return Prepared(moved.returning(_T.c.status_before, *(_T.c[name] for name in _ACCOUNTED)))


def _among(states: Iterable[PurchaseStatus]) -> ColumnElement[bool]:
    # with `false`, none of no states: else it would be no condition at all
    return or_(false(), *(_T.c.status == state.value for state in sorted(states)))


_ACCOUNTED = ("setup", "monthly", "workspace", "account", "budget_month", "spender")


def _account(work: UnitOfWork, moved: NamedRow, was: PurchaseStatus, to: PurchaseStatus) -> None:
    """Moves the amount between reserved, committed and given back, as the states say."""
    reserved = (to in RESERVING) - (was in RESERVING)
    committed = (to in HELD) - (was in HELD)
    if reserved or committed:
        setup, monthly, *purse = (moved[name] for name in _ACCOUNTED)
        amount = setup + monthly
        budgets.change(work, Purse(*purse), reserved=amount * reserved, committed=amount * committed)


def reprice(work: UnitOfWork, seen: KeptPurchase, fresh: Offer, limits: Budgets) -> Exceeded | None:
    """Writes the new price of a purchase that waits, the old one beside it, and reserves the difference.

    Exceeded, and nothing changes, if the difference does not fit into the budget. The caller has moved the
    request, so that nobody else can move its purchases meanwhile.
    """
    setup, monthly = _at_rest(fresh.setup), _at_rest(fresh.monthly or Decimal(0))
    more = setup + monthly - seen.amount
    if more > 0 and (exceeded := budgets.reserve(work, seen.purse, more, limits)):
        return exceeded
    if more < 0:
        budgets.change(work, seen.purse, reserved=more)
    before = {"setup_before": seen.setup, "monthly_before": seen.monthly}
    note(work, seen.id, setup=setup, monthly=monthly, details=searches.to_json(fresh), **before)
    return None


def _at_rest(amount: Decimal) -> Decimal:
    return from_units(to_units(amount))


def put_off(work: UnitOfWork, purchase_id: str, *, note: str, counted: bool = True) -> bool:
    """Notes why a queued purchase is tried again later; False if it is not queued any more."""
    queued = (_T.c.id == purchase_id) & (_T.c.status == _S.QUEUED)
    return work.changed(update(_T).where(queued).values(tries=_T.c.tries + int(counted), note=note))


def note(work: UnitOfWork, purchase_id: str, **values: Any) -> None:
    """Writes what is no change of state: how often the provider was asked, what became of the alias."""
    work.execute(update(_T).where(_T.c.id == purchase_id).values(**values))


_BY_ID = Prepared(select(_T).where(_T.c.id == bindparam("its_id")))
_OF_REQUEST = Prepared(select(_T).where(_T.c.request_id == bindparam("request")).order_by(_T.c.id))
_LIVE = Prepared(
    select(_T).where(_T.c.account == bindparam("whose"), _T.c.number == bindparam("which"), _among(LIVE))
)


def get(work: UnitOfWork, purchase_id: str) -> KeptPurchase | None:
    row = work.one(_BY_ID, its_id=purchase_id)
    return _purchase(row) if row else None


def of_request(work: UnitOfWork, request_id: str) -> tuple[KeptPurchase, ...]:
    return tuple(_purchase(row) for row in work.rows(_OF_REQUEST, request=request_id))


def live(work: UnitOfWork, account: str, number: str) -> KeptPurchase | None:
    """The one purchase that keeps others from buying this number."""
    row = work.one(_LIVE, whose=account, which=number)
    return _purchase(row) if row else None


def held_for(work: UnitOfWork, person: Person, *, limit: int) -> list[KeptPurchase]:
    """The numbers that were bought for a person, or by them for nobody else; the newest first."""
    request = schema.request
    whose = func.coalesce(request.c.on_behalf_of, request.c.requester) == person.user
    mine = (request.c.workspace == person.workspace) & whose & _T.c.status.in_(sorted(HELD))
    joined = select(*_T.c).join(request, request.c.id == _T.c.request_id)
    rows = work.rows(joined.where(mine).order_by(_T.c.updated_at.desc(), _T.c.id).limit(limit))
    return [_purchase(row) for row in rows]


def standing(work: UnitOfWork, account: str) -> list[Standing]:
    """Every purchase of the account, of whichever workspace, as far as a comparison needs it."""
    request = schema.request
    names = [f.name for f in fields(Standing) if f.name != "subaccount"]
    columns = [*(_T.c[name] for name in names), request.c.options]
    rows = work.rows(
        select(*columns).join(request, request.c.id == _T.c.request_id).where(_T.c.account == account)
    )
    return [
        Standing(
            **{name: row[name] for name in names} | {"status": PurchaseStatus(row["status"])},
            subaccount=row["options"].get("subaccount"),
        )
        for row in rows
    ]


def unsettled(work: UnitOfWork) -> list[KeptPurchase]:
    """Every purchase whose money may be moving or may have moved, oldest first."""
    return [
        _purchase(row)
        for row in work.rows(select(_T).where(_T.c.status.in_(sorted(UNSETTLED))).order_by(_T.c.updated_at))
    ]


def count_by_status(work: UnitOfWork) -> dict[str, int]:
    """How many purchases stand in each state."""
    counted = select(_T.c.status, func.count().label("number")).group_by(_T.c.status)
    return {row["status"]: row["number"] for row in work.rows(counted)}


_OF_A_PURCHASE = tuple(field.name for field in fields(KeptPurchase) if field.name != "offer")


def _purchase(row: NamedRow) -> KeptPurchase:
    plain: Mapping[str, Any] = {name: row[name] for name in _OF_A_PURCHASE}
    return KeptPurchase(
        **{**plain, "status": PurchaseStatus(row["status"]), "offer": searches.from_json(row["details"])}
    )
