"""Looks into a database from outside, while others write it and after they died."""

from __future__ import annotations

import asyncio
import sqlite3
from types import TracebackType
from typing import Any, Self

import asyncpg

from benchmarks.databases import plain


class Eyes:
    """One connection that only reads; each question sees what is committed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sqlite: sqlite3.Connection | None = None
        self._postgres: asyncpg.Connection | None = None
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> Self:
        if self._url.startswith("sqlite"):
            file = self._url.removeprefix("sqlite:///")
            self._sqlite = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
        else:
            self._runner = asyncio.Runner()
            self._postgres = self._runner.run(asyncpg.connect(plain(self._url)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sqlite is not None:
            self._sqlite.close()
        if self._runner is not None and self._postgres is not None:
            self._runner.run(self._postgres.close())
            self._runner.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self._sqlite is not None:
            return self._sqlite.execute(query).fetchall()
        assert self._runner is not None and self._postgres is not None
        return [tuple(row) for row in self._runner.run(self._postgres.fetch(query))]

    def one(self, query: str) -> Any:
        """The first column of the only row."""
        return self.rows(query)[0][0]

    def settle(self) -> None:
        """Wait until nothing that the dead had begun is still under way: PostgreSQL learns of a death a little
        later, and what it was told to commit it commits."""
        if self._postgres is None:
            return
        mine = "pid <> pg_backend_pid() AND datname = current_database()"
        while self.one(f"SELECT count(*) FROM pg_stat_activity WHERE {mine} AND state = 'active'"):
            pass
