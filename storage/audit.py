"""The audit log at rest: numbered without a gap per workspace, written in the use case's transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import structlog
from sqlalchemy import (
    Row,
    bindparam,
    select,
)

from bot.model import audit_fields as fields
from bot.model.audit import ERASED, Action, Actor, ActorType, AuditEvent, LoggedEvent, Outcome
from bot.model.audit_chain import GENESIS, Line, digest, hash_of_text, to_microseconds
from bot.model.money import to_units
from storage import jobs, schema
from storage.prepared import send
from storage.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

VERSION = 2
"""The shape of an event; it grows when fields change."""
HASHED = "sha256:"
"""How the salted hash of a text begins where it stands among the changes."""
CHECKPOINT = "cron:checkpoint"
"""The job that tells the world outside where the log stands."""

_T, _TEXT, _HEAD = schema.audit_event, schema.audit_text, schema.audit_head
_Key = tuple[str, int]
_Salted = tuple[str | None, str | None]
_KEYS_AT_ONCE = 1000
# Every use case appends: these go to the driver as they are, which spares half of their time.
COLUMNS = (*Line._fields, "hash")
"""Of the table, as `at_rest` fills them."""
_CHANGES = Line._fields.index("changes")
_MOVE_HEAD = "UPDATE audit_head SET seq = seq + 1 WHERE workspace = ? RETURNING seq, hash"
INSERT_LINE = "INSERT INTO audit_event ({}) VALUES ({})".format(  # noqa: S608 - our own words
    ", ".join(f'"{name}"' for name in COLUMNS), ", ".join("?" for _ in COLUMNS)
)
as_json = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode
"""Canonical, as it is hashed: SQLite keeps it as it is, and an export takes it so."""
_INSERT_TEXT = "INSERT INTO audit_text (workspace, seq, field, salt, text) VALUES (?, ?, ?, ?, ?)"
# Pairs in one IN would have SQLite read the whole table.
_TEXTS = select(_TEXT.c.seq, _TEXT.c.field, _TEXT.c.salt, _TEXT.c.text).where(
    _TEXT.c.workspace == bindparam("workspace"), _TEXT.c.seq.in_(bindparam("seqs", expanding=True))
)


def append(work: UnitOfWork, event: AuditEvent) -> int:
    """Writes an event as the next line of its workspace's log; returns its number.

    The head is moved first, by an UPDATE: reading it and then writing forks the log when two
    processes append at once. It is the last lock a use case takes. A trigger gives the head the new hash.
    """
    event = _allowed(work, event)
    seq, previous = _next(work, event.workspace)
    texts = [_salted(work, field, text) for field, text in fields.texts(event)]
    hashes = {text["field"]: hash_of_text(text["salt"], text["text"]) for text in texts}
    line = Line(
        workspace=event.workspace,
        seq=seq,
        id=work.new_id("E"),
        at=to_microseconds(work.now),
        version=VERSION,
        account=event.account,
        actor_type=event.actor.type.value,
        actor=event.actor.id,
        on_behalf_of=event.on_behalf_of,
        action=event.action.value,
        outcome=event.outcome.value,
        request_id=event.request_id,
        purchase_id=event.purchase_id,
        number=event.number,
        country=event.country,
        cost=None if event.cost is None else to_units(event.cost),
        reason_hash=hashes.get("reason"),
        changes=_with_hashes(event.changes, hashes),
        context=event.context,
        previous_hash=previous,
    )
    hashed = digest(line)
    _run(work, INSERT_LINE, at_rest(line, hashed))
    work.log_heads[event.workspace] = seq, hashed
    for text in texts:
        _run(work, _INSERT_TEXT, (event.workspace, seq, text["field"], text["salt"], text["text"]))
    every = work.log_rules.checkpoint_every
    if every and seq % every == 0:
        jobs.put(work, CHECKPOINT)
    return seq


def at_rest(line: Line, hashed: str) -> tuple[Any, ...]:
    """The row of a line, for a driver."""
    return (*line[:_CHANGES], as_json(line.changes), as_json(line.context), line.previous_hash, hashed)


def _allowed(work: UnitOfWork, event: AuditEvent) -> AuditEvent:
    if work.log_rules.strict:
        fields.check(event)
        return event
    event, left_out = fields.tidied(event)
    if left_out:
        log.warning("fields were left out of an audit event", action=event.action.value, fields=left_out)
    return event


def _salted(work: UnitOfWork, field: str, text: str) -> dict[str, str]:
    return {"field": field, "salt": work.new_salt(), "text": text}


def _with_hashes(changes: dict[str, Any], hashes: Mapping[str, str]) -> dict[str, Any]:
    """The changes with a hash in the place of each text of people."""
    if not any(field != "reason" for field in hashes):
        return changes
    return {
        name: f"{HASHED}{hashes[f'changes.{name}']}" if f"changes.{name}" in hashes else value
        for name, value in changes.items()
    }


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose log is read, and by whom: `user` None sees all of it, anybody else what concerns them."""

    workspace: str | None  #: None: every workspace, for an operator in the shell
    user: str | None = None


def of_request(work: UnitOfWork, request_id: str) -> list[LoggedEvent]:
    """All that happened to a request, in order; that somebody read this happened to nobody."""
    theirs = (_T.c.request_id == request_id) & (_T.c.action != Action.AUDIT_READ.value)
    rows = work.execute(select(_T).where(theirs).order_by(_T.c.seq))
    return with_texts(work, rows.all())


def _next(work: UnitOfWork, workspace: str) -> tuple[int, str]:
    """The next number, and the hash of the event before it.

    Once the head was moved in this transaction it is ours: a further event moves it by the trigger alone.
    """
    if mine := work.log_heads.get(workspace):
        return mine[0] + 1, mine[1]
    row = _run(work, _MOVE_HEAD, (workspace,))
    if row is None:
        first = work.insert(_HEAD).values(workspace=workspace, seq=1, hash=GENESIS)
        again = first.on_conflict_do_update(index_elements=["workspace"], set_={"seq": _HEAD.c.seq + 1})
        row = work.connection.execute(again.returning(_HEAD.c.seq, _HEAD.c.hash)).one()
    seq, previous = row
    return seq, previous


def _run(work: UnitOfWork, statement: str, values: Sequence[Any]) -> Sequence[Any] | None:
    """Runs a statement by the driver, in the transaction; its row, if it returns one."""
    if work.connection.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    rows, _ = send(work.connection, statement, values)
    return rows[0] if rows else None


def with_texts(work: UnitOfWork, rows: Sequence[Row[Any]]) -> list[LoggedEvent]:
    """Rows of the log as events, each with what people wrote, or that it was erased."""
    found = texts_of(work, [(row.workspace, row.seq) for row in rows if has_text(row)])
    return [_logged(row, found.get((row.workspace, row.seq), {})) for row in rows]


def has_text(row: Row[Any] | Line) -> bool:
    """Whether people wrote something in the event, erased or not."""
    return row.reason_hash is not None or any(map(_is_hash, row.changes.values()))


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(HASHED)


def texts_of(work: UnitOfWork, keys: Sequence[_Key]) -> dict[_Key, dict[str, _Salted]]:
    """Salt and text of what people wrote in these events, by event and field; None where it was erased."""
    found: dict[_Key, dict[str, _Salted]] = {}
    for workspace, pairs in groupby(sorted(keys), itemgetter(0)):
        seqs = [seq for _, seq in pairs]
        for start in range(0, len(seqs), _KEYS_AT_ONCE):
            some = seqs[start : start + _KEYS_AT_ONCE]
            for row in work.execute(_TEXTS, workspace=workspace, seqs=some):
                found.setdefault((workspace, row.seq), {})[row.field] = row.salt, row.text
    return found


def _logged(row: Row[Any], texts: Mapping[str, _Salted]) -> LoggedEvent:
    def text(field: str) -> str:
        found = texts.get(field, (None, None))[1]
        return ERASED if found is None else found

    changes = {k: text(f"changes.{k}") if _is_hash(v) else v for k, v in row.changes.items()}
    return LoggedEvent(
        seq=row.seq,
        id=row.id,
        at=row.at,
        hash=row.hash,
        erased=tuple(sorted(field for field, (_, found) in texts.items() if found is None)),
        event=AuditEvent(
            workspace=row.workspace,
            account=row.account,
            actor=Actor(ActorType(row.actor_type), row.actor),
            action=Action(row.action),
            outcome=Outcome(row.outcome),
            on_behalf_of=row.on_behalf_of,
            request_id=row.request_id,
            purchase_id=row.purchase_id,
            number=row.number,
            country=row.country,
            cost=row.cost,
            reason=None if row.reason_hash is None else text("reason"),
            changes=changes,
            context=row.context,
        ),
    )
