"""Digests to officials: planned on the first day after a month or round, told over the rails of notices, never empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import structlog

from broadcasts.load import segments_of
from broadcasts.press import Press, Sheet, cost
from broadcasts.schedule import LOCAL, PRIORITY, awake
from flows.digest import Digest, Score, digest, month_name, round_name
from flows.library import Library, place_name, service_in_short, service_name
from flows.text import Phrase, joined
from reports import reading
from storage import audience, daily, digests, notices, spending
from storage.database import Connection
from storage.digests import Planned

log = structlog.get_logger(__name__)

#: Local time at which it is told: officials are at work, and the night's counting is done.
TOLD_AT = time(8, 30)
#: After so many days nobody needs it any more: the worker was away.
KEPT = timedelta(days=5)
#: What is done once a day (`storage.daily`).
PLANNING = "digests"


def plan(connection: Connection, press: Press, now: datetime) -> int:
    """Plan what is due about the month that ended last, or the round that ended with it. How many were new."""
    local = now.astimezone(LOCAL)
    first = local.date().replace(day=1)
    period = _period(press.library, first)
    due_at = datetime.combine(first, TOLD_AT, LOCAL).astimezone(now.tzinfo)
    planned = 0
    if now < due_at + KEPT:
        for place in digests.places(connection):
            planned += digests.plan(connection, place, period, PRIORITY["digest"], due_at, due_at + KEPT)
    for code, ended in _rounds_ended(press.library, local.date()):
        due_at = datetime.combine(ended + timedelta(days=1), TOLD_AT, LOCAL).astimezone(now.tzinfo)
        for place in digests.places(connection):
            planned += digests.plan(connection, place, code, PRIORITY["digest"], due_at, due_at + KEPT)
    if planned:
        log.info("digests_planned", places=planned)
    return planned


def _period(library: Library, first: date) -> str:
    """What a digest on the first day of a month is about: the round that ended the day before, or that month."""
    ended = (first - timedelta(days=1)).isoformat()
    code = library.round_on(ended)
    return code if library.round_ends(code) == ended else ended[:7]


def _rounds_ended(library: Library, today: date) -> Iterator[tuple[str, date]]:
    """Rounds that ended within the last days, other than with a month, which is told with the month."""
    for days in range(1, KEPT.days + 1):
        day = today - timedelta(days=days)
        code = library.round_on(day.isoformat())
        if library.round_ends(code) == day.isoformat() and (day + timedelta(days=1)).day != 1:
            yield code, day


def span(library: Library, period: str) -> tuple[date, date]:
    """The first local day of a month or round, and the day after its last."""
    if len(period) == 7 and period[5:].isdigit():
        first = date.fromisoformat(f"{period}-01")
        return first, (first + timedelta(days=31)).replace(day=1)
    ends = date.fromisoformat(library.round_ends(period))
    return date.fromisoformat(library.round_begins(period)), ends + timedelta(days=1)


def step(connection: Connection, press: Press, now: datetime) -> bool:
    """Plan once a day what is to be told, then one step of the digest that is due first. Whether there was one."""
    today = now.astimezone(LOCAL).date()
    if daily.until(connection, PLANNING) != today:
        plan(connection, press, now)
        daily.done(connection, PLANNING, today)
    planned = digests.next_due(connection, now)
    if planned is None:
        return False
    if planned.state == "queueing":
        _queue(connection, press, planned, now)
    elif planned.expires_at <= awake(now, press.timing):
        notices.move(connection, planned.id, state="late")
        log.warning("broadcast_late", kind=digests.KIND, place=planned.place)
    elif now < awake(now, press.timing):
        notices.move(connection, planned.id, due_at=awake(now, press.timing))
    else:
        _begin(connection, press, planned, now)
    return True


def _begin(connection: Connection, press: Press, planned: Planned, now: datetime) -> None:
    """Put it into words, or leave it where there is nothing to tell."""
    try:
        told = gathered(connection, press.library, planned.place, planned.period)
        sheets = None if told is None else printed(press, told, planned.period)
    except Exception as error:  # one place must not hold up whatever else is due
        notices.move(connection, planned.id, state="failed")
        log.error("broadcast_failed", kind=digests.KIND, place=planned.place, error=type(error).__name__)
        return
    if sheets is None:
        notices.move(connection, planned.id, state="cancelled")
        return
    on = now.astimezone(LOCAL).date()
    segments = segments_of(audience.count_officials(connection, planned.place), sheets, press)
    withheld = None
    if segments > press.limits.segments_a_day - spending.spent(connection, planned.place, on):
        withheld = "cap"
        log.warning("broadcast_over_cap", kind=digests.KIND, place=planned.place, segments=segments)
    else:
        spending.book(connection, planned.place, on, segments)
    notices.add_payloads(
        connection,
        planned.id,
        [
            (sheet.channel, sheet.language, sheet.parts, sheet.segments, withheld if sheet.segments else None)
            for sheet in sheets
        ],
    )
    notices.move(connection, planned.id, state="queueing")


def _queue(connection: Connection, press: Press, planned: Planned, now: datetime) -> None:
    languages = [code for code, _name in press.languages]
    chunk = audience.queue_officials(connection, planned, languages, now)
    notices.move(
        connection,
        planned.id,
        state="queued" if chunk.done else "queueing",
        cursor=chunk.cursor,
        queued=planned.queued + chunk.queued,
    )


# -- What it says -----------------------------------------------------------------------------------------


def gathered(connection: Connection, library: Library, place: str, period: str) -> Digest | None:
    """What there is to tell of a month or round; None: nothing new."""
    since, until = span(library, period)
    new, waiting = digests.comments(connection, place, since, until) if len(place) == 6 else (0, 0)
    if not new and not digests.moved(connection, place, since, until):
        return None
    # A month is told by the round it belongs to, which goes on.
    round_code = library.round_on((until - timedelta(days=1)).isoformat())
    card = reading.of_place(connection, library, place, [round_code], compared=False)
    if not card and not new:
        return None
    services = tuple(
        Score(service_name(section.service), section.counts, section.change)
        for section in card.sections
        if section.counts
    )
    if len(place) == 6:
        labels = {
            criterion.code: criterion.label
            for section in card.sections
            for criterion in library.criteria(section.service)
        }
        lowest = tuple(
            Score(joined(labels[line.code], _service(service)), line.counts)
            for service, line in card.lowest()
        )
        return Digest(place, services, lowest, comments=new, waiting=waiting, sample=card.sample)
    standing = reading.of_parts(connection, library, place, [round_code])
    parts = tuple(
        Score(place_name(library.place(row.place)), row.counts, row.change)
        for row in standing.rows
        if row.counts
    )
    return Digest(
        place,
        services,
        parts=parts,
        silent=len(standing.rows) - len(parts),
        sample=card.sample or standing.sample,
    )


def _service(service: str) -> Phrase:
    return joined("(", service_in_short(service), ")", separator="")


def printed(press: Press, told: Digest, period: str) -> list[Sheet]:
    """The digest on every channel and in every language."""
    of = month_name(period) if period[5:].isdigit() else round_name(period)
    link = press.page(told.place)
    sheets = []
    for name, medium in press.media.items():
        channel = medium.channel
        replies = digest(told, of, press.library, link, brief=channel.brief)
        for language, _own_name in press.languages:
            parts = medium.render(replies, press.catalogue(language, channel), "", ())
            sheets.append(Sheet(name, language, parts, cost(channel, parts)))
    return sheets
