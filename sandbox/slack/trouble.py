"""Carry out an ordered fault around one answer: status, error, delay, or a reset connection."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Send

from sandbox.slack.world import Json

DROP = "workbench.drop"  # key of the scope under which a connection can be broken


async def answer_with(
    fault: Json | None, request: Request, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Do the work and answer, or what was ordered instead.

    reset "before": nothing is done; "after": the work is done and the answer is lost. `delay` in seconds.
    """
    if fault is None:
        return await work()
    await asyncio.sleep(float(fault.get("delay", 0)))
    if fault.get("reset") == "before":
        return drop(request)
    if "error" in fault or "status" in fault:
        return _refusal(fault)
    response = await work()
    return drop(request) if fault.get("reset") == "after" else response


def _refusal(fault: Json) -> Response:
    if "error" not in fault:
        return PlainTextResponse("ordered by a test", int(fault["status"]))
    limited = fault["error"] == "ratelimited"
    headers = {"Retry-After": str(fault.get("retry_after", 1))} if limited else {}
    status = int(fault.get("status", 429 if limited else 200))
    return JSONResponse({"ok": False, "error": fault["error"]}, status, headers)


def drop(request: Request) -> Response:
    """Break the connection; the returned answer reaches nobody."""
    breaker = request.scope.get(DROP)
    if breaker is not None:
        breaker()
    return PlainTextResponse("the connection was to be reset", 500)


def reset_connection(send: Send) -> None:
    """Send a TCP reset. uvicorn's `send` is a method of the object that holds the transport."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
