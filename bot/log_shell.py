"""`python -m bot audit query`, `stats` and `export`: reads the log, which logs that it was read."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from bot.model.audit import LoggedEvent
from bot.model.audit_export import Format
from bot.model.audit_query import AuditQuery
from bot.model.audit_words import By
from bot.model.errors import NotUnderstood, SettingsError
from bot.model.numbers import format_number
from bot.opened import opened
from bot.shell import print_json, print_table, safe
from bot.shell_audit import bars, pointed
from bot.usecases.audit_export import count_events, export, stats
from bot.usecases.follow import Follower
from bot.usecases.read_log import log_reading, query_log, understood
from bot.whole_file import whole_file
from storage.audit_search import Counted
from storage.unit_of_work import Database

FOLLOWS_EVERY = 1.0
"""Seconds between two looks at the log."""

commands = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@commands.command()
def query(
    query: Annotated[list[str] | None, typer.Argument(help="Such as: action:purchase.* since:7d")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes in.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """List the newest events that match."""
    settings, database = opened()
    text = " ".join(query or ())
    asked = _asked(database, text)
    if follow:
        log_reading(database, settings.plivo_auth_id or "", text, follow=True)
        _follow(Follower(database, asked), limit, as_json=as_json)
        return
    found = query_log(database, asked, limit=limit)
    log_reading(database, settings.plivo_auth_id or "", text, found=len(found))
    _show_events(found, as_json=as_json)


@commands.command("stats")
def audit_stats(
    query: Annotated[list[str] | None, typer.Argument(help="Such as: action:purchase.* since:7d")] = None,
    by: Annotated[By, typer.Option(help="What to count by.")] = By.ACTION,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """Count the events that match."""
    settings, database = opened()
    text = " ".join(query or ())
    counted = stats(database, _asked(database, text), by)
    log_reading(database, settings.plivo_auth_id or "", text, by=by.value)
    _show_counts(counted, as_json=as_json)


@commands.command("export")
def audit_export(
    kind: Annotated[Format, typer.Option("--format")] = Format.JSONL,
    query: Annotated[str, typer.Option(help="Which events; all of them if left out.")] = "",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="The file; stdout if left out.")] = None,
) -> None:
    """Write the events that match to a file, and log that it was done."""
    settings, database = opened()
    asked = _asked(database, query)
    try:
        with _progress(count_events(database, asked)) as written:
            account = settings.plivo_auth_id or ""
            events = export(database, asked, kind, whole_file(out), written, account=account)
    except OSError as problem:
        raise SettingsError(f"The file could not be written: {problem}") from None
    typer.echo(f"{events:,} events.", err=True)


def _asked(database: Database, text: str) -> AuditQuery:
    """The query in `text`; what is not understood is pointed at."""
    try:
        with database.read() as work:
            return understood(work, None, text)
    except NotUnderstood as problem:
        if sys.stderr.isatty():  # a script gets its one line
            for line in pointed(text, problem):
                typer.echo(line, err=True)
        raise


def _show_events(events: Sequence[LoggedEvent], *, as_json: bool) -> None:
    """The log, newest first."""
    if as_json:
        print_json([_event(event) for event in events])
        return
    print_table(
        ("At (UTC)", "Actor", "Action", "Outcome", "Number", "Request", "Reason"),
        (
            (
                f"{e.at:%Y-%m-%d %H:%M:%S}",
                e.event.actor.id,
                e.event.action,
                e.event.outcome,
                format_number(e.event.number) if e.event.number else "",
                e.event.request_id or "",
                e.event.reason or str(e.event.changes.get("search", "")),
            )
            for e in events
        ),
    )


def _follow(follower: Follower, limit: int, *, as_json: bool) -> None:
    """Prints the newest events, the oldest of them first, and goes on with what comes in."""
    never = Event()
    with suppress(KeyboardInterrupt, BrokenPipeError):
        _print_events(follower.begin(limit), as_json=as_json)
        while not never.wait(FOLLOWS_EVERY):
            _print_events(follower.news(), as_json=as_json)


def _print_events(events: Sequence[LoggedEvent], *, as_json: bool) -> None:
    for logged in events:
        line = json.dumps(_event(logged), default=str, sort_keys=True) if as_json else event_line(logged)
        typer.echo(line)
    sys.stdout.flush()  # the reader may be a pipe


def event_line(logged: LoggedEvent) -> str:
    """An event in one line, whatever somebody wrote."""
    event = logged.event
    number = format_number(event.number) if event.number else ""
    said = event.reason or str(event.changes.get("search", ""))
    parts = (event.actor.id, event.action, event.outcome, number, event.request_id or "", said)
    return safe("  ".join([f"{logged.at:%Y-%m-%d %H:%M:%S}", *filter(None, parts)]))


def _event(logged: LoggedEvent) -> dict[str, Any]:
    event = asdict(logged.event)
    return {"seq": logged.seq, "id": logged.id, "at": logged.at.isoformat(), **event}


def _show_counts(counted: Sequence[Counted], *, as_json: bool) -> None:
    """How many events, as bars that say the same in words."""
    if as_json:
        print_json([asdict(one) for one in counted])
        return
    for line in bars(counted):
        typer.echo(safe(line))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where that is a terminal; what it yields is told how far the work is."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Events", total=total)
        yield lambda number: bar.update(task, completed=number)
