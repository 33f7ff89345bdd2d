"""A question to the log, and its one canonical way of being written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias, TypeVar

_T = TypeVar("_T")


class Key(StrEnum):
    """What an event can be asked for by; WORDS is what stands without a key."""

    ACTOR = "actor"
    ACTION = "action"
    OUTCOME = "outcome"
    NUMBER = "number"
    COUNTRY = "country"
    REQUEST = "request"
    COST = "cost"
    SINCE = "since"
    CREATED = "created"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Is:
    """Exactly this."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Begins:
    """Anything that begins so."""

    text: str

    def __str__(self) -> str:
        return f"{self.text}*"


@dataclass(frozen=True, slots=True)
class Contains:
    """Free words: anything that has them in it, in capitals or not."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class During:
    """From one moment to another, both included; None is open."""

    first: datetime | None = None  #: UTC
    last: datetime | None = None  #: UTC

    def __str__(self) -> str:
        return _between(self.first, self.last, datetime.isoformat)


@dataclass(frozen=True, slots=True)
class Costs:
    """From one amount in USD to another, both included; None is open."""

    least: Decimal | None = None
    most: Decimal | None = None

    def __str__(self) -> str:
        return _between(self.least, self.most, lambda usd: f"{usd:f}")


Match: TypeAlias = Is | Begins | Contains | During | Costs


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: any of the matches holds, or, negated, none of them does."""

    key: Key
    matches: tuple[Match, ...]
    negated: bool = False

    def __str__(self) -> str:
        said = ",".join(map(str, self.matches))
        name = "" if self.key is Key.WORDS else f"{self.key}:"
        if self.key is Key.SINCE:
            said = said.replace(">=", "")
        return f"{'-' if self.negated else ''}{name}{said}"


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which events are asked for: those for which every term holds; without terms, all."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        """The query as it may be typed again, with moments in place of `7d`."""
        return " ".join(map(str, self.terms))


def _between(first: _T | None, last: _T | None, say: Callable[[_T], str]) -> str:
    if first is not None and last is not None:
        return f"{say(first)}..{say(last)}"
    return f">={say(first)}" if first is not None else f"<={say(last)}" if last is not None else ""
