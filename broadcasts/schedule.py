"""When something is told: notices at once, reminders before the meeting, nothing in quiet hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from storage.localtime import LOCAL as LOCAL

#: A reminder that follows the notice sooner than this is only a repetition.
EVENING_AFTER = timedelta(hours=2)
SOON_AFTER = timedelta(hours=1)
#: How long after the meeting its report is still worth sending, to a worker that was asleep.
TURNOUT_KEPT = timedelta(days=7)

#: Lower goes first. 0 is a reply, for which a person waits; 5 is bulk (`storage.outbox`).
PRIORITY = {
    "turnout": 2,
    "changed": 3,
    "cancelled": 3,
    "soon": 4,
    "notice": 5,
    "evening": 5,
    "digest": 6,
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Local times of day. Quiet hours may span midnight; where they begin when they end there are none.

    `evening`: when people are reminded of a meeting of the next day. `last`: how long before a meeting they are
    reminded the last time; none where it is zero.
    """

    quiet_from: time = time(20, 0)
    quiet_to: time = time(7, 0)
    evening: time = time(18, 0)
    last: timedelta = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Moment:
    """One sending about a meeting. `expires_at`: when it is no longer sent."""

    kind: str
    due_at: datetime
    expires_at: datetime


def awake(at: datetime, timing: Timing) -> datetime:
    """The instant itself, or the end of the quiet hours it falls into."""
    local = at.astimezone(LOCAL)
    clock, start, end = local.time(), timing.quiet_from, timing.quiet_to
    if start == end:
        return at
    on = local.date()
    if start < end:
        if not start <= clock < end:
            return at
    elif clock >= start:
        on += timedelta(days=1)
    elif clock >= end:
        return at
    return datetime.combine(on, end, LOCAL).astimezone(at.tzinfo)


def quiet_at(at: datetime, timing: Timing) -> bool:
    """Whether nobody is to be woken then."""
    return awake(at, timing) != at


def finished(out_at: datetime, seconds: float, timing: Timing) -> datetime:
    """When a sending that begins at `out_at` and takes so many seconds is through, with nothing sent in quiet
    hours."""
    at, left = awake(out_at, timing), timedelta(seconds=seconds)
    while timing.quiet_from != timing.quiet_to:
        local = at.astimezone(LOCAL)
        quiet = datetime.combine(local.date(), timing.quiet_from, LOCAL)
        if quiet <= at:
            quiet += timedelta(days=1)
        if at + left <= quiet:
            break
        left -= quiet - at
        at = awake(quiet, timing)
    return at + left


def awake_between(since: datetime, until: datetime, timing: Timing) -> float:
    """Seconds of a stretch of time in which something may be sent."""
    seconds, at = 0.0, awake(since, timing)
    while at < until:
        quiet = until
        if timing.quiet_from != timing.quiet_to:
            quiet = datetime.combine(at.astimezone(LOCAL).date(), timing.quiet_from, LOCAL)
            if quiet <= at:
                quiet += timedelta(days=1)
        seconds += (min(quiet, until) - at).total_seconds()
        at = awake(quiet, timing)
    return seconds


def moments(starts_at: datetime, now: datetime, timing: Timing) -> list[Moment]:
    """Everything that is told of a meeting announced now: the notice, the reminders that are not too near to it,
    and afterwards the report of who was reached."""
    out_at = awake(now, timing)
    last = _soon(starts_at, out_at, timing)
    evening = _evening(starts_at, out_at, last.due_at if last else starts_at, timing)
    turnout_at = awake(starts_at, timing)
    planned = (
        Moment("notice", out_at, starts_at),
        evening,
        last,
        Moment("turnout", turnout_at, turnout_at + TURNOUT_KEPT),
    )
    return [moment for moment in planned if moment is not None]


def _soon(starts_at: datetime, out_at: datetime, timing: Timing) -> Moment | None:
    if not timing.last:
        return None
    due_at = awake(starts_at - timing.last, timing)
    # It says "today", so it must be.
    today = due_at.astimezone(LOCAL).date() == starts_at.astimezone(LOCAL).date()
    if due_at >= starts_at or not today or due_at < out_at + SOON_AFTER:
        return None
    return Moment("soon", due_at, starts_at)


def _evening(starts_at: datetime, out_at: datetime, before: datetime, timing: Timing) -> Moment | None:
    on = starts_at.astimezone(LOCAL).date()
    due_at = awake(datetime.combine(on - timedelta(days=1), timing.evening, LOCAL), timing)
    # It says "tomorrow": at midnight that is no longer true.
    expires_at = min(before, datetime.combine(on, time(), LOCAL))
    if due_at >= expires_at or due_at < out_at + EVENING_AFTER:
        return None
    return Moment("evening", due_at.astimezone(starts_at.tzinfo), expires_at.astimezone(starts_at.tzinfo))
