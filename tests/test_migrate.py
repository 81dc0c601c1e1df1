"""`samleng migrate`: from nothing to this release, again without effect, back and forth, and with changed content."""

from __future__ import annotations

import asyncio
import csv
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from flows.questions import Said
from handlers.desk import Desk, Incoming
from handlers.receive import receive
from storage import migrate, reference
from storage.content import BadContent
from storage.database import Connection, Database
from storage.migrate import NEWEST, Migrated
from storage.tables import contacts, criteria, library, metadata, rounds
from tests.conftest import CONTENT

pytestmark = pytest.mark.anyio

DISTRICT = "0803"  # Khsach Kandal, whose communes and villages are content enough


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A content folder with all criteria and the places of one district."""
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    for file in (folder / "gazetteer").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            heading, *listed = csv.reader(lines)
        kept = [row for row in listed if row[0].startswith(DISTRICT) or row[0] == DISTRICT[:2]]
        with file.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([heading, *kept])
    return folder


def edit(content: Path, change: Callable[[Any], Any], name: str = "criteria.yaml") -> None:
    """What a member of staff does with a text editor."""
    file = content / name
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(said)
    file.write_text(yaml.safe_dump(said, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture
async def emptied(database: Database) -> Database:
    """A database with nothing in it."""
    await database.transact(
        lambda connection: command.downgrade(migrate._config(connection), "base"),
    )
    return database


@pytest.fixture
async def small(emptied: Database, content: Path) -> Database:
    """A migrated database with the content of one district."""
    await migrate.migrate(emptied, content)
    return emptied


def tables(connection: Connection) -> set[str]:
    return set(sa.inspect(connection).get_table_names())


def everything(connection: Connection) -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(repr, connection.execute(sa.select(table))))
        for table in metadata.tables.values()
    }


def version(connection: Connection) -> int:
    return int(connection.execute(sa.select(library.c.version)).scalar_one())


# -- The schema -------------------------------------------------------------------------------------------


async def test_this_release_expects_its_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrate._config()).get_current_head() == NEWEST


async def test_an_empty_database_gets_everything(emptied: Database, content: Path) -> None:
    done = await migrate.migrate(emptied, content)
    assert (done.before, done.after, done.changed) == (None, NEWEST, True)
    with (content / "gazetteer" / "places.csv").open(encoding="utf-8") as lines:
        listed = [row["code"] for row in csv.DictReader(lines)]
    communes = [code for code in listed if len(code) == 6]
    assert done.places == len(listed)
    assert done.facilities == 3 * len(communes)  # of each an office, a health centre and a school
    assert done.criteria == 15
    assert await emptied.transact(tables) == {*metadata.tables, "alembic_version"}


async def test_a_repeat_changes_nothing(small: Database, content: Path) -> None:
    before = await small.transact(everything)
    again = await migrate.migrate(small, content)
    assert (again.before, again.after, again.changed) == (NEWEST, NEWEST, False)
    assert await small.transact(everything) == before


MIGRATE = """
import asyncio, pathlib, sys
from storage import database, migrate
opened = database.connect(sys.argv[1])
done = asyncio.run(migrate.migrate(opened, pathlib.Path(sys.argv[2])))
print(done.changed)
"""


async def test_two_processes_may_migrate_at_the_same_moment(emptied: Database, content: Path) -> None:
    name = emptied.url.get_backend_name()
    url = emptied.url.set(drivername=name).render_as_string(hide_password=False)
    what = (sys.executable, "-c", MIGRATE, url, str(content))
    starting = (asyncio.create_subprocess_exec(*what, stdout=PIPE, cwd=CONTENT.parent) for _ in range(2))
    processes = await asyncio.gather(*starting)
    said = [(await process.communicate())[0].decode().strip() for process in processes]
    assert sorted(said) == ["False", "True"]
    assert await emptied.transact(version) == 1


async def test_the_schema_is_what_the_code_expects(database: Database) -> None:
    """Every column, key, index and default of tables.py, as the migrations made them."""

    def compare(connection: Connection) -> Any:
        # Alembic takes the default '' for none on SQLite.
        opts = {"compare_type": True, "compare_server_default": connection.dialect.name == "postgresql"}
        return compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)

    assert await database.transact(compare) == []


async def test_a_migration_can_be_taken_back(database: Database) -> None:
    await database.transact(lambda connection: command.downgrade(migrate._config(connection), "base"))
    assert await database.transact(tables) == {"alembic_version"}
    assert await database.transact(migrate.current) is None


async def test_and_made_again(small: Database) -> None:
    def work(connection: Connection) -> set[str]:
        command.downgrade(migrate._config(connection), "base")
        command.upgrade(migrate._config(connection), "head")
        return tables(connection)

    assert await small.transact(work) == {*metadata.tables, "alembic_version"}
    assert await small.transact(migrate.current) == NEWEST


async def test_a_migration_that_fails_leaves_the_database_as_it_was(emptied: Database, content: Path) -> None:
    (content / "criteria.yaml").write_text("ca: [", encoding="utf-8")
    with pytest.raises(BadContent):
        await migrate.migrate(emptied, content)
    assert await emptied.transact(tables) == {"alembic_version"}


# -- The content ------------------------------------------------------------------------------------------


async def migrated(database: Database, content: Path) -> Migrated:
    return await migrate.migrate(database, content)


async def asked(database: Database) -> dict[str, str]:
    """Every criterion that is asked, with its Khmer question."""
    known = await database.transact(reference.read)
    return {
        criterion.code: criterion.question.in_language("km")
        for service in ("ca", "hc", "ps")
        for criterion in known.criteria(service)
    }


async def test_a_remark_in_a_file_changes_nothing(small: Database, content: Path) -> None:
    with (content / "criteria.yaml").open("a", encoding="utf-8") as out:
        out.write("\n# seen by the working group\n")
    assert not (await migrated(small, content)).changed
    assert await small.transact(version) == 1


async def test_changed_content_is_a_new_version(small: Database, content: Path) -> None:
    edit(content, lambda said: said["hc"][0]["question"].update(km="តើពេទ្យនៅជាប់ទេ?"))
    assert (await migrated(small, content)).changed
    assert await small.transact(version) == 2
    assert (await asked(small))["hc-presence"] == "តើពេទ្យនៅជាប់ទេ?"


async def test_a_criterion_that_left_the_file_is_retired_and_not_deleted(
    small: Database, content: Path
) -> None:
    """Ratings point to it."""
    edit(content, lambda said: said["hc"].pop(0))
    await migrated(small, content)
    assert "hc-presence" not in await asked(small)
    kept = await small.transact(
        lambda connection: connection.execute(
            sa.select(criteria.c.retired).where(criteria.c.code == "hc-presence")
        ).scalar()
    )
    assert kept is True


async def test_a_criterion_that_comes_back_is_asked_again(small: Database, content: Path) -> None:
    before = await asked(small)
    left: list[Any] = []
    edit(content, lambda said: left.append(said["hc"].pop(0)))
    await migrated(small, content)
    edit(content, lambda said: said["hc"].insert(0, left[0]))
    await migrated(small, content)
    assert await asked(small) == before


async def test_criteria_are_asked_in_the_order_of_the_file(small: Database, content: Path) -> None:
    before = list(await asked(small))
    edit(content, lambda said: said["ca"].reverse())
    await migrated(small, content)
    assert list(await asked(small)) == [*reversed(before[:5]), *before[5:]]


async def test_a_round_of_the_calendar_wins_over_the_quarter(small: Database, content: Path) -> None:
    day = date(2026, 12, 1)
    entry = {"code": "2027-harvest", "name": {"km": "ជុំច្រូតកាត់"}, "from": day, "to": date(2027, 2, 15)}
    edit(content, lambda said: said.update(rounds=[entry]), "programme.yaml")
    await migrated(small, content)
    known = await small.transact(reference.read)
    days = ("2026-11-30", "2026-12-01", "2027-02-15", "2027-02-16")
    assert [known.round_on(day) for day in days] == ["2026-Q4", "2027-harvest", "2027-harvest", "2027-Q1"]


async def test_a_round_that_left_the_calendar_is_gone(small: Database, content: Path) -> None:
    entry = {"code": "x", "name": {"km": "ជុំ"}, "from": date(2026, 12, 1), "to": date(2026, 12, 2)}
    edit(content, lambda said: said.update(rounds=[entry]), "programme.yaml")
    await migrated(small, content)
    edit(content, lambda said: said.update(rounds=[]), "programme.yaml")
    assert (await migrated(small, content)).changed
    left = await small.transact(lambda connection: connection.execute(sa.select(rounds)).all())
    assert left == []


async def test_a_running_process_asks_by_the_new_content_at_its_next_message(
    small: Database, content: Path, desk: Desk
) -> None:
    running = replace(desk, library=await small.transact(reference.read))
    running.clock = lambda: datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

    async def says(message: str, text: str) -> str:
        incoming = Incoming("telegram", "7001", message, Said(text=text))
        received = await small.transact(receive, incoming, running)
        return str(received.parts[-1]["text"])

    assert "តើពេទ្យនៅជាប់ទេ?" not in await says("1", "/start r_hc080303")
    edit(content, lambda said: said["hc"].insert(0, {**said["hc"][0], "code": "hc-night"}))
    edit(content, lambda said: said["hc"][0].update(question={"km": "តើពេទ្យនៅជាប់ទេ?"}))
    await migrated(small, content)
    assert "តើពេទ្យនៅជាប់ទេ?" in await says("2", "/start r_hc080303")
    assert running.library.version == 2


async def test_people_are_left_alone_when_content_changes(small: Database, content: Path, desk: Desk) -> None:
    running = replace(desk, library=await small.transact(reference.read))
    await small.transact(receive, Incoming("sms", "+85512998877", "1", Said(text="RATE")), running)
    before = await small.transact(everything)
    edit(content, lambda said: said["hc"].pop(0))
    await migrated(small, content)
    after = await small.transact(everything)
    touched = {name for name in after if after[name] != before[name]}
    assert touched == {"criteria", "library"}
    assert contacts.name in after
