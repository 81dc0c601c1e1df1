"""Somebody who writes down every table that is ever published, and adds and subtracts them until a few people are left.

A table is kept as the truth behind it: who stands in it, and with which score. People are bits, five planes of them,
one a score. What is left of a sum of tables is whoever has a score that does not cancel.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import combinations
from typing import NamedTuple

import sqlalchemy as sa

from flows.counts import ALL, GROUPS, LEAST, VILLAGE, Counts
from storage import scores
from storage.database import Connection
from storage.tables import facility_communes, published, responses

Planes = tuple[int, ...]
PRIME = 2_147_483_647
#: Up to so many tables of one criterion every four of them are tried.
ALL_FOURS = 14
MOST_TRIPLES = 20_000


class Cell(NamedTuple):
    facility: str
    round: str
    criterion: str
    group: str


class Leak(NamedTuple):
    """What was found: few people, by these tables."""

    people: int
    how: str


class Observer:
    """`places`: the codes of places whose sums are looked at as well."""

    def __init__(self, places: Iterable[str] = ("",)) -> None:
        self.places = tuple(places)
        self.now: dict[Cell, Planes] = {}
        self.before: dict[Cell, Counts] = {}
        self.known: dict[
            tuple[str, str], dict[Planes, str]
        ] = {}  # round and criterion to tables, and what they are
        self._bits: dict[bytes, int] = {}

    def look(self, connection: Connection, today: date) -> None:
        """Write down what is published on a day, and make sure that it says what was rated."""
        shown = {
            Cell(row.facility, row.round, row.criterion, row.grp): row
            for row in connection.execute(sa.select(published))
        }
        assert self.now.keys() <= shown.keys(), "what was published once stays"
        truth = self._truth(connection, today)
        for cell, row in shown.items():
            counts = Counts((row.s1, row.s2, row.s3, row.s4, row.s5))
            if row.as_of == today:
                self.now[cell] = truth[cell]
                assert tuple(plane.bit_count() for plane in truth[cell]) == counts.five
                self._know(cell.round, cell.criterion, truth[cell], f"{cell.facility} {cell.group} {today}")
            else:
                assert self.before[cell] == counts, "what doesn't move stays as it was"
            self.before[cell] = counts
        self._look_at_places(connection, today)

    def _truth(self, connection: Connection, today: date) -> dict[Cell, Planes]:
        """Who may stand in which table."""
        found: dict[Cell, list[int]] = {}
        for row in connection.execute(sa.select(responses).where(responses.c.rated_on < today)):
            bit = self._bits.setdefault(row.rater, 1 << len(self._bits))
            groups = [ALL, *row.groups, *([VILLAGE + row.village] if row.village else [])]
            for criterion, score in row.scores.items():
                for group in groups:
                    planes = found.setdefault(Cell(row.facility, row.round, criterion, group), [0] * 5)
                    planes[score - 1] |= bit
        return {cell: tuple(planes) for cell, planes in found.items()}

    def _look_at_places(self, connection: Connection, today: date) -> None:
        serving: dict[str, set[str]] = {}
        for facility, commune in connection.execute(sa.select(facility_communes)):
            serving.setdefault(commune, set()).add(facility)
        for round_code in {cell.round for cell in self.now}:
            for place in self.places:
                sums = scores.summed(connection, place, len(place), [round_code], (ALL, *GROUPS))
                there = set().union(*(those for code, those in serving.items() if code.startswith(place)))
                for found in sums:
                    parts = [
                        planes
                        for cell, planes in self.now.items()
                        if cell.facility in there and cell[1:] == (round_code, found.criterion, found.group)
                    ]
                    planes = tuple(sum(plane) for plane in zip(*parts, strict=True))  # nobody is in two
                    assert tuple(plane.bit_count() for plane in planes) == found.counts.five
                    what = f"place {place or 'nation'} {found.group} {today}"
                    self._know(round_code, found.criterion, planes, what)

    def _know(self, round_code: str, criterion: str, planes: Planes, what: str) -> None:
        self.known.setdefault((round_code, criterion), {}).setdefault(planes, what)

    def attack(self, seed: int = 0) -> Leak | None:
        """Try all that is known against each other; what was found first."""
        chance = random.Random(seed)
        for tables in self.known.values():
            for tried in (
                _single(tables),
                _pairs(tables),
                _triples(tables, chance),
                _fours(tables),
                _any(tables, chance),
            ):
                for left, how in tried:
                    if 0 < left < LEAST:
                        return Leak(left, how)
        return None


# -- Ways to add and subtract -------------------------------------------------------------------------------

Tried = Iterator[tuple[int, str]]


def _people(planes: Iterable[int]) -> int:
    a, b, c, d, e = planes
    return (a | b | c | d | e).bit_count()


def _single(tables: Mapping[Planes, str]) -> Tried:
    for planes, what in tables.items():
        yield _people(planes), what


def _pairs(tables: Mapping[Planes, str]) -> Tried:
    """a - b. (a + b has everybody of both.)"""
    for one, other in combinations(tables, 2):
        yield (
            _people(a ^ b for a, b in zip(one, other, strict=True)),
            f"{tables[one]} minus {tables[other]}",
        )


def _triples(tables: Mapping[Planes, str], chance: random.Random) -> Tried:
    """a - b - c, whichever is a."""
    listed = list(tables)
    every: Iterable[tuple[Planes, ...]] = combinations(listed, 3)
    n = len(listed)
    if n * (n - 1) * (n - 2) // 6 > MOST_TRIPLES:
        every = (tuple(chance.sample(listed, 3)) for _ in range(MOST_TRIPLES))
    for three in every:
        for first in range(3):
            a, b, c = three[first], three[first - 1], three[first - 2]
            yield (
                _people((x ^ y ^ z) | (y & z) for x, y, z in zip(a, b, c, strict=True)),
                f"{tables[a]} minus {tables[b]} minus {tables[c]}",
            )


def _fours(tables: Mapping[Planes, str]) -> Tried:
    """a + b - c - d and a - b - c - d, where there are few tables."""
    if len(tables) > ALL_FOURS:
        return
    for four in combinations(tables, 4):
        for at in range(4):
            a, b, c, d = four[at], four[at - 1], four[at - 2], four[at - 3]
            yield (
                _people(
                    (w ^ x ^ y ^ z) | (x & y) | (x & z) | (y & z)
                    for w, x, y, z in zip(a, b, c, d, strict=True)
                ),
                f"{tables[a]} minus three",
            )
            yield (
                _people((w ^ x ^ y ^ z) | ((w & x) ^ (y & z)) for w, x, y, z in zip(a, b, c, d, strict=True)),
                f"{tables[a]} and {tables[b]} minus {tables[c]} and {tables[d]}",
            )


def _any(tables: Mapping[Planes, str], chance: random.Random, trials: int = 12) -> Tried:
    """Any sums of any tables, times any numbers: those that leave few people are what is left when all tables are
    solved for people in an order by chance."""
    columns = sorted(
        {
            (bit, score)
            for planes in tables
            for score, plane in enumerate(planes)
            for bit in range(plane.bit_length())
            if plane >> bit & 1
        }
    )
    rows = [[planes[score] >> bit & 1 for bit, score in columns] for planes in tables]
    for _ in range(trials):
        order = list(range(len(columns)))
        chance.shuffle(order)
        for row in solved(rows, order):
            yield len({columns[at][0] for at, factor in enumerate(row) if factor}), "a sum of many tables"


def solved(rows: Iterable[list[int]], order: Iterable[int]) -> list[list[int]]:
    """The rows, each made free of the first column in this order that each other one has (modulo a prime)."""
    left, done = [list(row) for row in rows], []
    for column in order:
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        inverse = pow(pivot[column], -1, PRIME)
        pivot = [value * inverse % PRIME for value in pivot]
        for some in (left, done):
            for row in some:
                factor = row[column]
                if factor:
                    row[:] = [(x - factor * y) % PRIME for x, y in zip(row, pivot, strict=True)]
        done.append(pivot)
    return done
