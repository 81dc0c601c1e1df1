"""Scores in words: what citizens gave a place or a facility, for a screen, and shorter for a text message.

Pure: it says what it is told (`Told`), which `reports.summary.told` makes from a scorecard. A service is said by its
mean, which moves with the opinion of many; a criterion by its median, the official score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.counts import NOBODY, Counts
from flows.library import (
    SERVICES,
    Library,
    brief_name,
    facility_in_short,
    facility_name,
    full_name,
    place_name,
    service_in_short,
    service_name,
)
from flows.packtext import SAMPLE, grouped
from flows.packtext import day as written
from flows.rate import FACES
from flows.text import Phrase, _, decimal, joined

#: A mean that moved by less has not moved, to whoever reads one decimal.
MOVED = 0.05
#: Criteria of a service in one text message, from the lowest on; more are read elsewhere.
MOST_IN_SHORT = 6
LOWEST = 2
#: Letters of a place's name beside a service's criteria in a text message: 19 of 20 are no longer.
LONGEST_NAME = 12


@dataclass(frozen=True, slots=True)
class Score:
    """How a criterion stands. `counts` of nobody (falsy): too few to be shown. `change`: of its mean since the last
    round, None where there is nothing to compare."""

    code: str
    counts: Counts = NOBODY
    change: float | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """How a service stands, and its criteria in their order. `raters`: how many people rated, as far as it may be
    told."""

    code: str
    counts: Counts
    change: float | None
    raters: int
    criteria: tuple[Score, ...]

    def lowest_first(self) -> list[Score]:
        """The criteria that may be shown, from the one that citizens are least content with."""
        scored = [score for score in self.criteria if score.counts]
        return sorted(scored, key=lambda score: (score.counts.mean, score.code))


@dataclass(frozen=True, slots=True)
class Told:
    """A scorecard in plain values. `place`: a code of 0, 2, 4 or 6 digits; `facility` where it is of one alone.
    `until`: the last day whose ratings are in it, 2026-11-19, or "". `rated` of `communes` have something to show."""

    place: str
    facility: str | None
    rounds: tuple[str, ...]
    before: str | None
    services: tuple[Service, ...]
    until: str = ""
    communes: int = 1
    rated: int = 0
    sample: bool = False

    def __bool__(self) -> bool:
        return any(service.counts for service in self.services)

    def service(self, code: str) -> Service | None:
        return next((service for service in self.services if service.code == code), None)


# -- Words that every view shares -------------------------------------------------------------------------


def face(score: float) -> str:
    """The face nearest to a score of 1 to 5."""
    return FACES[nearest(score)]


def nearest(score: float) -> int:
    """The step of the scale nearest to a score; of two, the higher."""
    return min(5, max(1, int(score + 0.5)))


def scale_name(score: int) -> Phrase:
    """What reports call a score of 1 to 5."""
    match score:
        case 1:
            return _("Very weak")
        case 2:
            return _("Weak")
        case 3:
            return _("Acceptable")
        case 4:
            return _("Good")
        case _:
            return _("Very good")


def group_name(group: str) -> Phrase:
    """What the people of a group are called."""
    match group:
        case "women":
            return _("Women")
        case "men":
            return _("Men")
        case "other":
            return _("Other gender")
        case "youth":
            return _("Youth")
        case "disability":
            return _("People with a disability")
        case "minority":
            return _("Ethnic minority")
        case _:
            return _("ID-Poor card holders")


def theme_name(theme: str) -> Phrase | str:
    """What a theme is called; one that is not of the eight by its code."""
    match theme:
        case "infrastructure":
            return _("Infrastructure")
        case "hygiene_environment":
            return _("Hygiene and environment")
        case "materials_medicine":
            return _("Materials and medicine")
        case "attitude_ethics":
            return _("Attitude and ethics")
        case "performance_service_standard":
            return _("Work and service standards")
        case "stakeholder_participation":
            return _("Participation")
        case "management_leadership":
            return _("Management and leadership")
        case "provider_user_relationship_information":
            return _("Provider and citizens: relationship, information")
        case _:
            return theme


def stands_name(stands: str) -> Phrase:
    """Where a mean lies beside those of a district's or province's communes. Nobody is ranked."""
    match stands:
        case "below":
            return _("has room to grow")
        case "above":
            return _("ahead of most")
        case _:
            return _("like most")


def shown(score: float) -> Phrase:
    """A score: whole ones without a decimal, as in 4 and 2.5."""
    return decimal(score) if round(score * 10) % 10 else joined(round(score))


def share(part: float) -> int:
    """A share as whole per cent."""
    return round(part * 100)


def moved(change: float | None) -> Phrase | None:
    """How a mean moved since the last round; None where there is nothing to compare."""
    if change is None:
        return None
    if abs(change) < MOVED:
        return _("as before")
    by = decimal(abs(change))
    return _("up by {change}", change=by) if change > 0 else _("down by {change}", change=by)


def signed(change: float | None) -> Phrase | None:
    """The same as a number with its sign: +0.2."""
    if change is None:
        return None
    if abs(change) < MOVED:
        return joined("=")
    return joined("+" if change > 0 else "-", decimal(abs(change)), separator="")


def rounds_name(rounds: Sequence[str], library: Library) -> Phrase:
    """The rounds that are shown together."""
    return joined(*(library.round_name(code) for code in rounds), separator=", ")


def subject(told: Told, library: Library) -> Phrase:
    """Whose scores these are, in full."""
    facility = library.facility(told.facility) if told.facility else None
    if facility:
        return joined(
            facility_name(facility, library), full_name(facility.communes[0], library), separator=", "
        )
    return full_name(told.place, library) if told.place else _("the whole country")


def subject_in_short(told: Told, library: Library) -> Phrase:
    """The same where each letter is paid for."""
    facility = library.facility(told.facility) if told.facility else None
    if facility:
        return facility_in_short(facility, library)
    if not told.place:
        return _("the whole country")
    if len(told.place) < 6:
        return place_name(library.place(told.place))
    return brief_name(told.place, library)


# -- To be read on a screen -------------------------------------------------------------------------------


def at_length(told: Told, library: Library) -> Phrase:
    """What there is to know: each service with its face; of a facility its criteria as well; the lowest criteria."""
    lines: list[Phrase | str] = [_head(told, library), ""]
    if not told:
        return joined(*lines[:1], nothing(), separator="\n\n")
    services = [service for service in told.services if service.counts or not told.facility]
    lines += [_service_line(service) for service in services]
    if told.facility:
        lines += [_criterion_line(score, library) for service in services for score in service.criteria]
    if not told.facility:
        lowest = sorted(
            ((service, score) for service in services for score in service.criteria if score.counts),
            key=lambda found: (found[1].counts.mean, found[1].code),
        )[:LOWEST]
        named = [
            _(
                "{criterion} ({service}) {score}",
                criterion=label(score.code, library),
                service=service_name(service.code),
                score=shown(score.counts.median),
            )
            for service, score in lowest
        ]
        lines += ["", _("Most in need of improvement: {criteria}", criteria=joined(*named, separator=", "))]
    if told.communes > 1:
        lines.append(
            _(
                "Communes with ratings: {rated} of {communes}",
                rated=grouped(told.rated),
                communes=grouped(told.communes),
            )
        )
    return _lines(lines)


def service_at_length(told: Told, code: str, library: Library) -> Phrase:
    """One service with all its criteria."""
    service = told.service(code)
    if service is None or not service.counts:
        return joined(
            _head(told, library), joined(service_name(code), nothing(), separator=": "), separator="\n\n"
        )
    criteria = [_criterion_line(score, library) for score in service.criteria]
    return _lines([_head(told, library), "", _service_line(service), *criteria])


def nothing() -> Phrase:
    """Where nothing may be shown, why."""
    return _("There are no scores to show yet: a score is shown once 5 people or more have given it.")


def label(criterion: str, library: Library) -> Phrase:
    """The short name of a criterion that is asked."""
    asked = (known for service in SERVICES for known in library.criteria(service))
    return next((known.label for known in asked if known.code == criterion), joined(criterion))


def _head(told: Told, library: Library) -> Phrase:
    lines: list[Phrase | str] = [SAMPLE] if told.sample else []
    lines += [_("Scores from citizens"), subject(told, library)]
    if told.rounds:
        when = rounds_name(told.rounds, library)
        if told.until:
            when = _("{round}, ratings until {day}", round=when, day=written(told.until))
        lines.append(when)
    return _lines(lines)


def _service_line(service: Service) -> Phrase:
    if not service.counts:
        return _("{name}: too few ratings to show", name=service_name(service.code))
    counts = service.counts
    said = joined(
        face(counts.mean),
        _("{name}: {score} of 5", name=service_name(service.code), score=decimal(counts.mean)),
    )
    more = [
        _("{share}% satisfied", share=share(counts.satisfied)),
        moved(service.change),
        _("{people} people", people=grouped(service.raters)),
    ]
    return joined(said, *(part for part in more if part), separator=" · ")


def _criterion_line(score: Score, library: Library) -> Phrase:
    name = label(score.code, library)
    if not score.counts:
        return joined("▫️", _("{name}: too few ratings to show", name=name))
    counts = score.counts
    parts: list[Phrase | None] = [
        joined(face(counts.median), _("{name}: {score}", name=name, score=shown(counts.median))),
        _("{share}% satisfied", share=share(counts.satisfied)),
        moved(score.change),
    ]
    return joined(*(part for part in parts if part), separator=" · ")


def _lines(lines: Sequence[Phrase | str]) -> Phrase:
    """One below the other; "" is a line left free."""
    blocks: list[list[Phrase | str]] = [[]]
    for line in lines:
        if line == "":
            blocks.append([])
        else:
            blocks[-1].append(line)
    return joined(*(joined(*block, separator="\n") for block in blocks if block), separator="\n\n")


# -- To be paid for ---------------------------------------------------------------------------------------


def in_short(told: Told, library: Library) -> Phrase:
    """A place's services, each with its mean and how it moved; a facility's criteria."""
    if told.facility and told:
        return service_in_short_words(told, told.services[0].code, library)
    if not told:
        return _("{place}: too few ratings to show", place=subject_in_short(told, library))
    lines = [
        joined(service_in_short(service.code), decimal(service.counts.mean), signed(service.change) or "")
        if service.counts
        else joined(service_in_short(service.code), _("too few"))
        for service in told.services
    ]
    return joined(_head_in_short(told, library), *lines, separator="\n")


def service_in_short_words(told: Told, code: str, library: Library) -> Phrase:
    """A service's criteria from the lowest on: the two lowest, then the others."""
    service = told.service(code)
    if service is None or not service.counts:
        return _("{place}: too few ratings to show", place=_of_service(told, code, library))
    scored = service.lowest_first()
    named = [
        joined(label(score.code, library), shown(score.counts.median)) for score in scored[:MOST_IN_SHORT]
    ]
    parts = [_("Lowest: {criteria}", criteria=joined(*named[:LOWEST], separator=", "))]
    if named[LOWEST:]:
        parts.append(_("Others: {criteria}", criteria=joined(*named[LOWEST:], separator=", ")))
    head = joined(
        _of_service(told, code, library), decimal(service.counts.mean), signed(service.change) or ""
    )
    return joined(head, *parts, separator="\n")


def _head_in_short(told: Told, library: Library) -> Phrase:
    head = _(
        "Scores {place}, {round}:",
        place=subject_in_short(told, library),
        round=rounds_name(told.rounds, library),
    )
    return joined(SAMPLE, head, separator=". ") if told.sample else head


def _of_service(told: Told, code: str, library: Library) -> Phrase:
    named = subject_in_short(told, library)
    facility = library.facility(told.facility) if told.facility else None
    if facility and len(facility.km) <= 2 * LONGEST_NAME:
        return joined(SAMPLE, named, separator=". ") if told.sample else named
    place = library.place(told.place)
    # A longer name leaves no room for five criteria; it is the one that was asked for.
    name = place_name(place) if place is None or len(place.km) <= LONGEST_NAME else ""
    said = joined(service_in_short(code), name if told.place else named)
    return joined(SAMPLE, said, separator=". ") if told.sample else said
