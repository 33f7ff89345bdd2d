"""Searches and their offers, kept for a day so that paging and Buy work after a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, update

from bot.model.offer import NumberType, Offer
from bot.model.request import Person
from storage import schema
from storage.prepared import Prepared
from storage.unit_of_work import NamedRow, UnitOfWork

KEPT = timedelta(days=1)
"""How long an offer can be paged to and bought."""

_MONEY = ("monthly", "setup", "voice_rate", "sms_rate")


@dataclass(frozen=True, slots=True)
class KeptSearch:
    """A search as it was asked, and how far the provider's answer has been looked through."""

    id: str
    person: Person
    text: str  #: canonical
    total: int
    looked: int
    next_offset: int | None
    kept: int  #: offers in the database


@dataclass(frozen=True, slots=True)
class KeptOffer:
    """An offer with the opaque id that buttons carry."""

    id: str
    offer: Offer


def to_json(offer: Offer) -> dict[str, Any]:
    """An offer as JSON values: amounts as text, so that nothing is rounded."""
    plain = {field.name: getattr(offer, field.name) for field in fields(offer)}
    return plain | {name: None if plain[name] is None else str(plain[name]) for name in _MONEY}


def from_json(details: Mapping[str, Any]) -> Offer:
    """The offer that `to_json` wrote."""
    amounts = {name: None if details[name] is None else Decimal(details[name]) for name in _MONEY}
    return Offer(**{**details, **amounts, "type": NumberType(details["type"])})


def add(
    work: UnitOfWork,
    person: Person,
    account: str,
    *,
    text: str,
    total: int,
    looked: int,
    next_offset: int | None,
) -> str:
    """Keeps a search without offers; returns its id. Searches that ended are swept away on the way."""
    work.execute(delete(schema.search).where(schema.search.c.expires_at < work.now))
    search_id = work.new_id("S")
    work.execute(
        insert(schema.search).values(
            id=search_id,
            workspace=person.workspace,
            account=account,
            user=person.user,
            text=text,
            total=total,
            looked=looked,
            next_offset=next_offset,
            at=work.now,
            expires_at=work.now + KEPT,
        )
    )
    return search_id


def add_offers(work: UnitOfWork, search_id: str, first: int, offers: Sequence[Offer]) -> None:
    """Keeps offers at positions `first`, `first` + 1 … of a search."""
    rows = [
        {"search_id": search_id, "position": first + i, "number": o.number, "details": to_json(o)}
        for i, o in enumerate(offers)
    ]
    if rows:
        work.connection.execute(insert(schema.offer), rows)


def advance(work: UnitOfWork, seen: KeptSearch, *, looked: int, next_offset: int | None) -> bool:
    """Notes that the provider's next page was read; False if somebody else noted it first."""
    table = schema.search
    here = (table.c.id == seen.id) & (table.c.looked == seen.looked)
    return work.changed(update(table).where(here).values(looked=looked, next_offset=next_offset))


_S, _O = schema.search, schema.offer
_SEARCH_IS_KEPT = (
    _S.c.id == bindparam("search"),
    _S.c.workspace == bindparam("whose"),
    _S.c.expires_at >= bindparam("now"),
)
_SEARCH = select(_S).where(*_SEARCH_IS_KEPT)
_FIRST: BindParameter[int] = bindparam("first")
_LAST: BindParameter[int] = bindparam("last")
_OFFERS = select(func.count()).select_from(_O).where(_O.c.search_id == bindparam("search"))
_WINDOW = (
    select(_O)
    .where(
        _O.c.search_id == bindparam("search"), _O.c.position.between(bindparam("first"), bindparam("last"))
    )
    .order_by(_O.c.position)
)
_OFFER = Prepared(
    select(_O)
    .join(_S, _S.c.id == _O.c.search_id)
    .where(*_SEARCH_IS_KEPT, _O.c.position == bindparam("position"))
)


def get(work: UnitOfWork, workspace: str, search_id: str) -> KeptSearch | None:
    """The search, unless it is another workspace's or older than a day."""
    row = work.one(_SEARCH, search=search_id, whose=workspace, now=work.now)
    if row is None:
        return None
    kept = int(work.connection.scalar(_OFFERS, {"search": search_id}) or 0)
    person = Person(workspace, row["user"])
    return KeptSearch(row["id"], person, row["text"], row["total"], row["looked"], row["next_offset"], kept)


def offers(work: UnitOfWork, search_id: str, first: int, count: int) -> tuple[KeptOffer, ...]:
    """At most `count` offers of a search from position `first` on."""
    rows = work.rows(_WINDOW, search=search_id, first=first, last=first + count - 1)
    return tuple(map(_offer, rows))


def numbers(work: UnitOfWork, search_id: str) -> frozenset[str]:
    """The numbers a search has shown so far: the provider's pages may repeat themselves."""
    return frozenset(
        work.connection.scalars(select(schema.offer.c.number).where(schema.offer.c.search_id == search_id))
    )


def offer(work: UnitOfWork, workspace: str, offer_id: str) -> KeptOffer | None:
    """The offer behind a button's id; None if it is unknown, another workspace's or older than a day."""
    search_id, _, position = offer_id.partition(".")
    if not position.isdecimal():
        return None
    keys = {"search": search_id, "whose": workspace, "now": work.now}
    row = work.one(_OFFER, **keys, position=int(position))
    return _offer(row) if row else None


def _offer(row: NamedRow) -> KeptOffer:
    return KeptOffer(f"{row['search_id']}.{row['position']}", from_json(row["details"]))
