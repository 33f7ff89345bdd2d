"""Modals behind the stand-in of Slack whose listener fails: nothing that was typed is lost."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult

from bot.door import dispatcher
from handlers import errors, forms
from handlers.parts import Body, Parts
from tests.handlers.answering import NUMBERS, parts_for
from tests.sandbox.counterpart import TOKEN, Bench, Received, modal, text_input


def _fail(_parts: Parts, _ack: Ack, _body: Body) -> None:
    raise RuntimeError("a bug")


@contextmanager
def listening(slack: Bench, work: forms.Submission) -> Iterator[None]:
    """A modal's listener behind the stand-in."""
    with parts_for(slack) as parts:
        app = App(
            name="test",
            client=parts.slack,
            authorize=lambda **_: AuthorizeResult(enterprise_id=None, team_id=None, bot_token=TOKEN),
            process_before_response=True,
            request_verification_enabled=False,
        )
        forms.listen(app, parts, {"form": work})
        errors.register(app, parts)
        dispatch = dispatcher(app)

        def answer(received: Received) -> Any:
            said = dispatch(received.payload).body
            return json.loads(said) if said else None

        slack.app.answer = answer
        yield


def opened(slack: Bench, *blocks: dict[str, Any]) -> None:
    slack.rita.command(NUMBERS, "/number")
    view = modal(*blocks, callback_id="form")
    told = slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=view)
    assert told["ok"], told


def test_a_form_whose_listener_fails_stays_with_what_was_typed(slack: Bench) -> None:
    opened(slack, text_input("why"))
    slack.rita.fill("why", "Because")
    with listening(slack, _fail):
        assert "Something went wrong" in (slack.rita.submit() or {})["why"]


def test_a_form_without_inputs_whose_listener_fails_says_so_too(slack: Bench) -> None:
    opened(slack, {"type": "section", "text": {"type": "plain_text", "text": "Sure?"}})
    with listening(slack, _fail):
        assert slack.rita.submit() is None
    shown = slack.rita.modal()
    assert shown is not None and "Something went wrong" in shown.words and shown.submit is None


def test_what_no_keyboard_makes_does_not_reach_the_database(slack: Bench) -> None:
    """PostgreSQL refuses a text with a NUL in it, and a reason would be lost for that."""
    seen: list[forms.Inputs] = []

    def keep(_parts: Parts, ack: Ack, body: Body) -> None:
        seen.append(forms.inputs_of(body["view"]))
        ack()

    opened(slack, text_input("why"), text_input("else", optional=True))
    slack.rita.fill("why", " a\x00b\x07\nc\u202e ")
    with listening(slack, keep):
        assert slack.rita.submit() is None
    assert seen == [{"why": "ab\nc\u202e", "else": None}]


@pytest.mark.parametrize(("typed", "least"), [("\u200b\u202e ", 1), ("too short", 10), ("\u200b" * 20, 10)])
def test_a_reason_that_nobody_can_read_is_none(slack: Bench, typed: str, least: int) -> None:
    def ask(_parts: Parts, ack: Ack, body: Body) -> None:
        if not forms.unsaid(ack, forms.inputs_of(body["view"]), "why", least=least):
            ack()

    opened(slack, text_input("why"))
    slack.rita.fill("why", typed)
    with listening(slack, ask):
        assert list(slack.rita.submit() or {}) == ["why"]
        slack.rita.fill("why", "A reason that is long enough")
        assert slack.rita.submit() is None
