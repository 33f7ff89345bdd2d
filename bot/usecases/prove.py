"""A proof of one event that somebody else can check with the public key alone.

It signs nothing: whoever changed the database would have the change signed. It leads from the event, hash by
hash, to a checkpoint that was told to the world outside before anybody asked for a proof.
"""

from dataclasses import dataclass
from typing import Any

from bot.model.audit import Action, Outcome
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import Line, digest, record
from bot.model.audit_fault import UNREADABLE, Hashed, holds
from bot.usecases import record as logs
from storage import audit_chain
from storage.unit_of_work import Database, UnitOfWork

KIND = "numberdesk.proof"
LONGEST_ID = 40
"""Characters of an event's id that are logged where there is none: it is whatever was typed."""
MOST_EVENTS = 100_000
"""Events that a proof may lead over; checkpoints come far more often."""


@dataclass(frozen=True, slots=True)
class NoSuchEvent:
    """The database holds no event of that id."""


@dataclass(frozen=True, slots=True)
class NotAsWritten:
    """The event of this number was changed, or the chain behind it: there is nothing to prove."""

    seq: int


@dataclass(frozen=True, slots=True)
class NotAnchored:
    """No checkpoint signed with this key has been told since the event: there will be one within the hour."""


Proven = dict[str, Any] | NoSuchEvent | NotAsWritten | NotAnchored


def prove(database: Database, account: str, event_id: str, public: str) -> Proven:
    """The event, what people wrote in it with the salts, all that follows up to a checkpoint, and that one.

    What follows is there without anybody's texts. That it was taken away, or could not be, is logged.
    """
    found = _prove(database, event_id, public)
    _log(database, account, event_id, found)
    return found


def _log(database: Database, account: str, event_id: str, found: Proven) -> None:
    """In the log in which the event stands; in every one if it stands in none."""
    fields: dict[str, Any] = {"changes": {"event": event_id[:LONGEST_ID]}}
    if not isinstance(found, dict):
        fields |= {"outcome": Outcome.FAILURE, "reason": _why_not(found)}
    with database.write() as work:
        place = audit_chain.place_of(work, event_id)
        if place is None:
            logs.everywhere(work, account, Action.AUDIT_PROVED, **fields)
        else:
            logs.by_operator(work, account, place[0], Action.AUDIT_PROVED, **fields)


def _why_not(found: NoSuchEvent | NotAsWritten | NotAnchored) -> str:
    match found:
        case NotAsWritten(seq):
            return f"event {seq} is not as it was written"
        case NotAnchored():
            return "no signed checkpoint covers it yet"
    return "there is no such event"


def _prove(database: Database, event_id: str, public: str) -> Proven:
    with database.read() as work:
        place = audit_chain.place_of(work, event_id)
        if place is None:
            return NoSuchEvent()
        row = _as_written(work, *place)
        if row is None:
            return NotAsWritten(place[1])
        line, hashed = row
        way = _way(work, line, hashed, public)
        if not isinstance(way, tuple):
            return way
        following, checkpoint = way
        texts = _texts(work, line.workspace, line.seq)
    told = {**checkpoint.said(), "signature": checkpoint.signature}
    return {"kind": KIND, "event": record(line), "texts": texts, "following": following, "checkpoint": told}


def _as_written(work: UnitOfWork, workspace: str, seq: int) -> Hashed | None:
    try:
        row = audit_chain.line_at(work, workspace, seq)
        return row if row and digest(row[0]) == row[1] else None
    except UNREADABLE:
        return None


def _way(
    work: UnitOfWork, start: Line, hashed: str, public: str
) -> tuple[list[dict[str, Any]], Checkpoint] | NotAsWritten | NotAnchored:
    """The events up to the first checkpoint that covers the start and is signed with the key."""
    following: list[dict[str, Any]] = []
    hashes = [hashed]  # from the start on
    try:
        for row in audit_chain.lines(work, start.workspace, start.seq, start.seq + MOST_EVENTS):
            line, claimed = row
            if not holds(row, start.seq + len(hashes), hashes[-1]):
                break
            told = _told(line)
            if told and told.seq >= start.seq and told.is_genuine([public]):
                if hashes[told.seq - start.seq : told.seq - start.seq + 1] != [told.hash]:
                    return NotAsWritten(told.seq)
                return following[: told.seq - start.seq], told
            hashes.append(claimed)
            following.append(record(line))
        else:
            return NotAnchored()
    except UNREADABLE:
        pass
    return NotAsWritten(start.seq + len(hashes))


def _told(line: Line) -> Checkpoint | None:
    """The checkpoint that a line says was told."""
    if line.action != Action.AUDIT_CHECKPOINT or not line.changes.get("signature"):
        return None
    return Checkpoint(workspace=line.workspace, **line.changes)


def _texts(work: UnitOfWork, workspace: str, seq: int) -> list[dict[str, str]]:
    found = audit_chain.texts(work, workspace, seq, seq)
    return [{"field": t.field, "salt": t.salt or "", "text": t.text} for t in found if t.text is not None]
