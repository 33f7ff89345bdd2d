"""Messages that have to wait hold slots; until when a channel is left alone is kept apart from the next one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pace", sa.Column("quiet_until", sa.BigInteger()))
    # what was asked for by Slack, or by the last message, holds for those that come with a slot as well
    op.execute("UPDATE pace SET quiet_until = next_at")
