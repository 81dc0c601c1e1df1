"""Sends what is in the outbox. Whoever received a message sends its reply at once; a sweep takes what was left.

Rows only move forward, and are marked in batches: a crash between sending and
marking repeats that message, since neither channel has an idempotency key.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.errors import where
from handlers.desk import Part, utc_now
from storage import contacts, outbox
from storage.database import Away, Connection, Database
from storage.outbox import Outgoing
from storage.vault import Vault

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 6
MARK_EVERY = 0.05  # seconds; marks of that time share one transaction
AT_ONCE = 8  # messages under way in a sweep


class Refused(Exception):
    """The provider did not take a message. `gone`: this person can't be reached any more. `after`: seconds to
    wait when the provider said so. `final`: trying again is of no use."""

    def __init__(
        self, reason: str, *, gone: bool = False, final: bool = False, after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.gone = gone
        self.final = final or gone
        self.after = after


class Transport(Protocol):
    """One provider's way of taking a message."""

    async def send(self, address: str, part: Part, number: int) -> str | None:
        """Hand over one message; the provider's id of it, or Refused."""
        ...


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one row."""

    number: int
    state: str
    provider_id: str | None = None
    error: str | None = None
    retry_at: datetime | None = None
    gone: tuple[str, str] | None = None  # channel, address


class Sender:
    """One a process. `transports` by channel; a channel without one is not sent to from here."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        transports: Mapping[str, Transport],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.database = database
        self.vault = vault
        self.transports = transports
        self.clock = clock
        self._marks: list[Mark] = []
        self._marker: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._last: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._quiet_until: dict[str, datetime] = {}

    def soon(self, row: Outgoing) -> None:
        """Send without being waited for, after what is being sent to the same person; the row's lease is the
        safety net. To be called in the event loop."""
        whose = (row.channel, row.address)
        task = asyncio.create_task(self._after(self._last.get(whose), row))
        self._last[whose] = task
        self._sending.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            self._sending.discard(ended)
            if self._last.get(whose) is ended:
                del self._last[whose]

        task.add_done_callback(done)

    async def _after(self, before: asyncio.Task[None] | None, row: Outgoing) -> None:
        if before is not None:
            await asyncio.wait([before])
        await self.send(row)

    async def send(self, row: Outgoing) -> None:
        """Send one row and note what became of it."""
        transport = self.transports.get(row.channel)
        if transport is None:
            return
        quiet_until = self._quiet_until.get(row.channel)
        if quiet_until is not None and self.clock() < quiet_until:
            # Told to slow down, we are quiet on the whole channel (limits of the Bot API).
            self._note(Mark(row.id, "queued", retry_at=quiet_until))
            return
        provider_id = None
        try:
            for part in row.parts:
                provider_id = await transport.send(row.address, part, row.id) or provider_id
        except Refused as refused:
            self._note(self._refused(row, refused))
        except Exception as error:
            # Not its words: a provider's error may name whom it was for.
            log.error(
                "send_failed", channel=row.channel, row=row.id, error=type(error).__name__, where=where(error)
            )
            self._note(self._refused(row, Refused("unexpected")))
        else:
            self.sent(row.id, provider_id)

    def sent(self, number: int, provider_id: str | None = None) -> None:
        """Note that a row has left."""
        self._note(Mark(number, "sent", provider_id))

    def _refused(self, row: Outgoing, refused: Refused) -> Mark:
        gone = (row.channel, row.address) if refused.gone else None
        attempts = max(row.attempts, 1)
        if refused.after is not None:
            retry_at = self.clock() + timedelta(seconds=refused.after)
            self._quiet_until[row.channel] = retry_at
            return Mark(row.id, "queued", error=refused.reason, retry_at=retry_at)
        if refused.final or attempts >= MOST_ATTEMPTS:
            log.warning("not_sent", channel=row.channel, row=row.id, reason=refused.reason)
            return Mark(row.id, "failed", error=refused.reason, gone=gone)
        # Full jitter: those who were refused together do not come back together.
        wait = random.uniform(1, 2 ** (attempts + 1))  # noqa: S311
        retry_at = self.clock() + timedelta(seconds=wait)
        return Mark(row.id, "queued", error=refused.reason, retry_at=retry_at)

    def _note(self, mark: Mark) -> None:
        self._marks.append(mark)
        if self._marker is None or self._marker.done():
            self._marker = asyncio.create_task(self._mark_soon())

    async def _mark_soon(self) -> None:
        while self._marks:
            await asyncio.sleep(MARK_EVERY)
            marks, self._marks = self._marks, []
            await self._keep(marks)

    async def _keep(self, marks: list[Mark]) -> None:
        try:
            await self.database.transact(_store, self.vault, marks)
        except Away:
            self._marks = marks + self._marks
            log.warning("marks_wait", count=len(self._marks))
            await asyncio.sleep(1)
        except Exception as error:
            log.error("marks_failed", error=type(error).__name__, count=len(marks))
            if len(marks) > 1:  # one that can't be stored must not take the others with it
                for mark in marks:
                    await self._keep([mark])

    async def sweep(self) -> int:
        """Take what waits in the outbox and nobody holds, and send it; how many rows it was."""
        count = 0
        for channel in self.transports:
            rows = await self.database.transact(outbox.take, self.vault, channel, self.clock())
            for start in range(0, len(rows), AT_ONCE):
                await asyncio.gather(*(self.send(row) for row in rows[start : start + AT_ONCE]))
            count += len(rows)
        return count

    async def close(self) -> None:
        """Let what is under way finish, and store what became of it."""
        for task in list(self._sending):
            with suppress(Exception):
                await asyncio.wait_for(task, 10)
        if self._marker is not None:
            with suppress(Exception):
                await asyncio.wait_for(self._marker, 10)


def _store(connection: Connection, vault: Vault, marks: list[Mark]) -> None:
    # In one order everywhere: two processes that mark the same rows must not wait for each other.
    outbox.mark_sent(
        connection, sorted(((m.number, m.provider_id) for m in marks if _plain(m)), key=lambda m: m[0])
    )
    for mark in sorted((m for m in marks if not _plain(m)), key=lambda m: m.number):
        outbox.mark(connection, mark.number, mark.state, error=mark.error, retry_at=mark.retry_at)
        if mark.gone:
            contacts.block(connection, vault, *mark.gone, blocked=True)


def _plain(mark: Mark) -> bool:
    return mark.state == "sent"
