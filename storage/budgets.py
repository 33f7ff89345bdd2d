"""Budgets at rest: one row a month and spender, moved by conditional UPDATEs only.

A purchase's amount is reserved while money may be spent for it, committed once the number is held, and
given back otherwise. `purchases.move` sees to that, in the transaction of the move itself.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, type_coerce, update

from bot.model.budget import WORKSPACE, Exceeded, Spent
from bot.model.policy import Budgets
from storage.prepared import Prepared
from storage.schema import Usd, budget
from storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Purse:
    """Whose money, of which month; the same amounts stand in the spender's row and the workspace's."""

    workspace: str
    account: str
    month: str
    spender: str


def reserve(work: UnitOfWork, purse: Purse, amount: Decimal, limits: Budgets) -> Exceeded | None:
    """Reserves `amount` for the spender and for the workspace, or says why it does not fit.

    Then nothing is reserved. The workspace's row comes first, always, so that no two transactions wait for
    each other.
    """
    for spender, limit in ((WORKSPACE, limits.workspace), (purse.spender, limits.per_user)):
        if not _add(work, purse, spender, amount, limit):
            if spender != WORKSPACE:
                _change(work, purse, WORKSPACE, reserved=-amount)
            return Exceeded(_spent(work, purse, spender, limit), amount)
    return None


def change(
    work: UnitOfWork, purse: Purse, *, reserved: Decimal = Decimal(0), committed: Decimal = Decimal(0)
) -> None:
    """Adds to what is reserved and committed, without a limit: for what is the case already."""
    for spender in (WORKSPACE, purse.spender):
        if not _change(work, purse, spender, reserved=reserved, committed=committed):
            _ensure(work, purse, spender)
            _change(work, purse, spender, reserved=reserved, committed=committed)


def spent(work: UnitOfWork, purse: Purse, limits: Budgets) -> tuple[Spent, Spent]:
    """What the workspace and the spender have in that month."""
    return (
        _spent(work, purse, WORKSPACE, limits.workspace),
        _spent(work, purse, purse.spender, limits.per_user),
    )


def by_person(work: UnitOfWork, purse: Purse, limits: Budgets) -> list[Spent]:
    """Everybody who has something in that month, the most first."""
    rows = work.rows(select(budget).where(_month(purse), budget.c.spender != WORKSPACE))
    people = [Spent(r["spender"], limits.per_user, r["reserved"], r["committed"]) for r in rows]
    return sorted((p for p in people if p.taken), key=lambda p: (-p.taken, p.spender))


def _add(work: UnitOfWork, purse: Purse, spender: str, amount: Decimal, limit: Decimal | None) -> bool:
    values: dict[str, Any] = {**_key(purse, spender), "more": amount, "most": None}
    if limit is not None:
        values["most"] = limit - amount
    if work.changed(_RESERVE, **values):
        return True
    _ensure(work, purse, spender)  # it does not fit, or it is the first of the month
    return work.changed(_RESERVE, **values)


def _ensure(work: UnitOfWork, purse: Purse, spender: str) -> None:
    key = {"workspace": purse.workspace, "account": purse.account, "month": purse.month, "spender": spender}
    new = work.insert(budget).values(**key, reserved=Decimal(0), committed=Decimal(0))
    work.execute(new.on_conflict_do_nothing())


def _change(
    work: UnitOfWork,
    purse: Purse,
    spender: str,
    *,
    reserved: Decimal = Decimal(0),
    committed: Decimal = Decimal(0),
) -> bool:
    return work.changed(_CHANGE, **_key(purse, spender), more=reserved, spent=committed)


def _spent(work: UnitOfWork, purse: Purse, spender: str, limit: Decimal | None) -> Spent:
    row = work.one(_ROW, **_key(purse, spender))
    return Spent(spender, limit, row["reserved"], row["committed"]) if row else Spent(spender, limit)


_KEYS = ("workspace", "account", "month", "spender")
_HERE = and_(*(budget.c[name] == bindparam(f"its_{name}") for name in _KEYS))
_ROW = Prepared(select(budget).where(_HERE))
_MORE, _SPENT, _MOST = (bindparam(name, type_=Usd) for name in ("more", "spent", "most"))
_CHANGE = Prepared(
    update(budget)
    .where(_HERE)
    .values(reserved=budget.c.reserved + _MORE, committed=budget.c.committed + _SPENT)
)
# a sum of two amounts is a plain number to SQLAlchemy: without its type it is compared with dollars
_TAKEN = type_coerce(budget.c.reserved + budget.c.committed, Usd)
_RESERVE = Prepared(
    update(budget)
    .where(_HERE, or_(_MOST.is_(None), _TAKEN <= _MOST))
    .values(reserved=budget.c.reserved + _MORE)
)


def _key(purse: Purse, spender: str) -> dict[str, str]:
    return {
        "its_workspace": purse.workspace,
        "its_account": purse.account,
        "its_month": purse.month,
        "its_spender": spender,
    }


def _month(purse: Purse) -> ColumnElement[bool]:
    return (
        (budget.c.workspace == purse.workspace)
        & (budget.c.account == purse.account)
        & (budget.c.month == purse.month)
    )
