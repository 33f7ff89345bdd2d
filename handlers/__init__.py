"""Slack's doors: each listener verifies, calls one use case and renders what came back."""

from slack_bolt import App

from handlers import (
    actions,
    asking,
    browsing,
    changing,
    commands,
    deciding,
    errors,
    home,
    log,
    options,
    reports,
    views,
)
from handlers.parts import Parts


def register(app: App, parts: Parts) -> None:
    """Puts every listener on a Bolt app; `actions` ends with the one for buttons that nobody knows."""
    doors = (commands, browsing, asking, deciding, changing, reports, log)
    for door in (*doors, actions, views, options, home, errors):
        door.register(app, parts)
