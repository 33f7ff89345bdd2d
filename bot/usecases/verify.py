"""Checks a log from its first event to its last: in bounded memory, against anchors and archives outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.model.audit import Action, Outcome
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import GENESIS, Line, digest
from bot.model.audit_fault import UNREADABLE, Broken, Fault, Hashed, diagnose, unreadable
from bot.model.errors import SettingsError
from bot.usecases import archive_file, left_over
from bot.usecases.verify_anchors import anchored
from bot.usecases.verify_texts import check_erased, check_texts, texts_of, with_texts
from bot.usecases.verify_walk import Found, Walk
from storage import audit_chain
from storage.audit_chain import Head, Stub
from storage.unit_of_work import Database, UnitOfWork

Progress = Callable[[int], None]  #: told how many more events were checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the log is checked against, besides itself."""

    anchors: Sequence[Checkpoint] = ()
    archives: Sequence[Path] = ()
    keys: Sequence[
        str
    ] = ()  #: the public keys of which one must have signed; none: that of each anchor itself
    start: int | None = None  #: the first event to check; what is before it is believed


@dataclass(frozen=True, slots=True)
class Sound:
    """A workspace's log holds together, and with what it was checked against."""

    workspace: str
    first: int
    last: int
    hash: str
    erased: int  #: texts that were erased; the chain does not need them
    anchors: int  #: that were met on the way
    anchors_before: int  #: that lie before the first event that was checked
    archives: int
    apart: int = 0  #: of them without the file of what people wrote


def total(database: Database) -> int:
    """How many events there are to check, about."""
    with database.read() as work:
        return sum(head.seq - head.archived_seq for head in audit_chain.heads(work))


def verify(
    database: Database, proof: Proof = Proof(), progress: Progress = lambda _: None
) -> list[Sound | Broken]:
    """What is found in each workspace's log.

    Raises SettingsError for an anchor, or an archive, of a workspace that this database does not hold.
    """
    with database.read() as work:
        heads, lost = [head.workspace for head in audit_chain.heads(work)], audit_chain.headless(work)
    files = [archive_file.open_archive(path) for path in proof.archives]
    _must_be_ours({*heads, *(workspace for workspace, _ in lost)}, proof.anchors, files)
    found = [_verify_one(database, workspace, proof, files, progress) for workspace in heads]
    says = "the log's head is gone: nothing says any more that event {} is its first and where it ends."
    return found + [Broken(one, seq, Fault.MISSING, says.format(seq)) for one, seq in lost]


def _must_be_ours(
    ours: set[str], anchors: Iterable[Checkpoint], files: Iterable[archive_file.Archive]
) -> None:
    for what, workspace in (
        *(("anchor", anchor.workspace) for anchor in anchors),
        *(("archive", file.workspace) for file in files),
    ):
        if workspace not in ours:
            held = ", ".join(sorted(ours)) or "no workspace"
            raise SettingsError(
                f"The {what} is of workspace {workspace}, and this database holds the log of {held}:"
                " name the file that belongs to it."
            )


def _verify_one(
    database: Database,
    workspace: str,
    proof: Proof,
    files: Sequence[archive_file.Archive],
    progress: Progress,
) -> Sound | Broken:
    """One log. Where events were archived while it was looked through, the look begins anew behind them."""
    mine = sorted((f for f in files if f.workspace == workspace), key=lambda f: f.first)
    while True:
        head = _head(database, workspace)
        found = _look_through(database, head, proof, mine, progress)
        if isinstance(found, Sound) or _head(database, workspace).archived_seq == head.archived_seq:
            return found


def _head(database: Database, workspace: str) -> Head:
    with database.read() as work:
        return audit_chain.head(work, workspace) or Head(workspace, 0, GENESIS, 0)


def _look_through(
    database: Database,
    head: Head,
    proof: Proof,
    files: Sequence[archive_file.Archive],
    progress: Progress,
) -> Sound | Broken:
    try:
        walk = _start(database, head, proof, files, anchored(head.workspace, proof.anchors, proof.keys))
        for file in files:
            _follow(database, walk, with_texts(file, walk), progress, archived=True)
        if not walk.believed:
            _check_left_over(database, walk)
        _check_rows(database, walk, head, progress)
        _check_end(database, walk, head)
    except Found as found:
        return found.broken
    except archive_file.BadArchive as problem:
        return Broken(head.workspace, problem.seq, Fault.ARCHIVE, str(problem))
    return Sound(
        head.workspace, walk.first, walk.seq, walk.hash,
        walk.erased, walk.met, walk.before, len(files), walk.apart,
    )  # fmt: skip


def _start(
    database: Database,
    head: Head,
    proof: Proof,
    files: Sequence[archive_file.Archive],
    anchors: Mapping[int, str],
) -> Walk:
    """Where the check begins: at the very first event, behind an archive, or where one was asked for."""
    begun = False
    with database.read() as work:
        stubs = audit_chain.stubs(work, head.workspace)
        told = audit_chain.since(work, head.workspace, Action.AUDIT_ARCHIVED, stubs[-1].seq if stubs else 0)
        seq, hashed = _before(stubs, files)
        if proof.start is not None and proof.start > seq + 1 and not files:
            believed = _believed(work, head.workspace, proof.start - 1)
            if believed is None or proof.start > head.seq:
                there = f"name one of {seq + 1} to {head.seq} with --from."
                raise SettingsError(f"There is no event {proof.start} to begin with: {there}")
            seq, hashed = proof.start - 1, believed[1]
            begun = True
    _check_stubs(head, stubs, files, proof.keys)
    _check_told(stubs, told)
    walk = Walk(head.workspace, seq, hashed, anchors, first=seq + 1, believed=begun)
    walk.before = sum(at < seq for at in anchors)
    _meet(walk)
    return walk


def _believed(work: UnitOfWork, workspace: str, seq: int) -> Hashed | None:
    try:
        return audit_chain.line_at(work, workspace, seq)
    except UNREADABLE:
        raise Found(unreadable(workspace, seq)) from None


def _before(stubs: Sequence[Stub], files: Sequence[archive_file.Archive]) -> tuple[int, str]:
    if files:
        first = files[0].first
        return next(((s.seq, s.hash) for s in stubs if s.seq == first - 1), (0, GENESIS))
    return (stubs[-1].seq, stubs[-1].hash) if stubs else (0, GENESIS)


def _check_stubs(
    head: Head, stubs: Sequence[Stub], files: Sequence[archive_file.Archive], keys: Sequence[str]
) -> None:
    """Archives that were given must be the files the stubs were written for; gaps were never archived."""
    known = {(stub.first_seq, stub.seq): stub for stub in stubs}
    for file in files:
        file.check(known.get((file.first, file.last)), keys)
    if head.archived_seq != (stubs[-1].seq if stubs else 0):
        says = f"events up to {head.archived_seq} were let go, and no archive of them is recorded."
        raise Found(Broken(head.workspace, 1, Fault.MISSING, says))
    following = 1
    for stub in stubs:
        if stub.first_seq != following:
            says = f"events {following} to {stub.first_seq - 1} are in no archive that is recorded."
            raise Found(Broken(head.workspace, following, Fault.MISSING, says))
        if keys and not archive_file.is_signed(stub, keys):
            says = (
                f"the record of an archive, events {stub.first_seq} to {stub.seq}, is not signed by a key"
                " that was expected: name each public key that may have signed with --key."
            )
            raise Found(Broken(head.workspace, stub.first_seq, Fault.ARCHIVE, says))
        following = stub.seq + 1
    _check_all_given(stubs, files)


def _check_all_given(stubs: Sequence[Stub], files: Sequence[archive_file.Archive]) -> None:
    """Whoever gives an archive gives all that follow it: the chain leads through them."""
    given = {(file.first, file.last) for file in files}
    for stub in stubs:
        if files and stub.seq > files[0].last and (stub.first_seq, stub.seq) not in given:
            says = f"Events {stub.first_seq} to {stub.seq} of {stub.workspace} were archived as well:"
            raise SettingsError(f"{says} name the file that they are in with --archive.")


def _check_told(stubs: Sequence[Stub], told: Sequence[Line]) -> None:
    """The newest archive stands in the log that follows it: a record alone could be written by anybody."""
    if not stubs:
        return
    newest = stubs[-1]
    wanted = {"first": newest.first_seq, "last": newest.seq, "hash": newest.hash, "sha256": newest.sha256}
    if not any(wanted.items() <= line.changes.items() for line in told if line.outcome == Outcome.SUCCESS):
        says = f"events {newest.first_seq} to {newest.seq} were let go, and the log does not say where to."
        raise Found(Broken(newest.workspace, newest.first_seq, Fault.MISSING, says))


def _check_rows(database: Database, walk: Walk, head: Head, progress: Progress) -> None:
    """The rows, a page at a time, each in a look of its own: nothing is kept open for long."""
    while walk.seq < head.seq:
        with database.read() as work:
            page = _page(work, walk)
            page = [row for row in page if row[0].seq <= head.seq]  # what came since is not its business
            if not page:
                return
            texts = texts_of(work, walk, page)
        _follow(database, walk, page, progress)
        check_texts(walk, page, texts)


def _page(work: UnitOfWork, walk: Walk) -> list[Hashed]:
    """The next rows, up to one that cannot be read."""
    try:
        return audit_chain.page(work, walk.workspace, walk.seq)
    except UNREADABLE:
        raise Found(unreadable(walk.workspace, walk.seq + 1)) from None


def _check_left_over(database: Database, walk: Walk) -> None:
    """Rows before the first that is checked were archived, and are about to go: they must lead to it."""
    with database.read() as work:
        broken = left_over.astray(work, walk.workspace, walk.seq, walk.hash)
    if broken:
        raise Found(broken)


def _follow(
    database: Database, walk: Walk, page: Iterable[Hashed], progress: Progress, *, archived: bool = False
) -> None:
    seq, previous, told = walk.seq, walk.hash, walk.seq
    try:
        for row in page:
            line, hashed = row
            seq += 1
            if line.seq != seq or line.previous_hash != previous or digest(line) != hashed:
                raise Found(_diagnose(database, row, seq, previous, archived=archived))
            previous = hashed
            if seq in walk.anchors:
                walk.seq, walk.hash = seq, hashed
                _meet(walk)
    except UNREADABLE:
        raise Found(unreadable(walk.workspace, seq)) from None
    walk.seq, walk.hash = seq, previous
    progress(seq - told)


def _diagnose(database: Database, row: Hashed, seq: int, previous: str, *, archived: bool) -> Broken:
    if archived:
        return diagnose(row, seq, previous, lambda _: None)
    with database.read() as work:
        return diagnose(row, seq, previous, lambda at: audit_chain.line_at(work, row[0].workspace, at))


def _meet(walk: Walk) -> None:
    """Compares with the anchor of this event, if there is one."""
    anchored = walk.anchors.get(walk.seq)
    if anchored is None:
        return
    if anchored != walk.hash:
        says = (
            f"the log up to event {walk.seq} holds together, but it is not the one that was anchored:"
            " it was written anew."
        )
        raise Found(Broken(walk.workspace, walk.seq, Fault.REWRITTEN, says))
    walk.met += 1


def _check_end(database: Database, walk: Walk, head: Head) -> None:
    if walk.seq < head.seq:
        says = f"event {walk.seq + 1} and all after it are cut off: the log's head counts {head.seq}."
        raise Found(Broken(walk.workspace, walk.seq + 1, Fault.CUT_OFF, says))
    newest = max(walk.anchors, default=0)
    if newest > walk.seq:
        says = f"event {walk.seq + 1} and all after it are cut off: an anchor knows event {newest}."
        raise Found(Broken(walk.workspace, walk.seq + 1, Fault.CUT_OFF, says))
    if walk.seq == head.seq and walk.hash != head.hash:
        says = f"event {walk.seq} is not the one that the log's head knows."
        raise Found(Broken(walk.workspace, walk.seq, Fault.CHANGED, says))
    check_erased(database, walk)
    with database.read() as work:
        beyond = audit_chain.beyond_head(work, walk.workspace)
    if beyond is not None:
        says = f"event {beyond} was put in behind the end: the log's head does not count it."
        raise Found(Broken(walk.workspace, beyond, Fault.INSERTED, says))
