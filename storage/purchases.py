"""Purchases: the state machine at rest. A move is one UPDATE that names the state it comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, select, update

from bot.model.offer import Offer
from bot.model.purchase import LIVE, MOVES, UNSETTLED, PurchaseStatus
from storage import schema, searches
from storage.requests import KeptRequest
from storage.unit_of_work import UnitOfWork

_T = schema.purchase


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
    attempt: str | None
    call_at: datetime | None
    tries: int
    looks: int
    note: str | None
    api_id: str | None
    alias_note: str | None
    updated_at: datetime


def add(work: UnitOfWork, request: KeptRequest, offer: Offer) -> KeptPurchase | None:
    """Writes a waiting purchase; None if a live one of that number exists in the account."""
    new = work.insert(_T).values(
        id=work.new_id("P"),
        request_id=request.id,
        workspace=request.workspace,
        account=request.account,
        number=offer.number,
        setup=offer.setup,
        monthly=offer.monthly,
        details=searches.to_json(offer),
        status=PurchaseStatus.WAITING,
        updated_at=work.now,
    )
    row = work.one(new.on_conflict_do_nothing().returning(*_T.c))
    return _purchase(row) if row else None


def move(
    work: UnitOfWork,
    purchase_id: str,
    origins: Iterable[PurchaseStatus],
    to: PurchaseStatus,
    *,
    of_attempt: str | None = None,
    **values: Any,
) -> bool:
    """Moves a purchase from one of `origins` to `to`; False if it stands elsewhere by now.

    With `of_attempt`, only if the purchase still belongs to that call. A move the state machine does
    not know is a mistake of ours and raises ValueError before anything is written.
    """
    froms = tuple(origins)
    if not all(to in MOVES[start] for start in froms):
        raise ValueError(f"no purchase moves from {' or '.join(froms)} to {to}")
    here: ColumnElement[bool] = (_T.c.id == purchase_id) & _T.c.status.in_(froms)
    if of_attempt is not None:
        here &= _T.c.attempt == of_attempt
    return work.changed(update(_T).where(here).values(status=to, updated_at=work.now, **values))


def note(work: UnitOfWork, purchase_id: str, **values: Any) -> None:
    """Writes what is no change of state: how often the provider was asked, what became of the alias."""
    work.execute(update(_T).where(_T.c.id == purchase_id).values(**values))


def get(work: UnitOfWork, purchase_id: str) -> KeptPurchase | None:
    row = work.one(select(_T).where(_T.c.id == purchase_id))
    return _purchase(row) if row else None


def of_request(work: UnitOfWork, request_id: str) -> tuple[KeptPurchase, ...]:
    rows = work.rows(select(_T).where(_T.c.request_id == request_id).order_by(_T.c.id))
    return tuple(_purchase(row) for row in rows)


def live(work: UnitOfWork, account: str, number: str) -> KeptPurchase | None:
    """The one purchase that keeps others from buying this number."""
    row = work.one(
        select(_T).where(_T.c.account == account, _T.c.number == number, _T.c.status.in_(sorted(LIVE)))
    )
    return _purchase(row) if row else None


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


def _purchase(row: RowMapping) -> KeptPurchase:
    plain: Mapping[str, Any] = {f.name: row[f.name] for f in fields(KeptPurchase) if f.name != "offer"}
    return KeptPurchase(
        **{**plain, "status": PurchaseStatus(row["status"]), "offer": searches.from_json(row["details"])}
    )
