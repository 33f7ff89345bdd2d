"""The control of the stand-in: faults, holds, the log, and hands that reach into the stock.

It lies outside the account's path, needs no credentials, and answers callers on this machine only.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.plivo import wire
from sandbox.plivo.call import JSON, Refusal
from sandbox.plivo.desk import Desk
from sandbox.plivo.stock import StockNumber
from sandbox.plivo.world import World

_LOOPBACK = {"127.0.0.1", "::1"}
_LONGEST_WAIT = 60.0
Handler = Callable[[Request, Desk], Awaitable[Response]]


def control_routes(desk: Desk) -> list[Route]:
    """Give the routes under /sandbox and /healthz."""
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/healthz", _healthz),
        ("GET", "/sandbox/faults", _list_faults),
        ("POST", "/sandbox/faults", _add_faults),
        ("DELETE", "/sandbox/faults", _clear_faults),
        ("GET", "/sandbox/held", _held),
        ("POST", "/sandbox/release/{name}", _release),
        ("GET", "/sandbox/log", _log),
        ("DELETE", "/sandbox/log", _clear_log),
        ("GET", "/sandbox/numbers/{number}", _look),
        ("PUT", "/sandbox/numbers/{number}", _change),
        ("POST", "/sandbox/numbers/{number}", _change),
        ("POST", "/sandbox/rented", _rent_outside),
        ("PUT", "/sandbox/account", _change_account),
        ("POST", "/sandbox/reset", _reset),
    ]
    return [Route(path, _door(handler, desk), methods=[method]) for method, path, handler in table]


def _door(handler: Handler, desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        if request.client is None or request.client.host not in _LOOPBACK:
            return JSONResponse({"error": "not found"}, 404)
        try:
            return await handler(request, desk)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.text}, refusal.status)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

    return guarded


async def _json(request: Request) -> Any:
    return json.loads(await request.body() or b"{}")


async def _healthz(_request: Request, _desk: Desk) -> Response:
    return JSONResponse({"ok": True})


async def _list_faults(_request: Request, desk: Desk) -> Response:
    return JSONResponse(desk.faults.listed())


async def _add_faults(request: Request, desk: Desk) -> Response:
    desk.faults.add(await _json(request))
    return JSONResponse(desk.faults.listed(), 201)


async def _clear_faults(_request: Request, desk: Desk) -> Response:
    desk.faults.clear()
    return Response(status_code=204)


async def _held(request: Request, desk: Desk) -> Response:
    """List who waits; with `wait` answer as soon as `count` calls wait under that name, or 408."""
    name, asked = request.query_params.get("wait"), request.query_params
    if name is None:
        return JSONResponse(desk.holds.listed())
    timeout = min(float(asked.get("timeout", "5")), _LONGEST_WAIT)
    came = await desk.holds.until(name, int(asked.get("count", "1")), timeout)
    return JSONResponse(desk.holds.listed(name), 200 if came else 408)


async def _release(request: Request, desk: Desk) -> Response:
    return JSONResponse({"released": desk.holds.release(request.path_params["name"])})


async def _log(request: Request, desk: Desk) -> Response:
    asked = request.query_params
    return JSONResponse(desk.journal.listed(asked.get("kind"), asked.get("number")))


async def _clear_log(_request: Request, desk: Desk) -> Response:
    desk.journal.clear()
    return Response(status_code=204)


async def _reset(_request: Request, desk: Desk) -> Response:
    desk.reset()
    return Response(status_code=204)


async def _look(request: Request, desk: Desk) -> Response:
    return JSONResponse(_state(desk.world, request.path_params["number"]))


async def _change(request: Request, desk: Desk) -> Response:
    number, world, wanted = request.path_params["number"], desk.world, await _json(request)
    unknown = wanted.keys() - _CHANGES.keys()
    if unknown:
        raise ValueError(f"a number has {sorted(_CHANGES)}, not {sorted(unknown)}")
    _state(world, number)
    for name, value in wanted.items():
        _CHANGES[name](world, number, value)
    return JSONResponse(_state(world, number))


def _state(world: World, number: str) -> JSON:
    known = world.stock.get(number)
    if known is None:
        raise Refusal(404, f"{number} is not in the stock")
    rented = world.rented.get(number)
    return {
        **wire.offered(world.auth_id, known),
        "gone": number in world.gone,
        "taken": number in world.taken,
        "ours": rented is not None,
        "active": rented is not None and rented.active,
    }


def _monthly(world: World, number: str, value: Any) -> None:
    _reprice(world, world.stock[number]._replace(monthly=_usd(value)))


def _setup(world: World, number: str, value: Any) -> None:
    _reprice(world, world.stock[number]._replace(setup=_usd(value)))


def _reprice(world: World, changed: StockNumber) -> None:
    world.stock[changed.number] = changed
    if changed.number in world.rented:
        world.rented[changed.number].stock = changed


def _usd(value: Any) -> str:
    try:
        return wire.rate(Decimal(str(value)))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is not an amount in USD") from error


def _gone(world: World, number: str, value: Any) -> None:
    (world.gone.add if value else world.gone.discard)(number)


def _taken(world: World, number: str, value: Any) -> None:
    (world.taken.add if value else world.taken.discard)(number)


def _ours(world: World, number: str, value: Any) -> None:
    if value:
        world.adopt(number)
    else:
        world.rented.pop(number, None)


def _active(world: World, number: str, value: Any) -> None:
    rented = world.mine(number, None)
    rented.active = bool(value)
    rented.compliance_status = "accepted" if value else "submitted"


def _added_on(world: World, number: str, value: Any) -> None:
    world.mine(number, None).added_at = _moment(value)


def _moment(day: Any) -> datetime:
    """Noon of a day, YYYY-MM-DD."""
    return datetime.combine(date.fromisoformat(str(day)), time(12), UTC)


def _subaccount(world: World, number: str, value: Any) -> None:
    world.check_options(None, value, None)
    world.mine(number, None).subaccount = value


_CHANGES: dict[str, Callable[[World, str, Any], None]] = {
    "monthly": _monthly,
    "setup": _setup,
    "gone": _gone,
    "taken": _taken,
    "ours": _ours,
    "active": _active,
    "added_on": _added_on,
    "subaccount": _subaccount,
}


async def _rent_outside(request: Request, desk: Desk) -> Response:
    """Rent the first `count` numbers that are offered, as by the console, on the day `added_on`."""
    wanted, world = await _json(request), desk.world
    numbers = [number.number for number in world.offered()[: int(wanted["count"])]]
    for number in numbers:
        world.adopt(number)
        if "added_on" in wanted:
            _added_on(world, number, wanted["added_on"])
    return JSONResponse({"numbers": numbers}, 201)


async def _change_account(request: Request, desk: Desk) -> Response:
    """Set `cash_credits` (USD) and `poor_status`, the status of a buy that the money is not enough for."""
    wanted = await _json(request)
    desk.world.cash = Decimal(wanted.get("cash_credits", desk.world.cash))
    desk.world.poor_status = int(wanted.get("poor_status", desk.world.poor_status))
    return JSONResponse(wire.account(desk.world))
