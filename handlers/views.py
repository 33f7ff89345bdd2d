"""The search form: the one modal that asks the provider, and therefore answers in a message."""

import json
from functools import partial

from slack_bolt import Ack, App

from bot.model.errors import NotUnderstood
from bot.model.search import parse_search
from bot.usecases import search as searching
from handlers.errand import Reply, start
from handlers.forms import Submissions, complain, inputs_of, listen
from handlers.parts import Body, Parts, Recipient, who_acts
from handlers.ui import form, offers
from handlers.ui.help import misread_lines


def register(app: App, parts: Parts) -> None:
    listen(app, parts, SUBMISSIONS)


def search(parts: Parts, ack: Ack, body: Body) -> None:
    """The search form: understood or not is said at once, what the provider has comes as a message."""
    inputs = inputs_of(body["view"])
    text = " ".join(filter(None, (inputs.get("search"), inputs.get("type"))))
    try:
        parse_search(text)
    except NotUnderstood as problem:
        complain(ack, "search", misread_lines(problem))
        return
    channel = json.loads(body["view"]["private_metadata"])["channel"]
    reply = Reply(parts, Recipient(who_acts(body).user, channel))
    if start(parts, reply, partial(_find, parts, body, text, channel)):
        ack()
    else:
        complain(ack, "search", "Numberdesk is busy. Please try again in a minute.")


def _find(parts: Parts, body: Body, text: str, channel: str, reply: Reply) -> None:
    page = searching.search(parts.desk, who_acts(body), text, channel=channel)
    reply.say(offers.search_page(page))


SUBMISSIONS: Submissions = {form.CALLBACK: search}
