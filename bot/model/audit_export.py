"""An event taken away: a line of JSON that leaves nothing out, or a row of CSV that no spreadsheet runs."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum

from bot.model.audit import LoggedEvent

COLUMNS = (
    "workspace", "seq", "id", "at", "account", "actor_type", "actor", "on_behalf_of", "action", "outcome",
    "request_id", "purchase_id", "number", "country", "cost", "reason", "changes", "context", "hash",
)  # fmt: skip
"""The columns of the CSV, for good: people build on their names."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\x00")
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


class Format(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    CSV = "csv"


def json_line(logged: LoggedEvent) -> str:
    """One event as one line of JSON: every field, keys in order, so that equal events are equal lines."""
    kept = {**asdict(logged), **asdict(logged.event), "at": logged.at.isoformat(timespec="microseconds")}
    del kept["event"]
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def csv_row(logged: LoggedEvent) -> Sequence[str]:
    """One event as the cells of COLUMNS."""
    event = logged.event
    number = f"+{event.number}" if event.number else ""
    at = logged.at.isoformat(timespec="microseconds")
    cells = (
        event.workspace, str(logged.seq), logged.id, at, event.account, event.actor.type, event.actor.id,
        event.on_behalf_of or "", event.action, event.outcome,
        event.request_id or "", event.purchase_id or "", number, event.country or "",
        "" if event.cost is None else str(event.cost), event.reason or "", _json(event.changes),
        _json(event.context), logged.hash,
    )  # fmt: skip
    return [safe_cell(cell) for cell in cells]


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet shows and does not run; a phone number stays as it is."""
    if not text.startswith(_FORMULA) or _E164.fullmatch(text):
        return text
    return f"'{text}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
