"""What is published of the scores: counters by facility, and their sums by place. Nothing else is ever shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from flows.counts import ALL, Counts
from storage.tables import facility_communes, published, sampled

_FIVE = tuple(published.c[f"s{score}"] for score in range(1, 6))
_SUMS = tuple(sa.func.sum(column).label(column.name) for column in _FIVE)


class Cell(NamedTuple):
    """What one group said of one criterion of a facility. `as_of`: all ratings before this local day are in it."""

    facility: str
    round: str
    criterion: str
    group: str
    counts: Counts
    as_of: date


class Sum(NamedTuple):
    """What one group said of one criterion in a place, over all facilities that serve it."""

    place: str
    criterion: str
    group: str
    counts: Counts


_CELLS = (
    sa.select(
        published.c.facility,
        published.c.round,
        published.c.criterion,
        published.c.grp,
        *_FIVE,
        published.c.as_of,
    )
    .where(
        published.c.facility.in_(sa.bindparam("facilities", expanding=True)),
        published.c.round.in_(sa.bindparam("rounds", expanding=True)),
    )
    .order_by(published.c.facility, published.c.round, published.c.criterion, published.c.grp)
)
#: A facility that serves several communes of a place counts there once. The length of a place's code is written into
#: the statement: the database then knows that it groups by what it has selected.
_SERVING = {
    digits: sa.select(
        facility_communes.c.facility,
        (sa.func.substr(facility_communes.c.commune, 1, digits) if digits else sa.literal("")).label("place"),
    )
    .where(facility_communes.c.commune.startswith(sa.bindparam("within"), autoescape=False))
    .distinct()
    .subquery()
    for digits in (0, 2, 4, 6)
}
_SUMMED = {
    digits: sa.select(serving.c.place, published.c.criterion, published.c.grp, *_SUMS)
    .join(serving, serving.c.facility == published.c.facility)
    .where(
        published.c.round.in_(sa.bindparam("rounds", expanding=True)),
        published.c.grp.in_(sa.bindparam("groups", expanding=True)),
    )
    .group_by(serving.c.place, published.c.criterion, published.c.grp)
    for digits, serving in _SERVING.items()
}
_ROUNDS = (
    sa.select(published.c.round)
    .where(
        published.c.grp == ALL,
        published.c.facility.in_(
            sa.select(facility_communes.c.facility).where(
                facility_communes.c.commune.startswith(sa.bindparam("within"), autoescape=False)
            )
        ),
    )
    .distinct()
)
_ROUNDS_OF = (
    sa.select(published.c.round)
    .where(
        published.c.grp == ALL,
        published.c.facility.in_(sa.bindparam("facilities", expanding=True)),
    )
    .distinct()
)
_COMMUNES = (
    sa.select(facility_communes.c.commune)
    .join(published, published.c.facility == facility_communes.c.facility)
    .where(
        facility_communes.c.commune.startswith(sa.bindparam("within"), autoescape=False),
        published.c.round.in_(sa.bindparam("rounds", expanding=True)),
        published.c.grp == ALL,
    )
    .distinct()
)
_SAMPLED = sa.select(sampled.c.facility).where(
    sampled.c.facility.in_(sa.bindparam("facilities", expanding=True))
)
_SAMPLED_IN = (
    sa.select(sampled.c.facility)
    .join(facility_communes, facility_communes.c.facility == sampled.c.facility)
    .where(facility_communes.c.commune.startswith(sa.bindparam("within"), autoescape=False))
    .limit(1)
)


def of_facilities(connection: sa.Connection, facilities: Iterable[str], rounds: Sequence[str]) -> list[Cell]:
    """Every counter of these facilities in these rounds, of all groups and villages."""
    found = connection.execute(_CELLS, {"facilities": list(facilities), "rounds": list(rounds)})
    return [
        Cell(row[0], row[1], row[2], row[3], Counts((row[4], row[5], row[6], row[7], row[8])), row[9])
        for row in found
    ]


def summed(
    connection: sa.Connection,
    within: str,
    digits: int,
    rounds: Sequence[str],
    groups: Sequence[str] = (ALL,),
) -> list[Sum]:
    """Sums by place: `digits` of its code are 6 (communes), 4, 2 or 0 (one sum); `within`: the code of what they
    lie in, "" for the nation."""
    values = {"within": within, "rounds": list(rounds), "groups": list(groups)}
    return [
        Sum(row[0], row[1], row[2], Counts((int(row[3]), int(row[4]), int(row[5]), int(row[6]), int(row[7]))))
        for row in connection.execute(_SUMMED[digits], values)
    ]


def rounds_within(connection: sa.Connection, within: str) -> set[str]:
    """Rounds of which something is published in a place."""
    return set(connection.execute(_ROUNDS, {"within": within}).scalars())


def rounds_of(connection: sa.Connection, facilities: Iterable[str]) -> set[str]:
    """Rounds of which something is published of these facilities."""
    return set(connection.execute(_ROUNDS_OF, {"facilities": list(facilities)}).scalars())


def communes_rated(connection: sa.Connection, within: str, rounds: Sequence[str]) -> set[str]:
    """Communes for which something is published in these rounds."""
    return set(connection.execute(_COMMUNES, {"within": within, "rounds": list(rounds)}).scalars())


def is_sample(connection: sa.Connection, facilities: Iterable[str]) -> bool:
    """Whether any of these facilities has made-up ratings."""
    return connection.execute(_SAMPLED, {"facilities": list(facilities)}).first() is not None


def is_sample_within(connection: sa.Connection, within: str) -> bool:
    """Whether any facility that serves a place has made-up ratings."""
    return connection.execute(_SAMPLED_IN, {"within": within}).first() is not None
