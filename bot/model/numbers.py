"""Numbers: digits with the country code inside, `+1 415-555-0100` for people."""

import re
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

from bot.model import countries
from bot.model.errors import Misread, NotUnderstood
from bot.model.search_clean import clean, shorten

_LINK = re.compile(r"<(?:tel|sms|callto):([^<>|]*)(?:\|[^<>]*)?>", re.IGNORECASE)
_WRITTEN = re.compile(r"\+?[\d\s().,/-]+", re.ASCII)
_NOT_DIGITS = re.compile(r"\D", re.ASCII)
_EXAMPLE: Final = "+1 415-555-0100"
_NORTH_AMERICAN = 10  # digits behind the country code
_LONGEST = 100  # of what is typed; a number itself has 15 digits at most


def format_number(digits: str) -> str:
    """`+1 415-555-0100`, or the bare digits with "+" if they are no number. Loses no digit; never raises."""
    bare = digits.removeprefix("+")
    try:
        number = phonenumbers.parse("+" + bare)
    except phonenumbers.NumberParseException:
        return "+" + bare
    text = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    return text if _NOT_DIGITS.sub("", text) == bare else "+" + bare


def national_digits(digits: str, country: str) -> str:
    """The digits without the country's calling code: what the provider's `pattern` takes. Never raises."""
    bare = digits.removeprefix("+")
    code = countries.calling_code(country)
    return bare.removeprefix(code) if code else bare


def parse_number(text: str) -> str:
    """The digits, with the country code, of a number as people and Slack write it.

    `+1 (415) 555-0100`, `14155550100`, `0044 20 7946 0018`, `<tel:+14155550100|…>`. A number without "+"
    has to begin with the country code too. Raises NotUnderstood.
    """
    written = _as_typed(text)
    if not _WRITTEN.fullmatch(written) or not _NOT_DIGITS.sub("", written):
        raise _misread(text, "is no phone number", _EXAMPLE)
    international = re.sub(r"^\s*00", "+", written)
    try:
        number = phonenumbers.parse("+" + international.lstrip(" +"))
    except phonenumbers.NumberParseException as problem:
        raise _misread(text, _why_not(problem), _with_code(written) or _EXAMPLE) from None
    _check(number, written)
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}"


def _why_not(problem: phonenumbers.NumberParseException) -> str:
    if problem.error_type == phonenumbers.NumberParseException.TOO_LONG:
        return "has too many digits"
    return "begins with no country code"


def _as_typed(text: str) -> str:
    linked = _LINK.sub(r"\1", text[:_LONGEST])
    return clean(linked).strip("\"'.,;:*_~<> ")


def _check(number: phonenumbers.PhoneNumber, written: str) -> None:
    if not written.startswith("+"):
        _check_bare(number, written)
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != ValidationResult.IS_POSSIBLE:
        many = "many" if possible == ValidationResult.TOO_LONG else "few"
        raise _misread(written, f"has too {many} digits, or no country code", _EXAMPLE)


def _check_bare(number: phonenumbers.PhoneNumber, written: str) -> None:
    """Ten digits without "+" may lack the country code: money is at stake, so we ask and do not guess."""
    with_code = _with_code(written)
    if with_code is None:
        return
    if phonenumbers.is_valid_number(number):
        this = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        raise _misread(written, f"may be {this} or {with_code}: write it with “+”", this)
    raise _misread(written, "has no country code", with_code)


def _with_code(written: str) -> str | None:
    """The number with +1 before it, if that makes one: the country code that is most often left out."""
    digits = _NOT_DIGITS.sub("", written)
    if len(digits) != _NORTH_AMERICAN:
        return None
    number = phonenumbers.parse("+1" + digits)
    return format_number("1" + digits) if phonenumbers.is_valid_number(number) else None


def _misread(word: str, what: str, nearest: str) -> NotUnderstood:
    shown = shorten(clean(word))
    problem = f"“{shown}” {what}." if shown else "Which number?"
    return NotUnderstood((Misread(shown, problem, nearest),))
