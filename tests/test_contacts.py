"""Contacts: an address that nobody reads, and what it wants remembered."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from flows.engine import Conversation
from flows.world import Contact
from storage import contacts, conversations, outbox
from storage.contacts import Known
from storage.database import Connection, Database
from storage.tables import contacts as rows
from storage.tables import conversations as talks
from storage.tables import outbox as messages
from storage.tables import people
from storage.vault import Vault

pytestmark = pytest.mark.anyio

PHONE = "+85512998877"
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def find(connection: Connection, vault: Vault, address: str = PHONE, channel: str = "sms") -> Known:
    return contacts.find(connection, vault, channel, address, TODAY, "km")


async def count(database: Database, table: sa.Table) -> int:
    def work(connection: Connection) -> Any:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()

    return int(await database.transact(work))


# -- Finding ----------------------------------------------------------------------------------------------


async def test_a_new_address_becomes_a_contact(database: Database, vault: Vault) -> None:
    known = await database.transact(find, vault)
    assert known.new
    assert known.contact == Contact("km")
    assert known.conversation is None


async def test_the_same_address_is_the_same_contact(database: Database, vault: Vault) -> None:
    first = await database.transact(find, vault)
    again = await database.transact(find, vault)
    assert (again.id, again.new) == (first.id, False)


@pytest.mark.parametrize(("channel", "address"), [("sms", "+85512998878"), ("telegram", PHONE)])
async def test_another_address_or_channel_is_another_contact(
    database: Database, vault: Vault, channel: str, address: str
) -> None:
    first = await database.transact(find, vault)
    assert (await database.transact(find, vault, address, channel)).id != first.id


async def test_an_address_can_be_written_to(database: Database, vault: Vault) -> None:
    """What is sealed is the address itself: notices are sent to it."""
    known = await database.transact(find, vault)
    sealed = await database.transact(
        lambda connection: connection.execute(sa.select(rows.c.address).where(rows.c.id == known.id)).scalar()
    )
    assert vault.open(sealed).decode() == PHONE


async def test_under_another_secret_nobody_is_found(database: Database, vault: Vault) -> None:
    first = await database.transact(find, vault)
    assert (await database.transact(find, Vault("not the secret it began with"))).id != first.id


async def test_the_version_of_the_reference_data_comes_with_the_contact(
    database: Database, vault: Vault
) -> None:
    assert (await database.transact(find, vault)).version == 1


# -- What is remembered -----------------------------------------------------------------------------------


async def test_facts_are_remembered(database: Database, vault: Vault) -> None:
    facts = {"language": "en", "commune": "080303", "village": "08030301", "joined": True, "people": 2}

    def work(connection: Connection) -> Known:
        return contacts.remember(connection, find(connection, vault), **facts)

    at_once = await database.transact(work)
    later = await database.transact(find, vault)
    assert at_once.contact == later.contact == Contact("en", "080303", "08030301", True, 2)


async def test_a_stop_is_remembered(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> Known:
        return contacts.remember(connection, find(connection, vault), stopped=True)

    assert (await database.transact(work)).stopped
    assert (await database.transact(find, vault)).stopped


@pytest.mark.parametrize("fact", ["name", "address", "id", "asked"])
async def test_nothing_else_is_remembered(sqlite: Database, vault: Vault, fact: str) -> None:
    def work(connection: Connection) -> Known:
        return contacts.remember(connection, find(connection, vault), **{fact: "x"})

    with pytest.raises(ValueError, match=f"a contact has no {fact}"):
        await sqlite.transact(work)


# -- What a person said of herself ------------------------------------------------------------------------

WOMAN: dict[str, str | None] = {"gender": "female", "age": "15-30", "poor": None}
MAN: dict[str, str | None] = {"gender": "male"}


def describe(connection: Connection, vault: Vault, number: int, about: dict[str, str | None]) -> Known:
    known = find(connection, vault)
    if number > known.contact.people:
        known = contacts.remember(connection, known, people=number)
    return contacts.describe(connection, vault, known, number, about)


def about(connection: Connection, vault: Vault, number: int) -> dict[str, str | None]:
    return contacts.about(connection, vault, find(connection, vault), number)


async def test_of_a_stranger_nothing_is_known(database: Database, vault: Vault) -> None:
    assert await database.transact(about, vault, 1) == {}


async def test_what_she_said_of_herself_is_kept(database: Database, vault: Vault) -> None:
    await database.transact(describe, vault, 1, WOMAN)
    assert await database.transact(about, vault, 1) == WOMAN


async def test_it_is_kept_apart_for_each_person_of_a_phone(database: Database, vault: Vault) -> None:
    await database.transact(describe, vault, 1, WOMAN)
    await database.transact(describe, vault, 2, MAN)
    assert await database.transact(about, vault, 1) == WOMAN
    assert await database.transact(about, vault, 2) == MAN


async def test_what_she_says_later_takes_its_place(database: Database, vault: Vault) -> None:
    await database.transact(describe, vault, 1, WOMAN)
    await database.transact(describe, vault, 1, {"gender": "other"})
    assert await database.transact(about, vault, 1) == {"gender": "other"}


async def test_who_was_asked_is_not_asked_again(database: Database, vault: Vault) -> None:
    at_once = await database.transact(describe, vault, 2, {})
    later = await database.transact(find, vault)
    assert at_once.contact.asked == later.contact.asked == (2,)


async def test_what_she_said_of_herself_is_sealed(database: Database, vault: Vault) -> None:
    await database.transact(describe, vault, 1, WOMAN)
    stored = await database.transact(
        lambda connection: [bytes(row.about) for row in connection.execute(sa.select(people))]
    )
    assert len(stored) == 1
    assert b"female" not in stored[0]
    assert vault.open_json(stored[0]) == WOMAN


# -- Blocking and erasing ---------------------------------------------------------------------------------


async def blocked(database: Database) -> list[bool]:
    return await database.transact(
        lambda connection: list(connection.execute(sa.select(rows.c.blocked)).scalars())
    )


async def test_a_block_is_noted_and_taken_back(database: Database, vault: Vault) -> None:
    await database.transact(find, vault)
    assert await database.transact(contacts.block, vault, "sms", PHONE, True)
    assert await blocked(database) == [True]
    assert await database.transact(contacts.block, vault, "sms", PHONE, False)
    assert await blocked(database) == [False]


async def test_a_block_by_a_stranger_makes_no_contact(database: Database, vault: Vault) -> None:
    assert not await database.transact(contacts.block, vault, "sms", PHONE, True)
    assert await blocked(database) == []


async def test_erasing_leaves_nothing_that_points_to_her(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        known = describe(connection, vault, 1, WOMAN)
        conversations.save(connection, vault, known.id, Conversation("rate"), NOW)
        outbox.queue(connection, vault, 1, known.id, "sms", [{"text": "?"}], NOW)
        contacts.erase(connection, known)

    await database.transact(work)
    assert [await count(database, table) for table in (rows, people, talks)] == [0, 0, 0]
    left = await database.transact(
        lambda connection: list(connection.execute(sa.select(messages.c.contact)).scalars())
    )
    assert left == [None]


async def test_erasing_leaves_everybody_else(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        neighbour = find(connection, vault, "+85512998878")
        contacts.describe(connection, vault, neighbour, 1, MAN)
        conversations.save(connection, vault, neighbour.id, Conversation("rate"), NOW)
        contacts.erase(connection, find(connection, vault))

    await database.transact(work)
    assert [await count(database, table) for table in (rows, people, talks)] == [1, 1, 1]


async def test_who_was_erased_comes_back_as_a_stranger(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        contacts.erase(connection, describe(connection, vault, 2, WOMAN))

    await database.transact(work)
    known = await database.transact(find, vault)
    assert known.new
    assert known.contact == Contact("km")
