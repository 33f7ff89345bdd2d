"""An ASGI app on a real port of this machine, served by a thread for as long as a block runs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

START_DEADLINE = 10.0
"""Seconds an app may take to start before the caller is told."""


@dataclass(frozen=True)
class Served:
    """Where a served app can be reached."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class _ThreadedServer(uvicorn.Server):
    """A uvicorn that says when it is ready, stops when told, and leaves signals to the main thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set()

    async def main_loop(self) -> None:
        # uvicorn's own loop looks ten times a second; a suite starts and stops hundreds of servers.
        if self._stopping is not None:
            await self._stopping.wait()
        await self._let_arrivals_finish()

    async def _let_arrivals_finish(self) -> None:
        # A connection that is just being accepted when asyncio closes its server is leaked (Python 3.11).
        for server in self.servers:
            for listener in server.sockets:
                asyncio.get_running_loop().remove_reader(listener.fileno())
        for _ in range(3):
            await asyncio.sleep(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # Whoever is still connected would leave an open transport behind, and Python warns of it.
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if isinstance(transport, asyncio.Transport):
                transport.abort()
        await asyncio.sleep(0)

    def stop(self) -> None:
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it stopped by itself
                self._loop.call_soon_threadsafe(self._stopping.set)


def quiet_config(app: ASGIApp) -> uvicorn.Config:
    """Give uvicorn's settings for a stand-in: nothing in the log, and no waiting for clients at the end."""
    return uvicorn.Config(
        app,
        http="h11",  # the stand-ins reset connections, and so must know who holds the transport
        ws="websockets-sansio",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=0,
    )


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 means any free one.

    Raises OSError if the port is taken.
    """
    # The protocol is named because asyncio turns Nagle's delay off (40 ms an answer) only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def serve_in_thread(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Served]:
    """Serve an app on a thread: it answers when the block begins and is gone when the block ends.

    Raises OSError if the port is taken and RuntimeError if the app does not start.
    """
    server = _ThreadedServer(quiet_config(app))
    with listen(host, port) as listener:
        thread = threading.Thread(target=_run, args=(server, listener), name="sandbox-server", daemon=True)
        served = Served(host, listener.getsockname()[1])
        thread.start()
        try:
            _wait_until_started(server)
            yield served
        finally:
            server.stop()
            thread.join(timeout=5)


def _run(server: _ThreadedServer, listener: socket.socket) -> None:
    try:
        # uvicorn leaves by SystemExit when an app fails to start; the starter is told below.
        with contextlib.suppress(SystemExit):
            server.run(sockets=[listener])
    finally:
        server.ready.set()


def _wait_until_started(server: _ThreadedServer) -> None:
    if not server.ready.wait(START_DEADLINE) or not server.started:
        raise RuntimeError("the app did not start")
