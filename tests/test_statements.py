"""Prepared statements: what SQLAlchemy would have done, and what several turns write at once is kept, or fails, alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from storage.database import Away, Connection, Database, connect
from storage.statements import Prepared, Values
from storage.tables import Moment

pytestmark = pytest.mark.anyio

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

notes = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("word", sa.String, primary_key=True),
    sa.Column("said_at", Moment),
    sa.Column("loud", sa.Boolean, nullable=False),
    sa.Column("body", sa.LargeBinary),
    sa.Column("facts", sa.JSON),
)
COLUMNS = ("word", "said_at", "body", "facts")
NOTE = Prepared(
    sa.insert(notes).values({name: sa.bindparam(name) for name in COLUMNS} | {"loud": True}).returning(notes)
)
KEEP = Prepared(sa.insert(notes).values(word=sa.bindparam("word"), loud=False))
FIND = sa.select(notes).where(notes.c.word == sa.bindparam("word"))
FOUND = Prepared(FIND)


@pytest.fixture
async def database(database: Database) -> Database:
    await database.transact(notes.create)
    return database


def keep(connection: Connection, word: str) -> None:
    KEEP.last(connection, {"word": word})


def noted(connection: Connection) -> list[str]:
    return sorted(connection.execute(sa.select(notes.c.word)).scalars())


def found(connection: Connection, word: str) -> str | None:
    row = FOUND.first(connection, {"word": word})
    return None if row is None else str(row.word)


def keep_and_find(connection: Connection, word: str, other: str) -> tuple[str | None, str | None]:
    """Whether what was kept in this turn, and what was kept in another, can be read."""
    keep(connection, word)
    return found(connection, word), found(connection, other)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each run of a statement had."""
    seen: list[int] = []
    run = Prepared._run

    def counted(self: Prepared, connection: Connection, rows: Sequence[Values]) -> Any:
        seen.append(len(rows))
        return run(self, connection, rows)

    monkeypatch.setattr(Prepared, "_run", counted)
    return seen


# -- As SQLAlchemy ----------------------------------------------------------------------------------------


async def test_values_go_in_and_come_out_as_with_sqlalchemy(database: Database) -> None:
    values = {"word": "ក", "said_at": NOW, "body": b"\0\1", "facts": {"a": [1, "ខ"]}}

    def work(connection: Connection) -> list[Any]:
        stored = NOTE.first(connection, values)
        read = FOUND.first(connection, {"word": "ក"})
        return [stored, read, connection.execute(FIND, {"word": "ក"}).one()]

    rows = await database.transact(work)
    assert [tuple(row) for row in rows] == [("ក", NOW, True, b"\0\1", {"a": [1, "ខ"]})] * 3
    assert [(row.word, row.said_at, row.loud) for row in rows] == [("ក", NOW, True)] * 3
    assert await database.transact(found, "nothing") is None


def test_a_statement_that_depends_on_its_values_is_refused() -> None:
    engine = sa.create_engine("sqlite://")
    within = Prepared(sa.select(notes).where(notes.c.word.in_(sa.bindparam("words", expanding=True))))
    with engine.connect() as connection, pytest.raises(AssertionError):
        within.first(connection, {"words": ["a"]})
    engine.dispose()


async def test_a_mistake_is_raised_as_by_sqlalchemy_and_work_goes_on(database: Database) -> None:
    for _time in range(2):
        with pytest.raises(sa.exc.IntegrityError):
            await database.transact(lambda connection: [keep(connection, "one"), keep(connection, "one")])
    await database.transact(keep, "two")
    assert await database.transact(noted) == ["two"]


@only_postgresql
async def test_a_lost_server_is_away_and_back_at_the_next_turn(database: Database) -> None:
    await database.turn("sokha", keep, "one")
    name = database.url.get_backend_name()
    admin = connect(database.url.set(drivername=name).render_as_string(hide_password=False))
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    ended += " AND datname = current_database()"
    await admin.transact(lambda connection: connection.execute(sa.text(ended)).all())
    await admin.close()
    with pytest.raises(Away):
        await database.turn("sokha", keep, "two")
    await database.turn("sokha", keep, "three")
    assert await database.transact(noted) == ["one", "three"]


@only_postgresql
async def test_a_column_that_changes_its_type_stops_no_one_for_long(database: Database) -> None:
    """Another process migrates: PostgreSQL refuses what this one has prepared, once a connection."""
    await database.transact(keep, "one")
    assert await database.transact(found, "one") == "one"
    alter = "ALTER TABLE notes ALTER COLUMN loud TYPE integer USING loud::integer"
    await database.transact(lambda connection: connection.execute(sa.text(alter)) and None)
    with pytest.raises(sa.exc.DBAPIError):
        await database.transact(found, "one")
    assert await database.transact(found, "one") == "one"


# -- Turns that share a transaction -----------------------------------------------------------------------


async def test_turns_write_together_what_they_write_last(database: Database, runs: list[int]) -> None:
    words = [f"{number:02}" for number in range(32)]
    await asyncio.gather(*(database.turn(word, keep, word) for word in words))
    assert sum(runs) == 32
    assert max(runs) > 8
    assert await database.transact(noted) == words


async def test_what_is_no_turn_writes_at_once_and_finds_all_written(database: Database) -> None:
    works = [database.turn(number, keep, str(number)) for number in range(6)]
    *_kept, seen = await asyncio.gather(*works, database.transact(keep_and_find, "a", "a"))
    assert seen == ("a", "a")


async def test_a_person_finds_what_her_turn_before_wrote(sqlite: Database) -> None:
    await sqlite.transact(notes.create)
    results = await asyncio.gather(
        sqlite.turn("sokha", keep_and_find, "a", "none"),
        sqlite.turn("dara", keep_and_find, "b", "a"),
        sqlite.turn("sokha", keep_and_find, "c", "a"),
        sqlite.turn("dara", keep_and_find, "d", "b"),
    )
    assert results == [(None, None), (None, None), (None, "a"), (None, "b")]


async def test_what_one_can_not_write_takes_no_other_with_it(database: Database) -> None:
    words = ["one", "two", "one", "three"]
    turns = (database.turn(number, keep, word) for number, word in enumerate(words))
    results = await asyncio.gather(*turns, return_exceptions=True)
    assert [type(result) for result in results].count(sa.exc.IntegrityError) == 1
    assert await database.transact(noted) == ["one", "three", "two"]
