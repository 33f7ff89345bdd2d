"""Channels that are archived or that the bot was taken out of, and messages that somebody took away."""

import pytest

from tests.sandbox.counterpart import actions, button


def answers(slack, ts):
    """What posting, whispering, editing and deleting come to."""
    place = {"channel": "C0NUMBERS", "text": "x"}
    return [
        slack.call(method, **place, **more).get("error")
        for method, more in (
            ("chat.postMessage", {}),
            ("chat.postEphemeral", {"user": "U0RITA"}),
            ("chat.update", {"ts": ts}),
            ("chat.delete", {"ts": ts}),
        )
    ]


@pytest.mark.parametrize(
    ("order", "errors"),
    [
        ({"archived": True}, ["is_archived", "is_archived", "is_inactive", "is_inactive"]),
        (
            {"bot_removed": True},
            ["not_in_channel", "not_in_channel", "channel_not_found", "channel_not_found"],
        ),
        ({"bot_removed": True, "private": True}, ["channel_not_found"] * 4),
        ({"private": True}, [None] * 4),
    ],
)
def test_what_the_bot_may_no_more_is_refused_in_slacks_words(slack, order, errors):
    message = slack.post("before")
    slack.control.channel("C0NUMBERS", **order)
    assert answers(slack, message.ts) == errors


def test_what_is_left_out_stays_and_can_be_undone(slack):
    message = slack.post("before")
    slack.control.channel("C0NUMBERS", archived=True)
    slack.control.channel("C0NUMBERS", bot_removed=True)
    assert answers(slack, message.ts)[0] == "is_archived"
    slack.control.channel("C0NUMBERS", archived=False)
    assert answers(slack, message.ts)[0] == "not_in_channel"
    slack.control.reset()
    assert slack.call("chat.postMessage", channel="C0NUMBERS", text="x")["ok"]


def test_other_channels_go_on(slack):
    slack.control.channel("C0NUMBERS", archived=True, bot_removed=True)
    assert slack.call("chat.postMessage", channel="C0APPROVE", text="x")["ok"]


def test_a_channel_says_what_became_of_it(slack, client):
    slack.control.channel("C0NUMBERS", archived=True, bot_removed=True)
    channel = client.conversations_info(channel="C0NUMBERS")["channel"]
    assert (channel["is_archived"], channel["is_member"]) == (True, False)
    assert "U0DESK" not in client.conversations_members(channel="C0NUMBERS")["members"]


def test_a_private_channel_without_the_bot_is_not_there_for_it(slack, client):
    slack.control.channel("C0NUMBERS", private=True)
    assert client.conversations_info(channel="C0NUMBERS")["channel"]["is_private"]
    assert [c["id"] for c in client.conversations_list()["channels"]] == ["C0APPROVE"]
    private = client.conversations_list(types="private_channel")["channels"]
    assert [c["id"] for c in private] == ["C0NUMBERS"]
    slack.control.channel("C0NUMBERS", bot_removed=True)
    assert slack.call("conversations.info", channel="C0NUMBERS")["error"] == "channel_not_found"
    assert slack.call("conversations.members", channel="C0NUMBERS")["error"] == "channel_not_found"
    assert client.conversations_list(types="private_channel")["channels"] == []


def test_nobody_writes_in_an_archived_channel(slack):
    slack.control.channel("C0NUMBERS", archived=True)
    with pytest.raises(LookupError, match="is_archived"):
        slack.rita.command("C0NUMBERS", "/number help")


def test_a_message_that_was_taken_away_is_not_found(slack):
    message = slack.post("x", [actions(button("go"))])
    slack.control.delete("C0NUMBERS", message.ts)
    assert slack.rita.messages("C0NUMBERS") == []
    assert answers(slack, message.ts)[2:] == ["message_not_found"] * 2
    with pytest.raises(LookupError, match="message_not_found"):
        slack.rita.click(message, "go")
    with pytest.raises(LookupError, match="message_not_found"):
        slack.control.delete("C0NUMBERS", message.ts)


@pytest.mark.parametrize("channel", ["C0NOWHERE", "D0RITA"])
def test_only_channels_can_be_archived(slack, channel):
    with pytest.raises(LookupError, match="channel_not_found"):
        slack.control.channel(channel, archived=True)
