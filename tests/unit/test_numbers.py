"""Numbers as people write them, and as they are kept."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.countries import split_calling_code
from bot.model.errors import NotUnderstood
from bot.model.numbers import format_number, national_digits, parse_number

REGIONS = ("US", "CA", "GB", "DE", "IN", "IT", "BR", "AU", "SG", "AE", "FR", "MX")


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Digits that could be a number somewhere: an example with other last digits."""
    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    example = phonenumbers.example_number_for_type(
        draw(st.sampled_from(REGIONS)), draw(st.sampled_from(kinds))
    )
    assert example
    text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[1:]
    return text[:-3] + draw(st.text("0123456789", min_size=3, max_size=3))


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        ("14155550100", "+1 415-555-0100"),
        ("+14155550100", "+1 415-555-0100"),
        ("18005550100", "+1 800-555-0100"),
        ("442079460018", "+44 20 7946 0018"),
        ("390612345678", "+39 06 1234 5678"),
        ("44020", "+44 020"),
        ("4402079460018", "+4402079460018"),  # the library would lose the 0
        ("9", "+9"),
        ("99912345678", "+99912345678"),
        ("", "+"),
        ("abc", "+abc"),
        ("1٤155550100", "+1٤155550100"),
    ],
)
def test_a_number_is_shown_as_people_write_it(digits: str, text: str) -> None:
    assert format_number(digits) == text


@given(st.text(max_size=40))
def test_any_text_can_be_shown(digits: str) -> None:
    assert format_number(digits).startswith("+")


@given(st.text("0123456789", max_size=20))
def test_no_digit_is_lost_when_a_number_is_shown(digits: str) -> None:
    assert "".join(filter(str.isdecimal, format_number(digits))) == digits


@given(numbers())
def test_a_number_survives_being_shown_and_read(digits: str) -> None:
    assert parse_number(format_number(digits)) == digits


@given(numbers())
def test_a_number_survives_being_linked_by_slack(digits: str) -> None:
    assert parse_number(f"<tel:+{digits}|{format_number(digits)}>") == digits


@pytest.mark.parametrize(
    "text",
    [
        "+1 (415) 555-0100",
        "+14155550100",
        "14155550100",
        "1 415 555 0100",
        "0014155550100",
        "+1.415.555.0100",
        "+1 415‑555‑0100",  # noqa: RUF001 - a hyphen that does not break
        "“+1 415–555–0100”",  # noqa: RUF001 - a phone's quotes and dashes
        "\N{LEFT-TO-RIGHT EMBEDDING}+1 415-555-0100\N{POP DIRECTIONAL FORMATTING}",
        "+1\N{NO-BREAK SPACE}415\N{NO-BREAK SPACE}555\N{NO-BREAK SPACE}0100",
        "\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH DIGIT ONE}4155550100",
        "<tel:+14155550100|+1 415-555-0100>",
        "<tel:+14155550100>",
        "`+1 415-555-0100`",
        "*+1 415-555-0100*,",
    ],
)
def test_a_number_is_read_however_it_is_written(text: str) -> None:
    assert parse_number(text) == "14155550100"


def test_a_zero_that_is_dialled_at_home_only_is_left_out() -> None:
    assert parse_number("+44 (0)20 7946 0018") == "442079460018"


@pytest.mark.parametrize(
    ("text", "problem", "nearest"),
    [
        ("4155550100", "has no country code", "+1 415-555-0100"),
        ("(212) 555-0100", "has no country code", "+1 212-555-0100"),
        ("020 7946 0018", "begins with no country code", "+1 415-555-0100"),
        ("hello", "is no phone number", "+1 415-555-0100"),
        ("1-800-FLOWERS", "is no phone number", "+1 415-555-0100"),
        ("", "Which number?", "+1 415-555-0100"),
        (" \N{ZERO WIDTH SPACE} ", "Which number?", "+1 415-555-0100"),
        ("6562345678", "may be +65 6234 5678 or +1 656-234-5678", "+65 6234 5678"),
        ("+1 555-0100", "too few digits", "+1 415-555-0100"),
        ("+", "is no phone number", "+1 415-555-0100"),
        ("()", "is no phone number", "+1 415-555-0100"),
        ("<@U0ANA|ana>", "is no phone number", "+1 415-555-0100"),
        ("+1 415 555", "too few digits", "+1 415-555-0100"),
        ("+1 415 555 01000", "too many digits", "+1 415-555-0100"),
        ("+999 1234 5678", "begins with no country code", "+1 415-555-0100"),
        ("+44" + "9" * 3000, "too many digits", "+1 415-555-0100"),
    ],
)
def test_what_is_no_number_is_answered_with_one_that_is(text: str, problem: str, nearest: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_number(text)
    (misread,) = caught.value.misreads
    assert problem in misread.problem
    assert misread.nearest == nearest
    assert parse_number(nearest)


@given(st.one_of(st.text(max_size=60), st.text("+0123456789 ()-<>|tel:", max_size=40)))
def test_any_text_is_a_number_of_at_most_seventeen_digits_or_not_understood(text: str) -> None:
    try:
        digits = parse_number(text)
    except NotUnderstood:
        return
    assert digits.isascii()
    assert digits.isdecimal()
    assert 4 <= len(digits) <= 17


@pytest.mark.parametrize(
    ("digits", "country", "national"),
    [
        ("14155550100", "US", "4155550100"),
        ("+14165550100", "CA", "4165550100"),
        ("442079460018", "GB", "2079460018"),
        ("390612345678", "IT", "0612345678"),
        ("14155550100", "gb", "14155550100"),
        ("14155550100", "XX", "14155550100"),
        ("", "US", ""),
    ],
)
def test_the_national_digits_leave_out_the_country_code(digits: str, country: str, national: str) -> None:
    assert national_digits(digits, country) == national


@given(numbers())
def test_the_national_digits_are_the_end_of_the_number(digits: str) -> None:
    split = split_calling_code(digits)
    assert split
    national = national_digits(digits, split[0])
    assert national == split[1]
    assert digits.endswith(national)
    assert 0 < len(digits) - len(national) <= 3
