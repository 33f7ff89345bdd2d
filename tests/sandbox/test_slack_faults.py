"""Trouble on order: what a test asks for is what the app meets, as often as asked."""

import time
import urllib.error

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.sandbox.counterpart import TOKEN


@pytest.fixture
def client(slack):
    return WebClient(TOKEN, base_url=f"{slack.url}/api/", retry_handlers=[])


def say(client):
    return client.chat_postMessage(channel="C0NUMBERS", text="x")


def test_a_server_error_comes_as_often_as_ordered(slack, client):
    slack.control.fault("chat.postMessage", {"status": 500}, times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError):
            say(client)
    assert say(client)["ok"]
    assert len(slack.rita.messages("C0NUMBERS")) == 1


def test_a_rate_limit_says_when_to_come_back(slack, client):
    slack.control.fault("chat.postMessage", {"error": "ratelimited", "retry_after": 7})
    with pytest.raises(SlackApiError) as refused:
        say(client)
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"


def test_an_error_is_an_answer_with_status_200(slack, client):
    slack.control.fault("*", {"error": "channel_not_found"})
    with pytest.raises(SlackApiError) as refused:
        say(client)
    assert (refused.value.response.status_code, refused.value.response["error"]) == (200, "channel_not_found")


@pytest.mark.parametrize(("when", "posted"), [("before", 0), ("after", 1)])
def test_a_reset_comes_before_or_after_the_work(slack, client, when, posted):
    slack.control.fault("chat.postMessage", {"reset": when})
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        say(client)
    assert len(slack.rita.messages("C0NUMBERS")) == posted


def test_the_default_retry_of_the_sdk_posts_twice_after_a_reset(slack):
    slack.control.fault("chat.postMessage", {"reset": "after"})
    assert say(WebClient(TOKEN, base_url=f"{slack.url}/api/"))["ok"]
    assert len(slack.rita.messages("C0NUMBERS")) == 2


def test_a_delay_delays(slack, client):
    slack.control.fault("chat.postMessage", {"delay": 0.15})
    started = time.monotonic()
    assert say(client)["ok"]
    assert time.monotonic() - started >= 0.15


def test_other_methods_are_not_touched(slack, client):
    slack.control.fault("chat.update", {"status": 500})
    assert say(client)["ok"]


def test_a_response_url_can_fail_without_being_used(slack):
    slack.rita.command("C0NUMBERS", "/number x")
    url = slack.app.last["response_url"]
    slack.control.fault("response_url", {"status": 500})
    assert slack.http.post(url, json={"text": "x"}).status_code == 500
    assert [slack.http.post(url, json={"text": "x"}).status_code for _ in range(6)] == [200] * 5 + [404]


def test_a_fault_stands_in_the_log(slack, client):
    slack.control.fault("auth.test", {"status": 503})
    with pytest.raises(SlackApiError):
        client.auth_test()
    assert slack.control.log("fault")[-1]["fault"] == {"status": 503}


def test_a_reset_of_the_workspace_takes_faults_and_messages_away(slack, client):
    slack.control.fault("*", {"status": 500}, times=100)
    slack.control.reset()
    assert say(client)["ok"]
    slack.control.reset()
    assert slack.rita.messages("C0NUMBERS") == []


def test_an_order_without_a_deed_is_refused(slack):
    answer = slack.http.post("/control/faults", json={"method": "auth.test"})
    assert (answer.status_code, answer.json()["error"]) == (400, "do_is_missing")
