"""Published counters summed by place: what is read of communes, districts, provinces and the nation.

A facility is in the sums of every commune that it serves, and once in each district and province of these. Whoever
writes to `published`, or changes whom a facility serves, keeps the sums in step, in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from flows.counts import NOBODY, VILLAGE, Counts
from storage.database import PerDialect
from storage.tables import facility_communes, published, sums

#: How many digits the codes of places have that are summed up. A village's people are shown with their facility alone.
DIGITS = (0, 2, 4, 6)
AT_ONCE = 200  # facilities whose counters are in memory


class Change(NamedTuple):
    """By how much a published counter moved."""

    facility: str
    round: str
    criterion: str
    group: str
    by: Counts


_FIVE = tuple(f"s{score}" for score in range(1, 6))
_KEY = ("digits", "round", "grp", "place", "criterion")
_ADD = PerDialect(
    lambda insert: (
        lambda statement: statement.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={name: sums.c[name] + statement.excluded[name] for name in _FIVE},
        )
    )(insert(sums).values({name: sa.bindparam(name) for name in (*_KEY, *_FIVE)}))
)
_EMPTY = sa.delete(sums).where(
    *(sums.c[name] == sa.bindparam(f"its_{name}") for name in _KEY), *(sums.c[name] == 0 for name in _FIVE)
)
_SERVING = sa.select(facility_communes).where(
    facility_communes.c.facility.in_(sa.bindparam("facilities", expanding=True))
)
_PUBLISHED = sa.select(
    published.c.facility,
    published.c.round,
    published.c.criterion,
    published.c.grp,
    *(published.c[name] for name in _FIVE),
).where(
    published.c.facility.in_(sa.bindparam("facilities", expanding=True)),
    sa.not_(published.c.grp.startswith(VILLAGE, autoescape=False)),
)
_FACILITIES = sa.select(published.c.facility).distinct().order_by(published.c.facility)


def add(connection: sa.Connection, changes: Iterable[Change]) -> None:
    """Move the sums by as much as published counters moved."""
    changes = [change for change in changes if not change.group.startswith(VILLAGE) and change.by]
    if not changes:
        return
    places = _places(connection, {change.facility for change in changes})
    moved: dict[tuple[Any, ...], Counts] = defaultdict(lambda: NOBODY)
    for change in changes:
        for place in places.get(change.facility, ()):
            moved[len(place), change.round, change.group, place, change.criterion] += change.by
    # In one order, so that two processes never wait for each other in a circle.
    rows = [
        dict(zip((*_KEY, *_FIVE), (*key, *counts.five), strict=True)) for key, counts in sorted(moved.items())
    ]
    connection.execute(_ADD.on(connection), rows)
    emptied = [
        {f"its_{name}": value for name, value in zip(_KEY, key, strict=True)}
        for key, counts in sorted(moved.items())
        if counts.n <= 0
    ]
    if emptied:
        connection.execute(_EMPTY, emptied)


def give(connection: sa.Connection, facilities: Iterable[str]) -> None:
    """Put all that is published of these facilities into the sums, where it is not yet."""
    _all(connection, facilities, lambda counts: counts)


def take(connection: sa.Connection, facilities: Iterable[str]) -> None:
    """Take all that is published of these facilities out of the sums."""
    _all(connection, facilities, lambda counts: NOBODY - counts)


def renew(connection: sa.Connection) -> None:
    """Make all sums anew."""
    connection.execute(sa.delete(sums))
    give(connection, connection.execute(_FACILITIES).scalars().all())


def _all(connection: sa.Connection, facilities: Iterable[str], by: Any) -> None:
    listed = sorted(facilities)
    for begin in range(0, len(listed), AT_ONCE):
        found = connection.execute(_PUBLISHED, {"facilities": listed[begin : begin + AT_ONCE]})
        add(
            connection, [Change(row[0], row[1], row[2], row[3], by(Counts(tuple(row[4:9])))) for row in found]
        )


def _places(connection: sa.Connection, facilities: Iterable[str]) -> Mapping[str, set[str]]:
    """The places in which facilities count: the communes that they serve, and all that those lie in."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(_SERVING, {"facilities": sorted(facilities)}):
        found.setdefault(row.facility, set()).update(row.commune[:digits] for digits in DIGITS)
    return found
