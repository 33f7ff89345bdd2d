"""Text in Slack: other people's words are shown, and never act."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# the look-alikes are the point
_FORMATTING = str.maketrans({"*": "\u2217", "_": "\uff3f", "~": "\u223c", "`": "\u02cb"})
_BACKTICK = str.maketrans({"`": "\u02cb"})
_SPAN = re.compile("(`[^`]+`)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def clean(text: str, limit: int) -> str:
    """Text without control and direction marks, at most `limit` characters."""
    plain = _CONTROL.sub("", text).strip()
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def escape(text: str, limit: int = 300) -> str:
    """Foreign text as one line inside of mrkdwn: it cannot ping, link or format.

    Slack reads `&`, `<` and `>` as mark-up and asks for entities; it knows no escape for the
    characters that format, so these are shown by look-alikes. What comes back has at most `limit`
    characters: an entity has up to five, and Slack refuses a whole message that is too long.
    """
    return _within(_inert(_line(text, limit)), limit)


def code(text: str, limit: int = 300) -> str:
    """Foreign text as one line of inline code: to be typed again as it stands, `*` and `_` with it.

    Slack formats nothing between backticks, so these alone are shown by a look-alike. What comes back
    has at most `limit` characters, the backticks with it.
    """
    return f"`{_within(_verbatim(_line(text, limit)), limit - 2) or ' '}`"


def sentence(text: str, limit: int = 300) -> str:
    """A sentence of ours that quotes foreign text: what it has between backticks stays code."""
    pieces: list[str] = []
    for part in _SPAN.split(_line(text, limit)):
        # a span is one piece: cut in the middle it would never end
        pieces += [code(part[1:-1], limit)] if _SPAN.fullmatch(part) else _inert(part)
    return _within(pieces, limit)


def _line(text: str, limit: int) -> str:
    return " ".join(clean(text, limit).split())


def _inert(line: str) -> list[str]:
    return [_ENTITIES.get(character, character) for character in line.translate(_FORMATTING)]


def _verbatim(line: str) -> list[str]:
    return [_ENTITIES.get(character, character) for character in line.translate(_BACKTICK)]


def _within(pieces: Sequence[str], limit: int) -> str:
    """The pieces in one, cut between two of them if they are longer than `limit`."""
    ends = list(accumulate(map(len, pieces)))
    if not ends or ends[-1] <= limit:
        return "".join(pieces)
    return "".join(pieces[: bisect_right(ends, limit - 1)]) + "…"


def user(user_id: str) -> str:
    """A mention by Slack's id; anything else is shown as it is."""
    return f"<@{user_id}>" if re.fullmatch(r"[UW][A-Z0-9]+", user_id) else escape(user_id)


def who(approver: str) -> str:
    """A user or a user group, as a mention."""
    return f"<!subteam^{approver}>" if approver.startswith("S") else user(approver)


def when(at: datetime) -> str:
    """A moment in the reader's own zone; UTC where the client cannot."""
    fallback = f"{at:%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 number`, `2 numbers`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
