"""A budget in one line: it reads well aloud, and the bar says the same."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.model.budget import Spent
from bot.usecases.budget import BudgetSheet
from handlers.ui.budget import bar_line, budget_page, left_line, month_name


def spent(limit: str | None, committed: str = "0", reserved: str = "0", spender: str = "U0RITA") -> Spent:
    return Spent(spender, Decimal(limit) if limit else None, Decimal(reserved), Decimal(committed))


def sheet(people: int = 0, *, sees: bool = True, limit: str | None = "50") -> BudgetSheet:
    listed = tuple(spent(limit, f"{people - i}", spender=f"U0P{i:03}") for i in range(people))
    names = {one.spender: f"person {i}" for i, one in enumerate(listed)} | {"S0MONEY": "@money"}
    return BudgetSheet(
        "2026-11",
        spent(limit, "15", spender=""),
        spent(limit),
        listed if sees else (),
        sees,
        ("S0MONEY",),
        names,
    )


@pytest.mark.parametrize(
    ("of", "shown"),
    [
        (
            spent("50", "15", "10"),
            "█████░░░░░ 50% used: $25.00 of $50.00 — $15.00 bought, $10.00 reserved, $25.00 left",
        ),
        (spent("50"), "░░░░░░░░░░ 0% used: $0.00 of $50.00 — $0.00 bought, $0.00 reserved, $50.00 left"),
        (
            spent("1000", "0.80"),
            "▌░░░░░░░░░ 1% used: $0.80 of $1,000.00 — $0.80 bought, $0.00 reserved, $999.20 left",
        ),
        (
            spent("500", "499.99"),
            "█████████▌ 99% used: $499.99 of $500.00 — $499.99 bought, $0.00 reserved, $0.01 left",
        ),
        (
            spent("20", "25"),
            "██████████ 125% used: $25.00 of $20.00 — $25.00 bought, $0.00 reserved, over by $5.00",
        ),
        (spent("0.00"), "██████████ 100% used: $0.00 of $0.00 — $0.00 bought, $0.00 reserved, $0.00 left"),
        (spent(None, "3", "1"), "$4.00 used: $3.00 bought, $1.00 reserved; there is no limit"),
    ],
)
def test_a_bar_and_its_words_say_the_same(of: Spent, shown: str) -> None:
    assert bar_line(of) == shown


@pytest.mark.parametrize(
    ("of", "shown"),
    [
        (spent("50", "15", "10"), "Your budget this month (UTC): $25.00 of $50.00 left"),
        (spent("20", "25"), "Your budget this month (UTC): over by $5.00, of $20.00"),
        (spent(None, "25"), "Your budget this month (UTC): no limit"),
    ],
)
def test_what_is_left_is_one_line(of: Spent, shown: str) -> None:
    assert left_line(of, "Your") == shown


def test_a_tenth_and_a_fiftieth_are_drawn_differently() -> None:
    assert bar_line(spent("100", "10")).startswith("█░░░░░░░░░ 10%")
    assert bar_line(spent("100", "2")).startswith("▌░░░░░░░░░ 2%")
    assert bar_line(spent("100", "15")).startswith("█▌░░░░░░░░ 15%")


def test_what_could_not_be_looked_up_is_said_with_what_it_means() -> None:
    """The approvers' part was left out in silence."""
    shown = str(budget_page(replace(sheet(3, sees=False), not_known=True))["blocks"])
    assert "Whether you are an approver could not be looked up" in shown and "is not shown" in shown
    assert "could not be looked up" not in str(budget_page(sheet(3, sees=False)))


def test_who_may_never_buy_sees_why_and_no_budget_of_theirs() -> None:
    page = budget_page(replace(sheet(sees=False), why_not="The policy does not let guests request numbers."))
    assert "*You*\nThe policy does not let guests" in page["blocks"][2]["text"]["text"]
    assert "You:" not in page["text"]


def test_a_month_has_its_name() -> None:
    assert month_name("2026-01") == "January 2026"
    assert month_name("2026-12") == "December 2026"


def test_the_page_says_its_month_and_reads_aloud_without_the_bar() -> None:
    page = budget_page(sheet())
    assert page["text"].startswith("Budget for November 2026 (UTC). The workspace: 30% used")
    assert "█" not in page["text"] and "░" not in page["text"]
    assert "calendar month in UTC" in str(page["blocks"])


def test_twenty_people_are_shown_and_the_others_counted() -> None:
    shown = str(budget_page(sheet(23))["blocks"])
    assert "person 19: " in shown and "person 20: " not in shown
    assert "… and 3 others" in shown


def test_who_can_raise_it_is_named_and_a_missing_limit_is_said() -> None:
    assert "@money can raise it." in str(budget_page(sheet())["blocks"])
    unlimited = str(budget_page(sheet(limit=None))["blocks"])
    assert "The policy sets no limits." in unlimited and "can raise" not in unlimited


def test_who_may_not_see_people_sees_none() -> None:
    assert "By person" not in str(budget_page(sheet(3, sees=False))["blocks"])
