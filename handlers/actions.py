"""Buttons of searches, of lists and of the log, and those that are not known any more."""

import re
from functools import partial

from slack_bolt import Ack, App

from bot.model.search import without
from bot.usecases import search as searching
from bot.usecases.search import SearchPage
from handlers.clicks import Clicks, choice, listen, open_view, value
from handlers.commands import rented_page
from handlers.errand import Reply, after_click
from handlers.parts import Body, Parts, where, who_acts
from handlers.ui import offers
from handlers.ui.form import search_form
from handlers.ui.refusals import SEARCH_GONE
from handlers.ui.trouble import OLD_BUTTON


def register(app: App, parts: Parts) -> None:
    """Comes after all other doors with buttons: the last listener takes what nobody knows."""
    listen(app, parts, CLICKS)
    app.action(re.compile(""))(partial(_unknown, parts))


def _unknown(parts: Parts, ack: Ack, body: Body) -> None:
    """Says that a button is of a version long gone; what is chosen in a form needs no answer."""
    if _is_choice_in_a_form(body):
        ack()
    else:
        after_click(parts, ack, body, lambda reply: reply.say_text(OLD_BUTTON))


def _is_choice_in_a_form(body: Body) -> bool:
    in_a_form = (body.get("view") or {}).get("type") == "modal"
    return in_a_form and body["actions"][0]["type"] != "button"


def turn(parts: Parts, body: Body, reply: Reply) -> None:
    """Another page of a search, in the same message."""
    search_id, first = _position(body)
    page = searching.turn(parts.desk, who_acts(body), search_id, first)
    if isinstance(page, SearchPage):
        reply.say(offers.search_page(page), replace=True)
    else:
        reply.say_text(SEARCH_GONE)


def share(parts: Parts, body: Body, reply: Reply) -> None:
    """The page for everybody in the channel; the private one stays as it is."""
    search_id, first = _position(body)
    person = who_acts(body)
    page = searching.share(parts.desk, person, search_id, first, channel=where(body))
    if isinstance(page, SearchPage):
        reply.say(offers.search_page(page, shared_by=person.user), public=True)
    else:
        reply.say_text(SEARCH_GONE)


def change(parts: Parts, body: Body, reply: Reply) -> None:
    """The search form, filled with the search as it was."""
    page = searching.look(parts.desk, who_acts(body), value(body))
    if isinstance(page, SearchPage):
        open_view(parts, body, search_form(channel=where(body), asked=page.asked))
    else:
        reply.say_text(SEARCH_GONE)


def drop(parts: Parts, body: Body, reply: Reply) -> None:
    """The same search without one of its conditions, in the same message."""
    person = who_acts(body)
    page = searching.look(parts.desk, person, value(body))
    if not isinstance(page, SearchPage):
        reply.say_text(SEARCH_GONE)
        return
    wider = without(page.asked, choice(body))
    fresh = searching.search_for(parts.desk, person, wider, channel=where(body))
    reply.say(offers.search_page(fresh), replace=True)


def turn_list(parts: Parts, body: Body, reply: Reply) -> None:
    reply.say(rented_page(parts, int(value(body))), replace=True)


CLICKS: Clicks = {
    "search_page:": turn,
    "search_share": share,
    "search_change": change,
    "search_drop:": drop,
    "list_page:": turn_list,
}


def _position(body: Body) -> tuple[str, int]:
    search_id, _, first = value(body).partition(".")
    return search_id, int(first)
