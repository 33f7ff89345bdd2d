"""What people wrote, held against the hashes that the log holds: in the database and beside archives."""

from collections.abc import Iterator, Sequence

from bot.model.audit import Action
from bot.model.audit_chain import Line, text_holds
from bot.model.audit_fault import Broken, Fault, Hashed
from bot.model.audit_fields import ALLOWED
from bot.usecases import archive_file
from bot.usecases.verify_walk import Found, Walk
from storage import audit_chain
from storage.audit import HASHED
from storage.audit_chain import Text
from storage.unit_of_work import Database, UnitOfWork

_TEXTS = {action.value: tuple(fields.texts) for action, fields in ALLOWED.items() if fields.texts}


def with_texts(file: archive_file.Archive, walk: Walk) -> Iterator[Hashed]:
    """The events of an archive; what people wrote in them is held against its hash, where it is kept."""
    try:
        there = archive_file.texts_of(file.path)
    except ValueError as problem:
        raise Found(Broken(file.workspace, file.first, Fault.TEXT, str(problem))) from None
    walk.apart += there is None
    kept = there or {}
    for line, hashed in file.events():
        for name, expected in hashes_of(line) if there is not None else ():
            salt, text = kept.pop((line.seq, name), (None, None))
            if text is None:
                _is_blank(walk, line, name)
            elif not text_holds(str(salt), str(text), expected):
                raise _bad_text(line, f"the {name} of event {line.seq} was changed beside {file.path}.")
        walk.blank.explain(line)
        yield line, hashed
    for seq, name in kept:
        says = f"the {name} of event {seq} was put in beside {file.path}: the event holds no hash of it."
        raise Found(Broken(file.workspace, seq, Fault.TEXT, says))


def texts_of(work: UnitOfWork, walk: Walk, page: Sequence[Hashed]) -> list[Text]:
    """What people wrote in a page of events. Raises Found for an event of which it cannot be read."""
    try:
        return audit_chain.texts(work, walk.workspace, page[0][0].seq, page[-1][0].seq)
    except ValueError:
        return [text for line, _ in page for text in _texts_of_one(work, line)]


def _texts_of_one(work: UnitOfWork, line: Line) -> list[Text]:
    try:
        return audit_chain.texts(work, line.workspace, line.seq, line.seq)
    except ValueError:
        says = f"a text of event {line.seq} was changed: it cannot be read any more."
        raise _bad_text(line, says) from None


def check_texts(walk: Walk, page: Sequence[Hashed], texts: Sequence[Text]) -> None:
    kept = {(text.seq, text.field): text for text in texts}
    for line, _ in page:
        walk.blank.explain(line)
        for name, hashed in hashes_of(line):
            text = kept.pop((line.seq, name), None)
            if text is None:
                raise _bad_text(line, f"the {name} of event {line.seq} is missing, and was not erased.")
            if text.text is None:
                _is_blank(walk, line, name)
            elif not text_holds(text.salt or "", text.text, hashed):
                raise _bad_text(line, f"the {name} of event {line.seq} was changed.")

    for seq, name in sorted(kept):
        says = f"the {name} of event {seq} was put in: the event holds no hash of it."
        raise Found(Broken(walk.workspace, seq, Fault.TEXT, says))


def _is_blank(walk: Walk, line: Line, name: str) -> None:
    walk.erased += 1
    walk.blank.add(line.seq, name)


def check_erased(database: Database, walk: Walk) -> None:
    """Whoever erases names each text in the same transaction: another that is blank was blanked by somebody.

    One that was erased while we looked is named behind the end of the look.
    """
    if walk.blank.first() is None:
        return
    with database.read() as work:
        for line in audit_chain.since(work, walk.workspace, Action.AUDIT_ERASED, walk.seq):
            walk.blank.explain(line)
    if first := walk.blank.first():
        raise Found(unexplained(walk.workspace, *first))


def unexplained(workspace: str, seq: int, name: str) -> Broken:
    """What is wrong with a text that is blank, and that nobody says to have erased."""
    says = f"the {name} of event {seq} is blank, and no event says that it was erased."
    return Broken(workspace, seq, Fault.TEXT, says)


def hashes_of(line: Line) -> Iterator[tuple[str, str]]:
    """The fields of an event that hold the hash of what somebody wrote, with the hash."""
    if line.reason_hash is not None:
        yield "reason", line.reason_hash
    for name in _TEXTS.get(line.action, ()):
        value = line.changes.get(name)
        if isinstance(value, str) and value.startswith(HASHED):
            yield f"changes.{name}", value.removeprefix(HASHED)


def _bad_text(line: Line, says: str) -> Found:
    return Found(Broken(line.workspace, line.seq, Fault.TEXT, says))
