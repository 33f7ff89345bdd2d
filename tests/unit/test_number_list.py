"""Several numbers in one text, and the country of a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.errors import NotUnderstood
from bot.model.number_list import MOST, country_of, parse_numbers

A, B = "14155550100", "14155550101"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("+1 415-555-0100", (A,)),
        ("+14155550100, +14155550101", (A, B)),
        ("+1 415-555-0100 +1 415-555-0101", (A, B)),
        ("14155550100 14155550101", (A, B)),
        ("+14155550100; +14155550100", (A,)),
    ],
)
def test_numbers_are_told_apart(text: str, numbers: tuple[str, ...]) -> None:
    assert parse_numbers(text) == numbers


def test_no_number_is_answered_with_an_example() -> None:
    with pytest.raises(NotUnderstood, match="Which number"):
        parse_numbers("  , ")


def test_more_than_fit_into_a_message_are_refused() -> None:
    many = ", ".join(f"+1415555010{i}" for i in range(MOST + 1))
    with pytest.raises(NotUnderstood, match="more than 5"):
        parse_numbers(many)
    assert len(parse_numbers(many.rpartition(",")[0])) == MOST


@given(st.text(alphabet="+0123456789,; -()<>|telx\n", max_size=60))
def test_any_text_is_numbers_or_not_understood(text: str) -> None:
    try:
        numbers = parse_numbers(text)
    except NotUnderstood:
        return
    assert 1 <= len(numbers) <= MOST
    assert all(number.isascii() and number.isdecimal() for number in numbers)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    ("digits", "country"),
    [(A, "US"), ("14165550100", "CA"), ("442079460000", "GB"), ("999", None), ("", None)],
)
def test_a_number_has_its_country(digits: str, country: str | None) -> None:
    assert country_of(digits) == country


@given(st.text(max_size=20))
def test_the_country_of_anything_is_two_letters_or_none(text: str) -> None:
    found = country_of(text)
    assert found is None or (len(found) == 2 and found.isalpha())
