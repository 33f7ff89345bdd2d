"""Serving an app from a thread: there when it says so, gone at once, and nothing left open."""

from __future__ import annotations

import contextlib
import gc
import socket
import time

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.serving import serve_in_thread


async def _hello(_request):
    return PlainTextResponse("hello")


APP = Starlette(routes=[Route("/", _hello)])


def test_an_app_answers_when_the_block_begins_and_is_gone_when_it_ends():
    with serve_in_thread(APP) as served:
        assert served.url == f"http://127.0.0.1:{served.port}"
        assert requests.get(served.url, timeout=5).text == "hello"
    with pytest.raises(requests.ConnectionError):
        requests.get(served.url, timeout=5)


def test_a_port_may_be_chosen_and_is_free_again_afterwards():
    with serve_in_thread(APP) as first:
        requests.get(first.url, timeout=5)
        with pytest.raises(OSError, match="in use"), serve_in_thread(APP, port=first.port):
            pass
    with serve_in_thread(APP, port=first.port) as second:
        assert requests.get(second.url, timeout=5).text == "hello"


def test_clients_that_still_wait_do_not_hold_up_the_end():
    with contextlib.ExitStack() as clients:
        with serve_in_thread(APP) as served:
            for line in (b"", b"GET / HTTP/1.1\r\nHost: sandbox\r\n\r\n", b"GET / HT"):
                client = clients.enter_context(socket.create_connection((served.host, served.port)))
                client.sendall(line)
            started = time.monotonic()
        assert time.monotonic() - started < 1
    gc.collect()  # what was left open would warn here, and warnings are errors


def test_answers_are_not_delayed_by_the_wire():
    with serve_in_thread(APP) as served, requests.Session() as session:
        session.get(served.url, timeout=5)
        started = time.monotonic()
        for _ in range(20):
            session.get(served.url, timeout=5)
        # Nagle's algorithm would make this 20 times 40 ms.
        assert time.monotonic() - started < 0.6


def test_an_app_that_does_not_start_is_an_error():
    @contextlib.asynccontextmanager
    async def broken(_app):
        raise LookupError("no database")
        yield

    with pytest.raises(RuntimeError, match="did not start"), serve_in_thread(Starlette(lifespan=broken)):
        pass
