"""What is due goes into the outbox, step by step: due → queueing → queued, or late, cancelled, failed.

Each step is a transaction of its own, and where it stopped stands in the row: whoever comes next goes on there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from broadcasts import digests, turnout
from broadcasts.load import segments_of
from broadcasts.press import Press, Sheet, printed
from broadcasts.schedule import LOCAL, awake
from storage import audience, notices, spending
from storage.database import Connection
from storage.notices import Broadcast, Notice

log = structlog.get_logger(__name__)

#: That a meeting is not held is told at any price: it goes only to those whom the cap let be told of it.
UNCAPPED = frozenset({"cancelled", "turnout"})


def fire(connection: Connection, press: Press, now: datetime) -> bool:
    """One step of what is due first. Whether there was one, so that there may be another."""
    if not notices.alone(connection):
        return False
    number = notices.next_due(connection, now)
    if number is None:
        return digests.step(connection, press, now)
    notice = notices.find(connection, number, to_change=True)
    broadcast = notices.next_of(connection, number, now)
    if notice is not None and broadcast is not None:  # nobody changed it in between
        _step(connection, press, notice, broadcast, now)
    return True


def _step(connection: Connection, press: Press, notice: Notice, broadcast: Broadcast, now: datetime) -> None:
    if broadcast.state == "queueing":
        _queue(connection, press, notice, broadcast, now)
    elif broadcast.version != notice.version or (notice.state == "announced") == (
        broadcast.kind == "cancelled"
    ):
        notices.move(connection, broadcast.id, state="cancelled")
    elif broadcast.kind == "turnout":
        _report(connection, press, notice, broadcast, now)
    elif broadcast.expires_at <= awake(now, press.timing):
        notices.move(connection, broadcast.id, state="late")
        log.warning("broadcast_late", notice=notice.number, kind=broadcast.kind)
    elif now < awake(now, press.timing):  # it was due while nobody was there to send it
        notices.move(connection, broadcast.id, due_at=awake(now, press.timing))
    else:
        _begin(connection, press, notice, broadcast, now)


def _begin(connection: Connection, press: Press, notice: Notice, broadcast: Broadcast, now: datetime) -> None:
    """Put it into words and book what it costs. What costs more than is left is kept back as a whole."""
    sheets = _worded(
        connection, broadcast, lambda: printed(press, notice.meeting, broadcast.kind, notice.number)
    )
    if sheets is None:
        return
    on, commune = now.astimezone(LOCAL).date(), notice.meeting.commune
    segments = segments_of(audience.count_due(connection, notice, broadcast), sheets, press)
    left = press.limits.segments_a_day - spending.spent(connection, commune, on)
    withheld = None
    if segments > left and broadcast.kind not in UNCAPPED:
        withheld = "cap"
        log.warning("broadcast_over_cap", notice=notice.number, kind=broadcast.kind, segments=segments)
    else:
        spending.book(connection, commune, on, segments)
    _keep(connection, broadcast, sheets, withheld)
    notices.move(connection, broadcast.id, state="queueing")


def _report(
    connection: Connection, press: Press, notice: Notice, broadcast: Broadcast, now: datetime
) -> None:
    """Count, and tell the author."""
    if notice.starts_at > now:  # the clock was set back
        notices.move(connection, broadcast.id, due_at=awake(notice.starts_at, press.timing))
        return
    if now < awake(now, press.timing):
        notices.move(connection, broadcast.id, due_at=awake(now, press.timing))
        return
    found = turnout.close(connection, press, notice, now)
    if notice.author is None:
        notices.move(connection, broadcast.id, state="queued")
    elif broadcast.expires_at <= now:
        notices.move(connection, broadcast.id, state="late")
    else:
        sheets = _worded(connection, broadcast, lambda: turnout.printed(press, notice, found))
        if sheets is not None:
            _keep(connection, broadcast, sheets, None)
            notices.move(connection, broadcast.id, state="queueing")


def _worded(
    connection: Connection, broadcast: Broadcast, words: Callable[[], list[Sheet]]
) -> list[Sheet] | None:
    """What it says; None where that can't be put into words, which must not hold up whatever else is due."""
    try:
        return words()
    except Exception as error:
        notices.move(connection, broadcast.id, state="failed")
        # Not its words: they may hold what somebody wrote.
        log.error(
            "broadcast_failed", notice=broadcast.notice, kind=broadcast.kind, error=type(error).__name__
        )
        return None


def _keep(connection: Connection, broadcast: Broadcast, sheets: list[Sheet], withheld: str | None) -> None:
    notices.add_payloads(
        connection,
        broadcast.id,
        [
            (sheet.channel, sheet.language, sheet.parts, sheet.segments, withheld if sheet.segments else None)
            for sheet in sheets
        ],
    )


def _queue(connection: Connection, press: Press, notice: Notice, broadcast: Broadcast, now: datetime) -> None:
    """The next thousands of its people."""
    languages = [code for code, _name in press.languages]
    chunk = audience.queue_chunk(connection, notice, broadcast, languages, now)
    notices.move(
        connection,
        broadcast.id,
        state="queued" if chunk.done else "queueing",
        cursor=chunk.cursor,
        queued=broadcast.queued + chunk.queued,
    )
    if chunk.done:
        log.info(
            "broadcast_queued",
            notice=notice.number,
            kind=broadcast.kind,
            people=broadcast.queued + chunk.queued,
        )
