"""Budgets: how much may be committed in a calendar month (UTC), by one person and by all together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

WORKSPACE = ""
"""The spender that stands for all together."""


def month_of(at: datetime) -> str:
    """The calendar month of a UTC moment, such as `2026-11`."""
    return f"{at:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Spent:
    """What one spender has in a month, in USD."""

    spender: str  #: a person's id, or WORKSPACE
    limit: Decimal | None  #: None: the policy sets none
    reserved: Decimal = Decimal(0)  #: asked for, and not decided or not bought yet
    committed: Decimal = Decimal(0)  #: bought

    @property
    def taken(self) -> Decimal:
        """Both together: what counts against the limit."""
        return self.reserved + self.committed

    @property
    def left(self) -> Decimal | None:
        """What can still be asked for; below zero where a limit was lowered; None without a limit."""
        return None if self.limit is None else self.limit - self.taken


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A wish that does not fit."""

    spent: Spent  #: the budget as it is without the wish
    wanted: Decimal

    @property
    def over_by(self) -> Decimal:
        """How much too much it would be."""
        return self.wanted - (self.spent.left or Decimal(0))


def exceeded(budgets: Iterable[Spent], wanted: Decimal) -> tuple[Exceeded, ...]:
    """Those of the budgets into which a wish does not fit."""
    return tuple(Exceeded(each, wanted) for each in budgets if each.left is not None and each.left < wanted)
