"""Reads the words of a search one after the other, and keeps what each of them says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.model import countries, search_filters
from bot.model.errors import Misread, NotUnderstood
from bot.model.offer import NumberType
from bot.model.search_clean import shorten
from bot.model.search_hints import unknown
from bot.model.search_words import Kind, Word

MOST_MISREADS = 5
_LONGEST_QUOTE = 60
_LONGEST_NAME = 9  # words: "Democratic People's Republic of Korea", and longer ones
_FILLERS = frozenset({"the", "number", "numbers", "phone"})
_MAYBE_INDIA = "in"
_NUMBER = re.compile(r"[+(]*\d[\d().*/-]*", re.ASCII)
_BEGINS_A_NUMBER = re.compile(r"\+\d|\(\d+\)", re.ASCII)
_STARRED = re.compile(r"\*+(\d+)(\*?)", re.ASCII)
_TYPES = {kind.value: kind for kind in NumberType} | {
    "toll-free": NumberType.TOLLFREE,
    "toll free": NumberType.TOLLFREE,
}
_PLAIN_KEYS = frozenset({"country", "country-iso", "type", "pattern", "starts", "start"})
_NO_SEARCH_WORD = {
    Kind.PERSON: "A person is no search word.",
    Kind.CHANNEL: "A channel is no search word.",
    Kind.LINK: "A link is no search word.",
}


@dataclass(slots=True)
class Reader:
    """What was read so far; each thing with the word that said it."""

    words: Sequence[Word]
    countries: list[tuple[str, str]] = field(default_factory=list)
    codes: list[tuple[str, str, str]] = field(default_factory=list)  #: word, calling code, country
    types: list[tuple[str, NumberType]] = field(default_factory=list)
    digits: list[tuple[str, str]] = field(default_factory=list)
    filters: dict[str, object] = field(default_factory=dict)
    maybe_india: bool = False
    misreads: list[Misread] = field(default_factory=list)

    def read(self) -> None:
        """Reads every word, or stops when more is wrong than anybody wants to be told."""
        at = 0
        while at < len(self.words) and len(self.misreads) < MOST_MISREADS:
            try:
                at += self._step(at)
            except NotUnderstood as problem:
                self.misreads += (m for m in problem.misreads if m not in self.misreads)
                at += 1

    def _step(self, at: int) -> int:
        """Reads what begins at this word; says how many words that were."""
        word = self.words[at]
        if word.kind in _NO_SEARCH_WORD:
            raise search_filters.misread(word.typed, f"“{shorten(word.typed)}”: {_NO_SEARCH_WORD[word.kind]}")
        if word.kind is Kind.UNCLOSED:
            raise _unclosed(word)
        if word.kind is Kind.FILTER:
            self._filter(word)
            return 1
        return self._names(at) or self._number(at) or self._single(at)

    def _filter(self, word: Word) -> None:
        name = search_filters.name_of(word.key)
        if name is None and word.key in _PLAIN_KEYS and word.value:
            self._plain_value(word)
        elif name is None:
            raise search_filters.unknown_key(word.key, word.value, word.typed)
        elif name in self.filters:
            problem = f"`{name}:` stands twice; once is enough."
            raise search_filters.misread(word.typed, problem)
        else:
            self.filters[name] = None  # it was there, even if it cannot be read
            self.filters[name] = search_filters.read(name, word.value)

    def _plain_value(self, word: Word) -> None:
        """`country:US` and `type:local` say what the bare words say."""
        inner = Reader((Word(Kind.PLAIN, word.typed, word.value, quoted=True),))
        inner.read()
        self.misreads += inner.misreads
        self.countries += inner.countries
        self.codes += inner.codes
        self.types += inner.types
        self.digits += inner.digits
        self.maybe_india = self.maybe_india or inner.maybe_india

    def _names(self, at: int) -> int:
        """The longest run of words from here that names a country or a type; 0 if none of two does."""
        for length in range(min(_LONGEST_NAME, len(self.words) - at), 1, -1):
            run = self.words[at : at + length]
            if any(word.kind is not Kind.PLAIN for word in run) or run[0].value.lower() == _MAYBE_INDIA:
                continue
            if self._known(" ".join(word.value for word in run)):
                return length
        return 0

    def _known(self, text: str) -> bool:
        kind = _TYPES.get(text.lower())
        country = None if text.startswith("+") else countries.find(text)
        if kind:
            self.types.append((text, kind))
        elif country:
            self.countries.append((text, country))
        return bool(kind or country)

    def _number(self, at: int) -> int:
        """Digits. Behind "+1" or "(415)" the digits that follow belong to it. 0 if there are none."""
        if not _NUMBER.fullmatch(self.words[at].value.replace(" ", "")):
            return 0
        end = at + 1
        if _BEGINS_A_NUMBER.match(self.words[at].value):
            while end < len(self.words) and _continues(self.words[end]):
                end += 1
        typed = " ".join(word.value for word in self.words[at:end])
        self._digits(typed, _bare(typed))
        return end - at

    def _digits(self, typed: str, digits: str) -> None:
        if not typed.startswith("+"):
            self.digits.append((typed, digits))
            return
        split = countries.split_calling_code(digits)
        if split is None:
            raise search_filters.misread(
                typed, f"No country has the calling code of “{shorten(typed)}”.", "+1"
            )
        country, national = split
        self.codes.append((typed, digits.removesuffix(national), country))
        if national:
            self.digits.append((typed, national))

    def _single(self, at: int) -> int:
        word = self.words[at]
        if word.value.lower() == _MAYBE_INDIA and word.value != "IN":
            self.maybe_india = True
        elif word.value.lower() not in _FILLERS and not self._known(word.value):
            raise _starred(word) or unknown(word, self.words[at - 1] if at else None)
        return 1


def _continues(word: Word) -> bool:
    return word.kind is Kind.PLAIN and not word.value.startswith("+") and bool(_NUMBER.fullmatch(word.value))


def _bare(typed: str) -> str:
    digits = search_filters.bare_digits(typed.lstrip("+"))
    if digits is None:
        problem = f"“{shorten(typed)}” has more digits than a number, or something between them."
        raise search_filters.misread(typed, problem, "415")
    return digits


def _starred(word: Word) -> NotUnderstood | None:
    star = _STARRED.fullmatch(word.value)
    if star is None:
        return None
    nearest = f"{'contains' if star[2] else 'ends'}:{star[1][:15]}"
    return search_filters.misread(word.typed, f"“{shorten(word.typed)}”: a star is no search word.", nearest)


def _unclosed(word: Word) -> NotUnderstood:
    problem = f"The quote in “{shorten(word.typed)}” is not closed."
    key = f"{word.key}:" if word.key else ""
    nearest = (
        f"{key}{search_filters.quote(word.value)}"
        if word.value and len(word.value) < _LONGEST_QUOTE
        else None
    )
    return search_filters.misread(word.typed, problem, nearest)
