"""Made-up ratings, to look at and to try things out with. What shows them says that they are.

A facility has either these or real ones, never both by our doing: where citizens have rated, nothing is made up. They
are counted and published by the rules that hold for every rating.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa

from flows.counts import ALL
from flows.library import SERVICES, Library
from storage import daily, publication, sums
from storage.database import Database, PerDialect
from storage.makebelieve import MARK, Bed, Grower
from storage.publication import Waiting
from storage.tables import histograms, publications, published, sampled
from storage.tables import responses as ratings
from storage.vault import Vault

AT_ONCE = 2_000  # ratings in memory and in one transaction
#: That there were made-up ratings before: nobody who took them away is given some again.
PLANTED = "demo"

_MADE = sa.and_(ratings.c.rater >= MARK, ratings.c.rater < MARK[:-1] + bytes([MARK[-1] + 1]))
_FACILITY: sa.BindParameter[str] = sa.bindparam("facility")
_ANY = sa.select(ratings.c.rater).limit(1)
_ANY_REAL = _ANY.where(sa.not_(_MADE))
_REAL = _ANY_REAL.where(ratings.c.facility == _FACILITY)
_SAMPLED = sa.select(sampled.c.facility).order_by(sampled.c.facility)
_MARK = PerDialect(lambda insert: insert(sampled).values(facility=_FACILITY).on_conflict_do_nothing())
_PUT = sa.insert(ratings)
_COUNT = sa.insert(histograms)
_TAKE = sa.delete(ratings).where(ratings.c.facility == _FACILITY, _MADE)
_LEFT = sa.select(ratings.c.round, ratings.c.scores, ratings.c.groups).where(ratings.c.facility == _FACILITY)
_CLEAR = tuple(
    sa.delete(table).where(table.c.facility == _FACILITY)
    for table in (histograms, published, publications, sampled)
)

Counted = Mapping[str, Counter[tuple[str, str, int]]]  # round to (criterion, group, score) to how many


@dataclass(frozen=True, slots=True)
class Planted:
    """How many ratings were made up, for how many facilities; `passed`: those that were left alone, since citizens
    had rated them."""

    ratings: int = 0
    facilities: int = 0
    passed: tuple[str, ...] = ()


async def plant(
    database: Database,
    vault: Vault,
    library: Library,
    beds: Iterable[Bed],
    today: date,
    seed: int = 1,
    told: Callable[[int], None] = lambda ratings: None,
) -> Planted:
    """Make ratings up and store them, a facility after the other, in place of those made up before. `told`: how many
    more there are."""
    done, facilities, passed = 0, 0, []
    for bed in beds:
        grower = Grower(library, vault, bed, seed, today)
        rows = grower.grow()
        left = grower.how_many
        while left:
            batch = list(islice(rows, AT_ONCE))
            begins, ends = left == grower.how_many, left == len(batch)
            counted = grower.counted if ends else None
            if not await database.transact(_plant, bed, batch, begins, counted, today):
                passed.append(bed.facility.code)
                break
            left -= len(batch)
            done += len(batch)
            facilities += ends
            told(len(batch))
    await database.transact(_noted, today)
    return Planted(done, facilities, tuple(passed))


async def uproot(
    database: Database, today: date, told: Callable[[int], None] = lambda facilities: None
) -> int:
    """Take all made-up ratings away; how many there were. `told`: how many more facilities have none."""
    gone = 0
    for facility in await database.read(marked):
        gone += await database.transact(clear, facility, today)
        told(1)
    return gone


def empty(connection: sa.Connection) -> bool:
    """Whether nobody has rated anything, nor has any rating ever been made up."""
    return connection.execute(_ANY).first() is None and daily.until(connection, PLANTED) is None


def real(connection: sa.Connection, facilities: Iterable[str]) -> list[str]:
    """Those of these that citizens have rated."""
    return [code for code in facilities if connection.execute(_REAL, {"facility": code}).first() is not None]


def marked(connection: sa.Connection) -> list[str]:
    """Facilities with made-up ratings."""
    return list(connection.execute(_SAMPLED).scalars())


def serving(library: Library, communes: Iterable[str]) -> list[str]:
    """Every facility that citizens of these communes rate."""
    found = (
        one.code
        for commune in communes
        for service in SERVICES
        for one in library.facilities(commune, service)
    )
    return list(dict.fromkeys(found))


def clear(connection: sa.Connection, facility: str, today: date) -> int:
    """Take the made-up ratings of a facility away; how many there were. What citizens have given meanwhile stays, and
    is counted and published anew."""
    gone = connection.execute(_TAKE, {"facility": facility}).rowcount
    sums.take(connection, [facility])
    for statement in _CLEAR:
        connection.execute(statement, {"facility": facility})
    left: dict[str, Counter[tuple[str, str, int]]] = {}
    for row in connection.execute(_LEFT, {"facility": facility}):
        counts = left.setdefault(row.round, Counter())
        for group in (ALL, *row.groups):
            for criterion, score in row.scores.items():
                counts[criterion, group, score] += 1
    _count(connection, facility, left)
    _publish(connection, facility, dict.fromkeys(left, today))
    return gone


def _plant(
    connection: sa.Connection,
    bed: Bed,
    rows: Sequence[Mapping[str, Any]],
    begins: bool,
    counted: Counted | None,
    today: date,
) -> bool:
    """Store some ratings of a facility. It is marked with the first of them: none is there that isn't said to be made
    up. `counted`: of all of them, with the last. False: citizens have rated it."""
    facility = bed.facility.code
    if begins:
        if real(connection, [facility]):
            return False
        clear(connection, facility, today)
        connection.execute(_MARK.on(connection), {"facility": facility})
    connection.execute(_PUT, list(rows))
    if counted is not None:
        _count(connection, facility, counted)
        # Those of a round that is over moved last on the day after its end, and all at once.
        _publish(connection, facility, {term.round: term.last + timedelta(days=1) for term in bed.ratings})
    return True


def _count(connection: sa.Connection, facility: str, counted: Counted) -> None:
    """Count the ratings of a facility, of which nothing is counted yet."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for round_code, counts in counted.items():
        for (criterion, group, score), how_many in counts.items():
            row = rows.setdefault((round_code, criterion, group), {f"s{n}": 0 for n in range(1, 6)})
            row[f"s{score}"] += how_many
    if rows:
        named = (
            {"facility": facility, "round": round_code, "criterion": criterion, "grp": group} | rows[key]
            for key in sorted(rows)
            for round_code, criterion, group in (key,)
        )
        connection.execute(_COUNT, list(named))


def _publish(connection: sa.Connection, facility: str, days: Mapping[str, date]) -> None:
    """Publish what may be shown of rounds (by code), each on its day."""
    for round_code, day in days.items():
        step = publication.looked_at(connection, Waiting(facility, round_code), day)
        publication.move(connection, [step])


def _noted(connection: sa.Connection, today: date) -> None:
    """That there are made-up ratings; and, where there are no others, that all have been looked at."""
    daily.done(connection, PLANTED, today)
    if daily.until(connection, daily.PUBLISHING) is None and connection.execute(_ANY_REAL).first() is None:
        daily.done(connection, daily.PUBLISHING, today)
