"""Published counters for tests, as they stand in the database after a night."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from flows.counts import ALL, Counts
from flows.library import SERVICES, Library
from storage import daily, sums
from storage.database import Connection
from storage.sums import Change
from storage.tables import published

DAY = date(2026, 11, 20)  # all ratings before it are published


def put(
    connection: Connection,
    facility: str,
    round_code: str,
    criterion: str,
    counts: Counts,
    group: str = ALL,
    as_of: date = DAY,
) -> None:
    """One published counter."""
    _put(connection, [Change(facility, round_code, criterion, group, counts)], as_of)


def fill(
    connection: Connection,
    library: Library,
    communes: Iterable[str],
    rounds: Iterable[str] = ("2026-Q3", "2026-Q4"),
    seed: int = 1,
    groups: Iterable[str] = ("women", "men", "youth"),
) -> None:
    """Scores for every facility of these communes, in every criterion, of everybody and of some groups; the same for
    the same seed."""
    chance = random.Random(seed)
    done: set[str] = set()
    cells: list[Change] = []
    groups, rounds = tuple(groups), tuple(rounds)
    for commune in communes:
        for service in SERVICES:
            for facility in library.facilities(commune, service):
                if facility.code in done:
                    continue
                done.add(facility.code)
                for round_code in rounds:
                    for criterion in library.criteria(service):
                        group_counts = [_counts(chance) for _ in groups]
                        everybody = _counts(chance)
                        for group, counts in zip(groups, group_counts, strict=True):
                            cells.append(Change(facility.code, round_code, criterion.code, group, counts))
                            everybody = everybody + counts
                        cells.append(Change(facility.code, round_code, criterion.code, ALL, everybody))
    _put(connection, cells, DAY)
    daily.done(connection, daily.PUBLISHING, DAY)


def _put(connection: Connection, cells: list[Change], as_of: date) -> None:
    rows = [
        {"facility": facility, "round": round_code, "criterion": criterion, "grp": group, "as_of": as_of}
        | {f"s{score}": count for score, count in enumerate(counts.five, 1)}
        for facility, round_code, criterion, group, counts in cells
    ]
    connection.execute(sa.insert(published), rows)
    sums.add(connection, cells)


def _counts(chance: random.Random) -> Counts:
    a, b, c, d, e = (chance.randint(1, 12) for _ in range(5))
    return Counts((a, b, c, d, e))
