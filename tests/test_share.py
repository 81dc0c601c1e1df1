"""Several processes keep one pace together: never more than the provider takes, bulk gives way to who waits for an
answer, and who dies holds nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.share import BLIND, LAPSE, VALID
from storage import shares
from storage.database import Database, connect
from storage.outbox import Outgoing
from storage.shares import Ask, Part, divided
from storage.tables import shares as table
from storage.vault import Vault
from tests.delivery import Delivery, Process, delivering
from tests.telegram_server import Chat

pytestmark = pytest.mark.anyio

RATE = 30
VILLAGE = [str(number) for number in range(1000, 1400)]


@pytest.fixture(autouse=True)
def marks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.marks.MARK_EVERY", 0.001)


@pytest.fixture
async def delivery(database: Database, database_url: str, vault: Vault) -> AsyncIterator[Delivery]:
    async with delivering(database, database_url, vault) as ready:
        yield ready


# -- Sharing out ------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),  # who asks
            st.integers(0, 40),  # what she has taken, as far as she has it
            st.integers(0, 40),
            st.booleans(),
            st.booleans(),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_there_are_never_more_places_than_there_are(
    asks: list[tuple[int, int, int, bool, bool, bool]],
) -> None:
    places, lacks = [0] * 4, [0] * 4
    for who, taken, waiting, bulk, gives, ends in asks:
        before, taken = places[who], min(taken, places[who])
        wanted = sum(lacks) - lacks[who]
        ask = Ask(1, taken, waiting, bulk, gives, ends)
        places[who], lacks[who], owed = divided(RATE, ask, before, RATE - sum(places), wanted, 4)
        assert sum(places) <= RATE
        assert places[who] >= taken, "a place that is taken was given away"
        assert 0 <= owed <= places[who]
        if not (gives or ends):
            assert places[who] >= before
        assert lacks[who] == max(0, taken + waiting - places[who])


def test_bulk_takes_what_nobody_needs_for_a_reply() -> None:
    bulk = Ask(1, taken=0, bulk=True)
    assert divided(RATE, bulk, mine=0, free=30, wanted=0, many=1) == (30, 0, 0)
    assert divided(RATE, bulk, mine=10, free=20, wanted=3, many=2) == (27, 0, 0)


def test_bulk_gives_what_is_free_and_owes_the_rest() -> None:
    busy = Ask(1, taken=29, bulk=True)
    assert divided(RATE, busy, mine=30, free=0, wanted=3, many=2) == (30, 0, 3)
    gives = Ask(1, taken=29, bulk=True, gives=True)
    assert divided(RATE, gives, mine=30, free=0, wanted=3, many=2) == (29, 0, 2)


def test_who_replies_takes_a_few_more_where_nobody_wants_them() -> None:
    assert divided(RATE, Ask(1, taken=0, waiting=1), mine=0, free=30, wanted=0, many=1) == (6, 0, 0)
    assert divided(RATE, Ask(1, taken=0, waiting=4), mine=0, free=1, wanted=0, many=2) == (1, 3, 0)


def test_of_two_that_reply_much_each_has_half() -> None:
    much = Ask(1, taken=20, waiting=50, gives=True)
    assert divided(RATE, much, mine=30, free=0, wanted=40, many=2) == (20, 50, 5)


# -- In the database --------------------------------------------------------------------------------------


async def test_many_who_ask_at_once_get_no_more_than_there_is(database: Database, database_url: str) -> None:
    others = [connect(database_url) for _ in range(4)]

    async def asks(one: Database, name: str) -> int:
        while True:
            part = await one.apart(shares.share, "telegram", name, RATE, Ask(1, 0, 9), {})
            if part is not None:
                return part.places

    try:
        places = await asyncio.gather(*(asks(one, f"process{n}") for n, one in enumerate(others)))
        assert sum(places) == RATE
    finally:
        for one in others:
            await one.close()


async def test_who_is_silent_loses_its_places(database: Database) -> None:
    async def asks(name: str, ask: Ask, silent: dict[str, int]) -> Part:
        part = await database.apart(shares.share, "sms", name, 10, ask, silent)
        assert part is not None
        return part

    await asks("a", Ask(7, 0, 8), {})
    assert (await asks("b", Ask(1, 0, 8), {"a": 6})).places == 1  # it was heard of since
    found = await asks("b", Ask(2, 1, 9), {"a": 7})
    assert (found.places, found.others) == (10, {})


async def test_nothing_changes_nothing_is_written(database: Database) -> None:
    async def useful(ask: Ask, name: str = "a") -> tuple[bool, bool]:
        return await database.read(shares.of_use, "sms", name, 10, ask)

    assert await useful(Ask(1, 0, 2)) == (True, False)
    await database.apart(shares.share, "sms", "a", 10, Ask(1, 0, bulk=True), {})
    assert await useful(Ask(1, 4, bulk=True)) == (False, False)
    assert await useful(Ask(1, 0, 1), "b") == (True, False)
    await database.apart(shares.share, "sms", "b", 10, Ask(1, 0, 1), {})
    assert await useful(Ask(1, 4, bulk=True)) == (True, True)
    assert await useful(Ask(1, 0, 1), "b") == (False, False)  # it waits already


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer in any case
async def test_nobody_waits_for_who_froze_in_the_middle(delivery: Delivery) -> None:
    frozen = connect(delivery.url)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def freeze() -> None:
        assert hasattr(frozen, "_engine")
        async with frozen._engine.connect() as connection:
            await connection.execute(sa.text("INSERT INTO shares (channel, held) VALUES ('telegram', '{}')"))
            await connection.commit()
            await connection.execute(sa.text("SELECT held FROM shares FOR UPDATE"))
            begun.set()
            await ended.wait()

    task = asyncio.create_task(freeze())
    await begun.wait()
    web, began = delivery.process(), delivery.time.now()
    await answered(delivery, web, 1)
    assert delivery.time.now() - began <= BLIND + 0.1
    ended.set()
    await task
    await frozen.close()


async def test_what_may_be_given_is_not_used_while_it_is_given(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our asking and the answer, others may have it already."""
    await delivery.notice("telegram", VILLAGE)
    worker, web = (delivery.process(own_database=True) for _ in range(2))
    await delivery.passes(worker, 0.2)  # of its places, few are taken
    pace, apart, seen = worker.sender.paces["telegram"], worker.sender.database.apart, []

    async def watched(work: Any, *args: Any) -> Any:
        if args[3].gives:
            seen.append(pace.share <= args[3].taken)
        return await apart(work, *args)

    monkeypatch.setattr(worker.sender.database, "apart", watched)
    people = says(delivery, web, 5000, 20)
    while not heard(delivery, people):
        await worker.bulks["telegram"].step()
    assert seen
    assert all(seen)


# -- Web and worker ---------------------------------------------------------------------------------------


def says(delivery: Delivery, process: Process, first: int, many: int = 1) -> list[int]:
    """Replies of a process to persons of their own; these."""
    people = list(range(first, first + many))
    for person in people:
        delivery.telegram.chats[person] = Chat({"id": person, "type": "private", "first_name": "Vanna"})
        process.sender.soon(Outgoing(person, "telegram", str(person), [{"text": "MENU"}], 1))
    return people


def heard(delivery: Delivery, people: list[int]) -> bool:
    return all(delivery.telegram.chats[person].messages for person in people)


def refused(delivery: Delivery) -> int:
    arrived = sum(len(chat.messages) for chat in delivery.telegram.chats.values())
    return len(delivery.telegram.called("sendMessage")) - arrived


async def answered(delivery: Delivery, process: Process, first: int, many: int = 1) -> None:
    """Let a process alone say something."""
    people = says(delivery, process, first, many)
    while not heard(delivery, people):
        await delivery.time.sleep(0.01)


async def pair(delivery: Delivery, webs: int = 1) -> tuple[Process, list[Process]]:
    """A worker in the middle of a broadcast, and web processes."""
    await delivery.notice("telegram", VILLAGE)
    worker = delivery.process(own_database=True)
    await delivery.passes(worker, 2.0)
    return worker, [delivery.process(own_database=True) for _ in range(webs)]


def bulk_and_replies(delivery: Delivery) -> int:
    return len(delivery.telegram.called("sendMessage"))


async def test_a_reply_of_another_process_leaves_within_the_fifth_of_a_second(delivery: Delivery) -> None:
    worker, [web] = await pair(delivery)
    before, began, waits = bulk_and_replies(delivery), delivery.time.now(), []
    for number in range(5):
        people, asked = says(delivery, web, 5000 + number), delivery.time.now()
        while not heard(delivery, people):
            await worker.bulks["telegram"].step()
        waits.append(delivery.time.now() - asked)
        await delivery.passes(worker, 0.7)
    assert max(waits) <= 0.2
    assert refused(delivery) == 0
    assert (bulk_and_replies(delivery) - before) / (delivery.time.now() - began) >= 28.5


async def test_many_replies_at_once_go_before_bulk(delivery: Delivery) -> None:
    worker, webs = await pair(delivery, 2)
    began = delivery.time.now()
    people = says(delivery, webs[0], 5000, 20) + says(delivery, webs[1], 6000, 20)
    while not heard(delivery, people):
        await worker.bulks["telegram"].step()
    assert delivery.time.now() - began <= 2.5  # the second before was bulk's
    assert refused(delivery) == 0


async def test_several_that_reply_do_not_exceed_the_pace(delivery: Delivery) -> None:
    webs = [delivery.process(own_database=True) for _ in range(3)]
    began = delivery.time.now()
    people = [person for n, web in enumerate(webs) for person in says(delivery, web, 5000 + 100 * n, 30)]
    while not heard(delivery, people):
        await delivery.time.sleep(0.01)
    assert refused(delivery) == 0
    assert delivery.time.now() - began <= 4.5  # ninety, of thirty a second


async def test_bulk_has_its_places_back_when_nobody_writes_any_more(delivery: Delivery) -> None:
    worker, [web] = await pair(delivery)
    people = says(delivery, web, 5000, 10)
    while not heard(delivery, people):
        await worker.bulks["telegram"].step()
    await delivery.passes(worker, 1.5)
    assert worker.sender.shares["telegram"].places == RATE
    assert web.sender.shares["telegram"].places == 0
    await delivery.passes(worker, 1.0)
    assert refused(delivery) == 0


# -- Who dies ---------------------------------------------------------------------------------------------


async def test_a_dead_worker_holds_nobody_up(delivery: Delivery) -> None:
    _worker, [web] = await pair(delivery)  # of which nothing is heard any more
    began = delivery.time.now()
    await answered(delivery, web, 5000, 10)
    assert delivery.time.now() - began <= LAPSE + VALID
    assert refused(delivery) == 0


async def test_a_dead_web_process_takes_nothing_from_bulk_for_long(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, [web] = await pair(delivery)
    monkeypatch.setattr(web.sender, "keep", lambda channel: None)
    people = says(delivery, web, 5000, 10)
    while not heard(delivery, people):
        await worker.bulks["telegram"].step()
    assert worker.sender.shares["telegram"].places <= RATE - 10
    await delivery.passes(worker, LAPSE + VALID)
    assert worker.sender.shares["telegram"].places == RATE
    assert refused(delivery) == 0


async def test_a_worker_that_ends_leaves_what_is_free(delivery: Delivery) -> None:
    worker, [web] = await pair(delivery)
    await worker.bulks["telegram"].stop()
    began = delivery.time.now()
    await answered(delivery, web, 5000, 10)
    assert delivery.time.now() - began <= 1.5  # when the last second of bulk is over
    assert refused(delivery) == 0


async def test_who_slept_uses_no_place_that_others_may_have_by_now(delivery: Delivery) -> None:
    worker, [web] = await pair(delivery)
    delivery.time.seconds += LAPSE
    assert worker.sender.paces["telegram"].reply(delivery.time.now(), "sokha") == float("inf")
    await answered(delivery, web, 5000, 5)
    await delivery.passes(worker, 1.0)
    assert refused(delivery) == 0


async def test_a_process_that_says_nothing_holds_nothing(delivery: Delivery) -> None:
    web = delivery.process()
    assert await delivery.rows("SELECT * FROM shares") == []
    await answered(delivery, web, 5000)
    while web.sender.shares["telegram"].places:
        await delivery.time.sleep(0.1)
    found = await delivery.database.transact(lambda connection: connection.execute(sa.select(table)).all())
    assert found == [("telegram", {})]


# -- Answers that leave by other ways ---------------------------------------------------------------------


async def test_an_answer_in_the_reply_to_a_webhook_takes_its_places(delivery: Delivery) -> None:
    await delivery.notice("sms", [f"+855129{number:05}" for number in range(100)])
    worker, web = (delivery.process(own_database=True) for _ in range(2))
    await delivery.passes(worker, 2.0, "sms")
    before, began = len(delivery.sms.sent), delivery.time.now()
    web.sender.left("sms", "+85512777777", [{"text": "ក" * 100}, {"text": "ក" * 300}])  # of seven segments
    assert web.sender.paces["sms"].taken(delivery.time.now()) == 7
    await delivery.passes(worker, 1.2, "sms")
    assert delivery.time.now() - began <= 1.3
    assert len(delivery.sms.sent) - before <= 6  # of ten a second
    await delivery.passes(worker, 1.0, "sms")
    assert worker.sender.shares["sms"].places == 10
