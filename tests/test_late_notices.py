"""Ten thousand people and a meeting in two hours: whether all of them can be told is said before it is announced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from broadcasts import notices
from broadcasts.notices import Plan
from broadcasts.press import Limits
from broadcasts.schedule import Timing, awake_between, finished
from flows.meetings import Meeting
from flows.world import Grant
from handlers.desk import LOCAL, Desk
from storage import contacts as people
from storage import roles
from storage.database import Connection, Database
from storage.tables import contacts
from storage.vault import Vault
from tests.person import Person
from tests.villagers import COMMUNE, MEETING, NOW, at, fires, join, messages, states

pytestmark = pytest.mark.anyio

TWO_HOURS = timedelta(hours=2)
MANY = 10_000
PACE = 30


def live(connection: Connection, channel: str) -> None:
    """They have joined in the commune."""
    columns = {
        "channel": channel,
        "address": b"sealed",
        "language": "km",
        "commune": COMMUNE,
        "joined": True,
        "created_on": date(2026, 11, 1),
    }
    connection.execute(
        sa.insert(contacts), [{**columns, "address_hash": b"%d" % number} for number in range(MANY)]
    )


def wait(connection: Connection, how_many: int) -> None:
    """So many other messages are to be sent before."""
    connection.execute(
        sa.text(
            "INSERT INTO outbox (id, channel, priority, state, attempts, parts_sent, created_at) "
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {how_many}) "
            "SELECT n, 'telegram', 5, 'queued', 0, 0, 0 FROM numbers"
        )
    )


def in_two_hours(now: datetime) -> Meeting:
    day, clock = (now + TWO_HOURS).astimezone(LOCAL).isoformat().split("T")
    return replace(MEETING, on=day, at=clock[:5])


def free(connection: Connection, desk: Desk) -> datetime:
    live(connection, "telegram")
    return NOW


def backlog(connection: Connection, desk: Desk) -> datetime:
    """Four thousand less wait than go out in two hours."""
    live(connection, "telegram")
    wait(connection, 7200 * PACE - 4000)
    return NOW


def by_sms(connection: Connection, desk: Desk) -> datetime:
    """A segment a second, of a message of several."""
    live(connection, "sms")
    desk.limits = Limits(1_000_000, {"sms": 1})
    return NOW


def early(connection: Connection, desk: Desk) -> datetime:
    """Until seven, people sleep; the meeting is at five past."""
    live(connection, "telegram")
    return at("2026-11-25 05:05")


def at_night(connection: Connection, desk: Desk) -> datetime:
    live(connection, "telegram")
    return at("2026-11-25 03:00")


Prepared = Callable[[Connection, Desk], datetime]


async def plan(database: Database, desk: Desk, prepare: Prepared) -> Plan:
    def work(connection: Connection) -> Plan:
        now = prepare(connection, desk)
        return notices.plan(connection, desk, in_two_hours(now), now)

    return await database.transact(work)


async def test_ten_thousand_are_told_in_six_minutes(database: Database, desk: Desk) -> None:
    made = await plan(database, desk, free)
    assert (made.trouble, made.people, made.told, made.seconds) == ("", MANY, MANY, 334)


@pytest.mark.parametrize(
    ("prepare", "told"),
    [(backlog, 4000), (early, 5 * 60 * PACE), (at_night, 0)],
)
async def test_where_there_is_too_little_time_it_is_said_how_many(
    database: Database, desk: Desk, prepare: Prepared, told: int
) -> None:
    made = await plan(database, desk, prepare)
    assert (made.trouble, made.people, made.told) == ("late", MANY, told)


async def test_by_sms_as_many_are_told_as_segments_go_out(database: Database, desk: Desk) -> None:
    made = await plan(database, desk, by_sms)
    each = made.segments // MANY
    assert each > 1
    assert (made.trouble, made.told, made.seconds) == ("late", 7200 // each, made.segments)


async def test_who_hears_on_the_quicker_channel_is_told_in_time(
    database: Database, vault: Vault, desk: Desk
) -> None:
    def work(connection: Connection, desk: Desk) -> datetime:
        join(connection, vault, 50)
        return by_sms(connection, desk)

    made = await plan(database, desk, work)
    assert made.told == 50 + 7200 // (made.segments // MANY)


@pytest.fixture(params=["telegram", "sms"])
async def volunteer(request: pytest.FixtureRequest, database: Database, desk: Desk) -> Person:
    def granted(connection: Connection, channel: str, address: str) -> None:
        known = people.find(connection, desk.vault, channel, address, NOW.date(), "km")
        roles.grant(connection, known.id, Grant("caf", COMMUNE), NOW.date(), actor=None, now=NOW)

    person = Person(database, desk, request.param)
    await database.transact(granted, person.channel, person.address)
    return person


@pytest.mark.parametrize(
    ("prepare", "language", "said"),
    [
        (backlog, "English", ["Only about 4000 of 10000 people can be told before it begins"]),
        (backlog, "ខ្មែរ", ["បានតែប្រហែល", "៤០០០", "ក្នុងចំណោម", "១០០០០"]),
        (at_night, "English", ["Nobody can be told before it begins"]),
        (at_night, "ខ្មែរ", ["ផ្ញើដំណឹងជូនអ្នកណាក៏មិនទាន់ដែរ"]),
    ],
)
async def test_the_preview_says_it_and_so_does_the_answer(
    volunteer: Person, prepare: Prepared, language: str, said: list[str]
) -> None:
    desk = volunteer.desk
    now = await volunteer.database.transact(prepare, desk)
    desk.clock = lambda: now
    meeting = in_two_hours(now)
    await volunteer.says(language, "ANNOUNCE", "1", "1")
    look = await volunteer.sees(f"{meeting.on} {meeting.at}", "at the pagoda", "0")
    assert all(words in look for words in said), look
    done = await volunteer.sees("1")
    assert all(words in done for words in said), done


async def test_it_is_announced_all_the_same_and_nobody_is_told_too_late(
    database: Database, vault: Vault, desk: Desk
) -> None:
    """See also `test_sender.test_nothing_is_said_of_a_meeting_that_began`."""
    await database.transact(join, vault, 3)
    night = at("2026-11-25 03:00")
    await database.transact(notices.announce, desk, in_two_hours(night), None, night)
    await fires(database, desk, at("2026-11-25 07:00"))
    assert (await states(database))["notice", "late"] == 1
    assert await messages(database, kind="notice") == []


def test_the_time_awake_and_the_time_it_takes_agree() -> None:
    timing = Timing()
    for hour in range(24):
        since = at(f"2026-11-25 {hour:02}:20")
        for seconds in (60, 3600, 50_000, 100_000):
            until = finished(since, seconds, timing)
            assert awake_between(since, until, timing) == seconds
