"""The words of a question to the log, with where each stands: quotes, commas and `-` are understood here."""

import re
import unicodedata
from dataclasses import dataclass

from bot.model.errors import Misread, NotUnderstood

SHOWN = 40
"""Characters of a word that an answer quotes."""
QUOTES = '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}'
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_BLANK = frozenset({"Cc", "Cs", "Zs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Word:
    """`-key:value,value` or free words; `raw` is what was typed."""

    at: int
    raw: str
    negated: bool
    key: str | None  #: None: free words
    values: tuple[str, ...]

    def misread(self, problem: str, nearest: str | None = None) -> NotUnderstood:
        """What is wrong with this word, at its place."""
        return NotUnderstood((Misread(self.raw[:SHOWN], problem, nearest, self.at),))


def split_words(text: str) -> list[Word]:
    """The words of `text`. Raises NotUnderstood where a quote is never closed."""
    found, at = [], 0
    plain = "".join(" " if unicodedata.category(c) in _BLANK else c for c in text)
    while at < len(plain):
        if plain[at] == " ":
            at += 1
            continue
        word, at = _word(plain, at)
        found.append(word)
    return found


def _word(text: str, start: int) -> tuple[Word, int]:
    at = start + (1 if text[start] == "-" else 0)
    key: str | None = None
    values, free = [""], False  # free: it began with a quote, so a colon is one of its letters
    while at < len(text) and text[at] != " ":
        mention = _MENTION.match(text, at)
        if mention:
            values[-1] += mention[1]
            at = mention.end()
        elif text[at] in QUOTES:
            free = free or not (key or values[-1])
            inside, at = _quoted(text, start, at)
            values[-1] += inside
        elif text[at] == ":" and key is None and not free:
            key, values, at = values[-1], [""], at + 1
        elif text[at] == "," and key is not None:
            values, at = [*values, ""], at + 1
        else:
            values[-1] += text[at]
            at += 1
    return Word(start, text[start:at], text[start] == "-", key, tuple(values)), at


def _quoted(text: str, start: int, at: int) -> tuple[str, int]:
    """What stands in quotes, and where it goes on behind them."""
    for end in range(at + 1, len(text)):
        if text[end] in QUOTES:
            return text[at + 1 : end], end + 1
    raise NotUnderstood(
        (Misread(text[start:][:SHOWN], "A quotation mark is never closed.", f'{text[start:][:SHOWN]}"', at),)
    )
