"""The log taken away and counted, by an operator in the shell: all workspaces, in bounded memory."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TextIO

from sqlalchemy.exc import SQLAlchemyError

from bot import __version__
from bot.model.audit import Action, Outcome
from bot.model.audit_export import COLUMNS, Format, Taken, csv_row, json_line
from bot.model.audit_ocsf import ocsf_line
from bot.model.audit_query import AuditQuery
from bot.model.audit_words import By
from bot.usecases import record
from storage import audit_chain, audit_search
from storage.audit import Reader
from storage.audit_search import Counted
from storage.unit_of_work import Database

EVERYTHING = Reader(None)
Written = Callable[[int], None]
"""Is told after each event how many are written."""


def count_events(database: Database, query: AuditQuery) -> int:
    """How many events match."""
    with database.read() as work:
        return audit_search.count(work, EVERYTHING, query)


def stats(database: Database, query: AuditQuery, by: By) -> list[Counted]:
    """How many events match, by person, month, action or country."""
    with database.read() as work:
        return audit_search.counts(work, EVERYTHING, query, by)


def export(
    database: Database, query: AuditQuery, kind: Format, out: TextIO, written: Written, *, account: str = ""
) -> int:
    """Writes every event that matches to `out` and returns how many; that it was done is logged.

    So is an export that broke off: whoever closed the pipe has read what had come through.
    """
    found: Counter[str] = Counter()
    try:
        _write(_counted(audit_search.stream(database, EVERYTHING, query), found, written), kind, out)
        out.flush()
    except BaseException as problem:
        with suppress(SQLAlchemyError):  # if that is what broke it, the first error is the one to show
            _log(database, query, kind, found, account, broken=type(problem).__name__)
        raise
    _log(database, query, kind, found, account)
    return found.total()


def write_events(events: Iterable[Taken], kind: Format, out: TextIO, written: Written) -> int:
    """Writes events to `out` and returns how many."""
    found: Counter[str] = Counter()
    _write(_counted(events, found, written), kind, out)
    return found.total()


def _write(events: Iterable[Taken], kind: Format, out: TextIO) -> None:
    match kind:
        case Format.CSV:
            _write_csv(events, out)
        case Format.OCSF:
            out.writelines(f"{ocsf_line(event, version=__version__)}\n" for event in events)
        case Format.JSONL:
            out.writelines(f"{json_line(event)}\n" for event in events)


def _write_csv(events: Iterable[Taken], out: TextIO) -> None:
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    rows.writerows(csv_row(event) for event in events)


def _counted(events: Iterable[Taken], found: Counter[str], written: Written) -> Iterator[Taken]:
    for number, taken in enumerate(events, 1):
        found[taken.line.workspace] += 1
        yield taken
        written(number)


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
