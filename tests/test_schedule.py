"""When people are told: at once, the evening before, shortly before; never in quiet hours, never too late."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcasts.schedule import LOCAL, Timing, awake, finished, moments, quiet_at
from tests.villagers import at

TIMING = Timing()
HOUR = timedelta(hours=1)


def planned(starts: str, now: str, timing: Timing = TIMING) -> dict[str, str]:
    """Kind to the local time it is due, for a meeting and the moment it is announced."""
    return {
        moment.kind: moment.due_at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")
        for moment in moments(at(starts), at(now), timing)
    }


# -- Quiet hours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "out"),
    [
        ("2026-12-01 07:00", "2026-12-01 07:00"),
        ("2026-12-01 19:59", "2026-12-01 19:59"),
        ("2026-12-01 20:00", "2026-12-02 07:00"),
        ("2026-12-01 23:59", "2026-12-02 07:00"),
        ("2026-12-02 00:00", "2026-12-02 07:00"),
        ("2026-12-02 06:59", "2026-12-02 07:00"),
        ("2026-12-31 21:00", "2027-01-01 07:00"),
    ],
)
def test_what_falls_into_the_night_waits_for_the_morning(when: str, out: str) -> None:
    assert awake(at(when), TIMING) == at(out)


def test_quiet_hours_may_lie_within_a_day() -> None:
    noon = Timing(time(12), time(14))
    assert awake(at("2026-12-01 13:00"), noon) == at("2026-12-01 14:00")
    assert awake(at("2026-12-01 22:00"), noon) == at("2026-12-01 22:00")


def test_there_may_be_none() -> None:
    assert not quiet_at(at("2026-12-01 02:00"), Timing(time(0), time(0)))


def test_a_long_sending_rests_at_night() -> None:
    """Twelve hours of sending that begin at six in the evening: two of them today, ten tomorrow."""
    assert finished(at("2026-12-01 18:00"), 12 * 3600, TIMING) == at("2026-12-02 17:00")
    assert finished(at("2026-12-01 18:00"), 3600, TIMING) == at("2026-12-01 19:00")
    assert finished(at("2026-12-01 22:00"), 60, TIMING) == at("2026-12-02 07:01")
    assert finished(at("2026-12-01 22:00"), 60, Timing(time(0), time(0))) == at("2026-12-01 22:01")


# -- What is told, and when -------------------------------------------------------------------------------


def test_a_meeting_in_a_week_is_told_three_times_and_counted() -> None:
    assert planned("2026-12-01 14:00", "2026-11-24 09:00") == {
        "notice": "2026-11-24 09:00",
        "evening": "2026-11-30 18:00",
        "soon": "2026-12-01 12:00",
        "turnout": "2026-12-01 14:00",
    }


def test_a_meeting_at_eight_is_reminded_of_when_quiet_hours_end() -> None:
    assert planned("2026-12-01 08:00", "2026-11-24 09:00")["soon"] == "2026-12-01 07:00"


def test_before_a_meeting_at_dawn_only_the_evening_is_left() -> None:
    told = planned("2026-12-01 06:30", "2026-11-24 09:00")
    assert told.keys() == {"notice", "evening", "turnout"}
    assert told["turnout"] == "2026-12-01 07:00"


def test_what_is_announced_at_night_is_told_in_the_morning() -> None:
    assert planned("2026-12-01 14:00", "2026-11-30 23:59")["notice"] == "2026-12-01 07:00"


def test_a_reminder_right_after_the_notice_is_left_out() -> None:
    assert planned("2026-12-01 14:00", "2026-11-30 17:00").keys() == {"notice", "soon", "turnout"}
    assert planned("2026-12-01 14:00", "2026-11-30 16:00").keys() == {"notice", "evening", "soon", "turnout"}
    assert planned("2026-12-01 14:00", "2026-12-01 11:30").keys() == {"notice", "turnout"}
    assert planned("2026-12-01 14:00", "2026-12-01 11:00").keys() == {"notice", "soon", "turnout"}


def test_tomorrow_is_not_said_after_midnight() -> None:
    told = {moment.kind: moment for moment in moments(at("2026-12-01 14:00"), at("2026-11-24 09:00"), TIMING)}
    assert told["evening"].expires_at == at("2026-12-01 00:00")
    assert told["notice"].expires_at == told["soon"].expires_at == at("2026-12-01 14:00")


def test_without_quiet_hours_a_meeting_after_midnight_is_not_said_to_be_today_the_day_before() -> None:
    assert "soon" not in planned("2026-12-01 01:00", "2026-11-24 09:00", Timing(time(0), time(0)))


def test_the_last_reminder_can_be_left_out() -> None:
    assert "soon" not in planned("2026-12-01 14:00", "2026-11-24 09:00", Timing(last=timedelta()))


# -- Whatever the settings --------------------------------------------------------------------------------

times = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
timings = st.builds(Timing, times, times, times, st.integers(0, 12).map(lambda hours: timedelta(hours=hours)))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)


@given(timings, instants)
def test_awake_is_never_earlier_never_a_day_later_and_never_quiet(timing: Timing, when: datetime) -> None:
    out = awake(when, timing)
    assert when <= out < when + timedelta(days=1)
    assert awake(out, timing) == out


@given(timings, instants, st.integers(-48, 24 * 14).map(lambda hours: timedelta(hours=hours)))
def test_nothing_is_ever_due_in_quiet_hours_or_after_the_start(
    timing: Timing, now: datetime, ahead: timedelta
) -> None:
    starts_at = now + ahead
    for moment in moments(starts_at, now, timing):
        assert not quiet_at(moment.due_at, timing)
        assert moment.due_at >= now or moment.kind == "turnout"
        if moment.kind in {"evening", "soon"}:
            assert moment.due_at < moment.expires_at <= starts_at
        elif moment.kind == "notice":
            assert moment.expires_at == starts_at


@given(timings, instants, st.integers(1, 24 * 14).map(lambda hours: timedelta(hours=hours)))
def test_what_is_said_of_the_day_is_true_while_it_may_be_sent(
    timing: Timing, now: datetime, ahead: timedelta
) -> None:
    on = (now + ahead).astimezone(LOCAL).date()
    for moment in moments(now + ahead, now, timing):
        first = moment.due_at.astimezone(LOCAL).date()
        last = (moment.expires_at - timedelta(microseconds=1)).astimezone(LOCAL).date()
        if moment.kind == "soon":
            assert first == on == last
        elif moment.kind == "evening":
            assert first == on - timedelta(days=1) == last


@given(timings, instants, st.integers(0, 200_000))
def test_sending_is_through_after_the_time_it_takes_and_the_nights_between(
    timing: Timing, out_at: datetime, seconds: int
) -> None:
    through = finished(out_at, seconds, timing)
    assert through >= awake(out_at, timing) + timedelta(seconds=seconds)
