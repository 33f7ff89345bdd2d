"""Modals that come back: one short transaction each, inside of the ack; nothing here uses the network."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt import Ack, App

from bot.model.errors import NotUnderstood
from bot.model.purchase import PurchaseStatus
from bot.model.request import Answer, Options, Person
from bot.model.search import parse_search
from bot.usecases import search as searching
from bot.usecases.decide import Approved, Denied, Mistyped, Say, decide
from bot.usecases.judge import NotLookedUp
from bot.usecases.settle_by_hand import Settled, settle_in_slack
from bot.usecases.submit import Ask, Repeated, Submitted, submit
from handlers.errand import Reply, aside, start
from handlers.parts import Body, Parts, Recipient, who_acts
from handlers.ui import confirm, form, offers
from handlers.ui import decide as decisions
from handlers.ui.blocks import Block, notice
from handlers.ui.help import misread_lines
from handlers.ui.refusals import not_offered, not_settled

NOT_LOADED = "-"
"""The value of the line that says a list has not arrived yet."""

Submission = Callable[[Parts, Ack, Body], None]


def register(app: App, parts: Parts) -> None:
    for callback_id, work in SUBMISSIONS.items():
        app.view(callback_id)(partial(_submitted, parts, work))


def _submitted(parts: Parts, work: Submission, ack: Ack, body: Body) -> None:
    work(parts, ack, body)


def request(parts: Parts, ack: Ack, body: Body) -> None:
    """The confirmation of a purchase."""
    inputs = _inputs(body)
    missing = {block: "This list had not arrived yet. Choose again, or leave it empty."
               for block, value in inputs.items() if value == NOT_LOADED}  # fmt: skip
    if missing or _unsaid(ack, inputs, "reason"):
        if missing:
            ack(response_action="errors", errors=missing)
        return
    person = who_acts(body)
    outcome = submit(parts.desk, person, _ask(body, inputs))
    if isinstance(outcome, Submitted):
        ack()
    elif isinstance(outcome, NotLookedUp):
        _come_again(parts, ack, person, outcome, "reason")
    elif isinstance(outcome, Repeated):
        _tell(ack, "Asked already", f"This was submitted before: it is request {outcome.request.id}.")
    else:
        _tell(ack, "Not possible", not_offered(outcome))


def _ask(body: Body, inputs: Mapping[str, str | None]) -> Ask:
    view = body["view"]
    metadata = json.loads(view["private_metadata"])
    compliance = next((value for block, value in inputs.items() if block.startswith("compliance:")), None)
    options = Options(
        app_id=inputs.get("app_id"),
        subaccount=inputs.get("subaccount"),
        cnam_lookup=inputs.get("cnam_lookup"),
        compliance_application_id=compliance,
        alias=inputs.get("alias"),
    )
    return Ask(
        offer_id=metadata["offer"],
        origin_key=view["id"],
        channel=metadata["channel"],
        reason=inputs.get("reason") or "",
        options=options,
    )


def decision(answer: Answer, parts: Parts, ack: Ack, body: Body) -> None:
    """An approver's yes or no."""
    seen = json.loads(body["view"]["private_metadata"])
    inputs = _inputs(body)
    if answer is Answer.DENY and _unsaid(ack, inputs, "comment"):
        return
    person = who_acts(body)
    say = Say(
        answer=answer, round_seen=seen["round"], comment=inputs.get("comment"), typed=inputs.get("typed")
    )
    outcome = decide(parts.desk, person, seen["request"], say)
    if isinstance(outcome, Approved | Denied):
        ack()  # the card says the rest, in every channel at once
    elif isinstance(outcome, NotLookedUp):
        _come_again(parts, ack, person, outcome, "comment")
    elif isinstance(outcome, Mistyped):
        ack(response_action="errors", errors={"typed": decisions.MISTYPED})
    else:
        _tell(ack, "Nothing was decided", decisions.obstacle(outcome, answer))


def settlement(parts: Parts, ack: Ack, body: Body) -> None:
    """What a person saw in the provider's console."""
    asked = json.loads(body["view"]["private_metadata"])
    inputs = _inputs(body)
    if _unsaid(ack, inputs, "reason"):
        return
    reason, person = inputs.get("reason") or "", who_acts(body)
    outcome = settle_in_slack(
        parts.desk, person, asked["purchase"], PurchaseStatus(asked["to"]), reason=reason
    )
    if isinstance(outcome, Settled):
        ack()
    elif isinstance(outcome, NotLookedUp):
        _come_again(parts, ack, person, outcome, "reason")
    else:
        _tell(ack, "Nothing was settled", not_settled(outcome))


def search(parts: Parts, ack: Ack, body: Body) -> None:
    """The search form: understood or not is said at once, what the provider has comes as a message."""
    inputs = _inputs(body)
    text = " ".join(filter(None, (inputs.get("search"), inputs.get("type"))))
    try:
        parse_search(text)
    except NotUnderstood as problem:
        ack(response_action="errors", errors={"search": misread_lines(problem)})
        return
    channel = json.loads(body["view"]["private_metadata"])["channel"]
    reply = Reply(parts, Recipient(who_acts(body).user, channel))
    if start(parts, reply, partial(_find, parts, body, text, channel)):
        ack()
    else:
        ack(response_action="errors", errors={"search": "Numberdesk is busy. Please try again in a minute."})


def _find(parts: Parts, body: Body, text: str, channel: str, reply: Reply) -> None:
    page = searching.search(parts.desk, who_acts(body), text, channel=channel)
    reply.say(offers.search_page(page))


SUBMISSIONS: Mapping[str, Submission] = {
    confirm.CALLBACK: request,
    decisions.APPROVE: partial(decision, Answer.APPROVE),
    decisions.DENY: partial(decision, Answer.DENY),
    decisions.SETTLE: settlement,
    form.CALLBACK: search,
}


def _unsaid(ack: Ack, inputs: Mapping[str, str | None], block: str) -> bool:
    """Whether a reason is blank; then the person is asked for one, and the modal stays."""
    if inputs.get(block):
        return False
    ack(response_action="errors", errors={block: "Please say why in a few words."})
    return True


def _come_again(parts: Parts, ack: Ack, person: Person, outcome: NotLookedUp, block: str) -> None:
    """Slack has not been asked lately who is who: it is asked now, aside, and the modal stays as it is."""
    ids = outcome.ids
    aside(parts, lambda: parts.desk.directory.refresh(person.workspace, ids))
    ack(response_action="errors", errors={block: "Who may do this is being looked up. Please press again."})


def _tell(ack: Ack, title: str, text: str) -> None:
    view: Block = notice(title, text)
    ack(response_action="update", view=view)


def _inputs(body: Body) -> dict[str, str | None]:
    """What stands in each input, by block; None where it was left empty."""
    return {
        block: _value(next(iter(state.values()))) for block, state in body["view"]["state"]["values"].items()
    }


def _value(element: Mapping[str, Any]) -> str | None:
    chosen = element.get("selected_option")
    text = chosen["value"] if chosen else element.get("value")
    return text.strip() or None if text else None
