"""What stands behind `/number policy`, in people's own spelling."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.errors import NotUnderstood
from bot.model.offer import NumberType
from bot.model.policy_words import ByNumber, ByPrice, ByRequest, parse_policy_words


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("R7K3M9QXZ2ABC", ByRequest("R7K3M9QXZ2ABC")),
        ("r7k3m9qxz2abc", ByRequest("R7K3M9QXZ2ABC")),
        ("+1 415-555-0100", ByNumber("14155550100")),
        ("US local 5.00", ByPrice("US", NumberType.LOCAL, Decimal("5.00"))),
        ("$5 tollfree us", ByPrice("US", NumberType.TOLLFREE, Decimal(5))),
        ("United Kingdom mobile 12.5", ByPrice("GB", NumberType.MOBILE, Decimal("12.5"))),
        ("DE\N{NO-BREAK SPACE}20", ByPrice("DE", NumberType.LOCAL, Decimal(20))),
    ],
)
def test_it_is_understood(text: str, about: object) -> None:
    assert parse_policy_words(text) == about


@pytest.mark.parametrize("text", ["US local", "US 5 6", "Atlantis 5", "5.00", "R123", "x" * 3000])
def test_what_is_not_understood_is_said_with_what_would_be(text: str) -> None:
    with pytest.raises(NotUnderstood) as problem:
        parse_policy_words(text)
    assert problem.value.misreads


def test_what_is_proposed_for_a_missing_price_is_understood() -> None:
    with pytest.raises(NotUnderstood) as problem:
        parse_policy_words("US tollfree")
    assert parse_policy_words(str(problem.value.misreads[0].nearest))


@given(st.text(max_size=60))
def test_it_raises_nothing_else(text: str) -> None:
    with suppress(NotUnderstood):
        parse_policy_words(text)


@pytest.mark.parametrize("text", ["R999", "r7k3m9", "R7K3M9QXZ2AB0", "R7K3M9QXZ2ABCD"])
def test_half_an_id_is_told_how_ids_look(text: str) -> None:
    """It was asked for its monthly price."""
    with pytest.raises(NotUnderstood) as caught:
        parse_policy_words(text)
    (misread,) = caught.value.misreads
    assert f"no request “{text}”" in misread.problem and "twelve letters and digits" in misread.problem
    assert "price" not in misread.problem


def test_a_country_that_begins_with_r_is_no_id() -> None:
    with pytest.raises(NotUnderstood, match="monthly price"):
        parse_policy_words("Romania")
