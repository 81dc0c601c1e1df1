"""Every table, once. Times are aware UTC `…_at`, local dates `…_on`; codes are NCDD's strings."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An instant, as whole milliseconds since 1970 UTC: the same on both databases, and sortable."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else int(value.timestamp() * 1000)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


BigId = sa.BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys itself

# -- Reference data: loaded by `samleng migrate` and `samleng facilities import` --------------------------

#: One row: raised whenever reference data changes, so that running processes read it again.
library = Table(
    "library",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),  # of the content that was loaded last
)

places = Table(
    "places",
    metadata,
    Column("code", String(8), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("name_km", Text, nullable=False),
    Column("name_latin", Text, nullable=False),
    sqlite_with_rowid=False,
)

place_names = Table(
    "place_names",
    metadata,
    Column("code", String(8), primary_key=True),
    Column("name", Text, primary_key=True),
    sqlite_with_rowid=False,
)

#: Codes that are still in circulation. `new_code` is NULL where the place is gone without a successor.
place_changes = Table(
    "place_changes",
    metadata,
    Column("old_code", String(8), primary_key=True),
    Column("new_code", String(8)),
    sqlite_with_rowid=False,
)

#: What people wrote for a place and nothing was found for, counted without who: the next aliases.
unmatched_places = Table(
    "unmatched_places",
    metadata,
    Column("query", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_on", sa.Date, nullable=False),
    sqlite_with_rowid=False,
)

facilities = Table(
    "facilities",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("service", String(4), nullable=False),
    Column("name_km", Text, nullable=False, server_default=""),
    Column("name_latin", Text, nullable=False, server_default=""),
    Column("provisional", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("retired", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_with_rowid=False,
)

#: A health centre serves several communes, and a commune may have several schools.
facility_communes = Table(
    "facility_communes",
    metadata,
    Column("facility", ForeignKey("facilities.code", ondelete="CASCADE"), primary_key=True),
    Column("commune", String(6), primary_key=True),
    sqlite_with_rowid=False,
)

criteria = Table(
    "criteria",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("service", String(4), nullable=False),
    Column("position", Integer, nullable=False),
    Column("theme", String(60), nullable=False),
    Column("question", sa.JSON, nullable=False),  # language code to words
    Column("label", sa.JSON, nullable=False),
    Column("retired", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_with_rowid=False,
)

rounds = Table(
    "rounds",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("name", sa.JSON, nullable=False),
    Column("from_on", sa.Date, nullable=False),
    Column("to_on", sa.Date, nullable=False),
    sqlite_with_rowid=False,
)

# -- People who write to us -------------------------------------------------------------------------------

#: The one place where an address is kept, sealed; found through a keyed hash.
contacts = Table(
    "contacts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("address_hash", LargeBinary(16), nullable=False),
    Column("address", LargeBinary, nullable=False),
    Column("language", String(8), nullable=False),
    Column("commune", String(6)),
    Column("village", String(8)),
    Column("people", Integer, nullable=False, server_default="1"),
    Column("asked", Integer, nullable=False, server_default="0"),  # bit n: person n was asked about herself
    Column("joined", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("stopped", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("blocked", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("created_on", sa.Date, nullable=False),
    sa.UniqueConstraint("channel", "address_hash"),
)

#: What one person of a phone said about herself, sealed. All of it optional.
people = Table(
    "people",
    metadata,
    Column("contact", ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("about", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

#: A conversation under way. Answers are sealed: a score in them is nobody's business.
conversations = Table(
    "conversations",
    metadata,
    Column("contact", ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("flow", String(40), nullable=False),
    Column("answers", LargeBinary, nullable=False),
    Column("misses", Integer, nullable=False),
    Column("tag", String(8), nullable=False),
    Column("asked", String(80), nullable=False),  # the key of the question put last
    Column("changed_at", Moment, nullable=False),
)

# -- Messages ---------------------------------------------------------------------------------------------

#: Every message that was answered for, by the provider's id: a second delivery has no second effect.
inbox = Table(
    "inbox",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("message", String(64), primary_key=True),
    Column("received_at", Moment, nullable=False),
    Column("reply", BigId),
    sqlite_with_rowid=False,
)

#: Messages that made us fail: counted, and after three times put aside for the operator, sealed.
parked = Table(
    "parked",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("message", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("error", Text, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("state", String(10), nullable=False),  # trying, parked, done
    sqlite_with_rowid=False,
)

#: What we have to say to someone. `body` is sealed and wiped by retention; states only move forward.
outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),  # ours: milliseconds, then chance
    Column("contact", ForeignKey("contacts.id", ondelete="SET NULL")),
    Column("channel", String(20), nullable=False),
    Column("priority", sa.SmallInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("body", LargeBinary),
    Column("leased_until", Moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("provider_id", String(64)),
    Column("error", String(80)),
    Column("created_at", Moment, nullable=False),
    Index(
        "ix_outbox_waiting",
        "channel",
        "priority",
        "id",
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    ),
    Index(
        "ix_outbox_provider",
        "provider_id",
        sqlite_where=sa.text("provider_id IS NOT NULL"),
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    ),
    Index("ix_outbox_contact", "contact", "id"),
)

# -- Scores -----------------------------------------------------------------------------------------------

#: One person's rating of a facility in a round. No contact, no time finer than the day; the key is a keyed
#: hash, so that a second rating replaces the first and the row's place in the table tells nothing.
responses = Table(
    "responses",
    metadata,
    Column("rater", LargeBinary(16), primary_key=True),
    Column("facility", ForeignKey("facilities.code"), nullable=False),
    Column("round", String(20), nullable=False),
    Column("reference", String(12), nullable=False),
    Column("commune", String(6)),
    Column("shared", sa.Boolean, nullable=False),  # a second or later person of a phone
    Column("scores", sa.JSON, nullable=False),  # criterion code to 1..5
    Column("groups", sa.JSON, nullable=False),  # list of group codes
    Column("comment", LargeBinary),  # sealed: text, and the provider's id of a voice note or photo
    Column("rated_on", sa.Date, nullable=False),
    Index("ix_responses_facility", "facility", "round"),
    Index("ix_responses_reference", "reference"),
    sqlite_with_rowid=False,
)

#: How many gave each score: the scorecard is derived from nothing else.
histograms = Table(
    "histograms",
    metadata,
    Column("facility", ForeignKey("facilities.code"), primary_key=True),
    Column("round", String(20), primary_key=True),
    Column("criterion", String(40), primary_key=True),
    Column("grp", String(20), primary_key=True),  # "all", "women", "youth" …
    *(Column(f"s{score}", Integer, nullable=False, server_default="0") for score in range(1, 6)),
    sqlite_with_rowid=False,
)
