"""The search: `US local 415 city:"San Francisco" max:1.50`, in any order of the words.

A country is a code (`US`, `us`), a name (`United States`, `UK`, `England`) or a calling code; `+1` is the
United States, `+1416` is Canada by its area code. A small `in` is a filler where another word names the
country, else India. The digits are what a number starts with after its country code; a "1" in North America
and a "0" elsewhere that is only dialled before them is left out. Everything that this module's callers need
stands here; the parts are in `search_*.py`.
"""

from decimal import Decimal
from typing import cast

from bot.model import countries
from bot.model.errors import Misread, NotUnderstood
from bot.model.offer import NumberType
from bot.model.search_clean import shorten
from bot.model.search_proposal import attempts
from bot.model.search_query import (
    SERVICES,
    Search,
    Service,
    Sort,
    conditions,
    keeps,
    needs_filtering,
    provider_params,
    sort_offers,
    without,
)
from bot.model.search_reader import MOST_MISREADS, Reader
from bot.model.search_rules import contradictions, national_pattern
from bot.model.search_say import describe, to_text
from bot.model.search_words import words

__all__ = [
    "SERVICES",
    "Search",
    "Service",
    "Sort",
    "conditions",
    "describe",
    "keeps",
    "needs_filtering",
    "parse_search",
    "provider_params",
    "sort_offers",
    "to_text",
    "without",
]

_LONGEST = 500
_EXAMPLE = "US local 415"


def parse_search(text: str) -> Search:
    """The search in what stands behind `/number search`.

    Raises NotUnderstood, and nothing else, with a Misread for each of the first five things that were not
    understood or do not go together, and the nearest whole search that would be understood.
    """
    if len(text) > _LONGEST:
        problem = f"A search has at most {_LONGEST} characters."
        raise NotUnderstood((Misread(shorten(text), problem, _EXAMPLE),), _EXAMPLE)
    reader = _read(text)
    try:
        return _understood(reader)
    except NotUnderstood as problem:
        raise NotUnderstood(problem.misreads, _proposal(reader, problem.misreads)) from None


def _read(text: str) -> Reader:
    reader = Reader(words(text))
    reader.read()
    return reader


def _proposal(reader: Reader, misreads: tuple[Misread, ...]) -> str:
    """The nearest search that is understood: what was, with what may have been meant for the rest."""
    meant = _read(" ".join(misread.nearest for misread in misreads if misread.nearest))
    for attempt in attempts(reader, meant):
        try:
            return to_text(_understood(attempt))
        except NotUnderstood:
            continue  # the next one asks for less
    return _EXAMPLE


def _understood(reader: Reader) -> Search:
    problems = list(reader.misreads)
    country = _one_country(reader, problems)
    kind = _one_type(reader, problems)
    pattern = _one_pattern(reader, country, problems)
    if country is None and not problems:
        problems.append(_no_country(reader))
    if problems or country is None:
        raise NotUnderstood(tuple(problems[:MOST_MISREADS]))
    return _agreeing(_search(country, kind, pattern, reader.filters))


def _search(country: str, kind: NumberType | None, pattern: str | None, filters: dict[str, object]) -> Search:
    return Search(
        country=country,
        type=kind,
        pattern=pattern,
        city=cast("str | None", filters.get("city")),
        region=cast("str | None", filters.get("region")),
        npanxx=cast("str | None", filters.get("npanxx")),
        lca=cast("bool | None", filters.get("lca")),
        lata=cast("str | None", filters.get("lata")),
        rate_center=cast("str | None", filters.get("rate-center")),
        services=cast("tuple[Service, ...]", filters.get("services", ())),
        eligible=cast("bool | None", filters.get("eligible")),
        contains=cast("str | None", filters.get("contains")),
        ends=cast("str | None", filters.get("ends")),
        max=cast("Decimal | None", filters.get("max")),
        sort=cast("Sort | None", filters.get("sort")),
    )


def _agreeing(search: Search) -> Search:
    problems = tuple(contradictions(search))
    if problems:
        raise NotUnderstood(problems[:MOST_MISREADS])
    return search


def _one_country(reader: Reader, problems: list[Misread]) -> str | None:
    """The country that is named; a calling code names one only if no other word does."""
    named = {iso2: word for word, iso2 in reversed(reader.countries)}
    if not named:
        named = {iso2: word for word, _, iso2 in reversed(reader.codes)}
    if len(named) > 1:
        both = " and ".join(f"“{word}” ({countries.name(iso2)})" for iso2, word in reversed(named.items()))
        problems.append(Misread(both, f"{both} are two countries; a search has one.", next(reversed(named))))
        return None
    if not named:
        return "IN" if reader.maybe_india else None
    country = next(iter(named))
    problems += _foreign_codes(reader, country)
    return country


def _foreign_codes(reader: Reader, country: str) -> list[Misread]:
    code = countries.calling_code(country)
    return [
        Misread(word, f"“{word}” is no number in {countries.name_in_sentence(country)}.", f"+{code}")
        for word, its_code, _ in reader.codes
        if its_code != code
    ]


def _one_type(reader: Reader, problems: list[Misread]) -> NumberType | None:
    kinds = list(dict.fromkeys(kind for _, kind in reader.types))
    if len(kinds) > 1:
        both = " and ".join(kinds)
        problems.append(Misread(both, f"A search has one type, not {both}.", kinds[0].value))
    return kinds[0] if kinds else None


def _one_pattern(reader: Reader, country: str | None, problems: list[Misread]) -> str | None:
    found = dict.fromkeys(digits for _, digits in reader.digits)
    if len(found) > 1:
        both = " and ".join(f"“{digits}”" for digits in found)
        problem = f"{both}: a number starts with one of them; write them as one, or search for each."
        problems.append(Misread(both, problem, "".join(found)[:15]))
    if not found or country is None:
        return None
    digits = next(iter(found))
    pattern = national_pattern(digits, country)
    if not pattern:
        problem = f"“{digits}” is only dialled before a number; leave it out, or add the digits behind it."
        problems.append(Misread(digits, problem, country))
    return pattern or None


def _no_country(reader: Reader) -> Misread:
    """What was understood, with a country before it, ready to be typed."""
    kind = reader.types[0][1].value if reader.types else ""
    digits = reader.digits[0][1] if reader.digits else ""
    nearest = " ".join(filter(None, ("US", kind, digits))) if kind or digits or reader.filters else _EXAMPLE
    problem = "A search needs a country: a code such as `US`, a name such as “United States”, or `+1`."
    return Misread("country", problem, nearest)
