"""Who is told: the people of a commune, of villages, those who follow a facility, those who were told before.

One statement queues some thousand of them, wherever the last one stopped; it may be run again, since the outbox
takes one message of a broadcast for a contact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from flows.meetings import Meeting
from storage import outbox as rows
from storage.database import PerDialect
from storage.digests import READERS, Planned
from storage.notices import TELLING, Broadcast, Notice
from storage.tables import broadcasts, contacts, follows, outbox, payloads, roles

#: Contacts in one transaction. SQLite has one writer, which people's messages wait for meanwhile.
CHUNK = 10_000
CHUNK_SQLITE = 2_000

Count = dict[tuple[str, str], int]

_heard = contacts.alias("heard")  # the address that hears the notices, of the person's two
_theirs = contacts.alias("theirs")
_told = outbox.alias("told")
_BOTH = _theirs.join(_heard, _heard.c.id == sa.func.coalesce(_theirs.c.told_at, _theirs.c.id))
_REACHABLE = (_heard.c.stopped.is_(sa.false()), _heard.c.blocked.is_(sa.false()))
_KNOWS = _told.c.state.in_(("sending", "sent", "delivered"))


def _list(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, expanding=True)


class _Crowd:
    """One way to choose people, as a handful of statements.

    `key` orders them and remembers where queueing stopped. Where it is that of another address, or of a message,
    a person may be met twice; a chunk is then as many of these (`listed`, by `of_them`), which is quicker to find.
    """

    def __init__(
        self,
        source: sa.FromClause,
        key: sa.ColumnElement[int],
        *where: sa.ColumnElement[bool],
        listed: sa.FromClause | None = None,
        of_them: tuple[sa.ColumnElement[bool], ...] = (),
    ) -> None:
        once = listed is None
        where = (*where, *of_them)
        people = sa.select(_heard.c.id, _heard.c.channel, _heard.c.language, _heard.c.village)
        people = people.select_from(source).where(*where)
        people = people if once else people.distinct()
        everybody = people.subquery()
        self.count = sa.select(everybody.c.channel, everybody.c.language, sa.func.count()).group_by(
            everybody.c.channel, everybody.c.language
        )
        self.villages = sa.select(everybody.c.village, sa.func.count()).group_by(everybody.c.village)
        after, until = key > sa.bindparam("after"), key <= sa.bindparam("until")
        chunk = (
            sa.select(key.label("key"))
            .select_from(source if listed is None else listed)
            .where(*(where if listed is None else of_them), after)
            .order_by(key)
            .limit(sa.bindparam("most"))
            .subquery()
        )
        self.bound = sa.select(sa.func.max(chunk.c.key), sa.func.count())
        self.queue = _queue(people.where(after, until).subquery())


def _queue(people: sa.Subquery) -> PerDialect:
    """INSERT … SELECT of a row in the outbox for each, with the payload of her channel and language."""
    language = sa.case(
        (people.c.language.in_(_list("languages")), people.c.language), else_=sa.bindparam("else")
    )
    says = sa.and_(
        payloads.c.broadcast == sa.bindparam("broadcast"),
        payloads.c.channel == people.c.channel,
        payloads.c.language == language,
    )
    number = sa.bindparam("base", type_=sa.BigInteger) + sa.func.row_number().over(order_by=people.c.id)
    values = {
        "id": number,
        "contact": people.c.id,
        "channel": people.c.channel,
        "priority": sa.bindparam("priority", type_=sa.SmallInteger),
        "state": sa.case((payloads.c.withheld.is_(None), "queued"), else_="cancelled"),
        "error": payloads.c.withheld,
        "payload": payloads.c.id,
        "broadcast": payloads.c.broadcast,
        "expires_at": sa.bindparam("expires_at", type_=outbox.c.expires_at.type),
        "created_at": sa.bindparam("now", type_=outbox.c.created_at.type),
    }
    rows = sa.select(*values.values()).select_from(people.join(payloads, says))
    return PerDialect(
        lambda insert: (
            insert(outbox)
            .from_select(list(values), rows, include_defaults=False)
            .on_conflict_do_nothing(
                index_elements=["broadcast", "contact"], index_where=sa.text("broadcast IS NOT NULL")
            )
        )
    )


_IN_COMMUNE = (
    _heard.c.commune == sa.bindparam("commune"),
    _heard.c.joined.is_(sa.true()),
    _heard.c.told_at.is_(None),
)
_IN_VILLAGES = (*_IN_COMMUNE, sa.or_(_heard.c.village.is_(None), _heard.c.village.in_(_list("villages"))))
_FOLLOWING = follows.join(_BOTH, _theirs.c.id == follows.c.contact)
_FOLLOWS = (follows.c.facility == sa.bindparam("facility"),)
#: Whom the change goes to, and whom anything of an earlier version went to.
_NEW = ~sa.exists().where(
    _told.c.broadcast.is_not(None),
    _told.c.contact == _heard.c.id,
    sa.or_(
        _told.c.broadcast.in_(_list("changes")),
        sa.and_(_told.c.broadcast.in_(_list("earlier")), _KNOWS),
    ),
)


def _scopes(*more: sa.ColumnElement[bool]) -> dict[str, _Crowd]:
    return {
        "commune": _Crowd(_heard, _heard.c.id, *_REACHABLE, *_IN_COMMUNE, *more),
        "villages": _Crowd(_heard, _heard.c.id, *_REACHABLE, *_IN_VILLAGES, *more),
        "facility": _Crowd(
            _FOLLOWING,
            follows.c.contact,
            *_REACHABLE,
            _theirs.c.stopped.is_(sa.false()),
            *more,
            listed=follows,
            of_them=_FOLLOWS,
        ),
    }


_ALL = _scopes()
_FRESH = _scopes(_NEW)
_WERE_TOLD = _Crowd(
    _told.join(_BOTH, _theirs.c.id == _told.c.contact),
    _told.c.contact,
    *_REACHABLE,
    listed=_told,
    of_them=(_told.c.broadcast.is_not(None), _told.c.broadcast.in_(_list("earlier")), _KNOWS),
)
_AUTHOR = _Crowd(
    _BOTH,
    _theirs.c.id,
    *_REACHABLE,
    listed=_theirs,
    of_them=(_theirs.c.id == sa.bindparam("author"),),
)
_OFFICIALS = _Crowd(
    roles.join(_BOTH, _theirs.c.id == roles.c.contact),
    roles.c.contact,
    *_REACHABLE,
    _theirs.c.stopped.is_(sa.false()),
    listed=roles,
    of_them=(roles.c.place == sa.bindparam("place"), roles.c.role.in_(READERS)),
)

#: Who would be told, had they not blocked us; and that no message waits for them.
_BLOCKED = {
    scope: sa.select(sa.func.count(sa.distinct(_heard.c.id)))
    .select_from(source)
    .where(
        *where,
        _heard.c.stopped.is_(sa.false()),
        _heard.c.blocked.is_(sa.true()),
        ~sa.exists().where(
            _told.c.broadcast.is_not(None),
            _told.c.broadcast.in_(_list("telling")),
            _told.c.contact == _heard.c.id,
        ),
    )
    for scope, source, where in (
        ("commune", _heard, _IN_COMMUNE),
        ("villages", _heard, _IN_VILLAGES),
        ("facility", _FOLLOWING, _FOLLOWS),
    )
}


def _whom(meeting: Meeting) -> dict[str, Any]:
    match meeting.scope:
        case "villages":
            return {"commune": meeting.commune, "villages": list(meeting.villages)}
        case "facility":
            return {"facility": meeting.facility}
        case _:
            return {"commune": meeting.commune}


# -- Counting ---------------------------------------------------------------------------------------------


def count(connection: sa.Connection, meeting: Meeting) -> Count:
    """How many people a notice of the meeting goes to, by channel and language."""
    return _counted(connection, _ALL[meeting.scope], _whom(meeting))


def count_fresh(connection: sa.Connection, meeting: Meeting, earlier: Sequence[int]) -> Count:
    """As `count`, without those to whom one of the `earlier` broadcasts went."""
    return _counted(
        connection, _FRESH[meeting.scope], {**_whom(meeting), "earlier": list(earlier), "changes": []}
    )


def count_told(connection: sa.Connection, earlier: Sequence[int]) -> Count:
    """How many of those to whom one of the `earlier` broadcasts went can be told more, by channel and language."""
    return _counted(connection, _WERE_TOLD, {"earlier": list(earlier)})


def count_due(connection: sa.Connection, notice: Notice, broadcast: Broadcast) -> Count:
    """How many people a broadcast goes to, by channel and language."""
    return _counted(connection, *_crowd(connection, notice, broadcast))


def count_officials(connection: sa.Connection, place: str) -> Count:
    """How many people a digest of a place goes to, by channel and language."""
    return _counted(connection, _OFFICIALS, {"place": place})


def _counted(connection: sa.Connection, crowd: _Crowd, whom: dict[str, Any]) -> Count:
    return {(channel, language): n for channel, language, n in connection.execute(crowd.count, whom)}


def villages(connection: sa.Connection, meeting: Meeting) -> dict[str | None, int]:
    """How many people of each village a notice goes to; None: those who did not say which is theirs."""
    found = connection.execute(_ALL[meeting.scope].villages, _whom(meeting))
    return {row[0]: row[1] for row in found}


def blocked(connection: sa.Connection, meeting: Meeting, telling: Sequence[int]) -> int:
    """How many would have been told by the broadcasts `telling`, had they not blocked us before."""
    found = connection.execute(_BLOCKED[meeting.scope], {**_whom(meeting), "telling": list(telling)})
    return int(found.scalar_one())


# -- Queueing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chunk:
    """How many were queued, up to which contact, and whether they were the last."""

    queued: int
    cursor: int
    done: bool


def queue_chunk(
    connection: sa.Connection,
    notice: Notice,
    broadcast: Broadcast,
    languages: Sequence[str],
    now: datetime,
    most: int | None = None,
) -> Chunk:
    """Put a broadcast into the outbox for the next people after its cursor. `languages`: those there are payloads
    in, the first for whoever speaks another."""
    return _queued(connection, _crowd(connection, notice, broadcast), broadcast, languages, now, most)


def queue_officials(
    connection: sa.Connection, planned: Planned, languages: Sequence[str], now: datetime
) -> Chunk:
    """The same of a digest, for those who look after its place."""
    return _queued(connection, (_OFFICIALS, {"place": planned.place}), planned, languages, now, None)


def _queued(
    connection: sa.Connection,
    whose: tuple[_Crowd, dict[str, Any]],
    broadcast: Broadcast | Planned,
    languages: Sequence[str],
    now: datetime,
    most: int | None,
) -> Chunk:
    crowd, whom = whose
    size = most or (CHUNK_SQLITE if connection.dialect.name == "sqlite" else CHUNK)
    until, found = connection.execute(crowd.bound, {**whom, "after": broadcast.cursor, "most": size}).one()
    if not found:
        return Chunk(0, broadcast.cursor, done=True)
    result = connection.execute(
        crowd.queue.on(connection),
        {
            **whom,
            "after": broadcast.cursor,
            "until": until,
            "languages": list(languages),
            "else": languages[0],
            "base": _base(connection, now),
            "broadcast": broadcast.id,
            "priority": broadcast.priority,
            "expires_at": broadcast.expires_at,
            "now": now,
        },
    )
    return Chunk(result.rowcount, until, done=found < size)


_EARLIER = sa.select(broadcasts.c.id, broadcasts.c.kind, broadcasts.c.version).where(
    broadcasts.c.notice == sa.bindparam("notice"), broadcasts.c.version <= sa.bindparam("version")
)


def _crowd(connection: sa.Connection, notice: Notice, broadcast: Broadcast) -> tuple[_Crowd, dict[str, Any]]:
    """Whom a broadcast is for: the report its author, a change those who were told, the rest the audience, of whom
    after a change only those who were not told."""
    if broadcast.kind == "turnout":
        return _AUTHOR, {"author": notice.author}
    whom = _whom(notice.meeting)
    if broadcast.kind == "cancelled" or broadcast.version > 1:
        sent = connection.execute(_EARLIER, {"notice": notice.number, "version": broadcast.version}).all()
        cancelled = broadcast.kind == "cancelled"
        earlier = [
            row.id for row in sent if row.kind in TELLING and (cancelled or row.version < broadcast.version)
        ]
        if broadcast.kind in {"changed", "cancelled"}:
            return _WERE_TOLD, {"earlier": earlier}
        if broadcast.kind == "notice":
            changes = [row.id for row in sent if row.kind == "changed" and row.version == broadcast.version]
            return _FRESH[notice.meeting.scope], {**whom, "earlier": earlier, "changes": changes}
    return _ALL[notice.meeting.scope], whom


_TOP = sa.select(sa.func.max(outbox.c.id))


def _base(connection: sa.Connection, now: datetime) -> int:
    """Where the numbers of a chunk begin: after every other, also when the clock was set back."""
    base = rows.bulk_base(now)
    top = connection.execute(_TOP).scalar() or 0
    if base > top:
        return base
    later = datetime.fromtimestamp(((top >> 20) + 2) / 1000, UTC)  # one more: a float may come out just below
    return rows.bulk_base(later)
