"""A search: what is asked of the provider, and what of it the provider cannot do and we filter ourselves."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from bot.model.money import format_usd
from bot.model.numbers import national_digits
from bot.model.offer import NumberType, Offer
from bot.model.search_clean import shorten

Sort = Literal["price"]
Service = Literal["voice", "sms", "mms"]

SERVICES: tuple[Service, ...] = ("voice", "sms", "mms")
"""In the order in which the provider writes them."""

# Source: the provider's page on phone numbers, "services". Other sets are asked for by the rarest of them,
# mms, and filtered here.
_SERVICES_THE_PROVIDER_TAKES = frozenset({(), ("voice",), ("sms",), ("mms",), ("voice", "sms"), SERVICES})
_TYPE_WORDS = {NumberType.TOLLFREE: "toll-free"}


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for; None leaves a condition out. Made, and checked for sense, by `parse_search`."""

    country: str  #: ISO 3166-1 alpha-2
    type: NumberType | None = None
    pattern: str | None = None  #: the digits that the number starts with, without the country code
    city: str | None = None
    region: str | None = None
    npanxx: str | None = None  #: six digits: area code and exchange, US and Canada
    lca: bool | None = None  #: also the local calling area of `npanxx`
    lata: str | None = None  #: digits, US and Canada
    rate_center: str | None = None  #: US and Canada
    services: tuple[Service, ...] = ()  #: all of these, in the order of SERVICES
    eligible: bool | None = None  #: only what may be bought now
    contains: str | None = None  #: digits anywhere after the country code; filtered here
    ends: str | None = None  #: the last digits; filtered here
    max: Decimal | None = None  #: USD a month; filtered here
    sort: Sort | None = None


def provider_params(search: Search) -> dict[str, str]:
    """The search in the provider's argument names and values, the country among them.

    Source: the provider's `GET /v1/Account/{auth_id}/PhoneNumber/`. Paging is the client's.
    """
    wanted = {
        "country_iso": search.country,
        "type": search.type and search.type.value,
        "pattern": search.pattern,
        "npanxx": search.npanxx,
        "local_calling_area": _truth(search.lca),
        "region": search.region,
        "city": search.city,
        "services": ",".join(_asked_services(search)),
        "lata": search.lata,
        "rate_center": search.rate_center,
        "eligible": _truth(search.eligible),
    }
    return {key: value for key, value in wanted.items() if value}


def needs_filtering(search: Search) -> bool:
    """Whether there is a condition the provider does not know: then its answer has to be looked through."""
    ours = (search.contains, search.ends, search.max)
    return any(value is not None for value in ours) or _asked_services(search) != search.services


def keeps(search: Search, offer: Offer) -> bool:
    """Whether the offer is what the provider could not be asked for. No price is above every limit."""
    national = national_digits(offer.number, offer.country)
    return (
        (search.contains is None or search.contains in national)
        and (search.ends is None or national.endswith(search.ends))
        and (search.max is None or (offer.monthly is not None and offer.monthly <= search.max))
        and (_asked_services(search) == search.services or _does(offer, search.services))
    )


def sort_offers(search: Search, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """The cheapest first if that is asked for, those without a price last; else as the provider had them."""
    return offers if search.sort is None else tuple(sorted(offers, key=_dearness))


def conditions(search: Search) -> tuple[tuple[str, str], ...]:
    """Name and label of each condition that can be dropped to find more, the narrowest kinds first.

    A label reads on after "without": `the city San Francisco`.
    """
    labels = {
        "contains": f"{search.contains} inside",
        "ends": f"{search.ends} at the end",
        "max": f"the limit {format_usd(search.max or Decimal(0))}",
        "rate_center": f"the rate center {search.rate_center}",
        "city": f"the city {search.city}",
        "npanxx": f"the prefix {search.npanxx}",
        "lata": f"LATA {search.lata}",
        "region": f"the region {search.region}",
        "pattern": f"{search.pattern} at the start",
        "services": f"{' and '.join(map(service_word, search.services))}",
        "eligible": "the eligibility",
        "type": f"the type {search.type and type_word(search.type)}",
    }
    return tuple((name, shorten(label)) for name, label in labels.items() if _is_set(search, name))


def without(search: Search, name: str) -> Search:
    """The search without one of its `conditions`. Raises ValueError for a name that is none of them."""
    if name not in (known for known, _ in conditions(search)):
        raise ValueError(f"{name!r} is no condition of this search")
    if name == "services":
        return replace(search, services=())
    if name == "npanxx":  # the local calling area is that of the prefix
        return replace(search, npanxx=None, lca=None)
    return replace(search, **{name: None})  # type: ignore[arg-type]  # all that are left may be None


def type_word(kind: NumberType) -> str:
    """The type as it stands in a sentence: `toll-free`."""
    return _TYPE_WORDS.get(kind, kind.value)


def service_word(service: Service) -> str:
    """The service as it stands in a sentence: `voice`, `SMS`."""
    return service if service == "voice" else service.upper()


def _is_set(search: Search, name: str) -> bool:
    return getattr(search, name) not in (None, ()) and (name != "eligible" or search.eligible is True)


def _asked_services(search: Search) -> tuple[Service, ...]:
    return search.services if search.services in _SERVICES_THE_PROVIDER_TAKES else ("mms",)


def _does(offer: Offer, services: tuple[Service, ...]) -> bool:
    able = {"voice": offer.voice, "sms": offer.sms, "mms": offer.mms}
    return all(able[service] for service in services)


def _truth(value: bool | None) -> str | None:  # noqa: FBT001 - one value, named by the function
    return None if value is None else str(value).lower()


def _dearness(offer: Offer) -> tuple[bool, Decimal, Decimal, str]:
    return offer.monthly is None, offer.monthly or Decimal(0), offer.setup, offer.number
