"""Which conditions go together: what the provider would refuse, or never find, is told before it is asked."""

from collections.abc import Iterator

from phonenumbers import PhoneMetadata

from bot.model import countries
from bot.model.errors import Misread
from bot.model.offer import NumberType
from bot.model.search_query import Search, type_word

_NORTH_AMERICA = ("US", "CA")
# Source: the provider's page on phone numbers. `city` is "for local type only" and `region` "for fixed type
# only", of which local is a part; an exchange (npanxx) exists for local numbers only.
_TYPES = {
    "city": (NumberType.LOCAL,),
    "region": (NumberType.LOCAL, NumberType.FIXED),
    "npanxx": (NumberType.LOCAL, NumberType.FIXED),
    "rate_center": (NumberType.LOCAL, NumberType.FIXED),
}


def national_pattern(digits: str, country: str) -> str:
    """The digits without what is dialled before a national number but is no part of it: `020` is `20`.

    In North America that is "1", which is the calling code as well; elsewhere "0", where there is one.
    """
    metadata = PhoneMetadata.metadata_for_region(country)
    trunk = metadata.national_prefix if metadata else None
    if countries.calling_code(country) == countries.NORTH_AMERICA:
        return digits.lstrip("1")
    return digits.lstrip("0") if trunk == "0" else digits


def contradictions(search: Search) -> Iterator[Misread]:
    """What does not go together in the search, a sentence each, with what would."""
    yield from _abroad(search)
    yield from _wrong_type(search)
    yield from _prefixes(search)


def _abroad(search: Search) -> Iterator[Misread]:
    if search.country in _NORTH_AMERICA:
        return
    for field in ("npanxx", "lata", "rate_center"):
        if getattr(search, field) is not None:
            key = field.replace("_", "-")
            problem = f"`{key}:` is for the United States and Canada, not for {_country(search)}."
            yield Misread(f"{key}:", problem, "US")


def _wrong_type(search: Search) -> Iterator[Misread]:
    for field, types in _TYPES.items():
        if search.type is None or getattr(search, field) is None or search.type in types:
            continue
        key = field.replace("_", "-")
        problem = f"`{key}:` is for {' and '.join(types)} numbers, not for {type_word(search.type)} ones."
        yield Misread(f"{key}:", problem, types[0].value)


def _prefixes(search: Search) -> Iterator[Misread]:
    if search.lca is not None and search.npanxx is None:
        problem = "`lca:` widens `npanxx:` to its local calling area, so it needs one."
        yield Misread("lca:", problem, "npanxx:415555 lca:yes")
    pattern, npanxx = search.pattern, search.npanxx
    if pattern and npanxx and not search.lca and not _share_a_start(pattern, npanxx):
        problem = f"No number starts with {pattern} and with {npanxx}."
        yield Misread("npanxx:", problem, f"npanxx:{npanxx}")


def _share_a_start(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _country(search: Search) -> str:
    return countries.name_in_sentence(search.country)
