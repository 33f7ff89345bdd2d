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
from storage.unit_of_work import Database

_TEXTS = {action.value: tuple(fields.texts) for action, fields in ALLOWED.items() if fields.texts}


def with_texts(file: archive_file.Archive) -> Iterator[Hashed]:
    """The events of an archive; what people wrote in them is held against its hash, where it is kept."""
    try:
        kept = archive_file.texts_of(file.path)
    except ValueError as problem:
        raise Found(Broken(file.workspace, file.first, Fault.TEXT, str(problem))) from None
    for line, hashed in file.events():
        for name, expected in hashes_of(line):
            salt, text = kept.pop((line.seq, name), (None, None))
            if text is not None and not text_holds(str(salt), str(text), expected):
                raise _bad_text(line, f"the {name} of event {line.seq} was changed beside {file.path}.")
        yield line, hashed
    for seq, name in kept:
        says = f"the {name} of event {seq} was put in beside {file.path}: the event holds no hash of it."
        raise Found(Broken(file.workspace, seq, Fault.TEXT, says))


def check_texts(walk: Walk, page: Sequence[Hashed], texts: Sequence[Text]) -> None:
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
            elif not text_holds(text.salt or "", text.text, hashed):
                raise _bad_text(line, f"the {name} of event {line.seq} was changed.")

    for seq, name in sorted(kept):
        says = f"the {name} of event {seq} was put in: the event holds no hash of it."
        raise Found(Broken(walk.workspace, seq, Fault.TEXT, says))


def _erased_by(line: Line) -> int:
    """How many texts an event says that it took out of the database."""
    return int(line.changes.get("texts", 0)) if line.action == Action.AUDIT_ERASED else 0


def check_erased(database: Database, walk: Walk) -> None:
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
        raise Found(Broken(walk.workspace, walk.first_erased, Fault.TEXT, says))


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
