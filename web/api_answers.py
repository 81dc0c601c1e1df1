"""Scorecards, places and counters as the API says them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flows.counts import ALL, VILLAGE, Counts
from flows.gazetteer import Place
from flows.library import SERVICES, Facility, Library, facility_name
from flows.scoretext import theme_name
from flows.text import Catalogue, Phrase, spoken
from reports import scorecard
from reports.scorecard import Scorecard
from storage.scores import Cell, Sum
from web import api_models as said

NATION = said.PlaceBrief(code="0", kind="nation", name=None)
_DIGITS = 4  # after the point


class Words:
    """Names in both languages."""

    def __init__(self, catalogues: Mapping[str, Catalogue], library: Library) -> None:
        self._km, self._en = catalogues["km"], catalogues["en"]
        self._library = library

    def of(self, phrase: Phrase | str) -> said.Names:
        return said.Names(km=spoken(phrase, self._km), en=spoken(phrase, self._en))

    def place(self, code: str) -> said.PlaceBrief:
        found = self._library.place(code)
        return brief(found) if found else NATION

    def facility(self, facility: Facility) -> said.Facility:
        service: Any = facility.service
        return said.Facility(
            code=facility.code,
            service=service,
            name=self.of(facility_name(facility, self._library)),
            communes=list(facility.communes),
            provisional=facility.provisional,
            retired=facility.retired,
        )

    def card(self, card: Scorecard) -> said.Card:
        """A scorecard. Where too few rated there is null, and never a number."""
        facility = self._library.facility(card.facility) if card.facility else None
        return said.Card(
            place=self.place(card.place),
            facility=self.facility(facility) if facility else None,
            rounds=list(card.rounds),
            before=card.before,
            as_of=card.as_of,
            sample=card.sample,
            communes=card.communes,
            communes_rated=card.rated,
            services=[self._section(section) for section in card.sections],
            themes=[said.Line(**self._line(line, theme_name(line.code))) for line in card.themes],
        )

    def _section(self, section: scorecard.Section) -> said.ServiceCard:
        known = {criterion.code: criterion for criterion in self._library.criteria(section.service)}
        service: Any = section.service
        return said.ServiceCard(
            service=service,
            raters=section.raters,
            scores=scores(section.counts),
            change=rounded(section.change),
            criteria=[
                said.CriterionLine(
                    **self._line(line, known[line.code].label),
                    theme=known[line.code].theme,
                    villages=_each(line.villages),
                    district=_spread(line.district),
                    province=_spread(line.province),
                )
                for line in section.lines
            ],
        )

    def _line(self, line: scorecard.Line, label: Phrase | str) -> dict[str, Any]:
        return {
            "code": line.code,
            "label": self.of(label),
            "scores": scores(line.counts),
            "before": scores(line.before),
            "change": rounded(line.change),
            "groups": _each(line.groups),
        }

    def completeness(
        self, place: str, rounds: Iterable[str], summed: Iterable[Sum], until: date | None, sample: bool
    ) -> said.Completeness:
        """Every commune of a place, with how many rated each service; 0 where too few to be shown."""
        service_of = {
            criterion.code: criterion.service
            for service in SERVICES
            for criterion in self._library.criteria(service)
        }
        most: dict[tuple[str, str], int] = {}
        for found in summed:
            if found.group == ALL and found.criterion in service_of:
                key = found.place, service_of[found.criterion]
                most[key] = max(most.get(key, 0), found.counts.n)
        items = []
        for commune in within(self._library, place, 6):
            raters: dict[Any, int] = {service: most.get((commune.code, service), 0) for service in SERVICES}
            items.append(said.Rated(commune=brief(commune), rated=any(raters.values()), raters=raters))
        return said.Completeness(
            place=self.place(place),
            rounds=list(rounds),
            as_of=until,
            sample=sample,
            communes=len(items),
            communes_rated=sum(item.rated for item in items),
            items=items,
        )


def brief(place: Place) -> said.PlaceBrief:
    return said.PlaceBrief(
        code=place.code, kind=place.kind, name=said.Names(km=place.km, en=place.latin or None)
    )


def within(library: Library, place: str, digits: int) -> list[Place]:
    """The places of a level that lie in a place, and that place itself where it is of this level; by code."""
    return [one for one in library.gazetteer.places if len(one.code) == digits and one.code.startswith(place)]


def scores(counts: Counts) -> said.Scores | None:
    return said.Scores(**figures(counts)) if counts else None


def figures(counts: Counts) -> dict[str, Any]:
    return {
        "n": counts.n,
        "counts": list(counts.five),
        "median": counts.median,
        "mean": round(counts.mean, _DIGITS),
        "satisfied": round(counts.satisfied, _DIGITS),
    }


def rounded(change: float | None) -> float | None:
    return None if change is None else round(change, _DIGITS)


def row(cell: Cell, sample: bool) -> said.ScoreRow:
    village = cell.group.removeprefix(VILLAGE) if cell.group.startswith(VILLAGE) else None
    group: Any = "village" if village else cell.group
    return said.ScoreRow(
        **figures(cell.counts),
        facility=cell.facility,
        round=cell.round,
        criterion=cell.criterion,
        group=group,
        village=village,
        as_of=cell.as_of,
        sample=sample,
    )


def _each(counted: Mapping[str, Counts]) -> dict[str, said.Scores]:
    return {name: said.Scores(**figures(counts)) for name, counts in counted.items() if counts}


def _spread(spread: scorecard.Spread | None) -> said.Spread | None:
    if spread is None:
        return None
    low, middle, high = (round(mean, _DIGITS) for mean in (spread.low, spread.middle, spread.high))
    return said.Spread(communes=spread.places, low=low, middle=middle, high=high)
