"""The first tables.

Revision: 0001; after None
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "contacts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("commune", sa.String(length=6), nullable=True),
        sa.Column("village", sa.String(length=8), nullable=True),
        sa.Column("people", sa.Integer(), server_default="1", nullable=False),
        sa.Column("asked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("joined", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stopped", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("blocked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("channel", "address_hash", name=op.f("uq_contacts_channel_address_hash")),
    )
    op.create_table(
        "criteria",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=4), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("theme", sa.String(length=60), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("label", sa.JSON(), nullable=False),
        sa.Column("retired", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_criteria")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "facilities",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=4), nullable=False),
        sa.Column("name_km", sa.Text(), server_default="", nullable=False),
        sa.Column("name_latin", sa.Text(), server_default="", nullable=False),
        sa.Column("provisional", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("retired", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_facilities")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbox",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("reply", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("channel", "message", name=op.f("pk_inbox")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "library",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library")),
    )
    op.create_table(
        "parked",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("channel", "message", name=op.f("pk_parked")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "place_changes",
        sa.Column("old_code", sa.String(length=8), nullable=False),
        sa.Column("new_code", sa.String(length=8), nullable=True),
        sa.PrimaryKeyConstraint("old_code", name=op.f("pk_place_changes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "place_names",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "name", name=op.f("pk_place_names")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "places",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name_km", sa.Text(), nullable=False),
        sa.Column("name_latin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_places")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rounds",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_rounds")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "conversations",
        sa.Column(
            "contact",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("flow", sa.String(length=40), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=8), nullable=False),
        sa.Column("asked", sa.String(length=80), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_conversations_contact"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact", name=op.f("pk_conversations")),
    )
    op.create_table(
        "unmatched_places",
        sa.Column("query", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("query", name=op.f("pk_unmatched_places")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "facility_communes",
        sa.Column("facility", sa.String(length=32), nullable=False),
        sa.Column("commune", sa.String(length=6), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility"], ["facilities.code"], name=op.f("fk_facility_communes_facility"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("facility", "commune", name=op.f("pk_facility_communes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "histograms",
        sa.Column("facility", sa.String(length=32), nullable=False),
        sa.Column("round", sa.String(length=20), nullable=False),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        sa.Column("grp", sa.String(length=20), nullable=False),
        sa.Column("s1", sa.Integer(), server_default="0", nullable=False),
        sa.Column("s2", sa.Integer(), server_default="0", nullable=False),
        sa.Column("s3", sa.Integer(), server_default="0", nullable=False),
        sa.Column("s4", sa.Integer(), server_default="0", nullable=False),
        sa.Column("s5", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["facility"], ["facilities.code"], name=op.f("fk_histograms_facility")),
        sa.PrimaryKeyConstraint("facility", "round", "criterion", "grp", name=op.f("pk_histograms")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("contact", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_outbox_contact"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_contact", ["contact", "id"], unique=False)
        batch_op.create_index(
            "ix_outbox_provider",
            ["provider_id"],
            unique=False,
            sqlite_where=sa.text("provider_id IS NOT NULL"),
            postgresql_where=sa.text("provider_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_outbox_waiting",
            ["channel", "priority", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'sending')"),
            postgresql_where=sa.text("state IN ('queued', 'sending')"),
        )

    op.create_table(
        "people",
        sa.Column("contact", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_people_contact"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("contact", "number", name=op.f("pk_people")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "responses",
        sa.Column("rater", sa.LargeBinary(length=16), nullable=False),
        sa.Column("facility", sa.String(length=32), nullable=False),
        sa.Column("round", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=12), nullable=False),
        sa.Column("commune", sa.String(length=6), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("comment", sa.LargeBinary(), nullable=True),
        sa.Column("rated_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["facility"], ["facilities.code"], name=op.f("fk_responses_facility")),
        sa.PrimaryKeyConstraint("rater", name=op.f("pk_responses")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("responses", schema=None) as batch_op:
        batch_op.create_index("ix_responses_facility", ["facility", "round"], unique=False)
        batch_op.create_index("ix_responses_reference", ["reference"], unique=False)


def downgrade() -> None:
    op.drop_table("unmatched_places")

    with op.batch_alter_table("responses", schema=None) as batch_op:
        batch_op.drop_index("ix_responses_reference")
        batch_op.drop_index("ix_responses_facility")

    op.drop_table("responses")
    op.drop_table("people")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_waiting",
            sqlite_where=sa.text("state IN ('queued', 'sending')"),
            postgresql_where=sa.text("state IN ('queued', 'sending')"),
        )
        batch_op.drop_index(
            "ix_outbox_provider",
            sqlite_where=sa.text("provider_id IS NOT NULL"),
            postgresql_where=sa.text("provider_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_outbox_contact")

    op.drop_table("outbox")
    op.drop_table("histograms")
    op.drop_table("facility_communes")
    op.drop_table("conversations")
    op.drop_table("rounds")
    op.drop_table("places")
    op.drop_table("place_names")
    op.drop_table("place_changes")
    op.drop_table("parked")
    op.drop_table("library")
    op.drop_table("inbox")
    op.drop_table("facilities")
    op.drop_table("criteria")
    op.drop_table("contacts")
