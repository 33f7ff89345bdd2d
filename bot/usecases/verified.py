"""Checks the log for an operator, and logs in every workspace what came of it, or that nothing could."""

from collections.abc import Callable, Sequence

from bot.model.audit import Action, Outcome
from bot.model.audit_fault import Broken
from bot.model.errors import SettingsError
from bot.usecases import record
from bot.usecases.verify import Proof, Sound, verify
from storage import audit_chain
from storage.unit_of_work import Database

_LONGEST = 500
"""Characters of a reason; the name of a file may be long."""


def verified(
    database: Database, account: str, proof: Proof, progress: Callable[[int], None] = lambda _: None
) -> list[Sound | Broken]:
    """What `verify` finds. Raises what it raises, once that is logged."""
    try:
        found = verify(database, proof, progress)
    except SettingsError as problem:
        _log_failure(database, account, str(problem))
        raise
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


def _log_failure(database: Database, account: str, why: str) -> None:
    with database.write() as work:
        record.everywhere(
            work, account, Action.AUDIT_VERIFIED, outcome=Outcome.FAILURE, reason=why[:_LONGEST]
        )


def _changes(one: Sound | Broken, proof: Proof) -> dict[str, int]:
    if isinstance(one, Broken):
        return {"first": one.seq}
    return {
        "first": one.first, "last": one.last, "anchors": one.anchors,
        "archives": len(proof.archives), "erased": one.erased,
    }  # fmt: skip
