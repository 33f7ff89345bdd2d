"""Buttons behind the stand-in of Slack: every click gets an answer, and what needs none gets none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from bot.door import dispatcher
from handlers import actions, clicks, errors
from handlers.ui.trouble import OLD_BUTTON
from tests.handlers.answering import NUMBERS, direct, parts_for, texts
from tests.sandbox.counterpart import TOKEN, Bench, Received, button
from tests.sandbox.counterpart import actions as row


@contextmanager
def listening(slack: Bench) -> Iterator[None]:
    """The buttons' listeners behind the stand-in."""
    with parts_for(slack) as parts:
        app = App(
            name="test",
            client=parts.slack,
            authorize=lambda **_: AuthorizeResult(enterprise_id=None, team_id=None, bot_token=TOKEN),
            process_before_response=True,
            request_verification_enabled=False,
        )
        actions.register(app, parts)
        errors.register(app, parts)
        dispatch = dispatcher(app)

        def answer(received: Received) -> Any:
            return dispatch(received.payload).body or None

        slack.app.answer = answer
        yield


def test_a_click_on_an_old_button_gets_an_answer(slack: Bench) -> None:
    old = slack.post("old", [row(button("offer_reserve"))])
    with listening(slack):
        assert slack.rita.click(old, "offer_reserve").error is None
    assert texts(slack) == ["old", OLD_BUTTON]


def test_a_choice_in_a_form_needs_none_but_an_old_button_there_does(slack: Bench) -> None:
    slack.rita.command(NUMBERS, "/number")
    options = [{"text": {"type": "plain_text", "text": "Red"}, "value": "red"}]
    select = {"type": "static_select", "action_id": "colour", "options": options}
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Old"},
        "blocks": [
            {"type": "actions", "block_id": "one", "elements": [select]},
            {"type": "actions", "block_id": "two", "elements": [button("offer_reserve")]},
        ],
    }
    told = slack.call("views.open", trigger_id=slack.app.last["trigger_id"], view=view)
    assert told["ok"], told
    with listening(slack):
        assert slack.rita.choose("one", "Red").error is None
    assert direct(slack) == []
    shown = slack.rita.modal()
    assert shown is not None
    with listening(slack):
        assert slack.rita.click(shown, "offer_reserve").error is None
    assert direct(slack) == [OLD_BUTTON]


def test_a_click_whose_listener_fails_gets_an_answer(slack: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(actions.CLICKS, "offer_reserve", lambda *_: None)
    monkeypatch.setattr(clicks, "after_click", lambda *_: 1 / 0)
    message = slack.post("offer", [row(button("offer_reserve"))])
    slack_down = {"status": 404}
    slack.control.fault("response_url", slack_down)
    with listening(slack):
        assert slack.rita.click(message, "offer_reserve").error is None
    assert "Something went wrong" in texts(slack)[-1]
