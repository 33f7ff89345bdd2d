"""Changing a request that waits: its reason, its end, and more time for it."""

import json

from slack_bolt import Ack, App

from bot.usecases.cancel import cancel as cancel_request
from bot.usecases.change_reason import (
    Changed,
    ChangedMeanwhile,
    MayChange,
    change_reason,
    consider_changing,
)
from bot.usecases.extend import extend as extend_request
from handlers import clicks, forms
from handlers.clicks import Clicks, open_view, value
from handlers.errand import Reply
from handlers.forms import Submissions, inputs_of, tell, unsaid
from handlers.parts import Body, Parts, who_acts
from handlers.ui import changing as ui
from handlers.ui.blocks import notice
from handlers.ui.decide import obstacle


def register(app: App, parts: Parts) -> None:
    clicks.listen(app, parts, CLICKS)
    forms.listen(app, parts, SUBMISSIONS)


def cancel(parts: Parts, body: Body, reply: Reply) -> None:
    """Takes a request back; Slack has asked before whether that is meant."""
    reply.say_text(ui.cancelled(cancel_request(parts.desk, who_acts(body), value(body))))


def extend(parts: Parts, body: Body, reply: Reply) -> None:
    """Gives a request more time, once."""
    reply.say_text(ui.extended(extend_request(parts.desk, who_acts(body), value(body))))


def ask_reason(parts: Parts, body: Body, _: Reply) -> None:
    """Opens the reason as it is, or says why it cannot be changed."""
    outcome = consider_changing(parts.desk, who_acts(body), value(body))
    if isinstance(outcome, MayChange):
        open_view(parts, body, ui.reason_modal(outcome.request))
    else:
        open_view(parts, body, notice("Nothing to change", obstacle(outcome, "change")))


def reason(parts: Parts, ack: Ack, body: Body) -> None:
    """Another reason, in the place of the one that the person has seen."""
    inputs = inputs_of(body["view"])
    if unsaid(ack, inputs, "reason"):
        return
    asked, written = json.loads(body["view"]["private_metadata"]), inputs.get("reason") or ""
    outcome = change_reason(parts.desk, who_acts(body), asked["request"], written, seen=asked["seen"])
    if isinstance(outcome, Changed):
        ack()
    elif isinstance(outcome, ChangedMeanwhile):
        ack(response_action="update", view=ui.reason_modal(outcome.request, typed=written))
    else:
        tell(ack, "Nothing was changed", obstacle(outcome, "change"))


CLICKS: Clicks = {"request_cancel": cancel, "request_extend": extend, "request_reason": ask_reason}
SUBMISSIONS: Submissions = {ui.CALLBACK: reason}
