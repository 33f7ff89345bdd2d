"""Which texts were erased: each event that says so names them, so that no other may be blank. Pure."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from bot.model.audit import Action, Outcome
from bot.model.audit_chain import Line

AT_ONCE = 200
"""Texts that one event names: people read it in Slack, and no event is large."""
_NUMBER = re.compile(r"[1-9]\d{0,18}", re.ASCII)
_BLOCK = 1024
"""Events whose bits stand together: a file may say that its first event is number 9,000,000,000,000."""
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
        self._bits: dict[tuple[int, str], int] = {}

    def add(self, seq: int, field: str) -> None:
        """A text was found blank."""
        block, bit = divmod(seq, _BLOCK)
        self._bits[block, field] = self._bits.get((block, field), 0) | 1 << bit

    def explain(self, line: Line) -> None:
        """An event may say which of them were erased."""
        for seq, field in named_by(line):
            block, bit = divmod(seq, _BLOCK)
            if bits := self._bits.pop((block, field), 0) & ~(1 << bit):
                self._bits[block, field] = bits

    def first(self) -> Key | None:
        """The first that nothing explains."""
        return min(
            (
                (block * _BLOCK + (bits & -bits).bit_length() - 1, field)
                for (block, field), bits in self._bits.items()
            ),
            default=None,
        )
