"""What goes wrong on demand: rules that spoil chosen calls, before or after they had their effect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import HTMLResponse, Response

from sandbox.plivo.api import KINDS
from sandbox.plivo.broken import Cut, Reset, Silent
from sandbox.plivo.call import JSON
from sandbox.plivo.holds import Holds

Effect = Callable[[], Response]
"""Does what the call asks for and gives the honest answer; at most once for each call."""


@dataclass
class Rule:
    """Spoil calls of a kind, perhaps for one number only; `times` None means until the rules are cleared."""

    match: str
    do: JSON
    number: str | None = None
    times: int | None = None

    def fits(self, kind: str, number: str) -> bool:
        return self.match in {kind, "any"} and self.number in {None, number} and self.times != 0


class FaultBook:
    """The rules in force; the first one that fits a call is the one that counts."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rows: Any) -> None:
        """Add rules in their JSON form.

        Raises ValueError that names what is wrong; then none of them is added.
        """
        self._rules += [_rule(row) for row in (rows if isinstance(rows, list) else [rows])]

    def clear(self) -> None:
        self._rules.clear()

    def take(self, kind: str, number: str) -> JSON:
        """Give what is to be done to a call, {} for nothing, and count it."""
        rule = next((rule for rule in self._rules if rule.fits(kind, number)), None)
        if rule is None:
            return {}
        if rule.times is not None:
            rule.times -= 1
        return rule.do

    def listed(self) -> list[JSON]:
        return [asdict(rule) for rule in self._rules if rule.times != 0]


def _rule(row: Any) -> Rule:
    if not isinstance(row, dict) or not row.keys() <= {"match", "number", "times", "do"}:
        raise ValueError(f"a rule has match, do and perhaps number and times, not {row!r}")
    number, times = row.get("number"), row.get("times")
    if not (times is None or isinstance(times, int)):
        raise ValueError(f"times is a whole number or null, not {times!r}")
    rule = Rule(row.get("match", "any"), row.get("do", {}), number and str(number).lstrip("+"), times)
    if rule.match not in KINDS | {"any"}:
        raise ValueError(f"match is one of {sorted(KINDS | {'any'})}, not {rule.match!r}")
    if not isinstance(rule.do, dict) or len(rule.do.keys() & (ACTS.keys() | _SHADES)) != 1:
        raise ValueError(f"do names one of {sorted(ACTS.keys() | _SHADES)}, not {rule.do!r}")
    places = [rule.do[name] for name in ("reset", "silent", "at") if name in rule.do]
    if not set(places) <= {"before", "after"}:
        raise ValueError(f"a fault is before or after the effect, not {places}")
    return rule


async def answer(do: JSON, effect: Effect, holds: Holds, who: JSON) -> Response:
    """Answer a call as its fault says; `who` describes it to those who look at what is held."""
    act = next((act for name, act in ACTS.items() if name in do), None)
    return await act(do, effect, holds, who) if act else effect()


async def _status(do: JSON, _effect: Effect, _holds: Holds, _who: JSON) -> Response:
    return _given(do)


async def _effect_then(do: JSON, effect: Effect, _holds: Holds, _who: JSON) -> Response:
    effect()
    return _given(do["effect_then"])


def _given(what: JSON) -> Response:
    body = what.get("body", {"error": "the sandbox was told to fail"})
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "application/json"} | what.get("headers", {})
    return Response(text, status_code=what.get("status", 500), headers=headers)


async def _delay(do: JSON, effect: Effect, _holds: Holds, _who: JSON) -> Response:
    # Late answers to things that are done are the ones that cost money, so "after" is the usual.
    done = effect() if do.get("at", "after") == "after" else None
    await asyncio.sleep(float(do["delay"]))
    return done or effect()


async def _reset(do: JSON, effect: Effect, _holds: Holds, _who: JSON) -> Response:
    if do["reset"] == "after":
        effect()
    return Reset()


async def _silent(do: JSON, effect: Effect, _holds: Holds, _who: JSON) -> Response:
    if do["silent"] == "after":
        effect()
    return Silent()


async def _cut(_do: JSON, effect: Effect, _holds: Holds, _who: JSON) -> Response:
    return Cut(effect())


async def _html(do: JSON, effect: Effect, _holds: Holds, _who: JSON) -> Response:
    if do["html"] == "after":
        effect()
    page = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
    return HTMLResponse(page, status_code=do.get("code", 502))


async def _hold(do: JSON, effect: Effect, holds: Holds, who: JSON) -> Response:
    done = effect() if do.get("at", "before") == "after" else None
    if not await holds.wait(do["hold"], who):
        return done or Reset()
    return done or effect()


ACTS: dict[str, Callable[[JSON, Effect, Holds, JSON], Awaitable[Response]]] = {
    "effect_then": _effect_then,
    "status": _status,
    "delay": _delay,
    "reset": _reset,
    "silent": _silent,
    "cut": _cut,
    "html": _html,
    "hold": _hold,
}
_SHADES = {"pending", "lag"}
"""Faults that change what the effect is rather than how it is answered."""
