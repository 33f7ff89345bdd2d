"""What people are told and asked who change a request that waits: another reason, more time, or its end."""

import json

from bot.usecases.cancel import Cancelled
from bot.usecases.decide import AlreadyDecided, MayNot, NoSuchRequest
from bot.usecases.extend import Extended, ExtendedBefore
from handlers.ui.blocks import Block, modal, section, text_input, words
from handlers.ui.decide import obstacle
from handlers.ui.text import clean, user, when
from storage.requests import KeptRequest

CALLBACK = "reason_submit"
REASON_LIMIT = 500


def reason_modal(request: KeptRequest, *, typed: str | None = None) -> Block:
    """The reason as it is; `typed` is what a person wrote while somebody else changed it."""
    blocks = []
    if typed is not None:
        blocks.append(section(":warning: The reason was changed while you were typing. By now it is:"))
        blocks.append(words(clean(request.reason, 1500) or "-"))
        blocks.append(section("Press again to write yours in its place."))
    blocks.append(
        text_input(
            "reason", "What is it for?", multiline=True, limit=REASON_LIMIT, initial=typed or request.reason,
            hint="The approvers read it. What stood here before stays in the log.",
        )
    )  # fmt: skip
    metadata = json.dumps({"request": request.id, "seen": request.reason}, ensure_ascii=False)
    return modal("Change the reason", blocks, callback_id=CALLBACK, submit="Change", metadata=metadata)


def cancelled(outcome: Cancelled | AlreadyDecided | MayNot | NoSuchRequest) -> str:
    """A short word to who took a request back, or may not."""
    if isinstance(outcome, Cancelled):
        return "The request is cancelled. Nothing was bought; you can ask for the number again."
    return obstacle(outcome, "cancel")


def extended(outcome: Extended | ExtendedBefore | AlreadyDecided | MayNot | NoSuchRequest) -> str:
    """A short word to who gave a request more time, or may not."""
    match outcome:
        case Extended(request):
            return f"The request has more time: {_end(request)}."
        case ExtendedBefore(request):
            by = user(request.extended_by or "somebody")
            return f"{by} gave it more time already, and that can be done once: {_end(request)}."
    return obstacle(outcome, "extend")


def _end(request: KeptRequest) -> str:
    return f"it expires {when(request.expires_at)}" if request.expires_at else "it does not expire"
