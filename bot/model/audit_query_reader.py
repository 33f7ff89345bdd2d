"""Reads a question to the log: `actor:@ann action:purchase.* cost:>5 -actor:system "words"`.

Values behind a comma, or of a key that stands twice, are alternatives: any of them. Only `since`,
`created` and `cost` narrow each other where they are repeated, and so do free words: all of them hold.
"""

from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches

from bot.model.audit_query import AuditQuery, Contains, Key, Match, Term
from bot.model.audit_query_values import EXAMPLES, People, WrongValue, read_value
from bot.model.audit_query_words import SHOWN, Word, split_words
from bot.model.errors import Misread, NotUnderstood

LONGEST = 500
MOST_MISREADS = 5
_NARROW = frozenset({Key.SINCE, Key.CREATED, Key.COST, Key.WORDS})


def nobody(_name: str) -> tuple[str, ...]:
    """Knows no names."""
    return ()


def parse_audit_query(text: str, now: datetime, people: People = nobody) -> AuditQuery:
    """The query in `text`. Raises NotUnderstood: each word that is not, its place, the nearest."""
    if len(text) > LONGEST:
        raise NotUnderstood((Misread(text[:SHOWN], f"A query has at most {LONGEST} characters."),))
    terms: list[Term] = []
    misreads: list[Misread] = []
    for word in split_words(text):
        try:
            terms.append(_term(word, now, people))
        except NotUnderstood as problem:
            misreads += problem.misreads
    if misreads:
        raise NotUnderstood(tuple(misreads[:MOST_MISREADS]))
    return AuditQuery(tuple(_merged(terms)))


def _term(word: Word, now: datetime, people: People) -> Term:
    if word.key is None:
        return _free(word)
    key = _key(word)
    matches: list[Match] = []
    for value in word.values:
        try:
            matches += read_value(key, value, now, people)
        except WrongValue as wrong:
            raise word.misread(wrong.problem, wrong.nearest) from None
    return Term(key, tuple(matches), word.negated)


def _free(word: Word) -> Term:
    said = word.values[0]
    if not said.strip() or not said.strip("*"):
        raise word.misread(
            f"“{word.raw[:SHOWN]}” leaves nothing out: write what the reason says.", '"support"'
        )
    return Term(Key.WORDS, (Contains(said),), word.negated)


def _key(word: Word) -> Key:
    name = (word.key or "").lower()
    if name in EXAMPLES:
        return Key(name)
    near = get_close_matches(name, [key.value for key in EXAMPLES], n=1, cutoff=0.5)
    nearest = EXAMPLES[Key(near[0])] if near else EXAMPLES[Key.ACTION]
    raise word.misread(f"The log has no filter “{word.raw[:SHOWN]}”; quote it to find it in a text.", nearest)


def _merged(terms: list[Term]) -> Iterator[Term]:
    """Terms of one key become one, in the place of the first; a value that stands twice counts once."""
    together: dict[object, Term] = {}
    for place, term in enumerate(terms):
        alone = term.key in _NARROW
        name: object = (term.key, term.negated, place if alone else None)
        before = together.get(name)
        matches = (*before.matches, *term.matches) if before else term.matches
        together[name] = Term(term.key, tuple(dict.fromkeys(matches)), term.negated)
    yield from together.values()
