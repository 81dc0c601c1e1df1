"""Packs in memory: read once, prepared before anybody asks, and never more than there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.shelving import Shelving
from flows import packsearch
from flows.packs import Pack
from flows.packsearch import Index
from handlers import informing, shelf
from handlers.desk import Desk
from handlers.shelf import Shelf
from storage import packs
from storage.database import Connection, Database, connect
from tests.packs import crowded, pack
from tests.served import only_sqlite, serving

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HC, CA = "hc080304", "ca080304"


async def keep(database: Database, made: Pack) -> int:
    return await database.transact(packs.keep, made, None, NOW)


async def publish(database: Database, made: Pack) -> int:
    version = await keep(database, made)
    assert await database.transact(packs.publish, made.subject, version, NOW)
    return version


@pytest.fixture
def nothing_more_is_made(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, no pack is read from the database, and no index made."""

    def refuse(*_given: object) -> None:
        raise AssertionError("made while somebody waits")

    def from_now_on() -> None:
        monkeypatch.setattr(packs, "version", refuse)
        monkeypatch.setattr(shelf, "Index", refuse)

    return from_now_on


async def search(database: Database, desk: Desk, query: str) -> list[str]:
    hits = await database.transact(informing.search, desk, "080304", query)
    return [hit.key for hit in hits]


async def test_a_large_pack_is_ready_before_anybody_asks(
    database: Database, desk: Desk, nothing_more_is_made: Callable[[], None]
) -> None:
    await publish(database, crowded(HC, 200))
    desk.samples = False
    shelving = Shelving(database, desk)
    await search(database, desk, "the general standards, which are small")
    desk.shelf = Shelf()
    await shelving.look()
    assert desk.shelf.holds(HC, 1)
    assert not desk.shelf.holds("hc", 1)
    for service in ("ca", "hc", "ps"):  # small ones are read when they are asked for
        found = await database.transact(packs.published, service, samples=False)
        assert found is not None
        desk.shelf.put(found)
        desk.shelf.index(found)
    nothing_more_is_made()
    assert (await search(database, desk, "Certificate 117 of kind 20"))[0] == "prices-117"
    assert await database.transact(informing.pack, desk, HC) is not None


async def test_a_draft_is_ready_when_it_is_published(
    database: Database, desk: Desk, nothing_more_is_made: Callable[[], None]
) -> None:
    shelving = Shelving(database, desk)
    await publish(database, crowded(HC, 60))
    await shelving.look()
    version = await keep(database, crowded(HC, 61))
    await shelving.look()
    assert desk.shelf.holds(HC, 1) and desk.shelf.holds(HC, 2)
    nothing_more_is_made()
    assert await database.transact(packs.publish, HC, version, NOW)
    shown = await database.transact(informing.pack, desk, HC)
    assert shown is not None and len(shown.items) == 61
    assert desk.shelf.index(shown).prices == {item.key for item in shown.items}


async def test_only_what_is_new_is_looked_at(
    database: Database, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelving = Shelving(database, desk)
    await shelving.look()
    asked: list[set[int]] = []
    real = packs.large

    def large(connection: Connection, ids: frozenset[int], letters: int) -> list[tuple[str, int]]:
        asked.append(set(ids))
        return real(connection, ids, letters)

    monkeypatch.setattr(packs, "large", large)
    await shelving.look()
    assert asked == []
    await publish(database, pack(HC))
    await shelving.look()
    assert [len(ids) for ids in asked] == [1]


async def test_no_more_is_prepared_than_there_is_room_for(database: Database, desk: Desk) -> None:
    desk.shelf = Shelf(most=150)
    for code in ("hc080301", "hc080302", "hc080304"):
        await publish(database, crowded(code, 100))
    await Shelving(database, desk).look()
    assert [desk.shelf.holds(code, 1) for code in ("hc080301", "hc080302", "hc080304")] == [
        False,
        False,
        True,
    ]
    await Shelving(database, desk).look()
    assert desk.shelf.kept == 100


async def test_what_nobody_asked_for_longest_goes_first(database: Database) -> None:
    kept = Shelf(most=25)
    for code in ("hc080301", "hc080302"):
        await publish(database, crowded(code, 10))

    def ask(connection: Connection, *codes: str) -> list[str]:
        return list(kept.of(connection, codes, samples=False))

    assert await database.transact(ask, "hc080301", "hc080302") == ["hc080301", "hc080302"]
    await database.transact(ask, "hc080301")
    await publish(database, crowded(HC, 10))
    await database.transact(ask, HC)
    assert [kept.holds(code, 1) for code in ("hc080301", "hc080302", HC)] == [True, False, True]
    assert kept.kept == 20
    await database.transact(ask, "hc080302")
    assert kept.holds("hc080302", 1) and not kept.holds("hc080301", 1)


async def test_a_pack_larger_than_the_room_is_there_alone() -> None:
    kept = Shelf(most=10)
    large, small = crowded(HC, 30), crowded(CA, 3)
    kept.put(small)
    kept.put(large)
    assert kept.holds(HC, 1) and not kept.holds(CA, 1)
    assert kept.index(large) is kept.index(large)
    kept.put(small)
    assert kept.holds(CA, 1) and not kept.holds(HC, 1) and kept.kept == 3


async def test_an_index_made_in_steps_is_the_same() -> None:
    made = replace(pack(HC), items=(*pack(HC).items, *crowded(HC, 70).items))
    steps = Index.in_steps(made)
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            index = end.value
            break
        count += 1
    assert count >= 4
    assert vars(index) == vars(Index(made))
    assert packsearch.find([index], "ផ្ទះលេខ ១២") == packsearch.find([Index(made)], "ផ្ទះលេខ ១២")


async def test_it_ends_when_it_is_told_and_not_before_it_has_read(database: Database, desk: Desk) -> None:
    await publish(database, crowded(HC, 200))
    shelving = Shelving(database, desk)
    shelving.start()
    while not desk.shelf.holds(HC, 1):  # noqa: ASYNC110  it tells nobody
        await asyncio.sleep(0)
    await shelving.stop()
    await publish(database, crowded(CA, 200))
    await shelving.look()
    assert not desk.shelf.holds(CA, 1)


@only_sqlite
async def test_a_web_process_has_large_packs_ready(database_url: str) -> None:
    before = connect(database_url)
    await publish(before, crowded(HC, 200))
    await before.close()
    async with serving(database_url) as service, asyncio.timeout(20):
        while not service.app.desk.shelf.holds(HC, 1):  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0)
