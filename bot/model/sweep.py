"""Sweep: the provider's list of our numbers against our own purchases, both ways. Pure: it only compares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.provider import RentedNumber
from bot.model.purchase import HELD, PurchaseStatus

_S = PurchaseStatus
_UNCLEAR = frozenset({_S.UNKNOWN, _S.NEEDS_HUMAN})
_IN_FLIGHT = frozenset({_S.QUEUED, _S.BUYING})
_SPEAKS = HELD | _IN_FLIGHT | _UNCLEAR
SAME_DAY = timedelta(days=1)
"""The provider names the day on which it added a number, in a zone of its own; our call has a moment."""


class Kind(StrEnum):
    """Which side knows of a number that the other does not."""

    UNRECORDED = "unrecorded"  # the account holds it, and no purchase says so: lost, or bought elsewhere
    GONE = "gone"  # a purchase says that the account holds it, and the provider does not


class DifferenceState(StrEnum):
    """`open` until somebody adopts or ignores it, or it disappears by itself."""

    OPEN = "open"
    ADOPTED = "adopted"
    IGNORED = "ignored"
    RESOLVED = "resolved"


KNOWN = frozenset({DifferenceState.OPEN, DifferenceState.IGNORED})
"""While a difference is in one of these, it is no news that it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One of our purchases, as far as a comparison needs it."""

    id: str
    request_id: str
    workspace: str
    number: str
    status: PurchaseStatus
    attempt: str | None
    call_at: datetime | None
    updated_at: datetime
    subaccount: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference: a number of one side, and our last purchase of it if there was one."""

    kind: Kind
    number: str
    rented: RentedNumber | None
    purchase: Standing | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A purchase of which the list shows what became of it: bought after all, or its documents accepted."""

    purchase: Standing
    rented: RentedNumber


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the two sides say of each number."""

    held: int  #: numbers that the provider lists
    unrecorded: tuple[Finding, ...]
    missing: tuple[Standing, ...]  #: held by us and not listed: to be asked about before they count as gone
    proofs: tuple[Proof, ...]
    in_flight: frozenset[str]  #: numbers of which nothing can be said at this moment


def compare(
    listed: Mapping[str, RentedNumber], purchases: Iterable[Standing], *, settled_before: datetime
) -> Comparison:
    """Compares the provider's list with our purchases.

    A purchase that is held since `settled_before` may be too new for the list: it is in flight, as is one
    that is queued or being called for.
    """
    ours: dict[str, list[Standing]] = {}
    for purchase in purchases:
        ours.setdefault(purchase.number, []).append(purchase)
    said = [_of_listed(rented, ours.get(number, [])) for number, rented in listed.items()]
    kept = [p for each in ours.values() for p in each]
    missing = [p for p in kept if p.status in HELD and p.number not in listed]
    young = {p.number for p in missing if p.updated_at >= settled_before}
    return Comparison(
        held=len(listed),
        unrecorded=tuple(each for each in said if isinstance(each, Finding)),
        missing=tuple(p for p in missing if p.number not in young),
        proofs=tuple(each for each in said if isinstance(each, Proof)),
        in_flight=frozenset(young | {p.number for p in kept if p.status in _IN_FLIGHT}),
    )


def _of_listed(rented: RentedNumber, ours: list[Standing]) -> Finding | Proof | None:
    """What there is to say of a number that the account holds; None if both sides agree, or may soon."""
    last = _last(ours)
    if last is not None and last.status in _UNCLEAR:
        return Proof(last, rented)
    if last is not None and last.status is _S.AWAITING_DOCUMENTS:
        return Proof(last, rented) if rented.active is True else None
    if last is not None and last.status in _SPEAKS:
        return None
    lost = _lost(ours, rented)
    return Proof(lost, rented) if lost else Finding(Kind.UNRECORDED, rented.number, rented, last)


def gone(purchase: Standing) -> Finding:
    """The difference of a number that the provider says it does not hold for us."""
    return Finding(Kind.GONE, purchase.number, None, purchase)


def _last(purchases: list[Standing]) -> Standing | None:
    """The purchase that speaks for the number; else the newest that we called for; else the newest."""
    speaking = [p for p in purchases if p.status in _SPEAKS]
    called = [p for p in purchases if p.call_at]
    of = speaking or called or purchases
    return max(of, key=lambda p: p.call_at or p.updated_at) if of else None


def _lost(purchases: list[Standing], rented: RentedNumber) -> Standing | None:
    """The purchase that was given up although it took effect, if that is certain; else people decide.

    It is one that was called for on the day on which the provider added the number.
    """
    given_up = [p for p in purchases if p.status is _S.NOT_BOUGHT and _added_with(p, rented)]
    return max(given_up, key=lambda p: p.call_at or p.updated_at) if given_up else None


def _added_with(purchase: Standing, rented: RentedNumber) -> bool:
    if purchase.call_at is None or purchase.attempt is None or rented.added_on is None:
        return False
    return abs(purchase.call_at.date() - rented.added_on) <= SAME_DAY
