"""Between the conversations about what facilities publish and what is stored of it: packs, their search, counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flows import packsearch
from flows.library import SERVICES
from flows.officials import hands_in, publishes
from flows.outcomes import Drafted, Goto, Published
from flows.packs import Pack, from_json
from flows.packsearch import Hit
from flows.pages import Page
from flows.world import Grant
from handlers.desk import Desk
from storage import packs, roles
from storage.contacts import Known
from storage.database import Connection


def pack(connection: Connection, desk: Desk, subject: str) -> Pack | None:
    """What is published of a facility, or of a service in general."""
    return desk.shelf.of(connection, [subject], desk.samples).get(subject)


def version(connection: Connection, subject: str, number: int) -> Pack | None:
    """One version of a pack, also a draft."""
    kept = packs.version(connection, subject, number)
    return kept.pack if kept else None


def search(connection: Connection, desk: Desk, commune: str, query: str) -> list[Hit]:
    """What a question may mean among all that the facilities of a commune publish; for one that has published
    nothing, its service's general standards."""
    serving = {service: desk.library.facilities(commune, service) for service in SERVICES}
    codes = [facility.code for facilities in serving.values() for facility in facilities]
    found = desk.shelf.of(connection, [*SERVICES, *codes], desk.samples)
    shown = [
        found[code]
        for service, facilities in serving.items()
        for code in dict.fromkeys(
            facility.code if facility.code in found else service for facility in facilities
        )
        if code in found
    ]
    return packsearch.find(map(desk.shelf.index, shown), query)


def count(connection: Connection, page: Page, today: date) -> None:
    """Count that somebody was shown a page; not who. A look at a draft does not count."""
    if page.subject:
        packs.read(connection, page.subject, page.block, _month(today))


def wish(connection: Connection, facility: str, today: date) -> None:
    """Count that somebody wished a facility would publish something; not who."""
    packs.wish(connection, facility, _month(today))


def _month(today: date) -> str:
    return today.isoformat()[:7]


# -- A clerk publishes ------------------------------------------------------------------------------------


def may_hand_in(connection: Connection, desk: Desk, channel: str, address: str) -> bool:
    """Whether somebody may publish anything at all: nobody else's files are fetched."""
    return hands_in(roles.of_address(connection, desk.vault, channel, address))


def drafts(connection: Connection, desk: Desk, held: Sequence[Grant]) -> list[tuple[str, int]]:
    """The drafts that somebody may publish, by subject and version. Nobody else's are looked for."""
    if not hands_in(held):
        return []
    waiting = [(desk.library.facility(subject), version) for subject, version in packs.drafted(connection)]
    return [
        (facility.code, version) for facility, version in waiting if facility and publishes(held, facility)
    ]


def keep(connection: Connection, desk: Desk, known: Known, outcome: Drafted) -> Goto:
    """Keep what was handed in as a draft, if she still may publish it."""
    pack = from_json(outcome.pack)
    if not _may(connection, desk, known, pack.subject):
        return Goto("not_yours")
    kept, _new = packs.enter(connection, pack, known.id, desk.clock(), outcome.name)
    given = {"subject": kept.subject, "version": kept.version, "warnings": list(outcome.warnings)}
    return Goto("drafted", given)


def publish(connection: Connection, desk: Desk, known: Known, outcome: Published) -> Goto:
    """Show a draft to everybody, if she still may and it is still the draft that she has seen."""
    if not _may(connection, desk, known, outcome.subject):
        return Goto("not_yours")
    done = packs.publish(connection, outcome.subject, outcome.version, desk.clock(), known.id)
    return Goto("published", {"subject": outcome.subject, "done": done})


def _may(connection: Connection, desk: Desk, known: Known, subject: str) -> bool:
    facility = desk.library.facility(subject)
    return facility is not None and publishes(roles.of(connection, known.id), facility)
