"""What the doors work with: the desk, Slack's client, and the threads for what needs the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_sdk import WebClient

from bot.errands import Errands
from bot.model.request import Person
from bot.usecases.choices import Choices
from bot.usecases.desk import Desk
from handlers.people import SlackPeople
from handlers.post import Pause
from handlers.responder import Responder


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Wired up once by the composition root and shared by every listener and job."""

    desk: Desk
    choices: Choices
    slack: WebClient  #: with a short time-out and without retries: a job is the retry
    people: SlackPeople
    responder: Responder
    errands: Errands  #: what a listener starts and does not wait for
    apologies: Errands  #: says that `errands` is full; a pool of its own, so that it never is as well
    patience: float = 2.0  #: seconds until a person hears that it takes longer
    #: seconds before an answer is tried again: with an excuse, four of the five uses of a response_url
    pauses: tuple[float, ...] = (1.0, 5.0)
    redraws: Pause = field(default_factory=Pause)  #: in which messages are not drawn anew


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where one person can be answered."""

    user: str
    channel: str  #: where they asked; their own id where there is none
    url: str | None = None  #: Slack's response_url; modals and Home have none


Body = Mapping[str, Any]
"""What Slack sent, parsed and verified."""


def who_acts(body: Body) -> Person:
    """Who typed or clicked, by Slack's signed payload: commands and interactions name them differently."""
    if "user_id" in body:
        return Person(body["team_id"], body["user_id"])
    user = body["user"]
    team = body.get("team") or {}
    return Person(team.get("id") or user["team_id"], user["id"])


def where(body: Body) -> str:
    """The channel in which somebody typed or clicked; their own id where there is none: a direct message."""
    if "channel_id" in body:
        return str(body["channel_id"])
    channel = body.get("channel") or {}
    container = body.get("container") or {}
    return str(channel.get("id") or container.get("channel_id") or who_acts(body).user)


def who_asked(body: Body) -> Recipient:
    """The one who typed or clicked, with all the ways to answer them."""
    return Recipient(who_acts(body).user, where(body), body.get("response_url"))


def unescape(text: str) -> str:
    """The text of a slash command as it was typed.

    Commands alone need it: Slack sends `&`, `<` and `>` in them as entities, but inputs and the values of
    buttons as they are. The ampersand comes last, else a typed `&lt;` would become `<`.
    """
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
