"""Events that are in a verified archive and still in the database: they go a portion at a time."""

from bot.model.audit_chain import digest
from bot.model.audit_fault import UNREADABLE, Broken, Fault
from storage import audit_chain
from storage.unit_of_work import UnitOfWork


def astray(work: UnitOfWork, workspace: str, seq: int, hashed: str) -> Broken | None:
    """The first row up to `seq` that does not lead to the event that was archived as number `seq`.

    None if there is no such row: what is there was archived, and is about to go.
    """
    first = audit_chain.first_number(work, workspace)
    if first is None or first > seq:
        return None
    last: tuple[int, str] | None = None
    at = first
    try:
        for line, claimed in audit_chain.lines(work, workspace, first - 1, seq):
            at = line.seq
            if at < 1 or (last and (at - 1, line.previous_hash) != last) or digest(line) != claimed:
                return _put_in(workspace, at, seq)
            last = at, claimed
    except UNREADABLE:
        return _put_in(workspace, at, seq)
    return None if last == (seq, hashed) else _put_in(workspace, first, seq)


def _put_in(workspace: str, at: int, seq: int) -> Broken:
    says = f"event {at} was put in: it stands before event {seq + 1}, and nothing leads from it to there."
    return Broken(workspace, at, Fault.INSERTED, says)
