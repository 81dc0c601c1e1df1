"""The clock: APScheduler as a metronome. What is due is rows; any process may die at any time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from storage import conversations, inbox, outbox
from storage.database import Away, Connection

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

SWEEP_EVERY = 2  # seconds between looks at the outbox
#: Providers repeat a message for 24 hours; after that nobody needs what was said.
KEEP_MESSAGES = timedelta(hours=48)
#: A rating may be taken up again after a week, and after a month is given up.
KEEP_CONVERSATIONS = timedelta(days=30)


def start(app: App) -> AsyncIOScheduler:
    """Begin the regular work of this process."""
    scheduler = AsyncIOScheduler(timezone="UTC")

    async def sweep() -> None:
        try:
            await app.sender.sweep()
        except Away:
            log.warning("sweep_waits_for_database")

    async def tidy() -> None:
        try:
            await app.database.transact(retention, app.desk.clock())
        except Away:
            log.warning("retention_waits_for_database")

    once = {"max_instances": 1, "coalesce": True}
    scheduler.add_job(sweep, "interval", seconds=SWEEP_EVERY, **once)
    scheduler.add_job(tidy, "interval", hours=1, next_run_time=datetime.now(scheduler.timezone), **once)
    scheduler.start()
    return scheduler


def retention(connection: Connection, now: datetime) -> None:
    """Forget what is no longer needed: what was said to people, which messages came, talks nobody came back to."""
    outbox.wipe(connection, now, KEEP_MESSAGES)
    inbox.forget(connection, now, KEEP_MESSAGES)
    conversations.forget(connection, now, KEEP_CONVERSATIONS)
