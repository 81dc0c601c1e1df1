"""Ways to a database that can be shut while the service runs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

import sqlalchemy as sa


class Door(Protocol):
    url: str  # what the service is told

    async def shut(self, how: str) -> None: ...

    async def open(self) -> None: ...


@asynccontextmanager
async def door(database_url: str) -> AsyncIterator[Door]:
    """In front of either database."""
    way: SqliteDoor | PostgresDoor
    way = SqliteDoor(database_url) if database_url.startswith("sqlite") else PostgresDoor(database_url)
    await way.open()
    try:
        yield way
    finally:
        await way.close()


class SqliteDoor:
    """Another process holds the file."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)

    async def shut(self, how: str) -> None:
        self._other.execute("BEGIN EXCLUSIVE")

    async def open(self) -> None:
        if self._other.in_transaction:
            self._other.execute("ROLLBACK")

    async def close(self) -> None:
        self._other.close()


class PostgresDoor:
    """A proxy on 127.0.0.1, which then refuses connections, hangs up, or says that it is only starting."""

    def __init__(self, url: str) -> None:
        self._behind = sa.make_url(url)
        self._state = "open"
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.url = ""

    async def open(self) -> None:
        self._state = "open"
        if self._server is None:
            self._server = await asyncio.start_server(self._come, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]
            here = self._behind.set(host="127.0.0.1", port=self._port, query={})
            self.url = here.render_as_string(hide_password=False)

    async def shut(self, how: str) -> None:
        self._state = how
        if how == "refuses" and self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        if self._pumps:
            await asyncio.wait(self._pumps)

    async def close(self) -> None:
        await self.shut("refuses")

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        self._writers.add(writer)
        try:
            if self._state == "open":
                await self._pass_on(reader, writer)
            elif self._state == "starts":
                await self._say_that_it_starts(reader, writer)
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._pumps.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = self._behind.host or str(self._behind.query.get("host", ""))
        port = self._behind.port or 5432
        if host.startswith("/"):
            inner, outer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            inner, outer = await asyncio.open_connection(host or "127.0.0.1", port)
        self._writers.add(outer)
        try:
            await asyncio.gather(_pump(reader, outer), _pump(inner, writer))
        finally:
            outer.transport.abort()
            self._writers.discard(outer)

    async def _say_that_it_starts(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length == 8:  # asks for TLS first
            await reader.readexactly(4)
            writer.write(b"N")
            length = int.from_bytes(await reader.readexactly(4), "big")
        await reader.readexactly(length - 4)
        said = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
        writer.write(b"E" + (len(said) + 4).to_bytes(4, "big") + said)
        await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
