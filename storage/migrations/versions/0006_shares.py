"""The pace of a channel, shared among the processes that send on it.

Revision: 0006; after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_shares")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("shares")
