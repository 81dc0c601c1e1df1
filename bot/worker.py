"""The clock: what is due, at any time and by any process. It is all rows; any process may die at any time.

APScheduler is the metronome of what is done now and then. What is sent to many, and what falls due, has a loop of its
own in each process, of which one holds the lane.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.attachments import Attachments, fetches
from bot.bulk import LEASE, Bulk
from bot.channels import phone
from bot.errors import where
from bot.holder import dead
from bot.nights import Nights
from broadcasts import fire
from broadcasts.schedule import awake
from storage import conversations, inbox, lanes, outbox
from storage.database import Away, Connection
from storage.lanes import Lane

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

SWEEP_EVERY = 2  # seconds between looks at replies that were left behind
FIRE_EVERY = 1.0  # seconds between looks at what is due
NIGHT_EVERY = 20  # seconds between looks whether a new day has begun
CLOCK = "clock"  # the lane of whoever fires what is due
#: Providers repeat a message for 24 hours; after that nobody needs what was said.
KEEP_MESSAGES = timedelta(hours=48)
#: A rating may be taken up again after a week, and after a month is given up.
KEEP_CONVERSATIONS = timedelta(days=30)
WIPED_AT_ONCE = 5000  # rows; more would hold up who waits for an answer


class Worker:
    """The regular work of one process, from `start` to `stop`."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.holder = app.sender.holder
        self.bulks = [
            Bulk(app.sender, channel, self.holder, lambda at: awake(at, app.desk.timing))
            for channel in app.sender.transports
        ]
        self.clock = Clock(app, self.holder)
        self.nights = Nights(app, lambda: self.clock.holds)
        phones = phone.media() if app.settings.demo_on else {}
        ways = fetches(app.bot, app.settings.telegram_api, phones)
        self.attachments = Attachments(app.database, app.desk, app.store, ways)
        self.scheduler = AsyncIOScheduler(timezone="UTC")
        self._tasks: list[asyncio.Task[None]] = []
        self._fetching: asyncio.Task[None] | None = None

    def start(self) -> None:
        once = {"max_instances": 1, "coalesce": True}
        now = datetime.now(self.scheduler.timezone)
        self.scheduler.add_job(self._sweep, "interval", seconds=SWEEP_EVERY, **once)
        self.scheduler.add_job(self._tidy, "interval", hours=1, next_run_time=now, **once)
        self.scheduler.add_job(self.nights.look, "interval", seconds=NIGHT_EVERY, **once)
        self.scheduler.start()
        self._tasks = [asyncio.create_task(bulk.run()) for bulk in self.bulks]
        self._tasks.append(asyncio.create_task(self.clock.run()))
        self._fetching = asyncio.create_task(self.attachments.run())

    async def stop(self) -> None:
        """Give back what was taken, so that another process goes on at once."""
        self.scheduler.shutdown(wait=False)
        await asyncio.gather(self.clock.stop(), *(bulk.stop() for bulk in self.bulks))
        if self._fetching is not None:
            self._fetching.cancel()  # what is under way is put off already
            self._tasks.append(self._fetching)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        try:
            await self.app.sender.sweep()
        except Away:
            log.warning("sweep_waits_for_database")

    async def _tidy(self) -> None:
        try:
            more = True
            while more:
                more = await self.app.database.transact(retention, self.app.desk.clock())
            await self.attachments.tidy()
        except Away:
            log.warning("retention_waits_for_database")


class Clock:
    """Fires what is due, a short transaction at a time; one process does, the one that holds the lane."""

    def __init__(self, app: App, holder: str) -> None:
        self.app = app
        self.holder = holder
        self.holds = False
        self._ending = False
        self._seen: Lane | None = None
        self._seen_at = 0.0

    async def run(self) -> None:
        """Until `stop`."""
        while not self._ending:
            try:
                more = await self.step()
            except Away:
                more = False
                log.warning("clock_waits_for_database")
            except Exception as error:
                more = False
                log.error("clock_failed", error=type(error).__name__, where=where(error))
            await self.app.sender.watch.sleep(0 if more else FIRE_EVERY)

    async def stop(self) -> None:
        """Leave the lane to others."""
        self._ending, self.holds = True, False
        try:
            await self.app.database.transact(lanes.release, CLOCK, self.holder)
        except Away:
            log.warning("clock_waits_for_database")

    async def step(self) -> bool:
        """Hold the lane, and fire one thing that is due; whether there may be more."""
        app, watched = self.app, self.app.sender.watch.now()
        lane = self._seen
        silent = lane is not None and (watched - self._seen_at >= LEASE.total_seconds() or dead(lane.holder))
        seen, fired = await app.database.transact(
            _fire, app, self.holder, app.desk.clock(), lane if silent else None
        )
        if seen != self._seen:
            self._seen, self._seen_at = seen, watched
        self.holds = seen is None and not self._ending
        return fired


def _fire(
    connection: Connection, app: App, holder: str, now: datetime, silent: Lane | None
) -> tuple[Lane | None, bool]:
    """The lane where it is another's, and whether anything was fired."""
    if lanes.hold(connection, CLOCK, holder, now, LEASE, silent) is None:
        return lanes.seen(connection, CLOCK), False
    return None, fire.fire(connection, app.desk, now)


def start(app: App) -> Worker:
    """Begin the regular work of this process."""
    worker = Worker(app)
    worker.start()
    return worker


def retention(connection: Connection, now: datetime) -> bool:
    """Forget what is no longer needed: what was said to people, which messages came, talks nobody came back to.
    Whether there is more of it."""
    wiped = outbox.wipe(connection, now, KEEP_MESSAGES, WIPED_AT_ONCE)
    inbox.forget(connection, now, KEEP_MESSAGES)
    conversations.forget(connection, now, KEEP_CONVERSATIONS)
    return wiped >= WIPED_AT_ONCE
