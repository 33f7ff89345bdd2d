"""What keyboards and clients do to typed text, undone: curly quotes, long dashes, blanks that are none."""

import unicodedata

_ALIKE = str.maketrans(
    dict.fromkeys("“”„‟«»‶″", '"')
    | dict.fromkeys("‘’‚‛‹›`´′", "'")  # noqa: RUF001 - these are the characters that come
    | dict.fromkeys("‐‑‒–—―−", "-")  # noqa: RUF001 - same
)
_UNSEEN = frozenset({"Cf", "Cs", "Co", "Cn"})  # zero-width marks, halves of characters, and no characters


def clean(text: str) -> str:
    """The text with straight quotes, short dashes and single ordinary blanks; what cannot be seen is gone."""
    plain = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    seen = (" " if _is_blank(c) else c for c in visible(plain))
    return " ".join(unicodedata.normalize("NFKC", "".join(seen)).split())


def visible(text: str) -> str:
    """The text without what cannot be seen: zero-width and direction marks, halves of characters."""
    return "".join(c for c in text if unicodedata.category(c) not in _UNSEEN)


def shorten(text: str, most: int = 40) -> str:
    """The text, cut to what fits into a sentence."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cc"
