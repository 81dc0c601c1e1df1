"""One scorecard for every reader: what citizens gave a facility, a commune, a district, a province or the nation.

Pure: made from published counters, it says what they mean. What may be shown at all was decided before
(storage.disclosure); a sum of what may be shown may be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from flows.counts import ALL, GROUPS, NOBODY, VILLAGE, Counts, total
from flows.library import SERVICES, Library
from storage.scores import Cell, Sum

Stands = Literal["below", "within", "above"]

#: Fewer places than this make no distribution to be compared with.
LEAST_PLACES = 4


@dataclass(frozen=True, slots=True)
class Spread:
    """How the communes of a district or province lie: the quartiles of their mean scores. Nobody is ranked."""

    places: int
    low: float
    middle: float
    high: float

    def stands(self, mean: float) -> Stands:
        """Whether a mean lies below the middle half of the communes, within it, or above it."""
        return "below" if mean < self.low else "above" if mean > self.high else "within"


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of one criterion, or of one theme. Counts of nobody (falsy): too few to be shown."""

    code: str
    counts: Counts = NOBODY
    before: Counts = NOBODY  # in the last round that has any
    groups: Mapping[str, Counts] = field(default_factory=dict)  # only those that may be shown
    villages: Mapping[str, Counts] = field(default_factory=dict)  # by the village's code
    district: Spread | None = None
    province: Spread | None = None

    @property
    def change(self) -> float | None:
        """By how much the mean moved since the last round; None where there is nothing to compare."""
        return self.counts.mean - self.before.mean if self.counts and self.before else None


@dataclass(frozen=True, slots=True)
class Section:
    """One service. `lines` are its criteria, in their order."""

    service: str
    lines: tuple[Line, ...]

    @property
    def counts(self) -> Counts:
        """All scores of the service together."""
        return total(line.counts for line in self.lines)

    @property
    def before(self) -> Counts:
        return total(line.before for line in self.lines)

    @property
    def raters(self) -> int:
        """How many people rated, as far as it may be told: as many as scored the criterion that most scored."""
        return max((line.counts.n for line in self.lines), default=0)

    def raters_of(self, group: str) -> int:
        """The same of a group; 0 where it may not be told."""
        return max((line.groups[group].n for line in self.lines if group in line.groups), default=0)

    @property
    def change(self) -> float | None:
        """By how much the mean moved, over the criteria that both rounds have."""
        both = [line for line in self.lines if line.counts and line.before]
        if not both:
            return None
        return total(line.counts for line in both).mean - total(line.before for line in both).mean

    def lowest(self, most: int = 2) -> list[Line]:
        """The criteria that citizens are least content with, the worst first."""
        scored = [line for line in self.lines if line.counts]
        return sorted(scored, key=lambda line: (line.counts.mean, line.code))[:most]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """`place` is a code of 0 (the nation), 2, 4 or 6 digits; `facility` where it is of one alone. `rounds` are
    summed; `before` is the round it is compared with. `as_of`: all ratings before this local day were looked at.
    `communes`: how many lie in the place, `rated` of how many something may be shown. `sample`: made-up ratings."""

    place: str
    facility: str | None
    rounds: tuple[str, ...]
    before: str | None
    sections: tuple[Section, ...]
    themes: tuple[Line, ...] = ()
    communes: int = 1
    rated: int = 0
    as_of: date | None = None
    sample: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return any(section.counts for section in self.sections)

    def section(self, service: str) -> Section | None:
        return next((section for section in self.sections if section.service == service), None)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of which anything may be shown, in their order."""
        there = {group for section in self.sections for line in section.lines for group in line.groups}
        return tuple(group for group in GROUPS if group in there)

    @property
    def villages(self) -> tuple[str, ...]:
        """The villages of which anything may be shown, by code."""
        return tuple(
            sorted({code for section in self.sections for line in section.lines for code in line.villages})
        )

    def lowest(self, most: int = 2) -> list[tuple[str, Line]]:
        """The criteria that citizens are least content with, over all services, with the service of each."""
        scored = [
            (section.service, line) for section in self.sections for line in section.lines if line.counts
        ]
        return sorted(scored, key=lambda found: (found[1].counts.mean, found[1].code))[:most]


@dataclass(frozen=True, slots=True)
class Row:
    """One place of a table: its scores by service, and those of the round before."""

    place: str
    services: Mapping[str, Counts]
    before: Mapping[str, Counts] = field(default_factory=dict)
    raters: int = (
        0  # the largest number of people who scored one criterion of a service, summed over services
    )

    @property
    def counts(self) -> Counts:
        return total(self.services.values())

    @property
    def change(self) -> float | None:
        """By how much the mean moved, over the services that both rounds have."""
        both = [s for s in self.services if self.services[s] and self.before.get(s)]
        if not both:
            return None
        return total(self.services[s] for s in both).mean - total(self.before[s] for s in both).mean


@dataclass(frozen=True, slots=True)
class Standing:
    """The places of a district (communes), province (districts) or the nation (provinces), one beside the other; also
    those without ratings, in the order of their codes."""

    place: str
    rounds: tuple[str, ...]
    before: str | None
    rows: tuple[Row, ...]
    sample: bool = False


# -- Making them ------------------------------------------------------------------------------------------


def of_cells(cells: Iterable[Cell], rounds: Sequence[str], before: str | None) -> dict[str, Line]:
    """Criterion to its line, from the counters of the facilities it is about."""
    now: dict[str, dict[str, Counts]] = {}
    then: dict[str, Counts] = {}
    for cell in cells:
        if cell.round in rounds:
            groups = now.setdefault(cell.criterion, {})
            groups[cell.group] = groups.get(cell.group, NOBODY) + cell.counts
        elif cell.round == before and cell.group == ALL:
            then[cell.criterion] = then.get(cell.criterion, NOBODY) + cell.counts
    return {code: _line(code, now.get(code, {}), then.get(code, NOBODY)) for code in now.keys() | then.keys()}


def of_sums(now: Iterable[Sum], before: Iterable[Sum]) -> dict[str, Line]:
    """Criterion to its line, from the sums of one place."""
    groups: dict[str, dict[str, Counts]] = {}
    for found in now:
        groups.setdefault(found.criterion, {})[found.group] = found.counts
    then = {found.criterion: found.counts for found in before if found.group == ALL}
    return {
        code: _line(code, groups.get(code, {}), then.get(code, NOBODY))
        for code in groups.keys() | then.keys()
    }


def _line(code: str, groups: Mapping[str, Counts], before: Counts) -> Line:
    return Line(
        code,
        groups.get(ALL, NOBODY),
        before,
        {group: groups[group] for group in GROUPS if group in groups},
        {group.removeprefix(VILLAGE): groups[group] for group in sorted(groups) if group.startswith(VILLAGE)},
    )


def spreads(sums: Iterable[Sum]) -> dict[str, Spread]:
    """Criterion to how the places' means lie; without those that too few places have."""
    means: dict[str, list[float]] = {}
    for found in sums:
        if found.group == ALL and found.counts:
            means.setdefault(found.criterion, []).append(found.counts.mean)
    return lying(means)


def lying(means: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    """Criterion to how the mean scores of places lie; without those that too few places have."""
    from statistics import quantiles  # 20 ms that no message waits for

    made = {}
    for criterion, of_places in means.items():
        if len(of_places) >= LEAST_PLACES:
            low, middle, high = quantiles(of_places, n=4, method="inclusive")
            made[criterion] = Spread(len(of_places), low, middle, high)
    return made


def sections(
    lines: Mapping[str, Line], library: Library, services: Iterable[str] = SERVICES
) -> tuple[Section, ...]:
    """The services with their criteria in order, also those that nobody has scored; a criterion that is no longer
    asked is left out."""
    return tuple(
        Section(
            service,
            tuple(
                lines.get(criterion.code) or Line(criterion.code) for criterion in library.criteria(service)
            ),
        )
        for service in services
    )


def themes(made: Iterable[Section], library: Library) -> tuple[Line, ...]:
    """The themes that criteria of all services belong to, in the order in which criteria are asked."""
    of = {criterion.code: criterion.theme for service in SERVICES for criterion in library.criteria(service)}
    gathered: dict[str, list[Line]] = {theme: [] for theme in of.values()}
    for section in made:
        for line in section.lines:
            if line.code in of:
                gathered[of[line.code]].append(line)
    return tuple(
        Line(
            theme,
            total(line.counts for line in lines),
            total(line.before for line in lines),
            {
                group: total(line.groups[group] for line in lines if group in line.groups)
                for group in GROUPS
                if any(group in line.groups for line in lines)
            },
        )
        for theme, lines in gathered.items()
    )


def rows(
    places: Iterable[str], now: Iterable[Sum], before: Iterable[Sum], library: Library
) -> tuple[Row, ...]:
    """One row a place, from sums by place and criterion."""
    service_of = {
        criterion.code: criterion.service for service in SERVICES for criterion in library.criteria(service)
    }
    scored: dict[str, dict[str, list[Counts]]] = {}
    then: dict[str, dict[str, list[Counts]]] = {}
    for sums, into in ((now, scored), (before, then)):
        for found in sums:
            if found.group == ALL and found.criterion in service_of:
                of = into.setdefault(found.place, {})
                of.setdefault(service_of[found.criterion], []).append(found.counts)
    return tuple(
        Row(
            place,
            {service: total(scored.get(place, {}).get(service, ())) for service in SERVICES},
            {service: total(then.get(place, {}).get(service, ())) for service in SERVICES},
            sum(max((counts.n for counts in found), default=0) for found in scored.get(place, {}).values()),
        )
        for place in places
    )
