"""Who people are and who is in a user group, asked of Slack."""

from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.model.people import Found, Group, NotListed, Profile

MOST_PAGES = 100
"""Pages of a group's members that are read; a group of more is not believed."""


class SlackPeople:
    """Asks `users.info`, `usergroups.users.list` and `usergroups.list`. Safe for threads."""

    def __init__(self, slack: WebClient) -> None:
        self._slack = slack
        self._handles: dict[str, str] = {}
        self.home: str | None = None  #: the app's own workspace, once `find_home` has learned it

    def find_home(self) -> str:
        """The workspace of the app; asked once. Raises what Slack's client raises."""
        if self.home is None:
            self.home = str(self._slack.auth_test()["team_id"])
        return self.home

    def ask(self, _workspace: str, slack_id: str) -> Found:
        """A person or, by an id that begins with S, a group. Raises what Slack's client raises.

        Who is of another workspace is told by that of the app: payloads of strangers may name their own.
        """
        if slack_id.startswith("S"):
            return Group(self._handle(slack_id), self._members(slack_id))
        return _profile(self._slack.users_info(user=slack_id)["user"], self.find_home())

    def _members(self, group: str) -> frozenset[str]:
        members: set[str] = set()
        cursor = ""
        for _ in range(MOST_PAGES):
            more: dict[str, Any] = {"cursor": cursor} if cursor else {}
            answer = self._slack.usergroups_users_list(usergroup=group, **more)
            members |= set(answer["users"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return frozenset(members)
        raise NotListed(group)

    def _handle(self, group: str) -> str:
        """What the group is called; its id if Slack does not say so: it is only shown."""
        if group not in self._handles:
            try:
                groups = self._slack.usergroups_list()["usergroups"]
            except (SlackApiError, OSError):
                return group
            self._handles |= {one["id"]: f"@{one['handle']}" for one in groups}
        return self._handles.get(group, group)


def _profile(user: dict[str, Any], app: str) -> Profile:
    """What `users.info` says; in an Enterprise Grid a person may belong to several workspaces."""
    own = user.get("team_id") or app
    also = (user.get("enterprise_user") or {}).get("teams") or []
    shown = user.get("profile") or {}
    return Profile(
        name=shown.get("display_name") or user.get("real_name") or user.get("name") or user["id"],
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        deactivated=bool(user.get("deleted")),
        bot=bool(user.get("is_bot")),
        foreign=bool(user.get("is_stranger")) or app not in (own, *also),
    )
