"""One person with two addresses is reached once, also when she can't be reached any more on the one she chose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from broadcasts import turnout
from flows.meetings import Meeting
from handlers import deliveries
from handlers.desk import Desk
from storage import audience, contacts, links, outbox, spending
from storage import notices as meetings
from storage.database import Connection, Database
from storage.tables import contacts as table
from storage.tables import follows
from storage.tables import outbox as rows
from storage.vault import Vault
from tests.delivery import Delivery, delivering
from tests.telegram_server import Chat
from tests.villagers import (
    COMMUNE,
    MEETING,
    NOW,
    VILLAGES,
    announces,
    fires,
    heard,
    joins,
    messages,
)

pytestmark = pytest.mark.anyio

TELEGRAM, PHONE = "7001", "+85512900001"
FACILITY = "hc080302"
SCOPES = [
    MEETING,
    replace(MEETING, scope="villages", villages=VILLAGES[:2]),
    replace(MEETING, scope="facility", facility=FACILITY),
]


def bopha(connection: Connection, vault: Vault) -> tuple[int, int]:
    """She hears on Telegram, and has a phone; the two contacts."""
    telegram = joins(connection, vault, address=TELEGRAM, village=VILLAGES[0])
    phone = joins(connection, vault, "sms", address=PHONE, joined=False, commune=None)
    connection.execute(sa.insert(follows).values(facility=FACILITY, contact=telegram))
    links.link(connection, phone, telegram, telegram)
    return telegram, phone


@pytest.fixture
async def hers(database: Database, vault: Vault) -> tuple[int, int]:
    return await database.transact(bopha, vault)


async def blocks(database: Database, desk: Desk, address: str = TELEGRAM, gone: bool = True) -> None:
    channel = "telegram" if address == TELEGRAM else "sms"
    await database.transact(deliveries.blocked, desk, channel, address, gone)


# -- Whom the next notice goes to -------------------------------------------------------------------------


@pytest.mark.parametrize("meeting", SCOPES, ids=lambda meeting: meeting.scope)
async def test_who_blocked_us_hears_on_her_other_address(
    database: Database, desk: Desk, hers: tuple[int, int], meeting: Meeting
) -> None:
    await blocks(database, desk)
    assert await database.transact(audience.count, meeting) == {("sms", "km"): 1}
    assert await database.transact(audience.blocked, meeting, []) == 0


async def test_and_goes_on_to_hear_once_when_she_lets_us_in_again(
    database: Database, desk: Desk, hers: tuple[int, int]
) -> None:
    await blocks(database, desk)
    await blocks(database, desk, gone=False)
    assert sum((await database.transact(audience.count, MEETING)).values()) == 1


@pytest.mark.parametrize("why", ["blocked", "stopped"])
async def test_where_the_other_can_not_be_reached_either_nobody_hears(
    database: Database, desk: Desk, hers: tuple[int, int], why: str
) -> None:
    await database.transact(
        lambda connection: connection.execute(
            sa.update(table).where(table.c.id == hers[1]).values({why: True})
        )
    )
    await blocks(database, desk)
    assert await database.transact(audience.count, MEETING) == {}


async def test_an_address_that_comes_back_takes_over(
    database: Database, desk: Desk, hers: tuple[int, int]
) -> None:
    await blocks(database, desk, PHONE)
    await blocks(database, desk)
    assert await database.transact(audience.count, MEETING) == {}
    await blocks(database, desk, PHONE, gone=False)
    assert await database.transact(audience.count, MEETING) == {("sms", "km"): 1}


async def test_who_wants_to_be_left_alone_is_left_alone(
    database: Database, vault: Vault, hers: tuple[int, int]
) -> None:
    await database.transact(contacts.opted_out, vault, "telegram", TELEGRAM)
    assert await database.transact(audience.count, MEETING) == {}
    assert await database.transact(links.hears, hers[1]) == hers[0]


# -- What is under way ------------------------------------------------------------------------------------


@pytest.fixture
async def delivery(database: Database, database_url: str, vault: Vault) -> AsyncIterator[Delivery]:
    async with delivering(database, database_url, vault) as ready:
        ready.time.shift = NOW - ready.time.clock()
        yield ready


async def test_a_notice_that_is_refused_on_telegram_comes_by_sms(
    delivery: Delivery, desk: Desk, hers: tuple[int, int]
) -> None:
    about = {"id": int(TELEGRAM), "type": "private", "first_name": "Bopha"}
    delivery.telegram.chats[int(TELEGRAM)] = Chat(about, blocked=True)
    number = await announces(delivery.database, desk)
    await fires(delivery.database, desk, NOW)
    assert await heard(delivery.database, "notice") == [hers[0]]
    process = delivery.process()
    await delivery.sends(process)
    await process.sender.marks.close()
    await delivery.sends(process, "sms")
    await process.sender.marks.close()
    [message] = await messages(delivery.database, kind="notice")
    assert (message.contact, message.channel, message.state) == (hers[1], "sms", "sent")
    assert [text.to for text in delivery.sms.sent] == [PHONE]
    assert "វត្តព្រែក" in delivery.sms.sent[0].body

    def ended(connection: Connection) -> tuple[object, int]:
        notice = meetings.find(connection, number)
        assert notice is not None
        shares = turnout.count(connection, desk, notice)
        return shares.missed, spending.spent(connection, COMMUNE, NOW.date())

    missed, segments = await delivery.database.transact(ended)
    assert missed == {}
    assert segments > 0  # it counts like any other


async def taken(database: Database, vault: Vault, channel: str) -> list[str]:
    found = await database.transact(outbox.take, vault, channel, NOW, 50, bulk=True)
    return [row.address for row in found]


async def test_a_notice_that_waits_when_she_blocks_us_is_passed_on(
    database: Database, vault: Vault, desk: Desk, hers: tuple[int, int]
) -> None:
    await announces(database, desk)
    await fires(database, desk, NOW)
    await blocks(database, desk)
    assert await taken(database, vault, "telegram") == []
    assert await taken(database, vault, "sms") == [PHONE]


async def test_and_so_is_one_that_a_sender_has_in_its_hands(
    database: Database, vault: Vault, desk: Desk, hers: tuple[int, int]
) -> None:
    await announces(database, desk)
    await fires(database, desk, NOW)
    assert await taken(database, vault, "telegram") == [TELEGRAM]
    await blocks(database, desk)
    numbers = await database.transact(lambda connection: list(connection.scalars(sa.select(rows.c.id))))
    assert await database.transact(outbox.unwanted, numbers, NOW) == set(numbers)
    assert await taken(database, vault, "sms") == [PHONE]


async def test_an_sms_to_a_number_that_is_gone_comes_on_telegram(
    database: Database, vault: Vault, desk: Desk
) -> None:
    def other_way(connection: Connection) -> None:
        telegram, phone = bopha(connection, vault)
        links.link(connection, telegram, phone, phone)

    await database.transact(other_way)
    await announces(database, desk)
    await fires(database, desk, NOW)
    assert await taken(database, vault, "sms") == [PHONE]
    await database.transact(
        lambda connection: connection.execute(sa.update(rows).values(provider_id="SM1", state="sent"))
    )
    await database.transact(deliveries.receipt, "SM1", "failed", "30005", None, deliveries.GONE, NOW)
    assert await taken(database, vault, "telegram") == [TELEGRAM]
    await database.transact(deliveries.receipt, "SM1", "delivered", None, None, deliveries.FINAL, NOW)
    assert [row.state for row in await messages(database)] == ["sending"]


async def test_who_was_told_there_before_is_not_told_again(
    database: Database, vault: Vault, desk: Desk, hers: tuple[int, int]
) -> None:
    """She was two people when it was queued."""
    await database.transact(links.unlink, hers[1])
    await database.transact(
        lambda connection: connection.execute(
            sa.update(table).where(table.c.id == hers[1]).values(joined=True, commune=COMMUNE)
        )
    )
    await announces(database, desk)
    await fires(database, desk, NOW)
    await database.transact(links.link, hers[1], hers[0], hers[0])
    await blocks(database, desk)
    assert await taken(database, vault, "telegram") == []
    assert await taken(database, vault, "sms") == [PHONE]
    assert sorted(row.state for row in await messages(database, kind="notice")) == ["cancelled", "sending"]


async def test_what_is_over_the_cap_is_not_passed_on(
    database: Database, vault: Vault, desk: Desk, hers: tuple[int, int]
) -> None:
    await announces(database, desk)
    await fires(database, desk, NOW)
    await database.transact(
        lambda connection: connection.execute(
            sa.text("UPDATE payloads SET withheld = 'cap' WHERE segments > 0")
        )
    )
    await blocks(database, desk)
    assert await taken(database, vault, "telegram") == await taken(database, vault, "sms") == []
    assert [row.state for row in await messages(database, kind="notice")] == ["cancelled"]
