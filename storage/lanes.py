"""Who sends bulk on a channel: one process at a time, by a lease that it renews. Any number may send replies.

A holder says its name. Whoever takes a lane from another that let its time run out also frees what that one was
sending, so that nobody waits for a dead process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage.database import PerDialect
from storage.outbox import REPLY
from storage.tables import lanes, outbox

NOBODY = ""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)
FRESH = 0.7  # of a lease; while more than that is left, nothing is written

_SEEN = sa.select(lanes).where(lanes.c.channel == sa.bindparam("lane"))
_OPEN = PerDialect(
    lambda insert: (
        insert(lanes)
        .values(
            channel=sa.bindparam("lane"),
            holder=sa.bindparam("holder"),
            held_until=sa.bindparam("until"),
            quiet_until=sa.bindparam("quiet"),
        )
        .on_conflict_do_nothing()
    )
)
_HOLD = (
    sa.update(lanes)
    .where(lanes.c.channel == sa.bindparam("lane"))
    .values(holder=sa.bindparam("name"), held_until=sa.bindparam("until"))
)
_QUIET = (
    sa.update(lanes)
    .where(
        lanes.c.channel == sa.bindparam("lane"),
        sa.or_(lanes.c.quiet_until.is_(None), lanes.c.quiet_until < sa.bindparam("until")),
    )
    .values(quiet_until=sa.bindparam("until"))
)
_RELEASE = (
    sa.update(lanes)
    .where(lanes.c.channel == sa.bindparam("lane"), lanes.c.holder == sa.bindparam("name"))
    .values(held_until=sa.bindparam("until"))
)
_FREE = (
    sa.update(outbox)
    .where(
        sa.text("outbox.state IN ('queued', 'sending')"),  # as the index of what waits has it
        outbox.c.state == "sending",
        outbox.c.channel == sa.bindparam("lane"),
        outbox.c.priority > REPLY,
    )
    # Most of them never left, so none is counted as tried.
    .values(leased_until=None, attempts=sa.case((outbox.c.attempts > 0, outbox.c.attempts - 1), else_=0))
)


@dataclass(frozen=True, slots=True)
class Lane:
    """A channel's bulk and who sends it. `quiet_until`: the provider said to wait that long."""

    channel: str
    holder: str
    held_until: datetime
    quiet_until: datetime | None = None


def seen(connection: sa.Connection, channel: str) -> Lane | None:
    """The lane as it is; None where nobody ever held it."""
    row = connection.execute(_SEEN, {"lane": channel}).first()
    return _lane(row) if row is not None else None


def hold(
    connection: sa.Connection,
    channel: str,
    holder: str,
    now: datetime,
    lease: timedelta,
    silent: Lane | None = None,
) -> Lane | None:
    """Take the lane or go on holding it; None while it is another's.

    `silent`: the lane as the caller has seen it all through a lease by a clock of its own, or whose holder it knows
    to be dead; it is free as well. A holder's time never moves back, so that one whose clock was set back is not
    taken for silent.
    """
    row = connection.execute(_SEEN.with_for_update(), {"lane": channel}).first()
    if row is None:
        given: dict[str, Any] = {"lane": channel, "holder": NOBODY, "until": LONG_AGO, "quiet": None}
        connection.execute(_OPEN.on(connection), given)
        row = connection.execute(_SEEN.with_for_update(), {"lane": channel}).one()
    lane = _lane(row)
    mine = lane.holder == holder
    if not mine and lane.held_until > now and lane != silent:
        return None
    if mine and lease * FRESH < lane.held_until - now <= lease:
        return lane
    until = max(now + lease, lane.held_until + MOMENT) if mine else now + lease
    connection.execute(_HOLD, {"lane": channel, "name": holder, "until": until})
    if not mine:
        connection.execute(_FREE, {"lane": channel})
    return Lane(channel, holder, until, lane.quiet_until)


def release(connection: sa.Connection, channel: str, holder: str) -> None:
    """Give up the lane, where it is still the caller's: another may take it at once."""
    connection.execute(_RELEASE, {"lane": channel, "name": holder, "until": LONG_AGO})


def quiet(connection: sa.Connection, channel: str, until: datetime) -> None:
    """The provider said to wait: nobody sends on the channel before `until`."""
    given: dict[str, Any] = {"lane": channel, "holder": NOBODY, "until": LONG_AGO, "quiet": until}
    connection.execute(_OPEN.on(connection), given)
    connection.execute(_QUIET, {"lane": channel, "until": until})


def quiet_until(connection: sa.Connection) -> dict[str, datetime]:
    """Until when to wait, on the channels that were told to."""
    query = sa.select(lanes.c.channel, lanes.c.quiet_until).where(lanes.c.quiet_until.is_not(None))
    return {row.channel: row.quiet_until for row in connection.execute(query)}


def _lane(row: sa.Row[Any]) -> Lane:
    return Lane(row.channel, row.holder, row.held_until, row.quiet_until)
