"""Listening: recordings of what is asked and published, and who wants to hear them.

Revision: 0005; after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("commune", sa.String(length=6), server_default="", nullable=False),
        sa.Column("says", sa.String(length=16), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sound", sa.LargeBinary(), nullable=True),
        sa.Column("file_id", sa.String(length=255), nullable=True),
        sa.Column("source_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("author", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author"], ["contacts.id"], name=op.f("fk_recordings_author"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
    )
    op.create_index("ix_recordings_key", "recordings", ["key", "language", "commune"], unique=False)
    op.create_index(
        "ix_recordings_approved",
        "recordings",
        ["key", "language", "commune"],
        unique=True,
        sqlite_where=sa.text("state = 'approved'"),
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_index(
        "ix_recordings_proposed",
        "recordings",
        ["commune"],
        unique=False,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_index("ix_recordings_author", "recordings", ["author"], unique=False)
    op.add_column("contacts", sa.Column("hears", sa.String(length=8), nullable=True))


def downgrade() -> None:
    op.drop_column("contacts", "hears")
    op.drop_index("ix_recordings_author", "recordings")
    op.drop_index(
        "ix_recordings_proposed",
        "recordings",
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.drop_index(
        "ix_recordings_approved",
        "recordings",
        sqlite_where=sa.text("state = 'approved'"),
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.drop_index("ix_recordings_key", "recordings")

    op.drop_table("recordings")
