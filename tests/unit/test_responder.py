"""Answers to response_urls: only to Slack's own host, never to where somebody else points."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from handlers.responder import Responder


@contextmanager
def a_server(status: int = 200, location: str | None = None) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers with `status` and keeps what it was sent."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_arrives_as_it_was_meant() -> None:
    with a_server() as (url, got):
        assert Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "done"})
    assert got == [{"text": "done"}]


@pytest.mark.parametrize("status", [404, 500])
def test_an_answer_that_is_not_taken_is_no_success(status: int) -> None:
    with a_server(status) as (url, got):
        assert not Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "done"})
    assert len(got) == 1


def test_nobody_is_followed_elsewhere() -> None:
    with a_server() as (other, elsewhere), a_server(307, f"{other}/stolen") as (url, got):
        Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "secret"})
    assert (len(got), elsewhere) == (1, [])


def test_a_server_that_is_gone_is_no_crash() -> None:
    with a_server() as (url, _):
        pass
    assert not Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "done"})


def test_a_foreign_host_gets_nothing() -> None:
    with a_server() as (url, got):
        assert not Responder("http://127.0.0.1:1/api/").post(f"{url}/response/1", {"text": "secret"})
        assert not Responder().post(f"{url}/response/1", {"text": "secret"})
    assert got == []


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://hooks.slack.com/commands/1", True),
        ("https://HOOKS.slack.com/commands/1", True),
        ("http://hooks.slack.com/commands/1", False),
        ("https://hooks.slack.com.evil.example/1", False),
        ("https://hooks.slack.com@evil.example/1", False),
        ("https://evil.example/hooks.slack.com", False),
        ("https://hooks.slack.com:8443/1", False),
        ("//hooks.slack.com/1", False),
        ("https://[broken", False),
        ("", False),
    ],
)
def test_only_slacks_own_host_is_called(url: str, allowed: bool) -> None:
    assert Responder().allows(url) is allowed
