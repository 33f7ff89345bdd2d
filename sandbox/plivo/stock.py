"""The numbers that can be bought: a seeded stock, always the same, or one read from a file."""

from __future__ import annotations

import functools
import json
import random
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.plivo.geography import COUNTRIES, Area, areas
from sandbox.plivo.tariffs import TARIFFS, Tariff

DEFAULT_COUNT = 24_000
SEED = 20_417
VANITY_MONTHLY = "25.00000"
"""USD a month for a number whose last four digits are the same."""

_VANITY_AREA = "415"
# Two stand on the first page of twenty, so that a demonstration meets a dear number at once.
_VANITY_PLACES = {3: "4155557777", 7: "4159588888", 33: "4155552222", 47: "4159599999"}
_LEAST = 8
_LEAST_VANITY_AREA = 80
TYPES = {"local": "fixed", "national": "fixed", "fixed": "fixed", "mobile": "mobile", "tollfree": "tollfree"}
"""Plivo's `type` by its `sub_type`."""


class StockNumber(NamedTuple):
    """A number as Plivo knows it; rates are USD strings with five decimals."""

    number: str
    country_iso: str
    country: str
    prefix: str
    sub_type: str
    monthly: str
    setup: str = "0.00000"
    city: str | None = None
    region: str | None = None
    calling_area: str | None = None
    rate_center: str | None = None
    lata: int | None = None
    services: tuple[str, ...] = ("voice",)
    voice_rate: str = "0.00500"
    sms_rate: str = "0.00800"
    mms_rate: str = "0.01600"
    restriction: str | None = None
    restriction_text: str | None = None

    @property
    def type(self) -> str:
        return TYPES[self.sub_type]

    @property
    def wire_region(self) -> str:
        return f"{self.region}, {self.country.upper()}" if self.region else self.country


@functools.lru_cache(maxsize=4)
def seeded(count: int = DEFAULT_COUNT, seed: int = SEED) -> tuple[StockNumber, ...]:
    """Give about `count` numbers in eight countries, in a stable order; the same for the same arguments."""
    source = random.Random(seed)
    return tuple(number for area in areas() for number in _numbers_of(area, _size(area, count), source))


def _size(area: Area, count: int) -> int:
    least = _LEAST_VANITY_AREA if area.prefix == _VANITY_AREA else _LEAST
    return max(least, round(area.share * count / _all_shares()))


@functools.cache
def _all_shares() -> int:
    return sum(area.share for area in areas())


def _numbers_of(area: Area, size: int, source: random.Random) -> list[StockNumber]:
    digits = _digits(area, size, source)
    if area.country == "US" and area.prefix == _VANITY_AREA:
        digits = _with_vanity(digits)
    country, tariff = COUNTRIES[area.country], TARIFFS[area.country, area.sub_type]
    return [
        _number(area, country.calling_code + national, country.title, tariff, place)
        for place, national in enumerate(digits)
    ]


def _digits(area: Area, size: int, source: random.Random) -> list[str]:
    room = 10**area.free
    picks = source.sample(range(len(area.stems) * room), min(size, len(area.stems) * room))
    return [f"{area.stems[pick // room]}{pick % room:0{area.free}d}" for pick in picks]


def _with_vanity(digits: list[str]) -> list[str]:
    plain = [national for national in digits if not _is_vanity(national)]
    for place, national in _VANITY_PLACES.items():
        plain.insert(place, national)
    return plain


def _is_vanity(number: str) -> bool:
    return len(set(number[-4:])) == 1


def _number(area: Area, number: str, country: str, tariff: Tariff, place: int) -> StockNumber:
    dear = area.country == "US" and area.sub_type == "local" and _is_vanity(number)
    where = area.places[place % len(area.places)]
    return StockNumber(
        number=number,
        country_iso=area.country,
        country=country,
        prefix=area.prefix,
        sub_type=area.sub_type,
        monthly=VANITY_MONTHLY if dear else tariff.monthly,
        setup=tariff.setup,
        city=where.city,
        region=area.region,
        calling_area=area.calling_area,
        rate_center=where.rate_center,
        lata=area.lata,
        services=tariff.services[0] if dear else tariff.services[place % len(tariff.services)],
        voice_rate=tariff.voice_rate,
        sms_rate=tariff.sms_rate,
        mms_rate=tariff.mms_rate,
        restriction=tariff.restriction,
        restriction_text=tariff.restriction_text,
    )


def load(path: Path) -> tuple[StockNumber, ...]:
    """Read a stock from a JSON list of objects in the shape of a search answer, plus `country_iso`.

    Only `number` and `country_iso` are needed; the rest comes from the country's tariff.
    Raises ValueError with the place of the first object that is not such a number.
    """
    rows = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(rows, list):
        raise ValueError(f"{path}: a stock is a list of numbers")
    return tuple(_loaded(path, place, row) for place, row in enumerate(rows))


def _loaded(path: Path, place: int, row: Any) -> StockNumber:
    try:
        return from_wire(row)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: number {place + 1} of the list: {error!r}") from error


def from_wire(row: dict[str, Any]) -> StockNumber:
    """Make a number of an object in the shape of a search answer, plus `country_iso`.

    Raises KeyError if `number` or `country_iso` is missing or the country has no such sub_type.
    """
    country = COUNTRIES[row["country_iso"]]
    sub_type = row.get("sub_type", "local")
    tariff = TARIFFS[country.iso, sub_type]
    return StockNumber(
        number=str(row["number"]),
        country_iso=country.iso,
        country=country.title,
        prefix=row.get("prefix", row["number"][len(country.calling_code) :][:3]),
        sub_type=sub_type,
        monthly=row.get("monthly_rental_rate", tariff.monthly),
        setup=row.get("setup_rate", tariff.setup),
        city=row.get("city"),
        region=(row.get("region") or "").partition(",")[0] or None,
        calling_area=row.get("calling_area", row.get("city")),
        rate_center=row.get("rate_center"),
        lata=row.get("lata"),
        services=_services(row, tariff),
        voice_rate=row.get("voice_rate", tariff.voice_rate),
        sms_rate=row.get("sms_rate", tariff.sms_rate),
        mms_rate=row.get("mms_rate", tariff.mms_rate),
        restriction=row.get("restriction", tariff.restriction),
        restriction_text=row.get("restriction_text", tariff.restriction_text),
    )


def _services(row: dict[str, Any], tariff: Tariff) -> tuple[str, ...]:
    usual = tariff.services[0]
    return tuple(name for name in ("voice", "sms", "mms") if row.get(f"{name}_enabled", name in usual))
