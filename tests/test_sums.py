"""Sums by place say what the published counters say, whatever happens to these and to whom facilities serve."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.counts import ALL, VILLAGE, Counts
from flows.library import Library
from storage import registry, scores, sums
from storage.database import Connection, Database
from storage.sums import Change
from storage.tables import facility_communes, published
from storage.tables import sums as rows
from tests import scored

pytestmark = pytest.mark.anyio

ROUND, DAY = "2026-Q4", date(2026, 11, 20)
CENTRE, OTHER, SCHOOL = "hc080303", "hc080304", "ps080303"
ELSEWHERE = "120101"  # in another province


def expected(connection: Connection) -> Counter[tuple[Any, ...]]:
    """What the sums must be."""
    serving: dict[str, set[str]] = {}
    for facility, commune in connection.execute(sa.select(facility_communes)):
        serving.setdefault(facility, set()).update(commune[:digits] for digits in (0, 2, 4, 6))
    found: Counter[tuple[Any, ...]] = Counter()
    for row in connection.execute(sa.select(published)):
        if not row.grp.startswith(VILLAGE):
            for place in serving.get(row.facility, ()):
                for score in range(1, 6):
                    count = getattr(row, f"s{score}")
                    found[len(place), row.round, row.grp, place, row.criterion, score] += count
    return +found


def stored(connection: Connection) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for row in connection.execute(sa.select(rows)):
        assert row.s1 + row.s2 + row.s3 + row.s4 + row.s5 > 0, "nobody is in no sum"
        for score in range(1, 6):
            found[row.digits, row.round, row.grp, row.place, row.criterion, score] = getattr(row, f"s{score}")
    return +found


def serve(connection: Connection, facility: str, communes: Iterable[str]) -> None:
    sums.take(connection, [facility])
    connection.execute(sa.delete(facility_communes).where(facility_communes.c.facility == facility))
    served = [{"facility": facility, "commune": commune} for commune in communes]
    connection.execute(sa.insert(facility_communes), served)
    sums.give(connection, [facility])


async def test_a_facility_of_several_communes_counts_once_in_what_they_lie_in(database: Database) -> None:
    def work(connection: Connection) -> list[int]:
        serve(connection, CENTRE, ["080303", "080304"])
        scored.put(connection, CENTRE, ROUND, "hc-price", Counts((0, 0, 0, 7, 0)))
        scored.put(connection, OTHER, ROUND, "hc-price", Counts((5, 0, 0, 0, 0)))
        places = [("080303", 6), ("080304", 6), ("0803", 4), ("08", 2), ("", 0), ("08", 0)]
        return [scores.summed(connection, place, digits, [ROUND])[0].counts.n for place, digits in places]

    assert await database.transact(work) == [7, 12, 12, 12, 12, 12]


async def test_a_villages_people_are_in_no_sum(database: Database) -> None:
    def work(connection: Connection) -> list[Any]:
        scored.put(connection, CENTRE, ROUND, "hc-price", Counts((0, 0, 0, 7, 0)), "v:08030301")
        return list(connection.execute(sa.select(rows)))

    assert await database.transact(work) == []


CHANGES = st.lists(
    st.tuples(
        st.sampled_from((CENTRE, OTHER, SCHOOL)),
        st.sampled_from(("put", "serve", "take")),
        st.integers(0, 1000),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
async def test_the_sums_are_what_a_recount_gives(database: Database, changes: Any) -> None:
    """Counters move up and down, facilities serve others, and some are taken away."""

    def work(connection: Connection) -> None:
        for table in (published, rows):
            connection.execute(sa.delete(table))
        for facility, what, seed in changes:
            chance = random.Random(seed)
            if what == "serve":
                communes = chance.sample(["080303", "080304", "080401", ELSEWHERE], chance.randint(1, 4))
                serve(connection, facility, communes)
            elif what == "take":
                sums.take(connection, [facility])
                connection.execute(sa.delete(published).where(published.c.facility == facility))
            else:
                move(connection, facility, chance)
            assert stored(connection) == expected(connection)
        before = stored(connection)
        sums.renew(connection)
        assert stored(connection) == before

    await database.transact(work)


def move(connection: Connection, facility: str, chance: random.Random) -> None:
    """One counter becomes another."""
    group = chance.choice((ALL, "women", "v:08030301"))
    criterion = chance.choice(("hc-price", "hc-medicine"))
    where = sa.and_(
        published.c.facility == facility, published.c.criterion == criterion, published.c.grp == group
    )
    old = connection.execute(sa.select(published).where(where)).first()
    before = Counts(tuple(getattr(old, f"s{score}") for score in range(1, 6))) if old else Counts()
    connection.execute(sa.delete(published).where(where))
    now = Counts(tuple(chance.randint(0 if score else 1, 9) for score in range(5)))
    connection.execute(
        sa.insert(published).values(
            facility=facility,
            round=ROUND,
            criterion=criterion,
            grp=group,
            as_of=DAY,
            **{f"s{score}": count for score, count in enumerate(now.five, 1)},
        )
    )
    sums.add(connection, [Change(facility, ROUND, criterion, group, now - before)])


async def test_a_registry_that_says_whom_a_facility_serves_moves_its_scores(
    database: Database, library: Library
) -> None:
    def work(connection: Connection) -> tuple[Any, Any]:
        scored.fill(connection, library, ["080303", "080304"])
        known = library.facility(CENTRE)
        assert known is not None
        served = replace(known, communes=("080303", ELSEWHERE))
        registry.apply(connection, registry.Plan(changed=(served,)))
        return stored(connection), expected(connection)

    found, wanted = await database.transact(work)
    assert found == wanted
    assert any(key[3] == ELSEWHERE for key in found)


async def test_communes_of_a_place_lie_as_their_means_do(database: Database, library: Library) -> None:
    communes = [place.code for place in library.gazetteer.below("0803")]

    def work(connection: Connection) -> tuple[Any, Any]:
        scored.fill(connection, library, [*communes, ELSEWHERE])
        return (
            scores.means(connection, "08", ["2026-Q3", ROUND]),
            scores.summed(connection, "0803", 6, ["2026-Q3", ROUND]),
        )

    means, summed = await database.transact(work)
    assert means.keys() == {"0803"}
    wanted: dict[str, list[float]] = {}
    for one in summed:
        wanted.setdefault(one.criterion, []).append(one.counts.mean)
    assert {code: sorted(found) for code, found in means["0803"].items()} == {
        code: sorted(found) for code, found in wanted.items()
    }
