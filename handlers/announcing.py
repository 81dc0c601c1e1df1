"""Between the conversations about meetings and what is told of them: who may, what it takes, what was stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from broadcasts import notices
from broadcasts.notices import NotPossible
from broadcasts.schedule import LOCAL
from flows.meetings import Meeting
from flows.officials import may
from flows.outcomes import Announced, CalledOff, Changed, Coming, Goto
from flows.world import Grant
from handlers.desk import Desk
from storage.contacts import Known
from storage.database import Connection


def local(now: datetime) -> str:
    """The local day and time, as 2026-12-01T08:30."""
    return now.astimezone(LOCAL).isoformat(timespec="minutes")[:16]


def upcoming(
    connection: Connection, known: Known, roles: Sequence[Grant], now: datetime
) -> list[tuple[int, Meeting]]:
    """The coming meetings that a contact may change, or else those that she may go to, the next one first."""
    listed = [
        (number, meeting)
        for place in dict.fromkeys(grant.place for grant in roles if may((grant,), "announce", grant.place))
        for number, meeting in notices.upcoming(connection, now, place)
    ]
    if not listed and known.contact.commune:
        listed = [
            (number, meeting)
            for number, meeting in notices.upcoming(connection, now, known.contact.commune)
            if known.contact.village is None
            or not meeting.villages
            or known.contact.village in meeting.villages
        ]
    return sorted(dict(listed).items(), key=lambda listed: (listed[1].on, listed[1].at))


def plan(
    connection: Connection, desk: Desk, known: Known, meeting: Meeting, notice: int | None, now: datetime
) -> dict[str, Any]:
    """What announcing or changing a meeting takes, for `flows.notices`: each text as citizens will see it, once."""
    made = notices.plan(connection, desk, meeting, now, notice, language=known.contact.language)
    told = made.as_json()
    texts = {text: desk.media[name].channel.brief for name, text in made.shown.items()}
    told["shown"] = [[brief, text] for text, brief in texts.items()]
    return told


def announce(
    connection: Connection, desk: Desk, known: Known, roles: Sequence[Grant], outcome: Announced
) -> Goto:
    """Announce it, if she still may: her role may have been taken back while she looked it over."""
    if not may(roles, "announce", outcome.meeting.commune):
        return Goto("not_allowed")
    now = desk.clock()
    try:
        number = notices.announce(connection, desk, outcome.meeting, known.id, now)
    except NotPossible as refused:
        return Goto("not_possible", {"trouble": refused.trouble})
    made = notices.plan(connection, desk, outcome.meeting, now)
    late = {"told": made.told} if made.trouble == "late" else {}
    return Goto("announced", {"notice": number, "people": made.people} | late)


def change(
    connection: Connection, desk: Desk, known: Known, roles: Sequence[Grant], outcome: Changed | CalledOff
) -> Goto:
    """Hold it otherwise, or not at all; and say how many who were told hear of it."""
    now = desk.clock()
    found = notices.meeting(connection, outcome.notice, now)
    if found is None or not may(roles, "announce", found.commune):
        return Goto("not_possible", {"trouble": "gone"})
    if isinstance(outcome, CalledOff):
        people = notices.call_off(connection, desk, outcome.notice, known.id, now)
        return Goto("changed", {"people": people, "cancelled": True})
    try:
        people = notices.change(connection, desk, outcome.notice, outcome.meeting, known.id, now)
    except NotPossible as refused:
        return Goto("not_possible", {"trouble": refused.trouble})
    return Goto("changed", {"people": people})


def answer(connection: Connection, known: Known, outcome: Coming) -> None:
    """Keep whether she comes; a later answer replaces it."""
    notices.answer(connection, outcome.notice, known.id, outcome.coming)
