"""The rows that a process has in its hands: taken from the outbox, and not marked yet with what became of them."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from flows.medium import Part
from storage.outbox import Outgoing


@dataclass(slots=True)
class Job:
    """The next part to send of a row. `until`: when the row is no longer ours, by the sender's watch."""

    row: Outgoing
    parts: Sequence[Part]
    weights: Sequence[int]
    index: int
    until: float


class Hand:
    """Jobs in the order in which they are due; some rest, since their chat was written to within the second."""

    def __init__(self) -> None:
        self.held: set[int] = set()  # rows, from the taking to the mark
        self._due: deque[Job] = deque()
        self._resting: list[tuple[float, int, Job]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        """How many are due."""
        return len(self._due)

    @property
    def empty(self) -> bool:
        return not self._due and not self._resting

    def waiting(self) -> list[Job]:
        """What is not under way."""
        return [*self._due, *(job for _at, _n, job in self._resting)]

    def take(self, job: Job) -> None:
        self.held.add(job.row.id)
        self._due.append(job)

    def next(self, now: float) -> Job | None:
        """The next one to send; it is waiting no longer."""
        if self._resting and self._resting[0][0] <= now:
            return heapq.heappop(self._resting)[2]
        return self._due.popleft() if self._due else None

    def back(self, job: Job) -> None:
        """It could not be sent yet, and is the next one again."""
        self._due.appendleft(job)

    def rest(self, until: float, job: Job) -> None:
        """It is not due before then."""
        heapq.heappush(self._resting, (until, next(self._order), job))

    def drop(self, numbers: frozenset[int]) -> None:
        """These rows have come to their end meanwhile."""
        self._due = deque(job for job in self._due if job.row.id not in numbers)
        self._resting = [entry for entry in self._resting if entry[2].row.id not in numbers]
        heapq.heapify(self._resting)
        self.held -= numbers - {job.row.id for job in self.waiting()}

    def clear(self) -> None:
        """The rows are no longer ours."""
        if not self.empty:
            self.held -= {job.row.id for job in self.waiting()}
            self._due.clear()
            self._resting.clear()
