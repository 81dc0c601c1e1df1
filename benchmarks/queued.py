"""Our server, whose replies stay in the outbox: from the webhook to the committed turn, and nothing after it.

It is wired as `samleng serve` is; only what would be sent is not. SLOW_SYNC is
how many milliseconds longer each COMMIT of SQLite is to take than on this disk.

    SAMLENG_DATABASE_URL=… python -m benchmarks.queued
"""

from __future__ import annotations

import os
import time
from typing import Any

import sqlalchemy as sa
import uvicorn
import uvloop

from bot.app import App, web
from bot.cli import configure_logging
from bot.settings import read_settings
from storage.database import SqliteDatabase


class Queued(App):
    """Has no transport, so that a reply waits for another process; drops what nobody waits for."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.sender.transports = {}

    def later(self, work: Any) -> None:
        work.close()

    async def introduce(self) -> None:
        """Telegram is not told who we are."""


async def main() -> None:
    configure_logging()
    settings = read_settings()
    opened = await Queued.open(settings)
    slow = float(os.environ.get("SLOW_SYNC", "0")) / 1000
    if slow:
        assert isinstance(opened.database, SqliteDatabase)
        sa.event.listen(opened.database._writer, "commit", lambda _connection: time.sleep(slow))
    config = uvicorn.Config(
        web(opened, clock=False),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main())
