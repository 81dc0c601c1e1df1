"""What is due goes out, whatever happens to the one who sends it: it dies, sleeps for a day, its clock is set back."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from broadcasts import fire, notices
from broadcasts.press import Press, Sheet, printed
from flows.meetings import Meeting
from handlers.desk import Desk
from storage import audience
from storage import notices as rows
from storage.database import Connection, Database, connect
from storage.links import stop
from storage.vault import Vault
from tests.villagers import (
    MEETING,
    NOW,
    announces,
    at,
    fires,
    heard,
    join,
    joins,
    messages,
    sends,
    states,
)

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "CHUNK", 4)
    monkeypatch.setattr(audience, "CHUNK_SQLITE", 4)


class Killed(Exception):
    pass


# -- Going on where it stopped ----------------------------------------------------------------------------


def killed_at(connection: Connection, press: Press, now: datetime, luck: random.Random) -> bool:
    """A step that ends before its transaction does, as often as not."""
    more = fire.fire(connection, press, now)
    if luck.random() < 0.5:
        raise Killed
    return more


@pytest.mark.parametrize("seed", range(4))
async def test_killed_between_and_within_chunks_nobody_is_missed_or_queued_twice(
    database: Database, vault: Vault, desk: Desk, small_chunks: None, seed: int
) -> None:
    people = await database.transact(join, vault, 30)
    await announces(database, desk)
    luck, kills, more = random.Random(seed), 0, True
    while more:
        try:
            more = await database.transact(killed_at, desk, NOW, luck)
        except Killed:
            kills += 1
    assert kills
    assert await heard(database, "notice") == people
    (broadcast,) = [b for b in await database.transact(rows.broadcasts_of, 1) if b.kind == "notice"]
    assert (broadcast.state, broadcast.queued, broadcast.cursor) == ("queued", 30, people[-1])


async def test_another_process_goes_on_where_one_stopped(
    database: Database, database_url: str, vault: Vault, desk: Desk, small_chunks: None
) -> None:
    people = await database.transact(join, vault, 10)
    await announces(database, desk)
    for _ in range(2):  # the words, and the first four people
        await database.transact(fire.fire, desk, NOW)
    assert len(await messages(database)) == 4
    other = connect(database_url)
    try:
        await fires(other, desk, NOW)
    finally:
        await other.close()
    assert await heard(database, "notice") == people


async def test_two_processes_at_once_queue_everybody_once(
    database: Database, database_url: str, vault: Vault, desk: Desk, small_chunks: None
) -> None:
    people = await database.transact(join, vault, 50)
    for place in ("ក", "ខ", "គ"):
        await announces(database, desk, place=place)
    other = connect(database_url)
    try:
        for _ in range(10):  # who comes when the other is at work leaves it to her
            await asyncio.gather(fires(database, desk, NOW), fires(other, desk, NOW))
    finally:
        await other.close()
    queued = [(row.notice, row.contact) for row in await messages(database)]
    assert sorted(queued) == [(number, contact) for number in (1, 2, 3) for contact in people]


async def test_a_change_in_the_middle_of_queueing_ends_it(
    database: Database, vault: Vault, desk: Desk, small_chunks: None
) -> None:
    people = await database.transact(join, vault, 10)
    number = await announces(database, desk)
    for _ in range(2):
        await database.transact(fire.fire, desk, NOW)
    await sends(database, NOW)
    await database.transact(notices.change, desk, number, replace(MEETING, place="សាលា"), None, NOW)
    await fires(database, desk, NOW)
    assert await heard(database, "changed") == people[:4]
    assert await heard(database, "notice", ["queued"]) == people[4:]


async def test_who_stops_in_the_middle_of_queueing_is_left_out(
    database: Database, vault: Vault, desk: Desk, small_chunks: None
) -> None:
    people = await database.transact(join, vault, 10)
    await announces(database, desk)
    for _ in range(2):
        await database.transact(fire.fire, desk, NOW)
    await database.transact(stop, people[7])
    await fires(database, desk, NOW)
    assert await heard(database, "notice") == [*people[:7], *people[8:]]


# -- Late, early, at night --------------------------------------------------------------------------------


async def test_nothing_is_done_before_it_is_due(database: Database, vault: Vault, desk: Desk) -> None:
    await database.transact(join, vault, 1)
    await announces(database, desk)
    assert await fires(database, desk, NOW - timedelta(seconds=1)) == 0
    assert await fires(database, desk, NOW) == 2
    assert await fires(database, desk, NOW) == 0


async def test_asleep_for_a_day_what_is_late_is_dropped_and_the_rest_sent(
    database: Database, vault: Vault, desk: Desk
) -> None:
    """Awake at ten on the day of the meeting at 14:00: the evening reminder is late, the notice is not."""
    people = await database.transact(join, vault, 2)
    await announces(database, desk, on="2026-11-27", at="14:00")
    await fires(database, desk, at("2026-11-27 10:00"))
    assert await states(database) == {
        ("notice", "queued"): 1,
        ("evening", "late"): 1,
        ("soon", "due"): 1,
        ("turnout", "due"): 1,
    }
    assert await heard(database, "notice") == people


async def test_asleep_until_after_the_meeting_nobody_hears_of_it_and_the_author_learns_that(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 7)
    author = await database.transact(joins, vault, commune=None, joined=False)
    number = await announces(database, desk, author=author)
    await fires(database, desk, at("2026-12-02 09:00"))
    assert await states(database) == {
        ("notice", "late"): 1,
        ("evening", "late"): 1,
        ("soon", "late"): 1,
        ("turnout", "queued"): 1,
    }
    assert [row.contact for row in await messages(database)] == [author]
    found = await database.transact(rows.find, number)
    assert found is not None and found.turnout is not None
    assert (found.turnout["reached"], found.turnout["missed"]) == (0, {"expired": 7})


async def test_who_wakes_up_at_night_wakes_nobody(database: Database, vault: Vault, desk: Desk) -> None:
    await database.transact(join, vault, 1)
    await announces(database, desk)
    await fires(database, desk, at("2026-11-25 23:00"))
    assert await messages(database) == []
    await fires(database, desk, at("2026-11-26 06:59"))
    assert await messages(database) == []
    await fires(database, desk, at("2026-11-26 07:00"))
    assert len(await messages(database)) == 1


async def test_the_evening_reminder_is_not_given_the_next_morning(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 1)
    await announces(database, desk, at="14:00")
    await fires(database, desk, NOW)
    await fires(database, desk, at("2026-11-30 20:30"))
    assert (await states(database))["evening", "late"] == 1


async def test_a_clock_set_back_sends_nothing_again(database: Database, vault: Vault, desk: Desk) -> None:
    people = await database.transact(join, vault, 3)
    await announces(database, desk)
    await fires(database, desk, NOW)
    for back in (timedelta(seconds=1), timedelta(hours=1), 2 * DAY):
        await fires(database, desk, NOW - back)
    await fires(database, desk, NOW)
    assert await heard(database, "notice") == people


async def test_a_clock_set_back_in_the_middle_of_queueing_does_not_stop_it(
    database: Database, vault: Vault, desk: Desk, small_chunks: None
) -> None:
    people = await database.transact(join, vault, 10)
    await announces(database, desk)
    for _ in range(2):
        await database.transact(fire.fire, desk, NOW)
    await fires(database, desk, NOW - DAY)
    assert await heard(database, "notice") == people


async def test_a_meeting_is_not_counted_before_it_begins(
    database: Database, vault: Vault, desk: Desk
) -> None:
    """Its time was reached already, then the clock was set back, and the meeting moved."""
    await database.transact(join, vault, 1)
    number = await announces(database, desk)
    await database.transact(
        lambda connection: [
            rows.move(connection, b.id, due_at=NOW)
            for b in rows.broadcasts_of(connection, number)
            if b.kind == "turnout"
        ]
    )
    await fires(database, desk, NOW)
    found = await database.transact(rows.find, number)
    assert found is not None and found.state == "announced"
    await fires(database, desk, at("2026-12-01 08:30"))
    found = await database.transact(rows.find, number)
    assert found is not None and found.state == "over"


async def test_what_can_not_be_put_into_words_does_not_hold_up_the_rest(
    database: Database, vault: Vault, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def words(press: Press, meeting: Meeting, *rest: Any) -> list[Sheet]:
        if meeting.place == "ក":
            raise KeyError("place")
        return printed(press, meeting, *rest)

    await database.transact(join, vault, 1)
    first, second = await announces(database, desk, place="ក"), await announces(database, desk, place="ខ")
    monkeypatch.setattr(fire, "printed", words)
    await fires(database, desk, NOW)
    assert [row.notice for row in await messages(database)] == [second]
    assert (await states(database))["notice", "failed"] == 1
    assert first != second


# -- In which order ---------------------------------------------------------------------------------------


async def test_that_one_is_not_held_goes_before_another_is_announced(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 2)
    first = await announces(database, desk)
    await fires(database, desk, NOW)
    await sends(database, NOW)
    await announces(database, desk, place="សាលា")
    await database.transact(notices.call_off, desk, first, None, NOW)
    await fires(database, desk, NOW)
    waiting = [(row.priority, row.kind) for row in await messages(database, state="queued")]
    assert waiting == [(3, "cancelled")] * 2 + [(5, "notice")] * 2


async def test_what_a_broadcast_says_is_kept_once_for_each_channel_and_language(
    database: Database, vault: Vault, desk: Desk
) -> None:
    def payloads(connection: Connection) -> list[Any]:
        return list(connection.execute(rows.payloads.select()))

    await database.transact(join, vault, 5)
    await announces(database, desk)
    await fires(database, desk, NOW)
    kept = await database.transact(payloads)
    assert len(kept) == len(desk.media) * len(desk.languages)
    assert all(row.segments > 0 for row in kept if "sms" in row.channel)
    assert all(row.segments == 0 for row in kept if "telegram" in row.channel)
