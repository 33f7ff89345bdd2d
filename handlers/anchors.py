"""Checkpoints in a Slack channel: what stands there, nobody changes who only owns the database."""

from collections.abc import Callable

from slack_sdk import WebClient

from bot.model.audit_anchor import Checkpoint
from handlers import post
from handlers.ui.anchors import anchor


def to_channel(slack: WebClient, channel: str) -> Callable[[Checkpoint], None]:
    """Posts each checkpoint to the channel. Raises what `post` raises."""

    def tell(made: Checkpoint) -> None:
        post.post(slack, channel, anchor(made))

    return tell
