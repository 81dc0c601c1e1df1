"""After a meeting: who was reached and who said they come, counted once, and then forgotten by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from broadcasts.notices import villages_of
from broadcasts.press import Press, Sheet, cost
from flows import turnout
from flows.turnout import Turnout
from storage import audience, notices, responding
from storage.database import Connection
from storage.notices import TELLING, Broadcast, Notice


def close(connection: Connection, press: Press, notice: Notice, now: datetime) -> Turnout:
    """The meeting is over: keep the counts, forget who answered what."""
    found = count(connection, press, notice)
    notices.settle(connection, notice.number, "over", now, turnout.as_json(found))
    responding.unanswer(connection, notice.number)
    return found


def count(connection: Connection, press: Press, notice: Notice) -> Turnout:
    """Who was reached, who was not and why, and who comes, so far."""
    sent = [one for one in notices.broadcasts_of(connection, notice.number) if one.kind in TELLING]
    telling = [broadcast.id for broadcast in sent]
    shares: dict[str | None, list[int]] = {}
    missed: dict[str, int] = {}
    for row in responding.counted(connection, notice.number, telling):
        if row.reached or row.coming is not None:  # who answered has heard of it, by whatever way
            share = shares.setdefault(row.village, [0, 0, 0])
            share[0] += row.people
            share[1] += row.people if row.coming is True else 0
            share[2] += row.people if row.coming is False else 0
        else:
            reason = _why(row)
            missed[reason] = missed.get(reason, 0) + row.people
    if not _was_queued(sent):  # nothing went out: a worker that was asleep
        late = sum(audience.count(connection, notice.meeting).values())
        missed["expired"] = missed.get("expired", 0) + late
    missed["blocked"] = missed.get("blocked", 0) + audience.blocked(connection, notice.meeting, telling)
    meant = [] if notice.meeting.scope == "facility" else villages_of(press, notice.meeting)
    counted = [(village, share[0], share[1], share[2]) for village, share in shares.items()]
    return turnout.turnout(counted, missed, meant)


def _was_queued(sent: list[Broadcast]) -> bool:
    return any(broadcast.queued for broadcast in sent)


def _why(row: Any) -> str:
    """Why somebody was not reached, the most telling reason first."""
    if row.blocked:
        return "blocked"
    if row.stopped:
        return "stopped"
    if row.cap:
        return "cap"
    return "refused" if row.failed else "expired"


def printed(press: Press, notice: Notice, found: Turnout) -> list[Sheet]:
    """The report on every channel and in every language."""
    replies = turnout.report(found, notice.meeting, press.library, notice.number)
    sheets = []
    for name, medium in press.media.items():
        for language, _own_name in press.languages:
            parts = medium.render(replies, press.catalogue(language, medium.channel), "", ())
            sheets.append(Sheet(name, language, parts, cost(medium.channel, parts)))
    return sheets
