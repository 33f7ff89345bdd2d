"""Which numbers a search means: one small filter for each argument of the provider."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sandbox.plivo.call import Call, Refusal
from sandbox.plivo.geography import COUNTRIES
from sandbox.plivo.stock import TYPES, StockNumber

Test = Callable[[StockNumber], bool]
Paper = tuple[str, str]
"""Country and sub_type for which the account has an accepted compliance application."""

_SERVICES = {"voice", "sms", "mms"}
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}
_LEAST_REGION = 3


def find(call: Call, numbers: Collection[StockNumber], papers: Collection[Paper]) -> list[StockNumber]:
    """Give the numbers that a search asks for, in the order of the stock.

    Raises Refusal(400) for a missing country or an argument that is not of its kind.
    """
    found = list(numbers)
    for test in (_country(call), *_of_kind(call), *_of_place(call, numbers), *_of_use(call, papers)):
        found = [number for number in found if test(number)]
    return found


def _country(call: Call) -> Test:
    iso = call.value("country_iso")
    if iso is None:
        raise Refusal(400, "country_iso parameter is missing")
    if len(iso) != len("US") or not iso.isalpha():
        raise Refusal(400, "country_iso parameter is invalid")
    wanted = iso.upper()
    return lambda number: number.country_iso == wanted


def _of_kind(call: Call) -> Iterable[Test]:
    wanted = call.value("type")
    if wanted is None and call.value("region"):
        wanted = "fixed"
    if wanted not in {None, "any", *TYPES}:
        raise Refusal(400, "type parameter is invalid")
    if wanted == "fixed":
        yield lambda number: number.type == "fixed"
    elif wanted in TYPES:
        yield lambda number: number.sub_type == wanted
    pattern = call.value("pattern")
    if pattern is not None:
        yield lambda number: number.number.startswith(COUNTRIES[number.country_iso].calling_code + pattern)


def _of_place(call: Call, numbers: Collection[StockNumber]) -> Iterable[Test]:
    city, region = call.value("city"), call.value("region")
    rate_center, lata = call.value("rate_center"), _whole(call, "lata")
    if city is not None:
        yield lambda number: _same(number.city, city) and number.sub_type == "local"
    if region is not None:
        if len(region) < _LEAST_REGION:
            raise Refusal(400, "region parameter must have at least 3 characters")
        yield lambda number: _same(number.region, region) or _same(number.wire_region, region)
    if rate_center is not None:
        yield lambda number: _same(number.rate_center, rate_center)
    if lata is not None:
        yield lambda number: number.lata == lata
    yield from _of_exchange(call, numbers)


def _of_exchange(call: Call, numbers: Collection[StockNumber]) -> Iterable[Test]:
    npanxx = _whole(call, "npanxx")
    if npanxx is None:
        return
    prefix = f"1{npanxx}"
    if not _flag(call, "local_calling_area"):
        yield lambda number: number.number.startswith(prefix)
        return
    # An exchange without stock is still somewhere: its area code says in which local calling area.
    around = {number.calling_area for number in numbers if number.number.startswith(prefix[:4])} - {None}
    yield lambda number: number.number.startswith(prefix) or number.calling_area in around


def _of_use(call: Call, papers: Collection[Paper]) -> Iterable[Test]:
    services = {name for value in call.values("services") for name in value.replace(" ", "").split(",")}
    if not services <= _SERVICES:
        raise Refusal(400, "services parameter is invalid")
    if services:
        yield lambda number: services <= set(number.services)
    if _flag(call, "eligible"):
        yield lambda number: not number.restriction or (number.country_iso, number.sub_type) in papers


def _same(known: str | None, asked: str) -> bool:
    return known is not None and known.casefold() == asked.casefold()


def _whole(call: Call, name: str) -> int | None:
    text = call.value(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Refusal(400, f"{name} parameter is not a number")
    return int(text)


def _flag(call: Call, name: str) -> bool:
    text = (call.value(name) or "false").lower()
    if text not in _TRUE | _FALSE:
        raise Refusal(400, f"{name} parameter is not a boolean")
    return text in _TRUE
