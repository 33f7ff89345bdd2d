"""The log taken away and counted, by an operator in the shell: all workspaces, in bounded memory."""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from bot.model.audit import Action, Actor, ActorType, AuditEvent, LoggedEvent
from bot.model.audit_export import COLUMNS, Format, csv_row, json_line
from bot.model.audit_query import AuditQuery
from bot.model.audit_words import By
from storage import audit, audit_search
from storage.audit import Reader
from storage.audit_search import Counted
from storage.unit_of_work import Database

EVERYTHING = Reader(None)
OPERATOR = Actor(ActorType.OPERATOR, "shell")
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


def export(database: Database, query: AuditQuery, kind: Format, out: TextIO, written: Written) -> int:
    """Writes every event that matches to `out` and returns how many; that it was done is logged."""
    accounts: dict[str, tuple[str, int]] = {}
    events = _counted(audit_search.stream(database, EVERYTHING, query), accounts, written)
    _write(events, kind, out)
    out.flush()
    _log(database, query, kind, accounts)
    return sum(events for _, events in accounts.values())


def write_events(events: Iterable[LoggedEvent], kind: Format, out: TextIO, written: Written) -> int:
    """Writes events to `out` and returns how many."""
    accounts: dict[str, tuple[str, int]] = {}
    _write(_counted(events, accounts, written), kind, out)
    return sum(each for _, each in accounts.values())


def _write(events: Iterable[LoggedEvent], kind: Format, out: TextIO) -> None:
    if kind is Format.CSV:
        _write_csv(events, out)
    else:
        out.writelines(f"{json_line(event)}\n" for event in events)


def _write_csv(events: Iterable[LoggedEvent], out: TextIO) -> None:
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    rows.writerows(csv_row(event) for event in events)


def _counted(
    events: Iterable[LoggedEvent], accounts: dict[str, tuple[str, int]], written: Written
) -> Iterator[LoggedEvent]:
    for number, logged in enumerate(events, 1):
        event = logged.event
        accounts[event.workspace] = (event.account, accounts.get(event.workspace, ("", 0))[1] + 1)
        yield logged
        written(number)


def _log(database: Database, query: AuditQuery, kind: Format, accounts: dict[str, tuple[str, int]]) -> None:
    """A line in the log of each workspace of which something was taken."""
    with database.write() as work:
        for workspace, (account, events) in sorted(accounts.items()):
            changes = {"query": str(query), "format": kind.value, "found": events}
            audit.append(
                work,
                AuditEvent(
                    workspace=workspace,
                    account=account,
                    actor=OPERATOR,
                    action=Action.AUDIT_EXPORTED,
                    changes=changes,
                ),
            )
