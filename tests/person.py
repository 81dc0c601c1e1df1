"""Somebody with a phone who writes to the real handlers, on a real database."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.channels import terminal
from flows.engine import Conversation
from flows.questions import Said
from handlers.desk import Desk, Incoming, Part
from handlers.receive import Received, receive
from storage import contacts
from storage.database import Connection, Database

LINK = "/start r_hc080303"  # leads to the first question about a health centre
FACILITY, ROUND = "hc080303", "2026-Q4"
MENU = "តើអ្នកចង់ធ្វើអ្វី?"
SORRY = "សូមអភ័យទោស ខាងយើងមានបញ្ហា មិនមែនកំហុសអ្នកទេ។"
SEND = "[ផ្ញើពិន្ទុរបស់ខ្ញុំ]"


_messages = itertools.count(1)


@dataclass
class Clock:
    """Each look at it takes a second."""

    now: datetime = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Person:
    """Somebody with a phone."""

    database: Database
    desk: Desk
    channel: str = "telegram"
    address: str = "700112233"
    parts: list[Part] = field(default_factory=list)

    def message(self, said: Said) -> Incoming:
        return Incoming(self.channel, self.address, f"M{next(_messages)}", said)

    async def deliver(self, incoming: Incoming) -> Received:
        whose = (incoming.channel, incoming.address)
        received = await self.database.turn(whose, receive, incoming, self.desk)
        self.parts = received.parts or self.parts
        return received

    async def sends(self, said: Said) -> Received:
        return await self.deliver(self.message(said))

    async def says(self, *lines: str) -> Received:
        """Types lines, or taps a [button] that she sees; the answer to the last."""
        for line in lines:
            received = await self.sends(terminal.understood(line, self.parts))
        return received

    async def sees(self, *lines: str) -> str:
        return text_of(await self.says(*lines))

    def button(self, label: str) -> str:
        """What is behind a button that she sees."""
        return next(
            str(data)
            for part in self.parts
            for row in part.get("keyboard", ())
            for shown, data in row
            if shown == label
        )

    async def conversation(self) -> Conversation | None:
        """Where she is."""

        def work(connection: Connection) -> Conversation | None:
            today = self.desk.clock().date()
            return contacts.find(
                connection, self.desk.vault, self.channel, self.address, today, "km"
            ).conversation

        return await self.database.transact(work)


def text_of(received: Received) -> str:
    return "\n".join(str(part["text"]) for part in received.parts)


def question(desk: Desk, number: int) -> str:
    return desk.library.criteria("hc")[number].question.in_language("km")
