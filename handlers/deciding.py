"""Deciding: an approver's yes or no, and a person's word on a purchase that is unclear."""

import json

from slack_bolt import Ack, App

from bot.model.errors import ProviderError
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer
from bot.usecases.decide import Approved, Denied, MayDecide, Mistyped, Say, consider, decide
from bot.usecases.judge import NotLookedUp
from bot.usecases.reprice import PriceLook, look_again
from bot.usecases.settle_by_hand import MaySettle, Settled, consider_settling, settle_in_slack
from handlers import clicks, forms
from handlers.clicks import Clicks, choice, open_view, update_view, value
from handlers.errand import Reply
from handlers.forms import Inputs, Submissions, come_again, complain, inputs_of, tell, unsaid
from handlers.parts import Body, Parts, who_acts
from handlers.ui import decide as ui
from handlers.ui.blocks import notice
from handlers.ui.refusals import not_settled


def register(app: App, parts: Parts) -> None:
    clicks.listen(app, parts, CLICKS)
    forms.listen(app, parts, SUBMISSIONS)


def ask_approval(parts: Parts, body: Body, reply: Reply) -> None:
    """Opens what an approver confirms at once, and draws it anew with the provider's price of today."""
    seen = consider(parts.desk, who_acts(body), value(body), Answer.APPROVE)
    if not isinstance(seen, MayDecide):
        open_view(parts, body, notice("Nothing to decide", ui.obstacle(seen, Answer.APPROVE)))
        return
    opened = open_view(parts, body, ui.approve_modal(seen))
    reply.close()  # from here on the modal itself says that something is coming
    update_view(parts, opened, ui.after_look(seen, _look(parts, seen)))


def _look(parts: Parts, seen: MayDecide) -> PriceLook | None:
    try:
        return look_again(parts.desk, seen.request, seen.purchase)
    except ProviderError:
        return None


def ask_denial(parts: Parts, body: Body, _: Reply) -> None:
    """Opens what an approver denies with, or says why they cannot."""
    seen = consider(parts.desk, who_acts(body), value(body), Answer.DENY)
    if isinstance(seen, MayDecide):
        open_view(parts, body, ui.deny_modal(seen))
    else:
        open_view(parts, body, notice("Nothing to decide", ui.obstacle(seen, Answer.DENY)))


def approval(parts: Parts, ack: Ack, body: Body) -> None:
    """An approver's yes."""
    inputs = inputs_of(body["view"])
    _decide(parts, ack, body, Answer.APPROVE, inputs.get("comment"))


def denial(parts: Parts, ack: Ack, body: Body) -> None:
    """An approver's no: one of the policy's reasons, their own words, or both."""
    inputs = inputs_of(body["view"])
    if inputs.get("canned") or not unsaid(ack, inputs, "comment"):
        why = ": ".join(said for said in (inputs.get("canned"), inputs.get("comment")) if said)
        _decide(parts, ack, body, Answer.DENY, why)


def _decide(parts: Parts, ack: Ack, body: Body, answer: Answer, comment: str | None) -> None:
    seen, inputs = json.loads(body["view"]["private_metadata"]), inputs_of(body["view"])
    person = who_acts(body)
    say = Say(
        answer=answer,
        round_seen=seen["round"],
        reason_seen=seen.get("reason"),
        comment=comment,
        typed=inputs.get("typed"),
    )
    outcome = decide(parts.desk, person, seen["request"], say)
    if isinstance(outcome, Approved | Denied):
        ack()  # the card says the rest, in every channel at once
    elif isinstance(outcome, NotLookedUp):
        come_again(parts, ack, person, outcome, "comment")
    elif isinstance(outcome, Mistyped):
        _mistyped(ack, inputs)
    else:
        tell(ack, "Nothing was decided", ui.obstacle(outcome, answer))


def _mistyped(ack: Ack, inputs: Inputs) -> None:
    """Slack takes errors only for inputs that the form has; the policy may be a newer one."""
    if "typed" in inputs:
        complain(ack, "typed", ui.MISTYPED)
    else:
        tell(ack, "Nothing was decided", ui.UNTYPED)


def ask_settlement(parts: Parts, body: Body, _: Reply) -> None:
    """Opens what a person confirms who has looked at the provider's console."""
    to = PurchaseStatus(choice(body))
    outcome = consider_settling(parts.desk, who_acts(body), value(body), to)
    if isinstance(outcome, MaySettle):
        view = ui.settle_modal(outcome.order.purchase, to)
    else:
        view = notice("Nothing to settle", not_settled(outcome))
    open_view(parts, body, view)


def settlement(parts: Parts, ack: Ack, body: Body) -> None:
    """What a person saw in the provider's console."""
    asked = json.loads(body["view"]["private_metadata"])
    inputs = inputs_of(body["view"])
    if unsaid(ack, inputs, "reason"):
        return
    reason, person = inputs.get("reason") or "", who_acts(body)
    outcome = settle_in_slack(
        parts.desk, person, asked["purchase"], PurchaseStatus(asked["to"]), reason=reason
    )
    if isinstance(outcome, Settled):
        ack()
    elif isinstance(outcome, NotLookedUp):
        come_again(parts, ack, person, outcome, "reason")
    else:
        tell(ack, "Nothing was settled", not_settled(outcome))


CLICKS: Clicks = {
    "request_approve": ask_approval,
    "request_deny": ask_denial,
    "settle:": ask_settlement,
}
SUBMISSIONS: Submissions = {
    ui.APPROVE: approval,
    ui.DENY: denial,
    ui.SETTLE: settlement,
}
