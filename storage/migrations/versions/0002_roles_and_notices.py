"""Roles, invitations, followers; notices and how they are told.

Revision: 0002; after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Columns are added and dropped in place: SQLite would otherwise make the table anew, and dropping the old
# `contacts` would take with it whatever refers to it.


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "lanes",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.Column("quiet_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_lanes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "spending",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("commune", sa.String(length=6), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("on", "commune", name=op.f("pk_spending")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "codes",
        sa.Column("hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("contact", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_codes_contact"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_codes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "follows",
        sa.Column("facility", sa.String(length=32), nullable=False),
        sa.Column("contact", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_follows_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["facility"], ["facilities.code"], name=op.f("fk_follows_facility"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("facility", "contact", name=op.f("pk_follows")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_follows_contact", "follows", ["contact"], unique=False)

    op.create_table(
        "guesses",
        sa.Column("who", sa.LargeBinary(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_guesses")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("commune", sa.String(length=6), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("villages", sa.JSON(), nullable=False),
        sa.Column("facility", sa.String(length=32), nullable=True),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("attachment", sa.JSON(), nullable=True),
        sa.Column("author", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("turnout", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author"], ["contacts.id"], name=op.f("fk_notices_author"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_author", "notices", ["author", "starts_at"], unique=False)
    op.create_index("ix_notices_commune", "notices", ["commune", "starts_at"], unique=False)

    op.create_table(
        "roles",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contact", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("facility", sa.String(length=32), server_default="", nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_roles_contact"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint(
            "contact", "role", "place", "facility", name=op.f("uq_roles_contact_role_place_facility")
        ),
    )
    op.create_table(
        "attendance",
        sa.Column(
            "notice",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "contact",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("coming", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"], ["contacts.id"], name=op.f("fk_attendance_contact"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["notice"], ["notices.id"], name=op.f("fk_attendance_notice"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("notice", "contact", name=op.f("pk_attendance")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attendance_contact", "attendance", ["contact"], unique=False)

    op.create_table(
        "broadcasts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notice", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cursor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("queued", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["notice"], ["notices.id"], name=op.f("fk_broadcasts_notice"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(
        "ix_broadcasts_due",
        "broadcasts",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('due', 'queueing')"),
        postgresql_where=sa.text("state IN ('due', 'queueing')"),
    )
    op.create_index("ix_broadcasts_notice", "broadcasts", ["notice"], unique=False)

    op.create_table(
        "payloads",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("broadcast", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast"], ["broadcasts.id"], name=op.f("fk_payloads_broadcast"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payloads")),
        sa.UniqueConstraint(
            "broadcast", "channel", "language", name=op.f("uq_payloads_broadcast_channel_language")
        ),
    )
    op.add_column("contacts", sa.Column("official", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("contacts", sa.Column("told_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_contacts_commune", "contacts", ["commune", "id"], unique=False)
    op.create_index(
        "ix_contacts_told_at",
        "contacts",
        ["told_at"],
        unique=False,
        sqlite_where=sa.text("told_at IS NOT NULL"),
        postgresql_where=sa.text("told_at IS NOT NULL"),
    )

    op.add_column("outbox", sa.Column("payload", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("broadcast", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("expires_at", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("parts_sent", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("sent_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_outbox_broadcast",
        "outbox",
        ["broadcast", "contact"],
        unique=True,
        sqlite_where=sa.text("broadcast IS NOT NULL"),
        postgresql_where=sa.text("broadcast IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_outbox_broadcast",
        "outbox",
        sqlite_where=sa.text("broadcast IS NOT NULL"),
        postgresql_where=sa.text("broadcast IS NOT NULL"),
    )
    op.drop_column("outbox", "sent_at")
    op.drop_column("outbox", "parts_sent")
    op.drop_column("outbox", "expires_at")
    op.drop_column("outbox", "broadcast")
    op.drop_column("outbox", "payload")

    op.drop_index(
        "ix_contacts_told_at",
        "contacts",
        sqlite_where=sa.text("told_at IS NOT NULL"),
        postgresql_where=sa.text("told_at IS NOT NULL"),
    )
    op.drop_index("ix_contacts_commune", "contacts")
    op.drop_column("contacts", "told_at")
    op.drop_column("contacts", "official")

    op.drop_table("payloads")
    op.drop_index("ix_broadcasts_notice", "broadcasts")
    op.drop_index(
        "ix_broadcasts_due",
        "broadcasts",
        sqlite_where=sa.text("state IN ('due', 'queueing')"),
        postgresql_where=sa.text("state IN ('due', 'queueing')"),
    )

    op.drop_table("broadcasts")
    op.drop_index("ix_attendance_contact", "attendance")

    op.drop_table("attendance")
    op.drop_table("roles")
    op.drop_index("ix_notices_commune", "notices")
    op.drop_index("ix_notices_author", "notices")

    op.drop_table("notices")
    op.drop_table("guesses")
    op.drop_index("ix_follows_contact", "follows")

    op.drop_table("follows")
    op.drop_table("codes")
    op.drop_table("spending")
    op.drop_table("lanes")
    op.drop_table("audit")
