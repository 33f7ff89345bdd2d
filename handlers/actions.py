"""Buttons: a click is acked at once; what it does happens outside of the ack, and always has an answer."""

import re
from collections.abc import Callable, Mapping
from functools import partial

from slack_bolt import Ack, App

from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer
from bot.model.search import without
from bot.usecases import look_up
from bot.usecases import search as searching
from bot.usecases.decide import MayDecide, consider
from bot.usecases.preview import Preview, preview
from bot.usecases.search import SearchPage
from bot.usecases.settle_by_hand import MaySettle, consider_settling
from handlers.commands import rented_page
from handlers.errand import Reply, after_click, aside
from handlers.parts import Body, Parts, where, who_acts
from handlers.ui import audit, decide, offers
from handlers.ui.blocks import Block, notice
from handlers.ui.confirm import confirmation
from handlers.ui.form import search_form
from handlers.ui.refusals import SEARCH_GONE, not_offered, not_settled
from handlers.ui.trouble import OLD_BUTTON

Click = Callable[[Parts, Body, Reply], None]


def register(app: App, parts: Parts) -> None:
    for action_id, work in CLICKS.items():
        pattern = re.compile(f"^{action_id}") if action_id.endswith(":") else action_id
        app.action(pattern)(partial(_clicked, parts, work))
    app.action(re.compile(""))(partial(_unknown, parts))


def _clicked(parts: Parts, work: Click, ack: Ack, body: Body) -> None:
    after_click(parts, ack, body, lambda reply: work(parts, body, reply))


def _unknown(parts: Parts, ack: Ack, body: Body) -> None:
    """Says that a button is of a version long gone; what is chosen in a form needs no answer."""
    if _is_choice_in_a_form(body):
        ack()
    else:
        after_click(parts, ack, body, lambda reply: reply.say_text(OLD_BUTTON))


def _is_choice_in_a_form(body: Body) -> bool:
    in_a_form = (body.get("view") or {}).get("type") == "modal"
    return in_a_form and body["actions"][0]["type"] != "button"


def buy(parts: Parts, body: Body, _: Reply) -> None:
    """Opens the confirmation, or says why there is none."""
    outcome = preview(parts.desk, who_acts(body), _value(body))
    if isinstance(outcome, Preview) and parts.desk.policy is not None:
        _open(parts, body, confirmation(outcome, parts.desk.policy, channel=where(body)))
        aside(parts, lambda: _fetch_choices(parts, outcome))
    elif not isinstance(outcome, Preview):
        _open(parts, body, notice("Not possible", not_offered(outcome)))


def _fetch_choices(parts: Parts, shown: Preview) -> None:
    """The lists in the confirmation are asked for while the person reads it."""
    offer = shown.kept.offer
    parts.choices.applications()
    parts.choices.subaccounts()
    if offer.restriction:
        parts.choices.compliance(offer.country, offer.type)


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
    page = searching.look(parts.desk, who_acts(body), _value(body))
    if isinstance(page, SearchPage):
        _open(parts, body, search_form(channel=where(body), asked=page.asked))
    else:
        reply.say_text(SEARCH_GONE)


def drop(parts: Parts, body: Body, reply: Reply) -> None:
    """The same search without one of its conditions, in the same message."""
    person = who_acts(body)
    page = searching.look(parts.desk, person, _value(body))
    if not isinstance(page, SearchPage):
        reply.say_text(SEARCH_GONE)
        return
    wider = without(page.asked, _choice(body))
    fresh = searching.search_for(parts.desk, person, wider, channel=where(body))
    reply.say(offers.search_page(fresh), replace=True)


def ask_decision(answer: Answer, parts: Parts, body: Body, _: Reply) -> None:
    """Opens what an approver confirms, or says why they cannot."""
    outcome = consider(parts.desk, who_acts(body), _value(body), answer)
    if isinstance(outcome, MayDecide):
        draw = decide.approve_modal if answer is Answer.APPROVE else decide.deny_modal
        _open(parts, body, draw(outcome))
    else:
        _open(parts, body, notice("Nothing to decide", decide.obstacle(outcome, answer)))


def ask_settlement(parts: Parts, body: Body, _: Reply) -> None:
    """Opens what a person confirms who has looked at the provider's console."""
    outcome = consider_settling(parts.desk, who_acts(body), _value(body))
    if isinstance(outcome, MaySettle):
        purchase = outcome.order.purchase
        view = decide.settle_modal(purchase.id, purchase.number, PurchaseStatus(_choice(body)))
    else:
        view = notice("Nothing to settle", not_settled(outcome))
    _open(parts, body, view)


def older(parts: Parts, body: Body, reply: Reply) -> None:
    """The next page of the log, in the same message."""
    before, _, query = _value(body).partition(" ")
    page = look_up.read_log(parts.desk, who_acts(body), query, before=int(before))
    reply.say(audit.log_page(page), replace=True)


def turn_list(parts: Parts, body: Body, reply: Reply) -> None:
    reply.say(rented_page(parts, int(_value(body))), replace=True)


CLICKS: Mapping[str, Click] = {
    "offer_buy": buy,
    "search_page:": turn,
    "search_share": share,
    "search_change": change,
    "search_drop:": drop,
    "request_approve": partial(ask_decision, Answer.APPROVE),
    "request_deny": partial(ask_decision, Answer.DENY),
    "settle:": ask_settlement,
    "audit_older": older,
    "list_page:": turn_list,
}
"""Every button by its action id; one that ends with a colon carries a choice behind it."""


def _open(parts: Parts, body: Body, view: Block) -> None:
    parts.slack.views_open(trigger_id=body["trigger_id"], view=view)


def _value(body: Body) -> str:
    return str(body["actions"][0]["value"])


def _choice(body: Body) -> str:
    return str(body["actions"][0]["action_id"]).partition(":")[2]


def _position(body: Body) -> tuple[str, int]:
    search_id, _, first = _value(body).partition(".")
    return search_id, int(first)
