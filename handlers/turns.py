"""Posting in turn: Slack takes a message a second in a channel, and all processes share the turns."""

from bot.usecases.turns import hold, take_turn
from handlers.parts import Parts
from handlers.post import Posted, SlowDown, post
from handlers.ui.blocks import Block
from storage.jobs import Job


def post_in_turn(
    parts: Parts, channel: str, message: Block, thread_ts: str | None = None, word: Job | None = None
) -> Posted:
    """Posts when it is the channel's turn, and the word's. Raises SlowDown, Unreachable or Impossible."""
    wait = take_turn(parts.desk, channel, word)
    if wait:
        raise SlowDown(wait)
    try:
        return post(parts.slack, channel, message, thread_ts=thread_ts)
    except SlowDown as problem:
        hold(parts.desk, channel, problem.seconds)
        raise
