"""The log taken away and counted, by an operator in the shell: all workspaces, in bounded memory."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import NamedTuple, TextIO

from sqlalchemy.exc import SQLAlchemyError

from bot import __version__
from bot.model.audit import Action, Outcome
from bot.model.audit_export import COLUMNS, Format, Taken, csv_line, csv_row
from bot.model.audit_fault import UNREADABLE
from bot.model.audit_ocsf import ocsf_line
from bot.model.audit_query import AuditQuery
from bot.model.audit_words import By
from bot.usecases import record
from storage import audit_chain, audit_search, audit_stream
from storage.audit import Reader
from storage.audit_search import Counted
from storage.audit_stream import Pages, Unreadable
from storage.unit_of_work import Database

EVERYTHING = Reader(None)
Written = Callable[[int], None]
"""Is told again and again how many events are written."""


class Excerpt(NamedTuple):
    """Which events, and as what they are written."""

    database: Database
    reader: Reader
    query: AuditQuery
    format: Format


def count_events(database: Database, query: AuditQuery) -> int:
    """How many events match."""
    with database.read() as work:
        return audit_search.count(work, EVERYTHING, query)


def stats(database: Database, query: AuditQuery, by: By) -> list[Counted]:
    """How many events match, by person, month, action or country."""
    with database.read() as work:
        return audit_search.counts(work, EVERYTHING, query, by)


def export(
    database: Database,
    query: AuditQuery,
    kind: Format,
    to: AbstractContextManager[TextIO],
    written: Written,
    *,
    account: str = "",
) -> int:
    """Writes every event that matches and returns how many; that it was done is logged before `to` is left.

    So is an export that broke off, or whose file could not be begun or be put in its place: whoever closed
    the pipe has read what had come through.
    """
    found: Counter[str] = Counter()
    try:
        with to as out:
            _write(Excerpt(database, EVERYTHING, query, kind), out, found, written)
            out.flush()
            _log(database, query, kind, found, account)
    except BaseException as problem:
        with suppress(SQLAlchemyError):  # if that is what broke it, the first error is the one to show
            _log(database, query, kind, found, account, broken=type(problem).__name__)
        raise
    return found.total()


def write_events(excerpt: Excerpt, out: TextIO, written: Written) -> int:
    """Writes events to `out` and returns how many."""
    found: Counter[str] = Counter()
    _write(excerpt, out, found, written)
    return found.total()


def _write(excerpt: Excerpt, out: TextIO, found: Counter[str], written: Written) -> None:
    if excerpt.format is Format.CSV:
        out.write(csv_line(COLUMNS))
    for workspace, lines in _pages(excerpt):
        found[workspace] += len(lines)
        out.writelines(lines)
        written(found.total())


def _pages(excerpt: Excerpt) -> Pages[str]:
    """The lines of the events, each with its end."""
    database, reader, query, kind = excerpt
    if kind is Format.JSONL:
        return audit_stream.lines(database, reader, query)
    line = _csv_event if kind is Format.CSV else _ocsf_event
    pages = audit_stream.events(database, reader, query)
    return ((workspace, _made(line, page)) for workspace, page in pages)


def _made(line: Callable[[Taken], str], page: list[Taken]) -> list[str]:
    try:
        return [*map(line, page)]
    except UNREADABLE as problem:  # such as a moment that is none
        raise Unreadable from problem


def _csv_event(taken: Taken) -> str:
    return csv_line(csv_row(taken))


def _ocsf_event(taken: Taken) -> str:
    return f"{ocsf_line(taken, version=__version__)}\n"


def _log(  # noqa: PLR0917 - one short call each, in the order of the sentence
    database: Database,
    query: AuditQuery,
    kind: Format,
    found: Mapping[str, int],
    account: str,
    broken: str | None = None,
) -> None:
    """A line in every workspace's log, also where nothing was found: all of them were looked through."""
    outcome = Outcome.FAILURE if broken else Outcome.SUCCESS
    with database.write() as work:
        for head in audit_chain.heads(work):
            changes = {"query": str(query), "format": kind.value, "found": found.get(head.workspace, 0)}
            record.by_operator(
                work, account, head.workspace, Action.AUDIT_EXPORTED,
                outcome=outcome, reason=f"broken off: {broken}" if broken else None, changes=changes,
            )  # fmt: skip
