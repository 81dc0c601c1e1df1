"""What is published of the scores: counters by facility, and their sums by place. Nothing else is ever shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from flows.counts import ALL, Counts
from storage.tables import facility_communes, published, sampled

_FIVE = tuple(published.c[f"s{score}"] for score in range(1, 6))
_SUMS = tuple(sa.func.sum(column).label(column.name) for column in _FIVE)


#: District to criterion to the mean score of each of its communes that has any.
Means = dict[str, dict[str, list[float]]]


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


_OF_FACILITIES = published.c.facility.in_(sa.bindparam("facilities", expanding=True))
_IN_ROUNDS = published.c.round.in_(sa.bindparam("rounds", expanding=True))
_CELL = sa.select(
    published.c.facility,
    published.c.round,
    published.c.criterion,
    published.c.grp,
    *_FIVE,
    published.c.as_of,
)
_CELLS = sa.union_all(
    _CELL.where(_OF_FACILITIES, _IN_ROUNDS),
    _CELL.where(_OF_FACILITIES, published.c.round == sa.bindparam("before"), published.c.grp == ALL),
)
#: Communes that lie in a place, by their codes from its own up to `beyond`: any index serves that, whatever the
#: database's order of letters.
_WITHIN = facility_communes.c.commune.between(sa.bindparam("within"), sa.bindparam("beyond"))
#: A facility that serves several communes of a place counts there once. The length of a place's code is written into
#: the statement: the database then knows that it groups by what it has selected.
_SERVING = {
    digits: sa.select(
        facility_communes.c.facility,
        (sa.func.substr(facility_communes.c.commune, 1, digits) if digits else sa.literal("")).label("place"),
    )
    .where(_WITHIN)
    .distinct()
    .subquery()
    for digits in (0, 2, 4, 6)
}
_SUMMED = {
    digits: sa.select(serving.c.place, published.c.criterion, published.c.grp, *_SUMS)
    .join(serving, serving.c.facility == published.c.facility)
    .where(_IN_ROUNDS, published.c.grp.in_(sa.bindparam("groups", expanding=True)))
    .group_by(serving.c.place, published.c.criterion, published.c.grp)
    for digits, serving in _SERVING.items()
}
#: The nation needs no look at who serves what.
_SUMMED_ALL = (
    sa.select(sa.literal(""), published.c.criterion, published.c.grp, *_SUMS)
    .where(_IN_ROUNDS, published.c.grp.in_(sa.bindparam("groups", expanding=True)))
    .group_by(published.c.criterion, published.c.grp)
)
#: Of each commune of a place, how many scored a criterion and the sum of their scores: as "310/97 288/91", one row a
#: district. Two thousand rows take longer to hand over than to add up.
_LYING = (
    sa.select(
        _SERVING[6].c.place,
        published.c.criterion,
        sa.func.sum(sum(score * column for score, column in enumerate(_FIVE, 1))).label("score"),
        sa.func.sum(sum(_FIVE[1:], _FIVE[0])).label("people"),
    )
    .join(_SERVING[6], _SERVING[6].c.facility == published.c.facility)
    .where(_IN_ROUNDS, published.c.grp == ALL)
    .group_by(_SERVING[6].c.place, published.c.criterion)
    .subquery()
)
_DISTRICT = sa.func.substr(_LYING.c.place, 1, 4)
_MEANS = sa.select(
    _DISTRICT,
    _LYING.c.criterion,
    sa.func.aggregate_strings(
        sa.cast(_LYING.c.score, sa.Text) + "/" + sa.cast(_LYING.c.people, sa.Text), " "
    ),
).group_by(_DISTRICT, _LYING.c.criterion)
#: All rounds there are, each by a jump in an index and not by a look at every row.
_LISTED = sa.select(sa.func.min(published.c.round).label("code")).cte("listed", recursive=True)
_LISTED = _LISTED.union_all(
    sa.select(
        sa.select(sa.func.min(published.c.round)).where(published.c.round > _LISTED.c.code).scalar_subquery()
    ).where(_LISTED.c.code.is_not(None))
)


def _rounds(*where: sa.ColumnElement[bool], serving: bool = False) -> sa.Select[str]:
    """Those of the rounds of which anything is published under these conditions."""
    found = sa.select(published.c.round).where(
        published.c.round == _LISTED.c.code, published.c.grp == ALL, *where
    )
    if serving:
        found = found.join(facility_communes, facility_communes.c.facility == published.c.facility)
    return sa.select(_LISTED.c.code).where(found.limit(1).scalar_subquery().is_not(None))


_ROUNDS = _rounds(_WITHIN, serving=True)
_ROUNDS_OF = _rounds(_OF_FACILITIES)
_COMMUNES = (
    sa.select(facility_communes.c.commune)
    .where(
        _WITHIN,
        sa.exists()
        .where(published.c.facility == facility_communes.c.facility, _IN_ROUNDS, published.c.grp == ALL)
        .correlate(facility_communes),
    )
    .distinct()
)
_SAMPLED = sa.select(sampled.c.facility).where(
    sampled.c.facility.in_(sa.bindparam("facilities", expanding=True))
)
_SAMPLED_IN = (
    sa.select(sampled.c.facility)
    .join(facility_communes, facility_communes.c.facility == sampled.c.facility)
    .where(_WITHIN)
    .limit(1)
)
_BY_ROUND = (
    sa.select(published.c.facility, published.c.round, *_SUMS)
    .where(_OF_FACILITIES, _IN_ROUNDS, published.c.grp == ALL)
    .group_by(published.c.facility, published.c.round)
)


def of_facilities(
    connection: sa.Connection, facilities: Iterable[str], rounds: Sequence[str], before: str | None = None
) -> list[Cell]:
    """Every counter of these facilities in these rounds, of all groups and villages; and of everybody in the round
    before."""
    values = {"facilities": list(facilities), "rounds": list(rounds), "before": before}
    found = connection.execute(_CELLS, values)
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
    values = _within(within) | {"rounds": list(rounds), "groups": list(groups)}
    statement = _SUMMED[digits] if within or digits else _SUMMED_ALL
    return [
        Sum(row[0], row[1], row[2], Counts((int(row[3]), int(row[4]), int(row[5]), int(row[6]), int(row[7]))))
        for row in connection.execute(statement, values)
    ]


def means(connection: sa.Connection, within: str, rounds: Sequence[str]) -> Means:
    """The mean scores of all communes of a place: district to criterion to one for each commune that has any."""
    found: Means = {}
    for district, criterion, communes in connection.execute(
        _MEANS, _within(within) | {"rounds": list(rounds)}
    ):
        parts = (commune.split("/") for commune in communes.split(" "))
        found.setdefault(district, {})[criterion] = [int(score) / int(people) for score, people in parts]
    return found


def _within(place: str) -> dict[str, Any]:
    """Everything whose code begins with a place's: letters come after all digits."""
    return {"within": place, "beyond": f"{place}z"}


def rounds_within(connection: sa.Connection, within: str) -> set[str]:
    """Rounds of which something is published in a place."""
    return set(connection.execute(_ROUNDS, _within(within)).scalars())


def rounds_of(connection: sa.Connection, facilities: Iterable[str]) -> set[str]:
    """Rounds of which something is published of these facilities."""
    return set(connection.execute(_ROUNDS_OF, {"facilities": list(facilities)}).scalars())


def communes_rated(connection: sa.Connection, within: str, rounds: Sequence[str]) -> set[str]:
    """Communes for which something is published in these rounds."""
    return set(connection.execute(_COMMUNES, _within(within) | {"rounds": list(rounds)}).scalars())


def is_sample(connection: sa.Connection, facilities: Iterable[str]) -> bool:
    """Whether any of these facilities has made-up ratings."""
    return connection.execute(_SAMPLED, {"facilities": list(facilities)}).first() is not None


def is_sample_within(connection: sa.Connection, within: str) -> bool:
    """Whether any facility that serves a place has made-up ratings."""
    return connection.execute(_SAMPLED_IN, _within(within)).first() is not None


def by_round(
    connection: sa.Connection, facilities: Iterable[str], rounds: Sequence[str]
) -> dict[tuple[str, str], Counts]:
    """All scores of a facility in a round, over its criteria: facility and round to counts."""
    found = connection.execute(_BY_ROUND, {"facilities": list(facilities), "rounds": list(rounds)})
    return {
        (row[0], row[1]): Counts((int(row[2]), int(row[3]), int(row[4]), int(row[5]), int(row[6])))
        for row in found
    }
