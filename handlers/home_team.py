"""Whose workspace it is: what people of other workspaces do here counts for the workspace of the app.

In a channel that two workspaces share (Slack Connect), some payloads of the other's people name their own
workspace: slash commands as `team_id`, forms as `team`. Rows are kept by the workspace of the app.
"""

from collections.abc import Callable
from typing import Any

from handlers.people import SlackPeople


def at_home(people: SlackPeople) -> Callable[..., None]:
    """A Bolt middleware that names the app's own workspace in every payload, once it is known."""

    def middleware(body: dict[str, Any], next_: Callable[[], None]) -> None:
        home = people.home
        if home is not None:
            _rename(body, home)
        next_()

    return middleware


def _rename(body: dict[str, Any], home: str) -> None:
    if "team_id" in body:
        body["team_id"] = home
    if isinstance(body.get("team"), dict):
        body["team"] = {**body["team"], "id": home}
