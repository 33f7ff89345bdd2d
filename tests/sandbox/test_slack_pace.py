"""Slack's pace: a message a second in a channel, if a test asks for it; and answers in pages."""

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.slack.errors import Limited
from sandbox.slack.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def kept(clock, per_second):
    pace = Pace(clock)
    pace.order(per_second)
    return pace


def taken(pace, channel="C0NUMBERS"):
    try:
        pace.count(channel)
    except Limited as limited:
        return limited.retry_after
    return None


def test_no_pace_is_kept_unless_it_is_ordered(slack):
    assert all(slack.call("chat.postMessage", channel="C0NUMBERS", text="x")["ok"] for _ in range(20))


def test_one_too_many_is_a_429_that_says_when_to_come_again(slack, client):
    slack.control.pace(0.01)
    assert client.chat_postMessage(channel="C0NUMBERS", text="first")["ok"]
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C0NUMBERS", text="second")
    response = refused.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert 90 <= int(response.headers["retry-after"]) <= 100
    assert [m.text for m in slack.rita.messages("C0NUMBERS")] == ["first"]
    assert slack.control.log("api", "chat.postMessage")[-1]["ok"] is False


def test_channels_edits_and_whispers_do_not_wait_for_each_other(slack):
    slack.control.pace(0.01)
    first = slack.call("chat.postMessage", channel="C0NUMBERS", text="x")
    assert slack.call("chat.postMessage", channel="C0APPROVE", text="x")["ok"]
    assert slack.call("chat.update", channel="C0NUMBERS", ts=first["ts"], text="y")["ok"]
    assert slack.call("chat.postEphemeral", channel="C0NUMBERS", user="U0RITA", text="x")["ok"]


@pytest.mark.parametrize("end", [lambda control: control.pace(None), lambda control: control.reset()])
def test_the_pace_ends_when_it_is_told_to(slack, end):
    slack.control.pace(0.01)
    slack.call("chat.postMessage", channel="C0NUMBERS", text="x")
    end(slack.control)
    assert slack.call("chat.postMessage", channel="C0NUMBERS", text="x")["ok"]


@pytest.mark.parametrize("wrong", ["fast", -1, True])
def test_a_pace_is_a_number(slack, wrong):
    assert slack.http.post("/control/pace", json={"per_second": wrong}).status_code == 400


def test_a_second_later_there_is_room_again(clock):
    pace = kept(clock, 1)
    assert taken(pace) is None
    clock.now += 0.75
    assert taken(pace) == 1
    clock.now += 0.25
    assert taken(pace) is None


def test_what_was_refused_does_not_count(clock):
    pace = kept(clock, 0.1)
    assert [taken(pace) for _ in range(3)] == [None, 10, 10]
    clock.now += 10
    assert taken(pace) is None


def test_three_a_second_are_three(clock):
    pace = kept(clock, 3)
    assert [taken(pace) for _ in range(4)] == [None, None, None, 1]
    assert taken(pace, "C0APPROVE") is None


def test_a_group_is_answered_in_pages(slack, client):
    everybody = ["U0RITA", "U0ANA", "U0OTTO", "U0CARA", "U0GUS"]
    slack.control.group("S0PROCURE", users=everybody, page=2)
    pages = [page["users"] for page in client.usergroups_users_list(usergroup="S0PROCURE")]
    assert pages == [everybody[:2], everybody[2:4], everybody[4:]]


def test_a_group_that_fits_is_one_page(slack, client):
    assert len(list(client.usergroups_users_list(usergroup="S0PROCURE"))) == 1
    slack.control.group("S0PROCURE", page=2)
    assert len(list(client.usergroups_users_list(usergroup="S0PROCURE"))) == 1
    slack.control.group("S0PROCURE", page=1)
    slack.control.group("S0PROCURE")
    assert len(list(client.usergroups_users_list(usergroup="S0PROCURE"))) == 1


@pytest.mark.parametrize("cursor", ["x", "UzBPVEhFUjox", "é"])
def test_a_cursor_that_slack_did_not_give_is_refused(slack, cursor):
    slack.control.group("S0PROCURE", page=1)
    told = slack.call("usergroups.users.list", usergroup="S0PROCURE", cursor=cursor)
    assert told["error"] == "invalid_cursor"
