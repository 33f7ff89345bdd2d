"""A proof of one event that somebody else can check with the public key alone.

It signs nothing: whoever changed the database would have the change signed. It leads from the event, hash by
hash, to a checkpoint that was told to the world outside before anybody asked for a proof.
"""

from dataclasses import dataclass
from typing import Any

from bot.model.audit import Action, Outcome
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import Line, digest, record
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
        row = audit_chain.by_id(work, event_id)
        if row is None:
            logs.everywhere(work, account, Action.AUDIT_PROVED, **fields)
        else:
            logs.by_operator(work, account, row[0].workspace, Action.AUDIT_PROVED, **fields)


def _why_not(found: NoSuchEvent | NotAsWritten | NotAnchored) -> str:
    match found:
        case NotAsWritten(seq):
            return f"event {seq} is not as it was written"
        case NotAnchored():
            return "no signed checkpoint covers it yet"
    return "there is no such event"


def _prove(database: Database, event_id: str, public: str) -> Proven:
    with database.read() as work:
        found = audit_chain.by_id(work, event_id)
        if found is None:
            return NoSuchEvent()
        line, hashed = found
        if digest(line) != hashed:
            return NotAsWritten(line.seq)
        way = _way(work, line, hashed, public)
        if not isinstance(way, tuple):
            return way
        following, checkpoint = way
        texts = _texts(work, line.workspace, line.seq)
    told = {**checkpoint.said(), "signature": checkpoint.signature}
    return {"kind": KIND, "event": record(line), "texts": texts, "following": following, "checkpoint": told}


def _way(
    work: UnitOfWork, start: Line, hashed: str, public: str
) -> tuple[list[dict[str, Any]], Checkpoint] | NotAsWritten | NotAnchored:
    """The events up to the first checkpoint that covers the start and is signed with the key."""
    following: list[dict[str, Any]] = []
    hashes = {start.seq: hashed}
    for line, claimed in audit_chain.lines(work, start.workspace, start.seq, start.seq + MOST_EVENTS):
        if line.previous_hash != hashes[line.seq - 1] or digest(line) != claimed:
            return NotAsWritten(line.seq)
        told = _told(line)
        if told and told.seq >= start.seq and told.is_genuine([public]):
            if hashes.get(told.seq) != told.hash:
                return NotAsWritten(told.seq)
            return following[: told.seq - start.seq], told
        hashes[line.seq] = claimed
        following.append(record(line))
    return NotAnchored()


def _told(line: Line) -> Checkpoint | None:
    """The checkpoint that a line says was told."""
    if line.action != Action.AUDIT_CHECKPOINT or not line.changes.get("signature"):
        return None
    return Checkpoint(workspace=line.workspace, **line.changes)


def _texts(work: UnitOfWork, workspace: str, seq: int) -> list[dict[str, str]]:
    found = audit_chain.texts(work, workspace, seq, seq)
    return [{"field": t.field, "salt": t.salt or "", "text": t.text} for t in found if t.text is not None]
