"""Announcing a meeting, changing it, calling it off: what it takes, and which sendings it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from broadcasts.load import loads, segments_of
from broadcasts.press import Press, Sheet, printed, shown
from broadcasts.schedule import LOCAL, PRIORITY, Moment, awake, awake_between, finished, moments
from flows.meetings import Meeting
from flows.turnout import FEW
from storage import audience, audit, links, notices, responding, spending
from storage.audience import Count
from storage.database import Connection
from storage.localtime import day_and_time, instant
from storage.notices import TELLING, Notice

#: What must be mended before a meeting can be announced. The others are said, and it goes out all the same.
REFUSED = frozenset({"past", "cap"})


class NotPossible(Exception):
    """A meeting can't be announced or changed so. `trouble`: past, cap, or gone (over, called off, unknown)."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Plan:
    """What announcing a meeting takes. `channels`: people on each; `segments` of SMS, of `left` that the commune may
    still send that day; `seconds` from when it goes out until everybody was told; `told` before it begins, of the
    people, as far as one can say; `villages` where few have joined; `shown`: by channel, what people will see.

    `trouble`: past; late (it begins before all are told); cap (too many segments); nobody (has joined); or "".
    """

    people: int
    channels: Mapping[str, int]
    segments: int
    left: int
    out_at: datetime
    later: bool
    seconds: int
    told: int
    villages: tuple[str, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    def as_json(self) -> dict[str, Any]:
        """The plan as a conversation keeps it; `out_at` as the local 2026-12-01T08:30."""
        return {
            "people": self.people,
            "channels": dict(self.channels),
            "segments": self.segments,
            "left": self.left,
            "out_at": "T".join(day_and_time(self.out_at)),
            "later": self.later,
            "seconds": self.seconds,
            "told": self.told,
            "villages": list(self.villages),
            "shown": dict(self.shown),
            "trouble": self.trouble,
        }


def plan(
    connection: Connection,
    press: Press,
    meeting: Meeting,
    now: datetime,
    replacing: int | None = None,
    *,
    language: str = "",
) -> Plan:
    """What it takes to announce the meeting now, or to tell that the notice `replacing` is changed to it.

    `language`: in which the author sees what people will see; the first by default.
    """
    heard, counts, total = _counts(connection, meeting, replacing)
    sheets = {occasion: printed(press, meeting, occasion, replacing or 0) for occasion in counts}
    starts_at, out_at = instant(meeting.on, meeting.at), awake(now, press.timing)
    segments = sum(segments_of(count, sheets[occasion], press) for occasion, count in counts.items())
    today = out_at.astimezone(LOCAL).date()
    left = max(press.limits.segments_a_day - spending.spent(connection, meeting.commune, today), 0)
    lots = loads(connection, counts, sheets, press)
    seconds = -int(-max((lot.seconds for lot in lots), default=0.0) // 1)
    people = sum(total.values())
    time = awake_between(out_at, starts_at, press.timing)
    trouble = ""
    if starts_at <= now:
        trouble = "past"
    elif segments > left:
        trouble = "cap"
    elif not people:
        trouble = "nobody"
    elif finished(out_at, seconds, press.timing) > starts_at:
        trouble = "late"
    channels = {name: sum(n for (on, _), n in total.items() if on == name) for name in press.media}
    return Plan(
        people,
        {name: n for name, n in channels.items() if n},
        segments,
        left,
        out_at,
        out_at > now,
        seconds,
        min(sum(lot.told_in(time) for lot in lots), max(people - 1, 0)) if trouble == "late" else people,
        tuple(low(connection, press, meeting)),
        _shown(sheets["changed" if replacing else "notice"], heard, language or press.languages[0][0]),
        trouble,
    )


def _counts(
    connection: Connection, meeting: Meeting, replacing: int | None
) -> tuple[set[str], dict[str, Count], Count]:
    """The channels people hear on; who hears on which occasion; and all of them together."""
    if replacing is None:
        counts = {"notice": audience.count(connection, meeting)}
    else:
        told = [b.id for b in notices.broadcasts_of(connection, replacing) if b.kind in TELLING]
        counts = {
            "changed": audience.count_told(connection, told),
            "notice": audience.count_fresh(connection, meeting, told),
        }
    total: Count = {}
    for count in counts.values():
        for key, n in count.items():
            total[key] = total.get(key, 0) + n
    return {channel for channel, _language in total}, counts, total


def _shown(sheets: list[Sheet], heard: set[str], language: str) -> dict[str, str]:
    """What is seen on the channels that people hear on; on all where nobody does yet."""
    seen = [sheet for sheet in sheets if sheet.language == language] or sheets
    return {sheet.channel: shown(sheet.parts) for sheet in seen if sheet.channel in heard or not heard}


def low(connection: Connection, press: Press, meeting: Meeting) -> list[str]:
    """The villages the meeting is for in which few have joined, in the order of the commune's list."""
    if meeting.scope == "facility":
        return []
    joined = audience.villages(connection, meeting)
    return [code for code in villages_of(press, meeting) if joined.get(code, 0) < FEW]


def villages_of(press: Press, meeting: Meeting) -> list[str]:
    """The villages that a meeting of a commune or of villages is for."""
    listed = [village.code for village in press.library.gazetteer.children(meeting.commune)]
    return [code for code in listed if meeting.scope == "commune" or code in meeting.villages]


# -- Announcing -------------------------------------------------------------------------------------------


def announce(
    connection: Connection, press: Press, meeting: Meeting, author: int | None, now: datetime
) -> int:
    """Announce a meeting; its number. Raises NotPossible when it has begun or costs too much."""
    trouble = plan(connection, press, meeting, now).trouble
    if trouble in REFUSED:
        raise NotPossible(trouble)
    number = notices.add(connection, meeting, author, now)
    _schedule(connection, number, 1, moments(instant(meeting.on, meeting.at), now, press.timing))
    _note(connection, now, "announced", author, number, meeting)
    return number


def change(
    connection: Connection, press: Press, number: int, meeting: Meeting, actor: int | None, now: datetime
) -> int:
    """The meeting is held otherwise: who was told hears of the change, everybody else of the meeting as it is now.
    How many were told. Raises NotPossible, also when it is over or was called off."""
    before = _open(connection, number, now)
    made = plan(connection, press, meeting, now, number)
    if made.trouble in REFUSED:
        raise NotPossible(made.trouble)
    told = sum(_told(connection, number).values())
    _withdraw(connection, before, "changed", now)
    version = notices.replace(connection, number, meeting, now)
    starts_at = instant(meeting.on, meeting.at)
    changed = Moment("changed", awake(now, press.timing), starts_at)
    # The change first: whom it goes to is not told of the meeting anew.
    _schedule(connection, number, version, [changed, *moments(starts_at, now, press.timing)])
    if starts_at != before.starts_at:
        responding.unanswer(connection, number)  # they said it of another day, and are asked again
    _note(connection, now, "changed", actor, number, meeting)
    return told


def call_off(connection: Connection, press: Press, number: int, actor: int | None, now: datetime) -> int:
    """The meeting is not held: who was told hears of it. How many those are. Raises NotPossible when it is over or
    was called off before."""
    before = _open(connection, number, now)
    told = sum(_told(connection, number).values())
    _withdraw(connection, before, "cancelled", now)
    notices.settle(connection, number, "cancelled", now)
    cancelled = Moment("cancelled", awake(now, press.timing), before.starts_at)
    _schedule(connection, number, before.version, [cancelled])
    _note(connection, now, "cancelled", actor, number, before.meeting)
    return told


def _open(connection: Connection, number: int, now: datetime) -> Notice:
    notice = notices.find(connection, number, to_change=True)
    if notice is None or notice.state != "announced" or notice.starts_at <= now:
        raise NotPossible("gone")
    return notice


def _told(connection: Connection, number: int) -> Count:
    told = [b.id for b in notices.broadcasts_of(connection, number) if b.kind in TELLING]
    return audience.count_told(connection, told)


def _withdraw(connection: Connection, notice: Notice, why: str, now: datetime) -> None:
    for booked_at, segments in notices.withdraw(connection, notice.number, why, now):
        on = booked_at.astimezone(LOCAL).date()
        spending.give_back(connection, notice.meeting.commune, on, segments)


def _schedule(connection: Connection, number: int, version: int, planned: list[Moment]) -> None:
    notices.schedule(
        connection, number, version, [(m.kind, PRIORITY[m.kind], m.due_at, m.expires_at) for m in planned]
    )


def _note(
    connection: Connection, now: datetime, action: str, actor: int | None, number: int, meeting: Meeting
) -> None:
    detail = {"notice": number, "kind": meeting.kind, "commune": meeting.commune}
    detail["starts"] = f"{meeting.on}T{meeting.at}"
    audit.note(connection, now, action, actor, None, detail)


# -- Looking them up --------------------------------------------------------------------------------------


def upcoming(
    connection: Connection, now: datetime, place: str = "", *, author: int | None = None
) -> list[tuple[int, Meeting]]:
    """The announced meetings that have not begun, the next one first. `place`: the code of what they lie in."""
    found = notices.listed(connection, after=now, place=place, author=author, announced=True)
    return [(notice.number, notice.meeting) for notice in found]


def meeting(connection: Connection, number: int, now: datetime) -> Meeting | None:
    """An announced meeting that has not begun."""
    notice = notices.find(connection, number)
    if notice is None or notice.state != "announced" or notice.starts_at <= now:
        return None
    return notice.meeting


def asked(connection: Connection, contact: int, now: datetime) -> tuple[int, datetime] | None:
    """The meeting that this person was told of last and that has not begun, and when: what a bare "1" answers."""
    return responding.asked(connection, links.hears(connection, contact), now)


def answer(connection: Connection, number: int, contact: int, coming: bool) -> bool:
    """Keep whether somebody comes; a later answer replaces it. False when the meeting is over or called off."""
    return responding.answer(connection, number, links.hears(connection, contact), coming)
