"""What happened between the app and the stand-in, for tests and for the curious."""

import time
from collections import deque
from typing import Any

from sandbox.slack.world import Json

KEPT = 5_000


class Journal:
    """The newest calls, response_url posts and deliveries, oldest first."""

    def __init__(self) -> None:
        self.entries: deque[Json] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, kind: str, **facts: Any) -> Json:
        """Note one event; the entry may be completed later by its writer. `at` is Unix seconds."""
        self._count += 1
        entry = {"n": self._count, "at": time.time(), "kind": kind, **facts}
        self.entries.append(entry)
        return entry

    def read(self, kind: str = "", method: str = "", since: int = 0) -> list[Json]:
        """Entries after number `since`, narrowed to a kind ("api", "delivery", ...) and a method."""
        return [
            entry
            for entry in self.entries
            if entry["n"] > since and kind in ("", entry["kind"]) and method in ("", entry.get("method"))
        ]

    def clear(self) -> None:
        self.entries.clear()
