"""The single values of a policy file, each with a reason that says how to write it when it is wrong.

Slack's ids: people begin with U or W, user groups with S, channels with C or G (older private ones); all are
capitals and digits.
"""

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

import pycountry
from pydantic import AfterValidator, BeforeValidator

from bot.model.durations import parse_duration
from bot.model.money import parse_usd
from bot.model.offer import NumberType

_DEAREST = Decimal(1_000_000)
_OPTION_TEXT = 75  # characters that Slack shows of one choice in a list
_SMALLEST_PLACE = -4  # money at rest is whole ten-thousandths of a dollar
_FIND_PERSON = "a person's id begins with U or W: open the profile, then the three dots, Copy member ID"
_FIND_GROUP = "a user group's id begins with S: it stands at the end of the group's address in a browser"
_FIND_CHANNEL = "a channel's id begins with C or G: it stands at the end of the channel's details"


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` if something known is near the word, else nothing."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f'; did you mean "{found[0]}"?' if found else ""


def _slack_id(letters: str, how_to_find: str) -> Callable[[str], str]:
    pattern = re.compile(f"[{letters}][A-Z0-9]{{2,30}}")

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f'"{text}" is not an id; {how_to_find}')
        return text

    return check


def _usd(value: object) -> Decimal:
    if isinstance(value, float):
        raise ValueError(f'{value} is not exact: write it in quotes, "{value:.2f}"')
    amount = parse_usd(value)
    if amount > _DEAREST:
        raise ValueError(f"{value!r} is more than a million dollars")
    # A zero's exponent says nothing, and normalize() keeps "2.00000" from counting as too fine.
    if amount and int(amount.normalize().as_tuple().exponent) < _SMALLEST_PLACE:
        raise ValueError(f"{value!r} is finer than a ten-thousandth of a dollar")
    return amount


def country_code(value: object) -> str:
    """Two letters of ISO 3166-1, large. Raises ValueError with what was meant, if that can be told."""
    code = value.strip().upper() if isinstance(value, str) else ""
    if len(code) == 2 and pycountry.countries.get(alpha_2=code):  # noqa: PLR2004 - alpha-2 means two letters
        return code
    raise ValueError(f'"{value}" is not a country\'s two letters (ISO 3166-1){_country_meant(code)}')


def _country_meant(name: str) -> str:
    if name == "UK":  # reserved in ISO 3166-1 but not assigned
        return '; did you mean "GB"?'
    try:
        return f'; did you mean "{pycountry.countries.lookup(name).alpha_2}"?'
    except LookupError:
        return ""


def _number_type(value: object) -> NumberType:
    word = value.strip().lower() if isinstance(value, str) else ""
    known = [str(kind) for kind in NumberType]
    if word not in known:
        raise ValueError(f'"{value}" is no type of number ({", ".join(known)}){nearest(word, known)}')
    return NumberType(word)


def _named_at_least_one(value: object) -> object:
    if value == []:  # could mean everybody or nobody, so it means neither
        raise ValueError("is empty: name at least one, or leave the key out")
    return value


def _canned(text: str) -> str:
    if not 1 <= len(text) <= _OPTION_TEXT:
        raise ValueError(f'"{text[:20]}…" must have 1 to {_OPTION_TEXT} characters: Slack shows no more')
    return text


CannedReason = Annotated[str, AfterValidator(_canned)]
person_id = _slack_id("UW", _FIND_PERSON)
"""A person's id of Slack as it is. Raises ValueError with where ids are found."""
Person = Annotated[str, AfterValidator(person_id)]
PersonOrGroup = Annotated[str, AfterValidator(_slack_id("UWS", f"{_FIND_PERSON}; {_FIND_GROUP}"))]
Channel = Annotated[str, AfterValidator(_slack_id("CG", _FIND_CHANNEL))]
Usd = Annotated[Decimal, BeforeValidator(_usd)]
Country = Annotated[str, BeforeValidator(country_code)]
KindOfNumber = Annotated[NumberType, BeforeValidator(_number_type)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
non_empty = BeforeValidator(_named_at_least_one)
