"""A checkpoint as a message: for people in words, for `audit verify` as the line it takes."""

from bot.model.audit_anchor import Checkpoint
from handlers.ui.blocks import Block, message, section


def anchor(made: Checkpoint) -> Block:
    """What the log's newest event was, and the line to keep."""
    signed = "signed" if made.signature else "not signed: there is no key"
    words = f"The audit log stands at event {made.seq}, {signed}."
    return message(words, [section(f"{words}\n```{made.to_json()}```")])
