"""A database that does not answer: whoever sent the message is told to send it again, and nothing else is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from storage import database as module
from storage.database import Away, Connection, Database, SqliteDatabase, alive, connect, read_url

pytestmark = pytest.mark.anyio


MAKE = "CREATE TABLE notes (word VARCHAR PRIMARY KEY)"
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def run(connection: Connection, sql: str, **values: Any) -> None:
    connection.execute(sa.text(sql), values)


def note(connection: Connection, word: str) -> str:
    run(connection, "INSERT INTO notes VALUES (:word)", word=word)
    return word


def noted(connection: Connection) -> list[str]:
    return sorted(connection.execute(sa.text("SELECT word FROM notes")).scalars())


def plain(database: Database) -> str:
    """The address as an operator writes it."""
    name = database.url.get_backend_name()
    return database.url.set(drivername=name).render_as_string(hide_password=False)


@pytest.fixture
async def database(database: Database) -> Database:
    """With a table of words to try transactions on."""
    await database.transact(run, MAKE)
    return database


async def test_a_mistake_of_ours_is_not_taken_for_a_database_that_is_away(database: Database) -> None:
    """Or the message would come again for ever, and never be parked."""
    with pytest.raises(sa.exc.DBAPIError):
        await database.transact(run, "SELECT * FROM a_table_that_nobody_made")
    with pytest.raises(sa.exc.DBAPIError):
        await database.read(run, "SELECT * FROM a_table_that_nobody_made")


# -- A file that another process has locked ---------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects from now on does not wait for another process's lock."""
    monkeypatch.setattr(module, "BUSY_SECONDS", 0)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another process writes and does not come to an end."""
    other = sqlite3.connect(str(database.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@pytest.fixture
async def hasty(sqlite: Database, impatient: None) -> AsyncIterator[Database]:
    await sqlite.transact(run, MAKE)
    opened = connect(plain(sqlite))
    yield opened
    await opened.close()


async def test_a_locked_database_is_away(hasty: Database) -> None:
    with locked(hasty), pytest.raises(Away, match="locked"):
        await hasty.transact(note, "one")


async def test_a_database_that_is_let_go_is_back(hasty: Database) -> None:
    with locked(hasty), pytest.raises(Away):
        await hasty.transact(note, "one")
    assert await hasty.transact(note, "two") == "two"
    assert await hasty.transact(noted) == ["two"]


async def test_many_wait_for_a_lock_only_once(hasty: Database) -> None:
    """Each alone would keep the whole process waiting as long again."""
    assert isinstance(hasty, SqliteDatabase)
    attempts: list[object] = []
    sa.event.listen(hasty._writer, "checkout", lambda *_of: attempts.append(1))
    with locked(hasty):
        turns = (hasty.transact(note, str(number)) for number in range(10))
        results = await asyncio.gather(*turns, return_exceptions=True)
    assert {type(result) for result in results} == {Away}
    assert len(attempts) == 1


async def test_a_locked_database_can_be_read(hasty: Database) -> None:
    with locked(hasty):
        assert await hasty.read(noted) == []


# -- A server ---------------------------------------------------------------------------------------------


async def test_a_server_that_does_not_answer_is_away() -> None:
    opened = connect("postgresql://samleng@/samleng?host=/nowhere")
    with pytest.raises(Away):
        await opened.transact(alive)
    await opened.close()


async def test_a_server_without_this_database_is_away(postgres: str) -> None:
    url = sa.make_url(postgres).set(database="not_made_yet")
    opened = connect(url.render_as_string(hide_password=False))
    with pytest.raises(Away, match="not_made_yet"):
        await opened.transact(alive)
    await opened.close()


@only_postgresql
async def test_a_server_that_was_restarted_is_back_at_the_next_turn(database: Database) -> None:
    await database.transact(note, "one")
    admin = connect(plain(database))
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    await admin.transact(run, f"{ended} AND datname = current_database()")
    await admin.close()
    with pytest.raises(Away):
        await database.transact(note, "two")
    assert await database.transact(note, "three") == "three"
    assert await database.transact(noted) == ["one", "three"]


# -- Addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("sqlite:///var/samleng.db", "sqlite"),
        ("sqlite:////srv/samleng.db", "sqlite"),
        ("postgresql://samleng:secret@db.example.org/samleng", "postgresql+asyncpg"),
        ("postgres://samleng:secret@db.example.org/samleng", "postgresql+asyncpg"),
    ],
)
async def test_an_address_finds_its_driver(written: str, driver: str) -> None:
    assert read_url(written).drivername == driver


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("samleng.db", "is no database address; write sqlite:///var/samleng.db or postgresql://…"),
        ("sqlite://", "needs a file, as in sqlite:///var/samleng.db"),
        ("sqlite:///:memory:", "needs a file, as in sqlite:///var/samleng.db"),
        ("mysql://root@localhost/samleng", "names mysql; Samleng works on sqlite and postgresql"),
    ],
)
async def test_a_wrong_address_is_told_what_to_write(written: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_url(written)
    assert str(refused.value) == said
