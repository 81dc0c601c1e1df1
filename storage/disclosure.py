"""Which counters of a facility's criterion may move, so that nobody can be told from all that was ever published.

Pure. An observer may keep every table of every day and add and subtract as many of them as she likes. Whatever she
does, the result is of nobody, or of at least `LEAST` people. That follows from one rule: **whatever is published needs
witnesses**.

- Days on which a criterion moved part its ratings into intervals. A table of everybody is the sum of the intervals
  before its day; one of a group is the same of those in the group.
- Take any sum of tables, each times a number, and the last day of which it has any. People whose interval is the same,
  and who are in the same published groups, come in with the same factor. People who differ in one trait alone come in
  with factors that differ by just what the group's table of that last day is multiplied by, if no older table of
  the group has them in it. So one of the two is not cancelled. Five such pairs, nobody in two of them: five people.
- Everybody moves where five have rated since the last move: no older table has them.
- Groups that exclude each other (women, men, other; the villages) are one trait, with those who said nothing as its
  rest. Each group that moves needs a chain of such pairs to the rest, five a link: whichever of them a sum has in it
  and whichever not, a link lies between. So "everybody without women and men" is never a few.
- A witness is who gave a score that she can't have been counted with before (`fresh`): then no older table can
  cancel her. Whoever changed nothing but her groups, or took her old score again, is counted, but bears no witness.

See docs/decisions/0008-what-is-published.md for the proof, and tests/test_publication.py, which attacks it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import NamedTuple

from flows.counts import ALL, LEAST, VILLAGE, Counts

#: Groups of which a person is in one, or says nothing.
GENDER = ("women", "men", "other")
#: What groups say of a person, in the order in which they are chosen.
TRAITS = ("gender", "youth", "disability", "minority", "poor", VILLAGE)
#: Among the groups of a trait, as bits: people who are in none, or in one that is not shown.
REST = 0


class Alike(NamedTuple):
    """So many people who gave a score on a day, and said the same of themselves. `groups`: with their village, as in
    v:08030301. `fresh`: nobody of them can have been counted with this score before."""

    on: date
    groups: frozenset[str]
    fresh: bool
    score: int
    people: int


class Move(NamedTuple):
    """A day on which a criterion moved: all ratings before it were counted. `groups`: which moved, beside all."""

    on: date
    groups: frozenset[str]


def trait(group: str) -> str:
    """What a group says of a person, by which others exclude it."""
    return "gender" if group in GENDER else VILLAGE if group.startswith(VILLAGE) else group


def moving(ratings: Iterable[Alike], moves: Sequence[Move]) -> dict[str, Counts]:
    """Which groups' counters move today, and to what; none without "all". `ratings`: all of the criterion, up to
    yesterday. `moves`: the days before, the first one first."""
    days = [move.on for move in moves]
    said: dict[frozenset[str], list[int]] = {}  # what people say of themselves, to how many gave each score
    witnesses: list[Counter[frozenset[str]]] = [Counter() for _ in range(len(days) + 1)]  # by interval
    for on, groups, fresh, score, people in ratings:
        five = said.get(groups)
        if five is None:
            five = said[groups] = [0, 0, 0, 0, 0]
        five[score - 1] += people
        if fresh:
            witnesses[bisect_right(days, on)][groups] += people
    if witnesses[-1].total() < LEAST:
        return {}
    sums = {ALL: _counts(said.values())}
    for group in set().union(*said):
        sums[group] = _counts(five for groups, five in said.items() if group in groups)
    shown = _Choice(witnesses, moves, sums).made()
    return {group: sums[group] for group in (ALL, *shown, *_implied(sums, shown))}


def _counts(fives: Iterable[Sequence[int]]) -> Counts:
    a, b, c, d, e = map(sum, zip(*fives, strict=True))
    return Counts((a, b, c, d, e))


class _Choice:
    """Choosing the groups that move. A group is a bit, and so people's groups are a number."""

    def __init__(
        self,
        witnesses: Sequence[Mapping[frozenset[str], int]],
        moves: Sequence[Move],
        sums: Mapping[str, Counts],
    ) -> None:
        most_first = sorted((-counts.n, group) for group, counts in sums.items() if group != ALL)
        self.groups = [group for _n, group in most_first]
        self.bits = {group: 1 << at for at, group in enumerate(self.groups)}
        self.traits: dict[str, int] = defaultdict(int)
        for group, bit in self.bits.items():
            self.traits[trait(group)] |= bit
        #: How many intervals the tables of a group have in them; and, by interval, the groups whose tables have it.
        self.reach = {group: number for number, move in enumerate(moves, 1) for group in move.groups}
        self.older = [
            sum(bit for group, bit in self.bits.items() if interval < self.reach.get(group, 0))
            for interval in range(len(witnesses))
        ]
        #: Witnesses, by interval: their groups, and how many they are.
        self.people = [
            [(sum(self.bits[group] for group in groups), n) for groups, n in of_interval.items()]
            for of_interval in witnesses
        ]

    def made(self) -> set[str]:
        """A trait after the other, as groups are shown; the villages last, since they part people most."""
        chosen: set[str] = set()
        for name in TRAITS:
            groups = [group for group in self.groups if trait(group) == name and self._conceivable(group)]
            while groups:
                # Where one must stay behind, it is the one of whom there are fewest.
                alone = self._alone(name, chosen.union(groups))
                if alone:
                    groups.remove(alone[-1])
                elif any(self._alone(other, chosen.union(groups)) for other in set(map(trait, chosen))):
                    groups.pop()
                else:
                    break
            chosen.update(groups)
        return chosen

    def _conceivable(self, group: str) -> bool:
        """Whether a group has the witnesses it needs, if nothing else were published."""
        bit, found = self.bits[group], 0
        for people in self.people[self.reach.get(group, 0) :]:
            members = others = 0
            for said, n in people:
                if said & bit:
                    members += n
                else:
                    others += n
            found += min(members, others)
        return found >= LEAST

    def _alone(self, name: str, moved: set[str]) -> list[str]:
        """The groups of a trait that would move, and from which no chain of witnesses leads to the rest of people."""
        mine = [group for group in self.groups if group in moved and trait(group) == name]
        moves, own = sum(self.bits[group] for group in moved), self.traits[name]
        links: Counter[tuple[int, int]] = Counter()
        for interval in range(min(self.reach.get(group, 0) for group in mine), len(self.older)):
            older = self.older[interval]
            known, paired = moves | older, own & ~older  # whom older tables have in them pairs with nobody
            cells: dict[int, dict[int, int]] = defaultdict(dict)  # people who are alike in all else, by group
            for said, n in self.people[interval]:
                said &= known
                group = said & own
                if group == said & paired:
                    cell = cells[said & ~own]
                    cell[group] = cell.get(group, 0) + n
            for cell in cells.values():
                for one, other in combinations(sorted(cell), 2):
                    links[one, other] += min(cell[one], cell[other])
        linked, before = {REST}, set[int]()
        while linked != before:
            before = set(linked)
            for pair, n in links.items():
                if n >= LEAST and not linked.isdisjoint(pair):
                    linked.update(pair)
        return [group for group in mine if self.bits[group] not in linked]


def _implied(sums: Mapping[str, Counts], shown: set[str]) -> list[str]:
    """Groups that the tables of others give away: where everybody else is in a group that is shown, what is left of
    all is no secret."""
    found = []
    for name in {trait(group) for group in shown}:
        everyone = [group for group in sums if group != ALL and trait(group) == name]
        hidden = [group for group in everyone if group not in shown]
        if len(hidden) == 1 and sum(sums[group].n for group in everyone) == sums[ALL].n:
            found += hidden
    return found
