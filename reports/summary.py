"""A scorecard in words: on a screen, and shorter where each message costs. The same words stand beside its picture."""

from __future__ import annotations

from datetime import timedelta

from flows import scoretext
from flows.library import Library
from flows.scoretext import Score, Service, Told
from flows.text import Phrase
from reports.scorecard import Scorecard


def told(card: Scorecard) -> Told:
    """What is said of a scorecard, in plain values that conversations may hold."""
    return Told(
        card.place,
        card.facility,
        card.rounds,
        card.before,
        tuple(
            Service(
                section.service,
                section.counts,
                section.change,
                section.raters,
                tuple(Score(line.code, line.counts, line.change) for line in section.lines),
            )
            for section in card.sections
        ),
        last_day(card),
        card.communes,
        card.rated,
        card.sample,
    )


def last_day(card: Scorecard) -> str:
    """The last local day whose ratings were looked at, as 2026-11-19; "" where none was."""
    return (card.as_of - timedelta(days=1)).isoformat() if card.as_of else ""


def summary(card: Scorecard, library: Library) -> Phrase:
    """The scorecard as text for a screen: place, round, services, what is most in need of improvement."""
    return scoretext.at_length(told(card), library)


def summary_of_service(card: Scorecard, service: str, library: Library) -> Phrase:
    """One service with its criteria, for a screen."""
    return scoretext.service_at_length(told(card), service, library)


def brief(card: Scorecard, library: Library) -> Phrase:
    """The services by text message, in two segments of Khmer at most; a facility's criteria."""
    return scoretext.in_short(told(card), library)


def brief_of_service(card: Scorecard, service: str, library: Library) -> Phrase:
    """One service's criteria by text message, in two segments of Khmer at most."""
    return scoretext.service_in_short_words(told(card), service, library)
