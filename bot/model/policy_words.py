"""What stands behind `/number policy`: a request, a number, or a country, a type and a price."""

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.model.errors import Misread, NotUnderstood
from bot.model.money import parse_usd
from bot.model.numbers import parse_number
from bot.model.offer import NumberType
from bot.model.search import parse_search
from bot.model.search_clean import clean

_REQUEST = re.compile(r"R[2-9A-HJKMNP-Z]{12}", re.IGNORECASE)
_ALMOST_A_REQUEST = re.compile(r"R(?=\w*\d)\w{1,40}", re.IGNORECASE | re.ASCII)
NO_SUCH_ID = (
    "There is no request “{}”: a request's id is R and twelve letters and digits, such as R7K3M9QXZ2ABC;"
    " its card and `/number requests` show it."
)
_NUMBER = re.compile(r"\+?[\d\s().-]{7,}|<tel:.*>")
_PRICE = re.compile(r"\$?\d{1,7}(\.\d{1,4})?")
_EXAMPLE = "US local 5.00"


@dataclass(frozen=True, slots=True)
class ByRequest:
    """A request, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class ByNumber:
    """A number: digits with the country code."""

    digits: str


@dataclass(frozen=True, slots=True)
class ByPrice:
    """Any number of a country and a type at a monthly price in USD."""

    country: str
    type: NumberType
    monthly: Decimal


def parse_policy_words(text: str) -> ByRequest | ByNumber | ByPrice:
    """What is to be explained. Raises NotUnderstood, with what would be understood."""
    words = clean(text)
    if _REQUEST.fullmatch(words):
        return ByRequest(words.upper())
    if _ALMOST_A_REQUEST.fullmatch(words):
        raise NotUnderstood((Misread(words[:40], NO_SUCH_ID.format(words[:40]), ""),))
    if _NUMBER.fullmatch(words):
        return ByNumber(parse_number(words))
    prices = [word for word in words.split() if _PRICE.fullmatch(word)]
    others = " ".join(word for word in words.split() if word not in prices)
    if len(prices) != 1:
        what = "Which monthly price?" if not prices else "There are several prices."
        nearest = f"{others} 5.00" if others else _EXAMPLE
        raise NotUnderstood((Misread(words[:40], what, nearest),))
    asked = parse_search(others)
    monthly = parse_usd(prices[0].removeprefix("$"))
    return ByPrice(asked.country, asked.type or NumberType.LOCAL, monthly)
