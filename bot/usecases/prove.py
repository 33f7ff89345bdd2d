"""A proof of one event that somebody else can check with the public key alone."""

from dataclasses import dataclass
from typing import Any

from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import digest, record, to_microseconds, to_text
from bot.model.audit_seal import Seal
from storage import audit_chain
from storage.unit_of_work import Database, UnitOfWork

KIND = "numberdesk.proof"


@dataclass(frozen=True, slots=True)
class NoSuchEvent:
    """The database holds no event of that id."""


@dataclass(frozen=True, slots=True)
class NotAsWritten:
    """The event was changed: there is nothing to prove."""

    seq: int


def prove(database: Database, event_id: str, seal: Seal) -> dict[str, Any] | NoSuchEvent | NotAsWritten:
    """The event, its hash, what people wrote in it with the salts, and the signature over its place."""
    with database.read() as work:
        found = audit_chain.by_id(work, event_id)
        if found is None:
            return NoSuchEvent()
        line, hashed = found
        if digest(line) != hashed:
            return NotAsWritten(line.seq)
        at = to_text(to_microseconds(work.now))
        texts = _texts(work, line.workspace, line.seq)
    place = Checkpoint(workspace=line.workspace, seq=line.seq, hash=hashed, count=line.seq, at=at)
    sealed = place.sealed(seal)
    checkpoint = {**sealed.said(), "signature": sealed.signature}
    return {"kind": KIND, "event": record(line), "texts": texts, "checkpoint": checkpoint}


def _texts(work: UnitOfWork, workspace: str, seq: int) -> list[dict[str, str]]:
    found = audit_chain.texts(work, workspace, seq, seq)
    return [{"field": t.field, "salt": t.salt or "", "text": t.text} for t in found if t.text is not None]
