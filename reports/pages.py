"""A scorecard on paper, A4, for the notice board: a cover, a page a service, the parts of a wide place, how to read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows import scoretext
from flows.counts import LEAST, NOBODY, Counts
from flows.library import (
    SERVICES,
    Facility,
    Library,
    facility_name,
    place_name,
    place_with_unit,
    service_name,
    unit,
)
from flows.packtext import grouped
from flows.text import Catalogue, Phrase, _, joined
from reports import explained, fitting, typesetting
from reports.figures import Writing
from reports.poster import Reach
from reports.scorecard import Line, Scorecard, Section, Standing
from reports.typesetting import code, line


@dataclass(frozen=True, slots=True)
class Links:
    """Where the code on the cover leads. `public_url`: where our pages stand, as in https://samleng.example.org;
    `reach`: how people get to the bot. Of what is not known there is no code."""

    public_url: str = ""
    reach: Reach | None = None

    def rate(self, facility: Facility | None) -> str:
        """Opens the bot, to rate this facility."""
        if self.reach is None or self.reach.placeholder:
            return ""
        return self.reach.link(facility) if facility else self.reach.address

    def read(self, place: str) -> str:
        """The public page of a commune; wider places have none."""
        return f"{self.public_url}/c/{place}" if self.public_url and len(place) == 6 else ""


NOWHERE = Links()


def pdf(
    card: Scorecard,
    library: Library,
    catalogue: Catalogue,
    parts: Standing | None = None,
    links: Links = NOWHERE,
) -> bytes:
    """The report of a place or facility. `parts`: of a wide place, its parts beside each other."""
    return typesetting.pdf("scorecard", data(card, library, catalogue, parts, links))


def png(
    card: Scorecard,
    library: Library,
    catalogue: Catalogue,
    parts: Standing | None = None,
    links: Links = NOWHERE,
    dots: float = 72,
) -> list[bytes]:
    """The same as pictures, a page each."""
    return typesetting.png("scorecard", data(card, library, catalogue, parts, links), dots)


def data(
    card: Scorecard,
    library: Library,
    catalogue: Catalogue,
    parts: Standing | None = None,
    links: Links = NOWHERE,
) -> dict[str, Any]:
    """What the template fills in."""
    return _Report(Writing(library, catalogue), card, parts if card else None, links).data()


@dataclass(frozen=True, slots=True)
class _Report:
    """One report in the making."""

    writing: Writing
    card: Scorecard
    parts: Standing | None
    links: Links

    def data(self) -> dict[str, Any]:
        card, writing, say = self.card, self.writing, self.writing.say
        name, when = writing.name(card), writing.round(card)
        return {
            "title": f"{say(_('Community scorecard'))} · {name}",
            "sample": say(_("Sample data: none of this is real")) if card.sample else "",
            "watermark": say(_("Sample")),
            "numbers": [writing.catalogue.number(n) for n in range(30)],
            "words": self._words(),
            "scale": writing.scale(),
            "nothing": "" if card else say(scoretext.nothing()),
            "cover": self._cover(name, when),
            "services": [self._service(section) for section in card.sections],
            "parts": self._parts(self.parts) if self.parts else None,
            "themes": self._themes() if card and not card.facility else None,
            "reading": explained.page(self.writing, compared=len(card.place) == 6 and not card.facility),
            "foot": " · ".join(part for part in (name, when) if part),
        }

    def _words(self) -> dict[str, str]:
        said = {
            "criterion": _("Criterion"),
            "score": _("Score"),
            "mean": _("Mean"),
            "mean-of": _("mean, of 5"),
            "people": _("People"),
            "ratings": _("Ratings"),
            "five": _("How many gave 1, 2, 3, 4, 5"),
            "satisfied": _("Satisfied"),
            "change": _("Since last round"),
            # Translators: heading of the column that says how a mean moved since the last round
            "moved": _("Moved"),
            "few": _("Too few ratings to show"),
            "by-group": _("By group"),
            "by-village": _("By village"),
            "dash": _(
                "–: fewer than {least} people, or so few others that it could be worked out", least=LEAST
            ),
            "private": _("No name is asked. Nobody learns who gave which score."),
        }
        return {name: self.writing.say(phrase) for name, phrase in said.items()}

    # -- The cover ----------------------------------------------------------------------------------------

    def _cover(self, name: str, when: str) -> dict[str, Any]:
        card, writing = self.card, self.writing
        sections = card.sections if card else ()
        return {
            "title": writing.say(_("Community scorecard")),
            "name": name,
            "place": writing.lies_in(card),
            "round": when,
            "sign": card.sections[0].service if card.facility else "ca",
            "intro": writing.say(self._intro()),
            "facts": self._facts() if card else [],
            "services": [writing.service(section) for section in sections],
            "lists": self._lists() if card else [],
            "call": self._call(),
        }

    def _intro(self) -> Phrase:
        if self.card.facility:
            return _(
                "What citizens say of this service. They gave each criterion a score from 1 (very weak) to 5 "
                "(very good), by Telegram or SMS."
            )
        if len(self.card.place) == 6:
            return _(
                "What citizens say of the public services of this place: the commune office, the health centre and "
                "the primary school. They gave each criterion a score from 1 (very weak) to 5 (very good), by "
                "Telegram or SMS."
            )
        return _(
            "What citizens say of commune offices, health centres and primary schools. They gave each criterion a "
            "score from 1 (very weak) to 5 (very good), by Telegram or SMS."
        )

    def _facts(self) -> list[dict[str, str]]:
        card, writing = self.card, self.writing
        ratings = sum(section.raters for section in card.sections)
        facts: list[tuple[Phrase, str]] = [(_("Ratings"), writing.number(ratings))]
        if card.communes > 1:
            of = _("{rated} of {communes}", rated=grouped(card.rated), communes=grouped(card.communes))
            facts.append((_("Communes with ratings"), writing.say(of)))
        if card.before:
            facts.append((_("Compared with"), writing.say(writing.library.round_name(card.before))))
        facts.append((_("Ratings until"), writing.until(card)))
        return [{"name": writing.say(named), "said": said} for named, said in facts if said]

    def _lists(self) -> list[dict[str, Any]]:
        """What citizens are most and least content with; nothing where so little is known that both are the same."""
        scored = self.card.lowest(most=100)
        if len(scored) < 4:
            return []
        chosen = (
            (_("What citizens like most"), scored[:-3:-1]),
            (_("Most in need of improvement"), scored[:2]),
        )
        return [
            {
                "title": self.writing.say(title),
                "items": [
                    {
                        **self.writing.figure(of.counts),
                        "name": self.writing.criterion(of.code),
                        "service-name": self.writing.say(service_name(service)),
                    }
                    for service, of in found
                ],
            }
            for title, found in chosen
        ]

    def _call(self) -> dict[str, str]:
        card, say = self.card, self.writing.say
        read = self.links.read(card.place) if card and not card.facility else ""
        rate = self.links.rate(self.writing.facility(card))
        link = read or rate
        if read:
            title, text = (
                _("Read these scores on your phone"),
                _("Scan this code with the camera of your phone."),
            )
        elif rate:
            title = _("How good is this service? Give it your score.")
            text = _("Scan this code with the camera of your phone.")
        else:
            title, text = _("How good is this service? Give it your score."), None
        return {
            "qr": code(link) if link else "",
            "link": link,
            "handle": line(link.partition("?")[0].partition("://")[2]),
            "title": say(title),
            "text": say(text) if text else "",
        }

    # -- A service ----------------------------------------------------------------------------------------

    def _service(self, section: Section) -> dict[str, Any]:
        made = {
            **self.writing.service(section),
            "of": self._of(section),
            "criteria": [self._criterion(of) for of in section.lines],
            "groups": self._groups(section),
            "villages": self._villages(section),
        }
        return {**made, "size": fitting.size(made)}

    def _of(self, section: Section) -> str:
        """Which facilities a page is about."""
        card, writing = self.card, self.writing
        if card.facility or len(card.place) != 6:
            return writing.name(card)
        serving = writing.library.facilities(card.place, section.service)
        return writing.say(joined(*(facility_name(one, writing.library) for one in serving), separator=" · "))

    def _criterion(self, of: Line) -> dict[str, Any]:
        return {
            **self.writing.figure(of.counts, of.change),
            "name": self.writing.criterion(of.code),
            "stands": self._stands(of),
        }

    def _stands(self, of: Line) -> str:
        """How a criterion stands beside the communes of the district, or of the province where the district has too few."""
        spread, digits = (of.district, 4) if of.district else (of.province, 2)
        within = self.writing.library.place(self.card.place[:digits])
        if not of.counts or spread is None or within is None:
            return ""
        stands = scoretext.stands_name(spread.stands(of.counts.mean))
        # Translators: how a score lies beside the communes of the district (khan, town) or province
        return self.writing.say(_("In the {unit}: {stands}", unit=unit(within), stands=stands))

    def _groups(self, section: Section) -> list[dict[str, Any]]:
        there = [group for group in self.card.groups if section.raters_of(group)]
        if not there:
            return []
        return [
            self._row(section, _("Everybody"), {of.code: of.counts for of in section.lines}),
            *(
                self._row(
                    section,
                    scoretext.group_name(group),
                    {of.code: of.groups.get(group, NOBODY) for of in section.lines},
                )
                for group in there
            ),
        ]

    def _villages(self, section: Section) -> list[dict[str, Any]]:
        return [
            self._row(
                section,
                place_name(self.writing.library.place(village)),
                {of.code: of.villages.get(village, NOBODY) for of in section.lines},
            )
            for village in self.card.villages
            if any(village in of.villages for of in section.lines)
        ]

    def _row(self, section: Section, name: Phrase, counts: Mapping[str, Counts]) -> dict[str, Any]:
        return {
            "name": self.writing.say(name),
            "n": self.writing.number(max((one.n for one in counts.values()), default=0)),
            "cells": [self.writing.mark(counts[of.code]) for of in section.lines],
        }

    # -- Wide places, reading -----------------------------------------------------------------------------

    def _parts(self, parts: Standing) -> dict[str, Any]:
        writing = self.writing
        title = {0: _("By province"), 2: _("By district"), 4: _("By commune")}[len(parts.place)]
        rows = []
        for row in parts.rows:
            whole = writing.figure(row.counts, row.change)
            rows.append(
                {
                    **whole,
                    "name": writing.say(place_with_unit(writing.library.place(row.place))),
                    "n": writing.number(row.raters),
                    "services": [writing.whole(row.services.get(service, NOBODY)) for service in SERVICES],
                }
            )
        return {
            "title": writing.say(title),
            "services": [writing.say(service_name(service)) for service in SERVICES],
            "rows": rows,
            "note": writing.say(
                _(
                    "The means of all criteria, in the order of the places' codes: nobody is ranked. –: too few ratings to show."
                )
            ),
        }

    def _themes(self) -> dict[str, Any]:
        return {
            "title": self.writing.say(_("By theme, over all services")),
            "rows": [
                {
                    **self.writing.whole(of.counts, of.change),
                    "name": self.writing.say(scoretext.theme_name(of.code)),
                }
                for of in self.card.themes
            ],
        }
