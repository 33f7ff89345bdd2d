"""The app's Home: drawn by a job, so that it is drawn once for many changes."""

from functools import partial

from slack_bolt import Ack, App

from bot.model.request import Person
from bot.usecases.home import open_home
from handlers.parts import Body, Parts


def register(app: App, parts: Parts) -> None:
    app.event("app_home_opened")(partial(_opened, parts))


def _opened(parts: Parts, ack: Ack, body: Body) -> None:
    if body["event"].get("tab", "home") == "home":
        open_home(parts.desk, Person(body["team_id"], body["event"]["user"]))
    ack()
