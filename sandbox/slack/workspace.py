"""The state of the workspace: messages, triggers, response_urls and a revision that pages wait for.

One event loop owns it, so nothing here is locked.
"""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.slack.channels import Channels
from sandbox.slack.errors import ApiError
from sandbox.slack.journal import Journal
from sandbox.slack.pace import Pace
from sandbox.slack.people import People
from sandbox.slack.pings import pinged
from sandbox.slack.views import Views
from sandbox.slack.world import (
    BOT_USER,
    DEMO,
    GROUP_MEMBERS,
    SYSTEM,
    Channel,
    Json,
    Residents,
)

RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60


@dataclass
class Message:
    """One message; `only_for` makes it ephemeral; `rev` is the revision of its last change.

    `pings` is who was pinged when it was posted: an edit pings nobody. `thread_ts` is set on a reply only,
    `replies` counts them on their parent; `broadcast` shows a reply in the channel too. `gone` marks what is
    left of a parent that was taken away from its replies.
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json]
    rev: int
    only_for: str | None = None
    thread_ts: str | None = None
    edited: str | None = None
    metadata: Json | None = None
    pings: list[str] = field(default_factory=list)
    broadcast: bool = False
    replies: int = 0
    gone: bool = False


@dataclass
class Trigger:
    """The right to open one modal, for a few seconds; `view_id` if it was earned inside a modal."""

    user: str
    issued: float
    view_id: str | None = None
    used: bool = False


@dataclass
class Hook:
    """A response_url; `source` is the message it was earned on, None for a command."""

    user: str
    channel: str
    issued: float
    source: Message | None = None
    uses: int = 0


@dataclass
class Workspace:
    """Everything that the stand-in knows. Times are Unix seconds from `clock`."""

    public_url: str
    trigger_seconds: float = 3.0
    residents: Residents = DEMO
    clock: Callable[[], float] = time.time
    messages: dict[str, dict[str, Message]] = field(default_factory=dict)  # by channel and ts
    triggers: dict[str, Trigger] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    broken_groups: dict[str, str] = field(default_factory=dict)
    group_pages: dict[str, int] = field(default_factory=dict)
    people: People = field(init=False)
    channels: Channels = field(init=False)
    files: dict[str, Json] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    views: Views = field(init=False)
    pace: Pace = field(init=False)
    revision: int = 0
    lost_threads: str = "refuse"  # or "top"

    def __post_init__(self) -> None:
        self._changed = asyncio.Event()
        self._last_ts = 0
        self._newest: dict[str, int] = {}  # the revision of each person's page
        self.people, self.channels = People(self.residents), Channels(self.residents)
        self.views = Views(self.touch)
        self.pace = Pace(self.clock)
        self.reset()

    def reset(self) -> None:
        """Back to an empty workspace; revisions and timestamps go on."""
        self.groups = {group: list(members) for group, members in GROUP_MEMBERS.items()}
        self.views.clear()
        groups = (self.broken_groups, self.group_pages)
        for kept in (self.messages, self.triggers, self.hooks, self.files, *groups):
            kept.clear()
        self.people.clear()
        self.channels.clear()
        self.lost_threads = "refuse"
        self.pace.order(None)
        self.journal.clear()
        self.touch()

    # -- revisions ---------------------------------------------------------------------------

    def touch(self, *whose: str) -> int:
        """Say that something changed on these people's pages, or on everybody's; whoever waits is woken."""
        self.revision += 1
        for user in whose or self.residents.members:
            self._newest[user] = self.revision
        self._changed.set()
        self._changed = asyncio.Event()
        return self.revision

    def _revision(self, user: str) -> int:
        return self._newest.get(user, 0) if user else self.revision

    async def wait_beyond(
        self,
        revision: int,
        timeout: float,  # noqa: ASYNC109 - a long poll has one
        user: str = "",
    ) -> int:
        """Return the revision once it is above `revision`, or as it is after `timeout` seconds.

        With `user`, that of this person's page.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self._revision(user) <= revision:
                    await self._changed.wait()
        return self._revision(user)

    # -- messages ----------------------------------------------------------------------------

    def next_ts(self) -> str:
        """A timestamp that no message of this workspace has."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def channel(self, channel_id: str) -> Channel:
        """The channel, or the direct message with a person whose id is given."""
        channel = self.residents.channels.get(channel_id) or self.residents.direct_with(channel_id)
        if channel is None:
            raise ApiError("channel_not_found")
        return channel

    def post(
        self, channel: str, user: str, text: str, blocks: list[Json], **more: str | Json | bool | None
    ) -> Message:
        """Add a message; `more` may be only_for, thread_ts (of a parent), broadcast and metadata."""
        message = Message(self.next_ts(), channel, user, text, blocks, 0, **more)  # type: ignore[arg-type]
        message.rev = self._touched(message)
        self.messages.setdefault(channel, {})[message.ts] = message
        parent = self.find(channel, message.thread_ts) if message.thread_ts else None
        if parent is not None and message.only_for is None:
            parent.replies += 1
        self._ping(message)
        return message

    def _ping(self, message: Message) -> None:
        """Note who is pinged: not the author, not who is gone, and nobody by an ephemeral message."""
        if message.only_for is not None:
            return
        there = [
            user
            for user in self.residents.members_of(self.channel(message.channel))
            if user not in {message.user, BOT_USER} and not self.people.of(user).deleted
        ]
        message.pings = pinged(message.text, message.blocks, there, self.groups)
        if message.pings:
            self.journal.add("ping", channel=message.channel, ts=message.ts, users=message.pings)

    def edit(self, message: Message, text: str, blocks: list[Json]) -> None:
        message.text, message.blocks = text, blocks
        message.edited = self.next_ts()
        message.rev = self._touched(message)

    def remove(self, message: Message) -> None:
        """Take the message away; a message that is gone already stays gone.

        A parent with replies leaves a stone behind, under which the thread goes on.
        """
        if message.replies > 0:
            message.user, message.text, message.blocks = SYSTEM, "This message was deleted.", []
            message.gone, message.rev = True, self._touched(message)
            return
        self.messages.get(message.channel, {}).pop(message.ts, None)
        parent = self.find(message.channel, message.thread_ts) if message.thread_ts else None
        if parent is not None and message.only_for is None:
            parent.replies -= 1
        self._touched(message)

    def _touched(self, message: Message) -> int:
        there = self.residents.members_of(self.channel(message.channel))
        return self.touch(*([message.only_for] if message.only_for else there))

    def find(self, channel: str, ts: str) -> Message | None:
        return self.messages.get(channel, {}).get(ts)

    def posted(self, channel: str) -> list[Message]:
        """All that is there, oldest first, whoever sees it."""
        return list(self.messages.get(channel, {}).values())

    def thread(self, channel: str, ts: str | None) -> Message | None:
        """The parent of the thread that the message with this ts belongs to, or may open."""
        found = self.find(channel, ts) if ts else None
        if found is None or found.only_for is not None:
            return None
        return self.find(channel, found.thread_ts) if found.thread_ts else found

    def thread_ts(self, channel: str, ts: str | None) -> str | None:
        """Where a reply goes. Raises ApiError thread_not_found if the parent does not exist.

        With `lost_threads` "top" such a reply becomes a message of its own instead: that is what others saw
        happen when the parent had just been deleted (slack-go issue 1571).
        """
        if not ts:
            return None
        parent = self.thread(channel, str(ts))
        if parent is None and self.lost_threads != "top":
            raise ApiError("thread_not_found")
        return parent.ts if parent else None

    def seen_by(self, user: str, channel: str) -> list[Message]:
        """What this person sees there: their own ephemeral messages, and nobody else's."""
        if user not in self.residents.members_of(self.channel(channel)):
            return []
        return [m for m in self.posted(channel) if m.only_for in (None, user)]

    def is_seen_by(self, user: str, message: Message) -> bool:
        """Whether this person sees the message."""
        there = self.residents.members_of(self.channel(message.channel))
        return user in there and message.only_for in (None, user)

    # -- triggers and response_urls ----------------------------------------------------------

    def issue_trigger(self, user: str, view_id: str | None = None) -> str:
        trigger_id = f"{next(_counter)}.{int(self.clock())}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user, self.clock(), view_id)
        return trigger_id

    def use_trigger(self, trigger_id: str) -> Trigger:
        """Spend the trigger. Raises ApiError if it is unknown, was used or is too old."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self.clock() - trigger.issued >= self.trigger_seconds:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger

    def issue_hook(self, user: str, channel: str, source: Message | None = None) -> str:
        """A fresh response_url."""
        token = secrets.token_urlsafe(18)
        self.hooks[token] = Hook(user, channel, self.clock(), source)
        return f"{self.public_url}/response/{token}"

    def use_hook(self, token: str) -> Hook:
        """Spend one use. Raises ApiError used_url or expired_url."""
        hook = self.hooks.get(token)
        if hook is None or hook.uses >= RESPONSE_URL_USES:
            raise ApiError("used_url")
        if self.clock() - hook.issued > RESPONSE_URL_SECONDS:
            raise ApiError("expired_url")
        hook.uses += 1
        return hook


_counter = itertools.count(7_000_000_000_000)


def message_body(message: Message) -> Json:
    """The message as the Web API and the payloads show it."""
    body: Json = {
        "type": "message",
        "ts": message.ts,
        "user": message.user,
        "team": "T0DEMO",
        "text": message.text,
        "blocks": message.blocks,
    }
    if message.user == BOT_USER:
        body |= {"bot_id": "B0DESK", "app_id": "A0DESK"}
    if message.edited:
        body["edited"] = {"user": "B0DESK", "ts": message.edited}
    if message.broadcast or message.gone:
        body["subtype"] = "tombstone" if message.gone else "thread_broadcast"
    if message.replies:
        body |= {"thread_ts": message.ts, "reply_count": message.replies}
    optional = {"thread_ts": message.thread_ts, "metadata": message.metadata}
    return body | {key: value for key, value in optional.items() if value}
