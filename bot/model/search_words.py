"""The words of a search: what stands between blanks, `filter:value` pairs, quotes, Slack's own marks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

from bot.model.search_clean import clean

_WORD = re.compile(
    r"""
      <(?P<mark>[@#!][^<>]*|[A-Za-z]+:[^<>]*)>
    | (?:(?P<key>[A-Za-z][A-Za-z_-]{0,30}):\s?)?(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'(?!\S))
    | (?P<open>(?:[A-Za-z][A-Za-z_-]{0,30}:\s?)?"[^"]*)\Z
    | (?P<plain>\S+)
    """,
    re.VERBOSE,
)
_PAIR = re.compile(r"([A-Za-z][A-Za-z_-]{0,30}):(.*)", re.DOTALL)
_TRAILING = ",;.!?"  # what people write between words


class Kind(StrEnum):
    """What a word is by its look."""

    PLAIN = auto()  # a country, a type or digits
    FILTER = auto()  # key:value
    UNCLOSED = auto()  # a quote that never ends
    PERSON = auto()  # <@U…>
    CHANNEL = auto()  # <#C…>
    LINK = auto()  # <https://…>


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was typed, and its parts."""

    kind: Kind
    typed: str
    value: str
    key: str = ""  #: in small letters, with hyphens; empty if it is no filter
    quoted: bool = False


def words(text: str) -> tuple[Word, ...]:
    """The words in the text, with straight quotes. Never raises."""
    found = list(_found(clean(text)))
    return tuple(_joined(found))


def _found(text: str) -> Iterator[Word]:
    for match in _WORD.finditer(text):
        mark, plain = match["mark"], match["plain"]
        if mark is not None:
            yield _marked(mark)
        elif match["open"] is not None:
            yield _unclosed(match["open"])
        elif plain is not None:
            yield from _plain(plain)
        else:
            value = match["double"] if match["double"] is not None else match["single"]
            yield _quoted(match[0], match["key"] or "", value.strip())


def _marked(mark: str) -> Word:
    """Slack's own: a person, a group, a channel, a link; a linked phone number is just a number."""
    target, _, shown = mark.partition("|")
    if target.lower().startswith("tel:"):
        return Word(Kind.PLAIN, target[4:], target[4:])
    if mark[0] == "#":
        return Word(Kind.CHANNEL, f"#{shown or target[1:]}", target)
    if mark[0] in "@!":
        return Word(Kind.PERSON, f"@{(shown or target[1:]).removeprefix('@')}", target)
    return Word(Kind.LINK, shown or target, target)


def _plain(typed: str) -> Iterator[Word]:
    bare = typed.rstrip(_TRAILING)
    if not bare:
        return
    pair = _PAIR.fullmatch(bare)
    key, value = (_key(pair[1]), pair[2]) if pair else ("", bare)
    if '"' in bare or value.startswith("'"):
        yield Word(Kind.UNCLOSED, bare, value.replace('"', "").strip("'"), key)
    elif bare.startswith(("@", "#")):
        yield Word(Kind.PERSON if bare[0] == "@" else Kind.CHANNEL, bare, bare)
    else:
        yield Word(Kind.FILTER if pair else Kind.PLAIN, bare, value, key)


def _unclosed(typed: str) -> Word:
    before, _, value = typed.partition('"')
    return Word(Kind.UNCLOSED, typed, value.strip(), _key(before.strip().removesuffix(":")))


def _quoted(typed: str, key: str, value: str) -> Word:
    return Word(Kind.FILTER if key else Kind.PLAIN, typed, value, _key(key), quoted=True)


def _joined(found: list[Word]) -> Iterator[Word]:
    """`city: Austin` is one filter: people put a blank after a colon."""
    waiting: Word | None = None
    for word in found:
        if waiting and word.kind is Kind.PLAIN:
            typed = f"{waiting.typed} {word.typed}"
            yield Word(Kind.FILTER, typed, word.value, waiting.key, quoted=word.quoted)
            waiting = None
            continue
        if waiting:
            yield waiting
        waiting = word if word.kind is Kind.FILTER and not word.value and not word.quoted else None
        if not waiting:
            yield word
    if waiting:
        yield waiting


def _key(typed: str) -> str:
    return typed.lower().replace("_", "-")
