"""How commands, clicks and events reach the app, and what people see when they do not."""

import threading
from urllib.parse import parse_qsl

import pytest
from slack_sdk.signature import SignatureVerifier

from tests.sandbox.counterpart import SECRET, actions, bench, button, option, plain


def test_a_command_is_signed_as_slack_signs(slack):
    assert slack.rita.command("C0NUMBERS", "/number search US").status == 200
    received = slack.app.received[0]
    assert SignatureVerifier(SECRET).is_valid_request(received.body, received.headers)
    assert not SignatureVerifier("another").is_valid_request(received.body, received.headers)


def test_a_command_carries_the_fields_of_slack(slack):
    slack.rita.command("C0NUMBERS", "/number search US local 415")
    form = dict(parse_qsl(slack.app.received[0].body))
    assert form["command"] == "/number"
    assert form["text"] == "search US local 415"
    assert (form["user_id"], form["channel_id"], form["team_id"]) == ("U0RITA", "C0NUMBERS", "T0DEMO")
    assert form["response_url"].startswith(slack.url)
    assert form["trigger_id"]


def test_a_command_in_a_direct_message_says_so(slack):
    slack.rita.command(slack.rita.direct, "/number help")
    assert slack.app.last["channel_name"] == "directmessage"


def test_a_command_alone_has_an_empty_text(slack):
    slack.rita.command("C0NUMBERS", "/number")
    assert slack.app.last["text"] == ""


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("for @ana please", "for <@U0ANA|ana> please"),
        ("in #phone-numbers", "in <#C0NUMBERS|phone-numbers>"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("see https://example.test/x", "see <https://example.test/x>"),
        ("@nobody #nowhere me@ana", "@nobody #nowhere me@ana"),
        ("<@U0ANA>", "&lt;@U0ANA&gt;"),
    ],
)
def test_typed_text_is_escaped_as_the_manifest_asks(slack, typed, sent):
    slack.rita.command("C0NUMBERS", f"/number {typed}")
    assert slack.app.last["text"] == sent


def test_a_text_ack_is_seen_by_the_asker_only(slack):
    slack.app.answer = lambda _: "Searching"
    slack.rita.command("C0NUMBERS", "/number x")
    assert slack.rita.last("C0NUMBERS").text == "Searching"
    assert slack.rita.last("C0NUMBERS").ephemeral
    assert slack.ana.messages("C0NUMBERS") == []


def test_an_ack_in_channel_shows_the_command_and_the_answer_to_all(slack):
    slack.app.answer = lambda _: {"response_type": "in_channel", "text": "Found"}
    slack.rita.command("C0NUMBERS", "/number x")
    assert [m.text for m in slack.ana.messages("C0NUMBERS")] == ["/number x", "Found"]


def test_an_ack_with_wrong_blocks_is_a_failure(slack):
    slack.app.answer = lambda _: {"text": "x", "blocks": [{"type": "sections"}]}
    assert slack.rita.command("C0NUMBERS", "/number x").error == "invalid_blocks"
    assert "/blocks/0/type" in str(slack.control.log("refused"))


def test_an_app_that_is_slow_is_reported_and_not_cut_off():
    with bench(ack_seconds=0.15) as slack:
        go_on = threading.Event()
        slack.app.answer = lambda _: go_on.wait(5) and None
        delivered = slack.rita.command("C0NUMBERS", "/number x")
        assert delivered.error == "operation_timeout"
        assert 140 <= delivered.ms < 2000
        failure = slack.rita.last("C0NUMBERS")
        assert failure.text == '/number failed with the error "operation_timeout"'
        assert failure.ephemeral
        go_on.set()
        assert slack.app.finished.wait(5)


@pytest.mark.parametrize(("status", "error"), [(500, "dispatch_failed"), (401, "http_401")])
def test_an_app_that_answers_badly_is_reported(slack, status, error):
    slack.app.answer = lambda _: status
    assert slack.rita.command("C0NUMBERS", "/number x").error == error
    assert error in slack.rita.last("C0NUMBERS").text


def test_nobody_at_the_request_url_is_reported(slack):
    slack.control.request_url("http://127.0.0.1:9/slack/events")
    assert slack.rita.command("C0NUMBERS", "/number x").error == "dispatch_failed"


def test_no_request_url_is_reported(slack):
    slack.control.request_url(None)
    assert slack.rita.command("C0NUMBERS", "/number x").error == "dispatch_failed"


def test_an_unknown_command_never_reaches_the_app(slack):
    slack.rita.command("C0NUMBERS", "/numbers x")
    assert slack.app.received == []
    assert "is not a command" in slack.rita.last("C0NUMBERS").text


def test_plain_text_is_a_message_for_everybody(slack):
    slack.rita.command("C0NUMBERS", "hello & <b>")
    assert slack.ana.last("C0NUMBERS").text == "hello &amp; &lt;b&gt;"
    assert slack.app.received == []


def test_nobody_types_into_another_persons_direct_message(slack):
    with pytest.raises(LookupError, match="channel_not_found"):
        slack.rita.command(slack.ana.direct, "/number x")


def test_a_click_carries_the_message_and_its_place(slack):
    message = slack.post("Choose", [actions(button("go", "Go", "42"))])
    assert slack.rita.click(message, "go").status == 200
    payload = slack.app.last
    assert payload["type"] == "block_actions"
    assert payload["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": "C0NUMBERS",
        "is_ephemeral": False,
    }
    assert payload["message"]["text"] == "Choose"
    assert payload["channel"] == {"id": "C0NUMBERS", "name": "phone-numbers"}
    action = payload["actions"][0]
    assert (action["action_id"], action["value"], action["type"]) == ("go", "42", "button")
    assert payload["trigger_id"]
    assert payload["response_url"]


def test_a_click_on_an_ephemeral_message_comes_without_it(slack):
    slack.call(
        "chat.postEphemeral", channel="C0NUMBERS", user="U0RITA", text="x", blocks=[actions(button("go"))]
    )
    slack.rita.click(slack.rita.last("C0NUMBERS"), "go")
    assert "message" not in slack.app.last
    assert slack.app.last["container"]["is_ephemeral"] is True


def test_nobody_clicks_on_what_they_do_not_see(slack):
    slack.call(
        "chat.postEphemeral", channel="C0NUMBERS", user="U0RITA", text="x", blocks=[actions(button("go"))]
    )
    with pytest.raises(LookupError, match="message_not_found"):
        slack.ana.click(slack.rita.last("C0NUMBERS"), "go")


def test_two_clicks_are_two_payloads(slack):
    message = slack.post("Choose", [actions(button("go"))])
    slack.rita.click(message, "go")
    slack.rita.click(message, "go")
    first, second = (each.payload for each in slack.app.received)
    assert first["trigger_id"] != second["trigger_id"]
    assert first["actions"][0]["action_ts"] != second["actions"][0]["action_ts"]


def test_a_confirm_is_echoed(slack):
    confirm = {
        "title": plain("Sure?"),
        "text": plain("It costs"),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    message = slack.post("Choose", [actions(button("go", confirm=confirm))])
    slack.rita.click(message, "go")
    assert slack.app.last["actions"][0]["confirm"] == confirm


def test_a_choice_in_a_message_is_sent_at_once(slack):
    select = {
        "type": "static_select",
        "action_id": "pick",
        "options": [option("One", "1"), option("Two", "2")],
    }
    message = slack.post("Choose", [actions(select)])
    slack.rita.click(message, "pick", text="Two")
    assert slack.app.last["actions"][0]["selected_option"]["value"] == "2"


def test_a_button_can_be_found_by_its_accessible_name(slack):
    message = slack.post("x", [actions(button("a", accessibility_label="Buy one"), button("b"))])
    slack.rita.click(message, text="Buy one")
    assert slack.app.last["actions"][0]["action_id"] == "a"


def test_a_button_that_is_not_there_is_named(slack):
    message = slack.post("x", [actions(button("a", "Buy"))])
    with pytest.raises(LookupError, match="Buy"):
        slack.rita.click(message, "other")


def test_opening_the_home_tab_is_a_signed_event(slack):
    slack.rita.home()
    received = slack.app.received[0]
    assert SignatureVerifier(SECRET).is_valid_request(received.body, received.headers)
    event = received.payload["event"]
    assert (event["type"], event["user"], event["tab"]) == ("app_home_opened", "U0RITA", "home")


def test_an_event_that_fails_comes_a_second_time_and_says_so(slack):
    slack.app.answer = lambda received: 500 if "x-slack-retry-num" not in received.headers else None
    slack.rita.home()
    first, second = slack.app.received
    assert first.payload == second.payload
    assert second.headers["x-slack-retry-num"] == "1"
    assert second.headers["x-slack-retry-reason"] == "http_error"


def test_the_newest_payload_can_be_delivered_again_unchanged(slack):
    slack.rita.command("C0NUMBERS", "/number x")
    assert slack.control.redeliver()["status"] == 200
    first, second = slack.app.received
    assert first.body == second.body


def test_the_log_tells_how_each_delivery_was_acknowledged(slack):
    slack.rita.command("C0NUMBERS", "/number x")
    entry = slack.control.log("delivery")[-1]
    assert (entry["what"], entry["status"], entry["via"]) == ("slash_commands", 200, "http")
    assert entry["ms"] >= 0
    assert SECRET not in str(slack.control.log())
