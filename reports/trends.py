"""How the services of a place went from round to round: what a line is drawn through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flows.counts import NOBODY, Counts, total
from flows.library import Facility
from storage import scores
from storage.database import Connection

#: More rounds than these nobody compares at a glance: two years of quarters.
MOST = 8

#: A service's rounds in the order they were held, each with all its scores together; of nobody where there are none.
Trend = tuple[tuple[str, Counts], ...]


def of_facilities(
    connection: Connection, facilities: Iterable[Facility], newest_first: Sequence[str]
) -> Mapping[str, Trend]:
    """Service to how its facilities went in the last rounds."""
    known = list(facilities)
    rounds = list(reversed(newest_first[:MOST]))
    found = scores.by_round(connection, [facility.code for facility in known], rounds)
    trends: dict[str, Trend] = {}
    for service in dict.fromkeys(facility.service for facility in known):
        codes = [facility.code for facility in known if facility.service == service]
        trends[service] = tuple(
            (code, total(found.get((facility, code), NOBODY) for facility in codes)) for code in rounds
        )
    return trends
