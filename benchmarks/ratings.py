"""Ratings by the million, made by the database itself: consistent in `responses`, `histograms` and `published`.

Every facility gets as many; who gave what follows from arithmetic, so that it is the same each time.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta

import asyncpg

from benchmarks.databases import plain
from storage.sums import DIGITS

#: The rounds that are filled, and the first day of each; the last one goes on until `DAY`.
ROUNDS = {
    "2026-Q1": date(2026, 1, 1),
    "2026-Q2": date(2026, 4, 1),
    "2026-Q3": date(2026, 7, 1),
    "2026-Q4": date(2026, 10, 1),
}
DAY = date(2026, 12, 20)  # everything before it is published
ONE = timedelta(days=1)
DAYS = 80  # of each round on which ratings come

#: What people say of themselves, each as often; a third says nothing.
ABOUT = (
    *([[]] * 8),
    *([["women"]] * 5),
    *([["men"]] * 4),
    *([["women", "youth"]] * 2),
    *([["men", "youth"]] * 2),
    ["poor", "women"],
    ["disability", "men"],
    ["minority", "poor", "women", "youth"],
)
FIVE = range(1, 6)

# `{numbers}` is a query of n from 1 on. The rest is the same SQL for both.
_NUMBERS = {
    "postgresql": "SELECT generate_series({first}, {last})::bigint AS n",
    "sqlite": "WITH RECURSIVE up(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM up WHERE n < {last}) SELECT n FROM up",
}
_DAY = {"postgresql": "b.begins + m.d::int", "sqlite": "date(b.begins, '+' || m.d || ' days')"}
_RATER = {"postgresql": "decode(md5('bench' || m.n), 'hex')", "sqlite": "randomblob(16)"}
_JSON = {"postgresql": "::json", "sqlite": ""}

_LISTED = {"postgresql": "string_agg", "sqlite": "group_concat"}

_SCORES = ", ".join(f"1 + x / {13 ** (at - 1)} % 13 * 5 / 13 AS s{at}" for at in FIVE)
_MADE = f"""
    SELECT n, n * 7919 % :facilities AS f, n / :facilities % :rounds AS r, y % {len(ABOUT)} AS g,
        y / {len(ABOUT)} % 12 AS v, y / {12 * len(ABOUT)} % {DAYS} AS d, {_SCORES}
    FROM (SELECT n, n * 2654435761 % 4294967291 AS x, n * 1597334677 % 4294967279 AS y FROM ({{numbers}}) AS up) AS chance
"""
_RESPONSES = """
    INSERT INTO responses (rater, facility, round, reference, commune, shared, scores, groups, rated_on, village)
    SELECT {rater}, b.facility, b.round, 'BENCH2', b.commune, n % 12 = 0,
        ('{{"' || b.c1 || '": ' || m.s1 || ', "' || b.c2 || '": ' || m.s2 || ', "' || b.c3 || '": ' || m.s3
        || ', "' || b.c4 || '": ' || m.s4 || ', "' || b.c5 || '": ' || m.s5 || '}}'){json},
        a.groups{json}, {day}, CASE WHEN m.v < 8 THEN b.commune || '0' || (m.v + 1) END
    FROM ({made}) AS m JOIN bench_beds AS b ON b.f = m.f AND b.r = m.r JOIN bench_about AS a ON a.g = m.g
"""
# How many gave a criterion each score, twelve bits for each: one sum is much quicker than five counts.
_COUNTED = ", ".join(
    f"CAST(sum(CAST(1 AS bigint) << CAST(12 * (s{at} - 1) AS integer)) AS bigint) AS c{at}" for at in FIVE
)
_COUNT = (
    "CREATE TABLE bench_by_{what} AS SELECT f, r, {what}, {counted} FROM ({made}) AS m GROUP BY f, r, {what}"
)
_INTO = """
    INSERT INTO {table} (facility, round, criterion, grp, s1, s2, s3, s4, s5{more})
    SELECT b.facility, b.round, b.c{at}, {group}, {sums}{day}
    FROM bench_by_{what} AS m JOIN bench_beds AS b ON b.f = m.f AND b.r = m.r {joined}
    GROUP BY b.facility, b.round, b.c{at}, {group} {having}
"""
_SUMS = """
    INSERT INTO sums (digits, round, grp, place, criterion, s1, s2, s3, s4, s5)
    SELECT {digits}, p.round, p.grp, v.place, p.criterion, sum(s1), sum(s2), sum(s3), sum(s4), sum(s5)
    FROM published AS p
    JOIN (SELECT DISTINCT facility, substr(commune, 1, {digits}) AS place FROM facility_communes) AS v
    ON v.facility = p.facility WHERE p.grp NOT LIKE 'v:%' GROUP BY p.round, p.grp, v.place, p.criterion
"""


def fill(url: str, ratings: int) -> None:
    """Give a migrated database without ratings so many."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA cache_size=-200000")
            _fill(connection, ratings)
            connection.commit()
        return
    asyncio.run(_fill_postgres(plain(url), ratings))


def add_day(url: str, ratings: int, new: int) -> None:
    """So many ratings more, of the day that is not published yet; `ratings`: how many there were."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    numbers = _NUMBERS[kind].format(first=ratings + 1, last=ratings + new)
    day = f"CAST('{DAY}' AS date)" if kind == "postgresql" else f"'{DAY}'"
    if kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute(
                _new(kind, _facilities(connection.execute(_HOW_MANY).fetchone()), numbers, day)
            )
            connection.commit()
        return

    async def add() -> None:
        connection = await asyncpg.connect(plain(url))
        try:
            facilities = _facilities(await connection.fetchrow(_HOW_MANY))
            await connection.execute(_new(kind, facilities, numbers, day), timeout=600)
        finally:
            await connection.close()

    asyncio.run(add())


def _new(kind: str, facilities: int, numbers: str, day: str) -> str:
    """Ratings of the last round, on one day."""
    made = _MADE.format(numbers=numbers).replace("n / :facilities % :rounds", str(len(ROUNDS) - 1))
    made = made.replace(":facilities", str(facilities))
    return _RESPONSES.format(rater=_RATER[kind], json=_JSON[kind], day=day, made=made)


_HOW_MANY = "SELECT max(f) + 1 FROM bench_beds"


def _facilities(row: Sequence[int]) -> int:
    return row[0]


def _statements(kind: str, facilities: int, ratings: int) -> list[str]:
    """What makes them, in this order."""

    def made(first: int, last: int) -> str:
        numbers = _NUMBERS[kind].format(first=first, last=last)
        text = _MADE.format(numbers=numbers)
        return text.replace(":facilities", str(facilities)).replace(":rounds", str(len(ROUNDS)))

    everything = made(1, ratings)
    found = [
        _RESPONSES.format(
            rater=_RATER[kind],
            json=_JSON[kind],
            day=_DAY[kind],
            made=made(first, min(first + 999_999, ratings)),
        )
        for first in range(1, ratings + 1, 1_000_000)
    ]
    found += [_COUNT.format(what=what, counted=_COUNTED, made=everything) for what in "gv"]
    for at in FIVE:
        unpacked = [f"sum(m.c{at} >> {12 * (score - 1)} & 4095)" for score in FIVE]
        sums, enough = ", ".join(unpacked), f"HAVING {' + '.join(unpacked)} >= 5"
        joined = "JOIN bench_groups AS g ON g.g = m.g"
        day = {"more": ", as_of", "day": f", CAST('{DAY}' AS date)" if kind == "postgresql" else f", '{DAY}'"}
        no_day = {"more": "", "day": "", "having": ""}
        of_group = {"at": at, "sums": sums, "what": "g", "group": "g.grp", "joined": joined}
        village = "'v:' || b.commune || '0' || (m.v + 1)"
        of_village = {"at": at, "sums": sums, "what": "v", "group": village, "joined": "WHERE m.v < 8"}
        found.append(_INTO.format(table="histograms", **of_group, **no_day))
        found.append(_INTO.format(table="published", **of_group, **day, having=enough))
        found.append(_INTO.format(table="published", **of_village, **day, having=enough))
    found.append(
        "INSERT INTO publications (facility, round, criterion, as_of, groups) SELECT facility, round, criterion, as_of, "
        f"{_LISTED[kind]}(grp, ' ') FROM published GROUP BY facility, round, criterion, as_of"
    )
    found += [_SUMS.format(digits=digits) for digits in DIGITS]
    return [*found, "DROP TABLE bench_by_g", "DROP TABLE bench_by_v"]


def _beds(facilities: list[tuple[str, str, str]], criteria: dict[str, list[str]]) -> list[tuple[object, ...]]:
    """A row for each facility and round: their numbers, codes, the facility's commune, the round's first day, the
    codes of the five criteria."""
    return [
        (f, r, facility, round_code, commune, begins, *criteria[service][:5])
        for f, (facility, service, commune) in enumerate(facilities)
        for r, (round_code, begins) in enumerate(ROUNDS.items())
    ]


_FACILITIES = """
    SELECT f.code, f.service, min(s.commune) FROM facilities AS f JOIN facility_communes AS s ON s.facility = f.code
    WHERE NOT f.retired GROUP BY f.code, f.service ORDER BY f.code
"""
_CRITERIA = "SELECT service, code FROM criteria WHERE NOT retired ORDER BY service, position"
#: Health centres serve two communes here, as most do.
_SHARED = """
    INSERT INTO facility_communes (facility, commune)
    SELECT f.code, min(p.code) FROM facilities AS f JOIN facility_communes AS s ON s.facility = f.code
    JOIN places AS p ON length(p.code) = 6 AND p.code > s.commune WHERE f.service = 'hc' GROUP BY f.code
"""
_BENCH = (
    "CREATE TABLE bench_beds (f bigint, r bigint, facility text, round text, commune text, begins {date}, c1 text, "
    "c2 text, c3 text, c4 text, c5 text)",
    "CREATE TABLE bench_about (g bigint, groups text)",
    "CREATE TABLE bench_groups (g bigint, grp text)",
)
_ABOUT = [(g, "[" + ", ".join(f'"{group}"' for group in groups) + "]") for g, groups in enumerate(ABOUT)]
_GROUPS = [(g, group) for g, groups in enumerate(ABOUT) for group in ("all", *groups)]


def _by_service(rows: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for service, code in rows:
        found.setdefault(service, []).append(code)
    return found


def _fill(connection: sqlite3.Connection, ratings: int) -> None:
    connection.execute(_SHARED)
    facilities = connection.execute(_FACILITIES).fetchall()
    criteria = _by_service(connection.execute(_CRITERIA).fetchall())
    for statement in _BENCH:
        connection.execute(statement.format(date="text"))
    beds = [tuple(str(x) if isinstance(x, date) else x for x in bed) for bed in _beds(facilities, criteria)]
    connection.executemany(f"INSERT INTO bench_beds VALUES ({', '.join('?' * 11)})", beds)
    connection.executemany("INSERT INTO bench_about VALUES (?, ?)", _ABOUT)
    connection.executemany("INSERT INTO bench_groups VALUES (?, ?)", _GROUPS)
    connection.execute("CREATE INDEX bench_beds_by_number ON bench_beds (f, r)")
    indexes = connection.execute(_SQLITE_INDEXES).fetchall()
    for name, _made in indexes:
        connection.execute(f"DROP INDEX {name}")
    for statement in [*_statements("sqlite", len(facilities), ratings), *(made for _name, made in indexes)]:
        connection.execute(statement)
    connection.execute(_DONE, ("publishing", str(DAY)))


_SQLITE_INDEXES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'responses' AND sql <> ''"
)
_DONE = "INSERT INTO daily (job, until) VALUES (?, ?)"
_KEYS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'responses'::regclass AND contype IN ('p', 'f', 'u')
"""
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'responses'
    AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = 'responses'::regclass)
"""


async def _fill_postgres(url: str, ratings: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        for name, value in (
            ("maintenance_work_mem", "'512MB'"),
            ("work_mem", "'256MB'"),
            ("synchronous_commit", "off"),
        ):
            await connection.execute(f"SET {name} = {value}")
        await connection.execute(_SHARED)
        facilities = [tuple(row) for row in await connection.fetch(_FACILITIES)]
        criteria = _by_service([tuple(row) for row in await connection.fetch(_CRITERIA)])
        for statement in _BENCH:
            await connection.execute(statement.format(date="date"))
        await connection.copy_records_to_table("bench_beds", records=_beds(facilities, criteria))
        await connection.copy_records_to_table("bench_about", records=_ABOUT)
        await connection.copy_records_to_table("bench_groups", records=_GROUPS)
        await connection.execute("ANALYZE bench_beds")
        # Ten million rows are stored much sooner than they are sorted into four indexes one by one.
        keys, indexes = await connection.fetch(_KEYS), await connection.fetch(_INDEXES)
        for name, _made in keys:
            await connection.execute(f"ALTER TABLE responses DROP CONSTRAINT {name}")
        for name, _made in indexes:
            await connection.execute(f"DROP INDEX {name}")
        for statement in _statements("postgresql", len(facilities), ratings):
            await connection.execute(statement, timeout=600)
        for name, made in keys:
            await connection.execute(f"ALTER TABLE responses ADD CONSTRAINT {name} {made}", timeout=600)
        for _name, made in indexes:
            await connection.execute(made, timeout=600)
        await connection.execute("INSERT INTO daily (job, until) VALUES ('publishing', $1)", DAY)
        await connection.execute("VACUUM ANALYZE", timeout=600)
    finally:
        await connection.close()
