"""What we have to say to someone: queued → sending → sent → delivered, or failed, expired, cancelled.

Whoever received a message sends the reply right after its commit and holds the
row by a lease meanwhile; when that process dies, the lease runs out and a
sender takes the row. States only move forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.tables import contacts, outbox
from storage.vault import Vault

REPLY = 0  # priority: a person is waiting
BULK = 5

LEASE = timedelta(seconds=60)  # longer than a send with its retries takes
WAY = ("queued", "sending", "sent")  # from here on to one of the ends, and never back
ENDS = ("delivered", "failed", "expired", "cancelled")

_QUEUE = sa.insert(outbox).values(
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
_BODY = sa.select(outbox.c.body, outbox.c.state).where(outbox.c.id == sa.bindparam("id"))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row to send: `parts` are messages as the channel rendered them."""

    id: int
    channel: str
    address: str
    parts: list[dict[str, Any]]
    attempts: int
    contact: int | None = None


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
    connection.execute(
        _QUEUE,
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


_WAITING = (
    sa.select(
        outbox.c.id,
        outbox.c.channel,
        outbox.c.body,
        outbox.c.attempts,
        outbox.c.contact,
        contacts.c.address,
    )
    .select_from(outbox.join(contacts, contacts.c.id == outbox.c.contact))
    .where(
        outbox.c.state.in_(("queued", "sending")),
        outbox.c.channel == sa.bindparam("channel"),
        sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until < sa.bindparam("now")),
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(of=outbox, skip_locked=True)
)


def take(
    connection: sa.Connection, vault: Vault, channel: str, now: datetime, most: int = 50
) -> list[Outgoing]:
    """Lease rows that wait and that nobody holds, replies first."""
    rows = connection.execute(_WAITING, {"channel": channel, "now": now, "most": most}).all()
    if rows:
        connection.execute(
            sa.update(outbox)
            .where(outbox.c.id.in_([row.id for row in rows]))
            .values(leased_until=now + LEASE, state="sending", attempts=outbox.c.attempts + 1)
        )
    return [
        Outgoing(
            row.id,
            row.channel,
            vault.open(row.address).decode(),
            vault.open_json(row.body),
            row.attempts + 1,
            row.contact,
        )
        for row in rows
        if row.body is not None
    ]


def mark(
    connection: sa.Connection,
    number: int,
    state: str,
    *,
    error: str | None = None,
    retry_at: datetime | None = None,
) -> None:
    """Move a row forward; a state that would go back changes nothing. `retry_at` puts it back in the queue."""
    values: dict[str, Any] = {"state": state, "leased_until": retry_at}
    if error is not None:
        values["error"] = error[:80]
    connection.execute(
        sa.update(outbox).where(outbox.c.id == number, outbox.c.state.in_(_before(state))).values(**values)
    )


_SENT = (
    sa.update(outbox)
    .where(
        outbox.c.id == sa.bindparam("number"),
        sa.or_(outbox.c.state == "queued", outbox.c.state == "sending"),  # IN is not for many rows at once
    )
    .values(state="sent", leased_until=None, provider_id=sa.bindparam("sent_as"))
)


def mark_sent(connection: sa.Connection, rows: list[tuple[int, str | None]]) -> None:
    """Rows that have left, with the provider's id of each where it gave one."""
    if rows:
        connection.execute(
            _SENT, [{"number": number, "sent_as": sent_as and sent_as[:64]} for number, sent_as in rows]
        )


def name(connection: sa.Connection, number: int, provider_id: str) -> None:
    """The provider's id of a row that was sent before the provider had one."""
    connection.execute(
        sa.update(outbox)
        .where(outbox.c.id == number, outbox.c.provider_id.is_(None))
        .values(provider_id=provider_id[:64])
    )


def report(connection: sa.Connection, provider_id: str, state: str, error: str | None) -> bool:
    """A delivery receipt, by the provider's id; late, doubled or out of order it changes nothing."""
    row = connection.execute(
        sa.update(outbox)
        .where(outbox.c.provider_id == provider_id, outbox.c.state.in_(_before(state)))
        .values(state=state, error=error[:80] if error else None, leased_until=None)
        .returning(outbox.c.id)
    ).first()
    return row is not None


def _before(state: str) -> list[str]:
    if state == "queued":  # a retry
        return ["queued", "sending"]
    return list(WAY if state in ENDS else WAY[: WAY.index(state)])


def wipe(connection: sa.Connection, now: datetime, keep: timedelta) -> int:
    """Delete rows older than `keep`: what was said to someone is nobody's business afterwards."""
    return connection.execute(sa.delete(outbox).where(outbox.c.created_at < now - keep)).rowcount


def shown_to(
    connection: sa.Connection, vault: Vault, channel: str, address: str, after: int, most: int = 50
) -> list[tuple[int, list[dict[str, Any]]]]:
    """What one address was told since row `after`, oldest first: for a channel that is read, not sent to."""
    rows = connection.execute(
        sa.select(outbox.c.id, outbox.c.body)
        .select_from(outbox.join(contacts, contacts.c.id == outbox.c.contact))
        .where(
            contacts.c.channel == channel,
            contacts.c.address_hash == vault.address_hash(channel, address),
            outbox.c.id > after,
            outbox.c.body.is_not(None),
            outbox.c.state.not_in(("failed", "cancelled", "expired")),
        )
        .order_by(outbox.c.id)
        .limit(most)
    ).all()
    return [(row.id, vault.open_json(row.body)) for row in rows]
