"""How many gave each score, and what follows from it: the figure that every scorecard is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Nothing that fewer people than this said is shown of them alone.
LEAST = 5
#: Everybody, among the groups.
ALL = "all"
#: The groups that a person may be in, in the order they are shown.
GROUPS = ("women", "men", "other", "youth", "disability", "minority", "poor")
#: What begins the code of a group that is a village's people: v:08030301.
VILLAGE = "v:"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many gave 1, 2, 3, 4, 5."""

    five: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    def __add__(self, other: Counts) -> Counts:
        a, b, c, d, e = self.five
        v, w, x, y, z = other.five
        return Counts((a + v, b + w, c + x, d + y, e + z))

    def __sub__(self, other: Counts) -> Counts:
        a, b, c, d, e = self.five
        v, w, x, y, z = other.five
        return Counts((a - v, b - w, c - x, d - y, e - z))

    def __bool__(self) -> bool:
        return any(self.five)

    @property
    def n(self) -> int:
        """How many gave a score."""
        return sum(self.five)

    @property
    def mean(self) -> float:
        """1 to 5; 0 where nobody gave any."""
        n = self.n
        return sum(score * count for score, count in enumerate(self.five, 1)) / n if n else 0.0

    @property
    def median(self) -> float:
        """The official score: 1 to 5; 0 where nobody gave any. With an even count whose middle scores differ it is
        their mean, as in 2.5 (the programme's rule)."""
        n = self.n
        return (self._score_at((n - 1) // 2) + self._score_at(n // 2)) / 2 if n else 0.0

    @property
    def satisfied(self) -> float:
        """The share that gave 4 or 5, from 0 to 1."""
        n = self.n
        return (self.five[3] + self.five[4]) / n if n else 0.0

    def _score_at(self, position: int) -> int:
        seen = 0
        for score, count in enumerate(self.five, 1):
            seen += count
            if position < seen:
                return score
        raise IndexError(position)


NOBODY = Counts()


def total(counted: Iterable[Counts]) -> Counts:
    """All of them together."""
    five = [0, 0, 0, 0, 0]
    for counts in counted:
        for position, count in enumerate(counts.five):
            five[position] += count
    a, b, c, d, e = five
    return Counts((a, b, c, d, e))
