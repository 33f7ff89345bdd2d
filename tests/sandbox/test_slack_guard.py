"""Other websites in the same browser must not act here."""

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.sandbox.counterpart import bench


@pytest.fixture(scope="module")
def slack():
    with bench() as running:
        yield running


SAY = {"user": "U0RITA", "channel": "C0NUMBERS", "text": "/number x"}


def test_a_foreign_host_is_refused(slack):
    assert slack.http.get("/", headers={"Host": "evil.test"}).status_code == 400


def test_a_foreign_origin_is_refused(slack):
    answer = slack.http.post("/ui/say", json=SAY, headers={"Origin": "https://evil.test"})
    assert (answer.status_code, answer.json()["error"]) == (400, "foreign_origin")


def test_a_form_is_refused(slack):
    assert slack.http.post("/ui/say", data=SAY).json()["error"] == "json_only"
    assert slack.http.post("/control/reset", data={}).json()["error"] == "json_only"


@pytest.mark.parametrize(("raw", "error"), [(b"{", "invalid_json"), (b"[]", "json_not_object")])
def test_what_is_no_object_is_refused(slack, raw, error):
    headers = {"Content-Type": "application/json"}
    assert slack.http.post("/ui/say", content=raw, headers=headers).json()["error"] == error


def test_a_stranger_is_nobody(slack):
    assert slack.http.post("/ui/say", json=SAY | {"user": "U0EVE"}).json()["error"] == "user_not_found"
    assert slack.http.get("/ui/state?user=U0EVE").json()["error"] == "user_not_found"


def test_the_socket_of_the_page_is_not_for_other_pages(slack):
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        connect(slack.url.replace("http", "ws") + "/ui/live", origin="https://evil.test", proxy=None).recv()


def test_the_page_allows_its_own_scripts_only(slack):
    policy = slack.http.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_icon_and_the_health_are_answered(slack):
    assert slack.http.get("/favicon.ico").status_code == 200
    assert slack.http.get("/healthz").text == "ok"


def test_nobody_reads_a_direct_message_of_others(slack):
    slack.call("chat.postMessage", channel="U0RITA", text="only Rita")
    shown = slack.http.get("/ui/state?user=U0ANA&channel=D0RITA").json()
    assert shown["messages"] == []
    assert "D0RITA" not in [channel["id"] for channel in shown["channels"]]
