"""An event as a line of canonical JSON, put together by the database: `json_line` of what is at rest.

Python joins the parts. What an event has as JSON stands on SQLite as it was hashed; PostgreSQL gives it an
order and blanks of its own, and Python makes it canonical again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Text, cast, func, literal_column

from storage import schema
from storage.audit import HASHED, as_json

_T = schema.audit_event
_text = json.encoder.encode_basestring
_decode = json.JSONDecoder().raw_decode  # a third of the time of `json.loads`
_NAMED = '": '
"""What stands behind a name in JSON that is not canonical: PostgreSQL's, and older rows of SQLite's."""
_Members = Mapping[str, Any]  # columns by name, and members of their own
_Object = Callable[[_Members], ColumnElement[str]]
# Both databases round towards nought, and the second of an event before 1970 began earlier.
_MICROSECONDS = "((audit_event.at % 1000000 + 1000000) % 1000000)"
_SECONDS = f"((audit_event.at - {_MICROSECONDS}) / 1000000)"
_FRACTION = f"substr(CAST({_MICROSECONDS} + 1000000 AS TEXT), 2) || 'Z'"
_AT = {
    "sqlite": f"strftime('%Y-%m-%dT%H:%M:%S.', {_SECONDS}, 'unixepoch') || {_FRACTION}",
    "postgresql": (
        f"to_char(timestamp '1970-01-01' + {_SECONDS} * interval '1 second', 'YYYY-MM-DD\"T\"HH24:MI:SS.')"
        f" || {_FRACTION}"
    ),
}
_COST = (
    "CASE WHEN audit_event.cost < 0 THEN '-' ELSE '' END || CAST(abs(audit_event.cost) / 10000 AS TEXT)"
    " || '.' || substr(CAST(abs(audit_event.cost) % 10000 + 10000 AS TEXT), 2)"
)
_TEXTS = """
CASE WHEN audit_event.reason_hash IS NULL AND CAST(audit_event.changes AS TEXT) NOT LIKE '%"{hashed}%'
THEN '{{}}' ELSE (SELECT {texts} FROM (
    SELECT t.field, t.salt, t.text FROM audit_text t
    WHERE t.workspace = audit_event.workspace AND t.seq = audit_event.seq ORDER BY t.field
) AS own) END
"""
_TEXTS_OF = {
    "sqlite": "json_group_object(field, json_object('salt', salt, 'text', text))",
    "postgresql": """coalesce('{' || string_agg(
        CAST(to_json(field) AS TEXT) || ':{"salt":' || coalesce(CAST(to_json(salt) AS TEXT), 'null')
        || ',"text":' || coalesce(CAST(to_json(text) AS TEXT), 'null') || '}',
        ',' ORDER BY field COLLATE "C") || '}', '{}')""",
}


def columns(dialect: str) -> list[ColumnElement[Any]]:
    """What `line` needs of an event, on a database of that kind; its number as well."""
    an_object = _OBJECTS[dialect]
    head = {
        "account": _T.c.account, "action": _T.c.action, "actor": {"id": _T.c.actor, "type": _T.c.actor_type},
        "at": literal_column(_AT[dialect], Text),
    }  # fmt: skip
    tail = {
        "cost": literal_column(_COST, Text), "country": _T.c.country, "id": _T.c.id, "number": _T.c.number,
        "on_behalf_of": _T.c.on_behalf_of, "outcome": _T.c.outcome, "previous_hash": _T.c.previous_hash,
        "purchase": _T.c.purchase_id, "reason_hash": _T.c.reason_hash, "request": _T.c.request_id,
        "seq": _T.c.seq, "version": _T.c.version, "workspace": _T.c.workspace,
    }  # fmt: skip
    texts = literal_column(_TEXTS.format(hashed=HASHED, texts=_TEXTS_OF[dialect]), Text)
    return [
        _T.c.seq,
        an_object(head).label("head"),
        cast(_T.c.changes, Text).label("changes"),
        cast(_T.c.context, Text).label("context"),
        an_object(tail).label("tail"),
        _T.c.hash,
        texts.label("texts"),
    ]


def lines(rows: Sequence[Row[Any]]) -> list[str]:
    """The lines of rows of `columns`, with their ends."""
    return [
        f'{{"event":{head[:-1]},"changes":{changes if _NAMED not in changes else _canonical(changes)}'
        f',"context":{context if _NAMED not in context else _canonical(context)},{tail[1:]}'
        f',"hash":{_text(hashed)},"texts":{texts}}}\n'
        for _, head, changes, context, tail, hashed, texts in map(tuple, rows)
    ]


@lru_cache(maxsize=4096)  # many events say the same as others
def _canonical(text: str) -> str:
    value, end = _decode(text)
    if end != len(text):  # somebody put it there
        raise ValueError(f"{text[end:]!r} stands behind JSON")
    return as_json(value)


def _sqlite(members: _Members) -> ColumnElement[str]:
    """By one call: quicker than by its parts."""
    parts: list[ColumnElement[Any]] = []
    for name, value in members.items():
        parts += literal_column(f"'{name}'"), _sqlite(value) if isinstance(value, dict) else value
    return func.json_object(*parts)


def _postgresql(members: _Members) -> ColumnElement[str]:
    """By its parts in a row: its own functions put blanks in between, and are slower."""
    parts: list[ColumnElement[str]] = []
    for name, value in members.items():
        mark = "," if parts else "{"
        parts += (
            literal_column(f"'{mark}\"{name}\":'", Text),
            _postgresql(value) if isinstance(value, dict) else _quoted(value),
        )
    return reduce(add, [*parts, literal_column("'}'", Text)])


def _quoted(value: ColumnElement[Any]) -> ColumnElement[str]:
    if isinstance(value.type, Integer):
        return cast(value, Text)
    quoted = cast(func.to_json(value), Text)
    may_be_null = getattr(value, "nullable", True)
    return func.coalesce(quoted, literal_column("'null'", Text)) if may_be_null else quoted


_OBJECTS: Mapping[str, _Object] = {"sqlite": _sqlite, "postgresql": _postgresql}
