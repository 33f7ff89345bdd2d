"""Several numbers in one text, and the country a number belongs to."""

import re

import phonenumbers

from bot.model.errors import Misread, NotUnderstood
from bot.model.numbers import parse_number

MOST = 5
"""Numbers in one command: as many as fit into one message."""
_BETWEEN = re.compile(r"[,;]|\s+(?=\+)|(?<=>)\s+(?=<)|(?<=\d{10})\s+(?=\d{10})")
"""A comma, or a blank before the next "+"; blanks also stand inside of numbers."""


def parse_numbers(text: str) -> tuple[str, ...]:
    """Digits with the country code of one to five numbers, each once. Raises NotUnderstood."""
    numbers = tuple(
        dict.fromkeys(parse_number(part) for part in _BETWEEN.split(text.strip()) if part.strip())
    )
    if not numbers:
        raise NotUnderstood((Misread("", "Which number?", "+1 415-555-0100"),))
    if len(numbers) > MOST:
        raise NotUnderstood((Misread(text[:40], f"That are more than {MOST} numbers."),))
    return numbers


def country_of(digits: str) -> str | None:
    """ISO 3166-1 alpha-2 of a number; None if no country has it. Never raises."""
    try:
        number = phonenumbers.parse("+" + digits.removeprefix("+"))
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number)
    region = region or phonenumbers.region_code_for_country_code(number.country_code or 0)
    return region if region and region.isalpha() and region != "ZZ" else None
