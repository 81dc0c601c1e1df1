"""Packs of information for citizens: kept by version, draft → published → superseded; what is read and wished for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from flows.packs import Pack, as_json, from_json, same
from storage import audit
from storage.database import PerDialect
from storage.localtime import day_and_time
from storage.tables import asked, facilities, facility_communes, packs, reads

#: Who keeps or publishes a pack does so alone, or two would take the same version. The lock goes with the transaction.
_ALONE = sa.text("SELECT pg_advisory_xact_lock(5843)")

_OF = sa.select(packs).where(packs.c.subject == sa.bindparam("subject"))
_PUBLISHED = _OF.where(packs.c.state == "published").order_by(packs.c.sample, packs.c.version.desc()).limit(1)
_PUBLISHED_REAL = _PUBLISHED.where(packs.c.sample.is_(False))
_SHOWN = (
    sa.select(packs.c.subject, packs.c.version, packs.c.sample)
    .where(packs.c.subject.in_(sa.bindparam("subjects", expanding=True)), packs.c.state == "published")
    .order_by(packs.c.sample.desc(), packs.c.version)
)
_EVERY_PUBLISHED = (
    sa.select(packs).where(packs.c.state == "published").order_by(packs.c.subject, packs.c.sample)
)
_DRAFTED = (
    sa.select(packs.c.subject, packs.c.version).where(packs.c.state == "draft").order_by(packs.c.subject)
)
_DRAFTS = sa.select(packs).where(packs.c.state == "draft").order_by(packs.c.subject)
_VERSIONS = _OF.order_by(packs.c.version)
_VERSION = _OF.where(packs.c.version == sa.bindparam("version"))
_FROM_FILE = (
    _OF.where(packs.c.source_name == sa.bindparam("source_name")).order_by(packs.c.version.desc()).limit(1)
)
_IN_PLACE = (
    sa.select(packs)
    .join(facilities, facilities.c.code == packs.c.subject)
    .where(
        packs.c.state != "superseded",
        sa.exists().where(
            facility_communes.c.facility == packs.c.subject,
            facility_communes.c.commune.startswith(sa.bindparam("place"), autoescape=False),
        ),
    )
    .order_by(packs.c.subject, packs.c.version)
)
_CURRENT = sa.select(packs).where(packs.c.state != "superseded").order_by(packs.c.subject, packs.c.version)
_STANDING = sa.select(packs.c.id).where(packs.c.state.in_(("draft", "published")))
_LARGE = (
    sa.select(packs.c.subject, packs.c.version)
    .where(
        packs.c.id.in_(sa.bindparam("ids", expanding=True)),
        sa.func.length(sa.cast(packs.c.body, sa.Text)) > sa.bindparam("letters"),
    )
    .order_by(packs.c.id.desc())
)
_NEWEST = sa.select(sa.func.max(packs.c.version)).where(packs.c.subject == sa.bindparam("subject"))
_FORGET_DRAFT = sa.delete(packs).where(packs.c.subject == sa.bindparam("whose"), packs.c.state == "draft")
_ADD = sa.insert(packs)
_PUBLISH = (
    sa.update(packs)
    .where(
        packs.c.subject == sa.bindparam("whose"),
        packs.c.version == sa.bindparam("which"),
        packs.c.state == "draft",
    )
    .values(state="published", published_at=sa.bindparam("now"))
    .returning(packs.c.sample)
)
_SUPERSEDE = (
    sa.update(packs)
    .where(
        packs.c.subject == sa.bindparam("whose"),
        packs.c.version != sa.bindparam("which"),
        packs.c.state == "published",
    )
    .values(state="superseded")
)
#: What is made up never takes the place of what a provider said.
_SUPERSEDE_SAMPLES = _SUPERSEDE.where(packs.c.sample.is_(True))
_WITHDRAW = (
    sa.update(packs)
    .where(
        packs.c.state == "published",
        packs.c.source_name.startswith(sa.bindparam("folder"), autoescape=False),
        packs.c.source_name.not_in(sa.bindparam("names", expanding=True)),
    )
    .values(state="superseded")
    .returning(packs.c.id)
)


_AT_ONCE = 5000  # rows named in one statement


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of a pack and how it came here. `author` is a contact; None: the command line, or this release."""

    pack: Pack
    source_name: str
    author: int | None
    created_at: datetime
    published_at: datetime | None


# -- Writing ----------------------------------------------------------------------------------------------


def keep(
    connection: sa.Connection, pack: Pack, author: int | None, now: datetime, source_name: str = ""
) -> int:
    """Keep a pack as the draft of its subject, in place of an older draft; its version. A number is never given
    twice, so that nobody publishes another draft than she has seen."""
    _alone(connection)
    version = (connection.execute(_NEWEST, {"subject": pack.subject}).scalar() or 0) + 1
    draft = replace(pack, version=version, state="draft", published_on=None)
    connection.execute(_FORGET_DRAFT, {"whose": pack.subject})
    connection.execute(_ADD, _row(draft, author, now, source_name))
    return version


def publish(
    connection: sa.Connection, subject: str, version: int, now: datetime, actor: int | None = None
) -> bool:
    """Show a draft to everybody, in place of what was published before, and note who did: a contact, None for the
    operator. False when it is no draft (any more)."""
    _alone(connection)
    sample = connection.execute(_PUBLISH, {"whose": subject, "which": version, "now": now}).scalar()
    if sample is None:
        return False
    connection.execute(_SUPERSEDE_SAMPLES if sample else _SUPERSEDE, {"whose": subject, "which": version})
    audit.note(connection, now, "published", actor, None, {"subject": subject, "version": version})
    return True


def enter(
    connection: sa.Connection,
    pack: Pack,
    author: int | None,
    now: datetime,
    source_name: str = "",
    *,
    show: bool = False,
) -> tuple[Pack, bool]:
    """Keep a pack as a draft, and with `show` publish it; the pack as it is kept, and whether that is anything new.
    What says the same as the draft or, where there is none, as what is published, is not kept again."""
    _alone(connection)
    drafted = draft(connection, pack.subject)
    shown = published(connection, pack.subject, samples=True)
    if drafted is None and shown is not None and same(shown, pack):
        return shown, False
    again = drafted is not None and same(drafted, pack)
    number = (
        drafted.version if drafted is not None and again else keep(connection, pack, author, now, source_name)
    )
    if show:
        publish(connection, pack.subject, number, now, author)
    kept = version(connection, pack.subject, number)
    assert kept is not None
    return kept.pack, show or not again


def install(connection: sa.Connection, pack: Pack, source_name: str, at: datetime) -> None:
    """Publish a pack that came with the release. Drafts stay, and what a provider published is not superseded by what
    was made up."""
    _alone(connection)
    version = (connection.execute(_NEWEST, {"subject": pack.subject}).scalar() or 0) + 1
    added = _row(replace(pack, version=version, state="published"), None, at, source_name)
    connection.execute(_ADD, {**added, "published_at": at})
    connection.execute(
        _SUPERSEDE_SAMPLES if pack.sample else _SUPERSEDE, {"whose": pack.subject, "which": version}
    )


def withdraw(connection: sa.Connection, folder: str, names: Sequence[str]) -> bool:
    """Show no longer what came in a file of this folder and is not among `names`; whether there was any."""
    gone = connection.execute(_WITHDRAW, {"folder": folder, "names": list(names)})
    return gone.first() is not None


def _row(pack: Pack, author: int | None, now: datetime, source_name: str) -> dict[str, Any]:
    return {
        "subject": pack.subject,
        "service": pack.service,
        "version": pack.version,
        "state": pack.state,
        "sample": pack.sample,
        "body": as_json(pack),
        "source_name": source_name[:120],
        "author": author,
        "created_at": now,
    }


def _alone(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)


# -- Reading ----------------------------------------------------------------------------------------------


def published(connection: sa.Connection, subject: str, samples: bool) -> Pack | None:
    """What is shown of a facility or service; one that was made up only with `samples`, and where there is no other."""
    row = connection.execute(_PUBLISHED if samples else _PUBLISHED_REAL, {"subject": subject}).first()
    return _pack(row) if row is not None else None


def shown(connection: sa.Connection, subjects: Sequence[str], samples: bool) -> dict[str, int]:
    """Which version of each subject is shown, as `published` has it; nothing of those without any."""
    rows = connection.execute(_SHOWN, {"subjects": list(subjects)})
    return {row.subject: row.version for row in rows if samples or not row.sample}


def all_published(connection: sa.Connection, samples: bool) -> Iterator[Pack]:
    """What is shown of each facility and service, in the order of their codes."""
    before = ""
    for row in connection.execute(_EVERY_PUBLISHED):
        if row.subject != before and (samples or not row.sample):
            before = row.subject
            yield _pack(row)


def draft(connection: sa.Connection, subject: str) -> Pack | None:
    """The draft of a facility, if it has one."""
    return next((kept.pack for kept in versions(connection, subject) if kept.pack.state == "draft"), None)


def drafted(connection: sa.Connection) -> list[tuple[str, int]]:
    """Which version of each subject is a draft, in the order of the subjects."""
    return [(row.subject, row.version) for row in connection.execute(_DRAFTED)]


def drafts(connection: sa.Connection) -> list[Kept]:
    """Every draft, in the order of the subjects."""
    return [_kept(row) for row in connection.execute(_DRAFTS)]


def versions(connection: sa.Connection, subject: str) -> list[Kept]:
    """All versions of a pack, the oldest first."""
    return [_kept(row) for row in connection.execute(_VERSIONS, {"subject": subject})]


def version(connection: sa.Connection, subject: str, number: int) -> Kept | None:
    """One version of a pack."""
    row = connection.execute(_VERSION, {"subject": subject, "version": number}).first()
    return _kept(row) if row is not None else None


def current(connection: sa.Connection, place: str = "") -> list[Kept]:
    """What is published or draft, everywhere or of the facilities that serve a place (a code of 2, 4 or 6 digits)."""
    found = connection.execute(_IN_PLACE, {"place": place}) if place else connection.execute(_CURRENT)
    return [_kept(row) for row in found]


def standing(connection: sa.Connection) -> frozenset[int]:
    """The numbers of all rows that are published or draft; read from an index alone."""
    return frozenset(connection.execute(_STANDING).scalars())


def large(connection: sa.Connection, ids: Iterable[int], letters: int) -> list[tuple[str, int]]:
    """Those of some rows that take more letters than this as they are stored, the newest first: subject, version."""
    numbers = sorted(ids)
    found: list[tuple[str, int]] = []
    for start in range(0, len(numbers), _AT_ONCE):
        some = {"ids": numbers[start : start + _AT_ONCE], "letters": letters}
        found[:0] = [(row.subject, row.version) for row in connection.execute(_LARGE, some)]
    return found


def newest_from(connection: sa.Connection, subject: str, source_name: str) -> Pack | None:
    """The newest version that came in a file of this name."""
    row = connection.execute(_FROM_FILE, {"subject": subject, "source_name": source_name}).first()
    return _pack(row) if row is not None else None


def _pack(row: sa.Row[Any]) -> Pack:
    on = day_and_time(row.published_at)[0] if row.published_at else None
    return replace(from_json(row.body), state=row.state, published_on=on)


def _kept(row: sa.Row[Any]) -> Kept:
    return Kept(_pack(row), row.source_name, row.author, row.created_at, row.published_at)


# -- Counting ---------------------------------------------------------------------------------------------

_READ = PerDialect(
    lambda insert: (
        insert(reads)
        .values(
            subject=sa.bindparam("subject"), block=sa.bindparam("block"), month=sa.bindparam("month"), count=1
        )
        .on_conflict_do_update(
            index_elements=["subject", "block", "month"], set_={"count": reads.c.count + 1}
        )
    )
)
_WISH = PerDialect(
    lambda insert: (
        insert(asked)
        .values(subject=sa.bindparam("subject"), month=sa.bindparam("month"), count=1)
        .on_conflict_do_update(index_elements=["subject", "month"], set_={"count": asked.c.count + 1})
    )
)
_READS = (
    sa.select(reads.c.month, reads.c.block, reads.c.count.label("times"))
    .where(reads.c.subject == sa.bindparam("subject"))
    .order_by(reads.c.month, reads.c.block)
)
_READS_OF = (
    sa.select(reads.c.subject, reads.c.block, reads.c.month, reads.c.count.label("times"))
    .where(
        reads.c.subject.in_(sa.bindparam("subjects", expanding=True)),
        reads.c.month.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .order_by(reads.c.subject, reads.c.month, reads.c.block)
)
_WISHES_OF = (
    sa.select(asked.c.subject, asked.c.month, asked.c.count.label("times"))
    .where(
        asked.c.subject.in_(sa.bindparam("subjects", expanding=True)),
        asked.c.month.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .order_by(asked.c.subject, asked.c.month)
)
_WISHES = (
    sa.select(asked.c.month, asked.c.count.label("times"))
    .where(asked.c.subject == sa.bindparam("subject"))
    .order_by(asked.c.month)
)


def read(connection: sa.Connection, subject: str, block: str, month: str) -> None:
    """Count that somebody read a block, in a month such as 2026-11; not who."""
    connection.execute(_READ.on(connection), {"subject": subject, "block": block, "month": month})


def wish(connection: sa.Connection, subject: str, month: str) -> None:
    """Count that somebody wished this facility had a pack; not who."""
    connection.execute(_WISH.on(connection), {"subject": subject, "month": month})


def read_of(connection: sa.Connection, subject: str) -> dict[tuple[str, str], int]:
    """How often each block was read: month and block to count."""
    return {(row.month, row.block): row.times for row in connection.execute(_READS, {"subject": subject})}


def wishes_of(connection: sa.Connection, subject: str) -> dict[str, int]:
    """How often a pack was wished for: month to count."""
    return {row.month: row.times for row in connection.execute(_WISHES, {"subject": subject})}


def reads_of(
    connection: sa.Connection, subjects: Sequence[str], first: str, last: str
) -> dict[str, dict[tuple[str, str], int]]:
    """How often people read what some facilities publish, in the months from 2026-01 to 2026-12, both counted: of each
    that was read, month and block to count. Nobody is known by it: a page that one person opens thrice counts thrice."""
    found: dict[str, dict[tuple[str, str], int]] = {}
    some = {"subjects": list(subjects), "first": first, "last": last}
    for row in connection.execute(_READS_OF, some):
        found.setdefault(row.subject, {})[row.month, row.block] = row.times
    return found


def wishes_for(
    connection: sa.Connection, subjects: Sequence[str], first: str, last: str
) -> dict[str, dict[str, int]]:
    """How often people wished that some facilities would publish something, in the months from `first` to `last`: of each
    that was wished for, month to count."""
    found: dict[str, dict[str, int]] = {}
    some = {"subjects": list(subjects), "first": first, "last": last}
    for row in connection.execute(_WISHES_OF, some):
        found.setdefault(row.subject, {})[row.month] = row.times
    return found
