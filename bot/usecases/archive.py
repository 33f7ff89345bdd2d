"""Moves old events out of the database into a sealed file, and lets go of nothing that was not verified."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.model.audit import SYSTEM, Action, AuditEvent
from bot.model.audit_chain import GENESIS
from bot.model.audit_fault import Broken, Fault, diagnose, holds
from bot.usecases import archive_file
from bot.usecases.archive_file import BadArchive, Sealed
from bot.usecases.desk import Desk
from storage import audit, audit_chain
from storage.audit_chain import Hashed, Head, Stub
from storage.unit_of_work import Database, UnitOfWork

AT_ONCE = 100_000
"""Events in one file, and in one transaction that lets them go."""
EVERY = 86_400.0


@dataclass(frozen=True, slots=True)
class Archived:
    """Events first to last of a workspace are in a file now, and not in the database any more."""

    workspace: str
    first: int
    last: int
    path: Path


@dataclass(frozen=True, slots=True)
class NotArchived:
    """Nothing was let go: what is in the database, or came out as a file, does not hold together."""

    broken: Broken


def keep_since(now: datetime, years: int) -> datetime:
    """The moment whose events, and all later ones, stay; the 29th of February counts as the 28th."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def archive(desk: Desk, folder: Path, years: int, *, at_once: int = AT_ONCE) -> list[Archived | NotArchived]:
    """Archives what is older than so many years, of every workspace, a file at a time."""
    found: list[Archived | NotArchived] = []
    with desk.database.read() as work:
        heads = [head.workspace for head in audit_chain.heads(work)]
    folder.mkdir(parents=True, exist_ok=True)
    for workspace in heads:
        found += _all_of(desk, workspace, folder, years, at_once)
    return found


def _all_of(
    desk: Desk, workspace: str, folder: Path, years: int, at_once: int
) -> Iterator[Archived | NotArchived]:
    while span := _span(desk.database, workspace, years, at_once):
        done = _one(desk, span, folder)
        if done is not None:
            yield done
        if not isinstance(done, Archived):
            return


@dataclass(frozen=True, slots=True)
class _Span:
    head: Head
    first: int
    last: int
    previous: str  #: the hash before the first


def _span(database: Database, workspace: str, years: int, at_once: int) -> _Span | None:
    """What is due next; None if nothing is."""
    with database.read() as work:
        head = audit_chain.head(work, workspace)
        if head is None:
            return None
        first = head.archived_seq + 1
        last = min(audit_chain.last_before(work, workspace, keep_since(work.now, years)), first + at_once - 1)
        stubs = audit_chain.stubs(work, workspace)
    return _Span(head, first, last, stubs[-1].hash if stubs else GENESIS) if last >= first else None


def _one(desk: Desk, span: _Span, folder: Path) -> Archived | NotArchived | None:
    """Writes a file, verifies it, and lets the events go; None if another process was faster."""
    workspace = span.head.workspace
    path = folder / f"numberdesk-audit-{workspace}-{span.first}-{span.last}.jsonl"
    with desk.database.read() as work:
        sealed = _write(work, desk, span, path)
        _write_texts(work, span, path.with_suffix(".texts.jsonl"))
        at = work.now
    try:
        hashed = _checked(path, span)
        stub = Stub(workspace, span.last, span.first, hashed, sealed.sha256, sealed.signature, at)
        archive_file.open_archive(path).check(stub, desk.seal.public if desk.seal else None)
    except _Bad as bad:
        return NotArchived(bad.broken)
    with desk.database.write() as work:
        if not audit_chain.let_go(work, stub):
            return None
        audit.append(work, _event(desk, stub))
    return Archived(workspace, span.first, span.last, path)


def _write(work: UnitOfWork, desk: Desk, span: _Span, path: Path) -> Sealed:
    rows = audit_chain.lines(work, span.head.workspace, span.first - 1, span.last)
    partial = path.with_suffix(f".{work.new_id('X')}.partial")
    with partial.open("xb") as file:
        sealed = archive_file.write(
            file, rows, desk.seal, workspace=span.head.workspace, first=span.first, last=span.last
        )
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return sealed


def _write_texts(work: UnitOfWork, span: _Span, path: Path) -> None:
    """What people wrote, beside the sealed file, so that a line of it can be erased."""
    with path.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        after = span.first - 1
        while after < span.last:
            page = audit_chain.page(work, span.head.workspace, after)
            if not page:
                break
            after = page[-1][0].seq
            by_seq = {line.seq: line for line, _ in page}
            for text in audit_chain.texts(work, span.head.workspace, page[0][0].seq, min(after, span.last)):
                if text.text is not None:
                    file.write(archive_file.text_line(by_seq[text.seq], text))
        file.flush()
        os.fsync(file.fileno())


class _Bad(Exception):
    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.says)
        self.broken = broken


def _checked(path: Path, span: _Span) -> str:
    """The hash of the last event, once the file was read back and holds together."""
    seq, previous = span.first - 1, span.previous
    try:
        for row in archive_file.open_archive(path).events():
            seq += 1
            if not holds(row, seq, previous):
                raise _Bad(diagnose(row, seq, previous, _nowhere))
            previous = row[1]
    except BadArchive as problem:
        raise _Bad(_short(span, problem.seq, str(problem))) from None
    if seq != span.last:
        raise _Bad(_short(span, seq + 1, f"event {seq + 1} is not there to be archived."))
    return previous


def _nowhere(_seq: int) -> Hashed | None:
    return None


def _short(span: _Span, seq: int, says: str) -> Broken:
    return Broken(span.head.workspace, seq, Fault.MISSING, says)


def _event(desk: Desk, stub: Stub) -> AuditEvent:
    return AuditEvent(
        workspace=stub.workspace,
        account=desk.account,
        actor=SYSTEM,
        action=Action.AUDIT_ARCHIVED,
        changes={"first": stub.first_seq, "last": stub.seq, "hash": stub.hash, "sha256": stub.sha256},
    )
