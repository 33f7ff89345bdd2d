"""Jobs know when they were put: what several of them say to one place is said in that order."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("put_at", sa.BigInteger()))
