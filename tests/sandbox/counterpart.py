"""What the tests of the stand-in of Slack talk to it with: a tiny app that records what it is sent."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import httpx

from sandbox.serving import serve_in_thread
from sandbox.slack.app import create_app
from sandbox.slack.driver import Control, Person
from sandbox.slack.loopback import NO_TLS

SECRET = "a-signing-secret-of-the-tests"
TOKEN = "xoxb-tests"
APP_TOKEN = "xapp-tests"


@dataclass(frozen=True)
class Received:
    """One delivery as the app got it."""

    headers: dict[str, str]
    body: str

    @property
    def payload(self) -> dict[str, Any]:
        if self.headers["content-type"].startswith("application/json"):
            return json.loads(self.body)
        form = dict(parse_qsl(self.body, keep_blank_values=True))
        return json.loads(form["payload"]) if "payload" in form else form


Answer = Callable[[Received], Any]


@dataclass
class TinyApp:
    """Answers what `answer` returns: None is an empty 200, text is text, an int is a status, else JSON."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Answer = lambda _received: None
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def last(self) -> dict[str, Any]:
        return self.received[-1].payload

    def take(self, received: Received) -> tuple[int, str, bytes]:
        self.received.append(received)
        answer = self.answer(received)
        if isinstance(answer, int):
            return answer, "text/plain", b""
        if answer is None or isinstance(answer, str):
            return 200, "text/plain", (answer or "").encode()
        return 200, "application/json", json.dumps(answer).encode()


def _handler(app: TinyApp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            headers = {key.lower(): value for key, value in self.headers.items()}
            status, content_type, answer = app.take(Received(headers, body))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            app.finished.set()

        def log_message(self, *_args):
            pass

    return Handler


@contextmanager
def tiny_app() -> Iterator[TinyApp]:
    app = TinyApp()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(app))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    app.url = f"http://127.0.0.1:{server.server_port}/slack/events"
    try:
        yield app
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Bench:
    """A running stand-in with an app behind it, two people in front of it, and the doors for tests."""

    url: str
    app: TinyApp
    rita: Person
    ana: Person
    control: Control
    http: httpx.Client

    def fresh(self) -> "Bench":
        """As if just started: for tests that share a running one."""
        self.control.reset()
        self.control.request_url(self.app.url)
        self.app.received.clear()
        self.app.finished.clear()
        self.app.answer = lambda _received: None
        return self

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self.http.post(f"/api/{method}", json=arguments, headers=headers).json()

    def post(self, text: str, blocks: list[dict[str, Any]] | None = None, channel: str = "C0NUMBERS"):
        """Let the bot post; returns the message as Rita sees it."""
        told = self.call("chat.postMessage", channel=channel, text=text, blocks=blocks or [])
        assert told["ok"], told
        return self.rita.last(channel)


@contextmanager
def bench(**options: Any) -> Iterator[Bench]:
    given = {"signing_secret": SECRET, "bot_token": TOKEN, "app_token": APP_TOKEN} | options
    with tiny_app() as app:
        stand_in = create_app(request_url=app.url, **given)
        with (
            serve_in_thread(stand_in) as served,
            Person(served.url, "U0RITA") as rita,
            Person(served.url, "U0ANA") as ana,
            Control(served.url) as control,
            httpx.Client(base_url=served.url, trust_env=False, verify=NO_TLS) as http,
        ):
            yield Bench(served.url, app, rita, ana, control, http)


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(action_id: str, text: str = "Go", value: str = "1", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": value, **more}


def actions(*elements: dict[str, Any], block_id: str = "row") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def text_input(block_id: str = "why", **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "v"}
    return {"type": "input", "block_id": block_id, "label": plain("Why"), "element": element, **more}


def option(text: str, value: str) -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def modal(*blocks: dict[str, Any], title: str = "A form", **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain(title), "submit": plain("Send"), "blocks": list(blocks), **more}
