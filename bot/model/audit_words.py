"""What stands behind `/number audit`: a question, counts of what it finds, or all of it as a file."""

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeAlias, TypeVar

from bot.model.audit_export import Format
from bot.model.audit_query_words import SHOWN, Word, split_words
from bot.model.errors import Misread, NotUnderstood

_E = TypeVar("_E", bound=StrEnum)


class By(StrEnum):
    """What events are counted by."""

    PERSON = "person"
    MONTH = "month"
    ACTION = "action"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class ReadLog:
    """The events that a query finds, a page of them."""

    query: str


@dataclass(frozen=True, slots=True)
class CountLog:
    """How many there are, and what they cost."""

    query: str
    by: By


@dataclass(frozen=True, slots=True)
class TakeLog:
    """All of them, in a file."""

    query: str
    format: Format


AuditWords: TypeAlias = ReadLog | CountLog | TakeLog


def parse_audit_words(text: str) -> AuditWords:
    """What is wanted; the query itself is read later. Raises NotUnderstood: an unknown `by:` or format."""
    word, _, rest = text.strip().partition(" ")
    match word.lower():
        case "stats":
            query, by = _taken_out(rest, "by", By)
            return CountLog(query, by or By.PERSON)
        case "export":
            query, kind = _taken_out(rest, "format", Format)
            return TakeLog(query, kind or Format.CSV)
    return ReadLog(text.strip())


def _taken_out(text: str, key: str, choices: type[_E]) -> tuple[str, _E | None]:
    """The text without `key:choice`, and the choice; a bare choice at the very end counts as well."""
    words = split_words(text)
    keyed = [word for word in words if (word.key or "").lower() == key]
    bare = [word for word in words[-1:] if not keyed and word.raw.lower() in set(choices)]
    found = None
    for word in reversed([*keyed, *bare]):
        found = _choice(word, key, choices)
        text = text[: word.at] + text[word.at + len(word.raw) :]
    return " ".join(text.split(" ")).strip(), found


def _choice(word: Word, key: str, choices: type[_E]) -> _E:
    said = word.values[0].strip().lower()
    if said in set(choices) and len(word.values) == 1:
        return choices(said)
    near = get_close_matches(said, list(choices), n=1, cutoff=0.4) or [next(iter(choices))]
    problem = f"“{word.raw[:SHOWN]}” is none of {', '.join(choices)}."
    raise NotUnderstood((Misread(word.raw[:SHOWN], problem, f"{key}:{near[0]}", word.at),))
