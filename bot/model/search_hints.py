"""What somebody may have meant by a word that no search knows."""

from difflib import get_close_matches

from bot.model import countries, search_filters
from bot.model.errors import NotUnderstood
from bot.model.offer import NumberType
from bot.model.search_clean import shorten
from bot.model.search_filters import EXAMPLES, PLACES, quote
from bot.model.search_words import Kind, Word

_MEANT = {
    "cell": "mobile",
    "cellular": "mobile",
    "freephone": "tollfree",
    "toll": "tollfree",
    "landline": "fixed",
    "geographic": "local",
    "voice": "services:voice",
    "sms": "services:sms",
    "mms": "services:mms",
    "text": "services:sms",
    "cheap": "sort:price",
    "cheapest": "sort:price",
    "price": "sort:price",
}
_LONGEST_GUESS = 40


def unknown(word: Word, before: Word | None) -> NotUnderstood:
    """The answer to a word that is no country, no type and no number, with the nearest thing that is."""
    problem = f"“{shorten(word.typed)}” is no country, no type and no number."
    return search_filters.misread(word.typed, problem, _second_half(word, before) or _nearest(word.value))


def _second_half(word: Word, before: Word | None) -> str | None:
    """`city:San Francisco` lacks its quotes."""
    if before is None or before.kind is not Kind.FILTER or before.quoted:
        return None
    name = search_filters.name_of(before.key)
    whole = f"{before.value} {word.value}"
    return f"{name}:{quote(whole)}" if name in PLACES and search_filters.can_read(name, whole) else None


def _nearest(value: str) -> str | None:
    key = value.lower()
    if key in _MEANT or key in EXAMPLES:
        return _MEANT.get(key) or EXAMPLES[key]
    if len(value) > _LONGEST_GUESS:
        return None
    kinds = get_close_matches(key, list(NumberType), n=1, cutoff=0.7)
    return (kinds[0] if kinds else None) or countries.nearest(value) or _filter_like(key, value)


def _filter_like(key: str, value: str) -> str | None:
    name, _, rest = key.partition("=")
    if rest and search_filters.name_of(name) == name and search_filters.can_read(name, rest):
        return f"{name}:{quote(rest)}"
    if any(map(str.isdecimal, value)):
        return "415"
    return (
        f"city:{quote(value)}" if len(value) > len("xx") and search_filters.can_read("city", value) else None
    )
