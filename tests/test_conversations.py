"""The conversation a contact is in: sealed, taken up where it was left, and one at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flows.engine import Conversation
from storage import contacts, conversations, inbox
from storage.contacts import Known
from storage.database import Connection, Database
from storage.tables import contacts as rows
from storage.tables import conversations as talks
from storage.vault import Vault

pytestmark = pytest.mark.anyio

PHONE = "+85512998877"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
RATING = Conversation(
    "rate", {"service": "hc", "score.hc-presence": 1, "comment": {"text": "ខ្វះថ្នាំ"}}, 2, "abcd"
)


def find(connection: Connection, vault: Vault) -> Known:
    return contacts.find(connection, vault, "sms", PHONE, date(2026, 11, 22), "km")


async def count(database: Database, table: sa.Table) -> int:
    def work(connection: Connection) -> int:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())

    return await database.transact(work)


def save(connection: Connection, vault: Vault, conversation: Conversation, now: datetime = NOW) -> int:
    known = find(connection, vault)
    conversations.save(connection, vault, known.id, conversation, now)
    return known.id


async def test_a_conversation_is_taken_up_where_it_was_left(database: Database, vault: Vault) -> None:
    await database.transact(save, vault, RATING)
    known = await database.transact(find, vault)
    assert known.conversation == RATING
    assert known.changed_at == NOW


async def test_the_answers_keep_their_order(database: Database, vault: Vault) -> None:
    """*Back* drops the last one."""
    await database.transact(save, vault, RATING)
    known = await database.transact(find, vault)
    assert known.conversation is not None
    assert list(known.conversation.answers) == list(RATING.answers)


async def test_a_person_is_in_one_conversation_at_a_time(database: Database, vault: Vault) -> None:
    await database.transact(save, vault, RATING)
    later = Conversation("join", {"home": "no"}, 0, "efgh")
    await database.transact(save, vault, later, NOW + timedelta(minutes=1))
    known = await database.transact(find, vault)
    assert (known.conversation, known.changed_at) == (later, NOW + timedelta(minutes=1))
    assert await count(database, talks) == 1


async def test_a_score_given_in_mid_conversation_cannot_be_read(database: Database, vault: Vault) -> None:
    await database.transact(save, vault, RATING)
    stored = await database.transact(lambda connection: connection.execute(sa.select(talks)).one())
    raw = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in stored)
    for word in (b"score", b"hc-presence", b"comment", "ថ្នាំ".encode()):
        assert word not in raw
    assert vault.open_json(stored.answers)["score.hc-presence"] == 1


async def test_an_ended_conversation_is_gone(database: Database, vault: Vault) -> None:
    number = await database.transact(save, vault, RATING)
    await database.transact(conversations.end, number)
    assert (await database.transact(find, vault)).conversation is None


async def test_a_conversation_nobody_came_back_to_is_forgotten(database: Database, vault: Vault) -> None:
    await database.transact(save, vault, RATING)
    keep = timedelta(days=30)
    assert await database.transact(conversations.forget, NOW + keep, keep) == 0
    assert await database.transact(conversations.forget, NOW + keep + timedelta(seconds=1), keep) == 1
    assert (await database.transact(find, vault)).conversation is None


async def test_a_contact_outlives_her_conversation(database: Database, vault: Vault) -> None:
    number = await database.transact(save, vault, RATING)
    await database.transact(conversations.forget, NOW + timedelta(days=31), timedelta(days=30))
    assert (await database.transact(find, vault)).id == number


# -- At the same moment -----------------------------------------------------------------------------------


async def at_once(database: Database, work: Any, times: int) -> list[Any]:
    return await asyncio.gather(*(database.transact(work, number) for number in range(times)))


async def test_a_message_that_waited_sees_what_the_one_before_it_stored(
    database: Database, vault: Vault
) -> None:
    """Ten messages of one person at once, each adding to what the last one stored: none is lost."""
    await database.transact(save, vault, Conversation("count", {"n": 0}))

    def step(connection: Connection, number: int) -> None:
        whose = vault.address_hash("sms", PHONE)
        inbox.claim(connection, "sms", str(number), NOW, number, whose)
        known = find(connection, vault)
        assert known.conversation is not None
        more = Conversation("count", {"n": known.conversation.answers["n"] + 1})
        conversations.save(connection, vault, known.id, more, NOW)

    await at_once(database, step, 10)
    known = await database.transact(find, vault)
    assert known.conversation == Conversation("count", {"n": 10})


async def test_a_new_person_who_writes_twice_at_once_is_one_contact(database: Database, vault: Vault) -> None:
    def step(connection: Connection, number: int) -> int:
        inbox.claim(connection, "sms", str(number), NOW, number, vault.address_hash("sms", PHONE))
        return find(connection, vault).id

    assert len(set(await at_once(database, step, 5))) == 1
    assert await count(database, rows) == 1
