"""Answers that are none: connections reset, left silent, or cut in the middle."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class NoAnswer(Response):
    """An answer that never is a whole one; the log shows no status for it."""


class Reset(NoAnswer):
    """Closes the connection with a TCP reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's shape
        await _abort(receive)


class Silent(NoAnswer):
    """Says nothing until the client has left."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's shape
        await _until_gone(receive)


class Cut(NoAnswer):
    """Promises a whole answer, sends half of it and resets the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's shape
        whole, half = self._whole, bytes(self._whole.body)
        await send({"type": "http.response.start", "status": whole.status_code, "headers": whole.raw_headers})
        await send({"type": "http.response.body", "body": half[: len(half) // 2], "more_body": True})
        # An orderly end, or the half that was sent might be lost with the connection.
        _transport(receive).close()
        await _until_gone(receive)


async def _abort(receive: Receive) -> None:
    transport = _transport(receive)
    connection = transport.get_extra_info("socket")
    # Linger for no time at all: the kernel answers the peer with RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(receive: Receive) -> asyncio.Transport:
    # ASGI has no word for a reset; uvicorn's `receive` is a method of the cycle that owns the transport.
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise TypeError("only a real connection, served by uvicorn, can be reset")
    return transport
