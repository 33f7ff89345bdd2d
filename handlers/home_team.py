"""Whose workspace it is: what people of other workspaces do here counts for the workspace of the app.

In a channel that two workspaces share (Slack Connect), some payloads of the other's people name their own
workspace: slash commands as `team_id`, forms as `team`. Rows are kept by the workspace of the app.
"""

from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse

from handlers.people import SlackPeople


class HomeApp(App):
    """Bolt's app, with the app's own workspace named in every payload, once it is known.

    Not a middleware: Bolt looks up by reflection what each of those wants, and the bench showed it.
    """

    def __init__(self, people: SlackPeople, **options: Any) -> None:
        super().__init__(**options)
        self._people = people

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        if self._people.home is not None and isinstance(req.body, dict):
            _rename(req.body, self._people.home)
        return super().dispatch(req)


def _rename(body: dict[str, Any], home: str) -> None:
    if "team_id" in body:
        body["team_id"] = home
    if isinstance(body.get("team"), dict):
        body["team"] = {**body["team"], "id": home}
