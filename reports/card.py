"""A scorecard as a picture for a chat: faces, bars of how many gave what, and which way it moves."""

from __future__ import annotations

from typing import Any

from flows import scoretext
from flows.library import Library
from flows.text import Catalogue, _, joined, spoken
from reports import typesetting
from reports.figures import Writing
from reports.scorecard import Scorecard, Section
from reports.summary import summary, summary_of_service

#: Dots an inch at which the 360 points of the template are 900 dots wide.
DOTS = 180.0


def card_png(card: Scorecard, library: Library, catalogue: Catalogue, service: str = "") -> bytes:
    """A picture 900 dots wide and at most 1,280 high: a place's services; a facility's criteria, or those of the
    `service` that is named."""
    return typesetting.png("card", data(card, library, catalogue, service), DOTS)[0]


def card_alt(card: Scorecard, library: Library, catalogue: Catalogue, service: str = "") -> str:
    """The same in words, for who can't see the picture."""
    said = summary_of_service(card, service, library) if service else summary(card, library)
    return spoken(said, catalogue)


def data(card: Scorecard, library: Library, catalogue: Catalogue, service: str = "") -> dict[str, Any]:
    """What the template fills in."""
    writing = Writing(library, catalogue)
    sections = [section for section in card.sections if not service or section.service == service]
    shown = any(section.counts for section in sections)
    one = sections[0] if shown and len(sections) == 1 else None
    until = writing.until(card)
    rules = [_("Ratings until {day}.", day=until)] if until else []
    if shown:
        rules.append(_("What fewer than 5 people said is not shown."))
    return {
        "title": writing.say(joined(_("Scores from citizens"), writing.round(card), separator=" · ")),
        "name": writing.name(card),
        "place": writing.lies_in(card),
        "sample": writing.sample(card),
        "words": {
            "satisfied": writing.say(_("Satisfied")),
            "few": writing.say(_("Too few ratings to show")),
            # Translators: after a mean, as in 3.4 of 5; begins with a space
            "of": " " + writing.say(_("of 5")),
        },
        "nothing": "" if shown else writing.say(scoretext.nothing()),
        "services": [_service(section, writing) for section in sections] if shown else [],
        "criteria": _criteria(one, writing) if one else [],
        "foot": writing.say(joined(*rules)),
    }


def _service(section: Section, writing: Writing) -> dict[str, Any]:
    made = writing.service(section)
    return {**made, "shown": made.get("mean", "")}


def _criteria(section: Section, writing: Writing) -> list[dict[str, Any]]:
    made = []
    for line in section.lines:
        figure = writing.figure(line.counts, line.change)
        made.append({**figure, "name": writing.criterion(line.code), "shown": figure.get("score", "")})
    return made
