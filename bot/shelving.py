"""Packs are read and indexed before anybody asks: a large one takes a tenth of a second, which no turn should wait for.

Drafts as well, so that they are here when they are published, by whichever process. Small packs are quickly read when
they are asked for.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from bot.errors import where
from handlers.desk import Desk
from storage import packs
from storage.database import Away, Database

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0  # seconds between looks for new packs, at numbers alone
LARGE = 20_000  # letters of a pack as it is stored, some forty items


class Shelving:
    """One a process that answers people."""

    def __init__(self, database: Database, desk: Desk) -> None:
        self.database = database
        self.desk = desk
        self._seen: frozenset[int] = frozenset()
        self._ending = False
        self._looking: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End it, but not in the middle of a read."""
        self._ending = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._looking is not None:
            await self._looking

    async def _run(self) -> None:
        while not self._ending:
            self._looking = asyncio.ensure_future(self._looked())
            await asyncio.shield(self._looking)
            await asyncio.sleep(LOOK_EVERY)

    async def _looked(self) -> None:
        try:
            await self.look()
        except Away:
            pass  # others say so
        except Exception as error:
            log.error("packs_not_prepared", error=type(error).__name__, where=where(error))

    async def look(self) -> None:
        """Prepare the large packs that came since the last look, the newest first, until they fill half of the room."""
        shelf = self.desk.shelf
        there = await self.database.read(packs.standing)
        new = there - self._seen
        self._seen = there
        if not new:
            return
        made = 0
        for subject, version in await self.database.read(packs.large, new, LARGE):
            if self._ending or made >= shelf.most // 2:
                return
            if shelf.holds(subject, version):
                continue
            stored = await self.database.read(packs.version, subject, version)
            if stored is None:
                continue
            for _step in shelf.prepare(stored.pack):
                await asyncio.sleep(0)  # whoever writes now is answered in between
            made += len(stored.pack.items)
