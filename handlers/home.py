"""The app's Home: a person's newest requests, and what can be typed."""

from functools import partial

from slack_bolt import Ack, App

from bot.model.request import Person
from bot.usecases.look_up import requests_of
from handlers.errand import aside
from handlers.parts import Body, Parts
from handlers.ui.lists import home


def register(app: App, parts: Parts) -> None:
    app.event("app_home_opened")(partial(_opened, parts))


def _opened(parts: Parts, ack: Ack, body: Body) -> None:
    ack()
    if body["event"].get("tab", "home") == "home":
        aside(parts, lambda: publish(parts, Person(body["team_id"], body["event"]["user"])))


def publish(parts: Parts, person: Person) -> None:
    """Draws Home for one person from the newest rows."""
    parts.slack.views_publish(user_id=person.user, view=home(requests_of(parts.desk, person)))
