"""What becomes of a message: queued → sending → sent → delivered, or failed, expired, cancelled.

States only move forward. What `try_again` puts back is another try, under a new id of the provider's, of a message
whose last try came to an end without reaching anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.tables import outbox

WAY = ("queued", "sending", "sent")  # from here on to one of the ends, and never back
ENDS = ("delivered", "failed", "expired", "cancelled")


def mark(
    connection: sa.Connection,
    number: int,
    state: str,
    *,
    error: str | None = None,
    retry_at: datetime | None = None,
    tried: bool = True,
) -> None:
    """Move a row forward; a state that would go back changes nothing. `retry_at` puts it back in the queue, not
    `tried` where that was no attempt."""
    values: dict[str, Any] = {"state": state, "leased_until": retry_at}
    if error is not None:
        values["error"] = error[:80]
    if not tried:
        values["attempts"] = sa.case((outbox.c.attempts > 0, outbox.c.attempts - 1), else_=0)
    connection.execute(
        sa.update(outbox).where(outbox.c.id == number, outbox.c.state.in_(_before(state))).values(**values)
    )


_SENT = (
    sa.update(outbox)
    .where(
        outbox.c.id == sa.bindparam("number"),
        sa.or_(outbox.c.state == "queued", outbox.c.state == "sending"),  # IN is not for many rows at once
    )
    .values(
        state="sent", leased_until=None, provider_id=sa.bindparam("sent_as"), sent_at=sa.bindparam("left_at")
    )
)
_PARTS = (
    sa.update(outbox).where(outbox.c.id == sa.bindparam("number")).values(parts_sent=sa.bindparam("parts"))
)


def mark_sent(
    connection: sa.Connection, rows: list[tuple[int, str | None]], at: datetime | None = None
) -> None:
    """Rows that have left, with the provider's id of each where it gave one."""
    if rows:
        connection.execute(
            _SENT,
            [
                {"number": number, "sent_as": sent_as and sent_as[:64], "left_at": at}
                for number, sent_as in rows
            ],
        )


def mark_parts(connection: sa.Connection, rows: list[tuple[int, int]]) -> None:
    """How many parts of a row have left: they are not sent again."""
    if rows:
        connection.execute(_PARTS, [{"number": number, "parts": parts} for number, parts in rows])


def name(connection: sa.Connection, number: int, provider_id: str) -> None:
    """The provider's id of a row that was sent before the provider had one."""
    connection.execute(
        sa.update(outbox)
        .where(outbox.c.id == number, outbox.c.provider_id.is_(None))
        .values(provider_id=provider_id[:64])
    )


def report(
    connection: sa.Connection, provider_id: str, state: str, error: str | None, at: datetime | None = None
) -> bool:
    """A delivery receipt, by the provider's id; late, doubled or out of order it changes nothing. `at`: now, to
    have left by where nobody noted when it left."""
    row = connection.execute(
        sa.update(outbox)
        .where(outbox.c.provider_id == provider_id, outbox.c.state.in_(_before(state)))
        .values(
            state=state,
            error=error[:80] if error else None,
            leased_until=None,
            sent_at=sa.func.coalesce(outbox.c.sent_at, sa.bindparam("at", at, type_=outbox.c.sent_at.type)),
        )
        .returning(outbox.c.id)
    ).first()
    return row is not None


_NAMED = sa.select(
    outbox.c.id, outbox.c.contact, outbox.c.channel, outbox.c.state, outbox.c.attempts, outbox.c.expires_at
).where(outbox.c.provider_id == sa.bindparam("name"))


def named(connection: sa.Connection, provider_id: str) -> Any:
    """The row with the provider's id: id, contact, channel, state, attempts, expires_at; None where there is none."""
    return connection.execute(_NAMED, {"name": provider_id}).first()


def try_again(
    connection: sa.Connection, provider_id: str, error: str, now: datetime, waits: Sequence[timedelta]
) -> bool:
    """A receipt says that a message reached nobody, but that a later one may: queue another try, after the first
    wait, the second …; False when these are used up, or it would expire before.

    That is no step back: the try has come to its end, and what is queued is the next, which will have an id of its
    own. Since the row forgets the old id, no late word on the old try can meet it. What came to an end for good
    stays as it ended.
    """
    row = connection.execute(_NAMED.with_for_update(), {"name": provider_id}).first()
    if row is None or row.state not in WAY:
        return False
    retry_at = when_again(row.attempts, row.expires_at, now, waits)
    if retry_at is None:
        return False
    connection.execute(
        sa.update(outbox)
        .where(outbox.c.id == row.id)
        .values(
            state="queued",
            error=error[:80],
            leased_until=retry_at,
            provider_id=None,
            sent_at=None,
            parts_sent=0,
            attempts=max(row.attempts, 1),
        )
    )
    return True


def when_again(
    attempts: int, expires_at: datetime | None, now: datetime, waits: Sequence[timedelta]
) -> datetime | None:
    """When to try once more after so many attempts, each time after the next of the waits; None: not any more."""
    number = max(attempts, 1) - 1
    if number >= len(waits):
        return None
    retry_at = now + waits[number]
    return None if expires_at is not None and retry_at >= expires_at else retry_at


def _before(state: str) -> list[str]:
    if state == "queued":  # a retry
        return ["queued", "sending"]
    return list(WAY if state in ENDS else WAY[: WAY.index(state)])
