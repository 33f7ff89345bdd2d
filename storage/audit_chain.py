"""The log as a chain: its lines in order, heads, stubs and texts, for checking, archives and proofs."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import NullType

from bot.model.audit import Action, ActorType
from bot.model.audit_chain import Line, to_microseconds
from bot.model.audit_erased import Key
from bot.model.audit_fault import UNREADABLE
from storage import schema
from storage.unit_of_work import NamedRow, UnitOfWork

_T, _TEXT, _HEAD, _STUB = schema.audit_event, schema.audit_text, schema.audit_head, schema.audit_stub
_RAW = {"at", "cost"}
_BLANK = update(_TEXT).where(_TEXT.c.text.is_not(None)).values(text=None, salt=None)
LINE = [type_coerce(_T.c[n], BigInteger).label(n) if n in _RAW else _T.c[n] for n in Line._fields]
"""The columns of a Line, as they are at rest."""
_JSON = {"changes", "context"}
AS_DRIVEN = [type_coerce(one, NullType()) if one.name in _JSON else one for one in (*LINE, _T.c.hash)]
"""The same and the hash, with JSON as the driver has it: what `hashed` reads."""
PAGE = 2000
"""Lines in memory at once."""

Hashed = tuple[Line, str]
"""A line, and the hash that stands in its row."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a workspace's log stands."""

    workspace: str
    seq: int
    hash: str
    archived_seq: int


@dataclass(frozen=True, slots=True)
class Stub:
    """What is left of the events first to last: they are in a file."""

    workspace: str
    seq: int
    first_seq: int
    hash: str
    sha256: str
    signature: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody wrote in one field of an event; both are None once it is erased."""

    seq: int
    field: str
    salt: str | None
    text: str | None


def heads(work: UnitOfWork) -> list[Head]:
    """Every workspace's log."""
    return [_head(row) for row in work.rows(select(_HEAD).order_by(_HEAD.c.workspace))]


def head(work: UnitOfWork, workspace: str) -> Head | None:
    """One workspace's log, if it has one."""
    row = work.one(select(_HEAD).where(_HEAD.c.workspace == workspace))
    return _head(row) if row else None


def headless(work: UnitOfWork) -> list[tuple[str, int]]:
    """Workspaces with events and without a head, which somebody must have removed; each with its first."""
    known = {head.workspace for head in heads(work)}
    return [(one, first_number(work, one) or 0) for one in _workspaces(work) if one not in known]


def _workspaces(work: UnitOfWork) -> Iterator[str]:
    """Those of which there are events, from one to the next: grouping would look at every event."""
    smallest = select(func.min(_T.c.workspace))
    last: str | None = work.connection.scalar(smallest)
    while last is not None:
        yield last
        last = work.connection.scalar(smallest.where(_T.c.workspace > last))


def _head(row: NamedRow) -> Head:
    return Head(row["workspace"], row["seq"], row["hash"], row["archived_seq"])


def page(work: UnitOfWork, workspace: str, after: int, *, limit: int = PAGE) -> list[Hashed]:
    """The lines that come after a number, in order, up to one that cannot be read.

    Raises UNREADABLE if the very first cannot.
    """
    statement = select(*AS_DRIVEN).where(_T.c.workspace == workspace, _T.c.seq > after)
    try:
        found = rows(work, statement.order_by(_T.c.seq).limit(limit))
    except ValueError:
        if limit == 1:
            raise
        return page(work, workspace, after, limit=1)
    try:
        return [*map(hashed, found)]
    except UNREADABLE:
        if readable := [*_readable(found)]:
            return readable
        raise


def rows(work: UnitOfWork, statement: Select[Any], **values: Any) -> Sequence[Row[Any]]:
    """Raises ValueError where bytes stand for a text that are none: SQLite's driver stops at them."""
    try:
        return work.execute(statement, **values).all()
    except OperationalError as problem:
        if "Could not decode to UTF-8" not in str(problem.orig):
            raise
        raise ValueError("bytes stand for a text") from problem


def _readable(found: Sequence[Row[Any]]) -> Iterator[Hashed]:
    """Those before the first that cannot be read."""
    with suppress(*UNREADABLE):
        yield from map(hashed, found)


def hashed(row: Row[Any]) -> Hashed:
    """The line in a row of AS_DRIVEN, and its hash. Raises UNREADABLE for what is no event."""
    *others, changes, context, previous_hash, own_hash = tuple(row)
    return Line._make((*others, _object(changes), _object(context), previous_hash)), own_hash


def _object(value: Any) -> dict[str, Any]:
    """What a column of JSON says to everybody: PostgreSQL's driver hands out an object, SQLite's its text.

    Raises ValueError for what is no object, where a key stands twice, or for bytes: SQLite's own functions
    read those otherwise.
    """
    found = _read(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError
    return found


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


_decode = json.JSONDecoder(object_pairs_hook=_each_once).decode


# Most events say the same as many others: what is read of them is shared, and nobody changes it.
@lru_cache(maxsize=4096)
def _read(text: str) -> Any:
    return _decode(text)


def lines(work: UnitOfWork, workspace: str, after: int = 0, last: int | None = None) -> Iterator[Hashed]:
    """All lines after a number, up to `last`, in order; a page in memory at a time."""
    while some := page(work, workspace, after):
        for line, hashed in some:
            if last is not None and line.seq > last:
                return
            yield line, hashed
        after = some[-1][0].seq


def line_at(work: UnitOfWork, workspace: str, seq: int) -> Hashed | None:
    """One line."""
    found = page(work, workspace, seq - 1, limit=1)
    return found[0] if found and found[0][0].seq == seq else None


def place_of(work: UnitOfWork, event_id: str) -> tuple[str, int] | None:
    """Workspace and number of an event's id."""
    row = work.execute(select(_T.c.workspace, _T.c.seq).where(_T.c.id == event_id)).one_or_none()
    return (row.workspace, row.seq) if row else None


def texts(work: UnitOfWork, workspace: str, first: int, last: int) -> list[Text]:
    """What people wrote in the events from first to last, in order. Raises ValueError if it is none."""
    columns = (_TEXT.c.seq, _TEXT.c.field, _TEXT.c.salt, _TEXT.c.text)
    statement = select(*columns).where(_TEXT.c.workspace == workspace, _TEXT.c.seq.between(first, last))
    return [Text(*tuple(row)) for row in rows(work, statement.order_by(_TEXT.c.seq, _TEXT.c.field))]


def count(work: UnitOfWork, workspace: str, after: int = 0) -> int:
    """How many events there are after a number."""
    where = (_T.c.workspace == workspace) & (_T.c.seq > after)
    return work.connection.scalar(select(func.count()).select_from(_T).where(where)) or 0


def beyond_head(work: UnitOfWork, workspace: str) -> int | None:
    """A line behind the end that the head knows; both are looked at in one moment."""
    known = select(_HEAD.c.seq).where(_HEAD.c.workspace == workspace).scalar_subquery()
    statement = select(func.min(_T.c.seq)).where(_T.c.workspace == workspace, _T.c.seq > known)
    beyond: int | None = work.connection.scalar(statement)
    return beyond


def first_number(work: UnitOfWork, workspace: str) -> int | None:
    """The smallest number of an event that is there."""
    first: int | None = work.connection.scalar(select(func.min(_T.c.seq)).where(_T.c.workspace == workspace))
    return first


def since(work: UnitOfWork, workspace: str, action: Action, after: int) -> list[Line]:
    """The events of an action after a number. One that cannot be read is left to whoever walks the log."""
    numbers = select(_T.c.seq).where(
        _T.c.workspace == workspace, _T.c.action == action.value, _T.c.seq > after
    )
    found: list[Line] = []
    for seq in work.connection.scalars(numbers.order_by(_T.c.seq)).all():
        with suppress(*UNREADABLE):
            found += [line for line, _ in page(work, workspace, seq - 1, limit=1)]
    return found


def newest_of(work: UnitOfWork, workspace: str, action: Action) -> Hashed | None:
    """The newest event of an action."""
    statement = select(*AS_DRIVEN).where(_T.c.workspace == workspace)
    statement = statement.where(_T.c.action == action.value).order_by(_T.c.seq.desc()).limit(1)
    row = work.execute(statement).one_or_none()
    return hashed(row) if row else None


def hold(work: UnitOfWork, workspace: str) -> None:
    """Keeps everybody else from this log until the transaction ends: taken before its texts are touched."""
    work.execute(update(_HEAD).where(_HEAD.c.workspace == workspace).values(seq=_HEAD.c.seq))


def erase(work: UnitOfWork, workspace: str, user: str) -> list[Key]:
    """Blanks what a person wrote, with its salt; which texts that were.

    The desk repeats their words in what it does for them: those go as well.
    """
    by_us = (_T.c.actor_type == ActorType.SYSTEM.value) & (_T.c.on_behalf_of == user)
    theirs = select(_T.c.seq).where(_T.c.workspace == workspace, or_(_T.c.actor == user, by_us))
    blanked = _BLANK.where(_TEXT.c.workspace == workspace, _TEXT.c.seq.in_(theirs))
    return [(row.seq, row.field) for row in work.execute(blanked.returning(_TEXT.c.seq, _TEXT.c.field))]


def erase_named(work: UnitOfWork, workspace: str, words: str) -> list[Key]:
    """Blanks what anybody wrote in which these words stand, in capitals or not; which texts that were.

    Looked through here: SQLite knows the capitals of no accented letter.
    """
    wanted, found = words.casefold(), []
    columns = (_TEXT.c.seq, _TEXT.c.field, _TEXT.c.text)
    for row in work.rows(select(*columns).where(_TEXT.c.workspace == workspace, _TEXT.c.text.is_not(None))):
        if wanted in row["text"].casefold():
            here = (_TEXT.c.workspace == workspace) & (_TEXT.c.seq == row["seq"])
            work.execute(_BLANK.where(here, _TEXT.c.field == row["field"]))
            found.append((row["seq"], row["field"]))
    return found


def erased(work: UnitOfWork, workspace: str, first: int, last: int) -> int:
    """How many texts of the events from first to last were erased."""
    where = (_TEXT.c.workspace == workspace) & _TEXT.c.seq.between(first, last) & _TEXT.c.text.is_(None)
    return work.connection.scalar(select(func.count()).select_from(_TEXT).where(where)) or 0


def stubs(work: UnitOfWork, workspace: str) -> list[Stub]:
    """What was moved to archives, oldest first."""
    statement = select(_STUB).where(_STUB.c.workspace == workspace).order_by(_STUB.c.seq)
    return [Stub(**row) for row in work.rows(statement)]


def last_before(work: UnitOfWork, workspace: str, at: datetime) -> int:
    """The number up to which every event is older than a moment; 0 if none is."""
    moment = type_coerce(_T.c.at, BigInteger)
    younger = select(func.min(_T.c.seq)).where(_T.c.workspace == workspace, moment >= to_microseconds(at))
    first_young = work.connection.scalar(younger)
    if first_young is not None:
        return int(first_young) - 1
    return work.connection.scalar(select(func.max(_T.c.seq)).where(_T.c.workspace == workspace)) or 0


def may_let_go(work: UnitOfWork) -> bool:
    """Whether this role may delete what was archived: the program's own on PostgreSQL should not."""
    if work.connection.dialect.name != "postgresql":
        return True
    may = [
        func.has_table_privilege(table.name, right)
        for table, right in ((_T, "DELETE"), (_TEXT, "DELETE"), (_STUB, "INSERT"))
    ]
    return bool(work.connection.scalar(select(and_(*may))))


def let_go(work: UnitOfWork, stub: Stub) -> bool:
    """Records that a stub's events may be deleted: their archive was verified. False if others did."""
    before = (_HEAD.c.workspace == stub.workspace) & (_HEAD.c.archived_seq == stub.first_seq - 1)
    if not work.changed(update(_HEAD).where(before).values(archived_seq=stub.seq)):
        return False
    work.execute(insert(_STUB).values(**asdict(stub)))
    return True


def remove(work: UnitOfWork, stub: Stub, first: int, last: int) -> None:
    """Deletes the events from first to last that are a recorded archive's, with what people wrote in them."""
    for table in (_TEXT, _T):
        here = (table.c.workspace == stub.workspace) & table.c.seq.between(first, min(last, stub.seq))
        work.execute(delete(table).where(here))
