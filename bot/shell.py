"""What the shell shows: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any

import typer
from rich.console import Console
from rich.progress import Progress

from bot.doctor import Check
from bot.model.audit import LoggedEvent
from bot.model.errors import PolicyError
from bot.model.money import format_usd
from bot.model.numbers import format_number
from bot.model.policy_file import LoadedPolicy
from bot.model.rules import Approvers, Verdict
from bot.shell_audit import bars
from bot.table import room, table
from bot.usecases.check import Checked
from bot.usecases.follow import Follower
from storage.audit_search import Counted
from storage.purchases import KeptPurchase

FOLLOWS_EVERY = 1.0
"""Seconds between two looks at the log."""


def show_events(events: Sequence[LoggedEvent], *, as_json: bool) -> None:
    """The log, newest first."""
    if as_json:
        _print_json([_event(event) for event in events])
        return
    _print_table(
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


def follow(follower: Follower, limit: int, *, as_json: bool) -> None:
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
    return _safe("  ".join([f"{logged.at:%Y-%m-%d %H:%M:%S}", *filter(None, parts)]))


def _event(logged: LoggedEvent) -> dict[str, Any]:
    event = asdict(logged.event)
    return {"seq": logged.seq, "id": logged.id, "at": logged.at.isoformat(), **event}


def show_counts(counted: Sequence[Counted], *, as_json: bool) -> None:
    """How many events, as bars that say the same in words."""
    if as_json:
        _print_json([asdict(one) for one in counted])
        return
    for line in bars(counted):
        typer.echo(_safe(line))


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where that is a terminal; what it yields is told how far the work is."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Events", total=total)
        yield lambda number: bar.update(task, completed=number)


def show_purchases(found: Sequence[KeptPurchase], *, as_json: bool) -> None:
    """Purchases that are not settled."""
    if as_json:
        _print_json([_purchase(purchase) for purchase in found])
        return
    if not found:
        typer.echo("No purchase is open.")
        return
    _print_table(
        ("Purchase", "Request", "Number", "Status", "Today", "Since (UTC)", "Note"),
        (
            (
                p.id,
                p.request_id,
                format_number(p.number),
                p.status,
                format_usd(p.setup + p.monthly),
                f"{p.updated_at:%Y-%m-%d %H:%M:%S}",
                p.note or "",
            )
            for p in found
        ),
    )


def _purchase(purchase: KeptPurchase) -> dict[str, Any]:
    names = ("id", "request_id", "workspace", "account", "number", "status", "attempt", "note", "api_id")
    plain: dict[str, Any] = {name: getattr(purchase, name) for name in names}
    money = {"setup": str(purchase.setup), "monthly": str(purchase.monthly)}
    return plain | money | {"updated_at": purchase.updated_at.isoformat()}


def show_differences(found: Sequence[Checked], *, as_json: bool) -> None:
    """What differs between the provider's list and our purchases."""
    if as_json:
        _print_json([_difference(each) for each in found])
        return
    if not found:
        typer.echo("The provider's list and our purchases agree.")
        return
    _print_table(
        ("Difference", "Number", "What", "Purchase", "Request", "Remark"),
        (
            (
                each.difference_id or "",
                format_number(each.number),
                each.what,
                each.purchase.id if each.purchase else "",
                each.purchase.request_id if each.purchase else "",
                each.remark,
            )
            for each in found
        ),
    )


def _difference(each: Checked) -> dict[str, Any]:
    rented, last = each.rented, each.purchase
    told = {"alias": rented.alias, "added_on": _text(rented.added_on)} if rented else {}
    money = {"monthly": _text(rented.monthly)} if rented else {}
    ours = {"purchase": last.id, "request": last.request_id, "status": last.status} if last else {}
    plain = {"number": each.number, "kind": each.kind, "difference": each.difference_id}
    return {**plain, "ignored": each.ignored, "remark": each.remark, **told, **money, **ours}


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def show_checks(checks: Sequence[Check], *, as_json: bool) -> None:
    """What `doctor` found, a line each."""
    if as_json:
        _print_json([asdict(check) for check in checks])
        return
    for check in checks:
        typer.echo(f"{'fine ' if check.fine else 'WRONG'}  {check.name}: {check.says}")


def show_policy(loaded: LoadedPolicy, warned: Sequence[str], *, as_json: bool) -> None:
    """What `policy check` found in a valid file."""
    count = len(loaded.policy.rules)
    if as_json:
        said = {"rules": count, "sha256": loaded.sha256, "warnings": warned}
        _print_json({"file": loaded.path, "valid": True, **said, "errors": []})
        return
    typer.echo(f"{loaded.path}: valid, {count} rules (sha256 {loaded.sha256[:12]})")
    for text in warned:
        typer.echo(f"warning: {text}")


def show_policy_errors(path: Path, problem: PolicyError) -> list[str]:
    """The same of a file that is not valid, as JSON; returns its errors, `file: key: reason` each."""
    errors = str(problem).splitlines()
    unknown: dict[str, Any] = {"rules": None, "sha256": None, "warnings": []}
    _print_json({"file": path, "valid": False, **unknown, "errors": errors})
    return errors


def show_verdict(verdict: Verdict, approvers: Approvers, *, as_json: bool) -> None:
    """Which rule decides, and why not the others."""
    if as_json:
        _print_json({**asdict(verdict), "approvers": sorted(approvers.users)})
        return
    for looked in verdict.considered:
        word = "matches" if looked.matched else "passes "
        typer.echo(f"{word}  {looked.name}" + (f": {looked.why_not}" if looked.why_not else ""))
    if not verdict.allowed:
        typer.echo(f"Refused: {verdict.deny_reason}")
        return
    people = ", ".join(sorted(approvers.users)) or "nobody"
    if approvers.unknown_groups:
        people += f" (who is in {', '.join(approvers.unknown_groups)} could not be looked up)"
    needed = f"{verdict.approvals} of: {people}" if verdict.approvals else "none"
    if verdict.approvals > len(approvers.users) and not approvers.unknown_groups:
        needed += ". Too few can approve it, so it will be refused"
    typer.echo(f"Allowed by the rule “{verdict.rule}”. Approvals needed: {needed}.")


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    shown = [[_safe(str(cell)) for cell in row] for row in rows]
    for line in table(titles, shown, room()):
        typer.echo(line)


def _safe(text: str) -> str:
    """No terminal codes out of somebody's reason."""
    return "".join(c if c.isprintable() else " " for c in text)
