"""Whether people come to a meeting: what they were asked last, what they answered, and how many did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.database import PerDialect
from storage.notices import TELLING
from storage.tables import attendance, broadcasts, contacts, notices, outbox

_ASKED = (
    sa.select(broadcasts.c.notice, sa.func.coalesce(outbox.c.sent_at, outbox.c.created_at))
    .select_from(
        outbox.join(broadcasts, broadcasts.c.id == outbox.c.broadcast).join(
            notices, notices.c.id == broadcasts.c.notice
        )
    )
    .where(
        outbox.c.contact == sa.bindparam("contact"),
        outbox.c.state.in_(("sending", "sent", "delivered")),
        broadcasts.c.kind.in_(TELLING),
        notices.c.state == "announced",
        notices.c.starts_at > sa.bindparam("now"),
    )
    .order_by(outbox.c.id.desc())
    .limit(1)
)
_OPEN = sa.select(notices.c.id).where(notices.c.id == sa.bindparam("number"), notices.c.state == "announced")
_ANSWER = PerDialect(
    lambda insert: (
        insert(attendance)
        .values(notice=sa.bindparam("number"), contact=sa.bindparam("contact"), coming=sa.bindparam("coming"))
        .on_conflict_do_update(index_elements=["notice", "contact"], set_={"coming": sa.bindparam("coming")})
    )
)
_UNANSWER = sa.delete(attendance).where(attendance.c.notice == sa.bindparam("number"))


def asked(connection: sa.Connection, contact: int, now: datetime) -> tuple[int, datetime] | None:
    """The coming meeting that a contact was told of last, and when."""
    row = connection.execute(_ASKED, {"contact": contact, "now": now}).first()
    return (row[0], row[1]) if row is not None else None


def answer(connection: sa.Connection, number: int, contact: int, coming: bool) -> bool:
    """Keep whether a contact comes; False when nobody is asked any more."""
    if connection.execute(_OPEN, {"number": number}).first() is None:
        return False
    connection.execute(_ANSWER.on(connection), {"number": number, "contact": contact, "coming": coming})
    return True


def unanswer(connection: sa.Connection, number: int) -> None:
    """Forget who said whether they come."""
    connection.execute(_UNANSWER, {"number": number})


def _any(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.max(sa.case((condition, 1), else_=0))


_PERSONS = (
    sa.select(
        contacts.c.village,
        contacts.c.blocked,
        contacts.c.stopped,
        attendance.c.coming,
        _any(outbox.c.state.in_(("sent", "delivered"))).label("reached"),
        _any(outbox.c.error == "cap").label("cap"),
        _any(outbox.c.state == "failed").label("failed"),
    )
    .select_from(
        outbox.join(contacts, contacts.c.id == outbox.c.contact).outerjoin(
            attendance,
            sa.and_(attendance.c.contact == contacts.c.id, attendance.c.notice == sa.bindparam("number")),
        )
    )
    .where(outbox.c.broadcast.is_not(None), outbox.c.broadcast.in_(sa.bindparam("telling", expanding=True)))
    .group_by(contacts.c.id, contacts.c.village, contacts.c.blocked, contacts.c.stopped, attendance.c.coming)
    .subquery()
)
_COUNTED = sa.select(*_PERSONS.c, sa.func.count().label("people")).group_by(*_PERSONS.c)


def counted(connection: sa.Connection, number: int, telling: Sequence[int]) -> list[sa.Row[Any]]:
    """What became of the people whom the broadcasts `telling` were for, as counts: village, blocked, stopped,
    coming, reached, cap, failed, people. Nobody is listed."""
    return list(connection.execute(_COUNTED, {"number": number, "telling": list(telling)}))
