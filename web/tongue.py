"""What a page says, in the language of its reader: words, numbers, days and scores for templates and charts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flows import scoretext
from flows.counts import LEAST, Counts
from flows.library import Library, facility_name, full_name, place_name, place_with_unit, service_name
from flows.meetings import Meeting, clock, kind_name
from flows.officials import role_name, where
from flows.packtext import block_name, day, grouped
from flows.text import Catalogue, Day, Phrase, Text, _, decimal, joined, spoken
from flows.world import Grant
from reports.scorecard import Scorecard
from reports.summary import last_day


class Tongue:
    """One language. `library`: the places and facilities as they are now."""

    def __init__(self, catalogue: Catalogue, library: Callable[[], Library]) -> None:
        self.catalogue = catalogue
        self.language = catalogue.language
        self._library = library

    @property
    def library(self) -> Library:
        return self._library()

    def text(self, msgid: str, /, **values: Phrase | str | int) -> str:
        """A message of the catalogue, as templates write it: _("Round")."""
        return spoken(Text(msgid, tuple(values.items())), self.catalogue)

    def say(self, phrase: Phrase | str | int) -> str:
        return spoken(phrase, self.catalogue)

    # -- Numbers ---------------------------------------------------------------------------------------

    def number(self, value: int) -> str:
        """1,204."""
        return self.say(grouped(value))

    def mean(self, value: float) -> str:
        """With one decimal, 3.4."""
        return self.say(decimal(value))

    def score(self, value: float) -> str:
        """A median: 4, and 2.5 where it is one."""
        return self.say(scoretext.shown(value))

    def percent(self, share: float) -> str:
        """A share of 0 to 1 as 62%."""
        return f"{self.catalogue.number(scoretext.share(share))}%"

    def people(self, counts: Counts) -> str:
        """How many, or that they are too few."""
        return self.number(counts.n) if counts else self.say(_("fewer than {few}", few=LEAST))

    def moved(self, change: float | None) -> str:
        """In words how a mean moved since the last round; empty where there is nothing to compare."""
        said = scoretext.moved(change)
        return self.say(said) if said else ""

    def date(self, on: date | str) -> str:
        """20/11/2026."""
        return self.say(day(on if isinstance(on, str) else on.isoformat()))

    def until(self, card: Scorecard) -> str:
        """The last day whose ratings are in a scorecard."""
        return self.date(last_day(card))

    def month(self, month: str) -> str:
        """2026-11 as 11/2026."""
        year, _dash, number = month.partition("-")
        return self.say(joined(int(number), int(year), separator="/"))

    # -- Names -----------------------------------------------------------------------------------------

    def place(self, code: str) -> str:
        """With its unit word; the nation by what it is."""
        return (
            self.say(place_with_unit(self.library.place(code))) if code else self.say(_("the whole country"))
        )

    def name(self, code: str) -> str:
        """A place without it."""
        return self.say(place_name(self.library.place(code)))

    def full(self, code: str) -> str:
        """A place with all that it lies in."""
        return self.say(full_name(code, self.library)) if code else self.say(_("the whole country"))

    def facility(self, code: str) -> str:
        known = self.library.facility(code)
        return self.say(facility_name(known, self.library)) if known else code

    def service(self, code: str) -> str:
        return self.say(service_name(code))

    def round(self, code: str) -> str:
        return self.say(self.library.round_name(code))

    def criterion(self, code: str) -> str:
        return self.say(scoretext.label(code, self.library))

    def theme(self, code: str) -> str:
        return self.say(scoretext.theme_name(code))

    def group(self, code: str) -> str:
        return self.say(scoretext.group_name(code))

    def scale(self, score: float) -> str:
        """What reports call the step nearest to a score."""
        return self.say(scoretext.scale_name(scoretext.nearest(score)))

    def stands(self, where: str) -> str:
        return self.say(scoretext.stands_name(where))

    def block(self, code: str) -> str:
        return self.say(block_name(code))

    # -- Roles and meetings ----------------------------------------------------------------------------

    def role(self, code: str) -> str:
        return self.say(role_name(code))

    def where(self, grant: Grant) -> str:
        """The place or facility of a role."""
        return self.say(where(grant, self.library))

    def kind(self, code: str) -> str:
        """A kind of meeting."""
        return self.say(kind_name(code))

    def held(self, meeting: Meeting) -> str:
        """When and where a meeting is."""
        return self.say(joined(Day(meeting.on), clock(meeting.at), meeting.place, separator=", "))
