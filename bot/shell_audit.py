"""What the shell shows of a question to the log: counts as bars, carets below what was not understood."""

from collections.abc import Sequence

from bot.model.errors import NotUnderstood
from bot.model.money import format_usd
from storage.audit_search import Counted

CELLS = 20


def bars(counted: Sequence[Counted]) -> list[str]:
    """A line each: name, bar, and the same in words. The longest bar is the most."""
    if not counted:
        return ["No events found."]
    most = max(one.events for one in counted)
    total = sum(one.events for one in counted)
    width = max(len(one.name or "none") for one in counted)
    return [
        f"{one.name or 'none':<{width}}  {_bar(one.events, most)}  "
        f"{one.events:,} of {total:,} events, {one.events * 100 // total}%{_bought(one)}"
        for one in counted
    ]


def _bought(one: Counted) -> str:
    return f", {format_usd(one.spent)} bought" if one.spent else ""


def _bar(events: int, most: int) -> str:
    filled = max(1, events * CELLS // most)
    return "█" * filled + "░" * (CELLS - filled)


def pointed(text: str, problem: NotUnderstood) -> list[str]:
    """The query and, in a second line, carets below each word that was not understood."""
    placed = [(m.at, len(m.word)) for m in problem.misreads if m.at is not None]
    if not placed:
        return []
    carets = [" "] * max(at + length for at, length in placed)
    for at, length in placed:
        carets[at : at + length] = "^" * length
    return ["".join(c if c.isprintable() else " " for c in text), "".join(carets)]
