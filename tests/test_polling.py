"""Telegram without a public address: commit, then advance the offset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import telegram

from bot import polling
from bot.intake import Failed
from flows.library import Library
from storage.database import Away
from tests import telegram_rules, telegram_server
from tests.served import FACILITY, Clock, Service, build, configured, hang_up, only_sqlite
from tests.sms_server import SmsServer
from tests.telegram_people import Person, post
from tests.telegram_server import Fault, TelegramServer

pytestmark = pytest.mark.anyio

SCORES = "៤៣៥៥២"


@asynccontextmanager
async def unreachable(database_url: str, library: Library | None = None) -> AsyncIterator[Service]:
    """The service without a public address, not running yet."""
    async with TelegramServer() as bot_api, SmsServer(sender="SAMLENG") as sms:
        clock = Clock()
        app = await build(configured(database_url, bot_api, sms, ""), library, clock)
        try:
            yield Service(app, bot_api, sms, None, clock)  # type: ignore[arg-type]  # nobody knocks
        finally:
            await app.close()
            await hang_up(app)


@asynccontextmanager
async def polls(service: Service, take: polling.Take | None = None) -> AsyncIterator[None]:
    """A process polls; it dies at the end of the block."""
    assert service.app.bot is not None
    task = asyncio.create_task(polling.poll(service.app.bot, take or service.app.telegram_update))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), "polling has ended by itself"


async def all_confirmed(service: Service) -> None:
    await service.telegram.until(lambda: service.telegram.calls and not service.telegram.waiting)
    await service.said()


def offsets(service: Service) -> list[int]:
    return [given.get("offset", 0) for given in service.telegram.called("getUpdates")]


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits between tries; how long it would have been."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(polling, "asyncio", SimpleNamespace(gather=asyncio.gather, sleep=sleep))
    return pauses


async def test_a_health_centre_is_rated_without_a_public_address(database_url: str) -> None:
    async with unreachable(database_url) as service:
        sokha = service.person()
        service.telegram.webhook = "https://samleng.example/telegram/webhook"  # left over from another time
        async with service.app.running(web=False, clock=True):
            await service.telegram.until(lambda: service.telegram.called("getUpdates"))
            assert service.telegram.webhook == ""
            assert set(service.telegram.commands) == {"", "en"}
            assert service.telegram.allowed == polling.KINDS
            said = [f"/start r_{FACILITY}", *SCORES, "ថ្នាំតិចពេក"]
            await service.telegram.queue(*(sokha.text(text) for text in said))
            await all_confirmed(service)
            await service.telegram.until(lambda: len(sokha.heard) == len(said))
            await service.telegram.queue(
                sokha.tap(service.words("Send my rating"), on=_review(sokha, service))
            )
            await service.telegram.until(lambda: len(sokha.heard) == len(said) + 1)
            assert (await service.rating())["scores"] == dict(
                zip(
                    ["hc-presence", "hc-attitude", "hc-medicine", "hc-hygiene", "hc-price"],
                    [4, 3, 5, 5, 2],
                    strict=True,
                )
            )


def _review(person: Person, service: Service) -> telegram_server.Message:
    label = service.words("Send my rating")
    return next(message for message in person.heard if label in message.labels)


@only_sqlite
async def test_we_introduce_ourselves_until_telegram_hears(
    database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with unreachable(database_url, library) as service:
        pauses: list[float] = []

        async def sleep(seconds: float) -> None:
            pauses.append(seconds)

        monkeypatch.setattr("bot.app.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))
        service.telegram.faults = [
            Fault("getMe", telegram_rules.broken()),
            Fault("setMyCommands", telegram_rules.Dropped(), skip=1),
            Fault("deleteWebhook", telegram_rules.too_many(3)),
        ]
        await service.app.introduce()
        assert len(pauses) == 3
        assert set(service.telegram.commands) == {"", "en"}
        assert service.telegram.called("setWebhook") == []


async def test_an_update_is_committed_before_it_is_confirmed(database_url: str, library: Library) -> None:
    async with unreachable(database_url, library) as service:
        sokha = service.person()
        start = sokha.text("/start")
        stored: list[int] = []

        async def take(update: telegram.Update, raw: dict[str, Any]) -> None:
            await service.app.telegram_update(update, raw)
            stored.append((await service.row("SELECT count(*) AS n FROM inbox")).n)
            assert max(offsets(service)) <= update.update_id

        await service.telegram.queue(start)
        async with polls(service, take):
            await all_confirmed(service)
        assert stored == [1]
        assert offsets(service)[-1] == start["update_id"] + 1


async def test_a_process_that_dies_in_between_gets_the_update_again(
    database_url: str, library: Library
) -> None:
    async with unreachable(database_url, library) as service:
        sokha = service.person()
        committed = asyncio.Event()

        async def dies(update: telegram.Update, raw: dict[str, Any]) -> None:
            await service.app.telegram_update(update, raw)
            committed.set()
            await asyncio.Event().wait()  # and never returns

        await service.telegram.queue(sokha.text(f"/start r_{FACILITY}"), sokha.text("៤"))
        async with polls(service, dies):
            await committed.wait()
        assert max(offsets(service)) == 0
        async with polls(service):
            await all_confirmed(service)
        assert len(sokha.heard) == 2  # one for each message, none twice
        assert (await service.row("SELECT count(*) AS n FROM inbox")).n == 2


@only_sqlite
@pytest.mark.parametrize("error", [Away("gone"), Failed("ValueError"), ValueError("a stranger")], ids=repr)
async def test_a_failure_brings_the_update_again(
    database_url: str, library: Library, no_pause: list[float], error: Exception
) -> None:
    async with unreachable(database_url, library) as service:
        sokha = service.person()
        tries: list[int] = []

        async def take(update: telegram.Update, raw: dict[str, Any]) -> None:
            tries.append(update.update_id)
            if len(tries) < 3:
                raise error
            await service.app.telegram_update(update, raw)

        start = sokha.text("/start")
        await service.telegram.queue(start)
        async with polls(service, take):
            await all_confirmed(service)
        assert tries == [start["update_id"]] * 3
        assert len(sokha.heard) == 1


@only_sqlite
async def test_an_update_that_keeps_failing_is_parked(
    database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with unreachable(database_url, library) as service:
        sokha, vanna = service.person(), service.person("វណ្ណា")

        def wrong(*_args: object) -> None:
            raise ValueError("wrong")

        await service.telegram.queue(sokha.text("/start"))
        with monkeypatch.context() as broken:
            broken.setattr("storage.conversations.save", wrong)
            async with polls(service):
                await all_confirmed(service)
        await service.telegram.queue(vanna.text("/start"))
        async with polls(service):
            await all_confirmed(service)
        row = await service.row("SELECT failures, state FROM parked")
        assert (row.failures, row.state) == (3, "parked")
        assert [len(sokha.heard), len(vanna.heard)] == [1, 1]


@only_sqlite
async def test_each_chat_is_answered_in_order(database_url: str, library: Library) -> None:
    async with unreachable(database_url, library) as service:
        people = [service.person() for _ in range(3)]
        first, others = people[0], people[1:]
        taken: list[tuple[int, str | None]] = []
        others_done = asyncio.Event()

        async def take(update: telegram.Update, raw: dict[str, Any]) -> None:
            assert update.effective_user is not None
            assert update.message is not None
            if update.effective_user.id == first.id:
                await others_done.wait()  # one slow chat does not hold up the others
            taken.append((update.effective_user.id, update.message.text))
            if len(taken) == 2 * len(SCORES):
                others_done.set()

        await service.telegram.queue(*(person.text(score) for score in SCORES for person in people))
        async with polls(service, take):
            await all_confirmed(service)
        for person in people:
            assert "".join(text or "" for who, text in taken if who == person.id) == SCORES
        assert {who for who, _text in taken[: 2 * len(SCORES)]} == {person.id for person in others}


FAULTS: dict[str, Callable[[], Exception]] = {
    "429": lambda: telegram_rules.too_many(7),
    "500": telegram_rules.broken,
    "dropped": telegram_rules.Dropped,
    "conflict": lambda: telegram_rules.Refusal(409, "Conflict: terminated by other getUpdates request"),
    "token": lambda: telegram_rules.Refusal(401, "Unauthorized"),
}


@only_sqlite
@pytest.mark.parametrize("fault", FAULTS)
async def test_polling_survives_what_telegram_does(
    database_url: str, library: Library, no_pause: list[float], fault: str
) -> None:
    async with unreachable(database_url, library) as service:
        sokha = service.person()
        service.telegram.faults = [Fault("getUpdates", FAULTS[fault](), times=3)]  # type: ignore[arg-type]
        await service.telegram.queue(sokha.text("/start"))
        async with polls(service):
            await all_confirmed(service)
        assert len(sokha.heard) == 1
        assert len(no_pause) == 3
        assert fault != "429" or no_pause == [7] * 3


@only_sqlite
async def test_what_is_not_for_us_is_confirmed_all_the_same(
    database_url: str, library: Library, no_pause: list[float]
) -> None:
    async with unreachable(database_url, library) as service:
        sokha = service.person()
        await service.telegram.queue(
            post(service.telegram, "ដំណឹង"), service.telegram.update(poll={"id": "1"}), sokha.text("/start")
        )
        async with polls(service):
            await all_confirmed(service)
        assert len(sokha.heard) == 1
        assert no_pause == []
