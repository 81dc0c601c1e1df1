"""Who wants to hear of a facility."""

from __future__ import annotations

import sqlalchemy as sa

from storage.database import PerDialect
from storage.tables import follows

_FOLLOW = PerDialect(
    lambda insert: (
        insert(follows)
        .values(facility=sa.bindparam("facility"), contact=sa.bindparam("contact"))
        .on_conflict_do_nothing()
    )
)
_NONE = sa.delete(follows).where(follows.c.contact == sa.bindparam("whose"))


def follow(connection: sa.Connection, contact: int, facility: str) -> None:
    """A contact follows a facility from now on."""
    connection.execute(_FOLLOW.on(connection), {"facility": facility, "contact": contact})


def none(connection: sa.Connection, contact: int) -> None:
    """A contact follows nothing any more."""
    connection.execute(_NONE, {"whose": contact})
