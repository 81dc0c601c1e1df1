"""Running synchronous functions of a `Connection` in transactions, on SQLite or PostgreSQL alike.

`await database.transact(fn, *args)` returns after COMMIT, never before.
`fn(connection, *args)` may be run twice (a batch that failed is run again one
by one), so it must change nothing but the database.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable
from pathlib import Path
from sqlite3 import SQLITE_ERROR
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.statements import PerDialect as PerDialect  # for those who know it from here
from storage.statements import holding, next_turn

Connection = sa.Connection  # for those who only pass it on

P = ParamSpec("P")
R = TypeVar("R")
Work = Callable[Concatenate[sa.Connection, P], R]
Job = tuple[Callable[[sa.Connection], Any], "asyncio.Future[Any]"]

BATCH = 32  # turns that share one COMMIT on SQLite: what keeps a slow disk usable
#: A process that freezes in the middle of a transaction holds its locks no longer than this.
IDLE_MILLISECONDS = "10000"
BUSY_SECONDS = 5  # how long one process waits for another's write lock


class Away(Exception):
    """The database does not answer. Whoever sent the message should send it again."""


class Database(ABC):
    """One database, for one event loop."""

    url: sa.URL

    async def transact(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` in a transaction and return what it returned, after COMMIT."""
        return await self.turn(None, work, *args, **kwargs)

    @abstractmethod
    async def turn(self, whose: Hashable | None, work: Work[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for a person's turn, which may write `Prepared.last` together with those of others."""

    async def apart(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same in a transaction that nothing long shares, for what others wait for."""
        return await self.transact(work, *args, **kwargs)

    @abstractmethod
    async def read(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a long read beside the writer."""

    @abstractmethod
    async def close(self) -> None: ...


def connect(url: str) -> Database:
    """`sqlite:///var/samleng.db` or `postgresql://user:password@host/name`."""
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed)
    return PostgresDatabase(parsed)


def read_url(url: str) -> sa.URL:
    """The URL with our drivers; ValueError names what is wrong with it."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ValueError("is no database address; write sqlite:///var/samleng.db or postgresql://…") from None
    match parsed.get_backend_name():
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise ValueError("needs a file, as in sqlite:///var/samleng.db")
            return parsed.set(drivername="sqlite")
        case "postgresql" | "postgres":
            parsed = parsed.set(drivername="postgresql+asyncpg")
            mode = parsed.query.get("sslmode")  # as libpq and hosting services write it; asyncpg calls it ssl
            if mode is not None:
                parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
            return parsed
        case other:
            raise ValueError(f"names {other}; Samleng works on sqlite and postgresql")


def sqlite_engine(url: sa.URL, *, writes: bool = True) -> sa.Engine:
    """A file in WAL mode; a writer takes the lock when it begins, so that it never fails half-way."""
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, poolclass=sa.QueuePool
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged answer survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-3000")  # KiB; the system caches the file as well
        cursor.close()

    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class SqliteDatabase(Database):
    """One writer in the event loop, which drains its queue into one transaction."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self._writer = sqlite_engine(url)
        self._reader = sqlite_engine(url, writes=False)
        self._jobs: deque[Job] = deque()
        self._draining: asyncio.Task[None] | None = None

    async def turn(self, whose: Hashable | None, work: Work[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_heard)
        self._jobs.append((_job(whose, work, *args, **kwargs), future))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        # A client that hangs up must not cancel a turn that others share a transaction with.
        return await asyncio.shield(future)

    async def _drain(self) -> None:
        while self._jobs:
            await asyncio.sleep(0)  # let what has arrived meanwhile join this batch
            batch = [self._jobs.popleft() for _ in range(min(BATCH, len(self._jobs)))]
            begun = False
            try:
                with self._writer.begin() as connection:
                    begun = True
                    results = _all(connection, batch)
            except Exception as error:
                if len(batch) == 1 or not begun:  # not begun: each alone would only wait as long again
                    for _work, future in batch:
                        _fail(future, error)
                else:
                    for work, future in batch:
                        self._alone(work, future)
                continue
            for (_work, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)

    def _alone(self, work: Callable[[sa.Connection], Any], future: asyncio.Future[Any]) -> None:
        try:
            with self._writer.begin() as connection:
                result = work(connection)
        except Exception as error:
            _fail(future, error)
        else:
            if not future.done():
                future.set_result(result)

    async def read(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        def run() -> R:
            with self._reader.begin() as connection:
                return work(connection, *args, **kwargs)

        try:
            return await asyncio.to_thread(run)
        except OperationalError as error:
            if not _passing(error):
                raise
            raise Away(str(error.orig)) from error

    async def close(self) -> None:
        if self._draining is not None:
            await self._draining
        self._writer.dispose()
        self._reader.dispose()


class PostgresDatabase(Database):
    """asyncpg; the same synchronous functions run inside `run_sync`, and what waits shares transactions.

    A few connections drain one queue. Of what waits each takes its share into one transaction: BEGIN, COMMIT
    and the change into a greenlet cost as much as two statements. When one turn raises, each is run alone.
    """

    def __init__(self, url: sa.URL, pool_size: int = 8) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine  # 10 MiB that SQLite does without

        self.url = url
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_recycle=1800,
            connect_args={"server_settings": {"idle_in_transaction_session_timeout": IDLE_MILLISECONDS}},
        )
        self._most = min(
            3, pool_size
        )  # measured: fewer wait, more share too little; the others are for long reads
        self._jobs: deque[Job] = deque()
        self._draining: set[asyncio.Task[None]] = set()

    async def turn(self, whose: Hashable | None, work: Work[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_heard)
        self._jobs.append((_job(whose, work, *args, **kwargs), future))
        if len(self._draining) < self._most:
            task = asyncio.create_task(self._drain())
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)
        return await asyncio.shield(future)

    async def _drain(self) -> None:
        while self._jobs:
            share = -(-len(self._jobs) // self._most)
            batch = [self._jobs.popleft() for _ in range(min(BATCH, share))]
            try:
                results = await self._run(_all, batch)
            except Exception as error:
                if len(batch) == 1 or _passing(error):
                    for _work, future in batch:
                        _fail(future, error)
                else:
                    for work, future in batch:
                        await self._alone(work, future)
                continue
            for (_work, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)

    async def _alone(self, work: Callable[[sa.Connection], Any], future: asyncio.Future[Any]) -> None:
        try:
            result = await self._run(work)
        except Exception as error:
            _fail(future, error)
        else:
            if not future.done():
                future.set_result(result)

    async def _run(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work, *args, **kwargs)

    async def read(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.apart(work, *args, **kwargs)

    async def apart(self, work: Work[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await self._run(work, *args, **kwargs)
        except Exception as error:
            if not _passing(error):
                raise
            raise Away(str(getattr(error, "orig", error))) from error

    async def close(self) -> None:
        for task in list(self._draining):
            await task
        await self._engine.dispose()


def _all(connection: sa.Connection, batch: list[Job]) -> list[Any]:
    with holding(connection):
        return [work(connection) for work, _future in batch]


def _job(
    whose: Hashable | None, work: Work[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> Callable[[sa.Connection], R]:
    def job(connection: sa.Connection) -> R:
        next_turn(connection, whose)
        return work(connection, *args, **kwargs)

    return job


#: Classes of PostgreSQL's error codes that say nothing about what was asked: no connection, not let in, no such
#: database, given up for another transaction, out of resources, shutting down.
_PASSING = ("08", "28", "3D", "40", "53", "57")


def _passing(error: BaseException) -> bool:
    """Whether the same may well succeed later, since nothing is wrong with what was asked."""
    if isinstance(error, (OSError, PoolTimeout)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlite_errorcode", None) != SQLITE_ERROR
    code = getattr(error.orig, "sqlstate", None) or ""
    return code.startswith(_PASSING)


def alive(connection: sa.Connection) -> None:
    """Answers, or the caller is told Away."""
    connection.execute(sa.text("SELECT 1"))


def _heard(future: asyncio.Future[Any]) -> None:
    """Whoever waited may have hung up; asyncio would then log what failed, with all that is said in it."""
    if not future.cancelled():
        future.exception()


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if future.done():
        return
    future.set_exception(Away(str(getattr(error, "orig", error))) if _passing(error) else error)
