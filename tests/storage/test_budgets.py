"""Budgets at rest: whole amounts, one row a month and spender, and never over the limit."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.model.budget import WORKSPACE, Exceeded, Spent
from bot.model.policy import Budgets
from storage import budgets, schema
from storage.budgets import Purse
from storage.unit_of_work import Database
from tests.storage.rows import ACCOUNT, at_once

NOVEMBER = Purse("T0ONE", ACCOUNT, "2026-11", "U0BEA")
NONE = Budgets()


def usd(text: str) -> Decimal:
    return Decimal(text)


def limits(workspace: str | None = None, per_user: str | None = None) -> Budgets:
    return Budgets(
        workspace=usd(workspace) if workspace else None, per_user=usd(per_user) if per_user else None
    )


def reserve(database: Database, amount: str, limit: Budgets, purse: Purse = NOVEMBER) -> Exceeded | None:
    with database.write() as work:
        return budgets.reserve(work, purse, usd(amount), limit)


def taken(database: Database, purse: Purse = NOVEMBER) -> tuple[Decimal, Decimal]:
    with database.read() as work:
        whole, mine = budgets.spent(work, purse, NONE)
    return whole.taken, mine.taken


@pytest.mark.parametrize("limit", [limits("2.50"), limits(None, "2.50"), limits("2.50", "2.40")])
def test_of_twelve_at_once_three_fit(database: Database, limit: Budgets) -> None:
    """A sum that is read, compared and then written lets all of them in."""
    outcomes = at_once(12, lambda _: reserve(database, "0.80", limit))
    assert outcomes.count(None) == 3
    assert taken(database) == (usd("2.40"), usd("2.40"))


def test_of_twelve_people_at_once_three_fit_into_what_all_have(database: Database) -> None:
    def ask(which: int) -> Exceeded | None:
        mine = Purse("T0ONE", ACCOUNT, "2026-11", f"U0{which:02}")
        return reserve(database, "0.80", limits("2.50", "1.00"), mine)

    assert at_once(12, ask).count(None) == 3
    with database.read() as work:
        people = budgets.by_person(work, NOVEMBER, NONE)
    assert [p.taken for p in people] == [usd("0.80")] * 3


def test_what_is_committed_counts_like_what_is_reserved(database: Database) -> None:
    with database.write() as work:
        budgets.change(work, NOVEMBER, committed=usd("1.00"))
        budgets.change(work, NOVEMBER, reserved=usd("1.00"))
    over = reserve(database, "0.51", limits("2.50"))
    assert over == Exceeded(Spent(WORKSPACE, usd("2.50"), usd("1.00"), usd("1.00")), usd("0.51"))
    assert (over.over_by, over.spent.left) == (usd("0.01"), usd("0.50"))
    assert reserve(database, "0.50", limits("2.50")) is None


def test_the_last_ten_thousandth_fits_and_the_next_does_not(database: Database) -> None:
    assert reserve(database, "2.4999", limits("2.5")) is None
    assert reserve(database, "0.0001", limits("2.5")) is None
    assert isinstance(reserve(database, "0.0001", limits("2.5")), Exceeded)


def test_what_does_not_fit_one_of_both_leaves_the_other_as_it_was(database: Database) -> None:
    over = reserve(database, "3", limits("10", "2"))
    assert over == Exceeded(Spent("U0BEA", usd("2")), usd("3"))
    assert isinstance(reserve(database, "3", limits("2", "10")), Exceeded)
    assert taken(database) == (usd("0"), usd("0"))


def test_without_limits_everything_fits_and_is_counted(database: Database) -> None:
    assert reserve(database, "99999.99", NONE) is None
    assert taken(database) == (usd("99999.99"), usd("99999.99"))


def test_months_accounts_workspaces_and_people_are_apart(database: Database) -> None:
    others = [
        Purse("T0ONE", ACCOUNT, "2026-12", "U0BEA"),
        Purse("T0ONE", "MAOTHER", "2026-11", "U0BEA"),
        Purse("T0TWO", ACCOUNT, "2026-11", "U0BEA"),
    ]
    for purse in (NOVEMBER, *others):
        assert reserve(database, "0.80", limits("1", "1"), purse) is None
    for purse in (NOVEMBER, *others):
        assert taken(database, purse) == (usd("0.80"), usd("0.80"))
        with database.read() as work:
            assert [p.spender for p in budgets.by_person(work, purse, NONE)] == ["U0BEA"]


def test_people_are_listed_by_what_they_have_and_not_if_they_have_nothing(database: Database) -> None:
    for user, amount in (("U0B", "1"), ("U0A", "1"), ("U0C", "5"), ("U0D", "2")):
        reserve(database, amount, NONE, Purse("T0ONE", ACCOUNT, "2026-11", user))
    with database.write() as work:
        budgets.change(work, Purse("T0ONE", ACCOUNT, "2026-11", "U0D"), reserved=usd("-2"))
        people = budgets.by_person(work, NOVEMBER, limits(None, "4"))
    assert [(p.spender, p.left) for p in people] == [("U0C", usd("-1")), ("U0A", usd("3")), ("U0B", usd("3"))]


def test_the_database_knows_no_budget_below_nothing(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as work:
        budgets.change(work, NOVEMBER, reserved=usd("-0.01"))
    with database.read() as work:
        assert work.rows(select(schema.budget)) == []


def test_changes_at_once_add_up(database: Database) -> None:
    def change(which: int) -> None:
        with database.write() as work:
            budgets.change(work, NOVEMBER, reserved=usd("0.01"), committed=usd("0.10") * (which % 2))

    at_once(12, change)
    assert taken(database) == (usd("0.72"), usd("0.72"))
