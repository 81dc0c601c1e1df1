"""What is done once a day: by one process, when the day before is over, and at once where it was missed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from bot import worker
from bot.app import App
from bot.nights import Nights
from bot.settings import Settings
from handlers.desk import Desk
from storage import daily, publication
from storage.database import Away, Database, connect
from storage.vault import Vault
from tests.conftest import SECRET
from tests.delivery import Time
from tests.test_publication import CENTRE, OTHER, rates, shown

pytestmark = pytest.mark.anyio

TODAY = date(2026, 11, 22)
MIDNIGHT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)  # in Cambodia
MINUTE = timedelta(minutes=1)


class Process:
    """A worker's nights, on a clock that stands still."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.app.sender.watch = Time()
        self.mine = True
        self.nights = Nights(app, lambda: self.mine)

    async def at(self, now: datetime) -> list[Any]:
        """What it does at a moment, as it is logged."""
        self.app.desk.clock = lambda: now
        with capture_logs() as logged:
            await self.nights.look()
        return logged


@pytest.fixture
async def process(database_url: str, desk: Desk) -> AsyncIterator[Process]:
    settings = Settings(database_url=database_url, secret_key=SECRET, demo=True)
    made = Process(App(settings, connect(database_url), desk))
    yield made
    await made.app.database.close()


async def rated(database: Database, vault: Vault, *facilities: str) -> None:
    for facility in facilities:
        await database.transact(rates, vault, TODAY - timedelta(days=1), range(5), facility=facility)


async def test_scores_are_published_when_the_day_is_over(
    process: Process, database: Database, vault: Vault
) -> None:
    await rated(database, vault, CENTRE)
    assert await process.at(MIDNIGHT - MINUTE) != []  # yesterday's work, at the start
    assert await database.transact(shown) == {}
    assert await process.at(MIDNIGHT + MINUTE) == []  # a message of yesterday may still be under way
    assert await process.at(MIDNIGHT + 10 * MINUTE) == [
        {"event": "scores_published", "log_level": "info", "looked": 1, "criteria": 1, "counters": 1}
    ]
    assert await database.transact(shown) == {"all": 5}
    assert await process.at(MIDNIGHT + 11 * MINUTE) == []


async def test_what_another_process_has_done_is_not_done_again(process: Process) -> None:
    await process.app.database.transact(daily.done, daily.PUBLISHING, TODAY)
    assert await process.at(MIDNIGHT + 60 * MINUTE) == []


async def test_only_the_process_that_holds_the_clock_publishes(process: Process, database: Database) -> None:
    process.mine = False
    assert await process.at(MIDNIGHT + 60 * MINUTE) == []
    assert await database.transact(daily.until, daily.PUBLISHING) is None


async def test_who_loses_the_clock_leaves_the_rest_to_others(
    process: Process, database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rated(database, vault, CENTRE, OTHER)
    monkeypatch.setattr(publication, "AT_ONCE", 1)
    sleep = process.app.sender.watch.sleep

    async def lost(seconds: float) -> None:
        process.mine = False
        await sleep(seconds)

    process.app.sender.watch.sleep = lost  # type: ignore[method-assign]
    await process.at(MIDNIGHT + 60 * MINUTE)
    assert [await database.transact(shown, facility) for facility in (CENTRE, OTHER)] == [{"all": 5}, {}]
    process.mine, process.app.sender.watch.sleep = True, sleep  # type: ignore[method-assign]
    await process.at(MIDNIGHT + 61 * MINUTE)
    assert await database.transact(shown, OTHER) == {"all": 5}


async def test_what_fails_is_tried_again(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        for error, said in ((Away("gone"), "waits_for_database"), (ValueError("wrong"), "failed")):

            def fails(*_args: Any, error: Exception = error) -> Any:
                raise error

            broken.setattr(publication, "waiting", fails)
            [logged] = await process.at(MIDNIGHT + 60 * MINUTE)
            assert logged["event"] == f"publication_{said}"
    [logged] = await process.at(MIDNIGHT + 60 * MINUTE)
    assert logged["event"] == "scores_published"


async def test_a_worker_publishes(
    process: Process, database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rated(database, vault, CENTRE)
    monkeypatch.setattr(worker, "NIGHT_EVERY", 0.05)
    process.app.desk.clock = lambda: MIDNIGHT + 60 * MINUTE
    working = worker.start(process.app)
    while await database.transact(daily.until, daily.PUBLISHING) != TODAY:
        await process.app.sender.watch.sleep(0.1)
    await working.stop()
    assert await database.transact(shown) == {"all": 5}


def test_an_operator_publishes_at_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot import cli

    monkeypatch.setenv("SAMLENG_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMLENG_SECRET_KEY", SECRET)
    first, again = (CliRunner().invoke(cli.app, ["scores", "publish"]) for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "0 criteria moved" in first.output
    assert "was done before" in again.output


def test_an_operator_adds_up_anew(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot import cli

    monkeypatch.setenv("SAMLENG_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMLENG_SECRET_KEY", SECRET)
    result = CliRunner().invoke(cli.app, ["scores", "renew"])
    assert result.exit_code == 0
    assert "added up anew" in result.output
