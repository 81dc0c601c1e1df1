"""What other systems take in bulk: the published counters row by row, the rounds there are, all criteria."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from flows.counts import VILLAGE, Counts
from flows.text import words
from storage import scores
from storage.scores import Cell
from storage.tables import criteria, facility_communes, published, sampled

Key = tuple[str, str, str, str]  # facility, round, criterion, group: where a page ended

_KEY = (published.c.facility, published.c.round, published.c.criterion, published.c.grp)
_FIVE = tuple(published.c[f"s{score}"] for score in range(1, 6))
_SERVING = sa.select(facility_communes.c.facility).where(
    facility_communes.c.commune.startswith(sa.bindparam("within"), autoescape=False)
)
_ROWS = (
    sa.select(*_KEY, *_FIVE, published.c.as_of)
    .where(sa.tuple_(*_KEY) > sa.tuple_(*(sa.bindparam(name, type_=sa.String) for name in "frcg")))
    .order_by(*_KEY)
    .limit(sa.bindparam("most"))
)
_WITHIN = published.c.facility.in_(_SERVING)
_OF = published.c.facility.in_(sa.bindparam("facilities", expanding=True))
_ROUND = published.c.round.in_(sa.bindparam("rounds", expanding=True))
_CRITERION = published.c.criterion.in_(sa.bindparam("criteria", expanding=True))
_GROUP = published.c.grp.in_(sa.bindparam("groups", expanding=True))
_VILLAGES = published.c.grp.startswith(VILLAGE, autoescape=False)
_SAMPLES = sa.select(sampled.c.facility).where(
    sampled.c.facility.in_(sa.bindparam("facilities", expanding=True))
)
_SAMPLE_SIZE = sa.select(sa.func.count()).select_from(sampled)
_CRITERIA = sa.select(criteria).order_by(criteria.c.service, criteria.c.retired, criteria.c.position)


def rows(
    connection: sa.Connection,
    *,
    within: str,
    facilities: Sequence[str] = (),
    rounds: Sequence[str] = (),
    criteria: Sequence[str] = (),
    groups: Sequence[str] = (),
    after: Key = ("", "", "", ""),
    most: int = 1000,
) -> list[Cell]:
    """Published counters in the order of facility, round, criterion and group, from `after` on. `within`: the place
    that the facilities serve; an empty filter lets everything through. `VILLAGE` among the groups means every
    village."""
    facility, round_code, criterion, group = after
    values: dict[str, Any] = {"f": facility, "r": round_code, "c": criterion, "g": group, "most": most}
    where: list[sa.ColumnElement[bool]] = []
    if within:
        where.append(_WITHIN)
        values["within"] = within
    for wanted, condition, name in (
        (facilities, _OF, "facilities"),
        (rounds, _ROUND, "rounds"),
        (criteria, _CRITERION, "criteria"),
    ):
        if wanted:
            where.append(condition)
            values[name] = list(wanted)
    if groups:
        where.append(sa.or_(_GROUP, _VILLAGES) if VILLAGE in groups else _GROUP)
        values["groups"] = list(groups)
    return [
        Cell(row[0], row[1], row[2], row[3], Counts((row[4], row[5], row[6], row[7], row[8])), row[9])
        for row in connection.execute(_ROWS.where(*where), values)
    ]


def rounds(connection: sa.Connection) -> list[str]:
    """Rounds of which anything is published anywhere."""
    return sorted(scores.rounds_within(connection, ""))


def samples(connection: sa.Connection, facilities: Iterable[str]) -> set[str]:
    """Those of these facilities that have made-up ratings."""
    return set(connection.execute(_SAMPLES, {"facilities": list(facilities)}).scalars())


def how_many_samples(connection: sa.Connection) -> int:
    """How many facilities have made-up ratings."""
    return int(connection.execute(_SAMPLE_SIZE).scalar_one())


def all_criteria(connection: sa.Connection) -> list[dict[str, Any]]:
    """Every criterion that is or was asked: code, service, theme, question, label, retired. Scores of earlier rounds
    may be of one that is no longer asked."""
    return [
        {
            "code": row.code,
            "service": row.service,
            "theme": row.theme,
            "question": words(row.question),
            "label": words(row.label),
            "retired": row.retired,
        }
        for row in connection.execute(_CRITERIA)
    ]
