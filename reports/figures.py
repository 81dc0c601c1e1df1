"""A scorecard's figures as they are written and drawn: numbers in the digits of the language, shares for bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flows import scoretext
from flows.counts import Counts
from flows.library import Facility, Library, facility_name, full_name, place_with_unit, service_name
from flows.packtext import SAMPLE, grouped
from flows.text import Catalogue, Phrase, _, decimal, spoken
from reports.poster import dated
from reports.scorecard import Scorecard, Section
from reports.typesetting import line


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes for one language."""

    library: Library
    catalogue: Catalogue

    def say(self, phrase: Phrase | str | int) -> str:
        return line(spoken(phrase, self.catalogue))

    def number(self, amount: int) -> str:
        return self.say(grouped(amount))

    def share(self, part: float) -> str:
        return self.say(_("{share}%", share=scoretext.share(part)))

    def mark(self, counts: Counts) -> dict[str, Any]:
        """The score alone, for a table of many. `face` goes by the median, as the official score does."""
        if not counts:
            return {"known": False}
        median = counts.median
        return {"known": True, "face": scoretext.nearest(median), "score": self.say(scoretext.shown(median))}

    def figure(self, counts: Counts, change: float | None = None) -> dict[str, Any]:
        """What citizens said of one thing: numbers as they are written, and shares for its bar."""
        if not counts:
            return {"known": False, "change": self.change(None), "n": ""}
        return {
            **self.mark(counts),
            "mean": self.say(decimal(counts.mean)),
            "n": self.number(counts.n),
            "satisfied": self.share(counts.satisfied),
            "share": counts.satisfied,
            "change": self.change(change),
            "bar": [{"share": count / counts.n, "n": self.number(count)} for count in counts.five],
        }

    def whole(self, counts: Counts, change: float | None = None) -> dict[str, Any]:
        """The same of a service with all its criteria. It has no official score: its face goes by the mean. Its bar
        says shares, since one who rated gave as many scores as there are criteria."""
        made = self.figure(counts, change)
        if not counts:
            return made
        shares = [{"share": count / counts.n, "n": self.share(count / counts.n)} for count in counts.five]
        return {**made, "face": scoretext.nearest(counts.mean), "bar": shares}

    def change(self, change: float | None) -> dict[str, str]:
        """Which way a mean moved, and by how much; "" where there is nothing to compare."""
        if change is None:
            return {"way": "", "by": ""}
        if abs(change) < scoretext.MOVED:
            return {"way": "same", "by": ""}
        return {"way": "up" if change > 0 else "down", "by": self.say(decimal(abs(change)))}

    def people(self, raters: int) -> str:
        return self.say(_("{people} people", people=grouped(raters)))

    def facility(self, card: Scorecard) -> Facility | None:
        return self.library.facility(card.facility) if card.facility else None

    def name(self, card: Scorecard) -> str:
        """Whose scores these are, without what it lies in."""
        facility = self.facility(card)
        if facility:
            return self.say(facility_name(facility, self.library))
        if not card.place:
            return self.say(_("Kingdom of Cambodia"))
        return self.say(place_with_unit(self.library.place(card.place)))

    def lies_in(self, card: Scorecard) -> str:
        """What it lies in; "" for a province and the nation."""
        facility = self.facility(card)
        within = facility.communes[0] if facility else card.place[:-2]
        return self.say(full_name(within, self.library)) if within else ""

    def round(self, card: Scorecard) -> str:
        return self.say(scoretext.rounds_name(card.rounds, self.library))

    def until(self, card: Scorecard) -> str:
        """The last day whose ratings were looked at; "" where none was."""
        return line(dated(card.as_of - timedelta(days=1), self.catalogue)) if card.as_of else ""

    def sample(self, card: Scorecard) -> str:
        return self.say(SAMPLE) if card.sample else ""

    def criterion(self, code: str) -> str:
        return self.say(scoretext.label(code, self.library))

    def service(self, section: Section) -> dict[str, Any]:
        """A service as a whole."""
        return {
            "service": section.service,
            "name": self.say(service_name(section.service)),
            "people": self.people(section.raters) if section.raters else "",
            **self.whole(section.counts, section.change),
        }

    def scale(self) -> list[str]:
        """What reports call the five steps."""
        return [self.say(scoretext.scale_name(score)) for score in range(1, 6)]
