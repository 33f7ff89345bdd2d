"""Approvals that people can rely on: budgets, deadlines, who people are, open Homes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("on_behalf_of", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("approval_channel", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("break_glass", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("repriced", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("reason_changed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("expires_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("extended_by", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("reminders", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("escalated_at", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_request_workspace_on_behalf_of_created_at"),
            ["workspace", "on_behalf_of", "created_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_request_workspace_status_created_at"),
            ["workspace", "status", "created_at"],
            unique=False,
        )
    # what the buy sent back to the approvers was told by the round until now
    op.execute("UPDATE request SET repriced = (round > 1)")

    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.add_column(sa.Column("status_before", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("spender", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("budget_month", sa.Text(), nullable=True))
    _fill_budget_columns()
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.alter_column("spender", existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("budget_month", existing_type=sa.Text(), nullable=False)

    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.add_column(sa.Column("permalink", sa.Text(), nullable=True))

    op.create_table(
        "budget",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("spender", sa.Text(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("reserved >= 0 AND committed >= 0", name=op.f("ck_budget_amounts")),
        sa.PrimaryKeyConstraint("workspace", "account", "month", "spender", name=op.f("pk_budget")),
    )
    _fill_budgets()
    op.create_table(
        "directory",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "found",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("workspace", "id", name=op.f("pk_directory")),
    )
    op.create_table(
        "home",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("workspace", "user", name=op.f("pk_home")),
    )
    op.create_table(
        "pace",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_pace")),
    )


def _fill_budget_columns() -> None:
    month = {
        "sqlite": "strftime('%Y-%m', request.created_at / 1000000, 'unixepoch')",
        "postgresql": "to_char(to_timestamp(request.created_at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM')",
    }[op.get_bind().dialect.name]
    asked = "FROM request WHERE request.id = purchase.request_id"
    op.execute(
        f"UPDATE purchase SET spender = (SELECT request.requester {asked}),"  # noqa: S608 - our own words
        f" budget_month = (SELECT {month} {asked})"
    )


def _fill_budgets() -> None:
    """What was asked for and bought before there were budgets counts, too."""
    reserved = "status IN ('waiting', 'queued', 'buying', 'unknown', 'needs_human')"
    committed = "status IN ('bought', 'awaiting_documents')"
    for spender in ("''", "spender"):
        groups = "workspace, account, budget_month" + (", spender" if spender == "spender" else "")
        op.execute(
            "INSERT INTO budget (workspace, account, month, spender, reserved, committed)"  # noqa: S608
            f" SELECT workspace, account, budget_month, {spender},"
            f" SUM(CASE WHEN {reserved} THEN setup + monthly ELSE 0 END),"
            f" SUM(CASE WHEN {committed} THEN setup + monthly ELSE 0 END)"
            f" FROM purchase GROUP BY {groups}"
        )
