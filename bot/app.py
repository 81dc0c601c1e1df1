"""Builds everything from settings: the only place where things are wired."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
import telegram
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send
from telegram.error import TelegramError

from bot import catalogues, polling, webhooks, worker
from bot.beside import Beside
from bot.channels import phone
from bot.channels import sms as sms_channel
from bot.channels import telegram as telegram_channel
from bot.documents import Documents, from_telegram
from bot.intake import Failed, Intake
from bot.requests import AiohttpRequest
from bot.sender import Sender, Transport
from bot.settings import NotReady, Settings
from bot.shelving import Shelving
from bot.voices import Recordings, VoiceNotes
from flows import sound
from flows.channel import SMS, TELEGRAM, Channel
from flows.text import _, spoken
from handlers import deliveries
from handlers.deliveries import FINAL
from handlers.desk import Desk, Incoming, Medium, utc_now
from handlers.receive import Received
from storage import migrate, reference
from storage.attachments import Store
from storage.database import Away, Database, connect
from storage.outbox import Outgoing
from storage.vault import Vault

log = structlog.get_logger(__name__)

EVENTS = Counter("samleng_events", "What happened, without who", ["event"])
MESSAGES = Counter("samleng_messages", "What became of messages, without whose", ["channel", "state"])
NOTED_BY = 1.0  # seconds after sending, by which it is noted what was sent
SORRY = _("Something went wrong on our side. We look into it. Please try again later.")


def became(channel: str, state: str) -> None:
    """Count what became of a message."""
    if channel:
        MESSAGES.labels(channel, state).inc()


class App:
    """The parts of one process, wired. Make it with `App.open`, end it with `close`."""

    def __init__(self, settings: Settings, database: Database, desk: Desk) -> None:
        self.settings = settings
        self.database = database
        self.desk = desk
        self.intake = Intake(database, desk)
        self.store = Store(settings.attachments, desk.vault)
        self.bot: telegram.Bot | None = None
        self.username = settings.telegram_username
        self.telegram_secret = settings.telegram_secret or desk.vault.token("telegram")
        transports: dict[str, Transport] = {}
        self._sms: sms_channel.LateTransport | None = None
        self._requests: list[AiohttpRequest] = []
        if settings.telegram_on:
            self._requests = [AiohttpRequest(connections) for connections in (64, 1)]
            self.bot = telegram.Bot(
                settings.telegram_token,
                base_url=f"{settings.telegram_api}/bot",
                base_file_url=f"{settings.telegram_api}/file/bot",
                request=self._requests[0],
                get_updates_request=self._requests[1],
            )
            self.documents = Documents(database, desk, from_telegram(self.bot))
            self.voice_notes = VoiceNotes(database, desk, from_telegram(self.bot, sound.LARGEST))
            transports[TELEGRAM.name] = telegram_channel.TelegramTransport(
                self.bot,
                paid=settings.telegram_paid,
                recordings=Recordings(database),
                beside=Beside(database, desk, self.store),
            )
        if settings.sms_on:
            callback = f"{settings.public_url}/sms/status" if settings.public_url else ""
            self._sms = sms_channel.LateTransport(
                settings.sms_account_sid,
                settings.sms_auth_token,
                settings.sms_from,
                settings.sms_api,
                callback,
            )
            transports[SMS.name] = self._sms
        if settings.demo_on:
            transports |= phone.transports()
        self.sender = Sender(
            database,
            desk.vault,
            transports,
            desk.clock,
            {TELEGRAM.name: settings.telegram_pace, SMS.name: settings.sms_pace},
            became,
        )
        self._tasks: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls, settings: Settings, clock: Callable[[], datetime] = utc_now, *, wait: float = 0
    ) -> App:
        """Connect, check that the database is of this release, read the library. `wait`: seconds to give another
        process that is just migrating."""
        database = connect(settings.database_url)
        until = asyncio.get_running_loop().time() + wait
        revision, away = None, None
        while True:
            try:
                revision, away = await database.transact(migrate.current), None
            except Away as error:
                away = error
            if revision == migrate.NEWEST or asyncio.get_running_loop().time() >= until:
                break
            log.info("waiting_for_database", at=revision, wanted=migrate.NEWEST, away=away is not None)
            await asyncio.sleep(1)
        if away is not None:
            await database.close()
            raise NotReady(f"The database does not answer ({away}). See SAMLENG_DATABASE_URL.")
        if revision != migrate.NEWEST:
            await database.close()
            at = f"at {revision}" if revision else "empty"
            raise NotReady(f"The database is {at}, this release needs {migrate.NEWEST}. Run: samleng migrate")
        library = await database.transact(reference.read)
        desk = Desk(
            Vault(settings.secret()),
            library,
            media(settings),
            catalogues.load(),
            catalogues.languages(),
            clock,
            lambda event: EVENTS.labels(event).inc(),
            settings.timing,
            settings.limits,
            username=settings.telegram_username,
            number=settings.sms_number,
            site=settings.site,
            samples=settings.demo_on,
        )
        # What was read lives as long as the process: the collector need not look at a hundred thousand places again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)  # a turn makes a thousand objects and leaves none behind
        return cls(settings, database, desk)

    # -- What providers bring --------------------------------------------------------------------------

    async def telegram_raw(self, raw: dict[str, Any]) -> None:
        """Answer one update as Telegram posts it: like `telegram_update`, and ValueError where it is none."""
        incoming = telegram_channel.quick(raw)
        if incoming is not None:
            await self._take(incoming, raw)
            return
        try:
            update = telegram.Update.de_json(raw, self.bot)
        except Exception as error:
            raise ValueError(type(error).__name__) from error
        await self.telegram_update(update, raw)

    async def telegram_update(self, update: telegram.Update, raw: dict[str, Any]) -> None:
        """Answer one update; after this returns it may be acknowledged. Raises Away or intake.Failed."""
        bot = self.bot
        assert bot is not None
        try:
            what = telegram_channel.read(update)
            match what:
                case None:
                    pass
                case telegram_channel.Blocked(address, gone):
                    await self.database.transact(deliveries.blocked, self.desk, TELEGRAM.name, address, gone)
                case telegram_channel.Elsewhere(chat):
                    catalogue = self.desk.catalogue(self.desk.languages[0][0], TELEGRAM)
                    link = f"https://t.me/{self.username}" if self.username else "Samleng"
                    self.later(telegram_channel.redirect(bot, chat, catalogue, link))
                case Incoming():
                    read = await self.documents.read(what)
                    await self._take(await self.voice_notes.read(read), raw)
        except (Away, Failed):
            raise
        except Exception as error:
            await self.intake.failed(TELEGRAM.name, str(update.update_id), raw, error)

    async def _take(self, incoming: Incoming, raw: dict[str, Any]) -> None:
        received = await self.intake.take(incoming, raw)
        if received is None:
            parts = [{"text": self.sorry(TELEGRAM)}]
            self.sender.soon(Outgoing(0, incoming.channel, incoming.address, parts, 1))
            return
        if self.bot is not None and "callback_query" in raw:
            self.later(telegram_channel.acknowledge(self.bot, raw["callback_query"], received))
        self.reply(incoming, received)

    def reply(self, incoming: Incoming, received: Received) -> None:
        """Send what was just queued, unless its first delivery already did."""
        if received.number is not None and not received.duplicate:
            self.sender.soon(Outgoing(received.number, incoming.channel, incoming.address, received.parts, 1))

    async def receipt(self, sid: str, state: str, error: str | None, number: int | None) -> None:
        """A delivery receipt of an SMS. It may be quicker than our note of what it is about."""
        means = sms_channel.meaning(int(error)) if error and error.isdigit() else FINAL
        found = await self.database.transact(
            deliveries.receipt, sid, state, error, number, means, self.desk.clock()
        )
        if found is None:
            self.later(self._receipt_again(sid, state, error, means))
        else:
            became(found, state)

    async def _receipt_again(self, sid: str, state: str, error: str | None, means: str) -> None:
        await self.sender.watch.sleep(NOTED_BY)
        with suppress(Away):
            now = self.desk.clock()
            found = await self.database.transact(deliveries.receipt, sid, state, error, None, means, now)
            if found is not None:
                became(found, state)

    def sorry(self, channel: Channel) -> str:
        """What is said when a message was parked: in the first language, since whose it is was rolled back."""
        return spoken(SORRY, self.desk.catalogue(self.desk.languages[0][0], channel))

    def later(self, work: Any) -> None:
        """Do something that nobody waits for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- Running ---------------------------------------------------------------------------------------

    async def introduce(self) -> None:
        """Tell Telegram who we are and where we listen; again and again until it hears."""
        bot = self.bot
        if bot is None:
            return
        pause = 2.0
        while True:
            try:
                if not self.username:
                    self.username = self.desk.username = (await bot.get_me()).username or ""
                languages = [self.desk.catalogue(code, TELEGRAM) for code, _name in self.desk.languages]
                await telegram_channel.introduce(bot, languages)
                if self.settings.public_url:
                    await bot.set_webhook(
                        f"{self.settings.public_url}/telegram/webhook",
                        secret_token=self.telegram_secret,
                        allowed_updates=polling.KINDS,
                    )
                else:
                    await bot.delete_webhook()
            except TelegramError as error:
                log.warning("telegram_not_told", error=type(error).__name__, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 60)
            else:
                log.info("telegram_told", username=self.username)
                return

    @asynccontextmanager
    async def running(self, *, web: bool, clock: bool) -> AsyncIterator[App]:
        """The process's own tasks: introducing ourselves, polling where there is no webhook, the clock."""
        tasks = []
        if self.bot is not None:
            polls = clock and not self.settings.public_url
            tasks.append(asyncio.create_task(self._listen(polls, introduce=web or polls)))
        working = worker.start(self) if clock else None
        shelving = Shelving(self.database, self.desk)
        shelving.start()
        try:
            yield self
        finally:
            await shelving.stop()
            if working is not None:
                await working.stop()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.close()

    async def _listen(self, polls: bool, introduce: bool) -> None:
        if introduce:
            await self.introduce()
        if polls and self.bot is not None:
            await polling.poll(self.bot, self.telegram_update)

    async def close(self) -> None:
        for task in list(self._tasks):
            with suppress(Exception):
                await asyncio.wait_for(task, 5)
        await self.sender.close()
        if self._sms is not None:
            await self._sms.close()
        for request in self._requests:
            with suppress(Exception):
                await request.shutdown()
        await self.database.close()


def media(settings: Settings) -> dict[str, Medium]:
    """Every channel by name, as this configuration has it."""
    sms = SMS if settings.sms_receives or not settings.sms_on else replace(SMS, can_receive=False)
    made: dict[str, Medium] = {
        TELEGRAM.name: telegram_channel.Telegram(),
        SMS.name: sms_channel.Sms(sms),
    }
    if settings.demo_on:
        made |= phone.media()
    return made


def pages(app: App) -> Starlette:
    """The dashboard and the public pages. Imported here: a worker shows none."""
    from web.site import Site, site

    desk = app.desk
    return site(
        Site(
            app.database,
            desk.vault,
            lambda: desk.library,
            lambda language: desk.catalogue(language, TELEGRAM),
            desk.languages,
            desk.clock,
            desk.site,
            lambda: app.username,
            desk.number,
            app.store,
            app.settings.demo_on,
            desk.heard,
        )
    )


def api(app: App) -> Starlette:
    """What other systems read."""
    from web.api import api as made

    desk = app.desk
    catalogues = {code: desk.catalogue(code, TELEGRAM) for code, _name in desk.languages}
    return made(app.database, desk.vault, lambda: desk.library, catalogues, desk.clock)


class Late:
    """An application that is made when somebody first asks it for something: FastAPI takes a fifth of a second to
    load, and many a service is never asked. In a thread, so that nobody else waits for it."""

    def __init__(self, make: Callable[[], Starlette]) -> None:
        self._make = make
        self._making: asyncio.Future[Starlette] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._making is None:
            self._making = asyncio.ensure_future(asyncio.to_thread(self._make))
        try:
            made = await asyncio.shield(self._making)
        except Exception:
            self._making = None  # the next request tries again
            raise
        await made(scope, receive, send)


def web(app: App, *, clock: bool) -> Starlette:
    """The web process: webhooks, pages and, in demo mode, the browser phone. `clock`: do the worker's work as well."""

    @asynccontextmanager
    async def lifespan(_served: Starlette) -> AsyncIterator[None]:
        async with app.running(web=True, clock=clock):
            yield

    routes: list[BaseRoute] = [*webhooks.routes(app)]
    if app.settings.demo_on:
        routes += phone.routes(app)
    routes.append(Mount("/api/v1", Late(lambda: api(app))))
    served = Starlette(routes=routes, lifespan=lifespan)
    # Whatever is nobody else's is a page, or one that says so: as a route of its own it would also take what comes to
    # a webhook by a wrong method.
    served.router.default = pages(app)
    return served
