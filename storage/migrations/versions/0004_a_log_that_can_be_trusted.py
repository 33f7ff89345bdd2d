"""A log that can be trusted: chained by hashes, refused to be changed, texts of people apart."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_GENESIS = "0" * 64
_PAGE = 1000


def upgrade() -> None:
    op.create_table(
        "audit_text",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "seq", "field", name=op.f("pk_audit_text")),
    )
    op.create_table(
        "audit_stub",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "seq", name=op.f("pk_audit_stub")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("country", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("cost", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("reason_hash", sa.Text(), nullable=True))
    with op.batch_alter_table("audit_head", schema=None) as batch_op:
        batch_op.add_column(sa.Column("archived_seq", sa.BigInteger(), server_default="0", nullable=False))
    _chain()
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.alter_column("previous_hash", existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("hash", existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table("audit_head", schema=None) as batch_op:
        batch_op.alter_column("hash", existing_type=sa.Text(), nullable=False)
    for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


# --- the rows that are there become a chain ---


def _chain() -> None:
    bind = op.get_bind()
    for (workspace,) in bind.execute(sa.text("SELECT workspace FROM audit_head")).all():
        previous = _GENESIS
        for row in _rows(bind, workspace):
            previous = _link(bind, row, previous)
        bind.execute(
            sa.text("UPDATE audit_head SET hash = :hash WHERE workspace = :workspace"),
            {"hash": previous, "workspace": workspace},
        )


def _rows(bind: sa.Connection, workspace: str) -> Iterator[dict[str, Any]]:
    """The events in order, a page at a time."""
    statement = sa.text(
        "SELECT * FROM audit_event WHERE workspace = :workspace AND seq > :last ORDER BY seq LIMIT :page"
    )
    last = 0
    while page := bind.execute(statement, {"workspace": workspace, "last": last, "page": _PAGE}).all():
        yield from (dict(row._mapping) for row in page)  # noqa: SLF001 - SQLAlchemy's public name for it
        last = page[-1].seq


def _link(bind: sa.Connection, row: dict[str, Any], previous: str) -> str:
    """Gives one event its hashes and puts what people wrote apart; returns its hash."""
    key = {"workspace": row["workspace"], "seq": row["seq"]}
    for name in ("changes", "context"):
        if isinstance(row[name], str):  # SQLite keeps JSON as text
            row[name] = json.loads(row[name])
    reason_hash = _put_apart(bind, key, "reason", row["reason"])
    for name in {"request.reason_changed": ("from",), "audit.read": ("query",)}.get(row["action"], ()):
        if isinstance(row["changes"].get(name), str):
            row["changes"][name] = f"sha256:{_put_apart(bind, key, f'changes.{name}', row['changes'][name])}"
    hashed = _hash(row | {"reason_hash": reason_hash, "previous_hash": previous})
    values = key | {"changes": row["changes"], "reason_hash": reason_hash, "previous": previous}
    bind.execute(_LINK, values | {"hash": hashed})
    return hashed


_LINK = sa.text(
    "UPDATE audit_event SET changes = :changes, reason_hash = :reason_hash, previous_hash = :previous,"
    " hash = :hash WHERE workspace = :workspace AND seq = :seq"
).bindparams(sa.bindparam("changes", type_=sa.JSON()))


def _put_apart(bind: sa.Connection, key: dict[str, Any], field: str, text: str | None) -> str | None:
    if text is None:
        return None
    salt = secrets.token_hex(16)
    bind.execute(
        sa.text("INSERT INTO audit_text VALUES (:workspace, :seq, :field, :salt, :text)"),
        key | {"field": field, "salt": salt, "text": text},
    )
    return hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()


def _hash(row: dict[str, Any]) -> str:
    """As bot/model/audit_chain.py had it when this was written: a migration does not change afterwards."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row["at"])
    record = {
        "workspace": row["workspace"], "seq": row["seq"], "id": row["id"],
        "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "version": row["version"], "account": row["account"],
        "actor": {"type": row["actor_type"], "id": row["actor"]}, "on_behalf_of": row["on_behalf_of"],
        "action": row["action"], "outcome": row["outcome"], "request": row["request_id"],
        "purchase": row["purchase_id"], "number": row["number"], "country": None, "cost": None,
        "reason_hash": row["reason_hash"], "changes": row["changes"], "context": row["context"],
        "previous_hash": row["previous_hash"],
    }  # fmt: skip
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# --- what refuses a change ---

_ONLY_APPENDED = "the audit log is only appended to"
_ONLY_ERASED = "a text of the audit log can only be erased"
_NOT_ARCHIVED = "coalesce((SELECT archived_seq FROM audit_head WHERE workspace = OLD.workspace), 0) < OLD.seq"
_OTHER_THAN_ERASED = (
    "NEW.text IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.workspace <> OLD.workspace"
    " OR NEW.seq <> OLD.seq OR NEW.field <> OLD.field"
)


def _refuse(name: str, when: str, condition: str, says: str) -> str:
    condition = f"WHEN {condition} " if condition else ""
    return f"CREATE TRIGGER {name} BEFORE {when} {condition}BEGIN SELECT RAISE(ABORT, '{says}'); END"


def _there(table: str, *keys: str) -> str:
    """INSERT OR REPLACE deletes a row without asking the trigger that refuses to delete."""
    same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - our own words


_EVENT_THERE = f"{_there('audit_event', 'workspace', 'seq')} OR {_there('audit_event', 'id')}"
_TEXT_THERE = _there("audit_text", "workspace", "seq", "field")
_STUB_THERE = _there("audit_stub", "workspace", "seq")
# The first event of a transaction finds the head moved already; a further one moves it by this alone.
_NEW_HEAD = (
    "UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash"
    " WHERE workspace = NEW.workspace AND (seq = NEW.seq OR hash = NEW.previous_hash)"
)

_SQLITE = (
    _refuse("audit_event_insert", "INSERT ON audit_event", _EVENT_THERE, _ONLY_APPENDED),
    _refuse("audit_event_update", "UPDATE ON audit_event", "", _ONLY_APPENDED),
    _refuse("audit_event_delete", "DELETE ON audit_event", _NOT_ARCHIVED, _ONLY_APPENDED),
    _refuse("audit_text_insert", "INSERT ON audit_text", _TEXT_THERE, _ONLY_ERASED),
    _refuse("audit_text_update", "UPDATE ON audit_text", _OTHER_THAN_ERASED, _ONLY_ERASED),
    _refuse("audit_text_delete", "DELETE ON audit_text", _NOT_ARCHIVED, _ONLY_ERASED),
    _refuse("audit_stub_insert", "INSERT ON audit_stub", _STUB_THERE, _ONLY_APPENDED),
    _refuse("audit_stub_update", "UPDATE ON audit_stub", "", _ONLY_APPENDED),
    _refuse("audit_stub_delete", "DELETE ON audit_stub", "", _ONLY_APPENDED),
    f"CREATE TRIGGER audit_event_head AFTER INSERT ON audit_event BEGIN {_NEW_HEAD}; END",
)


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _trigger(name: str, when: str, function: str) -> str:
    return f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}()"


def _raise(says: str) -> str:
    return f"RAISE EXCEPTION '{says}' USING ERRCODE = 'insufficient_privilege';"


_POSTGRESQL = (
    _function("audit_refuse", _raise(_ONLY_APPENDED)),
    _function(
        "audit_refuse_text", f"IF {_OTHER_THAN_ERASED} THEN {_raise(_ONLY_ERASED)} END IF; RETURN NEW;"
    ),
    _function("audit_refuse_delete", f"IF {_NOT_ARCHIVED} THEN {_raise(_ONLY_APPENDED)} END IF; RETURN OLD;"),
    _function("audit_move_head", f"{_NEW_HEAD}; RETURN NULL;"),
    _trigger("audit_event_update", "BEFORE UPDATE ON audit_event FOR EACH ROW", "audit_refuse"),
    _trigger("audit_event_delete", "BEFORE DELETE ON audit_event FOR EACH ROW", "audit_refuse_delete"),
    _trigger("audit_event_truncate", "BEFORE TRUNCATE ON audit_event", "audit_refuse"),
    _trigger("audit_event_head", "AFTER INSERT ON audit_event FOR EACH ROW", "audit_move_head"),
    _trigger("audit_text_update", "BEFORE UPDATE ON audit_text FOR EACH ROW", "audit_refuse_text"),
    _trigger("audit_text_delete", "BEFORE DELETE ON audit_text FOR EACH ROW", "audit_refuse_delete"),
    _trigger("audit_text_truncate", "BEFORE TRUNCATE ON audit_text", "audit_refuse"),
    _trigger("audit_stub_change", "BEFORE UPDATE OR DELETE ON audit_stub FOR EACH ROW", "audit_refuse"),
    _trigger("audit_stub_truncate", "BEFORE TRUNCATE ON audit_stub", "audit_refuse"),
)
