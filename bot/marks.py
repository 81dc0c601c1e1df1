"""What became of messages, noted in batches: many that left share one transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from storage import contacts, fate, lanes, passing
from storage.database import Away, Connection, Database
from storage.vault import Vault

log = structlog.get_logger(__name__)

MARK_EVERY = 0.05  # seconds; marks of that time share one transaction

#: Told of a channel and what became of one of its messages, without whose it was.
Noted = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one row. `state` is the outbox's; "sending" says that `parts` of its messages have left."""

    number: int
    channel: str
    state: str
    provider_id: str | None = None
    error: str | None = None
    retry_at: datetime | None = None
    tried: bool = True  # whether that was an attempt
    parts: int = 0
    gone: str | None = None  # the address, which can't be reached any more
    stopped: str | None = None  # the address, which does not want to hear from us
    quiet_until: datetime | None = None  # the provider said to wait


class Marks:
    """One a process. `pending`: rows whose marks are not stored yet."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Callable[[], datetime],
        noted: Noted = lambda channel, state: None,
    ) -> None:
        self.database = database
        self.vault = vault
        self.clock = clock
        self.noted = noted
        self.pending: Counter[int] = Counter()
        self._marks: list[Mark] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, mark: Mark) -> None:
        """Store a mark soon. To be called in the event loop."""
        self._marks.append(mark)
        self.pending[mark.number] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._store_soon())

    async def _store_soon(self) -> None:
        while self._marks:
            await asyncio.sleep(MARK_EVERY)
            marks, self._marks = self._marks, []
            await self._keep(marks)

    async def _keep(self, marks: list[Mark]) -> None:
        try:
            await self.database.transact(_store, self.vault, marks, self.clock())
        except Away:
            self._marks = marks + self._marks
            log.warning("marks_wait", count=len(self._marks))
            await asyncio.sleep(1)
            return
        except Exception as error:
            log.error("marks_failed", error=type(error).__name__, count=len(marks))
            if len(marks) > 1:  # one that can't be stored must not take the others with it
                for mark in marks:
                    await self._keep([mark])
                return
        for mark in marks:
            self.pending[mark.number] -= 1
            if not self.pending[mark.number]:
                del self.pending[mark.number]
            if mark.state != "sending":
                self.noted(mark.channel, "retried" if mark.state == "queued" else mark.state)

    async def close(self) -> None:
        """Store what is left."""
        if self._task is not None:
            with suppress(Exception):
                await asyncio.wait_for(self._task, 10)


def _store(connection: Connection, vault: Vault, marks: list[Mark], now: datetime) -> None:
    # In one order everywhere: two processes that mark the same rows must not wait for each other.
    marks = sorted(marks, key=lambda mark: mark.number)
    fate.mark_parts(connection, [(mark.number, mark.parts) for mark in marks if mark.state == "sending"])
    fate.mark_sent(
        connection, [(mark.number, mark.provider_id) for mark in marks if mark.state == "sent"], now
    )
    for mark in marks:
        if mark.state in {"sent", "sending"}:
            continue
        if mark.stopped:
            contacts.opted_out(connection, vault, mark.channel, mark.stopped)
        elif mark.gone:
            contacts.block(connection, vault, mark.channel, mark.gone, blocked=True)
            if passing.pass_on(connection, mark.number, now):
                continue
        fate.mark(
            connection, mark.number, mark.state, error=mark.error, retry_at=mark.retry_at, tried=mark.tried
        )
    quiet = {mark.channel: mark.quiet_until for mark in marks if mark.quiet_until is not None}
    for channel, until in sorted(quiet.items()):
        lanes.quiet(connection, channel, until)
