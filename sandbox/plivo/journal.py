"""What was asked of the stand-in and what it said, without any credentials."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from itertools import count
from urllib.parse import urlencode

from sandbox.plivo.call import JSON, Call

_KEPT = 20_000


class Journal:
    """The newest calls, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[JSON] = deque(maxlen=_KEPT)
        self._numbers = count(1)

    def open(self, call: Call, kind: str, number: str) -> JSON:
        """Note a call when it comes in; its status stays null until it is answered, if it ever is."""
        entry: JSON = {
            "n": next(self._numbers),
            "at": datetime.now(UTC).isoformat(),
            "kind": kind,
            "method": call.method,
            "path": call.path,
            "number": number or None,
            "query": dict(call.query),
            "query_string": urlencode(call.query),
            "body": call.body,
            "fault": None,
            "status": None,
        }
        self._entries.append(entry)
        return entry

    def listed(self, kind: str | None, number: str | None = None) -> list[JSON]:
        return [
            entry
            for entry in self._entries
            if kind in {None, entry["kind"]} and number in {None, entry["number"]}
        ]

    def clear(self) -> None:
        self._entries.clear()
