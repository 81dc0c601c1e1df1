"""What each outcome of a flow stores, and which flow follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flows.channel import Channel
from flows.outcomes import (
    Commented,
    Described,
    Done,
    Erased,
    Goto,
    Joined,
    Left,
    Rated,
    Speaks,
)
from flows.questions import Remark
from handlers.desk import Desk
from storage import contacts, responses
from storage.contacts import Known
from storage.database import Connection
from storage.vault import reference


@dataclass(frozen=True, slots=True)
class Applied:
    """The contact as it is now, and what comes next. `gone`: the contact was deleted."""

    known: Known
    then: Goto | None
    gone: bool = False


def apply(
    connection: Connection, desk: Desk, known: Known, channel: Channel, outcome: Any, today: date
) -> Applied:
    """Store an outcome in the transaction of its message."""
    match outcome:
        case Goto():
            return Applied(known, outcome)
        case Done():
            return Applied(known, None)
        case Rated():
            return _rate(connection, desk, known, outcome, today)
        case Commented(facility, person, remark):
            rater = _rater(desk, known, person, facility, today)
            stored = responses.comment(connection, desk.vault, rater, _comment(remark))
            return Applied(known, Goto("noted" if stored else "menu"))
        case Described(facility, person, about):
            known = contacts.describe(connection, desk.vault, known, person, dict(about))
            if facility and about:
                rater = _rater(desk, known, person, facility, today)
                round_code = desk.library.round_on(today.isoformat())
                responses.regroup(connection, rater, facility, round_code, responses.groups_of(about))
            return Applied(known, Goto("described" if about else "menu"))
        case Joined(commune, village):
            known = contacts.remember(
                connection, known, commune=commune, village=village, joined=True, stopped=False
            )
            return Applied(known, Goto("joined"))
        case Left():
            return Applied(contacts.remember(connection, known, joined=False, stopped=True), Goto("left"))
        case Speaks(language):
            return Applied(contacts.remember(connection, known, language=language), Goto("language_set"))
        case Erased():
            contacts.erase(connection, known)
            return Applied(known, Goto("erased"), gone=True)
    raise TypeError(f"{outcome!r} is no outcome")


def _rate(connection: Connection, desk: Desk, known: Known, outcome: Rated, today: date) -> Applied:
    round_code = desk.library.round_on(today.isoformat())
    rater = desk.vault.rater(known.address_hash, outcome.person, outcome.facility, round_code)
    said_before = contacts.about(connection, desk.vault, known, outcome.person)
    responses.rate(
        connection,
        desk.vault,
        rater,
        facility=outcome.facility,
        round_code=round_code,
        scores=outcome.scores,
        groups=responses.groups_of(said_before),
        comment=_comment(outcome.comment) if outcome.comment else None,
        commune=outcome.commune,
        shared=outcome.person > 1,
        keep_comment=bool(outcome.corrects),
        today=today,
    )
    facts: dict[str, Any] = {}
    if outcome.person > known.contact.people:
        facts["people"] = outcome.person
    if known.contact.commune is None and outcome.commune:
        facts["commune"] = outcome.commune
    if facts:
        known = contacts.remember(connection, known, **facts)
    given = {
        "facility": outcome.facility,
        "person": outcome.person,
        "reference": reference(rater),
        "scores": dict(outcome.scores),
        "commented": outcome.comment is not None,
    }
    return Applied(known, Goto("thanks", given))


def _rater(desk: Desk, known: Known, person: int, facility: str, today: date) -> bytes:
    round_code = desk.library.round_on(today.isoformat())
    return desk.vault.rater(known.address_hash, person, facility, round_code)


def _comment(remark: Remark) -> dict[str, Any]:
    said: dict[str, Any] = {"text": remark.text}
    if remark.attachment:
        a = remark.attachment
        said |= {"kind": a.kind, "file": a.file, "size": a.size, "seconds": a.seconds}
    return said
