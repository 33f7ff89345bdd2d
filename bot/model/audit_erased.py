"""Which texts were erased: each event that says so names them, so that no other may be blank. Pure."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from bot.model.audit import Action, Outcome
from bot.model.audit_chain import Line

AT_ONCE = 200
"""Texts that one event names: people read it in Slack, and no event is large."""
_NUMBER = re.compile(r"[1-9]\d{0,18}", re.ASCII)
Key = tuple[int, str]
"""The number of an event, and the field in which somebody wrote."""


def in_events(keys: Iterable[Key]) -> Iterator[tuple[int, dict[str, str]]]:
    """How many texts each event names, and how: their events' numbers by field, `{"reason": "4 7"}`."""
    ordered = sorted(keys, key=lambda key: (key[1], key[0]))
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        fields = groupby(some, lambda key: key[1])
        yield len(some), {field: " ".join(str(seq) for seq, _ in group) for field, group in fields}


def named_by(line: Line) -> Iterator[Key]:
    """The texts that an event says were erased: older ones than itself, whatever it says."""
    which = line.changes.get("which")
    if line.action != Action.AUDIT_ERASED or line.outcome != Outcome.SUCCESS or not isinstance(which, dict):
        return
    for field, numbers in which.items():
        for number in str(numbers).split():
            if _NUMBER.fullmatch(number) and int(number) < line.seq:
                yield int(number), field


class Blank:
    """Texts that are blank, as far as nothing said so: a bit for each event and field."""

    def __init__(self) -> None:
        self._fields: dict[str, bytearray] = {}

    def add(self, seq: int, field: str) -> None:
        """A text was found blank."""
        bits = self._fields.setdefault(field, bytearray())
        byte, bit = divmod(seq, 8)
        bits.extend(bytes(max(0, byte + 1 - len(bits))))
        bits[byte] |= 1 << bit

    def explain(self, line: Line) -> None:
        """An event may say which of them were erased."""
        for seq, field in named_by(line):
            byte, bit = divmod(seq, 8)
            bits = self._fields.get(field, b"")
            if isinstance(bits, bytearray) and byte < len(bits):
                bits[byte] &= ~(1 << bit)

    def first(self) -> Key | None:
        """The first that nothing explains."""
        return min(filter(None, map(self._first_of, self._fields)), default=None)

    def _first_of(self, field: str) -> Key | None:
        for at, byte in enumerate(self._fields[field]):
            if byte:
                return at * 8 + (byte & -byte).bit_length() - 1, field
        return None
