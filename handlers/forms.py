"""What the doors for modals have in common: each comes back in one short transaction, inside of the ack."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt import Ack, App

from bot.model.request import Person
from bot.usecases.judge import NotLookedUp
from handlers.errand import aside
from handlers.parts import Body, Parts
from handlers.ui.blocks import notice
from handlers.ui.text import clean
from storage.hurry import hurry

Inputs = Mapping[str, str | None]
"""What stands in each input, by block; None where it was left empty."""
Submission = Callable[[Parts, Ack, Body], None]
Submissions = Mapping[str, Submission]
"""Modals by their callback id."""

NOT_LOADED = "-"
"""The value of the line that says a list has not arrived yet."""
LOOKING_UP = "Who may do this is being looked up. Please press again."
ANSWERED_WITHIN = 2.0
"""Seconds for a form's transaction: Slack waits three, and says then that it could not connect."""
_LONGEST = 3000
# no keyboard makes them, and PostgreSQL refuses the first in any text
_UNTYPABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def listen(app: App, parts: Parts, submissions: Submissions) -> None:
    """Puts a listener for each modal on a Bolt app."""
    for callback_id, work in submissions.items():
        app.view(callback_id)(partial(_submitted, parts, work))


def _submitted(parts: Parts, work: Submission, ack: Ack, body: Body) -> None:
    with hurry(ANSWERED_WITHIN):
        work(parts, ack, body)


def inputs_of(view: Mapping[str, Any]) -> Inputs:
    """The inputs of a view as Slack sends it: with a submission, and with a click inside of it."""
    return {block: _value(next(iter(state.values()))) for block, state in view["state"]["values"].items()}


def _value(element: Mapping[str, Any]) -> str | None:
    chosen = element.get("selected_option")
    text = chosen["value"] if chosen else element.get("value") or element.get("selected_user")
    return _UNTYPABLE.sub("", text).strip() or None if text else None


def unsaid(ack: Ack, inputs: Inputs, block: str, *, least: int = 1) -> bool:
    """Whether a reason is blank or too short; then the person is asked for one, and the modal stays."""
    if len(clean(inputs.get(block) or "", _LONGEST)) >= least:
        return False
    how = f"At least {least} characters." if least > 1 else "Please say why in a few words."
    complain(ack, block, how)
    return True


def complain(ack: Ack, block: str, text: str) -> None:
    """Keeps the modal as it is, with a word under one of its inputs."""
    ack(response_action="errors", errors={block: text})


def come_again(parts: Parts, ack: Ack, person: Person, outcome: NotLookedUp, block: str) -> None:
    """Slack has not been asked lately who is who: it is asked now, aside, and the modal stays as it is."""
    aside(parts, lambda: parts.desk.directory.refresh(person.workspace, outcome.ids))
    complain(ack, block, LOOKING_UP)


def tell(ack: Ack, title: str, text: str) -> None:
    """Puts what there is to say in the place of the modal."""
    ack(response_action="update", view=notice(title, text))
