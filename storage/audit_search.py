"""The audit log asked: paged by its numbers, and counted."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from bot.model.audit import Action, ActorType, LoggedEvent
from bot.model.audit_query import AuditQuery, Begins, Contains, Costs, During, Is, Key, Match, Term
from bot.model.audit_query_values import E164_DIGITS
from bot.model.audit_words import By
from bot.model.money import from_units
from bot.model.purchase import PurchaseStatus
from storage import schema
from storage.audit import Reader, with_texts
from storage.unit_of_work import UnitOfWork

_NARROW = {Key.ACTOR, Key.NUMBER, Key.REQUEST}
SLACK = timedelta(hours=1)
RECENT = 4000
"""Events that are looked at one by one before an index is asked."""
_T = schema.audit_event


@dataclass(frozen=True, slots=True)
class Counted:
    """How many events one person, month, action or country has; None has none of it."""

    name: str | None
    events: int
    spent: Decimal = Decimal(0)  #: USD of what was bought by these events


def page(
    work: UnitOfWork,
    reader: Reader,
    query: AuditQuery,
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
) -> list[LoggedEvent]:
    """The newest events that match, newest first: those just older than `before`, or just newer than `after`.

    One workspace's log is in the order of its numbers: a transaction that waits between the clock and the
    log gets a later number with an earlier time, and in the order of time a page would leave it out.
    """
    if after is None and reader.workspace is not None and _unordered(query):
        found = _recent(work, reader, query, limit, before)
        if len(found) == limit:
            return with_texts(work, found)
    statement = select(_T).where(*conditions(reader, query, in_order=_narrow(query)))
    statement = statement.where(*_about_then(work, reader, query))
    if before is not None:
        statement = statement.where(_T.c.seq < before)
    if after is not None:
        statement = statement.where(_T.c.seq > after).order_by(_T.c.seq.asc())
        return with_texts(work, work.execute(statement.limit(limit)).all())[::-1]
    order = [_T.c.seq.desc()] if reader.workspace is not None else [_T.c.at.desc(), _T.c.seq.desc()]
    return with_texts(work, work.execute(statement.order_by(*order).limit(limit)).all())


_EARLIEST = datetime.min.replace(tzinfo=UTC) + 2 * SLACK
_LATEST = datetime.max.replace(tzinfo=UTC) - 2 * SLACK
"""Beyond these no bound is needed, and none can be reckoned."""


def _about_then(work: UnitOfWork, reader: Reader, query: AuditQuery) -> Iterator[ColumnElement[bool]]:
    """The numbers between which the events of a time are: else all younger ones were walked through.

    Numbers follow the time except for transactions that waited for each other: an hour is far more.
    """
    for term in query.terms if reader.workspace is not None else ():
        match term.matches:
            case (During(first, last),) if not term.negated:
                if first is not None and first > _EARLIEST:
                    yield from _beyond(work, reader, _T.c.at < first - SLACK, _T.c.at.desc(), operator.gt)
                if last is not None and last < _LATEST:
                    yield from _beyond(work, reader, _T.c.at > last + SLACK, _T.c.at.asc(), operator.lt)


def _beyond(
    work: UnitOfWork,
    reader: Reader,
    where: ColumnElement[bool],
    order: ColumnElement[Any],
    compared: Callable[[Any, Any], ColumnElement[bool]],
) -> Iterator[ColumnElement[bool]]:
    """That a number is beyond that of the nearest event which is an hour outside; nothing without one."""
    outside = select(_T.c.seq).where(_T.c.workspace == reader.workspace, where)
    number = work.connection.scalar(outside.order_by(order).limit(1))
    if number is not None:
        yield compared(_T.c.seq, number)


def _unordered(query: AuditQuery) -> bool:
    return not _narrow(query) and any(
        isinstance(match, Begins | Contains) for term in query.terms for match in term.matches
    )


def _narrow(query: AuditQuery) -> bool:
    """Whether one person, number or request is asked for: its index is the one to take."""
    return any(
        term.key in _NARROW and not term.negated and all(isinstance(match, Is) for match in term.matches)
        for term in query.terms
    )


def _recent(
    work: UnitOfWork, reader: Reader, query: AuditQuery, limit: int, before: int | None
) -> Sequence[Row[Any]]:
    """The newest that match among the last RECENT events.

    What begins with something stands in an index by its ends, not by its age, and PostgreSQL takes words for
    rare: all of it would be sorted for one page. Where it is frequent, looking at the newest events one by
    one is done long before.
    """
    if before is None:
        head = schema.audit_head
        known = select(head.c.seq).where(head.c.workspace == reader.workspace)
        before = (work.connection.scalar(known) or 0) + 1
    recent = select(_T).where(*conditions(reader, query, in_order=True, since=before - RECENT))
    recent = recent.where(_T.c.seq < before, _T.c.seq >= before - RECENT)
    return work.execute(recent.order_by(_T.c.seq.desc()).limit(limit)).all()


def one(work: UnitOfWork, reader: Reader, event_id: str) -> LoggedEvent | None:
    """The event of that id, if there is one and the reader may see it."""
    rows = work.execute(_found(reader, AuditQuery()).where(_T.c.id == event_id)).all()
    return next(iter(with_texts(work, rows)), None)


def previous_hash(work: UnitOfWork, logged: LoggedEvent) -> str:
    """What the event says of the one before it."""
    here = (_T.c.workspace == logged.event.workspace) & (_T.c.seq == logged.seq)
    return str(work.connection.scalar(select(_T.c.previous_hash).where(here)))


def count(work: UnitOfWork, reader: Reader, query: AuditQuery) -> int:
    """How many events match."""
    counted = select(func.count()).select_from(_T).where(*conditions(reader, query))
    return work.connection.scalar(counted) or 0


def counts(work: UnitOfWork, reader: Reader, query: AuditQuery, by: By) -> list[Counted]:
    """How many events match and what was bought by them, the most first; months in their order."""
    group = _GROUPS[by](work)
    number = func.count()
    counted = (
        select(group.label("name"), number.label("events"), _SPENT.label("spent"))
        .select_from(_T)
        .where(*conditions(reader, query))
        .group_by(group)
    )
    order = (group,) if by is By.MONTH else (number.desc(), group)
    return [
        Counted(row["name"], row["events"], from_units(int(row["spent"] or 0)))
        for row in work.rows(counted.order_by(*order))
    ]


def _found(reader: Reader, query: AuditQuery) -> Select[Any]:
    return select(_T).where(*conditions(reader, query))


def conditions(
    reader: Reader, query: AuditQuery, *, in_order: bool = False, since: int = 0
) -> Iterator[ColumnElement[bool]]:
    """What holds for each event that the reader may see and the query asks for.

    `in_order` keeps the database from the indexes of what begins with something. Words are looked for from
    event `since` on.
    """
    if reader.workspace is not None:
        yield _T.c.workspace == reader.workspace
    if reader.user is not None:
        yield or_(_T.c.actor == reader.user, _T.c.on_behalf_of == reader.user)
    for term in query.terms:
        yield _holds(term, in_order=in_order, since=since)


def _holds(term: Term, *, in_order: bool, since: int) -> ColumnElement[bool]:
    anything = or_(
        false(), *(_matches(term.key, match, in_order=in_order, since=since) for match in term.matches)
    )
    # what has no number is none of +1415*: NULL must not make it vanish from both answers
    return not_(func.coalesce(anything, false())) if term.negated else anything


def _matches(key: Key, match: Match, *, in_order: bool, since: int) -> ColumnElement[bool]:
    if isinstance(match, Contains):
        return _written(match.text, since)
    column = _COLUMNS[key]
    match match:
        case Is(text):
            return _kind(text) if key is Key.ACTOR and text in _KINDS else column == text
        case Begins(text):
            return _begins(key, func.coalesce(column, column) if in_order else column, text)
        case During(low, high) | Costs(low, high):
            return and_(true() if low is None else column >= low, true() if high is None else column <= high)


def _begins(key: Key, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """By what is there to be named: the end of a range would depend on how the database sorts signs.

    `column` may be an expression, which has no index.
    """
    if key is Key.ACTION:
        return column.in_([action.value for action in Action if action.value.startswith(text)])
    return and_(column >= text, column <= text.ljust(E164_DIGITS, "9"))  # digits alone sort alike everywhere


def _written(text: str, since: int) -> ColumnElement[bool]:
    """Events whose reason has the text in it; what was erased is found by nobody."""
    words = schema.audit_text
    here = and_(words.c.workspace == _T.c.workspace, words.c.seq == _T.c.seq, words.c.field == "reason")
    if since:  # PostgreSQL does not tell it from the event's number
        here = and_(here, words.c.seq >= since)
    return exists().where(here, func.lower(words.c.text).contains(text.lower(), autoescape=True))


_KINDS = frozenset({ActorType.SYSTEM.value, ActorType.OPERATOR.value})


def _kind(text: str) -> ColumnElement[bool]:
    return _T.c.actor_type == text


_COLUMNS: Mapping[Key, ColumnElement[Any]] = {
    Key.ACTOR: _T.c.actor,
    Key.ACTION: _T.c.action,
    Key.OUTCOME: _T.c.outcome,
    Key.NUMBER: _T.c.number,
    Key.COUNTRY: _T.c.country,
    Key.REQUEST: _T.c.request_id,
    Key.COST: _T.c.cost,
    Key.SINCE: _T.c.at,
    Key.CREATED: _T.c.at,
}


_SETTLED = and_(
    _T.c.action == Action.PURCHASE_SETTLED.value,
    _T.c.changes["to"].as_string() == PurchaseStatus.BOUGHT.value,
)
_SPENT = func.sum(
    # each purchase has many events with its cost: it was paid by one of them
    case(
        (or_(_T.c.action == Action.PURCHASE_BOUGHT.value, _SETTLED), type_coerce(_T.c.cost, BigInteger)),
        else_=0,
    )
)


def _month(work: UnitOfWork) -> ColumnElement[str]:
    # at rest a moment is whole microseconds; bound values would make each mention another expression
    if work.connection.dialect.name == "postgresql":
        return literal_column("to_char(to_timestamp(at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM')", Text)
    return literal_column("strftime('%Y-%m', at / 1000000, 'unixepoch')", Text)


_GROUPS: Mapping[By, Callable[[UnitOfWork], ColumnElement[str]]] = {
    By.PERSON: lambda _: func.coalesce(_T.c.on_behalf_of, _T.c.actor),
    By.MONTH: _month,
    By.ACTION: lambda _: _T.c.action,
    By.COUNTRY: lambda _: _T.c.country,
}
