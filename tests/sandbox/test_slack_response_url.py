"""response_url: five uses, thirty minutes, and what each kind of post does."""

import pytest

from sandbox.slack.errors import ApiError
from sandbox.slack.workspace import Workspace
from tests.sandbox.counterpart import actions, button


def from_command(slack):
    slack.rita.command("C0NUMBERS", "/number x")
    return slack.app.last["response_url"]


def from_click(slack, message):
    slack.rita.click(message, "go")
    return slack.app.last["response_url"]


def ephemeral(slack):
    blocks = [actions(button("go"))]
    slack.call("chat.postEphemeral", channel="C0NUMBERS", user="U0RITA", text="first", blocks=blocks)
    return slack.rita.last("C0NUMBERS")


def test_an_answer_is_for_the_asker_only(slack):
    assert slack.http.post(from_command(slack), json={"text": "for you"}).status_code == 200
    assert slack.rita.last("C0NUMBERS").text == "for you"
    assert slack.ana.messages("C0NUMBERS") == []


def test_an_answer_in_channel_is_for_all(slack):
    slack.http.post(from_command(slack), json={"text": "for all", "response_type": "in_channel"})
    assert slack.ana.last("C0NUMBERS").text == "for all"


def test_a_sixth_use_is_refused(slack):
    url = from_command(slack)
    assert [slack.http.post(url, json={"text": "x"}).status_code for _ in range(6)] == [200] * 5 + [404]
    assert slack.http.post(url, json={"text": "x"}).text == "used_url"


def test_after_thirty_minutes_it_is_refused():
    now = [1000.0]
    workspace = Workspace("http://127.0.0.1:1", clock=lambda: now[0])
    token = workspace.issue_hook("U0RITA", "C0NUMBERS").rpartition("/")[2]
    now[0] += 30 * 60
    workspace.use_hook(token)
    now[0] += 1
    with pytest.raises(ApiError) as refusal:
        workspace.use_hook(token)
    assert refusal.value.error == "expired_url"


def test_replacing_works_on_an_ephemeral_message(slack):
    url = from_click(slack, ephemeral(slack))
    slack.http.post(url, json={"text": "second", "replace_original": True})
    assert [m.text for m in slack.rita.messages("C0NUMBERS")] == ["second"]
    assert slack.rita.last("C0NUMBERS").ephemeral
    assert slack.ana.messages("C0NUMBERS") == []


def test_without_replacing_a_second_message_appears(slack):
    url = from_click(slack, ephemeral(slack))
    slack.http.post(url, json={"text": "second", "replace_original": False})
    assert [m.text for m in slack.rita.messages("C0NUMBERS")] == ["first", "second"]


def test_replacing_a_message_of_the_channel_is_seen_by_all(slack):
    url = from_click(slack, slack.post("first", [actions(button("go"))]))
    slack.http.post(url, json={"text": "second", "replace_original": "true"})
    assert [m.text for m in slack.ana.messages("C0NUMBERS")] == ["second"]


def test_deleting_takes_the_message_away(slack):
    url = from_click(slack, ephemeral(slack))
    slack.http.post(url, json={"delete_original": True})
    assert slack.rita.messages("C0NUMBERS") == []


def test_a_command_has_nothing_to_replace(slack):
    slack.app.answer = lambda _: "ack"
    slack.http.post(from_command(slack), json={"text": "answer", "replace_original": True})
    assert [m.text for m in slack.rita.messages("C0NUMBERS")] == ["ack", "answer"]


@pytest.mark.parametrize(
    ("body", "error"),
    [({"blocks": [{"type": "nothing"}]}, "invalid_blocks"), ({"text": ""}, "no_text")],
)
def test_a_wrong_answer_is_refused_with_a_reason(slack, body, error):
    answer = slack.http.post(from_command(slack), json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert slack.control.log("response_url")[-1]["ok"] is False


@pytest.mark.parametrize("raw", [b"no json", b"[]", b""])
def test_what_is_no_object_is_refused(slack, raw):
    assert slack.http.post(from_command(slack), content=raw).text == "invalid_payload"


def test_an_invented_address_is_refused(slack):
    assert slack.http.post("/response/invented", json={"text": "x"}).status_code == 404
