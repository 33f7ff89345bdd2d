"""Socket Mode with Bolt's own handler at the other end."""

from contextlib import contextmanager

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.sandbox.counterpart import APP_TOKEN, TOKEN, actions, bench, button, modal, option, text_input


@pytest.fixture
def slack():
    with bench(ack_seconds=0.5) as running:
        yield running


def bolt(slack):
    app = App(client=WebClient(TOKEN, base_url=f"{slack.url}/api/"))

    @app.command("/number")
    def command(ack, command):
        ack(f"You typed {command['text']}")

    @app.action("go")
    def go(ack, respond):
        ack()
        respond(text="pressed", replace_original=True)

    @app.view("")
    def view(ack):
        ack(response_action="errors", errors={"why": "Say more"})

    @app.options("pick")
    def pick(ack):
        ack(options=[option("One", "1")])

    return app


@contextmanager
def socket_mode(slack, app):
    handler = SocketModeHandler(app, APP_TOKEN)
    before = slack.control.sockets()
    handler.connect()
    slack.rita.wait_for(lambda _: slack.control.sockets() > before)
    try:
        yield handler
    finally:
        handler.close()


def test_commands_clicks_views_and_options_go_over_the_socket(slack):
    with socket_mode(slack, bolt(slack)):
        assert slack.rita.command("C0NUMBERS", "/number hello").status == 200
        assert slack.rita.last("C0NUMBERS").text == "You typed hello"

        select = {"type": "external_select", "action_id": "pick"}
        message = slack.post("first", [actions(button("go"), select)])
        assert slack.rita.options(message, "pick", "o")[0]["value"] == "1"
        slack.rita.click(message, "go")
        slack.rita.wait_message("C0NUMBERS", "pressed")

        trigger = slack.control.log("delivery")[0]["payload"]["trigger_id"]
        assert slack.call("views.open", trigger_id=trigger, view=modal(text_input()))["ok"]
        slack.rita.fill("why", "x")
        assert slack.rita.submit() == {"why": "Say more"}
    assert slack.app.received == []
    assert {entry["via"] for entry in slack.control.log("delivery")} == {"socket"}


def ticket(slack):
    headers = {"Authorization": f"Bearer {APP_TOKEN}"}
    return slack.http.post("/api/apps.connections.open", headers=headers).json()["url"]


def test_each_envelope_goes_to_exactly_one_of_two_connections(slack):
    with connect(ticket(slack), proxy=None) as one, connect(ticket(slack), proxy=None) as two:
        assert '"hello"' in one.recv(timeout=5)
        assert '"num_connections":2' in two.recv(timeout=5)
        slack.rita.command("C0NUMBERS", "/number x")
        slack.rita.command("C0NUMBERS", "/number y")
        assert {"text" in one.recv(timeout=5), "text" in two.recv(timeout=5)} == {True}
        for socket in (one, two):
            with pytest.raises(TimeoutError):
                socket.recv(timeout=0.05)


def test_what_is_not_acked_is_a_time_out(slack):
    with connect(ticket(slack), proxy=None) as socket:
        socket.recv(timeout=5)
        assert slack.rita.command("C0NUMBERS", "/number x").error == "operation_timeout"


def test_a_ticket_is_good_once(slack):
    address = ticket(slack)
    with connect(address, proxy=None) as socket:
        socket.recv(timeout=5)
        with pytest.raises((InvalidStatus, ConnectionClosed)):
            connect(address, proxy=None).recv()


def test_a_connection_that_is_asked_to_leave_gets_nothing_more(slack):
    with connect(ticket(slack), proxy=None) as socket:
        socket.recv(timeout=5)
        assert slack.control.disconnect() == 1
        assert '"refresh_requested"' in socket.recv(timeout=5)
        assert slack.rita.command("C0NUMBERS", "/number x").status == 200
        assert len(slack.app.received) == 1


def test_who_leaves_as_asked_is_served_on_the_next_connection(slack):
    with connect(ticket(slack), proxy=None) as old:
        old.recv(timeout=5)
        slack.control.disconnect(close=True)
        with connect(ticket(slack), proxy=None) as new:
            assert '"hello"' in new.recv(timeout=5)
            slack.rita.command("C0NUMBERS", "/number again")
            assert "again" in new.recv(timeout=5)
            assert '"disconnect"' in old.recv(timeout=5)
            with pytest.raises(ConnectionClosed):
                old.recv(timeout=5)


def test_pages_hear_of_changes_over_their_socket_and_only_that(slack):
    with connect(slack.url.replace("http", "ws") + "/ui/live", proxy=None) as socket:
        first = socket.recv(timeout=5)
        slack.post("secret words")
        second = socket.recv(timeout=5)
    assert first != second
    assert "secret" not in second
