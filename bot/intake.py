"""From a message to its answer, for every channel: receive, count what fails, and park what keeps failing."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakValueDictionary

import structlog

from bot.errors import where
from handlers.desk import Desk, Incoming
from handlers.receive import Received, receive
from storage import inbox
from storage.database import Away, Database

log = structlog.get_logger(__name__)


class Failed(Exception):
    """Our fault; the provider should bring the message again."""


class Intake:
    """Answers messages of any channel on one database."""

    def __init__(self, database: Database, desk: Desk) -> None:
        self.database = database
        self.desk = desk
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def take(self, incoming: Incoming, raw: dict[str, Any]) -> Received | None:
        """The answer, after it is committed. None: the message failed too often, was parked for the operator
        (as `raw`, sealed), and is to be acknowledged.

        Raises Away when the database does not answer, Failed when the message should come again.
        """
        whose = (incoming.channel, incoming.address)
        turn = self._turns.get(whose)
        if turn is None:
            turn = self._turns[whose] = asyncio.Lock()
        try:
            async with turn:  # one person's messages in order; the database keeps other processes apart
                received = await self.database.turn(whose, receive, incoming, self.desk)
        except Away:
            self.desk.heard("database_away")
            raise
        except Exception as error:
            await self.failed(incoming.channel, incoming.message, raw, error)
            return None
        self.desk.heard(f"turn_{incoming.channel}")
        return received

    async def take_persistently(self, incoming: Incoming, raw: dict[str, Any]) -> Received | None:
        """The same for a provider that does not bring a message again."""
        while True:
            try:
                return await self.take(incoming, raw)
            except Failed:
                continue

    async def failed(self, channel: str, message: str, raw: dict[str, Any], error: Exception) -> None:
        """Count a failure: raises Failed until the message is parked, and Away like `take`."""
        kind, at = type(error).__name__, where(error)
        failures = await self.database.transact(
            inbox.failed,
            self.desk.vault,
            channel,
            message,
            raw,
            f"{kind} at {at}",  # not its words: what the person said may be among them
            self.desk.clock(),
        )
        log.error(
            "message_failed",
            channel=channel,
            error=kind,
            where=at,
            failures=failures,
            parked=failures >= inbox.PARK_AFTER,
        )
        self.desk.heard("message_failed")
        if failures < inbox.PARK_AFTER:
            raise Failed(kind) from error
