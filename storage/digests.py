"""Digests: broadcasts about the scores of a place to its officials, one for each month or round."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from storage.database import PerDialect
from storage.tables import broadcasts, facility_communes, publications, responses, roles

KIND = "digest"
#: Who is told: councils and those who look after a wider place.
READERS = ("council", "viewer")


@dataclass(frozen=True, slots=True)
class Planned:
    """One digest of a place. `state`: due, queueing, queued, late, cancelled, failed."""

    id: int
    place: str
    period: str
    priority: int
    due_at: datetime
    expires_at: datetime
    state: str
    cursor: int = 0
    queued: int = 0


_PLACES = sa.select(roles.c.place).where(roles.c.role.in_(READERS)).distinct().order_by(roles.c.place)
_PLAN = PerDialect(
    lambda insert: (
        insert(broadcasts)
        .values(
            notice=sa.null(),
            version=1,
            kind=KIND,
            priority=sa.bindparam("priority"),
            due_at=sa.bindparam("due_at"),
            expires_at=sa.bindparam("expires_at"),
            state="due",
            place=sa.bindparam("place"),
            period=sa.bindparam("period"),
        )
        .on_conflict_do_nothing(index_elements=["place", "period"], index_where=sa.text("place IS NOT NULL"))
        .returning(broadcasts.c.id)
    )
)
_NEXT = (
    sa.select(
        broadcasts.c.id,
        broadcasts.c.place,
        broadcasts.c.period,
        broadcasts.c.priority,
        broadcasts.c.due_at,
        broadcasts.c.expires_at,
        broadcasts.c.state,
        broadcasts.c.cursor,
        broadcasts.c.queued,
    )
    .where(
        sa.text("broadcasts.state IN ('due', 'queueing')"),  # in these words, or the index is not used
        broadcasts.c.place.is_not(None),
        sa.or_(broadcasts.c.state == "queueing", broadcasts.c.due_at <= sa.bindparam("now")),
    )
    .order_by(broadcasts.c.due_at, broadcasts.c.id)
    .limit(1)
)
_WITHIN = sa.select(facility_communes.c.facility).where(
    facility_communes.c.commune.startswith(sa.bindparam("within"), autoescape=False)
)
_MOVED = (
    sa.select(publications.c.facility)
    .where(
        publications.c.facility.in_(_WITHIN),
        publications.c.as_of > sa.bindparam("since"),
        publications.c.as_of <= sa.bindparam("until"),
    )
    .limit(1)
)
_COMMENTS = sa.select(
    sa.func.count().filter(
        responses.c.rated_on >= sa.bindparam("since"), responses.c.rated_on < sa.bindparam("until")
    ),
    sa.func.count().filter(responses.c.answered_on.is_(None)),
).where(
    responses.c.facility.in_(_WITHIN),
    responses.c.comment.is_not(None),
    responses.c.rated_on < sa.bindparam("until"),
    sa.or_(responses.c.commune.is_(None), responses.c.commune == sa.bindparam("within")),
)


def places(connection: sa.Connection) -> list[str]:
    """The places that have somebody to be told."""
    return list(connection.execute(_PLACES).scalars())


def plan(
    connection: sa.Connection,
    place: str,
    period: str,
    priority: int,
    due_at: datetime,
    expires_at: datetime,
) -> bool:
    """Plan a digest; False when it was planned before."""
    values = {
        "place": place,
        "period": period,
        "priority": priority,
        "due_at": due_at,
        "expires_at": expires_at,
    }
    return connection.execute(_PLAN.on(connection), values).scalar() is not None


def next_due(connection: sa.Connection, now: datetime) -> Planned | None:
    """The digest that is due first."""
    row = connection.execute(_NEXT, {"now": now}).first()
    return Planned(*row) if row is not None else None


def moved(connection: sa.Connection, place: str, since: date, until: date) -> bool:
    """Whether anything that is published of a place moved because of ratings from `since` to the day before `until`."""
    values = {"within": place, "since": since, "until": until}
    return connection.execute(_MOVED, values).first() is not None


def comments(connection: sa.Connection, commune: str, since: date, until: date) -> tuple[int, int]:
    """How many comments a commune got from `since` to the day before `until`, and how many of all before wait for
    an answer."""
    row = connection.execute(_COMMENTS, {"within": commune, "since": since, "until": until}).one()
    return int(row[0]), int(row[1])
