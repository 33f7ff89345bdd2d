"""A proof of one event that somebody else can check with the public key alone.

It signs nothing: whoever changed the database would have the change signed. It leads from the event, hash by
hash, to a checkpoint that was told to the world outside before anybody asked for a proof.
"""

from dataclasses import dataclass
from typing import Any

from bot.model.audit import Action
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import Line, digest, record
from storage import audit_chain
from storage.unit_of_work import Database, UnitOfWork

KIND = "numberdesk.proof"
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


def prove(
    database: Database, event_id: str, public: str
) -> dict[str, Any] | NoSuchEvent | NotAsWritten | NotAnchored:
    """The event, what people wrote in it with the salts, all that follows up to a checkpoint, and that one.

    What follows is there without anybody's texts.
    """
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
        if told and told.seq >= start.seq and told.is_genuine(public):
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
