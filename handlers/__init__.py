"""Slack's doors: each listener verifies, calls one use case and renders what came back."""

from slack_bolt import App

from handlers import actions, browsing, commands, errors, home, options, views
from handlers.home_team import at_home
from handlers.parts import Parts


def register(app: App, parts: Parts) -> None:
    """Puts every listener on a Bolt app."""
    app.middleware(at_home(parts.people))
    # actions end with the answer to buttons that nobody knows: every other button comes before them
    for door in (commands, browsing, actions, views, options, home, errors):
        door.register(app, parts)
