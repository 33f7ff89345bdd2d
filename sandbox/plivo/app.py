"""The stand-in of Plivo as an ASGI app: reads a call, spoils it if told so, answers as Plivo does."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.plivo import faults
from sandbox.plivo.api import Aim, aim, perform
from sandbox.plivo.broken import NoAnswer
from sandbox.plivo.call import JSON, Answer, Call, read_call
from sandbox.plivo.control import control_routes
from sandbox.plivo.desk import Desk, open_desk
from sandbox.plivo.stock import DEFAULT_COUNT, load, seeded
from sandbox.plivo.world import World

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(
    auth_id: str, auth_token: str, *, stock: Path | None = None, numbers: int = DEFAULT_COUNT
) -> Starlette:
    """Make a stand-in for one account, with the stock of a file or about `numbers` seeded ones.

    Raises OSError or ValueError if the file is not a stock. `app.state.desk` is all that it remembers.
    """
    desk = open_desk(auth_id, auth_token, load(stock) if stock else seeded(numbers))
    app = Starlette(
        routes=[*control_routes(desk), Route("/{rest:path}", _Plivo(desk).answer, methods=_METHODS)]
    )
    # Plivo's paths end with a slash; a client that forgets it is to be told, not helped.
    app.router.redirect_slashes = False
    app.state.desk = desk
    return app


class _Plivo:
    """The door of the API: one call in, one answer or one fault out."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer(self, request: Request) -> Response:
        desk, call = self._desk, await read_call(request)
        # A late effect belongs to the world of its call: after a reset it must not touch the new one.
        world = desk.world
        at = aim(call)
        entry = desk.journal.open(call, at.kind, at.key)
        do = desk.faults.take(at.kind, at.key)
        entry["fault"] = do or None
        who = {"kind": at.kind, "number": at.key, "n": entry["n"]}
        response = await faults.answer(do, lambda: _effect(world, call, at, do), desk.holds, who)
        entry["status"] = None if isinstance(response, NoAnswer) else response.status_code
        return response


def _effect(world: World, call: Call, at: Aim, do: JSON) -> Response:
    lag, pending = float(do.get("lag", 0)), bool(do.get("pending"))
    return _written(perform(world, call, at, lag=lag, pending=pending))


def _written(answer: Answer) -> Response:
    """Write an answer with a fresh api_id, which Plivo puts into every body that there is."""
    api_id = str(uuid.uuid4())
    headers = {"x-request-id": api_id, **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    text = json.dumps({"api_id": api_id, **answer.body})
    return Response(text, answer.status, {"content-type": "application/json", **headers})
