"""Scores of the whole country: scorecards and tables among ten million ratings, a rating more, and a night.

RATINGS=1000000 makes fewer; in SQLite there are a tenth of them. Run with `python -m benchmarks.scores`.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import sqlalchemy as sa

from benchmarks import ratings
from benchmarks.databases import Databases
from benchmarks.figures import Figure, show
from flows.library import Library
from reports import reading
from storage import publication, reference, responses
from storage.database import Connection, Database, connect
from storage.vault import Vault

LEAST = 250_000  # with fewer, not every criterion of every facility is published
RATINGS = max(int(os.environ.get("RATINGS", "10000000")), LEAST)
COMMUNE = "080303"
ROUND = list(ratings.ROUNDS)[-1]
CARD, TABLE, RATIO = 10.0, 150.0, 1.3  # milliseconds, milliseconds, at most
FEW = 1000  # ratings with which those of a large database are compared
NEW = 50_000  # ratings of a day
TIMES = 30

#: What would be asked without counters: of one commune's ratings, and of the counters of all facilities.
_PLAIN_COMMUNE = {
    "postgresql": """
        SELECT said.key, said.value::int, count(*) FROM responses, json_each_text(scores) AS said
        WHERE facility IN (SELECT facility FROM facility_communes WHERE commune = :commune) AND round = :round
        GROUP BY 1, 2
    """,
    "sqlite": """
        SELECT said.key, said.value, count(*) FROM responses, json_each(scores) AS said
        WHERE facility IN (SELECT facility FROM facility_communes WHERE commune = :commune) AND round = :round
        GROUP BY 1, 2
    """,
}
_PLAIN_NATION = """
    SELECT serving.place, h.criterion, sum(h.s1), sum(h.s2), sum(h.s3), sum(h.s4), sum(h.s5) FROM histograms AS h
    JOIN (SELECT DISTINCT facility, substr(commune, 1, 2) AS place FROM facility_communes) AS serving
    ON serving.facility = h.facility WHERE h.round = :round AND h.grp = 'all' GROUP BY 1, 2
"""


def figures(databases: Databases) -> list[Figure]:
    """On both databases."""
    return [
        *_measured(databases, "postgresql", RATINGS, 1),
        *_measured(databases, "sqlite", max(RATINGS // 10, LEAST), 2),
    ]


def _measured(databases: Databases, kind: str, how_many: int, slack: int) -> list[Figure]:
    """`slack`: how many times the goals it may take."""
    full, few = databases.fresh(kind), databases.fresh(kind)
    print(f"making {how_many:,} ratings …", file=sys.stderr, flush=True)
    began = time.perf_counter()
    ratings.fill(full, how_many)
    took = time.perf_counter() - began
    ratings.fill(few, FEW)
    where = f"{kind}, {how_many:,} ratings"
    found = asyncio.run(_reading(full, kind, where, slack))
    found += asyncio.run(_storing(full, few, where))
    ratings.add_day(full, how_many, NEW * how_many // 10_000_000)
    found += asyncio.run(_publishing(full, where))
    return [*found, Figure(f"{where}: to make them", took, "s")]


async def _reading(url: str, kind: str, where: str, slack: int) -> list[Figure]:
    database = connect(url)
    try:
        library = await database.read(reference.read)
        card = await _milliseconds(database, reading.of_place, library, COMMUNE)
        table = await _milliseconds(database, reading.of_parts, library, "")
        nation = await _milliseconds(database, reading.of_place, library, "")
        province = await _milliseconds(database, reading.of_place, library, COMMUNE[:2])
        plain_card = await _milliseconds(database, _plain_commune, kind, times=5)
        plain_table = await _milliseconds(database, _plain_nation, times=5)
        await database.read(_same, library, kind)
    finally:
        await database.close()
    return [
        Figure(
            f"{where}: a plain GROUP BY of a commune's, by its scorecard", plain_card / card, "×", ratio=True
        ),
        Figure(
            f"{where}: a GROUP BY of all facilities' counters, by the nation's table",
            plain_table / table,
            "×",
            ratio=True,
        ),
        Figure(f"{where}: scorecard of a commune", card, "ms", CARD * slack, most=True),
        Figure(f"{where}: table of the nation", table, "ms", TABLE * slack, most=True),
        Figure(f"{where}: scorecard of a province", province, "ms"),
        Figure(f"{where}: scorecard of the nation", nation, "ms"),
    ]


async def _milliseconds(
    database: Database, work: Callable[..., object], *args: Any, times: int = TIMES
) -> float:
    """The middle one of some reads. No process keeps anything from one to the next."""
    taken = []
    for _ in range(times):
        before = time.perf_counter()
        await database.read(work, *args)
        taken.append(time.perf_counter() - before)
    return median(taken) * 1000


def _plain_commune(connection: Connection, kind: str) -> list[Any]:
    return list(connection.execute(sa.text(_PLAIN_COMMUNE[kind]), {"commune": COMMUNE, "round": ROUND}))


def _plain_nation(connection: Connection) -> list[Any]:
    return list(connection.execute(sa.text(_PLAIN_NATION), {"round": ROUND}))


def _same(connection: Connection, library: Library, kind: str) -> None:
    """Make sure that what is compared is the same."""
    card = reading.of_place(connection, library, COMMUNE, [ROUND])
    lines = {line.code: line.counts.five for section in card.sections for line in section.lines}
    counted = {(code, score): n for code, score, n in _plain_commune(connection, kind)}
    assert lines == {code: tuple(counted.get((code, score), 0) for score in range(1, 6)) for code in lines}
    rows = reading.of_parts(connection, library, "", [ROUND]).rows
    plain: dict[str, int] = {}
    for place, _criterion, *five in _plain_nation(connection):
        plain[place] = plain.get(place, 0) + int(sum(five))
    assert {row.place: row.counts.n for row in rows if row.counts} == plain


async def _storing(full: str, few: str, where: str) -> list[Figure]:
    """A rating more, in turn where there are many and where there are few."""
    vault = Vault("a secret for this benchmark")
    both = {name: connect(url) for name, url in (("full", full), ("few", few))}
    taken: dict[str, list[float]] = {name: [] for name in both}
    try:
        library = await both["few"].read(reference.read)
        facilities = [
            library.facilities(place.code, "hc")[0].code for place in library.gazetteer.below("0803")
        ]
        scores = {criterion.code: 4 for criterion in library.criteria("hc")}
        for number in range(400):
            facility = facilities[number % len(facilities)]
            rater = vault.rater(vault.address_hash("sms", str(number)), 1, facility, ROUND)
            for name, database in both.items():
                before = time.perf_counter()
                await database.transact(_rate, vault, rater, facility, scores)
                taken[name].append(time.perf_counter() - before)
    finally:
        for database in both.values():
            await database.close()
    middle = {name: median(times[20:]) * 1000 for name, times in taken.items()}
    return [
        Figure(
            f"{where}: a rating more, against among {FEW:,}",
            middle["full"] / middle["few"],
            "×",
            RATIO,
            most=True,
            ratio=True,
        ),
        Figure(f"{where}: a rating more", middle["full"], "ms"),
    ]


def _rate(connection: Connection, vault: Vault, rater: bytes, facility: str, scores: dict[str, int]) -> None:
    responses.rate(
        connection,
        vault,
        rater,
        facility=facility,
        round_code=ROUND,
        scores=scores,
        groups=["women", "youth"],
        today=ratings.DAY,
    )


async def _publishing(url: str, where: str) -> list[Figure]:
    """The night after a day on which people rated everywhere: more work than most nights have."""
    database = connect(url)
    before, began = _peak(), time.perf_counter()
    longest = 0.0
    found = publication.Published()
    try:
        step_began = began
        async for step in publication.steps(database, ratings.DAY + ratings.ONE):
            found += step
            longest = max(longest, time.perf_counter() - step_began)
            step_began = time.perf_counter()
    finally:
        await database.close()
    took = time.perf_counter() - began
    return [
        Figure(f"{where}: a night, in which {found.criteria:,} criteria move", took, "s"),
        Figure(f"{where}: its longest step, of {publication.AT_ONCE} facilities", longest * 1000, "ms"),
        Figure(f"{where}: memory that it takes", _peak() - before, "MiB"),
    ]


def _peak() -> float:
    """The most memory that this process has taken so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    with Databases() as made:
        show(figures(made), "Scores")
