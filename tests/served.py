"""The service on a port of its own, between a Telegram and an SMS service that are ours, and their knocks."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from prometheus_client import REGISTRY

from bot import catalogues
from bot.app import EVENTS, App, media, web
from bot.sender import Watch
from bot.settings import Settings
from flows.channel import TELEGRAM, Channel
from flows.library import Library
from handlers.desk import Desk
from storage import responses
from storage.database import Connection, connect
from storage.vault import Vault
from tests import sms_server, telegram_server
from tests.conftest import SECRET
from tests.sms_server import Phone, SmsServer
from tests.telegram_people import Person
from tests.telegram_server import TelegramServer, Update

#: For what does not depend on the database.
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FACILITY = "hc081303"  # the health centre of ព្រែកអំពិល
COMMUNE = "សង្កាត់ព្រែកអំពិល"
ROUND = "2026-Q4"


@dataclass
class Clock:
    """Stands still but for a millisecond a look, until it is told that time passes."""

    now: datetime = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


class QuickWatch(Watch):
    """Time that passes only where somebody waits for it."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        until = self.time + seconds
        await asyncio.sleep(0)
        self.time = max(self.time, until)


@dataclass(frozen=True)
class Answered:
    """The TwiML of an answer: (text, where its receipts go), message by message."""

    response: httpx.Response
    messages: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(text for text, _action in self.messages)


@dataclass
class Service:
    app: App
    telegram: TelegramServer
    sms: SmsServer
    client: httpx.AsyncClient
    clock: Clock
    people: int = field(default=900_000)

    # -- Who there is, and what she does ---------------------------------------------------------------

    def person(self, name: str = "សុខា", language: str = "km") -> Person:
        """Somebody new on Telegram."""
        self.people += 1
        return Person(self.telegram, self.people, name, language)

    def phone(self) -> Phone:
        """Somebody new who texts."""
        self.people += 1
        return Phone(self.sms, f"+85512{self.people}")

    async def tell(self, update: Update, secret: str | None = None) -> httpx.Response:
        """Telegram knocks with an update; returns when what it led to was sent as well."""
        response = await self.client.post(
            "/telegram/webhook",
            json=update,
            headers=self.trusted if secret is None else {name: secret.encode() for name in self.trusted},
        )
        await self.said()
        return response

    @property
    def trusted(self) -> dict[bytes, bytes]:
        """The header by which we know Telegram."""
        return {b"X-Telegram-Bot-Api-Secret-Token": self.telegram.secret.encode()}

    async def text(self, form: dict[str, str]) -> Answered:
        """The SMS service knocks with a text."""
        response = await self.knock("/sms/webhook", form)
        if response.status_code != 200:
            return Answered(response)
        assert response.headers["content-type"].partition(";")[0] == "application/xml"
        root = ElementTree.fromstring(response.content)
        assert root.tag == "Response"
        assert all(element.tag == "Message" for element in root)
        return Answered(response, tuple((element.text or "", element.get("action", "")) for element in root))

    async def knock(self, path: str, form: dict[str, str], signature: str | None = None) -> httpx.Response:
        """A form of the SMS service; with its signature unless another is given."""
        if signature is None:
            signature = self.sms.signature(self.app.settings.public_url + path, form)
        return await self.client.post(path, data=form, headers={b"X-Twilio-Signature": signature.encode()})

    # -- What became of it -----------------------------------------------------------------------------

    async def said(self) -> None:
        """Wait until all that was begun to be sent has left."""
        while waiting := [*self.app._tasks, *self.app.sender._sending]:
            await asyncio.wait(waiting)

    async def settled(self) -> None:
        """Wait until what was sent is noted as well."""
        await self.said()
        await self.app.sender.close()

    async def sweep(self) -> int:
        """What the clock of a worker does every two seconds."""
        await self.settled()
        swept = await self.app.sender.sweep()
        await self.settled()
        return swept

    async def row(self, sql: str, **values: Any) -> Any:
        """The one row of a query, None where there is none."""
        rows = await self.rows(sql, **values)
        assert len(rows) <= 1, rows
        return rows[0] if rows else None

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        return await self.app.database.transact(_rows, sql, values)

    async def rating(self) -> dict[str, Any]:
        """The one rating there is, by the number its giver was told."""
        row = await self.row("SELECT reference FROM responses")
        assert row is not None, "nothing was rated"
        [found] = await self.app.database.transact(responses.find, self.app.desk.vault, row.reference)
        return dict(found)

    async def histogram(self, facility: str = FACILITY) -> dict[tuple[str, str], list[int]]:
        return await self.app.database.transact(responses.histogram, facility, ROUND)

    def words(self, text: str, channel: Channel = TELEGRAM, language: str = "km") -> str:
        """What a channel says for a message of the catalogue, in Khmer."""
        return self.app.desk.catalogue(language, channel).gettext(text)


def _rows(connection: Connection, sql: str, values: dict[str, Any]) -> list[Any]:
    return list(connection.execute(sa.text(sql), values))


def noted(logs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What was logged, but for our introduction to Telegram, which ends when it ends."""
    return [dict(log) for log in logs if log["event"] != "telegram_told"]


def counted(event: str) -> float:
    """How often something happened, as the operator's counters say."""
    return REGISTRY.get_sample_value("samleng_events_total", {"event": event}) or 0


@functools.cache
def _wordings() -> dict[tuple[str, str], catalogues.Chain]:
    return catalogues.load()


async def build(settings: Settings, library: Library | None, clock: Clock) -> App:
    """The parts of the service; without a library it opens like a process, and reads its own."""
    if library is None:
        return await App.open(settings, clock)
    desk = Desk(
        Vault(settings.secret()),
        library,
        media(settings),
        _wordings(),
        catalogues.languages(),
        clock,
        lambda event: EVENTS.labels(event).inc(),
    )
    return App(settings, connect(settings.database_url), desk)


def configured(
    database_url: str, telegram: TelegramServer, sms: SmsServer, public_url: str, **more: Any
) -> Settings:
    given = {
        "database_url": database_url,
        "secret_key": SECRET,
        "public_url": public_url,
        "telegram_token": telegram_server.TOKEN,
        "telegram_api": telegram.url,
        "sms_account_sid": sms_server.ACCOUNT,
        "sms_auth_token": sms_server.AUTH_TOKEN,
        "sms_from": sms.sender,
        "sms_api": sms.url,
        "demo": False,
    }
    return Settings(**(given | more))


async def hang_up(app: App) -> None:
    """Close the library's connections to Telegram: it minds only those of a bot it has initialised itself."""
    if app.bot is not None:
        await asyncio.gather(*(request.shutdown() for request in app.bot._request))


@asynccontextmanager
async def serving(
    database_url: str, library: Library | None = None, *, sender: str = sms_server.NUMBER, **more: Any
) -> AsyncIterator[Service]:
    """The web process, on a real socket, introduced to Telegram."""
    clock = Clock()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with TelegramServer() as telegram, SmsServer(sender=sender) as sms:
        app = await build(configured(database_url, telegram, sms, url, **more), library, clock)
        app.sender.watch = QuickWatch()
        config = uvicorn.Config(web(app, clock=False), log_config=None, access_log=False, ws="none")
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup([listening])
        async with httpx.AsyncClient(base_url=url) as client:
            try:
                await telegram.until(lambda: telegram.webhook)
                yield Service(app, telegram, sms, client, clock)
            finally:
                await client.aclose()
                await server.shutdown([listening])
                await hang_up(app)
