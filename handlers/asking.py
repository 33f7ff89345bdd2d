"""Asking for a number: the confirmation behind Buy, and the second one of those who buy without approval."""

import json
from dataclasses import asdict
from functools import partial
from typing import Any

from slack_bolt import Ack, App

from bot.model.request import Options
from bot.usecases.judge import NotLookedUp
from bot.usecases.preview import Preview, preview, preview_break_glass
from bot.usecases.submit import Ask, Repeated, Submitted, submit
from handlers import clicks, forms
from handlers.clicks import Clicks, open_view, push_view, value
from handlers.errand import Reply, aside
from handlers.forms import NOT_LOADED, Inputs, Submissions, come_again, complain, inputs_of, tell, unsaid
from handlers.parts import Body, Parts, where, who_acts
from handlers.ui import confirm, glass
from handlers.ui.blocks import notice
from handlers.ui.refusals import not_for_them, not_offered

NOT_ARRIVED = "This list had not arrived yet. Choose again, or leave it empty."


def register(app: App, parts: Parts) -> None:
    clicks.listen(app, parts, CLICKS)
    app.action(confirm.FOR_USER)(partial(_chosen, parts))
    forms.listen(app, parts, SUBMISSIONS)


def buy(parts: Parts, body: Body, _: Reply) -> None:
    """Opens the confirmation, or says why there is none."""
    outcome = preview(parts.desk, who_acts(body), value(body))
    if isinstance(outcome, Preview) and parts.desk.policy is not None:
        open_view(parts, body, confirm.confirmation(outcome, parts.desk.policy, channel=where(body)))
        aside(parts, lambda: _fetch_choices(parts, outcome))
    elif not isinstance(outcome, Preview):
        open_view(parts, body, notice("Not possible", not_offered(outcome)))


def _fetch_choices(parts: Parts, shown: Preview) -> None:
    """The lists in the confirmation are asked for while the person reads it."""
    offer = shown.kept.offer
    parts.choices.applications()
    parts.choices.subaccounts()
    if offer.restriction:
        parts.choices.compliance(offer.country, offer.type)


def _chosen(parts: Parts, ack: Ack, body: Body) -> None:
    """Slack is asked who somebody is while the form is still open: its submission asks nobody."""
    ack()
    user = body["actions"][0].get("selected_user")
    if user:
        aside(parts, lambda: parts.desk.directory.refresh(who_acts(body).workspace, [user]))


def break_glass(parts: Parts, body: Body, _: Reply) -> None:
    """Puts the second confirmation on top of the first, with what was chosen there so far."""
    inputs = inputs_of(body["view"])
    outcome = preview_break_glass(parts.desk, who_acts(body), value(body))
    if NOT_LOADED in inputs.values():
        push_view(parts, body, notice("Not yet", f"{NOT_ARRIVED} Nothing was bought."))
    elif isinstance(outcome, Preview) and parts.desk.policy is not None:
        carried = _carried(body["view"], inputs)
        view = glass.glass_modal(
            outcome, parts.desk.policy, carried, for_user=carried["for"], reason=inputs.get("reason")
        )
        push_view(parts, body, view)
    elif not isinstance(outcome, Preview):
        push_view(parts, body, notice("Not possible", not_offered(outcome)))


def _carried(view: Body, inputs: Inputs) -> dict[str, Any]:
    """What the first form knows by now, as the second one carries it."""
    about = json.loads(view["private_metadata"])
    return {**about, "for": inputs.get(confirm.FOR_USER), "options": asdict(_options(inputs))}


def _options(inputs: Inputs) -> Options:
    return Options(
        app_id=inputs.get("app_id"),
        subaccount=inputs.get("subaccount"),
        cnam_lookup=inputs.get("cnam_lookup"),
        compliance_application_id=next(
            (value for block, value in inputs.items() if block.startswith("compliance:")), None
        ),
        alias=inputs.get("alias"),
    )


def request(parts: Parts, ack: Ack, body: Body) -> None:
    """The confirmation of a purchase."""
    inputs = inputs_of(body["view"])
    missing = {block: NOT_ARRIVED for block, chosen in inputs.items() if chosen == NOT_LOADED}
    if missing:
        ack(response_action="errors", errors=missing)
    elif not unsaid(ack, inputs, "reason"):
        _submit(parts, ack, body, _ask(body["view"], inputs, _carried(body["view"], inputs)))


def without_approval(parts: Parts, ack: Ack, body: Body) -> None:
    """The second confirmation; taken, it closes the first one too."""
    inputs = inputs_of(body["view"])
    if not unsaid(ack, inputs, "reason", least=glass.LEAST_REASON):
        carried = json.loads(body["view"]["private_metadata"])
        ask = _ask(body["view"], inputs, carried, break_glass=True)
        _submit(parts, ack, body, ask)


def _ask(view: Body, inputs: Inputs, carried: dict[str, Any], *, break_glass: bool = False) -> Ask:
    return Ask(
        offer_id=carried["offer"],
        # of the form below, so that both of them submitted are one request
        origin_key=view["root_view_id"],
        channel=carried["channel"],
        reason=inputs.get("reason") or "",
        options=Options(**carried["options"]),
        on_behalf_of=carried["for"],
        break_glass=break_glass,
    )


def _submit(parts: Parts, ack: Ack, body: Body, ask: Ask) -> None:
    person = who_acts(body)
    outcome = submit(parts.desk, person, ask)
    if isinstance(outcome, Submitted):
        ack(response_action="clear" if ask.break_glass else None)
    elif isinstance(outcome, NotLookedUp):
        block = confirm.FOR_USER if ask.on_behalf_of in outcome.ids and not ask.break_glass else "reason"
        come_again(parts, ack, person, outcome, block)
    elif isinstance(outcome, Repeated):
        tell(ack, "Asked already", f"This was submitted before: it is request {outcome.request.id}.")
    elif not ask.break_glass and (why := not_for_them(outcome)):
        complain(ack, confirm.FOR_USER, why)
    else:
        tell(ack, "Not possible", not_offered(outcome))


CLICKS: Clicks = {"offer_buy": buy, confirm.BREAK_GLASS: break_glass}
SUBMISSIONS: Submissions = {confirm.CALLBACK: request, glass.CALLBACK: without_approval}
