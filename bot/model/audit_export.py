"""An event taken away: a line of JSON that leaves nothing out, or a row of CSV that no spreadsheet runs."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from bot.model.audit import ERASED
from bot.model.audit_chain import Line, canonical, canonical_line, to_line, to_text
from bot.model.money import from_units

COLUMNS = (
    "workspace", "seq", "id", "at", "account", "actor_type", "actor", "on_behalf_of", "action", "outcome",
    "request_id", "purchase_id", "number", "country", "cost", "reason", "changes", "context", "hash",
)  # fmt: skip
"""The columns of the CSV, for good: people build on their names."""
_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"  # full-width and small ones too
_RUN = re.compile(
    r"(?<![^;\t\r\n])"  # where a cell begins, also for a spreadsheet that takes `;` or tabs for separators
    rf'(?=[\s"\x00]*[{_SIGNS}])'  # what it passes over, and a sign
    r"|\A(?=[\t\r\n\x00])"
)
"""Before what a spreadsheet runs as a formula: OWASP's "CSV Injection"."""
_MAY_RUN = re.compile(rf"[{_SIGNS}\t\r\n\x00]")  # most cells have none of it, and this is fast
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_CHANGES = "changes."


class Format(StrEnum):
    """What an export is written as."""

    JSONL = "jsonl"
    CSV = "csv"
    OCSF = "ocsf"


class Taken(NamedTuple):
    """An event as it leaves: its line, its hash, and what people wrote, by the name of the field."""

    line: Line
    hash: str
    texts: Mapping[str, tuple[str | None, str | None]]  #: salt and text; both None once it was erased

    @property
    def seq(self) -> int:
        """Its number in its workspace's log."""
        return self.line.seq

    @property
    def reason(self) -> str | None:
        """What was written as the reason; ERASED if it was taken out."""
        return None if self.line.reason_hash is None else self._text("reason")

    @property
    def changes(self) -> dict[str, Any]:
        """The changes, with what people wrote in the place of its hash."""
        if not any(field.startswith(_CHANGES) for field in self.texts):
            return self.line.changes
        return {
            name: self._text(_CHANGES + name) if _CHANGES + name in self.texts else value
            for name, value in self.line.changes.items()
        }

    def _text(self, field: str) -> str:
        text = self.texts.get(field, (None, None))[1]
        return ERASED if text is None else text


def json_line(taken: Taken) -> str:
    """One event as one line of canonical JSON: all that its hash and those of its texts are made of."""
    return f'{{"event":{canonical_line(taken.line)},"hash":{_quoted(taken.hash)},"texts":{_texts(taken)}}}'


def _texts(taken: Taken) -> str:
    if not taken.texts:
        return "{}"
    texts = {field: {"salt": salt, "text": text} for field, (salt, text) in taken.texts.items()}
    return canonical(texts).decode()


def read_line(text: str) -> Taken:
    """The event of `json_line`. Raises ValueError for a line that is written otherwise."""
    try:
        written = json.loads(text)
        texts = {field: (kept["salt"], kept["text"]) for field, kept in written["texts"].items()}
        taken = Taken(to_line(written["event"]), written["hash"], texts)
        if json_line(taken) == text:
            return taken
    except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError):
        pass  # said below
    raise ValueError("not a line of an export")


def csv_row(taken: Taken) -> Sequence[str]:
    """One event as the cells of COLUMNS."""
    line = taken.line
    cells = (
        line.workspace, str(line.seq), line.id, to_text(line.at), line.account, line.actor_type, line.actor,
        line.on_behalf_of or "", line.action, line.outcome, line.request_id or "", line.purchase_id or "",
        f"+{line.number}" if line.number else "", line.country or "",
        "" if line.cost is None else str(from_units(line.cost)), taken.reason or "",
        _json(taken.changes), _json(line.context), taken.hash,
    )  # fmt: skip
    return [safe_cell(cell) for cell in cells]


class _Echo:
    """A file for `csv.writer`, which hands out what its file does."""

    def write(self, text: str) -> str:
        return text


def csv_line(cells: Sequence[str]) -> str:
    """Cells as a line of CSV, with its end."""
    return str(csv.writer(_Echo()).writerow(cells))


def safe_cell(text: str) -> str:
    """A cell that a spreadsheet shows and does not run; a phone number stays as it is."""
    if not _MAY_RUN.search(text) or _E164.fullmatch(text):
        return text
    return _RUN.sub("'", text)


_quoted = json.encoder.encode_basestring
_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
