"""The log asked: indexes for its queries, and a view with columns that stay for tools that read SQL."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = (
    ("workspace", "actor", "seq"),
    ("workspace", "action", "seq"),
    ("workspace", "outcome", "seq"),
    ("workspace", "number", "seq"),
    ("workspace", "request_id", "seq"),
    ("workspace", "at", "seq"),
)


def upgrade() -> None:
    for columns in INDEXES:
        op.create_index(op.f(f"ix_audit_event_{'_'.join(columns)}"), "audit_event", [*columns])
    at, cost = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[op.get_bind().dialect.name]
    op.execute(sa.text(_VIEW.format(at=at, cost=cost).replace(":", "\\:")))


# A later migration that copies audit_event in batch drops the view first, and makes it again.
_VIEW = """
CREATE VIEW audit_log AS
SELECT e.workspace, e.seq, e.id, {at} AS at, e.account, e.actor_type, e.actor, e.on_behalf_of,
       e.action, e.outcome, e.request_id, e.purchase_id,
       CASE WHEN e.number IS NULL THEN NULL ELSE '+' || e.number END AS number, e.country, {cost} AS cost_usd,
       CASE WHEN e.reason_hash IS NULL THEN NULL ELSE coalesce(t.text, '(erased)') END AS reason,
       e.changes, e.context, e.previous_hash, e.hash
FROM audit_event e
LEFT JOIN audit_text t ON t.workspace = e.workspace AND t.seq = e.seq AND t.field = 'reason'
"""
_SQLITE = (
    "strftime('%Y-%m-%dT%H:%M:%S', e.at / 1000000, 'unixepoch') || printf('.%06dZ', e.at % 1000000)",
    "e.cost / 10000.0",
)
_TO_CHAR = "to_char(to_timestamp(e.at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
_POSTGRESQL = (
    f"{_TO_CHAR} || '.' || lpad(CAST(e.at % 1000000 AS text), 6, '0') || 'Z'",
    "round(e.cost / 10000.0, 4)",
)
