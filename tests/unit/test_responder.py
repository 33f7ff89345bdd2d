"""Answers to response_urls: only to Slack's own host, never to where somebody else points."""

import json
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from threading import Thread
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.model.errors import NumberdeskError
from handlers.post import Impossible, SlowDown, Unreachable
from handlers.responder import Responder


@contextmanager
def a_server(status: int = 200, headers: Mapping[str, str] | None = None) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers with `status` and keeps what it was sent."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_answer_arrives_as_it_was_meant() -> None:
    with a_server() as (url, got):
        Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "done"})
    assert got == [{"text": "done"}]


@pytest.mark.parametrize(
    ("status", "problem"),
    [(400, Impossible), (404, Impossible), (307, Impossible), (500, Unreachable), (503, Unreachable)],
)
def test_what_is_final_and_what_may_pass_are_told_apart(status: int, problem: type[NumberdeskError]) -> None:
    with a_server(status) as (url, got), pytest.raises(problem):
        Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "done"})
    assert len(got) == 1


@pytest.mark.parametrize(("said", "seconds"), [("7", 7), (None, 30), ("soon", 30), ("-1", 30)])
def test_slack_says_when_to_come_back(said: str | None, seconds: float) -> None:
    headers = {"Retry-After": said} if said else {}
    with a_server(429, headers) as (url, _), pytest.raises(SlowDown) as caught:
        Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "done"})
    assert caught.value.seconds == seconds


def test_nobody_is_followed_elsewhere() -> None:
    with (
        a_server() as (other, elsewhere),
        a_server(307, {"Location": f"{other}/stolen"}) as (url, got),
        pytest.raises(Impossible),
    ):
        Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "secret"})
    assert (len(got), elsewhere) == (1, [])


def test_a_server_that_is_gone_may_come_back() -> None:
    with a_server() as (url, _):
        pass
    with pytest.raises(Unreachable):
        Responder(f"{url}/api/").post(f"{url}/response/1", {"text": "done"})


@pytest.mark.parametrize("status", [None, 400, 404, 429, 500])
def test_the_url_is_in_no_log_and_in_no_error(status: int | None) -> None:
    with a_server(status or 200) as (url, _):
        other = url if status else "http://127.0.0.1:1"
        with capture_logs() as lines, pytest.raises(NumberdeskError) as caught:
            Responder(f"{other}/api/").post(f"{other}/response/s3cr3t", {"text": "done"})
    told = "".join(traceback.format_exception(caught.value))
    assert "s3cr3t" not in repr(lines) + str(caught.value) + told.split("raise ")[-1]
    assert [line.get("status") for line in lines] == ([status] if status in {400, 404} else [])


def test_a_foreign_host_gets_nothing() -> None:
    with a_server() as (url, got):
        for responder in (Responder("http://127.0.0.1:1/api/"), Responder()):
            with pytest.raises(Impossible):
                responder.post(f"{url}/response/1", {"text": "secret"})
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


def test_a_file_goes_to_where_slack_takes_it_and_nowhere_else() -> None:
    with a_server() as (url, got):
        Responder(f"{url}/api/").upload(f"{url}/upload/F1", BytesIO(b'["a file"]'))
        for responder in (Responder("http://127.0.0.1:1/api/"), Responder()):
            with pytest.raises(Impossible, match="not an address of Slack"):
                responder.upload(f"{url}/upload/F1", BytesIO(b'["secret"]'))
    assert got == [["a file"]]


@pytest.mark.parametrize(
    "url",
    [
        "http://files.slack.com/upload/1",
        "https://hooks.slack.com/upload/1",
        "https://files.slack.com.evil.example/1",
        "https://files.slack.com@evil.example/1",
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_an_address_for_files_that_is_not_slacks_gets_no_byte(url: str) -> None:
    file = BytesIO(b"secret")
    with pytest.raises(Impossible):
        Responder().upload(url, file)
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("status", "kind"), [(429, SlowDown), (503, Unreachable), (307, Impossible), (404, Impossible)]
)
def test_what_becomes_of_a_file_that_is_not_taken(status: int, kind: type[NumberdeskError]) -> None:
    with a_server(status, {"Location": "http://127.0.0.1:1/"}) as (url, _), pytest.raises(kind):
        Responder(f"{url}/api/").upload(f"{url}/upload/F1", BytesIO(b"[]"))
