"""Who sends bulk: one process at a time, and another soon after it died."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from storage import contacts, lanes, outbox
from storage.database import Connection, Database, connect
from storage.lanes import Lane
from storage.outbox import BULK, REPLY
from storage.vault import Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LEASE = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


async def hold(
    database: Database, holder: str, now: datetime = NOW, silent: Lane | None = None, channel: str = "sms"
) -> Lane | None:
    return await database.transact(lanes.hold, channel, holder, now, LEASE, silent)


async def test_the_first_who_comes_holds_the_lane(database: Database) -> None:
    assert await database.transact(lanes.seen, "sms") is None
    assert await hold(database, "a") == Lane("sms", "a", NOW + LEASE)
    assert await hold(database, "b", NOW + SECOND) is None
    assert await database.transact(lanes.seen, "sms") == Lane("sms", "a", NOW + LEASE)


async def test_each_channel_has_its_own(database: Database) -> None:
    assert await hold(database, "a")
    assert await hold(database, "b", channel="telegram")


async def test_who_renews_goes_on(database: Database) -> None:
    for second in range(0, 60, 3):
        renewed = await hold(database, "a", NOW + second * SECOND)
        assert renewed is not None
        assert renewed.held_until == NOW + second * SECOND + LEASE
        assert await hold(database, "b", NOW + (second + 2) * SECOND) is None


async def test_another_takes_it_when_the_time_ran_out(database: Database) -> None:
    await hold(database, "a")
    assert await hold(database, "b", NOW + LEASE - SECOND) is None
    assert await hold(database, "b", NOW + LEASE) is not None
    assert await hold(database, "a", NOW + LEASE + SECOND) is None  # who slept has lost it


async def test_who_gave_it_up_leaves_it_to_others_at_once(database: Database) -> None:
    await hold(database, "a")
    await database.transact(lanes.release, "sms", "b")  # not b's to give up
    assert await hold(database, "b") is None
    await database.transact(lanes.release, "sms", "a")
    assert await hold(database, "b") is not None


async def test_a_holder_whose_clock_was_set_back_is_not_silent(database: Database) -> None:
    before = await hold(database, "a")
    assert before is not None
    assert await hold(database, "a", NOW - timedelta(hours=1))
    after = await database.transact(lanes.seen, "sms")
    assert after is not None
    assert after.held_until > before.held_until
    assert await hold(database, "b", NOW, silent=before) is None


async def test_a_holder_that_died_with_a_clock_ahead_is_taken_for_silent(database: Database) -> None:
    ahead = await hold(database, "a", NOW + timedelta(days=1))
    assert await hold(database, "b", NOW + 11 * SECOND) is None
    assert await hold(database, "b", NOW + 11 * SECOND, silent=ahead) == Lane(
        "sms", "b", NOW + 11 * SECOND + LEASE
    )


async def test_many_who_come_at_once_are_one_holder(database: Database, database_url: str) -> None:
    others = [connect(database_url) for _ in range(3)]
    try:
        held = await asyncio.gather(
            *(hold(one, f"{number}.{turn}") for number, one in enumerate(others) for turn in range(4))
        )
        assert len([lane for lane in held if lane]) == 1
    finally:
        for one in others:
            await one.close()


def fill(connection: Connection, vault: Vault) -> None:
    """Bulk and a reply that a sender has taken, and bulk that waits for another try."""
    known = contacts.find(connection, vault, "sms", "+85512998877", date(2026, 11, 22), "km")
    for number, priority, state in ((1, BULK, "sending"), (2, REPLY, "sending"), (3, BULK, "queued")):
        outbox.queue(
            connection, vault, number, known.id, "sms", [{"text": "?"}], NOW, priority=priority, state=state
        )


async def test_what_a_dead_holder_was_sending_is_free_at_once(database: Database, vault: Vault) -> None:
    def free(connection: Connection) -> list[int]:
        query = sa.text("SELECT id FROM outbox WHERE leased_until IS NULL ORDER BY id")
        return list(connection.execute(query).scalars())

    await database.transact(fill, vault)
    await hold(database, "a")
    await database.transact(fill_again)
    await hold(database, "a", NOW + 3 * SECOND)
    assert await database.transact(free) == []  # its own stays its own
    await hold(database, "b", NOW + 2 * LEASE)
    assert await database.transact(free) == [1]


def fill_again(connection: Connection) -> None:
    """The holder has taken its bulk."""
    connection.execute(sa.text("UPDATE outbox SET leased_until = 1e13 WHERE id = 1"))


# -- The provider says to wait ----------------------------------------------------------------------------


async def test_all_processes_learn_to_wait(database: Database) -> None:
    assert await database.transact(lanes.quiet_until) == {}
    await database.transact(lanes.quiet, "sms", NOW + 30 * SECOND)
    assert await database.transact(lanes.quiet_until) == {"sms": NOW + 30 * SECOND}
    held = await hold(database, "a")
    assert held is not None
    assert held.quiet_until == NOW + 30 * SECOND


async def test_a_shorter_wait_does_not_end_a_longer_one(database: Database) -> None:
    await hold(database, "a")
    for seconds in (30, 5):
        await database.transact(lanes.quiet, "sms", NOW + seconds * SECOND)
    assert await database.transact(lanes.quiet_until) == {"sms": NOW + 30 * SECOND}
    assert await hold(database, "b") is None  # to wait is not to hold
