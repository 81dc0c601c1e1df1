"""Contacts who joined, many at once and with addresses sealed as they always are: the audience of a notice."""

from __future__ import annotations

import asyncio
import csv
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import asyncpg

from benchmarks.databases import plain
from benchmarks.people import CONTENT, communes
from benchmarks.servers import KEY
from storage.vault import Vault

FIRST = 200_000_000  # villager 1 has the chat after this
AT_ONCE = 20_000
COLUMNS = (
    "channel",
    "address_hash",
    "address",
    "language",
    "commune",
    "village",
    "joined",
    "created_on",
)


def home(number: int = 0) -> str:
    """The code of a commune."""
    return communes()[number][0]


def chats(many: int) -> range:
    return range(FIRST + 1, FIRST + 1 + many)


def settle(url: str, commune: str, many: int, told: Callable[[int], None] = lambda done: None) -> None:
    """Put `many` contacts of Telegram into a commune, spread over its villages. `told`: how many there are."""
    rows = _rows(commune, many, date_as=_same if url.startswith("postgres") else str)
    if url.startswith("postgres"):
        asyncio.run(_copy(url, rows, told))
        return
    statement = f"INSERT INTO contacts ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    done = 0
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA synchronous=OFF")  # of these rows only
        while chunk := list(islice(rows, AT_ONCE)):
            with connection:
                connection.executemany(statement, chunk)
            done += len(chunk)
            told(done)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _copy(url: str, rows: Iterator[tuple[Any, ...]], told: Callable[[int], None]) -> None:
    connection = await asyncpg.connect(plain(url))
    done = 0
    try:
        while chunk := list(islice(rows, AT_ONCE)):
            await connection.copy_records_to_table("contacts", records=chunk, columns=COLUMNS)
            done += len(chunk)
            told(done)
        await connection.execute("VACUUM ANALYZE contacts")
    finally:
        await connection.close()


def _rows(commune: str, many: int, date_as: Callable[[date], Any]) -> Iterator[tuple[Any, ...]]:
    vault = Vault(KEY)
    villages = villages_of(commune)
    today = date_as(datetime.now(UTC).date())
    for number, chat in enumerate(chats(many)):
        address = str(chat)
        yield (
            "telegram",
            vault.address_hash("telegram", address),
            vault.seal(address.encode()),
            "km",
            commune,
            villages[number % len(villages)],
            True,
            today,
        )


def villages_of(commune: str) -> Sequence[str]:
    with (CONTENT / "gazetteer" / "places.csv").open(encoding="utf-8", newline="") as lines:
        return [row["code"] for row in csv.DictReader(lines) if row["code"][:6] == commune != row["code"]]


def _same(day: date) -> date:
    return day
