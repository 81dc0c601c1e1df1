"""What people wrote for a place and nothing was found for. Counted, without who wrote it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import sqlalchemy as sa

from flows import khmer
from storage.database import PerDialect
from storage.tables import unmatched_places

LONGEST = 80  # characters; a place's name with district and province is shorter

_COUNT = PerDialect(
    lambda insert: (
        insert(unmatched_places)
        .values(query=sa.bindparam("query"), count=1, last_on=sa.bindparam("last_on"))
        .on_conflict_do_update(
            index_elements=["query"],
            set_={"count": unmatched_places.c.count + 1, "last_on": sa.bindparam("last_on")},
        )
    )
)


def unmatched(connection: sa.Connection, query: str, today: date) -> None:
    """Count one more of a query. What can't be a place's name is not kept: sentences, and long numbers, which
    may be somebody's phone."""
    line = " ".join(khmer.canonical(query).split())
    if len(line) > LONGEST or re.search(r"\d{7}", re.sub(r"[\W_]", "", khmer.ascii_digits(line))):
        return
    connection.execute(_COUNT.on(connection), {"query": line, "last_on": today})


def most_unmatched(connection: sa.Connection, most: int = 50) -> list[sa.Row[Any]]:
    """The queries that were not found most often: query, count, last_on."""
    statement = (
        sa.select(unmatched_places)
        .order_by(unmatched_places.c.count.desc(), unmatched_places.c.query)
        .limit(most)
    )
    return list(connection.execute(statement))
