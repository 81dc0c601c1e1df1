"""The rival's persistence: ConversationHandler states and user data as rows, one transaction an update.

Rows are written only when they changed. A reply and a finished rating belong to
the same transaction, so that an acknowledged update is kept whole.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg
from telegram.ext import BasePersistence, PersistenceInput

from benchmarks.databases import plain

Write = tuple[str, tuple[Any, ...]]

TABLES = (
    "CREATE TABLE IF NOT EXISTS user_data (user_id BIGINT PRIMARY KEY, data TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS conversations (name TEXT, key TEXT, state INTEGER NOT NULL, PRIMARY KEY (name, key))",
    "CREATE TABLE IF NOT EXISTS outbox (id {serial}, chat_id BIGINT NOT NULL, text TEXT NOT NULL, markup TEXT)",
    "CREATE TABLE IF NOT EXISTS ratings (user_id BIGINT, facility TEXT, scores TEXT NOT NULL, comment TEXT,"
    " PRIMARY KEY (user_id, facility))",
    "CREATE TABLE IF NOT EXISTS counts (facility TEXT, criterion TEXT, score INTEGER, n INTEGER NOT NULL,"
    " PRIMARY KEY (facility, criterion, score))",
    "CREATE TABLE IF NOT EXISTS updates (id BIGINT PRIMARY KEY)",
)
SAVE_USER = "INSERT INTO user_data VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET data = excluded.data"
DROP_USER = "DELETE FROM user_data WHERE user_id = $1"
SAVE_STATE = "INSERT INTO conversations VALUES ($1, $2, $3) ON CONFLICT (name, key) DO UPDATE SET state = excluded.state"
DROP_STATE = "DELETE FROM conversations WHERE name = $1 AND key = $2"
REPLY = "INSERT INTO outbox (chat_id, text, markup) VALUES ($1, $2, $3)"
RATE = (
    "INSERT INTO ratings VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, facility)"
    " DO UPDATE SET scores = excluded.scores, comment = excluded.comment"
)
COUNT = (
    "INSERT INTO counts VALUES ($1, $2, $3, 1) ON CONFLICT (facility, criterion, score)"
    " DO UPDATE SET n = counts.n + 1"
)
SEEN = "INSERT INTO updates VALUES ($1)"


class Store(Protocol):
    """Where rows are."""

    async def open(self) -> None: ...
    async def rows(self, query: str) -> Sequence[tuple[Any, ...]]: ...
    async def commit(self, writes: Sequence[Write]) -> None: ...
    async def close(self) -> None: ...


class SqliteStore:
    """One connection in the event loop, durable at every COMMIT. SLOW_SYNC: see queued.py."""

    def __init__(self, url: str) -> None:
        self._slow = float(os.environ.get("SLOW_SYNC", "0")) / 1000
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)

    async def open(self) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-8000"):
            self._connection.execute(f"PRAGMA {pragma}")
        for table in TABLES:
            self._connection.execute(table.format(serial="INTEGER PRIMARY KEY"))

    async def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    async def commit(self, writes: Sequence[Write]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            for statement, values in writes:
                execute(statement.replace("$", "?"), values)
        except BaseException:
            execute("ROLLBACK")
            raise
        if self._slow:
            time.sleep(self._slow)  # noqa: ASYNC251  (a COMMIT does wait in the event loop)
        execute("COMMIT")

    async def close(self) -> None:
        self._connection.close()


class PostgresStore:
    """A pool of as many connections as ours has."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(plain(self._url), min_size=8, max_size=8)
        for table in TABLES:
            await self._pool.execute(table.format(serial="BIGSERIAL PRIMARY KEY"))

    async def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        return [tuple(row) for row in await self._pool.fetch(query)]

    async def commit(self, writes: Sequence[Write]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            for statement, values in writes:
                await connection.execute(statement, *values)

    async def close(self) -> None:
        await self._pool.close()


class SqlPersistence(BasePersistence[dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """Gathers what an update changed; whoever handled the update takes it and commits it."""

    def __init__(self, store: Store) -> None:
        # The application's own timer finds nothing to do: we write after every update.
        super().__init__(PersistenceInput(bot_data=False, chat_data=False, callback_data=False), 3600)
        self.store = store
        self._writes: list[Write] = []
        self._kept: dict[int, str] = {}
        self._seen: set[int] = set()

    def take(self) -> list[Write]:
        """What was gathered since the last time."""
        writes, self._writes = self._writes, []
        return writes

    async def load(self) -> None:
        """The updates that were handled before this process began."""
        self._seen = {row[0] for row in await self.store.rows("SELECT id FROM updates")}

    def claim(self, update: int) -> bool:
        """Whether an update is new; it is then noted with what it changes."""
        if update in self._seen:
            return False
        self._seen.add(update)
        self._writes.append((SEEN, (update,)))
        return True

    def reply(self, chat: int, text: str, markup: str | None) -> None:
        self._writes.append((REPLY, (chat, text, markup)))

    def rate(self, user: int, facility: str, scores: dict[str, int], comment: str | None) -> None:
        self._writes.append((RATE, (user, facility, json.dumps(scores), comment)))
        self._writes += [(COUNT, (facility, code, score)) for code, score in sorted(scores.items())]

    async def get_user_data(self) -> dict[int, dict[Any, Any]]:
        self._kept = dict(await self.store.rows("SELECT user_id, data FROM user_data"))
        return {user: json.loads(data) for user, data in self._kept.items()}

    async def update_user_data(self, user_id: int, data: dict[Any, Any]) -> None:
        text = json.dumps(data, ensure_ascii=False)
        if self._kept.get(user_id) != text:
            self._kept[user_id] = text
            self._writes.append((SAVE_USER, (user_id, text)))

    async def drop_user_data(self, user_id: int) -> None:
        if self._kept.pop(user_id, None) is not None:
            self._writes.append((DROP_USER, (user_id,)))

    async def get_conversations(self, name: str) -> dict[Any, Any]:
        rows = await self.store.rows("SELECT name, key, state FROM conversations")
        return {tuple(json.loads(key)): state for stored, key, state in rows if stored == name}

    async def update_conversation(self, name: str, key: Any, new_state: object | None) -> None:
        written = json.dumps(key)
        if new_state is None:
            self._writes.append((DROP_STATE, (name, written)))
        else:
            self._writes.append((SAVE_STATE, (name, written, new_state)))

    async def flush(self) -> None:
        writes = self.take()
        if writes:
            await self.store.commit(writes)

    # What this bot does not use.
    async def get_chat_data(self) -> dict[int, dict[Any, Any]]:
        return {}

    async def get_bot_data(self) -> dict[Any, Any]:
        return {}

    async def get_callback_data(self) -> None:
        return None

    async def update_chat_data(self, chat_id: int, data: dict[Any, Any]) -> None: ...
    async def update_bot_data(self, data: dict[Any, Any]) -> None: ...
    async def update_callback_data(self, data: Any) -> None: ...
    async def drop_chat_data(self, chat_id: int) -> None: ...
    async def refresh_user_data(self, user_id: int, user_data: dict[Any, Any]) -> None: ...
    async def refresh_chat_data(self, chat_id: int, chat_data: dict[Any, Any]) -> None: ...
    async def refresh_bot_data(self, bot_data: dict[Any, Any]) -> None: ...
