"""Calls that wait under a name until a test lets them go: order without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.plivo.call import JSON


@dataclass(frozen=True)
class _Held:
    name: str
    who: JSON
    freed: asyncio.Future[bool]


class Holds:
    """Who waits, and under which name."""

    def __init__(self) -> None:
        self._held: list[_Held] = []
        self._changed = asyncio.Event()

    async def wait(self, name: str, who: JSON) -> bool:
        """Wait to be released; False if everything is being reset and nothing is to happen any more."""
        held = _Held(name, who, asyncio.get_running_loop().create_future())
        self._held.append(held)
        self._tell()
        try:
            return await held.freed
        finally:
            self._held.remove(held)
            self._tell()

    def release(self, name: str) -> int:
        """Let go of all who wait under a name and say how many they were."""
        return self._free(lambda held: held.name == name, go_on=True)

    def drop_all(self) -> None:
        """Send everybody away without what they came for."""
        self._free(lambda _held: True, go_on=False)

    def listed(self, name: str | None = None) -> list[JSON]:
        return [{"name": held.name, **held.who} for held in self._held if name in {None, held.name}]

    async def until(self, name: str, count: int, timeout: float) -> bool:  # noqa: ASYNC109 - the caller's own deadline, sent over HTTP
        """Wait until `count` calls wait under a name; False after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while len(self.listed(name)) < count:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _free(self, is_meant: Callable[[_Held], bool], *, go_on: bool) -> int:
        meant = [held for held in self._held if is_meant(held) and not held.freed.done()]
        for held in meant:
            held.freed.set_result(go_on)
        return len(meant)

    def _tell(self) -> None:
        # Whoever waits for a change waits on this event; the next change gets a new one.
        self._changed.set()
        self._changed = asyncio.Event()
