"""Single values of the policy file: what is taken, and what is said when it is not."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bot.model import policy_keys as keys
from bot.model.offer import NumberType


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def reason(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    (error,) = caught.value.errors()
    return error["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [
        (keys.Person, "U0ANA", "U0ANA"),
        (keys.Person, "W012A3CDE", "W012A3CDE"),
        (keys.PersonOrGroup, "S0604QSJC", "S0604QSJC"),
        (keys.PersonOrGroup, "U060R4BJ4", "U060R4BJ4"),
        (keys.Channel, "C0APPROVE", "C0APPROVE"),
        (keys.Channel, "G1234567890", "G1234567890"),
        (keys.Usd, "2.00", Decimal("2.00")),
        (keys.Usd, "0", Decimal(0)),
        (keys.Usd, "0.0085", Decimal("0.0085")),
        (keys.Usd, "2.000000", Decimal(2)),
        (keys.Usd, "1000000", Decimal(1_000_000)),
        (keys.Usd, 20, Decimal(20)),
        (keys.Country, "us", "US"),
        (keys.Country, " GB ", "GB"),
        (keys.KindOfNumber, "tollfree", NumberType.TOLLFREE),
        (keys.KindOfNumber, "Local", NumberType.LOCAL),
        (keys.Duration, "4h", timedelta(hours=4)),
    ],
)
def test_what_is_written_rightly_is_taken(kind: Any, value: object, meant: object) -> None:
    assert read(kind, value) == meant


@pytest.mark.parametrize(
    "text", ["@ana", "ana", "u0ana", "U0", "U0 ANA", "<@U0ANA>", "U0ANA\n", "S0PROCURE", ""]
)
def test_a_person_who_is_not_an_id_is_told_where_the_id_is(text: str) -> None:
    said = reason(keys.Person, text)
    assert said.startswith(f'"{text}" is not an id')
    assert "Copy member ID" in said


@pytest.mark.parametrize("text", ["@support", "support", "C0APPROVE", "<!subteam^S0PROCURE>"])
def test_whoever_may_be_a_group_is_told_about_both(text: str) -> None:
    said = reason(keys.PersonOrGroup, text)
    assert "Copy member ID" in said
    assert "begins with S" in said


@pytest.mark.parametrize("text", ["#approvals", "approvals", "D0DIRECT", "U0ANA"])
def test_a_channel_that_is_not_an_id_is_told_where_the_id_is(text: str) -> None:
    assert "channel's details" in reason(keys.Channel, text)


def test_a_price_without_quotes_is_told_to_be_put_in_quotes() -> None:
    assert reason(keys.Usd, 0.8) == '0.8 is not exact: write it in quotes, "0.80"'


@pytest.mark.parametrize("value", ["-1", "two", "", "NaN", "Infinity", "1,50", True, None, ["1"]])
def test_what_is_no_amount_is_refused(value: object) -> None:
    assert reason(keys.Usd, value) == f"{value!r} is not an amount in USD"


@pytest.mark.parametrize("value", ["1000000.01", "1e30", "1e999999"])
def test_no_price_is_beyond_printing(value: str) -> None:
    assert "more than a million dollars" in reason(keys.Usd, value)


@pytest.mark.parametrize("value", ["0.00001", "2.00005", "1e-9", "1e-999999"])
def test_no_price_is_finer_than_what_is_stored(value: str) -> None:
    assert "finer than a ten-thousandth" in reason(keys.Usd, value)


@pytest.mark.parametrize(
    ("text", "meant"), [("UK", "GB"), ("usa", "US"), ("Germany", "DE"), ("france", "FR"), ("CHE", "CH")]
)
def test_a_country_by_its_name_is_told_its_letters(text: str, meant: str) -> None:
    assert reason(keys.Country, text).endswith(f'; did you mean "{meant}"?')


@pytest.mark.parametrize("value", ["XX", "+1", "", "Atlantis", 1, None])
def test_what_is_no_country_is_refused(value: object) -> None:
    said = reason(keys.Country, value)
    assert said.endswith("two letters (ISO 3166-1)")


@pytest.mark.parametrize(
    ("text", "meant"),
    [("toll-free", "tollfree"), ("locals", "local"), ("MOBIL", "mobile"), ("nationale", "national")],
)
def test_a_type_nearly_right_is_put_right(text: str, meant: str) -> None:
    assert reason(keys.KindOfNumber, text).endswith(f'; did you mean "{meant}"?')


@pytest.mark.parametrize("value", ["premium-rate", "", 3, None, ["local"]])
def test_what_is_no_type_is_told_the_types(value: object) -> None:
    assert "(local, tollfree, mobile, national, fixed)" in reason(keys.KindOfNumber, value)


@given(st.decimals(min_value=0, max_value=1_000_000, places=4))
def test_every_price_that_can_be_stored_is_taken_as_it_is(amount: Decimal) -> None:
    assert read(keys.Usd, str(amount)) == amount


KINDS = [
    keys.Person,
    keys.PersonOrGroup,
    keys.Channel,
    keys.Usd,
    keys.Country,
    keys.KindOfNumber,
    keys.Duration,
]
ADAPTERS = [TypeAdapter[Any](kind) for kind in KINDS]
VALUES = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text()),
    st.dates(),
    st.times(),
)


@given(st.sampled_from(ADAPTERS), VALUES)
def test_whatever_toml_can_hold_is_taken_or_refused_with_a_reason(
    adapter: TypeAdapter[Any], value: object
) -> None:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        assert all(each["msg"] for each in error.errors())  # noqa: PT017 - either outcome is fine
