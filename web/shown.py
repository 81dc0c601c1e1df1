"""What pages show of a scorecard or a table of places, beyond what these say themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flows.counts import NOBODY, Counts, total
from flows.library import SERVICES
from reports.scorecard import Row, Scorecard, Section

#: By what a table of places may be sorted, beside its services.
COLUMNS = ("name", *SERVICES, "all", "satisfied", "people", "change")


#: What a name is sorted by: flows.khmer.collation.
Name = tuple[tuple[int, ...], str]


@dataclass(frozen=True, slots=True)
class Part:
    """What some people gave a service: all their scores together, and how many they are."""

    counts: Counts
    people: int


def by_group(card: Scorecard) -> list[tuple[str, Mapping[str, Part]]]:
    """Each group that may be shown, with its part of each service."""
    return [
        (group, {section.service: _part(line.groups.get(group, NOBODY) for line in section.lines)
                 for section in card.sections})
        for group in card.groups
    ]  # fmt: skip


def by_village(card: Scorecard) -> list[tuple[str, Mapping[str, Part]]]:
    """The same of each village, by its code."""
    return [
        (village, {section.service: _part(line.villages.get(village, NOBODY) for line in section.lines)
                   for section in card.sections})
        for village in card.villages
    ]  # fmt: skip


def _part(counted: Iterable[Counts]) -> Part:
    found = list(counted)
    return Part(total(found), max((counts.n for counts in found), default=0))


def compared(card: Scorecard) -> list[Section]:
    """The services of which something stands beside a district or province."""
    return [
        section
        for section in card.sections
        if any(line.counts and (line.district or line.province) for line in section.lines)
    ]


def ordered(rows: Iterable[Row], by: str, names: Mapping[str, Name], *, down: bool) -> list[Row]:
    """Rows by one of COLUMNS, `names` being what they are sorted by for their name; those without anything to order by come last either way."""
    keyed = [(_key(row, by, names), row) for row in rows]
    known = [(key, row) for key, row in keyed if key is not None]
    known.sort(key=lambda found: (found[0], found[1].place), reverse=down)
    return [row for _key, row in known] + [row for key, row in keyed if key is None]


def _key(row: Row, by: str, names: Mapping[str, Name]) -> Name | float | None:
    match by:
        case "name":
            return names[row.place]
        case "all":
            return row.counts.mean if row.counts else None
        case "satisfied":
            return row.counts.satisfied if row.counts else None
        case "people":
            return row.raters or None
        case "change":
            return row.change
        case service:
            counts = row.services.get(service, NOBODY)
            return counts.mean if counts else None
