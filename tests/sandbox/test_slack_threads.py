"""Threads: what is a reply, what becomes of it when its parent goes, and who sees it where."""

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.counterpart import actions, button


def replied(client, parent, text="a reply", **more):
    return client.chat_postMessage(channel="C0NUMBERS", thread_ts=parent.ts, text=text, **more)


def texts(messages):
    return [message["text"] for message in messages]


def test_a_reply_says_whose_it_is_and_its_parent_counts_it(slack, client):
    parent = slack.post("the card")
    told = replied(client, parent)
    assert told["message"]["thread_ts"] == parent.ts
    assert [m.text for m in slack.rita.thread(parent)] == ["a reply"]
    found = client.conversations_replies(channel="C0NUMBERS", ts=parent.ts)["messages"]
    assert texts(found) == ["the card", "a reply"]
    assert (found[0]["thread_ts"], found[0]["reply_count"]) == (parent.ts, 1)


def test_a_reply_to_a_reply_lies_in_the_same_thread(slack, client):
    parent = slack.post("the card")
    first = replied(client, parent)
    told = client.chat_postMessage(channel="C0NUMBERS", thread_ts=first["ts"], text="x")
    assert told["message"]["thread_ts"] == parent.ts


def test_the_history_has_no_replies_but_those_sent_to_the_channel_as_well(slack, client):
    parent = slack.post("the card")
    replied(client, parent, "in the thread")
    told = replied(client, parent, "for all", reply_broadcast=True)
    assert told["message"]["subtype"] == "thread_broadcast"
    history = client.conversations_history(channel="C0NUMBERS")["messages"]
    assert texts(history) == ["for all", "the card"]
    assert slack.rita.last("C0NUMBERS").broadcast


def test_without_a_thread_there_is_nothing_to_broadcast(slack, client):
    told = client.chat_postMessage(channel="C0NUMBERS", text="x", reply_broadcast=True)
    assert "subtype" not in told["message"]


@pytest.mark.parametrize("ts", ["1.000001", "x"])
def test_a_reply_to_what_is_not_there_is_refused(slack, ts):
    told = slack.call("chat.postMessage", channel="C0NUMBERS", thread_ts=ts, text="x")
    assert told == {"ok": False, "error": "thread_not_found"}
    assert slack.rita.messages("C0NUMBERS") == []


def test_a_parent_in_another_channel_or_for_one_person_is_none(slack, client):
    elsewhere = slack.post("x", channel="C0APPROVE")
    with pytest.raises(SlackApiError, match="thread_not_found"):
        replied(client, elsewhere)
    client.chat_postEphemeral(channel="C0NUMBERS", user="U0RITA", text="x")
    with pytest.raises(SlackApiError, match="thread_not_found"):
        replied(client, slack.rita.last("C0NUMBERS"))


def test_a_parent_that_was_taken_away_has_no_thread(slack, client):
    parent = slack.post("the card")
    slack.control.delete("C0NUMBERS", parent.ts)
    with pytest.raises(SlackApiError, match="thread_not_found"):
        replied(client, parent)


def test_a_lost_reply_can_become_a_message_of_its_own_as_others_saw_it(slack, client):
    parent = slack.post("the card")
    slack.control.delete("C0NUMBERS", parent.ts)
    slack.control.lost_threads("top")
    assert "thread_ts" not in replied(client, parent)["message"]
    assert slack.rita.last("C0NUMBERS").thread_ts is None
    slack.control.reset()
    assert slack.call("chat.postMessage", channel="C0NUMBERS", thread_ts=parent.ts, text="x")["ok"] is False


def test_what_becomes_of_lost_replies_is_one_of_two(slack):
    with pytest.raises(LookupError, match="lost_is_missing"):
        slack.control.lost_threads("somewhere")


def test_a_parent_with_replies_leaves_a_stone_and_the_thread_goes_on(slack, client):
    parent = slack.post("the card", [actions(button("go"))])
    replied(client, parent)
    slack.control.delete("C0NUMBERS", parent.ts)
    stone = slack.rita.messages("C0NUMBERS")[0]
    assert (stone.ts, stone.words, stone.blocks) == (parent.ts, "This message was deleted.", [])
    place = {"channel": "C0NUMBERS", "ts": parent.ts}
    assert slack.call("chat.update", **place, text="x")["error"] == "message_not_found"
    assert slack.call("chat.delete", **place)["error"] == "message_not_found"
    assert replied(client, parent)["ok"]


def test_a_parent_whose_replies_are_gone_goes_without_a_trace(slack, client):
    parent = slack.post("the card")
    client.chat_delete(channel="C0NUMBERS", ts=replied(client, parent)["ts"])
    client.chat_delete(channel="C0NUMBERS", ts=parent.ts)
    assert slack.rita.messages("C0NUMBERS") == []


def test_a_whisper_in_a_thread_is_seen_only_where_somebody_has_replied(slack, client):
    parent = slack.post("the card")
    whisper = {"channel": "C0NUMBERS", "user": "U0RITA", "thread_ts": parent.ts}
    assert client.chat_postEphemeral(**whisper, text="too early")["ok"]
    assert slack.rita.thread(parent) == []
    replied(client, parent)
    client.chat_postEphemeral(**whisper, text="in time")
    assert [m.text for m in slack.rita.thread(parent)] == ["a reply", "in time"]
    assert [m.text for m in slack.ana.thread(parent)] == ["a reply"]


def test_a_press_on_a_reply_says_in_which_thread(slack, client):
    parent = slack.post("the card")
    replied(client, parent, blocks=[actions(button("go"))])
    slack.rita.click(slack.rita.thread(parent)[0], "go")
    assert slack.app.last["container"]["thread_ts"] == parent.ts
    assert slack.app.last["message"]["thread_ts"] == parent.ts


def test_a_person_replies_and_pings_as_anywhere(slack):
    parent = slack.post("the card")
    slack.rita.reply(parent, "@ana look")
    assert [m.user for m in slack.ana.thread(parent)] == ["U0RITA"]
    assert slack.control.pings()[0]["users"] == ["U0ANA"]


@pytest.mark.parametrize("typed", ["/number help", "/other"])
def test_there_are_no_commands_in_threads(slack, typed):
    parent = slack.post("the card")
    slack.rita.reply(parent, typed)
    assert slack.app.received == []
    answer = slack.rita.thread(parent)[0]
    assert answer.ephemeral
    assert "is not supported in threads" in answer.text


def test_an_answer_to_a_response_url_may_lie_in_a_thread(slack):
    message = slack.post("the card", [actions(button("go"))])
    slack.rita.click(message, "go")
    answer = {"text": "for all", "response_type": "in_channel", "thread_ts": message.ts}
    assert slack.http.post(slack.app.last["response_url"], json=answer).text == "ok"
    assert [m.text for m in slack.ana.thread(message)] == ["for all"]
