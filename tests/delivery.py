"""A notice in the outbox, and processes that send it between a strict Telegram and a strict SMS service. Time passes
only where a process waits and nothing is under way."""

from __future__ import annotations

import asyncio
import itertools
from bisect import insort
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import telegram

from bot.bulk import Bulk
from bot.channels.sms_service import SmsTransport
from bot.channels.telegram import TelegramTransport
from bot.marks import Mark
from bot.requests import AiohttpRequest
from bot.sender import Sender, Transport, Watch
from storage import outbox
from storage.database import Connection, Database, connect
from storage.tables import broadcasts, contacts, notices, payloads
from storage.tables import outbox as rows
from storage.vault import Vault
from tests import telegram_rules
from tests.sms_server import SmsServer
from tests.telegram_server import TOKEN, Chat, TelegramServer

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXT = "កិច្ចប្រជុំភូមិ ថ្ងៃអង្គារ ម៉ោង ៨:៣០ ព្រឹក"
MOST_STEPS = 20_000


class Time(Watch):
    """One for all processes of a test. `busy`: whether something is under way that takes no time here."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.busy: list[Callable[[], bool]] = []
        self.shift = timedelta()  # what somebody set the clock on the wall by
        self._asleep: list[tuple[float, int]] = []  # until when, in the order they will wake
        self._order = itertools.count()

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Who is to wake first, wakes first; time goes on to then as soon as nothing is under way."""
        mine = (self.seconds + seconds, next(self._order))
        insort(self._asleep, mine)
        try:
            await asyncio.sleep(0)
            while self.seconds < mine[0] and (  # noqa: ASYNC110 (what it waits for is sockets)
                self._asleep[0] != mine or any(busy() for busy in self.busy)
            ):
                await asyncio.sleep(0.001)
            self.seconds = max(self.seconds, mine[0])
        finally:
            self._asleep.remove(mine)

    def clock(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds - 1000) + self.shift


@dataclass
class Process:
    """A sender and what it sends to many."""

    sender: Sender
    bulks: dict[str, Bulk]
    close: Callable[[], Any]
    under_way: int = 0  # messages that are just handed over

    def __post_init__(self) -> None:
        hands_over = self.sender.hand_over

        async def counted(*args: Any, **options: Any) -> Mark:
            self.under_way += 1
            try:
                return await hands_over(*args, **options)
            finally:
                self.under_way -= 1

        self.sender.hand_over = counted  # type: ignore[method-assign]

    def busy(self) -> bool:
        waiting = [
            task for bulk in self.bulks.values() for task in (bulk._feeding, bulk._looking, bulk._sharing)
        ]
        return (
            any(bulk._busy for bulk in self.bulks.values())
            or self.under_way > 0
            or any(task is not None and not task.done() for task in waiting)
            or any(share.busy for share in self.sender.shares.values())
            or bool(self.sender.marks.pending)
        )


@dataclass
class Delivery:
    """`url`: of the database that all processes share."""

    database: Database
    url: str
    vault: Vault
    telegram: TelegramServer
    sms: SmsServer
    time: Time = field(default_factory=Time)
    processes: list[Process] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    # -- What is to be sent ----------------------------------------------------------------------------

    async def notice(
        self,
        channel: str,
        people: Sequence[str],
        parts: Sequence[dict[str, Any]] = ({"text": TEXT},),
        expires_at: datetime = NOW + timedelta(days=1),
    ) -> int:
        """Queue one message for these addresses, made known; the broadcast."""
        if channel == "telegram":
            for person in people:
                about = {"id": int(person), "type": "private", "first_name": "Sokha"}
                self.telegram.chats.setdefault(int(person), Chat(about))
        return await self.database.transact(self._notice, channel, list(people), list(parts), expires_at)

    def _notice(
        self,
        connection: Connection,
        channel: str,
        people: list[str],
        parts: list[dict[str, Any]],
        expires_at: datetime,
    ) -> int:
        now, number = self.time.clock(), next(self._numbers)
        connection.execute(
            sa.insert(notices).values(
                id=number,
                kind="village",
                commune="080101",
                scope="commune",
                villages=[],
                starts_at=expires_at,
                place="x",
                state="announced",
                version=1,
                created_at=now,
                changed_at=now,
            )
        )
        connection.execute(
            sa.insert(broadcasts).values(
                id=number,
                notice=number,
                version=1,
                kind="notice",
                priority=5,
                due_at=now,
                expires_at=expires_at,
                state="queued",
            )
        )
        connection.execute(
            sa.insert(payloads).values(
                id=number, broadcast=number, channel=channel, language="km", body=parts, segments=1
            )
        )
        base = outbox.bulk_base(now) + number * 1000
        for place, person in enumerate(people):
            known = self._contact(connection, channel, person)
            connection.execute(
                sa.insert(rows).values(
                    id=base + place,
                    contact=known,
                    channel=channel,
                    priority=5,
                    state="queued",
                    payload=number,
                    broadcast=number,
                    expires_at=expires_at,
                    created_at=now,
                )
            )
        return number

    def _contact(self, connection: Connection, channel: str, address: str) -> int:
        address_hash = self.vault.address_hash(channel, address)
        found = connection.execute(
            sa.select(contacts.c.id).where(
                contacts.c.channel == channel, contacts.c.address_hash == address_hash
            )
        ).scalar()
        if found is None:
            found = connection.execute(
                sa.insert(contacts)
                .values(
                    channel=channel,
                    address_hash=address_hash,
                    address=self.vault.seal(address.encode()),
                    language="km",
                    joined=True,
                    created_on=date(2026, 11, 22),
                )
                .returning(contacts.c.id)
            ).scalar_one()
        return int(found)

    # -- Who sends it ----------------------------------------------------------------------------------

    def process(
        self,
        *,
        telegram_pace: int = 30,
        sms_pace: int = 10,
        paid: bool = False,
        own_database: bool = False,
        awake: Callable[[datetime], datetime] = lambda at: at,
        noted: Callable[[str, str], None] = lambda channel, state: None,
    ) -> Process:
        """One more process, with senders of its own."""
        database = connect(self.url) if own_database else self.database
        requests = [AiohttpRequest(64), AiohttpRequest(1)]
        bot = telegram.Bot(
            TOKEN, base_url=f"{self.telegram.url}/bot", request=requests[0], get_updates_request=requests[1]
        )
        sms = SmsTransport(self.sms.account, self.sms.token, self.sms.sender, self.sms.url)
        transports: dict[str, Transport] = {"telegram": TelegramTransport(bot, paid=paid), "sms": sms}
        paces = {"telegram": telegram_pace, "sms": sms_pace}
        holder = f"process{len(self.processes)}"
        sender = Sender(database, self.vault, transports, self.time.clock, paces, noted, holder)
        sender.watch = self.time
        bulks = {channel: Bulk(sender, channel, holder, awake) for channel in transports}

        async def close() -> None:
            await sender.close()
            await sms.close()
            for request in requests:
                await request.shutdown()
            if own_database:
                await database.close()

        process = Process(sender, bulks, close)
        self.processes.append(process)
        self.time.busy.append(process.busy)
        return process

    async def sends(self, process: Process, channel: str = "telegram", until: str = "") -> None:
        """Let a process send until nothing waits that is due, or as long as `until` (SQL) finds rows."""
        waits = until or (
            "SELECT id FROM outbox WHERE state IN ('queued', 'sending') AND broadcast IS NOT NULL "
            f"AND channel = '{channel}'"
        )
        for step in range(MOST_STEPS):
            await process.bulks[channel].step()
            if step % 10 == 0 and not await self.rows(waits):
                return
        raise AssertionError("still something waits")

    async def passes(self, process: Process, seconds: float, channel: str = "telegram") -> None:
        """Let a process do what it does for a while."""
        until = self.time.now() + seconds
        while self.time.now() < until:
            await process.bulks[channel].step()

    # -- What became of it -----------------------------------------------------------------------------

    async def rows(self, sql: str) -> list[Any]:
        return await self.database.transact(lambda connection: list(connection.execute(sa.text(sql))))

    async def states(self) -> list[str]:
        """Of every message, in the order they were queued."""
        return [row.state for row in await self.rows("SELECT state FROM outbox ORDER BY id")]

    async def row(self, columns: str) -> Any:
        """Of the only message."""
        [row] = await self.rows(f"SELECT {columns} FROM outbox")
        return row

    def heard(self, person: str) -> list[str]:
        """What somebody on Telegram was told."""
        return [
            message.body.get("text", message.body.get("caption", ""))
            for message in self.telegram.chats[int(person)].messages.values()
        ]


@asynccontextmanager
async def delivering(database: Database, url: str, vault: Vault) -> AsyncIterator[Delivery]:
    """Between two providers; Telegram takes 30 a second, and one a second to a chat."""
    async with TelegramServer() as bot_api, SmsServer() as sms:
        delivery = Delivery(database, url, vault, bot_api, sms)
        bot_api.strictness = telegram_rules.Strictness(30, delivery.time.now)
        try:
            yield delivery
        finally:
            for process in delivery.processes:
                await process.close()
