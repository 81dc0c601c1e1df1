"""Scores that are published, comments that are answered, who reads them elsewhere; broadcasts about scores.

Revision: 0004; after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ABOUT_SCORES = sa.text("place IS NOT NULL")
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.add_column("responses", sa.Column("village", sa.String(length=8), nullable=True))
    op.add_column("responses", sa.Column("earlier", sa.JSON(), nullable=True))
    op.add_column("responses", sa.Column("answered_on", sa.Date(), nullable=True))
    op.create_index("ix_responses_rated_on", "responses", ["rated_on"], unique=False)
    op.add_column("broadcasts", sa.Column("place", sa.String(length=8), nullable=True))
    op.add_column("broadcasts", sa.Column("period", sa.String(length=20), nullable=True))
    _notice_is_needed(False)
    op.create_index(
        "ix_broadcasts_place",
        "broadcasts",
        ["place", "period"],
        unique=True,
        sqlite_where=ABOUT_SCORES,
        postgresql_where=ABOUT_SCORES,
    )
    op.create_table(
        "published",
        sa.Column("facility", sa.String(length=32), nullable=False),
        sa.Column("round", sa.String(length=20), nullable=False),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        sa.Column("grp", sa.String(length=20), nullable=False),
        *(sa.Column(f"s{score}", sa.Integer(), nullable=False) for score in range(1, 6)),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["facility"], ["facilities.code"], name=op.f("fk_published_facility")),
        sa.PrimaryKeyConstraint("facility", "round", "criterion", "grp", name=op.f("pk_published")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sums",
        sa.Column("digits", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("round", sa.String(length=20), nullable=False),
        sa.Column("grp", sa.String(length=20), nullable=False),
        sa.Column("place", sa.String(length=6), nullable=False),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        *(sa.Column(f"s{score}", sa.Integer(), nullable=False) for score in range(1, 6)),
        sa.PrimaryKeyConstraint("digits", "round", "grp", "place", "criterion", name=op.f("pk_sums")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_facility_communes_commune", "facility_communes", ["commune", "facility"], unique=False
    )
    op.create_table(
        "publications",
        sa.Column("facility", sa.String(length=32), nullable=False),
        sa.Column("round", sa.String(length=20), nullable=False),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("groups", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["facility"], ["facilities.code"], name=op.f("fk_publications_facility")),
        sa.PrimaryKeyConstraint("facility", "round", "criterion", "as_of", name=op.f("pk_publications")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "daily",
        sa.Column("job", sa.String(length=20), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_daily")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sampled",
        sa.Column("facility", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["facility"], ["facilities.code"], name=op.f("fk_sampled_facility")),
        sa.PrimaryKeyConstraint("facility", name=op.f("pk_sampled")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attachments",
        sa.Column("number", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("size", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_attachments")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_attachments_waiting",
        "attachments",
        ["due_at"],
        unique=False,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("contact", NUMBER, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_sessions_contact"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sessions_contact", "sessions", ["contact"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=True),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
    )


def downgrade() -> None:
    for table in (
        "api_keys",
        "sessions",
        "attachments",
        "sampled",
        "daily",
        "publications",
        "sums",
        "published",
    ):
        op.drop_table(table)
    op.execute("DELETE FROM broadcasts WHERE notice IS NULL")
    op.drop_index("ix_broadcasts_place", "broadcasts")
    _notice_is_needed(True)
    op.drop_column("broadcasts", "period")
    op.drop_column("broadcasts", "place")
    op.drop_index("ix_facility_communes_commune", "facility_communes")
    op.drop_index("ix_responses_rated_on", "responses")
    op.drop_column("responses", "answered_on")
    op.drop_column("responses", "earlier")
    op.drop_column("responses", "village")


def _notice_is_needed(needed: bool) -> None:
    """Whether a broadcast must be about a notice. SQLite makes the table anew for it, and dropping the old one
    takes along what refers to it: that is put aside meanwhile."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("broadcasts", "notice", existing_type=sa.BigInteger(), nullable=not needed)
        return
    op.execute("CREATE TEMP TABLE payloads_kept AS SELECT * FROM payloads")
    with op.batch_alter_table("broadcasts") as table:
        table.alter_column("notice", existing_type=sa.Integer(), nullable=not needed)
    op.execute("INSERT OR IGNORE INTO payloads SELECT * FROM payloads_kept")
    op.execute("DROP TABLE payloads_kept")
