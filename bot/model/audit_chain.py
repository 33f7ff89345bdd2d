"""The chain: each event's hash covers the event and the hash before it, so that no line can change unseen.

SHA-256 over canonical JSON (RFC 8785). Pure: what is hashed is said here once, for writing, checking,
archives and proofs.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple

from bot.model.money import from_units

GENESIS = "0" * 64
"""What stands in the place of the hash before a workspace's first event."""
_SAFE = 2**53 - 1
"""RFC 8785 knows integers as far as a double is exact."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE = _EPOCH.replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)

_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode

_quoted = json.encoder.encode_basestring


class Line(NamedTuple):
    """An event as its row holds it, without its own hash: in the order of the table's columns."""

    workspace: str
    seq: int
    id: str
    at: int  #: microseconds since 1970, UTC
    version: int
    account: str
    actor_type: str
    actor: str
    on_behalf_of: str | None
    action: str
    outcome: str
    request_id: str | None
    purchase_id: str | None
    number: str | None
    country: str | None
    cost: int | None  #: ten-thousandths of a dollar
    reason_hash: str | None
    changes: dict[str, Any]
    context: dict[str, Any]
    previous_hash: str


def record(line: Line) -> dict[str, Any]:
    """The event as JSON has it, in exports, archives and proofs: what its hash is made of."""
    return {
        "workspace": line.workspace,
        "seq": line.seq,
        "id": line.id,
        "at": to_text(line.at),
        "version": line.version,
        "account": line.account,
        "actor": {"type": line.actor_type, "id": line.actor},
        "on_behalf_of": line.on_behalf_of,
        "action": line.action,
        "outcome": line.outcome,
        "request": line.request_id,
        "purchase": line.purchase_id,
        "number": line.number,
        "country": line.country,
        "cost": None if line.cost is None else str(from_units(line.cost)),
        "reason_hash": line.reason_hash,
        "changes": line.changes,
        "context": line.context,
        "previous_hash": line.previous_hash,
    }


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of texts, whole numbers, lists and objects with keys of plain letters.

    The standard library's encoder writes these as RFC 8785 wants them, and many times faster than
    code in Python could. `plain` keeps out what it would write otherwise.
    """
    return _encode(value).encode()


def digest(line: Line) -> str:
    """The event's hash: 64 hexadecimal digits."""
    return sha256(canonical_line(line).encode()).hexdigest()


def canonical_line(line: Line) -> str:
    """`canonical(record(line))`, written out: appending, verifying and exports spend their time on it."""
    cost = None if line.cost is None else str(from_units(line.cost))
    return (
        f'{{"account":{_quoted(line.account)},"action":{_quoted(line.action)}'
        f',"actor":{{"id":{_quoted(line.actor)},"type":{_quoted(line.actor_type)}}}'
        f',"at":"{to_text(line.at)}","changes":{_encode(line.changes)}'
        f',"context":{_encode(line.context)},"cost":{_or_null(cost)}'
        f',"country":{_or_null(line.country)},"id":{_quoted(line.id)},"number":{_or_null(line.number)}'
        f',"on_behalf_of":{_or_null(line.on_behalf_of)},"outcome":{_quoted(line.outcome)}'
        f',"previous_hash":{_quoted(line.previous_hash)},"purchase":{_or_null(line.purchase_id)}'
        f',"reason_hash":{_or_null(line.reason_hash)},"request":{_or_null(line.request_id)},"seq":{line.seq}'
        f',"version":{line.version},"workspace":{_quoted(line.workspace)}}}'
    )


def _or_null(text: str | None) -> str:
    return "null" if text is None else _quoted(text)


def hash_of_record(written: dict[str, Any]) -> str:
    """The same of an event that is JSON already."""
    return sha256(canonical(written)).hexdigest()


def hash_of_text(salt: str, text: str) -> str:
    """What stands in the chain for a text of people: nothing can be told from it once the salt is gone."""
    return sha256(f"{salt}:{text}".encode()).hexdigest()


_SALT = re.compile("[0-9a-f]{32}")


def text_holds(salt: str, text: str, hashed: str) -> bool:
    """Whether this is what was hashed. The form of the salt says where it ends: else a text could be cut."""
    return _SALT.fullmatch(salt) is not None and hash_of_text(salt, text) == hashed


def plain(value: Any) -> bool:
    """Whether the value is written alike by everybody: no float, no huge number, no unusual key."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and key.isascii() and plain(one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return all(map(plain, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return -_SAFE <= value <= _SAFE
    return value is None or isinstance(value, str | bool)


def to_text(at: int) -> str:
    """The moment with all its microseconds: 2026-03-04T05:06:07.000008Z."""
    return (_NAIVE + timedelta(0, 0, at)).isoformat(timespec="microseconds") + "Z"


def to_microseconds(at: datetime) -> int:
    """The moment as it is kept and counted."""
    return (at - _EPOCH) // _MICROSECOND


def from_text(text: str) -> int:
    """The moment of `to_text`, as microseconds."""
    return to_microseconds(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC))


def to_line(written: dict[str, Any]) -> Line:
    """The event of a record. Raises KeyError, TypeError or ValueError where it is none."""
    cost = written["cost"]
    if type(written["seq"]) is not int or not all(
        isinstance(written[n], dict) for n in ("changes", "context")
    ):
        raise TypeError  # JSON knows 1.0 as well, and lists
    return Line(
        workspace=written["workspace"],
        seq=written["seq"],
        id=written["id"],
        at=from_text(written["at"]),
        version=written["version"],
        account=written["account"],
        actor_type=written["actor"]["type"],
        actor=written["actor"]["id"],
        on_behalf_of=written["on_behalf_of"],
        action=written["action"],
        outcome=written["outcome"],
        request_id=written["request"],
        purchase_id=written["purchase"],
        number=written["number"],
        country=written["country"],
        cost=None if cost is None else int(Decimal(cost) * 10_000),
        reason_hash=written["reason_hash"],
        changes=written["changes"],
        context=written["context"],
        previous_hash=written["previous_hash"],
    )
