"""What the doors for buttons have in common: a click is acked at once and answered outside of the ack."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt import Ack, App

from handlers.delivery import deliver
from handlers.errand import Reply, after_click
from handlers.parts import Body, Parts
from handlers.post import redraw_view
from handlers.ui.blocks import Block

Click = Callable[[Parts, Body, Reply], None]
Clicks = Mapping[str, Click]
"""Buttons by their action id; one that ends with a colon carries a choice behind it."""


def listen(app: App, parts: Parts, clicks: Clicks) -> None:
    """Puts a listener for each button on a Bolt app."""
    for action_id, work in clicks.items():
        pattern = re.compile(f"^{action_id}") if action_id.endswith(":") else action_id
        app.action(pattern)(partial(_clicked, parts, work))


def _clicked(parts: Parts, work: Click, ack: Ack, body: Body) -> None:
    after_click(parts, ack, body, lambda reply: work(parts, body, reply))


def open_view(parts: Parts, body: Body, view: Block) -> Mapping[str, Any]:
    """Opens a modal; returns it with the id and the hash that Slack gave it."""
    opened: Mapping[str, Any] = parts.slack.views_open(trigger_id=body["trigger_id"], view=view)["view"]
    return opened


def push_view(parts: Parts, body: Body, view: Block) -> None:
    """Puts a modal on top of the one in which somebody clicked."""
    parts.slack.views_push(trigger_id=body["trigger_id"], view=view)


def update_view(parts: Parts, opened: Mapping[str, Any], view: Block) -> None:
    """Draws a modal anew that was opened before; that somebody has closed it is no error."""
    deliver(parts, [partial(redraw_view, parts.slack, opened, view)], parts.pauses)


def value(body: Body) -> str:
    """What the button carries."""
    return str(body["actions"][0]["value"])


def choice(body: Body) -> str:
    """What stands behind the colon of its action id."""
    return str(body["actions"][0]["action_id"]).partition(":")[2]
