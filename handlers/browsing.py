"""Buttons of those who look around: pages of requests, what happened to one, and Home's way to the search."""

import re
from collections.abc import Callable, Mapping
from functools import partial

from slack_bolt import Ack, App

from bot.usecases import look_up
from bot.usecases.look_up import Timeline, Which
from handlers.errand import Reply, after_click
from handlers.parts import Body, Parts, where, who_acts
from handlers.ui.form import search_form
from handlers.ui.requests import requests_page
from handlers.ui.timeline import not_theirs_modal, timeline_modal

Click = Callable[[Parts, Body, Reply], None]


def register(app: App, parts: Parts) -> None:
    for action_id, work in CLICKS.items():
        pattern = re.compile(f"^{action_id}") if action_id.endswith(":") else action_id
        app.action(pattern)(partial(_clicked, parts, work))


def _clicked(parts: Parts, work: Click, ack: Ack, body: Body) -> None:
    after_click(parts, ack, body, lambda reply: work(parts, body, reply))


def timeline(parts: Parts, body: Body, _: Reply) -> None:
    """Opens all that happened to a request."""
    outcome = look_up.timeline(parts.desk, who_acts(body), _value(body))
    shown = timeline_modal(outcome) if isinstance(outcome, Timeline) else not_theirs_modal(outcome)
    parts.slack.views_open(trigger_id=body["trigger_id"], view=shown)


def older(parts: Parts, body: Body, reply: Reply) -> None:
    """The next page of requests, in the same message."""
    which, _, last = _value(body).partition(" ")
    page = look_up.requests_page(parts.desk, who_acts(body), Which(which), older_than=last)
    reply.say(requests_page(page), replace=True)


def show(parts: Parts, body: Body, reply: Reply) -> None:
    """One's own requests, those that wait, or all, in the same message."""
    page = look_up.requests_page(parts.desk, who_acts(body), Which(_value(body)))
    reply.say(requests_page(page), replace=True)


def search(parts: Parts, body: Body, _: Reply) -> None:
    """The search form; what is found comes as a direct message, where Home has no channel."""
    parts.slack.views_open(trigger_id=body["trigger_id"], view=search_form(channel=where(body)))


CLICKS: Mapping[str, Click] = {
    "request_timeline": timeline,
    "requests_older": older,
    "requests_show:": show,
    "home_search": search,
}
"""Every button by its action id; one that ends with a colon carries a choice behind it."""


def _value(body: Body) -> str:
    return str(body["actions"][0]["value"])
