"""The Socket Mode door: Slack's requests over a WebSocket that we open; no public address is needed."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_bolt.adapter.socket_mode.internals import send_response
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.door import dispatcher
from bot.model.errors import SettingsError

log = structlog.get_logger(__name__)

PING_INTERVAL = 2
"""Seconds. Measured: a connection that dies silently is noticed after 11 s; with Bolt's own 10 s after 59."""
THREADS = 16
STOP_WITHIN = 30.0
"""Seconds that `stop` gets."""


def run_socket(app: App, app_token: str, *, start: Callable[[], None], stop: Callable[[float], None]) -> None:
    """Answers Slack over Socket Mode until SIGTERM or SIGINT, then finishes what is under way and returns.

    `start` is called once Slack is connected, `stop(seconds)` after the last answer went out. Where Slack is
    comes from the app's client. Must run on the main thread. Raises SettingsError when Slack refuses the app
    token or cannot be reached at all.
    """
    with _told_to_stop() as told:
        handler = _Handler(app, app_token, ping_interval=PING_INTERVAL, concurrency=THREADS)
        try:
            _connect(handler)
            _run(handler, told, start, stop)
        finally:
            handler.close()  # type: ignore[no-untyped-call]


class _Handler(SocketModeHandler):
    """Bolt's handler, but with the HTTP door's way of treating what failed and what nobody listens to."""

    def __init__(self, app: App, app_token: str, **options: Any) -> None:
        super().__init__(app, app_token, **options)
        self._dispatch = dispatcher(app)

    def handle(self, client: BaseSocketModeClient, req: SocketModeRequest) -> None:
        send_response(client, req, self._dispatch(req.payload), time.time())


@contextmanager
def _told_to_stop() -> Iterator[Event]:
    """Yields an event that SIGTERM and SIGINT set; outside, both mean what they meant before."""
    told = Event()
    before = {s: signal.signal(s, lambda *_: told.set()) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(
    handler: SocketModeHandler, told: Event, start: Callable[[], None], stop: Callable[[float], None]
) -> None:
    start()
    log.info("connected to Slack by Socket Mode")
    told.wait()
    _drain(handler)
    stop(STOP_WITHIN)


def _connect(handler: SocketModeHandler) -> None:
    try:
        handler.connect()  # type: ignore[no-untyped-call]
    except SlackApiError as error:
        raise SettingsError(
            f"SLACK_APP_TOKEN does not open Socket Mode, Slack says {error.response['error']}:"
            " use an app-level token (xapp-…) with the scope connections:write"
        ) from None
    except OSError as error:
        raise SettingsError(f"Slack cannot be reached at SLACK_API_URL: {error}") from None


def _drain(handler: SocketModeHandler) -> None:
    """Lets the answers under way go out on the open connection: Bolt's own `close` cuts it first."""
    client = handler.client
    client.auto_reconnect_enabled = False
    client.closed = True  # takes nothing more from the queue
    client.message_workers.shutdown(wait=True)
    handler.app.listener_runner.listener_executor.shutdown(wait=True)
    # Now, and not after `stop`: what Slack sends meanwhile shall go to another process.
    handler.close()  # type: ignore[no-untyped-call]
