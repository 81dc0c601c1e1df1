"""Transactions: what is said to be kept is kept, one failure takes nobody with it, and a client may hang up."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import (
    BATCH,
    Connection,
    Database,
    SqliteDatabase,
    alive,
    connect,
)

pytestmark = pytest.mark.anyio


class Oops(Exception):
    pass


MAKE = "CREATE TABLE notes (word VARCHAR PRIMARY KEY)"
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
async def database(database: Database) -> Database:
    """With a table of words to try transactions on."""
    await database.transact(run, MAKE)
    return database


@pytest.fixture
async def sqlite(sqlite: Database) -> Database:
    await sqlite.transact(run, MAKE)
    return sqlite


def run(connection: Connection, sql: str, **values: Any) -> None:
    connection.execute(sa.text(sql), values)


def note(connection: Connection, word: str) -> str:
    run(connection, "INSERT INTO notes VALUES (:word)", word=word)
    return word


def fail(connection: Connection, word: str) -> str:
    note(connection, word)
    raise Oops(word)


def noted(connection: Connection) -> list[str]:
    return sorted(connection.execute(sa.text("SELECT word FROM notes")).scalars())


def plain(database: Database) -> str:
    """The address as an operator writes it."""
    name = database.url.get_backend_name()
    return database.url.set(drivername=name).render_as_string(hide_password=False)


# -- One transaction --------------------------------------------------------------------------------------


async def test_answers(database: Database) -> None:
    await database.transact(alive)


async def test_what_is_returned_is_what_the_work_returned(database: Database) -> None:
    assert await database.transact(note, "one") == "one"


async def test_what_was_committed_is_there_for_another_process(database: Database) -> None:
    await database.transact(note, "one")
    other = connect(plain(database))
    try:
        assert await other.transact(noted) == ["one"]
    finally:
        await other.close()


async def test_work_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(Oops):
        await database.transact(fail, "one")
    assert await database.transact(noted) == []


async def test_after_a_failure_work_goes_on(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await database.transact(lambda connection: [note(connection, "one"), note(connection, "one")])
    await database.transact(note, "two")
    assert await database.transact(noted) == ["two"]


async def test_a_result_is_not_handed_out_before_the_commit(database: Database) -> None:
    """The commit itself fails here, because of a promise that is checked then: whoever waits must hear of it."""
    promise = "word VARCHAR REFERENCES notes (word) DEFERRABLE INITIALLY DEFERRED"
    await database.transact(run, f"CREATE TABLE answers ({promise})")

    def work(connection: Connection) -> str:
        run(connection, "INSERT INTO answers VALUES ('to no note')")
        return "acknowledged"

    with pytest.raises(sa.exc.IntegrityError):
        await database.transact(work)


async def test_a_commit_that_fails_takes_no_other_with_it(database: Database) -> None:
    promise = "word VARCHAR REFERENCES notes (word) DEFERRABLE INITIALLY DEFERRED"
    await database.transact(run, f"CREATE TABLE answers ({promise})")
    results = await asyncio.gather(
        database.transact(note, "one"),
        database.transact(run, "INSERT INTO answers VALUES ('to no note')"),
        database.transact(note, "two"),
        return_exceptions=True,
    )
    assert [results[0], type(results[1]), results[2]] == ["one", sa.exc.IntegrityError, "two"]
    assert await database.transact(noted) == ["one", "two"]


# -- Many at once -----------------------------------------------------------------------------------------


async def test_one_that_fails_fails_alone(database: Database) -> None:
    works = [fail if number == 5 else note for number in range(10)]
    results = await asyncio.gather(
        *(database.transact(work, str(number)) for number, work in enumerate(works)),
        return_exceptions=True,
    )
    assert [number for number, result in enumerate(results) if isinstance(result, Oops)] == [5]
    assert await database.transact(noted) == [str(number) for number in range(10) if number != 5]


async def test_each_gets_its_own_result(database: Database) -> None:
    words = [str(number) for number in range(3 * BATCH)]
    assert await asyncio.gather(*(database.transact(note, word) for word in words)) == words


@contextmanager
def counted(database: Database, event: str) -> Iterator[list[str]]:
    """How often the writer takes a connection or commits."""
    assert isinstance(database, SqliteDatabase)
    seen: list[str] = []

    def see(*_of: object) -> None:
        seen.append(event)

    sa.event.listen(database._writer, event, see)
    yield seen
    sa.event.remove(database._writer, event, see)


async def test_on_sqlite_those_who_come_together_share_a_commit(sqlite: Database) -> None:
    """What keeps a slow disk usable."""
    with counted(sqlite, "commit") as commits:
        await asyncio.gather(*(sqlite.transact(note, str(number)) for number in range(BATCH)))
    assert len(commits) == 1


async def test_on_sqlite_a_commit_is_shared_by_a_limited_number(sqlite: Database) -> None:
    with counted(sqlite, "commit") as commits:
        await asyncio.gather(*(sqlite.transact(note, str(number)) for number in range(2 * BATCH + 1)))
    assert len(commits) == 3


async def test_on_sqlite_work_is_done_in_the_order_it_came(sqlite: Database) -> None:
    done: list[int] = []
    await asyncio.gather(*(sqlite.transact(lambda _c, n=n: done.append(n)) for n in range(2 * BATCH)))
    assert done == list(range(2 * BATCH))


# -- Clients that hang up ---------------------------------------------------------------------------------


async def test_a_turn_is_finished_when_nobody_waits_for_it_any_more(database: Database) -> None:
    turn = asyncio.create_task(database.transact(note, "one"))
    await asyncio.sleep(0)  # it has begun
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    other = await asyncio.gather(database.transact(note, "two"))
    assert other == ["two"]
    await database.close()  # waits for what is under way
    again = connect(plain(database))
    try:
        assert await again.transact(noted) == ["one", "two"]
    finally:
        await again.close()


async def test_a_client_that_hangs_up_takes_nobody_with_it(database: Database) -> None:
    turns = [asyncio.create_task(database.transact(note, str(number))) for number in range(5)]
    await asyncio.sleep(0)
    turns[2].cancel()
    results = await asyncio.gather(*turns, return_exceptions=True)
    assert [result for result in results if isinstance(result, str)] == ["0", "1", "3", "4"]


async def test_what_fails_after_its_client_hung_up_is_not_logged_with_its_words(database: Database) -> None:
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: said.append(context))
    turn = asyncio.create_task(database.transact(fail, "one"))
    await asyncio.sleep(0)
    turn.cancel()
    with suppress(asyncio.CancelledError):
        await turn
    del turn
    assert await database.transact(note, "two") == "two"
    await database.close()
    gc.collect()
    assert said == []


# -- Reading beside the writer ----------------------------------------------------------------------------


async def test_on_sqlite_a_long_read_does_not_keep_the_writer_waiting(sqlite: Database) -> None:
    """The read begins, a turn is written from beginning to end, and only then the read goes on."""
    began, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def read(connection: Connection) -> list[str]:
        first = noted(connection)
        loop.call_soon_threadsafe(began.set)
        assert go_on.wait(60)
        return [*first, *noted(connection)]

    reading = asyncio.create_task(sqlite.read(read))
    await began.wait()
    await sqlite.transact(note, "one")
    go_on.set()
    assert await reading == []  # all of it as it was when the read began


@only_postgresql
async def test_on_postgresql_a_long_read_does_not_keep_the_writer_waiting(database: Database) -> None:
    """The read waits for a lock that somebody else holds; a turn is written meanwhile."""
    gate = create_async_engine(database.url)
    async with gate.begin() as holder:
        await holder.execute(sa.text("SELECT pg_advisory_xact_lock(1)"))
        reading = asyncio.create_task(database.read(run, "SELECT pg_advisory_xact_lock(1)"))
        assert await database.transact(note, "one") == "one"
        assert not reading.done()
    await reading
    await gate.dispose()


async def test_an_acknowledged_answer_survives_a_power_cut(sqlite: Database) -> None:
    """As far as a setting can promise it: SQLite syncs its log at every commit."""
    pragmas = await sqlite.transact(
        lambda connection: [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode", "foreign_keys")
        ]
    )
    assert pragmas == [2, "wal", 1]
