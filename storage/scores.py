"""What is published of the scores: counters by facility, and their sums by place. Nothing else is ever shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from operator import truediv
from typing import Any, NamedTuple

import sqlalchemy as sa

from flows.counts import ALL, Counts
from storage.tables import facility_communes, published, sampled, sums

FIVE = ("s1", "s2", "s3", "s4", "s5")
_FIVE = tuple(published.c[name] for name in FIVE)
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
#: Codes from a place's own up to `beyond`: any index serves that, whatever the database's order of letters.
_PLACES = sums.c.place.between(sa.bindparam("within"), sa.bindparam("beyond"))
_DIGITS = sums.c.digits == sa.bindparam("digits")
_SUM_ROUNDS = sums.c.round.in_(sa.bindparam("rounds", expanding=True))
_SUMMED = (
    sa.select(sums.c.place, sums.c.criterion, sums.c.grp, *(sa.func.sum(sums.c[name]) for name in FIVE))
    .where(_DIGITS, _SUM_ROUNDS, _PLACES, sums.c.grp.in_(sa.bindparam("groups", expanding=True)))
    .group_by(sums.c.place, sums.c.criterion, sums.c.grp)
)
#: Of each district of a place and each criterion one row, as "1435/504 …": of each of its communes the sum of the
#: scores, and how many people gave one. Two thousand rows take longer to hand over than to read.
_SCORE = sum((score * sums.c[name] for score, name in enumerate(FIVE[1:], 2)), sums.c.s1)
_PEOPLE = sum((sums.c[name] for name in FIVE[1:]), sums.c.s1)
_OF_COMMUNES = sa.select(sums.c.place, sums.c.criterion).where(
    _DIGITS, _SUM_ROUNDS, _PLACES, sums.c.grp == ALL
)


def _lying(of_communes: sa.Select[Any]) -> sa.Select[Any]:
    """The means of the communes of each district, of one row a commune and criterion."""
    one = of_communes.subquery()
    said = sa.cast(one.c.score, sa.Text) + "/" + sa.cast(one.c.people, sa.Text)
    district = sa.func.substr(one.c.place, 1, 4)
    return sa.select(district, one.c.criterion, sa.func.aggregate_strings(said, " ")).group_by(
        district, one.c.criterion
    )


_LYING = _lying(_OF_COMMUNES.add_columns(_SCORE.label("score"), _PEOPLE.label("people")))
_LYING_IN_SEVERAL = _lying(
    _OF_COMMUNES.add_columns(
        sa.func.sum(_SCORE).label("score"), sa.func.sum(_PEOPLE).label("people")
    ).group_by(sums.c.place, sums.c.criterion)
)
#: All rounds there are, each by a jump in an index and not by a look at every row.
_LISTED = (
    sa.select(sa.func.min(sums.c.round).label("code")).where(sums.c.digits == 0).cte("listed", recursive=True)
)
_LISTED = _LISTED.union_all(
    sa.select(
        sa.select(sa.func.min(sums.c.round))
        .where(sums.c.digits == 0, sums.c.round > _LISTED.c.code)
        .scalar_subquery()
    ).where(_LISTED.c.code.is_not(None))
)


def _rounds(found: sa.Select[Any]) -> sa.Select[Any]:
    """Those of the rounds of which anything is found."""
    return sa.select(_LISTED.c.code).where(
        _LISTED.c.code.is_not(None), found.correlate(_LISTED).limit(1).scalar_subquery().is_not(None)
    )


_ROUNDS = _rounds(
    sa.select(sums.c.place).where(
        _DIGITS,
        sums.c.round == _LISTED.c.code,
        sums.c.grp == ALL,
        sums.c.place == sa.bindparam("within"),
    )
)
_ROUNDS_OF = _rounds(
    sa.select(published.c.facility).where(
        _OF_FACILITIES, published.c.round == _LISTED.c.code, published.c.grp == ALL
    )
)
_COMMUNES = sa.select(sums.c.place).where(_DIGITS, _SUM_ROUNDS, _PLACES, sums.c.grp == ALL).distinct()
_SAMPLED = sa.select(sampled.c.facility).where(
    sampled.c.facility.in_(sa.bindparam("facilities", expanding=True))
)
_SAMPLED_IN = (
    sa.select(sampled.c.facility)
    .join(facility_communes, facility_communes.c.facility == sampled.c.facility)
    .where(facility_communes.c.commune.between(sa.bindparam("within"), sa.bindparam("beyond")))
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
    values = _within(within, digits) | {"rounds": list(rounds), "groups": list(groups)}
    if not digits:
        values |= {"digits": len(within), "beyond": within}
    return [
        Sum(row[0], row[1], row[2], Counts((int(row[3]), int(row[4]), int(row[5]), int(row[6]), int(row[7]))))
        for row in connection.execute(_SUMMED, values)
    ]


def means(connection: sa.Connection, within: str, rounds: Sequence[str]) -> Means:
    """The mean scores of all communes of a place: district to criterion to one for each commune that has any."""
    found: Means = {}
    lying = _LYING if len(rounds) == 1 else _LYING_IN_SEVERAL
    for district, criterion, said in connection.execute(lying, _within(within, 6) | {"rounds": list(rounds)}):
        counted = list(map(int, said.replace("/", " ").split(" ")))
        found.setdefault(district, {})[criterion] = list(map(truediv, counted[::2], counted[1::2]))
    return found


def _within(place: str, digits: int) -> dict[str, Any]:
    """Places of so many digits whose codes begin with a place's: letters come after all digits."""
    return {"digits": digits, "within": place, "beyond": f"{place}z"}


def rounds_within(connection: sa.Connection, within: str) -> set[str]:
    """Rounds of which something is published in a place."""
    return set(connection.execute(_ROUNDS, {"within": within, "digits": len(within)}).scalars())


def rounds_of(connection: sa.Connection, facilities: Iterable[str]) -> set[str]:
    """Rounds of which something is published of these facilities."""
    return set(connection.execute(_ROUNDS_OF, {"facilities": list(facilities)}).scalars())


def communes_rated(connection: sa.Connection, within: str, rounds: Sequence[str]) -> set[str]:
    """Communes for which something is published in these rounds."""
    return set(connection.execute(_COMMUNES, _within(within, 6) | {"rounds": list(rounds)}).scalars())


def is_sample(connection: sa.Connection, facilities: Iterable[str]) -> bool:
    """Whether any of these facilities has made-up ratings."""
    return connection.execute(_SAMPLED, {"facilities": list(facilities)}).first() is not None


def is_sample_within(connection: sa.Connection, within: str) -> bool:
    """Whether any facility that serves a place has made-up ratings."""
    return connection.execute(_SAMPLED_IN, {"within": within, "beyond": f"{within}z"}).first() is not None


def by_round(
    connection: sa.Connection, facilities: Iterable[str], rounds: Sequence[str]
) -> dict[tuple[str, str], Counts]:
    """All scores of a facility in a round, over its criteria: facility and round to counts."""
    found = connection.execute(_BY_ROUND, {"facilities": list(facilities), "rounds": list(rounds)})
    return {
        (row[0], row[1]): Counts((int(row[2]), int(row[3]), int(row[4]), int(row[5]), int(row[6])))
        for row in found
    }
