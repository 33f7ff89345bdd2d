"""Checks a log from its first event to its last: in bounded memory, against anchors and archives outside."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.model.audit import Action
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import GENESIS, Line, digest, hash_of_text
from bot.model.audit_fault import UNREADABLE, Broken, Fault, Hashed, diagnose, unreadable
from bot.model.audit_fields import ALLOWED
from bot.model.errors import SettingsError
from bot.usecases import archive_file
from storage import audit_chain
from storage.audit import HASHED
from storage.audit_chain import Head, Stub, Text
from storage.unit_of_work import Database, UnitOfWork

Progress = Callable[[int], None]  #: told how many more events were checked
_TEXTS = {action.value: tuple(fields.texts) for action, fields in ALLOWED.items() if fields.texts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the log is checked against, besides itself."""

    anchors: Sequence[Checkpoint] = ()
    archives: Sequence[Path] = ()
    key: str | None = None  #: the public key that must have signed; None: that of each anchor itself
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


@dataclass(slots=True)
class _Walk:
    """How far the check has come in one log."""

    workspace: str
    seq: int  #: of the last event that holds
    hash: str
    anchors: Mapping[int, str]
    first: int = 0
    erased: int = 0
    met: int = 0
    archives: int = 0
    before: int = field(default=0)
    believed: bool = False  #: what is before the first event, since that was asked for
    first_erased: int = 0
    told: int = 0  #: texts of which the log says that they were erased


class _Found(Exception):
    """The first bad event."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.says)
        self.broken = broken


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
        heads, lost = audit_chain.heads(work), audit_chain.headless(work)
    files = [archive_file.open_archive(path) for path in proof.archives]
    _must_be_ours(
        {head.workspace for head in heads} | {workspace for workspace, _ in lost}, proof.anchors, files
    )
    found = [_verify_one(database, head, proof, files, progress) for head in heads]
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
    head: Head,
    proof: Proof,
    files: Sequence[archive_file.Archive],
    progress: Progress,
) -> Sound | Broken:
    try:
        anchors = _anchors(head.workspace, proof)
        mine = sorted((f for f in files if f.workspace == head.workspace), key=lambda f: f.first)
        walk = _start(database, head, proof, mine, anchors)
        for file in mine:
            _follow(database, walk, file.events(), progress, archived=True)
        if not walk.believed:
            _check_left_over(database, walk)
        _check_rows(database, walk, head, progress)
        _check_end(database, walk, head)
    except _Found as found:
        return found.broken
    except archive_file.BadArchive as problem:
        return Broken(head.workspace, problem.seq, Fault.ARCHIVE, str(problem))
    return Sound(
        head.workspace, walk.first, walk.seq, walk.hash, walk.erased, walk.met, walk.before, len(mine)
    )


def _anchors(workspace: str, proof: Proof) -> dict[int, str]:
    """The hash that each anchor names, by number."""
    found: dict[int, str] = {}
    for anchor in proof.anchors:
        if anchor.workspace != workspace:
            continue
        if not anchor.is_genuine(proof.key):
            says = f"the anchor of event {anchor.seq} is not signed by the key that was expected."
            raise _Found(Broken(workspace, anchor.seq, Fault.ANCHOR, says))
        if found.setdefault(anchor.seq, anchor.hash) != anchor.hash:
            says = f"two anchors name different hashes for event {anchor.seq}: the log was written twice."
            raise _Found(Broken(workspace, anchor.seq, Fault.REWRITTEN, says))
    return found


def _start(
    database: Database,
    head: Head,
    proof: Proof,
    files: Sequence[archive_file.Archive],
    anchors: Mapping[int, str],
) -> _Walk:
    """Where the check begins: at the very first event, behind an archive, or where one was asked for."""
    begun = False
    with database.read() as work:
        stubs = audit_chain.stubs(work, head.workspace)
        seq, hashed = _before(stubs, files)
        if proof.start is not None and proof.start > seq + 1 and not files:
            believed = audit_chain.line_at(work, head.workspace, proof.start - 1)
            if believed is None:
                raise SettingsError(
                    f"There is no event {proof.start - 1}: name one of {seq + 1} to {head.seq} with --from."
                )
            seq, hashed = proof.start - 1, believed[1]
            begun = True
    _check_stubs(head, stubs, files, proof.key)
    walk = _Walk(head.workspace, seq, hashed, anchors, first=seq + 1, believed=begun)
    walk.before = sum(at < seq for at in anchors)
    _meet(walk)
    return walk


def _before(stubs: Sequence[Stub], files: Sequence[archive_file.Archive]) -> tuple[int, str]:
    if files:
        first = files[0].first
        return next(((s.seq, s.hash) for s in stubs if s.seq == first - 1), (0, GENESIS))
    return (stubs[-1].seq, stubs[-1].hash) if stubs else (0, GENESIS)


def _check_stubs(
    head: Head, stubs: Sequence[Stub], files: Sequence[archive_file.Archive], key: str | None
) -> None:
    """Archives that were given must be the files the stubs were written for; gaps were never archived."""
    known = {(stub.first_seq, stub.seq): stub for stub in stubs}
    for file in files:
        file.check(known.get((file.first, file.last)), key)
    if head.archived_seq != (stubs[-1].seq if stubs else 0):
        says = f"events up to {head.archived_seq} were let go, and no archive of them is recorded."
        raise _Found(Broken(head.workspace, 1, Fault.MISSING, says))


def _check_rows(database: Database, walk: _Walk, head: Head, progress: Progress) -> None:
    """The rows, a page at a time, each in a look of its own: nothing is kept open for long."""
    while walk.seq < head.seq:
        with database.read() as work:
            page = _page(work, walk)
            page = [row for row in page if row[0].seq <= head.seq]  # what came since is not its business
            if not page:
                return
            texts = audit_chain.texts(work, walk.workspace, page[0][0].seq, page[-1][0].seq)
        _follow(database, walk, page, progress)
        _check_texts(walk, page, texts)


def _page(work: UnitOfWork, walk: _Walk) -> list[Hashed]:
    """The next rows; those before one that cannot be read come one at a time."""
    try:
        return audit_chain.page(work, walk.workspace, walk.seq)
    except UNREADABLE:
        pass
    try:
        return audit_chain.page(work, walk.workspace, walk.seq, limit=1)
    except UNREADABLE:
        raise _Found(unreadable(walk.workspace, walk.seq + 1)) from None


def _check_left_over(database: Database, walk: _Walk) -> None:
    """Rows before the first that is checked were archived, and are about to go: they must lead to it."""
    with database.read() as work:
        first = audit_chain.first_number(work, walk.workspace)
        if first is None or first > walk.seq:
            return
        last: tuple[int, str] | None = None
        for line, hashed in audit_chain.lines(work, walk.workspace, first - 1, walk.seq):
            if (
                line.seq < 1
                or (last and (line.seq - 1, line.previous_hash) != last)
                or digest(line) != hashed
            ):
                raise _Found(_put_in(walk, line.seq))
            last = line.seq, hashed
    if last != (walk.seq, walk.hash):
        raise _Found(_put_in(walk, first))


def _put_in(walk: _Walk, seq: int) -> Broken:
    says = (
        f"event {seq} was put in: it stands before event {walk.seq + 1}, and nothing leads from it to there."
    )
    return Broken(walk.workspace, seq, Fault.INSERTED, says)


def _follow(
    database: Database, walk: _Walk, page: Iterable[Hashed], progress: Progress, *, archived: bool = False
) -> None:
    seq, previous, told = walk.seq, walk.hash, walk.seq
    try:
        for row in page:
            line, hashed = row
            seq += 1
            if line.seq != seq or line.previous_hash != previous or digest(line) != hashed:
                raise _Found(_diagnose(database, row, seq, previous, archived=archived))
            previous = hashed
            if seq in walk.anchors:
                walk.seq, walk.hash = seq, hashed
                _meet(walk)
    except UNREADABLE:
        raise _Found(unreadable(walk.workspace, seq)) from None
    walk.seq, walk.hash = seq, previous
    progress(seq - told)


def _diagnose(database: Database, row: Hashed, seq: int, previous: str, *, archived: bool) -> Broken:
    if archived:
        return diagnose(row, seq, previous, lambda _: None)
    with database.read() as work:
        return diagnose(row, seq, previous, lambda at: audit_chain.line_at(work, row[0].workspace, at))


def _meet(walk: _Walk) -> None:
    """Compares with the anchor of this event, if there is one."""
    anchored = walk.anchors.get(walk.seq)
    if anchored is None:
        return
    if anchored != walk.hash:
        says = (
            f"the log up to event {walk.seq} holds together, but it is not the one that was anchored:"
            " it was written anew."
        )
        raise _Found(Broken(walk.workspace, walk.seq, Fault.REWRITTEN, says))
    walk.met += 1


def _check_texts(walk: _Walk, page: Sequence[Hashed], texts: Sequence[Text]) -> None:
    kept = {(text.seq, text.field): text for text in texts}
    for line, _ in page:
        walk.told += _erased_by(line)
        for name, hashed in hashes_of(line):
            text = kept.pop((line.seq, name), None)
            if text is None:
                raise _bad_text(line, f"the {name} of event {line.seq} is missing, and was not erased.")
            if text.text is None:
                walk.erased += 1
                walk.first_erased = walk.first_erased or line.seq
            elif hash_of_text(text.salt or "", text.text) != hashed:
                raise _bad_text(line, f"the {name} of event {line.seq} was changed.")

    for seq, name in sorted(kept):
        says = f"the {name} of event {seq} was put in: the event holds no hash of it."
        raise _Found(Broken(walk.workspace, seq, Fault.TEXT, says))


def _erased_by(line: Line) -> int:
    """How many texts an event says that it took out of the database."""
    return int(line.changes.get("texts", 0)) if line.action == Action.AUDIT_ERASED else 0


def _check_erased(database: Database, walk: _Walk) -> None:
    """Whoever erases says so in the same transaction: what is blank beyond that was blanked by somebody else.

    One that was erased while we looked is told behind the end of the look.
    """
    if walk.erased <= walk.told:
        return
    with database.read() as work:
        told = sum(map(_erased_by, audit_chain.since(work, walk.workspace, Action.AUDIT_ERASED, walk.seq)))
    if walk.erased > walk.told + told:
        says = (
            f"{walk.erased} texts from event {walk.first_erased} on are blank, and the log says of"
            f" {walk.told + told} that they were erased."
        )
        raise _Found(Broken(walk.workspace, walk.first_erased, Fault.TEXT, says))


def hashes_of(line: Line) -> Iterator[tuple[str, str]]:
    """The fields of an event that hold the hash of what somebody wrote, with the hash."""
    if line.reason_hash is not None:
        yield "reason", line.reason_hash
    for name in _TEXTS.get(line.action, ()):
        value = line.changes.get(name)
        if isinstance(value, str) and value.startswith(HASHED):
            yield f"changes.{name}", value.removeprefix(HASHED)


def _bad_text(line: Line, says: str) -> _Found:
    return _Found(Broken(line.workspace, line.seq, Fault.TEXT, says))


def _check_end(database: Database, walk: _Walk, head: Head) -> None:
    if walk.seq < head.seq:
        says = f"event {walk.seq + 1} and all after it are cut off: the log's head counts {head.seq}."
        raise _Found(Broken(walk.workspace, walk.seq + 1, Fault.CUT_OFF, says))
    newest = max(walk.anchors, default=0)
    if newest > walk.seq:
        says = f"event {walk.seq + 1} and all after it are cut off: an anchor knows event {newest}."
        raise _Found(Broken(walk.workspace, walk.seq + 1, Fault.CUT_OFF, says))
    if walk.seq == head.seq and walk.hash != head.hash:
        says = f"event {walk.seq} is not the one that the log's head knows."
        raise _Found(Broken(walk.workspace, walk.seq, Fault.CHANGED, says))
    _check_erased(database, walk)
    with database.read() as work:
        beyond = audit_chain.beyond_head(work, walk.workspace)
    if beyond is not None:
        says = f"event {beyond} was put in behind the end: the log's head does not count it."
        raise _Found(Broken(walk.workspace, beyond, Fault.INSERTED, says))
