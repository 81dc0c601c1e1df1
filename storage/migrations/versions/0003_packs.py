"""Information for citizens: packs, how often each block is read, and what is asked for in vain.

Revision: 0003; after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asked",
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "month", name=op.f("pk_asked")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reads",
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("block", sa.String(length=12), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "block", "month", name=op.f("pk_reads")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "packs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=4), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sample", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("source_name", sa.String(length=120), nullable=False),
        sa.Column("author", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author"], ["contacts.id"], name=op.f("fk_packs_author"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packs")),
        sa.UniqueConstraint("subject", "version", name=op.f("uq_packs_subject_version")),
    )
    op.create_index("ix_packs_author", "packs", ["author"], unique=False)
    op.create_index("ix_packs_subject_state", "packs", ["subject", "state"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_packs_subject_state", "packs")
    op.drop_index("ix_packs_author", "packs")

    op.drop_table("packs")
    op.drop_table("reads")
    op.drop_table("asked")
