"""What is done once a day, by Cambodia's days, and until which day it is done."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from storage.database import PerDialect
from storage.tables import daily

#: Moving the published counters: see storage.publication.
PUBLISHING = "publishing"

_UNTIL = sa.select(daily.c.until).where(daily.c.job == sa.bindparam("called"))
_DONE = PerDialect(
    lambda insert: (
        insert(daily)
        .values(job=sa.bindparam("called"), until=sa.bindparam("day"))
        .on_conflict_do_update(index_elements=["job"], set_={"until": sa.bindparam("day")})
    )
)


def until(connection: sa.Connection, job: str) -> date | None:
    """All that came before this day is done; None: nothing yet."""
    return connection.execute(_UNTIL, {"called": job}).scalar()


def done(connection: sa.Connection, job: str, day: date) -> None:
    """All that came before a day is done."""
    connection.execute(_DONE.on(connection), {"called": job, "day": day})
