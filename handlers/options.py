"""Lists to choose from in a modal. Slack wants them in the answer, so this is the one door that may wait."""

import re
from collections.abc import Callable
from functools import partial
from threading import Event

from slack_bolt import Ack, App

from bot.model.errors import ProviderError
from bot.usecases.choices import Choice
from handlers.errand import aside
from handlers.forms import NOT_LOADED
from handlers.parts import Body, Parts
from handlers.ui.blocks import option

MOST = 100
"""Options that Slack takes."""
NOT_YET = "The provider has not answered yet: please type again"
WAIT = 2.0
"""Seconds; Slack gives up after three."""


def register(app: App, parts: Parts) -> None:
    app.options("app_id")(partial(_offer, parts, lambda _: parts.choices.applications()))
    app.options("subaccount")(partial(_offer, parts, lambda _: parts.choices.subaccounts()))
    app.options(re.compile("^compliance:"))(partial(_offer, parts, partial(_compliance, parts)))


def _compliance(parts: Parts, body: Body) -> tuple[Choice, ...]:
    _, country, number_type = body["action_id"].split(":")
    return parts.choices.compliance(country, number_type)


def _offer(parts: Parts, ask: Callable[[Body], tuple[Choice, ...]], ack: Ack, body: Body) -> None:
    choices = _in_time(parts, lambda: ask(body))
    if choices is None:
        ack(options=[option(NOT_YET, NOT_LOADED)])
        return
    typed = str(body.get("value") or "").casefold()
    fitting = [option(name or value, value) for name, value in choices if typed in name.casefold()]
    ack(options=fitting[:MOST])


def _in_time(parts: Parts, ask: Callable[[], tuple[Choice, ...]]) -> tuple[Choice, ...] | None:
    """The list, if it arrives while Slack waits; what comes later is there for the next keystroke."""
    arrived = Event()
    found: list[tuple[Choice, ...]] = []

    def fetch() -> None:
        try:
            found.append(ask())
        except ProviderError:
            pass
        finally:
            arrived.set()

    aside(parts, fetch)
    arrived.wait(WAIT)
    return found[0] if found else None
