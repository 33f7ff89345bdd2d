"""Checks the log for an operator, and logs in every workspace what came of it, or that nothing could."""

from collections.abc import Callable, Sequence

from bot.model.audit import Action, Outcome
from bot.model.audit_fault import Broken
from bot.usecases import record
from bot.usecases.attempt import attempt
from bot.usecases.verify import Proof, Sound, verify
from storage import audit_chain
from storage.unit_of_work import Database


def verified(
    database: Database, account: str, proof: Proof, progress: Callable[[int], None] = lambda _: None
) -> list[Sound | Broken]:
    """What `verify` finds. Raises what it raises, once that is logged."""
    with attempt(database, account, Action.AUDIT_VERIFIED):
        found = verify(database, proof, progress)
    _log(database, account, proof, found)
    return found


def _log(database: Database, account: str, proof: Proof, found: Sequence[Sound | Broken]) -> None:
    with database.write() as work:
        heads = {head.workspace for head in audit_chain.heads(work)}
        for one in (one for one in found if one.workspace in heads):  # without a head nothing can be written
            broken = one.says if isinstance(one, Broken) else None
            record.by_operator(
                work, account, one.workspace, Action.AUDIT_VERIFIED,
                outcome=Outcome.FAILURE if broken else Outcome.SUCCESS,
                reason=broken,
                changes=_changes(one, proof),
            )  # fmt: skip


def _changes(one: Sound | Broken, proof: Proof) -> dict[str, int]:
    if isinstance(one, Broken):
        return {"first": one.seq}
    return {
        "first": one.first, "last": one.last, "anchors": one.anchors,
        "archives": len(proof.archives), "erased": one.erased,
    }  # fmt: skip
