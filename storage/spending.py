"""SMS segments that the notices of a commune take on a local day, against a cap."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from storage.database import PerDialect
from storage.tables import spending

_SPENT = sa.select(spending.c.segments).where(
    spending.c.on == sa.bindparam("day"), spending.c.commune == sa.bindparam("commune")
)
_BOOK = PerDialect(
    lambda insert: (
        insert(spending)
        .values(on=sa.bindparam("day"), commune=sa.bindparam("commune"), segments=sa.bindparam("segments"))
        .on_conflict_do_update(
            index_elements=["on", "commune"],
            set_={"segments": spending.c.segments + sa.bindparam("segments")},
        )
    )
)
_GIVE_BACK = (
    sa.update(spending)
    .where(spending.c.on == sa.bindparam("day"), spending.c.commune == sa.bindparam("of"))
    .values(segments=spending.c.segments - sa.bindparam("fewer"))
)


def spent(connection: sa.Connection, commune: str, on: date) -> int:
    """Segments booked for a commune on a day."""
    return connection.execute(_SPENT, {"day": on, "commune": commune}).scalar() or 0


def book(connection: sa.Connection, commune: str, on: date, segments: int) -> None:
    """Count segments that are about to be sent."""
    if segments:
        connection.execute(_BOOK.on(connection), {"day": on, "commune": commune, "segments": segments})


def give_back(connection: sa.Connection, commune: str, on: date, segments: int) -> None:
    """Count no more what was booked and then not sent."""
    if segments:
        connection.execute(_GIVE_BACK, {"day": on, "of": commune, "fewer": segments})
