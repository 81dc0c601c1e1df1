"""Meetings that are announced, and what is sent about each: notice → broadcasts, by when they are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from flows.meetings import Meeting
from flows.questions import Attachment
from storage.localtime import day_and_time, instant
from storage.tables import broadcasts, notices, outbox, payloads

#: Kinds of broadcast by which somebody comes to know of a meeting.
TELLING = ("notice", "changed", "evening", "soon")

#: The one who writes what is due: it takes steps of a second, and two of them would only wait for each other.
_ALONE = sa.text("SELECT pg_try_advisory_xact_lock(5842)")


@dataclass(frozen=True, slots=True)
class Notice:
    """`state`: announced, cancelled, over. `author` is a contact; None: the command line. `turnout`: counts."""

    number: int
    meeting: Meeting
    starts_at: datetime
    author: int | None
    state: str
    version: int
    created_at: datetime
    changed_at: datetime
    turnout: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One sending about a notice. `state`: due, queueing, queued, late, cancelled, failed. `cursor`: the contact queued
    last; `queued`: how many so far."""

    id: int
    notice: int
    version: int
    kind: str
    priority: int
    due_at: datetime
    expires_at: datetime
    state: str
    cursor: int = 0
    queued: int = 0


_BROADCAST = sa.select(*(broadcasts.c[field] for field in Broadcast.__dataclass_fields__))


# -- Notices ----------------------------------------------------------------------------------------------

_ADD = sa.insert(notices).returning(notices.c.id)
_FIND = sa.select(notices).where(notices.c.id == sa.bindparam("number"))
#: Whoever moves what is sent about a notice holds it. Answers of people refer to it meanwhile.
_FIND_TO_CHANGE = _FIND.with_for_update(key_share=True)


def add(connection: sa.Connection, meeting: Meeting, author: int | None, now: datetime) -> int:
    """Store a meeting; its number."""
    values = {**_columns(meeting), "author": author, "created_at": now, "changed_at": now}
    return int(connection.execute(_ADD, {**values, "state": "announced", "version": 1}).scalar_one())


def replace(connection: sa.Connection, number: int, meeting: Meeting, now: datetime) -> int:
    """Store what is otherwise about a meeting; its new version."""
    changed = (
        sa.update(notices)
        .where(notices.c.id == number)
        .values(**_columns(meeting), version=notices.c.version + 1, changed_at=now)
        .returning(notices.c.version)
    )
    return int(connection.execute(changed).scalar_one())


def settle(
    connection: sa.Connection,
    number: int,
    state: str,
    now: datetime,
    turnout: Mapping[str, Any] | None = None,
) -> None:
    """A meeting was called off, or is over."""
    values: dict[str, Any] = {"state": state, "changed_at": now}
    if turnout is not None:
        values["turnout"] = dict(turnout)
    connection.execute(sa.update(notices).where(notices.c.id == number).values(**values))


def find(connection: sa.Connection, number: int, *, to_change: bool = False) -> Notice | None:
    """A notice by its number. `to_change`: nobody else changes it until the transaction ends."""
    row = connection.execute(_FIND_TO_CHANGE if to_change else _FIND, {"number": number}).first()
    return _notice(row) if row is not None else None


def listed(
    connection: sa.Connection,
    *,
    after: datetime | None = None,
    place: str = "",
    author: int | None = None,
    announced: bool = False,
) -> list[Notice]:
    """Notices in the order of their meetings. `after`: of meetings that begin later; `place`: the code of what
    they lie in; `announced`: without those called off or over."""
    query = sa.select(notices).order_by(notices.c.starts_at, notices.c.id)
    if after is not None:
        query = query.where(notices.c.starts_at > after)
    if len(place) == 6:
        query = query.where(notices.c.commune == place)
    elif place:
        query = query.where(notices.c.commune.startswith(place, autoescape=True))
    if author is not None:
        query = query.where(notices.c.author == author)
    if announced:
        query = query.where(notices.c.state == "announced")
    return [_notice(row) for row in connection.execute(query)]


def _columns(meeting: Meeting) -> dict[str, Any]:
    a = meeting.attachment
    return {
        "kind": meeting.kind,
        "commune": meeting.commune,
        "scope": meeting.scope,
        "villages": list(meeting.villages),
        "facility": meeting.facility,
        "starts_at": instant(meeting.on, meeting.at),
        "place": meeting.place,
        "note": meeting.note,
        "attachment": [a.kind, a.file, a.size, a.seconds] if a else sa.null(),
    }


def _notice(row: sa.Row[Any]) -> Notice:
    on, at = day_and_time(row.starts_at)
    meeting = Meeting(
        row.kind,
        row.commune,
        row.scope,
        on,
        at,
        row.place,
        row.note,
        tuple(row.villages),
        row.facility,
        Attachment(*row.attachment) if row.attachment else None,
    )
    return Notice(
        row.id,
        meeting,
        row.starts_at,
        row.author,
        row.state,
        row.version,
        row.created_at,
        row.changed_at,
        row.turnout,
    )


# -- Broadcasts -------------------------------------------------------------------------------------------

_PLAN = sa.insert(broadcasts)
_OF = _BROADCAST.where(broadcasts.c.notice == sa.bindparam("number")).order_by(broadcasts.c.id)
_WAITS = sa.text("broadcasts.state IN ('due', 'queueing')")  # in these words, or the index is not used
_DUE = sa.or_(broadcasts.c.state == "queueing", broadcasts.c.due_at <= sa.bindparam("now"))
_earlier = broadcasts.alias("earlier")
_FIRST = ~sa.exists().where(
    # One after the other about one meeting: who gets the change is not told of it anew.
    sa.text("earlier.state IN ('due', 'queueing')"),
    _earlier.c.notice == broadcasts.c.notice,
    _earlier.c.id < broadcasts.c.id,
    sa.or_(_earlier.c.state == "queueing", _earlier.c.due_at <= sa.bindparam("now")),
)
_NEXT = (
    sa.select(broadcasts.c.notice)
    .where(_WAITS, broadcasts.c.notice.is_not(None), _DUE, _FIRST)
    .order_by(broadcasts.c.priority, broadcasts.c.due_at, broadcasts.c.id)
    .limit(1)
)
_NEXT_OF = _BROADCAST.where(_WAITS, _DUE, _FIRST, broadcasts.c.notice == sa.bindparam("number"))
_ADD_PAYLOADS = sa.insert(payloads)


def schedule(
    connection: sa.Connection,
    number: int,
    version: int,
    sendings: Iterable[tuple[str, int, datetime, datetime]],
) -> None:
    """Plan what is sent about a meeting: (kind, priority, due at, expires at), those first that go first."""
    for kind, priority, due_at, expires_at in sendings:
        connection.execute(
            _PLAN,
            {
                "notice": number,
                "version": version,
                "kind": kind,
                "priority": priority,
                "due_at": due_at,
                "expires_at": expires_at,
                "state": "due",
            },
        )


def alone(connection: sa.Connection) -> bool:
    """Whether nobody else writes what is due, until this transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.execute(_ALONE).scalar())


def next_due(connection: sa.Connection, now: datetime) -> int | None:
    """The notice about which something is to be sent first of all that is due; None when nothing is."""
    return connection.execute(_NEXT, {"now": now}).scalar()


def next_of(connection: sa.Connection, number: int, now: datetime) -> Broadcast | None:
    """What is due next about a notice."""
    row = connection.execute(_NEXT_OF, {"number": number, "now": now}).first()
    return Broadcast(*row) if row is not None else None


def broadcasts_of(connection: sa.Connection, number: int) -> list[Broadcast]:
    """Everything that was or will be sent about a meeting, oldest first."""
    return [Broadcast(*row) for row in connection.execute(_OF, {"number": number})]


def move(connection: sa.Connection, broadcast: int, **to: Any) -> None:
    """Change state, due_at, cursor or queued of a broadcast."""
    connection.execute(sa.update(broadcasts).where(broadcasts.c.id == broadcast).values(**to))


def add_payloads(
    connection: sa.Connection,
    broadcast: int,
    sheets: Iterable[tuple[str, str, list[dict[str, Any]], int, str | None]],
) -> None:
    """Keep what a broadcast says: (channel, language, messages, segments, why nobody is sent it)."""
    connection.execute(
        _ADD_PAYLOADS,
        [
            {
                "broadcast": broadcast,
                "channel": channel,
                "language": language,
                "body": parts,
                "segments": segments,
                "withheld": withheld,
            }
            for channel, language, parts, segments, withheld in sheets
        ],
    )


def withdraw(connection: sa.Connection, number: int, why: str, now: datetime) -> list[tuple[datetime, int]]:
    """Stop all that has not left yet about a meeting. What is just leaving is not tried again. The SMS segments
    that are saved, by when they had been booked."""
    ids = [broadcast.id for broadcast in broadcasts_of(connection, number)]
    connection.execute(
        sa.update(broadcasts).where(broadcasts.c.notice == number, _WAITS).values(state="cancelled")
    )
    if not ids:
        return []
    ours = sa.and_(outbox.c.broadcast.is_not(None), outbox.c.broadcast.in_(ids))
    saved = connection.execute(
        sa.select(outbox.c.created_at, sa.func.sum(payloads.c.segments))
        .select_from(outbox.join(payloads, payloads.c.id == outbox.c.payload))
        .where(ours, outbox.c.state == "queued", payloads.c.segments > 0)
        .group_by(outbox.c.created_at)
    ).all()
    connection.execute(
        sa.update(outbox)
        .where(ours, outbox.c.state == "queued")
        .values(state="cancelled", error=why, leased_until=None)
    )
    connection.execute(sa.update(outbox).where(ours, outbox.c.state == "sending").values(expires_at=now))
    # Nor is an SMS that has left, should a receipt say that it did not arrive.
    paid = sa.select(payloads.c.id).where(payloads.c.broadcast.in_(ids), payloads.c.segments > 0)
    left = sa.and_(outbox.c.state == "sent", outbox.c.payload.in_(paid))
    connection.execute(sa.update(outbox).where(ours, left).values(expires_at=now))
    return [(booked_at, int(segments)) for booked_at, segments in saved]


# -- What became of it ------------------------------------------------------------------------------------


def states(connection: sa.Connection, number: int) -> list[sa.Row[Any]]:
    """How many messages of each broadcast are in which state: broadcast, channel, state, error, count. The error
    only where it is a word of ours."""
    error = sa.case((outbox.c.state == "cancelled", outbox.c.error), else_=None).label("error")
    ids = [broadcast.id for broadcast in broadcasts_of(connection, number)]
    query = (
        sa.select(outbox.c.broadcast, outbox.c.channel, outbox.c.state, error, sa.func.count().label("count"))
        .where(outbox.c.broadcast.is_not(None), outbox.c.broadcast.in_(ids))
        .group_by(outbox.c.broadcast, outbox.c.channel, outbox.c.state, error)
        .order_by(outbox.c.broadcast, outbox.c.channel, outbox.c.state)
    )
    return list(connection.execute(query)) if ids else []


_AHEAD = (
    sa.select(outbox.c.channel, outbox.c.payload, sa.func.count().label("messages"))
    .where(sa.text("outbox.state IN ('queued', 'sending')"), outbox.c.priority > 0)
    .group_by(outbox.c.channel, outbox.c.payload)
    .subquery()
)
_WAITING = (
    sa.select(
        _AHEAD.c.channel,
        sa.func.sum(_AHEAD.c.messages),
        sa.func.sum(_AHEAD.c.messages * sa.func.coalesce(payloads.c.segments, 1)),
    )
    .select_from(_AHEAD.outerjoin(payloads, payloads.c.id == _AHEAD.c.payload))
    .group_by(_AHEAD.c.channel)
)


def waiting(connection: sa.Connection) -> dict[str, tuple[int, int]]:
    """What waits in the outbox beside replies: messages and SMS segments, by channel."""
    rows = connection.execute(_WAITING)
    return {channel: (int(messages), int(segments)) for channel, messages, segments in rows}
