"""The doors for tests: faults, reset, the log, groups, redelivery."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.slack.errors import ApiError
from sandbox.slack.guard import json_body
from sandbox.slack.parts import Parts, parts_of
from sandbox.slack.world import Json

Order = Callable[[Parts, Json], Awaitable[Json]]


async def _faults(parts: Parts, body: Json) -> Json:
    if body.get("clear"):
        parts.faults.clear()
        return {}
    if not isinstance(body.get("do"), dict):
        raise ApiError("do_is_missing")
    parts.faults.order(str(body.get("method", "*")), body["do"], int(body.get("times", 1)))
    return {}


async def _reset(parts: Parts, _body: Json) -> Json:
    parts.faults.clear()
    parts.workspace.reset()
    return {}


async def _request_url(parts: Parts, body: Json) -> Json:
    parts.delivery.request_url = body.get("url") or None
    return {}


async def _groups(parts: Parts, body: Json) -> Json:
    """{"group": id} with users (a list), error (a code: the look-up fails) and page (members an answer)."""
    group = str(body.get("group", ""))
    parts.workspace.broken_groups.pop(group, None)
    if body.get("error"):
        parts.workspace.broken_groups[group] = str(body["error"])
    if isinstance(body.get("users"), list):
        parts.workspace.groups[group] = [str(user) for user in body["users"]]
    page = body.get("page")
    parts.workspace.group_pages[group] = page if isinstance(page, int) and page > 0 else 0
    return {}


async def _people(parts: Parts, body: Json) -> Json:
    """{"user": id} with guest ("multi", "single", ""), deleted, team, stranger and error (a code).

    What is left out is as at the start.
    """
    parts.workspace.people.order(str(body.get("user", "")), body)
    parts.workspace.touch()
    return {}


async def _channel(parts: Parts, body: Json) -> Json:
    """{"channel": id} with archived, bot_removed and private (bools); what is left out stays."""
    parts.workspace.channels.order(str(body.get("channel", "")), body)
    parts.workspace.touch()
    return {}


async def _delete(parts: Parts, body: Json) -> Json:
    """{"channel": id, "ts": ts}: somebody who may takes the message away."""
    message = parts.workspace.find(str(body.get("channel", "")), str(body.get("ts", "")))
    if message is None:
        raise ApiError("message_not_found")
    parts.workspace.remove(message)
    return {}


async def _threads(parts: Parts, body: Json) -> Json:
    """{"lost": "refuse"|"top"}: what a reply comes to whose parent does not exist."""
    if body.get("lost") not in {"refuse", "top"}:
        raise ApiError("lost_is_missing")
    parts.workspace.lost_threads = body["lost"]
    return {}


async def _pace(parts: Parts, body: Json) -> Json:
    """{"per_second": number}: how many messages a second each channel takes; null or 0 is any number."""
    wanted = body.get("per_second")
    if wanted is not None and (
        isinstance(wanted, bool) or not isinstance(wanted, (int, float)) or wanted < 0
    ):
        raise ApiError("per_second_is_no_number")
    parts.workspace.pace.order(wanted)
    return {}


async def _redeliver(parts: Parts, _body: Json) -> Json:
    ack = await parts.delivery.again()
    if ack is None:
        raise ApiError("nothing_delivered")
    return asdict(ack)


async def _socket(parts: Parts, body: Json) -> Json:
    """{"disconnect": "refresh_requested"|"warning"|..., "close": bool}."""
    reason = str(body.get("disconnect", "refresh_requested"))
    return {"asked": await parts.sockets.disconnect(reason, close=body.get("close") is True)}


def _ordered(order: Order) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        try:
            body = await json_body(request)
            return JSONResponse({"ok": True, **await order(parts_of(request), body)})
        except ApiError as refusal:
            return JSONResponse(refusal.body(), 400)

    return route


async def log(request: Request) -> Response:
    """The journal, oldest first; ?kind= ?method= and ?since= (a number `n`) narrow it."""
    asked = request.query_params
    since = int(asked.get("since", "0"))
    journal = parts_of(request).workspace.journal
    return JSONResponse(
        {"ok": True, "log": journal.read(asked.get("kind", ""), asked.get("method", ""), since)}
    )


async def sockets(request: Request) -> Response:
    return JSONResponse({"ok": True, "connected": len(parts_of(request).sockets.connected)})


ORDERS: dict[str, Order] = {
    "faults": _faults,
    "reset": _reset,
    "request_url": _request_url,
    "groups": _groups,
    "people": _people,
    "channel": _channel,
    "delete": _delete,
    "pace": _pace,
    "threads": _threads,
    "redeliver": _redeliver,
    "socket": _socket,
}

ROUTES: list[BaseRoute] = [
    Route("/control/log", log),
    Route("/control/sockets", sockets),
    *(Route(f"/control/{name}", _ordered(order), methods=["POST"]) for name, order in ORDERS.items()),
]
