"""Money: exact, never a float, and never stored as less than is paid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.money import format_usd, from_units, parse_usd, to_units


@given(st.integers(0, 10**15))
def test_units_come_back_as_they_went(units: int) -> None:
    assert to_units(from_units(units)) == units


@given(st.decimals(min_value=0, max_value=10**9, places=7))
def test_what_is_stored_is_never_less_than_what_is_paid(amount: Decimal) -> None:
    kept = from_units(to_units(amount))
    assert amount <= kept < amount + Decimal("0.0001")


@pytest.mark.parametrize("text", ["0.80000", "0", "12", "1e2", 3, Decimal("0.5")])
def test_amounts_of_the_provider_are_read(text: object) -> None:
    assert parse_usd(text) == Decimal(str(text))


@pytest.mark.parametrize("wrong", [0.8, True, None, "", "x", "-1", "NaN", "Infinity", "1,50", "$1", [], b"1"])
def test_what_is_no_amount_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="is not an amount in USD"):
        parse_usd(wrong)


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_a_value_error(text: str) -> None:
    try:
        amount = parse_usd(text)
    except ValueError:
        return
    assert amount.is_finite()
    assert amount >= 0


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "$0.00"), ("0.8", "$0.80"), ("0.80000", "$0.80"), ("0.0085", "$0.0085"), ("1234.5", "$1,234.50")],
)
def test_money_is_shown_in_cents_unless_they_would_hide_something(amount: str, shown: str) -> None:
    assert format_usd(Decimal(amount)) == shown


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_what_is_shown_is_the_whole_amount(amount: Decimal) -> None:
    assert Decimal(format_usd(amount).removeprefix("$").replace(",", "")) == amount
