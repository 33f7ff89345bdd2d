"""The filters of a search: each reads its value, or says what it would have understood."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from difflib import get_close_matches

from bot.model.errors import Misread, NotUnderstood
from bot.model.search_clean import shorten
from bot.model.search_query import SERVICES, Service

EXAMPLES = {
    "city": 'city:"San Francisco"',
    "region": "region:Texas",
    "npanxx": "npanxx:415555",
    "lca": "lca:yes",
    "lata": "lata:722",
    "rate-center": 'rate-center:"SNFC CNTRL"',
    "services": "services:voice,sms",
    "eligible": "eligible:yes",
    "contains": "contains:555",
    "ends": "ends:0100",
    "max": "max:1.50",
    "sort": "sort:price",
}
"""Every filter, as it may be typed."""
PLACES = frozenset({"city", "region", "rate-center"})
_SAME = {"ratecenter": "rate-center", "local-calling-area": "lca", "service": "services"}
_LONGEST_PLACE = 60
_SHORTEST_REGION = 3  # the provider ignores or refuses fewer letters
_LONGEST_DIGITS = 15
_PLACE_MARKS = frozenset(" .,'()/&-")
_NPANXX = re.compile(r"[2-9]\d\d[2-9]\d\d", re.ASCII)
_LATA = re.compile(r"[1-9]\d{2,4}", re.ASCII)
_AMOUNT = re.compile(r"\$?(\d{1,6})(?:\.(\d{1,4}))?\$?", re.ASCII)
_NEAR_AMOUNT = re.compile(r"\D*(\d{1,6})(?:[.,](\d{1,4}))?\D*", re.ASCII)
_BETWEEN_DIGITS = re.compile(r"[\s().*/-]")
_BARE = re.compile(r"[\w.,-]*[\w-]")  # what ends with a mark would lose it
_YES = frozenset({"yes", "y", "true", "on", "1"})
_NO = frozenset({"no", "n", "false", "off", "0"})
_KEYS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999", strict=True))
_CHEAP = frozenset({"price", "cheap", "cheapest", "cost", "monthly"})


def name_of(key: str) -> str | None:
    """The filter that the key means; None if there is none."""
    known = _SAME.get(key, key)
    return known if known in EXAMPLES else None


def read(key: str, value: str) -> object:
    """The filter's value in its own type. Raises NotUnderstood with what would have been understood."""
    if not value:
        raise misread(f"{key}:", f"`{key}:` needs a value.", EXAMPLES[key])
    return _READERS[key](key, value)


def can_read(name: str, value: str) -> bool:
    """Whether the filter understands the value."""
    try:
        read(name, value)
    except NotUnderstood:
        return False
    return True


def unknown_key(key: str, value: str, typed: str) -> NotUnderstood:
    """The answer to a filter that there is not."""
    near = get_close_matches(key, [*EXAMPLES, *_SAME], n=1, cutoff=0.5)
    name = _SAME.get(near[0], near[0]) if near else None
    nearest = name and (f"{name}:{quote(value)}" if can_read(name, value) else EXAMPLES[name])
    return misread(typed, f"There is no filter “{shorten(key)}:”.", nearest)


def misread(word: str, problem: str, nearest: str | None = None) -> NotUnderstood:
    """One thing that was not understood."""
    return NotUnderstood((Misread(shorten(word), problem, nearest),))


def quote(value: str) -> str:
    """The value as it stands behind a colon: in quotes where it needs them."""
    return value if _BARE.fullmatch(value) else f'"{value}"'


def bare_digits(text: str) -> str | None:
    """The digits of `(415) 555-` or `415*`; None if anything stands there that is not between digits."""
    digits = _BETWEEN_DIGITS.sub("", text)
    return digits if digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_DIGITS else None


def keypad(text: str) -> str:
    """The digits that letters stand on, on a phone's keys: `FLOWERS` is `3569377`."""
    return "".join(_KEYS.get(c, c) for c in text.upper() if c in _KEYS or (c.isascii() and c.isdecimal()))


def _place(key: str, value: str) -> str:
    place = " ".join(value.split())
    if len(place) > _LONGEST_PLACE or not any(map(str.isalnum, place)) or not all(map(_in_a_name, place)):
        raise misread(value, f"“{shorten(value)}” is no name of a place.", EXAMPLES[key])
    if key == "region" and len(place) < _SHORTEST_REGION:
        raise misread(value, f"The provider wants the whole name of a region, not “{place}”.", EXAMPLES[key])
    return place


def _in_a_name(character: str) -> bool:
    return character in _PLACE_MARKS or unicodedata.category(character)[0] in "LMN"


def _npanxx(_key: str, value: str) -> str:
    digits = bare_digits(value) or ""
    if not _NPANXX.fullmatch(digits):
        problem = "`npanxx:` takes six digits: an area code and an exchange, both beginning with 2 to 9."
        raise misread(value, problem, EXAMPLES["npanxx"])
    return digits


def _lata(_key: str, value: str) -> str:
    if not _LATA.fullmatch(value):
        raise misread(value, "`lata:` takes the number of a region, three to five digits.", EXAMPLES["lata"])
    return value


def _yes_or_no(key: str, value: str) -> bool:
    word = value.lower()
    if word not in _YES | _NO:
        raise misread(value, f"`{key}:` takes yes or no, not “{shorten(value)}”.", EXAMPLES[key])
    return word in _YES


def _services(_key: str, value: str) -> tuple[Service, ...]:
    asked = {part.strip().lower() for part in re.split(r"[,+/]", value)} - {""}
    strange = sorted(asked.difference(SERVICES))
    if strange or not asked:
        near = get_close_matches(strange[0], SERVICES, n=1) if strange else []
        nearest = f"services:{near[0]}" if near else EXAMPLES["services"]
        problem = f"There is no service “{shorten(', '.join(strange))}”: there are voice, sms and mms."
        raise misread(value, problem, nearest)
    return tuple(service for service in SERVICES if service in asked)


def _digits(key: str, value: str) -> str:
    digits = bare_digits(value)
    if digits:
        return digits
    problem = f"`{key}:` takes digits, not “{shorten(value)}”."
    keys = keypad(value)[:_LONGEST_DIGITS]
    if value.isalnum() and keys and keys != value:
        problem += f" On a phone's keys it is {keys}."
    raise misread(value, problem, f"{key}:{keys}" if keys else EXAMPLES[key])


def _max(_key: str, value: str) -> Decimal:
    amount = _AMOUNT.fullmatch(value.strip())
    if amount:
        return _plain_decimal(f"{amount[1]}.{amount[2] or 0}")
    near = _NEAR_AMOUNT.fullmatch(value)
    nearest = f"max:{_plain_decimal(f'{near[1]}.{near[2] or 0}')}" if near else EXAMPLES["max"]
    raise misread(value, f"“{shorten(value)}” is no amount in dollars a month.", nearest)


def _plain_decimal(text: str) -> Decimal:
    """As people write it, so that equal amounts look equal: `1.50`, `0.0085` where cents hide it."""
    amount = Decimal(text)
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.normalize()


def _sort(_key: str, value: str) -> str:
    if value.lower() != "price":
        hint = " The cheapest come first." if value.lower() in _CHEAP else ""
        raise misread(value, f"A search sorts by price alone, not by “{shorten(value)}”.{hint}", "sort:price")
    return "price"


_READERS: Mapping[str, Callable[[str, str], object]] = {
    "city": _place,
    "region": _place,
    "npanxx": _npanxx,
    "lca": _yes_or_no,
    "lata": _lata,
    "rate-center": _place,
    "services": _services,
    "eligible": _yes_or_no,
    "contains": _digits,
    "ends": _digits,
    "max": _max,
    "sort": _sort,
}
