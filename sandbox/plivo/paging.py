"""Pages of twenty with `meta`, as every list of Plivo's has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from sandbox.plivo.call import JSON, Answer, Call, Refusal

MOST = 20
T = TypeVar("T")


def page(call: Call, rows: Sequence[T], render: Callable[[T], JSON], *, key: str = "objects") -> Answer:
    """Answer with one page of the rows.

    What Plivo does with a limit above 20 is not documented; this stand-in refuses it, so that a client that
    counts on more is found out. Raises Refusal(400) for that and for a limit or offset that is no number.
    """
    limit, offset = _bounded(call, "limit", MOST, 1, MOST), _bounded(call, "offset", 0, 0, None)
    after, before = offset + limit, max(0, offset - limit)
    meta: JSON = {
        "limit": limit,
        "next": _link(call, limit, after) if after < len(rows) else None,
        "offset": offset,
        "previous": _link(call, limit, before) if offset > 0 else None,
        "total_count": len(rows),
    }
    return Answer(200, {"meta": meta, key: [render(row) for row in rows[offset:after]]})


def _bounded(call: Call, name: str, usual: int, least: int, most: int | None) -> int:
    text = call.value(name)
    if text is None:
        return usual
    if (
        not (text.isascii() and text.isdigit())
        or int(text) < least
        or (most is not None and int(text) > most)
    ):
        raise Refusal(400, f"{name} parameter is invalid")
    return int(text)


def _link(call: Call, limit: int, offset: int) -> str:
    filters = [(name, value) for name, value in call.query if value and name not in {"limit", "offset"}]
    return f"{call.path}?{urlencode([('limit', limit), *filters, ('offset', offset)])}"
