"""Wide places, remembered for a minute: what is published moves once a day, and to sum it up takes a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from flows.library import Library
from reports import reading
from reports.scorecard import Scorecard, Standing
from storage import daily, scores
from storage.database import Connection

T = TypeVar("T")

LASTS = timedelta(minutes=1)
MOST = 64  # places and rounds


@dataclass(frozen=True, slots=True)
class Wide:
    """A district, province or the nation. `counted`: of each of its parts, in how many communes something may be
    shown, and how many lie in it."""

    card: Scorecard
    standing: Standing
    counted: Mapping[str, tuple[int, int]]


class Memory:
    """One a process. Who may see a place is asked before, each time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._known: dict[tuple[object, ...], tuple[datetime, object]] = {}

    def rounds(self, connection: Connection, library: Library, place: str) -> list[str]:
        """The rounds of which something is published, the newest first."""
        return self._or(
            connection, library, ("rounds", place), lambda: reading.rounds(connection, library, place)
        )

    def wide(self, connection: Connection, library: Library, place: str, rounds: Sequence[str]) -> Wide:
        """A place of 0, 2 or 4 digits, with its parts."""
        return self._or(
            connection, library, ("wide", place, *rounds), lambda: _wide(connection, library, place, rounds)
        )

    def _or(
        self, connection: Connection, library: Library, what: tuple[str, ...], look: Callable[[], T]
    ) -> T:
        now = self._clock()
        until: date | None = daily.until(connection, daily.PUBLISHING)
        key = (*what, until, library.version)
        kept = self._known.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]  # type: ignore[return-value]  # what `look` found for this key
        found = look()
        self._known.pop(key, None)
        self._known[key] = (now + LASTS, found)
        if len(self._known) > MOST:
            self._known.pop(next(iter(self._known)), None)
        return found


def _wide(connection: Connection, library: Library, place: str, rounds: Sequence[str]) -> Wide:
    rated = scores.communes_rated(connection, place, rounds) if rounds else set()
    counted = {}
    for part in library.gazetteer.below(place):
        communes = list(_communes(library, part.code))
        counted[part.code] = (sum(code in rated for code in communes), len(communes))
    return Wide(
        reading.of_place(connection, library, place, rounds),
        reading.of_parts(connection, library, place, rounds),
        counted,
    )


def _communes(library: Library, code: str) -> Iterator[str]:
    """The communes in a place, or it if it is one."""
    if len(code) == 6:
        yield code
        return
    for part in library.gazetteer.below(code):
        yield from _communes(library, part.code)
