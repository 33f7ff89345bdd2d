"""Socket Mode as a process against a small Slack: what is acknowledged, and that an end loses nothing."""

import json
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from bot.door import APOLOGY

DATA = Path(__file__).parent / "data"
ROOT = DATA.parents[2]
PATIENCE = 30


class Slack:
    """apps.connections.open and a WebSocket: what the program says on it, and a way to tell it things."""

    def __init__(self) -> None:
        self.said: queue.Queue[dict[str, Any]] = queue.Queue()
        self.connections: queue.Queue[ServerConnection] = queue.Queue()
        self.asked: queue.Queue[str | None] = queue.Queue()
        self.open: dict[str, Any] = {}
        self.api = ""

    def talk(self, connection: ServerConnection) -> None:
        connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        self.connections.put(connection)
        try:
            for frame in connection:
                self.said.put(json.loads(frame))
        except ConnectionClosed:
            return  # a killed program says no goodbye

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.put(handler.headers["Authorization"])
        body = json.dumps(self.open).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@contextmanager
def running(server: Any, *poll: float) -> Iterator[None]:
    thread = Thread(target=server.serve_forever, args=poll)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def slack() -> Iterator[Slack]:
    made = Slack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.answer(self)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ExitStack() as stack:
        web = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        line = stack.enter_context(serve(made.talk, "127.0.0.1", 0))
        stack.enter_context(running(web, 0.02))
        stack.enter_context(running(line))
        made.api = f"http://127.0.0.1:{web.server_address[1]}/api/"
        made.open = {"ok": True, "url": f"ws://127.0.0.1:{line.socket.getsockname()[1]}/link"}
        yield made


@contextmanager
def program(api: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(DATA / "socketed.py"), api],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def envelope(kind: str, number: int, payload: dict[str, Any]) -> str:
    return json.dumps(
        {"type": kind, "envelope_id": f"e{number}", "payload": payload, "accepts_response_payload": True}
    )


def command(number: int, text: str) -> str:
    fields = json.loads((DATA / "slash_command_smart_punctuation.json").read_text(encoding="utf-8"))
    return envelope("slash_commands", number, {**fields, "text": text})


def test_an_answer_under_way_goes_out_before_the_end(slack: Slack) -> None:
    with program(slack.api) as process:
        assert hear(process) == "started"
        slack.connections.get(timeout=PATIENCE).send(command(1, "search payload"))
        assert hear(process) == "heard"
        process.terminate()
        out, _ = process.communicate("late but here\n", timeout=PATIENCE)
    assert process.returncode == 0
    assert out == "answered\nstopped True\nreturned\n"
    assert slack.said.get(timeout=PATIENCE) == {"envelope_id": "e1", "payload": {"text": "late but here"}}
    assert slack.asked.get(timeout=PATIENCE) == "Bearer xapp-1-invented"


def test_an_old_button_is_acknowledged_and_a_failed_command_gets_an_apology(slack: Slack) -> None:
    payload = json.loads((DATA / "block_actions_message.json").read_text(encoding="utf-8"))
    with program(slack.api) as process:
        assert hear(process) == "started"
        connection = slack.connections.get(timeout=PATIENCE)
        connection.send(envelope("interactive", 1, payload))
        assert slack.said.get(timeout=PATIENCE) == {"envelope_id": "e1"}
        connection.send(command(2, "fail"))
        answer = slack.said.get(timeout=PATIENCE)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert answer["payload"] == {"response_type": "ephemeral", "text": APOLOGY}
    assert "no listener answered a request of Slack" in err


def test_a_lost_connection_is_opened_again(slack: Slack) -> None:
    with program(slack.api) as process:
        assert hear(process) == "started"
        slack.connections.get(timeout=PATIENCE).close()
        slack.connections.get(timeout=PATIENCE).send(command(1, "again"))
        assert hear(process) == "heard"
        process.terminate()
        process.communicate("fine\n", timeout=PATIENCE)
    assert slack.said.get(timeout=PATIENCE)["payload"] == {"text": "fine"}
    assert process.returncode == 0


def test_a_refused_token_is_one_line_and_exit_code_2(slack: Slack) -> None:
    slack.open = {"ok": False, "error": "invalid_auth"}
    with program(slack.api) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines()[-1].startswith(
        "SLACK_APP_TOKEN does not open Socket Mode, Slack says invalid_auth:"
    )


def test_a_slack_that_is_not_there_is_one_line_and_exit_code_2() -> None:
    with program("http://127.0.0.1:9/api/") as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "")
    assert "Slack cannot be reached at SLACK_API_URL" in err.splitlines()[-1]
