"""A notice for somebody who can't be reached where she hears, passed on to another address of hers."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from storage import spending
from storage.localtime import LOCAL
from storage.tables import broadcasts, contacts, notices, outbox, payloads

_there = contacts.alias("there")
_others = outbox.alias("others")
#: Whom it is for since somebody else of the same person hears in her place, and in which words.
_WHERE = (
    sa.select(
        _there.c.id,
        _there.c.channel,
        payloads.c.id.label("payload"),
        payloads.c.segments,
        payloads.c.withheld,
        notices.c.commune,
    )
    .select_from(
        outbox.join(contacts, contacts.c.id == outbox.c.contact)
        .join(_there, _there.c.id == contacts.c.told_at)
        .join(
            payloads,
            sa.and_(
                payloads.c.broadcast == outbox.c.broadcast,
                payloads.c.channel == _there.c.channel,
            ),
        )
        .join(broadcasts, broadcasts.c.id == outbox.c.broadcast)
        .join(notices, notices.c.id == broadcasts.c.notice)
    )
    .where(
        outbox.c.id == sa.bindparam("number"),
        outbox.c.expires_at > sa.bindparam("now"),
        outbox.c.state.in_(("queued", "sending", "sent")),
        contacts.c.blocked.is_(sa.true()),
        contacts.c.stopped.is_(sa.false()),
        _there.c.blocked.is_(sa.false()),
        _there.c.stopped.is_(sa.false()),
        ~sa.exists().where(
            _others.c.broadcast.is_not(None),
            _others.c.broadcast == outbox.c.broadcast,
            _others.c.contact == _there.c.id,
        ),
    )
    .order_by(sa.case((payloads.c.language == _there.c.language, 0), else_=1), payloads.c.id)
    .limit(1)
)


def pass_on(connection: sa.Connection, number: int, now: datetime) -> bool:
    """Queue a row that came to nothing, since the person has blocked us there, for where she hears by now
    (`links.take_over`); False where there is no such address, or she was told there. It stays the one row of this
    person; an SMS it becomes is counted against the cap."""
    row = connection.execute(_WHERE, {"number": number, "now": now}).first()
    if row is None or row.withheld is not None:
        return False
    connection.execute(
        sa.update(outbox)
        .where(outbox.c.id == number)
        .values(
            contact=row.id,
            channel=row.channel,
            payload=row.payload,
            state="queued",
            leased_until=None,
            provider_id=None,
            sent_at=None,
            parts_sent=0,
            attempts=0,
        )
    )
    spending.book(connection, row.commune, now.astimezone(LOCAL).date(), row.segments)
    return True
