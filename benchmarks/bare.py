"""The same statements on bare asyncpg: what PostgreSQL and the driver alone allow.

The statements of one conversation are replayed from a record (see record.py)
for many persons, with values of their own: in a loop without any server, or
behind the same webhook (`serve`), where a turn is nothing but its statements.

    python -m benchmarks.bare loop DATABASE_URL RECORD
    python -m benchmarks.bare serve DATABASE_URL RECORD PORT
"""

from __future__ import annotations

import asyncio
import itertools
import json
import pickle
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.databases import plain
from benchmarks.people import STEPS, Person

CONNECTIONS = 8  # as many as our pool has
AT_ONCE = 32  # as many as the load client has
CONTACT = 7_000_000_000  # contacts are numbered from here, so that no other value is like one
CONTACTS = 1_000_000_000
NUMBERS = 1 << 50  # what is larger is the number of a message, or of a lock

Statement = tuple[str, bool, list[tuple[Any, ...]]]  # SQL, whether it is for many rows, rows of values


class Replay:
    """The record, for anybody."""

    def __init__(self, file: Path) -> None:
        self.turns: list[list[Statement]] = pickle.loads(file.read_bytes())
        self._contacts: dict[int, int] = {}
        self._numbers = itertools.count(time.time_ns() // 1000 << 10)

    @staticmethod
    async def open(url: str) -> asyncpg.Pool:
        pool = await asyncpg.create_pool(plain(url), min_size=CONNECTIONS, max_size=CONNECTIONS)
        await pool.execute(f"ALTER SEQUENCE contacts_id_seq RESTART WITH {CONTACT + 1}")
        return pool

    async def turn(self, pool: asyncpg.Pool, person: int, step: int) -> None:
        """One turn of one person, in one transaction."""
        number = next(self._numbers)
        async with pool.acquire() as connection, connection.transaction():
            for statement, many, recorded in self.turns[step]:
                rows = [[self._own(value, person, step, number) for value in row] for row in recorded]
                if many:
                    await connection.executemany(statement, rows)
                    continue
                found = await connection.fetch(statement, *rows[0])
                for value in found[0] if found else ():
                    if isinstance(value, int) and CONTACT <= value < CONTACT + CONTACTS:
                        self._contacts[person] = value

    def _own(self, value: Any, person: int, step: int, number: int) -> Any:
        match value:
            case int() if value == CONTACT:
                return self._contacts[person]
            case int() if abs(value) > NUMBERS:
                return number
            case bytes() if len(value) == 16:  # an address or a rater, as a keyed hash
                return value[:8] + person.to_bytes(8)
            case str() if value == Person(0).facility:
                return Person(person).facility
            case str() if value == str(step):  # person 0's update ids are the steps
                return str(person * STEPS + step)
        return value


async def loop(url: str, file: Path, seconds: float) -> dict[str, float]:
    """Turns a second without a server."""
    replay = Replay(file)
    numbers = itertools.count(1)
    turns = 0
    async with await replay.open(url) as pool:
        warm = time.perf_counter() + 1
        end = warm + seconds

        async def drive() -> None:
            nonlocal turns
            while time.perf_counter() < end:
                person = next(numbers)
                for step in range(len(replay.turns)):
                    await replay.turn(pool, person, step)
                    turns += warm <= time.perf_counter() < end

        await asyncio.gather(*(drive() for _ in range(AT_ONCE)))
    statements = sum(len(turn) for turn in replay.turns) / len(replay.turns)
    return {"per_second": turns / seconds, "statements": statements}


def web(url: str, file: Path) -> Starlette:
    replay = Replay(file)
    pools: list[asyncpg.Pool] = []

    @asynccontextmanager
    async def lifespan(_starlette: Starlette) -> AsyncIterator[None]:
        async with await replay.open(url) as pool:
            pools.append(pool)
            yield

    async def webhook(request: Request) -> Response:
        update = await request.json()
        await replay.turn(pools[0], *divmod(update["update_id"], STEPS))
        return Response()

    async def health(_request: Request) -> Response:
        return Response()

    return Starlette(
        routes=[Route("/telegram/webhook", webhook, methods=["POST"]), Route("/healthz", health)],
        lifespan=lifespan,
    )


def main() -> None:
    what, url, file = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if what == "loop":
        print(json.dumps(uvloop.run(loop(url, file, 4.0))))
    else:
        uvicorn.run(
            web(url, file),
            host="127.0.0.1",
            port=int(sys.argv[4]),
            log_level="warning",
            access_log=False,
            loop="uvloop",
        )


if __name__ == "__main__":
    main()
