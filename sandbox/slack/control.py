"""What only tests do to the stand-in: order trouble, change the world, read the log."""

from sandbox.slack.door import Door
from sandbox.slack.world import Json


class Control(Door):
    """The doors of the stand-in that only tests use."""

    def fault(self, method: str, do: Json, times: int = 1) -> None:
        """Order trouble, for example {"status": 500} or {"reset": "after"}; "*" is every method."""
        self.post("/control/faults", {"method": method, "do": do, "times": times})

    def end_faults(self) -> None:
        """Trouble that was ordered and did not come is over."""
        self.post("/control/faults", {"clear": True})

    def reset(self) -> None:
        self.post("/control/reset", {})

    def request_url(self, url: str | None) -> None:
        self.post("/control/request_url", {"url": url})

    def log(self, kind: str = "", method: str = "", since: int = 0) -> list[Json]:
        """What happened, oldest first: "api", "response_url", "delivery", "fault", "refused", "ping"."""
        entries: list[Json] = self.get("/control/log", kind=kind, method=method, since=since)["log"]
        return entries

    def mark(self) -> int:
        """Where the log ends now: a `since` for what comes after."""
        entries = self.log()
        return int(entries[-1]["n"]) if entries else 0

    def pings(self, since: int = 0) -> list[Json]:
        """Messages that pinged somebody when posted, oldest first: {channel, ts, users}.

        Every message in a direct message is notified; it stands here only if it names its person.
        """
        keys = ("channel", "ts", "users")
        return [{key: entry[key] for key in keys} for entry in self.log("ping", since=since)]

    def group(
        self,
        group: str,
        *,
        users: list[str] | None = None,
        error: str | None = None,
        page: int | None = None,
    ) -> None:
        """Set who is in a group, let its look-up fail with `error`, or answer `page` members at a time."""
        order = {"group": group, "users": users, "error": error, "page": page}
        self.post("/control/groups", order)

    def person(
        self,
        user: str,
        *,
        guest: str | None = None,
        deleted: bool = False,
        team: str | None = None,
        stranger: bool | None = None,
        error: str | None = None,
    ) -> None:
        """Make somebody a guest ("multi", "single", "" for none), gone, or of another team, or unknowable.

        What is left out is as at the start. Of another team one is a stranger unless `stranger` is False:
        that is how Slack shows people who are met in a shared channel.
        """
        order = {"guest": guest, "deleted": deleted, "team": team, "stranger": stranger, "error": error}
        self.post("/control/people", {"user": user, **order})

    def channel(
        self,
        channel: str,
        *,
        archived: bool | None = None,
        bot_removed: bool | None = None,
        private: bool | None = None,
    ) -> None:
        """Archive a channel, or take the bot out of it; what is left out stays as it is.

        Out of a private channel, the bot is told channel_not_found instead of not_in_channel.
        """
        order = {"archived": archived, "bot_removed": bot_removed, "private": private}
        self.post("/control/channel", {"channel": channel, **order})

    def delete(self, channel: str, ts: str) -> None:
        """Take a message away, as an administrator can. Raises LookupError message_not_found."""
        self.post("/control/delete", {"channel": channel, "ts": ts})

    def lost_threads(self, becomes: str) -> None:
        """A reply without a parent: "refuse" it (thread_not_found), or "top", a message of its own."""
        self.post("/control/threads", {"lost": becomes})

    def pace(self, per_second: float | None) -> None:
        """Answer 429 to chat.postMessage above so many a second in one channel; None: never.

        0.1 is one in ten seconds.
        """
        self.post("/control/pace", {"per_second": per_second})

    def redeliver(self) -> Json:
        """Deliver the newest payload once more, unchanged; returns how it was acknowledged."""
        return self.post("/control/redeliver", {})

    def disconnect(self, reason: str = "refresh_requested", *, close: bool = False) -> int:
        """Ask the app's sockets to leave; returns how many were asked."""
        asked: int = self.post("/control/socket", {"disconnect": reason, "close": close})["asked"]
        return asked

    def sockets(self) -> int:
        """How many sockets of the app are connected."""
        connected: int = self.get("/control/sockets")["connected"]
        return connected
