"""What we have to say to someone, and who sends it; what becomes of it is `storage.fate`'s.

Whoever received a message sends the reply right after its commit and holds the
row by a lease meanwhile; when that process dies, the lease runs out and a
sender takes the row. Bulk is taken by whoever holds the channel's lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import passing
from storage.statements import Prepared
from storage.tables import broadcasts, contacts, notices, outbox, payloads
from storage.vault import Vault

REPLY = 0  # priority: a person is waiting
BULK = 5

LEASE = timedelta(seconds=60)  # longer than a send with its retries takes

_QUEUE = Prepared(
    sa.insert(outbox).values(
        id=sa.bindparam("id"),
        contact=sa.bindparam("contact"),
        channel=sa.bindparam("channel"),
        priority=sa.bindparam("priority"),
        state=sa.bindparam("state"),
        body=sa.bindparam("body"),
        leased_until=sa.bindparam("leased_until"),
        attempts=0,
        created_at=sa.bindparam("created_at"),
    )
)
_BODY = sa.select(outbox.c.body, outbox.c.state).where(outbox.c.id == sa.bindparam("id"))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row to send: `parts` are messages as the channel rendered them, empty where `payload` names them.

    `attempts`: with the one it was taken for. `parts_sent`: how many of them have left before.
    """

    id: int
    channel: str
    address: str
    parts: list[dict[str, Any]]
    attempts: int
    contact: int | None = None
    payload: int | None = None
    parts_sent: int = 0
    expires_at: datetime | None = None


def bulk_base(now: datetime) -> int:
    """What to number bulk rows after: 1 to 500,000 more than this meet neither each other nor a reply, as long as
    the next base is at least a millisecond later."""
    return int(now.timestamp() * 1000) << 20 | 1 << 19


def queue(
    connection: sa.Connection,
    vault: Vault,
    number: int,
    contact: int | None,
    channel: str,
    parts: list[dict[str, Any]],
    now: datetime,
    *,
    priority: int = REPLY,
    lease: timedelta | None = LEASE,
    state: str = "queued",
) -> None:
    """Put messages for a contact into the outbox, leased to the caller unless `lease` is None."""
    _QUEUE.last(
        connection,
        {
            "id": number,
            "contact": contact,
            "channel": channel,
            "priority": priority,
            "state": state,
            "body": vault.seal_json(parts),
            "leased_until": now + lease if lease else None,
            "created_at": now,
        },
    )


def parts_of(connection: sa.Connection, vault: Vault, number: int) -> list[dict[str, Any]] | None:
    """The messages of a row; None when there is none or it was wiped."""
    row = connection.execute(_BODY, {"id": number}).first()
    return vault.open_json(row.body) if row is not None and row.body is not None else None


#: Written out, not bound: a database uses the index of what waits only where it can see that it may.
_UNDER_WAY = sa.text("outbox.state IN ('queued', 'sending')")
_FREE = (
    sa.select(
        outbox.c.id,
        outbox.c.channel,
        outbox.c.body,
        outbox.c.attempts,
        outbox.c.contact,
        outbox.c.payload,
        outbox.c.parts_sent,
        outbox.c.expires_at,
        contacts.c.address,
        contacts.c.stopped,
        contacts.c.blocked,
    )
    .where(
        _UNDER_WAY,
        outbox.c.channel == sa.bindparam("channel"),
        sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < sa.bindparam("now")),
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(of=outbox, skip_locked=True)
)
_REPLIES = _FREE.select_from(outbox.join(contacts, contacts.c.id == outbox.c.contact)).where(
    outbox.c.priority == REPLY
)
_BULK = _FREE.select_from(outbox.outerjoin(contacts, contacts.c.id == outbox.c.contact)).where(
    outbox.c.priority > REPLY
)
_LEASE = (
    sa.update(outbox)
    .where(outbox.c.id.in_(sa.bindparam("those", expanding=True)))
    .values(leased_until=sa.bindparam("until"), state=sa.literal("sending"), attempts=outbox.c.attempts + 1)
)
_END = (
    sa.update(outbox)
    .where(outbox.c.id.in_(sa.bindparam("those", expanding=True)), _UNDER_WAY)
    .values(state=sa.bindparam("end"), error=sa.bindparam("why"), leased_until=None)
)
ROUNDS = 10  # of looking for somebody to send to among those who are not to be sent to


def take(
    connection: sa.Connection, vault: Vault, channel: str, now: datetime, most: int = 50, *, bulk: bool
) -> list[Outgoing]:
    """Lease rows that wait and that nobody holds: replies, or what is sent to many, oldest first by priority.

    Of bulk, what came too late and what is for somebody who stopped, blocked us or is gone comes to its end here,
    unless the person has another address for it.
    """
    query = _BULK if bulk else _REPLIES
    for _round in range(ROUNDS):
        rows = connection.execute(query, {"channel": channel, "now": now, "most": most}).all()
        if not rows:
            break
        kept = _wanted(connection, rows, now) if bulk else rows
        if kept:
            connection.execute(_LEASE, {"those": [row.id for row in kept], "until": now + LEASE})
            return [_outgoing(vault, row) for row in kept if row.body or row.payload]
    return []


def _outgoing(vault: Vault, row: Any) -> Outgoing:
    return Outgoing(
        row.id,
        row.channel,
        vault.open(row.address).decode(),
        vault.open_json(row.body) if row.body else [],
        row.attempts + 1,
        row.contact,
        row.payload,
        row.parts_sent,
        row.expires_at,
    )


def _wanted(connection: sa.Connection, rows: Sequence[Any], now: datetime) -> list[Any]:
    """Those of the rows that are still to be sent; the others end."""
    kept = []
    ended: dict[tuple[str, str | None], list[int]] = {}
    for row in rows:
        if row.expires_at is not None and row.expires_at <= now:
            end: tuple[str, str | None] = ("expired", None)
        elif row.address is None:
            end = ("cancelled", "erased")
        elif row.stopped:
            end = ("cancelled", "stopped")
        elif row.blocked:
            if passing.pass_on(connection, row.id, now):
                continue
            end = ("cancelled", "blocked")
        else:
            kept.append(row)
            continue
        ended.setdefault(end, []).append(row.id)
    for (state, why), those in ended.items():
        connection.execute(_END, {"those": those, "end": state, "why": why})
    return kept


_UNWANTED = (
    sa.select(outbox.c.id, contacts.c.id.label("there"), contacts.c.stopped, outbox.c.state)
    .select_from(outbox.outerjoin(contacts, contacts.c.id == outbox.c.contact))
    .where(
        outbox.c.id.in_(sa.bindparam("those", expanding=True)),
        sa.or_(
            contacts.c.id.is_(None),
            contacts.c.stopped,
            contacts.c.blocked,
            outbox.c.state.not_in(("queued", "sending")),
        ),
    )
)


def unwanted(connection: sa.Connection, those: list[int], now: datetime) -> set[int]:
    """Which of these rows, taken a moment ago, are not to be sent any more: for who stopped, blocked us or is gone
    they end here, or are passed on to another address of the person; others were ended meanwhile."""
    rows = connection.execute(_UNWANTED, {"those": those}).all() if those else []
    for why in ("erased", "stopped", "blocked"):
        found = [row.id for row in rows if why == _why_not(row)]
        if why == "blocked":
            found = [number for number in found if not passing.pass_on(connection, number, now)]
        if found:
            connection.execute(_END, {"those": found, "end": "cancelled", "why": why})
    return {row.id for row in rows}


def _why_not(row: Any) -> str:
    if row.there is None:
        return "erased"
    return "stopped" if row.stopped else "blocked"


_BODIES = sa.select(payloads.c.id, payloads.c.body).where(
    payloads.c.id.in_(sa.bindparam("those", expanding=True))
)


def bodies(connection: sa.Connection, those: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """What payloads say, by their ids."""
    wanted = sorted(set(those))
    return {row.id: row.body for row in connection.execute(_BODIES, {"those": wanted})} if wanted else {}


_AHEAD = (
    sa.select(broadcasts.c.id)
    .join(notices, notices.c.id == broadcasts.c.notice)
    .where(
        sa.or_(
            notices.c.state == sa.literal("announced"),
            notices.c.starts_at > sa.bindparam("cut"),  # called off: who was told has still to hear of it
        )
    )
)
_WIPE = sa.delete(outbox).where(
    outbox.c.id.in_(
        sa.select(outbox.c.id)
        .where(
            outbox.c.id < sa.bindparam("before"),
            outbox.c.created_at < sa.bindparam("cut"),
            sa.or_(outbox.c.broadcast.is_(None), outbox.c.broadcast.not_in(_AHEAD)),
        )
        .limit(sa.bindparam("most"))
    )
)


def wipe(connection: sa.Connection, now: datetime, keep: timedelta, most: int = 5000) -> int:
    """Delete rows older than `keep`, at most so many: what was said to someone is nobody's business afterwards.
    What a notice said is kept until its meeting is counted. How many it was."""
    cut = now - keep
    before = int(cut.timestamp() * 1000) << 20
    return connection.execute(_WIPE, {"cut": cut, "before": before, "most": most}).rowcount


def shown_to(
    connection: sa.Connection,
    vault: Vault,
    channel: str,
    address: str,
    after: int,
    most: int = 50,
    since: datetime | None = None,
) -> list[tuple[int, list[dict[str, Any]]]]:
    """What one address was told since row `after`, oldest first: for a channel that is read, not sent to.

    What is told to many counts only once it is sent, and then its row may be an old one: those sent after `since`
    are among them as well.
    """
    told = sa.or_(outbox.c.payload.is_(None), outbox.c.state.in_(("sent", "delivered")))
    new = outbox.c.id > after
    if since is not None:
        new = sa.or_(new, sa.and_(outbox.c.payload.is_not(None), outbox.c.sent_at > since))
    rows = connection.execute(
        sa.select(outbox.c.id, outbox.c.body, payloads.c.body.label("said"))
        .select_from(
            outbox.join(contacts, contacts.c.id == outbox.c.contact).outerjoin(
                payloads, payloads.c.id == outbox.c.payload
            )
        )
        .where(
            contacts.c.channel == channel,
            contacts.c.address_hash == vault.address_hash(channel, address),
            new,
            sa.or_(outbox.c.body.is_not(None), payloads.c.body.is_not(None)),
            outbox.c.state.not_in(("failed", "cancelled", "expired")),
            told,
        )
        .order_by(outbox.c.id)
        .limit(most)
    ).all()
    return [(row.id, vault.open_json(row.body) if row.body is not None else row.said) for row in rows]
