"""What became of a channel: archived, or the bot was taken out of it; and what Slack then refuses."""

from dataclasses import dataclass, field, replace

from sandbox.slack.errors import ApiError
from sandbox.slack.world import DEMO, Json, Residents

CONDITIONS = ("archived", "bot_removed", "private")


@dataclass(frozen=True)
class Condition:
    """`private` says what the bot is told once it is out: that there is no such channel."""

    archived: bool = False
    bot_removed: bool = False
    private: bool = False

    @property
    def is_hidden(self) -> bool:
        return self.private and self.bot_removed


@dataclass
class Channels:
    """Conditions as tests ordered them; every other channel is open and has the bot in it."""

    residents: Residents = DEMO
    _ordered: dict[str, Condition] = field(default_factory=dict)

    def of(self, channel: str) -> Condition:
        return self._ordered.get(channel, Condition())

    def order(self, channel: str, order: Json) -> None:
        """Change what is given. Raises ApiError channel_not_found; direct messages stay as they are."""
        known = self.residents.channels.get(channel)
        if known is None or known.is_direct:
            raise ApiError("channel_not_found")
        changes = {key: order[key] is True for key in CONDITIONS if order.get(key) is not None}
        self._ordered[channel] = replace(self.of(channel), **changes)

    def clear(self) -> None:
        self._ordered.clear()

    def may_post(self, channel: str) -> None:
        """Raises ApiError as chat.postMessage and chat.postEphemeral do.

        With chat:write.public real Slack lets the app go on in a public channel that it was taken out of.
        """
        condition = self.of(channel)
        if condition.is_hidden:
            raise ApiError("channel_not_found")
        if condition.archived:
            raise ApiError("is_archived")
        if condition.bot_removed:
            raise ApiError("not_in_channel")

    def may_change(self, channel: str) -> None:
        """Raises ApiError as chat.update does: its reference has is_inactive, and no not_in_channel."""
        condition = self.of(channel)
        if condition.bot_removed:
            raise ApiError("channel_not_found")
        if condition.archived:
            raise ApiError("is_inactive")
