"""The commune office of a benchmark: announces meetings, and has them queued, as the product does it.

python -m benchmarks.office COMMUNE     # announces one meeting, queues everybody, says what it took as JSON
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import structlog

from benchmarks import servers
from bot.app import App
from bot.settings import PREFIX, Settings
from broadcasts import fire, notices
from flows.meetings import Meeting
from storage.database import Connection

#: Whatever the hour at which it is measured.
NO_QUIET_HOURS = {"SAMLENG_QUIET_HOURS": "07:00-07:00"}
#: Settings with which a worker sends as fast as it can. Telegram itself takes 1,000 a second, when paid.
FAST = {"telegram_paid": "true", "telegram_pace": "5000"}


def settings(database: str, telegram_api: str, **more: str) -> dict[str, str]:
    """The environment of a service that may tell notices at any hour, without SMS."""
    known = servers.settings(database, telegram_api) | NO_QUIET_HOURS
    known = {name: value for name, value in known.items() if not name.startswith("SAMLENG_SMS_")}
    return known | {f"SAMLENG_{name.upper()}": value for name, value in more.items()}


def place(number: int) -> str:
    """Where the meeting of a number is held: what its messages are known by."""
    return f"សាលាឃុំ-{number}-"


@dataclass
class Office:
    """An open service that sends nothing itself."""

    app: App
    commune: str

    @classmethod
    async def open(cls, environment: Mapping[str, str], commune: str) -> Self:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
        return cls(await App.open(Settings(**given)), commune)  # type: ignore[arg-type]

    async def announce(self, number: int) -> int:
        """Announce a meeting of the whole commune, three days from now; the notice's number."""
        on = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
        meeting = Meeting("village", self.commune, "commune", on, "08:30", place(number))
        desk = self.app.desk
        return await self.app.database.transact(notices.announce, desk, meeting, None, desk.clock())

    async def queue(self, told: Callable[[int], None] = lambda queued: None) -> int:
        """Fire what is due until nothing is; how many messages wait then. `told`: how many so far."""
        while await self.app.database.transact(self._fire):
            told(await self.app.database.transact(self._queued))
        return await self.app.database.transact(self._queued)

    def _fire(self, connection: Connection) -> bool:
        return fire.fire(connection, self.app.desk, self.app.desk.clock())

    @staticmethod
    def _queued(connection: Connection) -> int:
        return connection.exec_driver_sql("SELECT COALESCE(SUM(queued), 0) FROM broadcasts").scalar_one()

    async def message(self) -> dict[str, Any]:
        """What was queued, as it is on Telegram."""
        query = "SELECT body FROM payloads WHERE channel = 'telegram' AND language = 'km'"
        body = await self.app.database.transact(lambda c: c.exec_driver_sql(query).scalar_one())
        parts = json.loads(body) if isinstance(body, str) else body
        return dict(parts[-1])

    async def close(self) -> None:
        await self.app.close()


async def _measure(commune: str) -> dict[str, float]:
    environment = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    office = await Office.open(environment, commune)
    before = resident()
    await office.announce(1)
    began = time.perf_counter()
    queued = await office.queue(
        lambda done: print(f"\r  {done:,} queued", end="", file=sys.stderr, flush=True)
    )
    took = time.perf_counter() - began
    print(file=sys.stderr)
    await office.close()
    return {"queued": queued, "seconds": took, "before": before, "peak": peak()}


def resident() -> float:
    """MiB, now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def peak() -> float:
    """MiB, the most there ever was."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(sys.argv[1]))))
