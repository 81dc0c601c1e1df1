"""Scorecards and tables of places, read from what is published: the one way to them for every reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from flows.counts import ALL, GROUPS
from flows.library import SERVICES, Facility, Library
from reports import scorecard
from reports.scorecard import Scorecard, Section, Spread, Standing
from storage import daily, scores
from storage.database import Connection

#: How many digits the code of a place's parts has: of the nation provinces, of a province districts, of a district
#: communes.
PARTS = {0: 2, 2: 4, 4: 6}


class NoSuchPlace(LookupError):
    """A code that names no place (of 0, 2, 4 or 6 digits) or facility."""


def rounds(connection: Connection, library: Library, place: str) -> list[str]:
    """The rounds of which something is published in a place, the newest first."""
    found = (
        scores.rounds_of(connection, _codes(_serving(library, place)))
        if len(place) == 6
        else scores.rounds_within(connection, place)
    )
    return newest_first(found, library)


def newest_first(found: set[str], library: Library) -> list[str]:
    """Rounds by the day they begin."""
    return sorted(found, key=lambda code: (library.round_begins(code), code), reverse=True)


def of_place(
    connection: Connection, library: Library, place: str, chosen: Sequence[str] = (), *, compared: bool = True
) -> Scorecard:
    """The scorecard of a commune, district, province or the nation (""). `chosen`: rounds, summed; without any the
    newest of which something is published, or else none. `compared`: with how the communes of the
    district and province lie, where it is a commune's."""
    known = _known(library, place)
    there = rounds(connection, library, known)
    now, before = _which(library, there, chosen)
    if len(known) == 6:
        serving = _serving(library, known)
        cells = scores.of_facilities(connection, _codes(serving), now, before)
        lines = scorecard.of_cells(cells, now, before)
        sample = scores.is_sample(connection, _codes(serving))
        communes, rated = 1, int(any(line.counts for line in lines.values()))
    else:
        summed = scores.summed(connection, known, 0, now, (ALL, *GROUPS))
        earlier = scores.summed(connection, known, 0, [before]) if before else []
        lines = scorecard.of_sums(summed, earlier)
        sample = scores.is_sample_within(connection, known)
        communes = _communes_within(library, known)
        rated = len(scores.communes_rated(connection, known, now))
    if compared and len(known) == 6:
        district, province = _lie(scores.means(connection, known[:2], now), known)
        lines = {
            code: replace(line, district=district.get(code), province=province.get(code))
            for code, line in lines.items()
        }
    made = scorecard.sections(lines, library)
    return Scorecard(
        known,
        None,
        tuple(now),
        before,
        made,
        scorecard.themes(made, library),
        communes,
        rated,
        daily.until(connection, daily.PUBLISHING),
        sample,
    )


def of_communes(
    connection: Connection, library: Library, communes: Iterable[str], chosen: Sequence[str] = ()
) -> Iterator[Scorecard]:
    """The scorecards of many communes, each as `of_place` makes it: how the communes of a district or province lie is
    looked up once."""
    means: dict[tuple[str, tuple[str, ...]], scores.Means] = {}
    for commune in communes:
        card = of_place(connection, library, commune, chosen, compared=False)
        key = commune[:2], card.rounds
        if key not in means:
            means[key] = scores.means(connection, *key) if card.rounds else {}
        district, province = _lie(means[key], commune)
        yield replace(
            card,
            sections=tuple(
                Section(
                    section.service,
                    tuple(
                        replace(line, district=district.get(line.code), province=province.get(line.code))
                        for line in section.lines
                    ),
                )
                for section in card.sections
            ),
        )


def of_facility(connection: Connection, library: Library, code: str, chosen: Sequence[str] = ()) -> Scorecard:
    """The scorecard of one facility; its place is the first commune that it serves."""
    facility = library.facility(code)
    if facility is None:
        raise NoSuchPlace(code)
    there = newest_first(scores.rounds_of(connection, [facility.code]), library)
    now, before = _which(library, there, chosen)
    cells = scores.of_facilities(connection, [facility.code], now, before)
    made: tuple[Section, ...] = scorecard.sections(
        scorecard.of_cells(cells, now, before), library, (facility.service,)
    )
    return Scorecard(
        facility.communes[0],
        facility.code,
        tuple(now),
        before,
        made,
        scorecard.themes(made, library),
        1,
        int(any(section.counts for section in made)),
        daily.until(connection, daily.PUBLISHING),
        scores.is_sample(connection, [facility.code]),
    )


def of_parts(connection: Connection, library: Library, place: str, chosen: Sequence[str] = ()) -> Standing:
    """The communes of a district, the districts of a province, the provinces of the nation, one beside the other."""
    known = _known(library, place)
    if len(known) not in PARTS:
        raise NoSuchPlace(place)
    now, before = _which(library, rounds(connection, library, known), chosen)
    digits = PARTS[len(known)]
    parts = [below.code for below in library.gazetteer.below(known) if len(below.code) == digits]
    return Standing(
        known,
        tuple(now),
        before,
        scorecard.rows(
            parts,
            scores.summed(connection, known, digits, now),
            scores.summed(connection, known, digits, [before]) if before else [],
            library,
        ),
        scores.is_sample_within(connection, known),
    )


def _which(library: Library, there: Sequence[str], chosen: Sequence[str]) -> tuple[list[str], str | None]:
    """The rounds that are shown, and the one before them that has anything."""
    now = list(chosen) or list(there[:1])
    if not now:
        return [], None
    first = min(library.round_begins(code) for code in now)
    return now, next((code for code in there if library.round_begins(code) < first), None)


def _communes_within(library: Library, place: str) -> int:
    """How many communes lie in a district, province or the nation."""
    below = library.gazetteer.below(place)
    return len(below) if len(place) == 4 else sum(_communes_within(library, part.code) for part in below)


def _known(library: Library, place: str) -> str:
    if place and (len(place) not in (2, 4, 6) or library.place(place) is None):
        raise NoSuchPlace(place)
    return place


def _serving(library: Library, commune: str) -> list[Facility]:
    """Every facility that serves a commune."""
    return [facility for service in SERVICES for facility in library.facilities(commune, service)]


def _codes(facilities: Sequence[Facility]) -> list[str]:
    return [facility.code for facility in facilities]


def _lie(means: scores.Means, commune: str) -> tuple[dict[str, Spread], dict[str, Spread]]:
    """How the communes of a commune's district and province lie, by criterion."""
    everywhere: dict[str, list[float]] = {}
    for of_district in means.values():
        for criterion, found in of_district.items():
            everywhere.setdefault(criterion, []).extend(found)
    return scorecard.lying(means.get(commune[:4], {})), scorecard.lying(everywhere)
