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
    Index("ix_facility_communes_commune", "commune", "facility"),
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
    Column("official", sa.Boolean, nullable=False, server_default=sa.false()),  # has rows in `roles`
    Column("hears", String(8)),  # the language in which she hears what is asked; NULL: she reads
    Column("told_at", sa.BigInteger),  # the same person's other contact, which hears the notices
    Column("created_on", sa.Date, nullable=False),
    sa.UniqueConstraint("channel", "address_hash"),
    Index("ix_contacts_commune", "commune", "id"),
    Index(
        "ix_contacts_told_at",
        "told_at",
        sqlite_where=sa.text("told_at IS NOT NULL"),
        postgresql_where=sa.text("told_at IS NOT NULL"),
    ),
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

#: Who wants to hear of a facility. In the order it is read: everybody who follows one.
follows = Table(
    "follows",
    metadata,
    Column("facility", ForeignKey("facilities.code", ondelete="CASCADE"), primary_key=True),
    Column("contact", ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_follows_contact", "contact"),
    sqlite_with_rowid=False,
)

# -- Officials and volunteers -----------------------------------------------------------------------------

#: What a contact may do, and where. `place` is a code of 0 (the nation), 2, 4 or 6 digits; `facility` is empty
#: unless the role is of one facility's staff.
roles = Table(
    "roles",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("contact", ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(10), nullable=False),  # caf, council, staff, viewer, admin
    Column("place", String(8), nullable=False),
    Column("facility", String(32), nullable=False, server_default=""),
    Column("granted_on", sa.Date, nullable=False),
    sa.UniqueConstraint("contact", "role", "place", "facility"),
)

#: Single-use codes, as keyed hashes: an invitation to a role, or the link of a person's two addresses.
codes = Table(
    "codes",
    metadata,
    Column("hash", LargeBinary(16), primary_key=True),
    Column("purpose", String(10), nullable=False),  # role, link
    Column("grants", sa.JSON, nullable=False),  # role, place, facility
    Column("contact", ForeignKey("contacts.id", ondelete="CASCADE")),  # who made it; NULL: the operator
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

#: Wrong codes of one address: guessing is slowed, and then refused. By a keyed hash and not by contact, since
#: who has her data deleted would otherwise begin anew. Forgotten after a day.
guesses = Table(
    "guesses",
    metadata,
    Column("who", LargeBinary(16), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

#: Who was given or lost what, and by whom. Contacts by number: the entry outlives what it is about.
audit = Table(
    "audit",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", Moment, nullable=False),
    Column(
        "action", String(20), nullable=False
    ),  # invited, granted, revoked, announced, changed, cancelled …
    Column("actor", sa.BigInteger),  # NULL: the operator
    Column("subject", sa.BigInteger),
    Column("detail", sa.JSON, nullable=False),
)

# -- Notices ----------------------------------------------------------------------------------------------

#: A meeting that is announced. `id` is a number that one can read out.
notices = Table(
    "notices",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("commune", String(6), nullable=False),
    Column("scope", String(10), nullable=False),  # commune, villages, facility
    Column("villages", sa.JSON, nullable=False),  # codes; empty unless the scope is villages
    Column("facility", String(32)),  # whose followers, where the scope is facility
    Column("starts_at", Moment, nullable=False),
    Column("place", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("attachment", sa.JSON),  # kind and the provider's id of a photo or voice note
    Column("author", ForeignKey("contacts.id", ondelete="SET NULL")),  # NULL: the command line
    Column("state", String(10), nullable=False),  # announced, cancelled, over
    Column("version", Integer, nullable=False),  # raised with each change
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("turnout", sa.JSON),  # counts, kept when the messages themselves are forgotten
    Index("ix_notices_commune", "commune", "starts_at"),
    Index("ix_notices_author", "author", "starts_at"),
)

#: One sending about a notice. `cursor`: the contact queued last, so that queueing goes on where it stopped.
broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("notice", ForeignKey("notices.id", ondelete="CASCADE")),  # NULL: of scores, see `place`
    Column("version", Integer, nullable=False),
    Column("kind", String(10), nullable=False),  # notice, changed, cancelled, evening, soon, turnout; digest
    Column("priority", sa.SmallInteger, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("state", String(10), nullable=False),  # due, queueing, queued, late, cancelled, failed
    Column("cursor", sa.BigInteger, nullable=False, server_default="0"),
    Column("queued", Integer, nullable=False, server_default="0"),
    Column("place", String(8)),  # whose officials are told its scores
    Column("period", String(20)),  # of what: a month, 2026-11, or a round
    Index(
        "ix_broadcasts_due",
        "due_at",
        sqlite_where=sa.text("state IN ('due', 'queueing')"),
        postgresql_where=sa.text("state IN ('due', 'queueing')"),
    ),
    Index("ix_broadcasts_notice", "notice"),
    Index(
        "ix_broadcasts_place",
        "place",
        "period",
        unique=True,  # a council is told of a month once
        sqlite_where=sa.text("place IS NOT NULL"),
        postgresql_where=sa.text("place IS NOT NULL"),
    ),
)

#: What a broadcast says, once for each channel and language: its messages as the channel rendered them.
payloads = Table(
    "payloads",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("broadcast", ForeignKey("broadcasts.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("language", String(8), nullable=False),
    Column("body", sa.JSON, nullable=False),
    Column("segments", Integer, nullable=False),  # of an SMS; 0 where messages cost nothing
    Column("withheld", String(10)),  # why nobody is sent it: cap
    sa.UniqueConstraint("broadcast", "channel", "language"),
)

#: Who said whether she comes. Forgotten when the meeting is counted.
attendance = Table(
    "attendance",
    metadata,
    Column("notice", ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("contact", ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("coming", sa.Boolean, nullable=False),
    Index("ix_attendance_contact", "contact"),
    sqlite_with_rowid=False,
)

#: Segments of SMS that a commune's notices took on a day, against the cap.
spending = Table(
    "spending",
    metadata,
    Column("on", sa.Date, primary_key=True),
    Column("commune", String(6), primary_key=True),
    Column("segments", Integer, nullable=False),
    sqlite_with_rowid=False,
)

#: Who sends bulk on a channel: one process at a time, by a lease. `quiet_until`: the provider said to wait.
lanes = Table(
    "lanes",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("holder", String(40), nullable=False),
    Column("held_until", Moment, nullable=False),
    Column("quiet_until", Moment),
    sqlite_with_rowid=False,
)

#: How many of a channel's places in a second each process has: holder to places, places it lacks, and its last beat.
shares = Table(
    "shares",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("held", sa.JSON, nullable=False),
    sqlite_with_rowid=False,
)

# -- Information for citizens -----------------------------------------------------------------------------

#: What a facility says about itself, version by version; or a service, whose code is then the subject.
packs = Table(
    "packs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("subject", String(32), nullable=False),
    Column("service", String(4), nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(10), nullable=False),  # draft, published, superseded
    Column("sample", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("body", sa.JSON, nullable=False),  # as flows.packs.as_json
    Column("source_name", String(120), nullable=False),  # of the file it came in
    Column("author", ForeignKey("contacts.id", ondelete="SET NULL")),  # NULL: the command line
    Column("created_at", Moment, nullable=False),
    Column("published_at", Moment),
    sa.UniqueConstraint("subject", "version"),
    Index("ix_packs_subject_state", "subject", "state"),
    Index("ix_packs_author", "author"),
)

#: How often a block was read in a month, as in 2026-11. Without who.
reads = Table(
    "reads",
    metadata,
    Column("subject", String(32), primary_key=True),
    Column("block", String(12), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

#: How often somebody wished that a facility without a pack had one, in a month. Without who.
asked = Table(
    "asked",
    metadata,
    Column("subject", String(32), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# -- Listening --------------------------------------------------------------------------------------------

#: What was read out, by the key of what it is (`flows.recordable`), in a language. `commune`: whose people hear it,
#: "" for everybody's; of a facility's block everybody does, and it says where it was recorded.
recordings = Table(
    "recordings",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("key", String(60), nullable=False),
    Column("language", String(8), nullable=False),
    Column("commune", String(6), nullable=False, server_default=""),
    Column("says", String(16), nullable=False, server_default=""),  # which text of a block, else ""
    Column("state", String(10), nullable=False),  # proposed, approved, superseded, refused
    Column("seconds", Integer, nullable=False),
    Column("size", Integer, nullable=False),  # bytes
    Column("digest", String(64), nullable=False),  # SHA-256 of the file as it came
    Column("sound", LargeBinary),  # Ogg Opus without tags; NULL when it was refused
    Column("file_id", String(255)),  # what Telegram calls it, since it was first sent
    Column("source_name", String(120), nullable=False, server_default=""),  # of the file it came in
    # A voice points to a person: who has her data deleted takes hers with her.
    Column("author", ForeignKey("contacts.id", ondelete="CASCADE")),  # NULL: the operator
    Column("created_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Index("ix_recordings_key", "key", "language", "commune"),
    Index(
        "ix_recordings_approved",
        "key",
        "language",
        "commune",
        unique=True,  # people hear one
        sqlite_where=sa.text("state = 'approved'"),
        postgresql_where=sa.text("state = 'approved'"),
    ),
    Index(
        "ix_recordings_proposed",
        "commune",
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    ),
    Index("ix_recordings_author", "author"),
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
    Column("body", LargeBinary),  # NULL where `payload` says it
    # No foreign keys: each would be looked up for every one of a million rows.
    Column("payload", sa.BigInteger),
    Column("broadcast", sa.BigInteger),
    Column("expires_at", Moment),  # after which it is not sent
    Column("leased_until", Moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column(
        "parts_sent", sa.SmallInteger, nullable=False, server_default="0"
    ),  # of a message in several parts
    Column("provider_id", String(64)),
    Column("error", String(80)),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
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
    Index(
        "ix_outbox_broadcast",
        "broadcast",
        "contact",
        unique=True,  # nobody is told the same thing twice
        sqlite_where=sa.text("broadcast IS NOT NULL"),
        postgresql_where=sa.text("broadcast IS NOT NULL"),
    ),
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
    Column("village", String(8)),  # of the rater, where she told us
    #: Scores that she may have been counted with on an earlier day, as bits by criterion: see storage.disclosure.
    Column("earlier", sa.JSON(none_as_null=True)),
    Column("answered_on", sa.Date),  # when the council marked the comment as answered
    Index("ix_responses_facility", "facility", "round"),
    Index("ix_responses_reference", "reference"),
    Index("ix_responses_rated_on", "rated_on"),
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

# -- What is published of the scores ------------------------------------------------------------------------

#: The counters that anybody may be shown. They move in steps of days, and only where nobody can be told from
#: what moved (storage.disclosure). `grp`: all, a group, or v:08030301 for a village. Everything that is shown of a
#: commune, a district or the nation is a sum of these rows.
published = Table(
    "published",
    metadata,
    Column("facility", ForeignKey("facilities.code"), primary_key=True),
    Column("round", String(20), primary_key=True),
    Column("criterion", String(40), primary_key=True),
    Column("grp", String(20), primary_key=True),
    *(Column(f"s{score}", Integer, nullable=False) for score in range(1, 6)),
    Column("as_of", sa.Date, nullable=False),  # all ratings before this local day are in it
    sqlite_with_rowid=False,
)

#: Published counters summed by place (storage.sums), in the order in which tables of places are read. `digits`: how
#: many the place's code has: 0 (the nation), 2, 4 or 6.
sums = Table(
    "sums",
    metadata,
    Column("digits", sa.SmallInteger, primary_key=True, autoincrement=False),
    Column("round", String(20), primary_key=True),
    Column("grp", String(20), primary_key=True),
    Column("place", String(6), primary_key=True),
    Column("criterion", String(40), primary_key=True),
    *(Column(f"s{score}", Integer, nullable=False) for score in range(1, 6)),
    sqlite_with_rowid=False,
)

#: The days on which the counters of a criterion moved, and of which groups beside "all": all ratings before each of
#: the days were in them. What was published once is known to whoever wrote it down.
publications = Table(
    "publications",
    metadata,
    Column("facility", ForeignKey("facilities.code"), primary_key=True),
    Column("round", String(20), primary_key=True),
    Column("criterion", String(40), primary_key=True),
    Column("as_of", sa.Date, primary_key=True),
    Column("groups", Text, nullable=False, server_default=""),  # their codes, with a space between
    sqlite_with_rowid=False,
)

#: What is done once a day, and until which local day it is done: ratings before `until` were looked at.
daily = Table(
    "daily",
    metadata,
    Column("job", String(20), primary_key=True),
    Column("until", sa.Date, nullable=False),
    sqlite_with_rowid=False,
)

#: Facilities with made-up ratings: whatever shows their scores says so.
sampled = Table(
    "sampled",
    metadata,
    Column("facility", ForeignKey("facilities.code"), primary_key=True),
    sqlite_with_rowid=False,
)

#: Voice notes and photos of comments: fetched from the provider by the worker, without metadata, kept sealed.
#: `number` is by chance, and stands in the sealed comment: from here no way leads to a rating.
attachments = Table(
    "attachments",
    metadata,
    Column("number", LargeBinary(16), primary_key=True),
    Column("kind", String(10), nullable=False),  # voice, photo
    Column("channel", String(20), nullable=False),
    Column("file", LargeBinary, nullable=False),  # sealed: the provider's id; empty when it was fetched
    Column("state", String(10), nullable=False),  # waiting, kept, refused
    Column("tries", sa.SmallInteger, nullable=False, server_default="0"),
    Column("size", Integer, nullable=False, server_default="0"),  # bytes of what is kept
    Column("error", String(40)),
    Column("due_at", Moment, nullable=False),
    Index(
        "ix_attachments_waiting",
        "due_at",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
    sqlite_with_rowid=False,
)

# -- Who reads them elsewhere -------------------------------------------------------------------------------

#: Officials signed in on the dashboard: by a link from the bot, for some hours. A keyed hash of the cookie.
sessions = Table(
    "sessions",
    metadata,
    Column("hash", LargeBinary(16), primary_key=True),
    Column("contact", ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False),
    Column("language", String(8), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("ix_sessions_contact", "contact"),
    sqlite_with_rowid=False,
)

#: Other systems that may read the scores of a place by the API. A keyed hash of the key.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("hash", LargeBinary(16), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("place", String(8), nullable=False),  # 0 (the nation), 2, 4 or 6 digits
    Column("created_on", sa.Date, nullable=False),
    Column("used_on", sa.Date),
    Column("revoked_on", sa.Date),
)
