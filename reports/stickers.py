"""Stickers of the codes alone: for a door, a counter or a clinic's waiting room. A sheet of A4 has nine."""

from __future__ import annotations

from collections.abc import Iterable

from flows.library import Facility, Library, brief_name, facility_name
from flows.text import Catalogue, Phrase, _, spoken
from reports import typesetting
from reports.poster import Reach
from reports.typesetting import code, line


def stickers_pdf(
    facilities: Iterable[Facility], library: Library, catalogue: Catalogue, reach: Reach
) -> bytes:
    """One sticker a facility, in the order given; as many sheets as they need."""

    def say(phrase: Phrase | str) -> str:
        return line(spoken(phrase, catalogue))

    sample = say(_("Sample: leads nowhere yet")) if reach.placeholder else ""
    made = [
        {
            "facility": say(facility_name(facility, library)),
            "place": say(brief_name(facility.communes[0], library)),
            "qr": code(reach.link(facility)),
            "link": reach.link(facility),
            "sample": sample,
        }
        for facility in facilities
    ]
    data = {
        "title": say(_("Rate a service")),
        "words": {"invitation": say(_("Scan and rate this service"))},
        "stickers": made,
    }
    return typesetting.pdf("stickers", data)
