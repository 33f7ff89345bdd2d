"""The log taken away: every event that matches, by workspace and number, in bounded memory."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select

from bot.model.audit import Action
from bot.model.audit_export import Taken
from bot.model.audit_fault import UNREADABLE
from bot.model.audit_query import AuditQuery
from bot.model.errors import NumberdeskError
from storage import audit_chain, audit_json, schema
from storage.audit import Reader, has_text, texts_of
from storage.audit_search import conditions
from storage.unit_of_work import Database, UnitOfWork

PAGE = 2000
"""Events that are read at once."""
T = TypeVar("T")
Pages = Iterator[tuple[str, list[T]]]
"""Some events of a workspace, again and again."""
_T = schema.audit_event
_SPAN = (_T.c.seq > bindparam("after"), _T.c.seq <= bindparam("last"))


class ArchivedMeanwhile(NumberdeskError):
    """Old events were archived while they were being read, so that some would be missing: begin again."""


class Unreadable(NumberdeskError):
    """An event of the log cannot be read: `python -m bot audit verify` names it."""


class _Asked(NamedTuple):
    """What is read of which events, and of how many at once."""

    query: AuditQuery
    columns: Sequence[ColumnElement[Any]]
    size: int

    def of(self, reader: Reader) -> Select[Any]:
        """Those that one workspace's reader may see, `after` a number and up to the `last` one."""
        theirs = select(*self.columns).where(*conditions(reader, self.query), *_SPAN)
        return theirs.order_by(_T.c.seq).limit(self.size)


def events(database: Database, reader: Reader, query: AuditQuery, *, size: int = PAGE) -> Pages[Taken]:
    """Every event that matches, with what people wrote in it."""
    return _pages(database, reader, _Asked(query, audit_chain.AS_DRIVEN, size), _taken)


def lines(database: Database, reader: Reader, query: AuditQuery, *, size: int = PAGE) -> Pages[str]:
    """The same as `json_line` writes it, with the ends of the lines: many times faster than one by one."""
    columns = audit_json.columns(database.engine.dialect.name)
    return _pages(database, reader, _Asked(query, columns, size), lambda _, rows: audit_json.lines(rows))


def _pages(
    database: Database,
    reader: Reader,
    asked: _Asked,
    made: Callable[[UnitOfWork, Sequence[Row[Any]]], list[T]],
) -> Pages[T]:
    """What is there now; each page is a transaction of its own, so that a slow reader holds nobody up.

    If somebody erases texts meanwhile it goes on to the event that says so: else nothing would explain that
    the texts of later pages are blank.

    A page looks at a span of numbers, which doubles as long as it finds little. With a limit alone,
    PostgreSQL sorts all that is left, for each page, where it has no statistics yet: after a restore, or an
    upgrade.
    """
    for workspace, archived, there in _there(database, reader):
        statement = asked.of(Reader(workspace, reader.user))
        after, span, newest = archived, asked.size, there
        while after < newest:
            last = min(after + span, newest)
            with database.read() as work:
                _check_there(work, workspace, after)
                rows, page = _page(work, statement, after, last, made)
                newest = _last_erased(work, workspace, newest)
            if page:
                yield workspace, page
            full = len(rows) == asked.size
            after, span = (rows[-1].seq, asked.size) if full else (last, span * 2)


def _there(database: Database, reader: Reader) -> list[tuple[str, int, int]]:
    """Each workspace that is asked for, with its last number that was archived, and its newest.

    What stands in an archive and is about to be removed is not taken.
    """
    with database.read() as work:
        names = _workspaces(work) if reader.workspace is None else {reader.workspace}
        return [(name, _archived(work, name), _last(work, name)) for name in sorted(names)]


def _check_there(work: UnitOfWork, workspace: str, after: int) -> None:
    """Raises ArchivedMeanwhile if of what comes next some may be gone."""
    if _archived(work, workspace) > after:
        raise ArchivedMeanwhile


def _archived(work: UnitOfWork, workspace: str) -> int:
    head = audit_chain.head(work, workspace)
    return head.archived_seq if head else 0


def _last(work: UnitOfWork, workspace: str) -> int:
    return work.connection.scalar(select(func.max(_T.c.seq)).where(_T.c.workspace == workspace)) or 0


def _last_erased(work: UnitOfWork, workspace: str, newest: int) -> int:
    """The last event behind the newest that says that texts were erased; the newest if there is none."""
    later = (_T.c.workspace == workspace) & (_T.c.seq > newest) & (_T.c.action == Action.AUDIT_ERASED.value)
    return work.connection.scalar(select(func.max(_T.c.seq)).where(later)) or newest


def _workspaces(work: UnitOfWork) -> set[str]:
    """Also those whose head somebody removed."""
    known = {head.workspace for head in audit_chain.heads(work)}
    return known | {name for name, _ in audit_chain.headless(work)}


def _page(
    work: UnitOfWork,
    statement: Select[Any],
    after: int,
    last: int,
    made: Callable[[UnitOfWork, Sequence[Row[Any]]], list[T]],
) -> tuple[Sequence[Row[Any]], list[T]]:
    """The rows of a span, and what is made of them. Raises Unreadable."""
    try:
        rows = audit_chain.rows(work, statement, after=after, last=last)
        return rows, made(work, rows)
    except UNREADABLE as problem:
        raise Unreadable from problem


def _taken(work: UnitOfWork, rows: Sequence[Row[Any]]) -> list[Taken]:
    read = [audit_chain.hashed(row) for row in rows]
    found = texts_of(work, [(line.workspace, line.seq) for line, _ in read if has_text(line)])
    return [Taken(line, own, found.get((line.workspace, line.seq), {})) for line, own in read]
