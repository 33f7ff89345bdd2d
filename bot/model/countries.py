"""Countries: from what people call them to ISO 3166-1 alpha-2, and back to a plain name."""

import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache

import phonenumbers
import pycountry

NORTH_AMERICA = "1"  #: the calling code that the United States, Canada and the Caribbean share
_LONGEST_NAME = 80
_LONGEST_CODE = 3
_ALPHA_2 = 2
_ALPHA_3 = 3
_AREA_CODE = 3

# What ISO calls them is not what people call them; the ISO names are understood as well.
_PLAIN = {
    "BN": "Brunei",
    "CD": "DR Congo",
    "CG": "Congo",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "LA": "Laos",
    "MF": "Saint Martin",
    "PS": "Palestine",
    "RU": "Russia",
    "SH": "Saint Helena",
    "SX": "Sint Maarten",
    "TR": "Turkey",
    "VA": "Vatican City",
    "VG": "British Virgin Islands",
    "VI": "US Virgin Islands",
}
# The parts of the United Kingdom have one country code between them, so each of them finds it.
_ALIASES = {
    "AE": ("UAE", "Emirates"),
    "AT": ("Österreich",),
    "BR": ("Brasil",),
    "CD": ("DRC", "Democratic Republic of the Congo"),
    "CH": ("Schweiz", "Suisse"),
    "CI": ("Ivory Coast",),
    "CV": ("Cape Verde",),
    "DE": ("Deutschland",),
    "ES": ("España",),
    "GB": ("UK", "U.K.", "Britain", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "IT": ("Italia",),
    "KR": ("Korea",),
    "MK": ("Macedonia",),
    "MM": ("Burma",),
    "MO": ("Macau",),
    "NL": ("Holland", "Nederland"),
    "SE": ("Sverige",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "US": ("USA", "U.S.", "U.S.A.", "America", "States"),
    "VA": ("Vatican",),
}
_WITH_ARTICLE = frozenset(
    ("AE", "BS", "CD", "CF", "CG", "DO", "GB", "GM", "IO", "KM", "MV", "NL", "PH", "TF", "US")
)


def find(word: str) -> str | None:
    """The country that a code, a name, a common name or a calling code (`+44`) means; None if none.

    A calling code that several countries share finds the largest: `+1` is the United States.
    """
    text = word.strip()
    if len(text) > _LONGEST_NAME:
        return None
    if text.startswith("+"):
        return _by_calling_code(text[1:])
    if len(text) == _ALPHA_2 and text.upper() in _names():
        return text.upper()
    if len(text) == _ALPHA_3 and text.isupper():  # in capitals only: "per" and "and" are words as well
        return _by_alpha_3().get(text) or _by_name().get(_key(text))
    return _by_name().get(_key(text))


def name(iso2: str) -> str:
    """What people call the country: `United States`. A code that is no country comes back as it is."""
    return _names().get(iso2.upper(), iso2)


def name_in_sentence(iso2: str) -> str:
    """The name as it stands after "in": `the United States`, `Germany`."""
    plain = name(iso2)
    return f"the {plain}" if iso2.upper() in _WITH_ARTICLE or plain.endswith("Islands") else plain


@lru_cache(maxsize=512)
def nearest(word: str) -> str | None:
    """The name of the country whose name is near the word, for somebody who mistyped it."""
    key = _key(word[:_LONGEST_NAME])
    found = get_close_matches(key, _by_name(), n=1, cutoff=0.75) if len(key) > _ALPHA_2 else []
    return name(_by_name()[found[0]]) if found else None


def calling_code(iso2: str) -> str:
    """The digits that begin the country's numbers, `44`; empty if it has none."""
    code = phonenumbers.country_code_for_region(iso2.upper())
    return str(code) if code else ""


def split_calling_code(digits: str) -> tuple[str, str] | None:
    """A number's country and the digits after the calling code; None if no country has the code.

    Where North America shares a code, the area code tells the country apart.
    """
    for length in range(1, _LONGEST_CODE + 1):
        country = _by_calling_code(digits[:length])
        if country is not None:
            rest = digits[length:]
            return (_north_american(rest) if digits[:length] == NORTH_AMERICA else country), rest
    return None


def _by_calling_code(code: str) -> str | None:
    if not (code.isascii() and code.isdecimal() and len(code) <= _LONGEST_CODE) or code.startswith("0"):
        return None
    region: str = phonenumbers.region_code_for_country_code(int(code))
    return region if region in _names() else None


def _north_american(national: str) -> str:
    if len(national) < _AREA_CODE:
        return "US"
    whole = phonenumbers.PhoneNumber(country_code=1, national_number=int(national[:_AREA_CODE] + "5550100"))
    return phonenumbers.region_code_for_number(whole) or "US"


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    listed = {c.alpha_2: str(getattr(c, "common_name", c.name)) for c in pycountry.countries}
    return listed | _PLAIN


@lru_cache(maxsize=1)
def _by_alpha_3() -> Mapping[str, str]:
    return {c.alpha_3: c.alpha_2 for c in pycountry.countries}


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, str]:
    # Plain names come last, so that "Congo" is what we call Congo and no other country's long form.
    return {_key(text): iso2 for text, iso2 in (*_long_names(), *_short_names())}


def _long_names() -> Iterator[tuple[str, str]]:
    for country in pycountry.countries:
        for kind in ("official_name", "name", "common_name"):
            if text := getattr(country, kind, None):
                yield text, country.alpha_2


def _short_names() -> Iterator[tuple[str, str]]:
    for iso2, texts in _ALIASES.items():
        for text in texts:
            yield text, iso2
    for iso2, text in _names().items():
        yield text, iso2


@lru_cache(maxsize=2048)
def _key(text: str) -> str:
    """A name without what people write in several ways: case, accents, punctuation, "St", "the"."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    spaced = "".join(c if c.isalnum() else " " for c in bare.casefold().replace("&", " and "))
    words = ["saint" if word == "st" else word for word in spaced.split()]
    return " ".join(words[1:] if words[:1] == ["the"] else words)
