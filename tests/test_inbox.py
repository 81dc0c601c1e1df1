"""Messages that came: each is taken once, and one that keeps failing is put aside for the operator."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from storage import inbox
from storage.database import Connection, Database
from storage.tables import parked
from storage.vault import Vault

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HERS = b"\xff" * 16  # an address's hash; as a number it is negative
RAW = {"From": "+85512998877", "Body": "ខ្វះថ្នាំ"}


def claim(
    connection: Connection, message: str, reply: int = 1, channel: str = "sms", whose: bytes = HERS
) -> bool:
    return inbox.claim(connection, channel, message, NOW, reply, whose)


# -- Taken once -------------------------------------------------------------------------------------------


async def test_a_message_is_taken_once(database: Database) -> None:
    assert await database.transact(claim, "SM1")
    assert not await database.transact(claim, "SM1")


async def test_the_second_delivery_finds_the_reply_of_the_first(database: Database) -> None:
    await database.transact(claim, "SM1", reply=7)
    await database.transact(claim, "SM1", reply=8)
    assert await database.transact(inbox.reply_to, "sms", "SM1") == 7


async def test_a_message_nobody_took_has_no_reply(database: Database) -> None:
    assert await database.transact(inbox.reply_to, "sms", "SM1") is None


async def test_two_channels_may_number_their_messages_alike(database: Database) -> None:
    assert await database.transact(claim, "1", channel="sms")
    assert await database.transact(claim, "1", channel="telegram")


async def test_a_message_delivered_many_times_at_the_same_moment_is_taken_once(database: Database) -> None:
    taken = await asyncio.gather(*(database.transact(claim, "SM1", reply) for reply in range(1, 13)))
    assert sum(taken) == 1
    assert await database.transact(inbox.reply_to, "sms", "SM1") == taken.index(True) + 1


async def test_many_people_may_write_at_the_same_moment(database: Database) -> None:
    taken = await asyncio.gather(
        *(database.transact(claim, f"SM{n}", n, whose=bytes([n]) * 16) for n in range(12))
    )
    assert all(taken)


async def test_a_message_whose_turn_failed_can_be_taken_again(database: Database) -> None:
    def fails(connection: Connection) -> None:
        claim(connection, "SM1")
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await database.transact(fails)
    assert await database.transact(claim, "SM1")


async def test_an_endless_message_id_is_still_one_message(database: Database) -> None:
    assert await database.transact(claim, "x" * 500)
    assert not await database.transact(claim, "x" * 500)
    assert await database.transact(inbox.reply_to, "sms", "x" * 500) == 1


async def test_reply_numbers_are_in_the_order_of_time() -> None:
    numbers = [inbox.message_number(NOW + timedelta(milliseconds=after)) for after in range(100)]
    assert numbers == sorted(numbers)
    assert max(numbers) < 2**63


# -- Failed, parked, settled ------------------------------------------------------------------------------


async def fail(database: Database, vault: Vault, message: str = "SM1", now: datetime = NOW) -> int:
    return await database.transact(inbox.failed, vault, "sms", message, RAW, "KeyError: 'hc'", now)


async def waiting(database: Database) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await database.transact(inbox.parked_messages)]


async def test_failures_are_counted(database: Database, vault: Vault) -> None:
    assert [await fail(database, vault) for _ in range(4)] == [1, 2, 3, 4]


async def test_failures_at_the_same_moment_are_each_counted(database: Database, vault: Vault) -> None:
    assert sorted(await asyncio.gather(*(fail(database, vault) for _ in range(4)))) == [1, 2, 3, 4]


async def test_a_message_that_failed_twice_is_not_parked_yet(database: Database, vault: Vault) -> None:
    await fail(database, vault)
    await fail(database, vault)
    assert await waiting(database) == []


async def test_a_message_that_failed_three_times_waits_for_the_operator(
    database: Database, vault: Vault
) -> None:
    for after in range(3):
        await fail(database, vault, now=NOW + after * timedelta(minutes=1))
    assert await waiting(database) == [("sms", "SM1", 3, "KeyError: 'hc'", NOW)]


async def test_each_message_has_its_own_count(database: Database, vault: Vault) -> None:
    await fail(database, vault, "SM1")
    await fail(database, vault, "SM1")
    assert await fail(database, vault, "SM2") == 1


async def test_the_operator_can_read_what_the_provider_sent(database: Database, vault: Vault) -> None:
    await fail(database, vault)
    assert await database.transact(inbox.parked_body, vault, "sms", "SM1") == RAW
    assert await database.transact(inbox.parked_body, vault, "sms", "SM2") is None


async def test_nobody_else_can(database: Database, vault: Vault) -> None:
    await fail(database, vault)
    body = await database.transact(
        lambda connection: bytes(connection.execute(sa.select(parked.c.body)).scalar_one())
    )
    assert b"12998877" not in body
    assert "ថ្នាំ".encode() not in body


async def test_a_settled_message_waits_no_more_and_another_does(database: Database, vault: Vault) -> None:
    for message in ("SM1", "SM2"):
        for _ in range(3):
            await fail(database, vault, message)
    await database.transact(inbox.settle, "sms", "SM1")
    assert [message for _channel, message, *_ in await waiting(database)] == ["SM2"]


async def test_the_oldest_waits_first_in_line(database: Database, vault: Vault) -> None:
    for number, message in enumerate(("SM2", "SM3", "SM1")):
        for _ in range(3):
            await fail(database, vault, message, NOW + number * timedelta(seconds=1))
    assert [message for _channel, message, *_ in await waiting(database)] == ["SM2", "SM3", "SM1"]


# -- Forgetting -------------------------------------------------------------------------------------------


async def test_a_message_is_forgotten_when_no_provider_repeats_it_any_more(database: Database) -> None:
    await database.transact(claim, "SM1")
    assert await database.transact(inbox.forget, NOW + 2 * DAY, 2 * DAY) == 0
    assert not await database.transact(claim, "SM1")
    assert await database.transact(inbox.forget, NOW + 2 * DAY + timedelta(seconds=1), 2 * DAY) == 1
    assert await database.transact(claim, "SM1")


async def test_what_failed_once_and_was_answered_later_is_forgotten(database: Database, vault: Vault) -> None:
    await fail(database, vault)
    await database.transact(inbox.forget, NOW + 3 * DAY, 2 * DAY)
    assert await database.transact(inbox.parked_body, vault, "sms", "SM1") is None


async def test_what_is_parked_waits_until_it_is_settled(database: Database, vault: Vault) -> None:
    for _ in range(3):
        await fail(database, vault)
    await database.transact(inbox.forget, NOW + 300 * DAY, 2 * DAY)
    assert len(await waiting(database)) == 1
