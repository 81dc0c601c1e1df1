"""The clock of a worker: one process fires what is due, another goes on when it dies, and a worker starts and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import worker
from bot.app import App
from bot.bulk import LEASE
from bot.settings import Settings
from bot.worker import CLOCK, Clock
from handlers.desk import Desk
from storage import lanes
from storage.database import Away, Connection, connect
from tests.conftest import SECRET
from tests.delivery import NOW, Time

pytestmark = pytest.mark.anyio

Fire = Callable[[Connection, Any, datetime], bool]


class Office:
    """Processes on one database, whose `fire` only counts; `due`: how many steps there are to take."""

    def __init__(self, url: str, desk: Desk) -> None:
        self.url = url
        self.desk = desk
        self.time = Time()
        self.due = 0
        self.fired: list[datetime] = []
        self.apps: list[App] = []
        desk.clock = self.time.clock

    def fire(self, connection: Connection, press: Any, now: datetime) -> bool:
        if not self.due:
            return False
        self.due -= 1
        self.fired.append(now)
        return True

    def clock(self) -> Clock:
        settings = Settings(database_url=self.url, secret_key=SECRET, demo=True)
        app = App(settings, connect(self.url), self.desk)
        app.sender.watch = self.time
        self.apps.append(app)
        return Clock(app, f"process{len(self.apps)}")


@pytest.fixture
async def office(database_url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    made = Office(database_url, desk)
    monkeypatch.setattr("bot.worker.fire.fire", made.fire)
    yield made
    for app in made.apps:
        await app.database.close()


async def test_all_that_is_due_is_fired_step_by_step(office: Office) -> None:
    clock = office.clock()
    office.due = 3
    assert [await clock.step() for _ in range(4)] == [True, True, True, False]
    assert len(office.fired) == 3


async def test_one_process_fires(office: Office) -> None:
    first, second = office.clock(), office.clock()
    office.due = 2
    assert await first.step()
    assert not await second.step()
    assert await first.step()


async def test_another_fires_when_the_first_is_dead(office: Office) -> None:
    first, second = office.clock(), office.clock()
    await first.step()
    office.due = 1
    waited = 0
    while not await second.step():
        office.time.seconds += 1
        waited += 1
    assert waited <= 15


async def test_another_fires_although_the_first_had_a_clock_ahead(office: Office) -> None:
    first, second = office.clock(), office.clock()
    office.time.shift = timedelta(days=1)
    await first.step()
    office.time.shift = timedelta()
    office.due = 1
    waited = 0
    while not await second.step():
        office.time.seconds += 1
        waited += 1
    assert waited <= LEASE.total_seconds() + 2


async def test_who_ends_leaves_the_clock_to_others(office: Office) -> None:
    first, second = office.clock(), office.clock()
    await first.step()
    await first.stop()
    office.due = 1
    assert await second.step()


async def test_what_fails_is_tried_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, seen = office.clock(), []

    def fails(connection: Connection, press: Any, now: datetime) -> bool:
        seen.append(now)
        if len(seen) == 3:
            clock._ending = True
        raise Away("gone") if len(seen) == 1 else ValueError("wrong")

    monkeypatch.setattr("bot.worker.fire.fire", fails)
    await clock.run()
    assert len(seen) == 3
    assert seen[2] - seen[0] >= timedelta(seconds=1.9)


async def test_a_worker_holds_its_lanes_and_leaves_them(office: Office) -> None:
    office.clock()
    [app] = office.apps
    working = worker.start(app)
    channels = [bulk.channel for bulk in working.bulks]
    assert channels == ["phone-telegram", "phone-sms"]
    for bulk in working.bulks:
        while not bulk._mine():
            await office.time.sleep(0.1)
    held = await app.database.transact(lanes.seen, channels[0])
    assert held is not None
    assert held.holder == working.holder
    await working.stop()
    for lane in (*channels, CLOCK):
        left = await app.database.transact(lanes.seen, lane)
        assert left is None or left.held_until < NOW
