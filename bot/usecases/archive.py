"""Moves old events out of the database into a sealed file, and lets go of nothing that was not verified."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.model.audit import SYSTEM, Action, Actor, AuditEvent, Outcome
from bot.model.audit_chain import GENESIS
from bot.model.audit_fault import UNREADABLE, Broken, Fault, diagnose, holds
from bot.usecases import archive_file, left_over
from bot.usecases.archive_file import BadArchive, Sealed
from bot.usecases.desk import Desk
from storage import audit, audit_chain
from storage.audit_chain import Hashed, Head, Stub
from storage.unit_of_work import Database, UnitOfWork

EVERY = 86_400.0
MAY_NOT = (
    "this role of the database may not delete what was archived: run `python -m bot audit archive` with the"
    " DATABASE_URL of the role that owns the tables."
)


def _rest() -> None:
    time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is done at once, so that everybody else can go on writing meanwhile."""

    at_once: int = 100_000  #: events in one file
    portion: int = 2_000  #: events that one transaction deletes
    rest: Callable[[], None] = _rest  #: between two of them; SQLite's writers look every 100 ms at most


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


def archive(
    desk: Desk,
    folder: Path,
    years: int,
    *,
    pace: Pace = Pace(),
    actor: Actor = SYSTEM,
) -> list[Archived | NotArchived]:
    """Archives what is older than so many years, of every workspace, a file at a time.

    What could not be archived is logged as well. What an earlier run had recorded, and not deleted to the
    end, goes first.
    """
    found: list[Archived | NotArchived] = []
    with desk.database.read() as work:
        heads = [head.workspace for head in audit_chain.heads(work)]
    for workspace in heads:
        found += _all_of(_By(desk, actor, pace), workspace, folder, years)
    return found


@dataclass(frozen=True, slots=True)
class _By:
    """Who archives, and with what."""

    desk: Desk
    actor: Actor
    pace: Pace


def _all_of(by: _By, workspace: str, folder: Path, years: int) -> Iterator[Archived | NotArchived]:
    if left := _finish(by, workspace):
        yield left
        return
    while span := _span(by.desk.database, workspace, years, by.pace.at_once):
        done = _one(by, span, folder)
        if isinstance(done, NotArchived):
            _log_failure(by, span.first, span.last, done)
        if done is not None:
            yield done
        if not isinstance(done, Archived):
            return


def _finish(by: _By, workspace: str) -> NotArchived | None:
    """Deletes what is left of the newest archive's events, if a run died over it."""
    with by.desk.database.read() as work:
        stubs = audit_chain.stubs(work, workspace)
        first = audit_chain.first_number(work, workspace)
        if not stubs or first is None or first > stubs[-1].seq:
            return None
        stub = stubs[-1]
        broken = left_over.astray(work, workspace, stub.seq, stub.hash)
        if broken is None and not audit_chain.may_let_go(work):
            broken = Broken(workspace, first, Fault.ARCHIVE, MAY_NOT)
    if broken is None:
        _remove(by, stub, first)
        return None
    failed = NotArchived(broken)
    _log_failure(by, first, stub.seq, failed)
    return failed


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


def _one(by: _By, span: _Span, folder: Path) -> Archived | NotArchived | None:
    """Writes a file, verifies it, and lets the events go; None if another process was faster."""
    workspace = span.head.workspace
    path = folder / f"numberdesk-audit-{workspace}-{span.first}-{span.last}.jsonl"
    try:
        stub = _written(by.desk, span, path)
        if not _recorded(by, span, stub, archive_file.texts_beside(path)):
            return None
        _remove(by, stub, span.first)
        return Archived(workspace, span.first, span.last, path)
    except _Bad as bad:
        return NotArchived(bad.broken)
    except BadArchive as problem:
        return NotArchived(Broken(workspace, problem.seq, Fault.ARCHIVE, str(problem)))
    except OSError as problem:
        says = f"{path} could not be written: {problem.strerror}."
        return NotArchived(Broken(workspace, span.first, Fault.ARCHIVE, says))


@dataclass(frozen=True, slots=True)
class _Texts:
    """What people wrote in a span, in a file that is not in its place yet."""

    partial: Path
    path: Path
    erased: int  #: how many of them were erased when it was written


def _written(desk: Desk, span: _Span, path: Path) -> Stub:
    """What is to be recorded of the file, which was written, read back and verified."""
    workspace = span.head.workspace
    path.parent.mkdir(parents=True, exist_ok=True)
    with desk.database.read() as work:
        if not audit_chain.may_let_go(work):
            raise _Bad(Broken(workspace, span.first, Fault.ARCHIVE, MAY_NOT))
        sealed = _write(work, desk, span, path)
        at = work.now
    hashed = _checked(path, span)
    stub = Stub(workspace, span.last, span.first, hashed, sealed.sha256, sealed.signature, at)
    archive_file.open_archive(path).check(stub, [desk.seal.public] if desk.seal else [])
    return stub


def _recorded(by: _By, span: _Span, stub: Stub, beside: Path) -> bool:
    """Whether the archive is in the log now: if not, another process was faster.

    What people wrote is written once more for as long as some of it is erased meanwhile: nobody has to wait
    for that.
    """
    done = None
    while done is None:
        with _texts(by.desk.database, span, beside) as texts:
            done = _let_go(by, stub, texts)
    return done


@contextmanager
def _texts(database: Database, span: _Span, beside: Path) -> Iterator[_Texts]:
    """They vanish again unless they are put in their place."""
    with database.read() as work:
        partial = beside.with_suffix(f".{work.new_id('X')}.partial")
        erased = audit_chain.erased(work, span.head.workspace, span.first, span.last)
        archive_file.write_private(partial, _lines(work, span))
    try:
        yield _Texts(partial, beside, erased)
    finally:
        partial.unlink(missing_ok=True)


def _let_go(by: _By, stub: Stub, texts: _Texts) -> bool | None:
    """Records that the events may go; None if some of what people wrote was erased since it was written.

    Whoever erases holds the log as well: nothing is erased between that look and the end of the transaction,
    and a process that was too slow puts no text in its place. Whoever erases in files deletes what is not in
    its place yet.
    """
    with by.desk.database.write() as work:
        audit_chain.hold(work, stub.workspace)
        erased = audit_chain.erased(work, stub.workspace, stub.first_seq, stub.seq)
        if erased != texts.erased or not texts.partial.exists():
            return None
        if not audit_chain.let_go(work, stub):
            return False
        texts.partial.replace(texts.path)
        audit.append(work, _event(by, stub))
    return True


def _remove(by: _By, stub: Stub, first: int) -> None:
    """Deletes the events of a recorded archive, oldest first: what a crash leaves, the next run finds."""
    for start in range(first, stub.seq + 1, by.pace.portion):
        if start > first:
            by.pace.rest()
        with by.desk.database.write() as work:
            audit_chain.remove(work, stub, start, start + by.pace.portion - 1)


def _write(work: UnitOfWork, desk: Desk, span: _Span, path: Path) -> Sealed:
    rows = audit_chain.lines(work, span.head.workspace, span.first - 1, span.last)
    partial = path.with_suffix(f".{work.new_id('X')}.partial")
    try:
        with partial.open("xb") as file:
            sealed = archive_file.write(
                file, rows, desk.seal, workspace=span.head.workspace, first=span.first, last=span.last
            )
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except UNREADABLE:
        says = f"an event from {span.first} on cannot be read: `python -m bot audit verify` names it."
        raise _Bad(Broken(span.head.workspace, span.first, Fault.CHANGED, says)) from None
    finally:
        partial.unlink(missing_ok=True)
    return sealed


def _lines(work: UnitOfWork, span: _Span) -> Iterator[bytes]:
    """What people wrote, a line each: beside the sealed file, so that a line can be erased."""
    after = span.first - 1
    while after < span.last and (page := audit_chain.page(work, span.head.workspace, after)):
        after = page[-1][0].seq
        by_seq = {line.seq: line for line, _ in page}
        for text in audit_chain.texts(work, span.head.workspace, page[0][0].seq, min(after, span.last)):
            if text.text is not None:
                yield archive_file.text_line(by_seq[text.seq], text)


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


def _event(by: _By, stub: Stub) -> AuditEvent:
    changes = {"first": stub.first_seq, "last": stub.seq, "hash": stub.hash, "sha256": stub.sha256}
    return _of(by, stub.workspace, changes=changes)


def _log_failure(by: _By, first: int, last: int, failed: NotArchived) -> None:
    event = _of(
        by, failed.broken.workspace, changes={"first": first, "last": last},
        outcome=Outcome.FAILURE, reason=failed.broken.says,
    )  # fmt: skip
    with by.desk.database.write() as work:
        audit.append(work, event)


def _of(by: _By, workspace: str, **fields: Any) -> AuditEvent:
    context = {"door": "worker" if by.actor is SYSTEM else "shell"}
    return AuditEvent(
        workspace=workspace, account=by.desk.account, actor=by.actor,
        action=Action.AUDIT_ARCHIVED, context=context, **fields,
    )  # fmt: skip
