"""Tells the world outside of the database where the log stands."""

from collections.abc import Callable, Mapping

from bot.model.audit import SYSTEM, Action, AuditEvent, Outcome
from bot.model.audit_anchor import Checkpoint
from bot.model.audit_chain import to_microseconds, to_text
from bot.usecases.desk import Desk
from storage import audit, audit_chain
from storage.audit_chain import Head
from storage.unit_of_work import UnitOfWork

EVERY = 3600.0
"""Seconds between two checkpoints where so few events come that their number calls for none."""

Places = Mapping[str, Callable[[Checkpoint], None]]
"""Where checkpoints go, by name: each raises whatever goes wrong there."""


def checkpoint(desk: Desk, places: Places) -> list[Checkpoint]:
    """Makes a checkpoint of every log that has grown since its last one, and tells it to all places.

    It is told first and recorded afterwards: after a crash in between it is told once more, which says
    nothing new. A place that fails keeps no other from hearing; the record says which did not.
    """
    with desk.database.read() as work:
        due = [_of(work, desk, head) for head in audit_chain.heads(work) if _has_grown(work, head)]
    for made in due:
        _record(desk, made, _tell(made, places), list(places))
    return due


def _has_grown(work: UnitOfWork, head: Head) -> bool:
    last = audit_chain.newest_of(work, head.workspace, Action.AUDIT_CHECKPOINT)
    # the record itself is one more; what came between a checkpoint and its record is not covered yet
    return head.seq > (last[0].changes["seq"] + 1 if last else head.archived_seq)


def _of(work: UnitOfWork, desk: Desk, head: Head) -> Checkpoint:
    at = to_text(to_microseconds(work.now))
    made = Checkpoint(workspace=head.workspace, seq=head.seq, hash=head.hash, count=head.seq, at=at)
    return made.sealed(desk.seal)


def _tell(made: Checkpoint, places: Places) -> dict[str, str]:
    """Which places did not hear, and why."""
    failed: dict[str, str] = {}
    for name, tell in places.items():
        try:
            tell(made)
        except Exception as problem:  # noqa: BLE001 - whatever it was, the others hear
            failed[name] = f"{type(problem).__name__}: {problem}"[:200]
    return failed


def _record(desk: Desk, made: Checkpoint, failed: Mapping[str, str], names: list[str]) -> None:
    event = AuditEvent(
        workspace=made.workspace,
        account=desk.account,
        actor=SYSTEM,
        action=Action.AUDIT_CHECKPOINT,
        outcome=Outcome.FAILURE if failed else Outcome.SUCCESS,
        reason="; ".join(f"{name}: {why}" for name, why in failed.items()) or None,
        changes={
            "seq": made.seq, "hash": made.hash, "count": made.count, "at": made.at,
            "key": made.key, "signature": made.signature,
        },
        context={"published": [name for name in names if name not in failed]},
    )  # fmt: skip
    with desk.database.write() as work:
        audit.append(work, event)
