"""Who is told of a meeting: everybody it is for, once, on the address she chose, and nobody who stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from broadcasts.schedule import PRIORITY
from flows.meetings import Meeting
from storage import audience, notices
from storage.database import Connection, Database
from storage.links import link
from storage.notices import Broadcast, Notice
from storage.tables import contacts, follows, outbox
from storage.vault import Vault
from tests.villagers import MEETING, NEIGHBOUR, NOW, VILLAGES, at, join, joins, messages

pytestmark = pytest.mark.anyio

FACILITY = "hc080302"
OF_VILLAGES = replace(MEETING, scope="villages", villages=VILLAGES[:2])
OF_FACILITY = replace(MEETING, scope="facility", facility=FACILITY)


def follow(connection: Connection, contact: int) -> int:
    connection.execute(sa.insert(follows).values(facility=FACILITY, contact=contact))
    return contact


def prepare(
    connection: Connection, meeting: Meeting = MEETING, kind: str = "notice"
) -> tuple[Notice, Broadcast]:
    """A notice whose broadcast is ready to be queued."""
    number = notices.add(connection, meeting, None, NOW)
    notices.schedule(connection, number, 1, [(kind, PRIORITY[kind], NOW, at("2026-12-01 08:30"))])
    (broadcast,) = notices.broadcasts_of(connection, number)
    parts = [{"text": "…"}]
    notices.add_payloads(
        connection,
        broadcast.id,
        [(channel, language, parts, 0, None) for channel in ("telegram", "sms") for language in ("km", "en")],
    )
    notice = notices.find(connection, number)
    assert notice is not None
    return notice, broadcast


def queue(connection: Connection, meeting: Meeting = MEETING, most: int = 1000) -> list[int]:
    """The contacts a broadcast is queued for, in chunks."""
    notice, broadcast = prepare(connection, meeting)
    done = False
    while not done:
        chunk = audience.queue_chunk(connection, notice, broadcast, ["km", "en"], NOW, most)
        broadcast = replace(broadcast, cursor=chunk.cursor, queued=broadcast.queued + chunk.queued)
        done = chunk.done
    query = sa.select(outbox.c.contact).where(outbox.c.broadcast == broadcast.id).order_by(outbox.c.contact)
    queued = list(connection.execute(query).scalars())
    assert len(queued) == broadcast.queued
    assert sum(audience.count(connection, meeting).values()) == len(queued)
    return queued


# -- For whom ---------------------------------------------------------------------------------------------


async def test_a_commune_is_everybody_who_joined_there(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        wanted = join(connection, vault, 3) + join(connection, vault, 2, village=VILLAGES[0])
        joins(connection, vault, commune=NEIGHBOUR)
        joins(connection, vault, commune=None)
        joins(connection, vault, joined=False)
        assert queue(connection) == wanted

    await database.transact(work)


async def test_of_villages_also_those_who_did_not_say_which_is_theirs(
    database: Database, vault: Vault
) -> None:
    def work(connection: Connection) -> None:
        wanted = [joins(connection, vault, village=village) for village in (*VILLAGES[:2], None)]
        joins(connection, vault, village=VILLAGES[2])
        joins(connection, vault, commune=NEIGHBOUR)
        assert queue(connection, OF_VILLAGES) == wanted

    await database.transact(work)


async def test_followers_need_not_have_joined_or_live_there(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        wanted = [
            follow(connection, joins(connection, vault, **facts))
            for facts in ({}, {"commune": NEIGHBOUR}, {"commune": None, "joined": False})
        ]
        joins(connection, vault)
        assert queue(connection, OF_FACILITY) == wanted

    await database.transact(work)


@pytest.mark.parametrize("meeting", [MEETING, OF_VILLAGES, OF_FACILITY], ids=lambda meeting: meeting.scope)
async def test_who_stopped_or_blocked_us_is_not_told(
    database: Database, vault: Vault, meeting: Meeting
) -> None:
    def work(connection: Connection) -> None:
        wanted = follow(connection, joins(connection, vault))
        follow(connection, joins(connection, vault, stopped=True))
        follow(connection, joins(connection, vault, blocked=True))
        assert queue(connection, meeting) == [wanted]

    await database.transact(work)


@pytest.mark.parametrize("meeting", [MEETING, OF_VILLAGES, OF_FACILITY], ids=lambda meeting: meeting.scope)
async def test_one_person_with_two_addresses_is_told_once_where_she_chose(
    database: Database, vault: Vault, meeting: Meeting
) -> None:
    def work(connection: Connection) -> None:
        sms = follow(connection, joins(connection, vault, "sms"))
        telegram = follow(connection, joins(connection, vault))
        link(connection, sms, telegram, telegram)
        assert queue(connection, meeting) == [telegram]

    await database.transact(work)


async def test_who_follows_on_one_address_hears_on_the_other(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        sms, telegram = follow(connection, joins(connection, vault, "sms")), joins(connection, vault)
        connection.execute(sa.update(contacts).where(contacts.c.id == sms).values(told_at=telegram))
        assert queue(connection, OF_FACILITY) == [telegram]

    await database.transact(work)


# -- What each is told ------------------------------------------------------------------------------------


async def test_each_gets_the_payload_of_her_channel_and_language(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        for channel, language in (("telegram", "km"), ("sms", "en"), ("telegram", "cmo")):
            joins(connection, vault, channel, language=language)
        queue(connection)

    await database.transact(work)
    rows = await messages(database)
    keys = [(row.channel, row.payload) for row in rows]
    first, second, third = keys
    assert first == third  # a language that we do not speak is told in the first that we do
    assert second[0] == "sms" and second[1] != first[1]
    assert {row.state for row in rows} == {"queued"}
    assert {row.priority for row in rows} == {5}
    assert {row.expires_at for row in rows} == {at("2026-12-01 08:30")}
    assert all(row.body is None and row.leased_until is None and row.attempts == 0 for row in rows)


async def test_people_are_counted_by_channel_language_and_village(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        join(connection, vault, 2, village=VILLAGES[0])
        join(connection, vault, 3, channel="sms", language="en")
        assert audience.count(connection, MEETING) == {("telegram", "km"): 2, ("sms", "en"): 3}
        assert audience.villages(connection, MEETING) == {VILLAGES[0]: 2, None: 3}

    await database.transact(work)


# -- In chunks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [0, 1, 9, 10, 11, 20, 25])
@pytest.mark.parametrize("meeting", [MEETING, OF_FACILITY], ids=lambda meeting: meeting.scope)
async def test_chunks_leave_nobody_out_and_take_nobody_twice(
    database: Database, vault: Vault, people: int, meeting: Meeting
) -> None:
    def work(connection: Connection) -> None:
        wanted = [follow(connection, contact) for contact in join(connection, vault, people)]
        assert queue(connection, meeting, most=10) == wanted

    await database.transact(work)


async def test_a_chunk_that_is_queued_again_changes_nothing(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        join(connection, vault, 5)
        notice, broadcast = prepare(connection)
        first = audience.queue_chunk(connection, notice, broadcast, ["km"], NOW)
        again = audience.queue_chunk(connection, notice, broadcast, ["km"], NOW)
        assert (first.queued, again.queued) == (5, 0)
        assert again.cursor == first.cursor

    await database.transact(work)
    assert len(await messages(database)) == 5


async def test_numbers_stay_unique_when_the_clock_stands_or_goes_back(
    database: Database, vault: Vault
) -> None:
    def work(connection: Connection) -> None:
        join(connection, vault, 6)
        for back in (0, 0, 1, 3600, 86_400):
            notice, broadcast = prepare(connection)
            when = NOW - timedelta(seconds=back)
            while True:
                chunk = audience.queue_chunk(connection, notice, broadcast, ["km"], when, 2)
                broadcast = replace(broadcast, cursor=chunk.cursor)
                if chunk.done:
                    break

    await database.transact(work)
    ids = [row.id for row in await messages(database)]
    assert len(ids) == len(set(ids)) == 30
    assert [row.broadcast for row in await messages(database)] == sorted(
        row.broadcast for row in await messages(database)
    )
    assert all(number >> 19 & 1 for number in ids)  # no reply's number has this bit
