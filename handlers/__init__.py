"""Slack's doors: each listener verifies, calls one use case and renders what came back."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Bolt is not loaded for the shell, which takes a few modules of this package
    from slack_bolt import App

    from handlers.parts import Parts


def register(app: "App", parts: "Parts") -> None:
    """Puts every listener on a Bolt app; `actions` ends with the one for buttons that nobody knows."""
    from handlers import (  # noqa: PLC0415 - same
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

    doors = (commands, browsing, asking, deciding, changing, reports, log)
    for door in (*doors, actions, views, options, home, errors):
        door.register(app, parts)
