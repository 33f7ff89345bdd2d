"""A search in words: as it may be typed again, and as a phrase for people."""

from collections.abc import Iterator

from bot.model import countries
from bot.model.money import format_usd
from bot.model.search_filters import quote
from bot.model.search_query import Search, service_word, type_word


def to_text(search: Search) -> str:
    """The search as it may be typed: one spelling for each search, which parses to just that search."""
    return " ".join(_typed(search))


def describe(search: Search) -> str:
    """A phrase: `local numbers in the United States that start with 415, in San Francisco`."""
    kind = f"{type_word(search.type)} numbers" if search.type else "numbers"
    which = list(_digits(search))
    digits = f" that {_listed(which)}" if which else ""
    phrase = f"{kind} in {countries.name_in_sentence(search.country)}{digits}"
    return ", ".join((phrase, *_places(search), *_terms(search)))


def _typed(search: Search) -> Iterator[str]:
    yield search.country
    if search.type:
        yield search.type.value
    if search.pattern:
        yield search.pattern
    values = {
        "city": search.city,
        "region": search.region,
        "npanxx": search.npanxx,
        "lca": _yes_or_no(search.lca),
        "lata": search.lata,
        "rate-center": search.rate_center,
        "eligible": _yes_or_no(search.eligible),
        "contains": search.contains,
        "ends": search.ends,
    }
    yield from (f"{key}:{quote(value)}" for key, value in values.items() if value)
    if search.services:
        yield f"services:{','.join(search.services)}"
    if search.max is not None:
        yield f"max:{search.max:f}"
    if search.sort:
        yield f"sort:{search.sort}"


def _digits(search: Search) -> Iterator[str]:
    if search.pattern:
        yield f"start with {search.pattern}"
    if search.contains:
        yield f"contain {search.contains}"
    if search.ends:
        yield f"end in {search.ends}"


def _places(search: Search) -> Iterator[str]:
    place = ", ".join(filter(None, (search.city, search.region)))
    if place:
        yield f"in {place}"
    if search.rate_center:
        yield f"in the rate center {search.rate_center}"
    if search.lata:
        yield f"in LATA {search.lata}"
    if search.npanxx:
        wider = " and its local calling area" if search.lca else ""
        yield f"in the exchange {search.npanxx}{wider}"


def _terms(search: Search) -> Iterator[str]:
    if search.services:
        yield f"with {_listed([service_word(service) for service in search.services])}"
    if search.eligible is not None:
        yield "that may be bought now" if search.eligible else "also those that may not be bought now"
    if search.max is not None:
        yield f"at most {format_usd(search.max)} a month"
    if search.sort:
        yield "the cheapest first"


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _yes_or_no(value: bool | None) -> str | None:  # noqa: FBT001 - one value, named by the function
    return None if value is None else ("yes" if value else "no")
