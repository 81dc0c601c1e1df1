"""What every conversation may look up: places, facilities, criteria. In memory, and never changed: a new one replaces it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flows.finder import Finder
from flows.gazetteer import Gazetteer, Place
from flows.text import Phrase, Words, _, joined, words

#: The three services of the programme, by their permanent codes, in the order they are listed.
SERVICES = ("ca", "hc", "ps")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing of a service that is scored. `theme` makes it comparable across communes."""

    code: str
    service: str
    theme: str
    question: Words
    label: Words


@dataclass(frozen=True, slots=True)
class Facility:
    """A commune office, health centre or primary school.

    `communes` are the codes it serves (a health centre serves several).
    `provisional` ones stand for "the commune's own" until a registry is imported.
    """

    code: str
    service: str
    km: str
    latin: str
    communes: tuple[str, ...]
    provisional: bool = False
    retired: bool = False


class Library:
    """A snapshot of the reference data, with the version it was read at."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        facilities: Iterable[Facility],
        criteria: Iterable[Criterion],
        rounds: Iterable[tuple[str, str, str]] = (),
        version: int = 0,
        finder: Finder | None = None,
        round_names: Mapping[str, Words] | None = None,
    ) -> None:
        self.version = version
        self._round_names = dict(round_names or {})
        self.gazetteer = gazetteer
        self.finder = finder or Finder(gazetteer)
        self._rounds = tuple(rounds)
        self._facilities = {facility.code: facility for facility in facilities}
        self._serving: dict[tuple[str, str], list[Facility]] = {}
        for facility in self._facilities.values():
            if not facility.retired:
                for commune in facility.communes:
                    self._serving.setdefault((commune, facility.service), []).append(facility)
        self._criteria: dict[str, tuple[Criterion, ...]] = {}
        for criterion in criteria:
            listed = self._criteria.get(criterion.service, ())
            self._criteria[criterion.service] = (*listed, criterion)

    def criteria(self, service: str) -> tuple[Criterion, ...]:
        """What citizens score at a service, in the order it is asked."""
        return self._criteria.get(service, ())

    def facility(self, code: str) -> Facility | None:
        """The facility, also a retired one; codes are matched in lower case."""
        return self._facilities.get(code.lower())

    def every_facility(self) -> tuple[Facility, ...]:
        """All of them, in the order of their codes: also the provisional and the retired ones."""
        return tuple(self._facilities[code] for code in sorted(self._facilities))

    def facilities(self, commune: str, service: str) -> tuple[Facility, ...]:
        """Those that serve the commune: registered ones, or else the provisional one."""
        serving = self._serving.get((commune, service), [])
        registered = [facility for facility in serving if not facility.provisional]
        return tuple(registered or serving)

    def round_on(self, day: str) -> str:
        """The round a day (2026-11-22) belongs to: one of the programme's calendar, else the quarter of the year."""
        for code, first, last in self._rounds:
            if first <= day <= last:
                return code
        return f"{day[:4]}-Q{(int(day[5:7]) + 2) // 3}"

    def round_begins(self, code: str) -> str:
        """The first day of a round, as in 2026-10-01; of one that is in no calendar any more, its code."""
        for known, first, _last in self._rounds:
            if known == code:
                return first
        year, _dash, quarter = code.partition("-Q")
        return f"{year}-{3 * int(quarter) - 2:02}-01" if quarter in {"1", "2", "3", "4"} else code

    def round_ends(self, code: str) -> str:
        """The last day of a round, as in 2026-12-31; of one that is in no calendar any more, its code."""
        for known, _first, last in self._rounds:
            if known == code:
                return last
        year, _dash, quarter = code.partition("-Q")
        ends = {"1": "03-31", "2": "06-30", "3": "09-30", "4": "12-31"}
        return f"{year}-{ends[quarter]}" if quarter in ends else code

    def round_name(self, code: str) -> Phrase:
        """What a round is called: as the programme's calendar says, else by its quarter, else its code."""
        named = self._round_names.get(code)
        if named:
            return named
        year, _dash, quarter = code.partition("-Q")
        if year.isdigit() and quarter in {"1", "2", "3", "4"}:
            return _("quarter {quarter} of {year}", quarter=int(quarter), year=int(year))
        return words({"km": code})

    def place(self, code: str | None) -> Place | None:
        return self.gazetteer.place(code) if code else None

    def district_of(self, code: str) -> Place | None:
        return self.gazetteer.place(code[:4])


def service_name(service: str) -> Phrase:
    """What a service is called."""
    match service:
        case "ca":
            return _("Commune office")
        case "hc":
            return _("Health centre")
        case "ps":
            return _("Primary school")
    raise ValueError(f"there is no service {service!r}; there are {', '.join(SERVICES)}")


def service_in_short(service: str) -> Phrase:
    """What a service is called where every letter is paid for."""
    match service:
        case "ca":
            # Translators: the commune office, in as few letters as people say it
            return _("office")
        case "hc":
            # Translators: the health centre, in as few letters as people say it
            return _("health")
        case _:
            # Translators: the primary school, in as few letters as people say it
            return _("school")


def facility_in_short(facility: Facility, library: Library) -> Phrase:
    """A facility as one says it back by SMS: by its own name, or its service and commune."""
    if facility.km and not facility.provisional:
        return words({"km": facility.km, "en": facility.latin})
    return joined(service_in_short(facility.service), place_name(library.place(facility.communes[0])))


def facility_name(facility: Facility, library: Library) -> Phrase:
    """A registered facility by its own name, a provisional one by its service and commune."""
    if facility.km and not facility.provisional:
        return words({"km": facility.km, "en": facility.latin})
    return joined(service_name(facility.service), place_name(library.place(facility.communes[0])))


def place_name(place: Place | None) -> Phrase:
    """The bare name: ព្រែកអំពិល."""
    return words({"km": place.km, "en": place.latin}) if place else words({"km": "?"})


def unit(place: Place) -> Phrase:
    """The word before the name: a commune is a sangkat in town, a district a khan in the capital."""
    match place.kind:
        case "province":
            return _("province")
        case "capital":
            return _("capital")
        case "district":
            return _("district")
        case "town":
            return _("town")
        case "khan":
            return _("khan")
        case "commune":
            return _("commune")
        case "sangkat":
            return _("sangkat")
        case _:
            return _("village")


def place_with_unit(place: Place | None) -> Phrase:
    """ឃុំព្រែកអំពិល in Khmer, Preaek Ampil commune in English: the order is the translator's."""
    return _("{name} {unit}", unit=unit(place), name=place_name(place)) if place else words({"km": "?"})


def full_name(code: str, library: Library) -> Phrase:
    """A place as "commune, district, province": 47 % of villages and 119 commune names are shared."""
    lineage = library.gazetteer.lineage(code)
    return joined(*(place_with_unit(place) for place in lineage), separator=", ")


def brief_name(code: str, library: Library) -> Phrase:
    """Commune and district, without unit words: unique in the country, and short enough for SMS."""
    lineage = library.gazetteer.lineage(code)
    return joined(*(place_name(place) for place in lineage[:2]), separator=", ")
