"""What checkpoints that were kept outside say of a log: signed by whom they should be, and of one mind."""

from collections.abc import Iterable, Sequence

from bot.model.audit_anchor import Checkpoint
from bot.model.audit_fault import Broken, Fault
from bot.usecases.verify_walk import Found


def anchored(workspace: str, anchors: Iterable[Checkpoint], keys: Sequence[str]) -> dict[int, str]:
    """The hash that each anchor of a log names, by number. Raises Found for one that cannot be believed."""
    found: dict[int, str] = {}
    for anchor in anchors:
        if anchor.workspace != workspace:
            continue
        if not anchor.is_genuine(keys):
            says = (
                f"the anchor of event {anchor.seq} is not signed by a key that was expected: name each public"
                " key that may have signed with --key."
            )
            raise Found(Broken(workspace, anchor.seq, Fault.ANCHOR, says))
        if found.setdefault(anchor.seq, anchor.hash) != anchor.hash:
            says = f"two anchors name different hashes for event {anchor.seq}: the log was written twice."
            raise Found(Broken(workspace, anchor.seq, Fault.REWRITTEN, says))
    return found
