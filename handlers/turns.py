"""Posting in turn: Slack takes a message a second in a channel, and all processes share the turns."""

from typing import Any

from bot.usecases.turns import hold, take_turn
from handlers.parts import Parts
from handlers.post import Impossible, Posted, SlowDown, post
from handlers.ui.blocks import Block
from storage.jobs import Job, Later
from storage.pace import Turn


class Turns:
    """The turns of a job while it runs: what it has to wait for goes into its args, and comes back with it.

    So does what Slack will not take: who waits for the next place does not ask in the one before it again.

    With `ordered`, the job is a word, said after those that were put before it.
    """

    def __init__(self, parts: Parts, job: Job, *, ordered: bool = False) -> None:
        self._parts = parts
        self._word = job if ordered else None
        self._slots: dict[str, int] = dict(job.args.get("slots", {}))  # by channel
        self._refused: dict[str, str] = dict(job.args.get("refused", {}))  # why, by channel

    def post(self, channel: str, message: Block, thread_ts: str | None = None) -> Posted:
        """Posts when it is the channel's turn, and the word's. Raises SlowDown, Unreachable or Impossible."""
        if why := self._refused.get(channel):
            raise Impossible(why)
        turn = take_turn(self._parts.desk, channel, self._word, self._slots.pop(channel, None))
        if turn.wait:
            raise self._later(channel, turn)
        try:
            return post(self._parts.slack, channel, message, thread_ts=thread_ts)
        except Impossible as problem:
            self._refused[channel] = problem.why
            raise
        except SlowDown as problem:
            raise self._later(channel, hold(self._parts.desk, channel, problem.seconds)) from problem

    def _later(self, channel: str, turn: Turn) -> SlowDown:
        if turn.slot is not None:
            self._slots[channel] = turn.slot
        return SlowDown(turn.wait)

    def later(self, seconds: float, **left: Any) -> Later:
        """When the job comes again, with its slots and with what is `left` of it to do."""
        return Later(seconds, {"slots": self._slots, "refused": self._refused, **left})
