"""Files that officials hand in: fetched from the provider and judged before the message is received, in no transaction.

Nobody else's files are fetched. What the conversation gets is what was found, never the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import PurePath
from typing import Any

import structlog
import telegram
from telegram.error import TelegramError

from bot.errors import where
from flows.library import Library
from flows.packs import as_json
from flows.publishing import MOST_PROBLEMS, MOST_WARNINGS
from flows.questions import Attachment
from handlers import informing
from handlers.desk import LOCAL, Desk, Incoming
from storage.complaints import Problem
from storage.database import Database
from storage.packcheck import check

log = structlog.get_logger(__name__)

LARGEST = 5_000_000  # bytes of a file
PATIENCE = 20.0  # seconds to judge one
AT_ONCE = 2  # files that are judged at a time; others wait

#: Raises Larger, or what the provider's library raises.
Fetch = Callable[[Attachment], Awaitable[bytes]]

TOO_LARGE = Problem(
    None,
    "",
    "The file is larger than 5 MB. A pack is one facility's; send the filled-in template alone.",
    "ឯកសារធំជាង 5 MB។ កញ្ចប់មួយសម្រាប់អង្គភាពតែមួយ សូមផ្ញើតែឯកសារគំរូដែលបានបំពេញ។",
)
NOT_FETCHED = Problem(
    None,
    "",
    "The file could not be fetched from Telegram. Please send it again.",
    "មិនអាចទាញយកឯកសារពី Telegram បានទេ។ សូមផ្ញើម្ដងទៀត។",
)
TOO_LONG = Problem(
    None,
    "",
    "Reading the file took too long. Fill in the template anew, and send it again.",
    "ការអានឯកសារចំណាយពេលយូរពេក។ សូមបំពេញឯកសារគំរូជាថ្មី រួចផ្ញើម្ដងទៀត។",
)
UNREADABLE = Problem(
    None,
    "",
    "The file can't be read. Fill in the template anew, and send it again.",
    "មិនអាចអានឯកសារនេះបានទេ។ សូមបំពេញឯកសារគំរូជាថ្មី រួចផ្ញើម្ដងទៀត។",
)


class Larger(Exception):
    """A file has more bytes than are read."""


class Documents:
    """One a process."""

    def __init__(self, database: Database, desk: Desk, fetch: Fetch) -> None:
        self.database = database
        self.desk = desk
        self.fetch = fetch
        self._judging = asyncio.Semaphore(AT_ONCE)

    async def read(self, incoming: Incoming) -> Incoming:
        """The message with what its document holds; as it is where it has none, or its sender may hand none in."""
        held = incoming.said.attachment
        if held is None or held.kind != "document":
            return incoming
        allowed = await self.database.transact(
            informing.may_hand_in, self.desk, incoming.channel, incoming.address
        )
        if not allowed:
            return incoming
        found = await self._judged(held)
        self.desk.heard("document")
        return replace(incoming, said=replace(incoming.said, document=found))

    async def _judged(self, held: Attachment) -> dict[str, Any]:
        if held.size > LARGEST:
            return refused(TOO_LARGE)
        try:
            content = await self.fetch(held)
        except Larger:
            return refused(TOO_LARGE)
        except TelegramError as error:
            log.warning("document_not_fetched", error=type(error).__name__)
            return refused(NOT_FETCHED)
        today = self.desk.clock().astimezone(LOCAL).date()
        async with self._judging:
            work = asyncio.to_thread(judged, content, held.name, self.desk.library, today)
            try:
                return await asyncio.wait_for(work, PATIENCE)
            except TimeoutError:
                log.error("document_not_judged", bytes=len(content))
                return refused(TOO_LONG)
            except Exception as error:  # a way to be broken that the check does not know; nobody is stuck
                log.error("document_not_judged", error=type(error).__name__, where=where(error))
                return refused(UNREADABLE)


def judged(content: bytes, name: str, library: Library, today: date) -> dict[str, Any]:
    """What a file holds, as JSON: a pack and what should be looked at, or the first problems and how many more."""
    name = PurePath(name.replace("\\", "/")).name[:120]
    found = check(content, name, library, today)
    if found.pack is None:
        return {"name": name, **refused(*found.problems)}
    warnings = [listed(problem) for problem in found.warnings[:MOST_WARNINGS]]
    return {"name": name, "pack": as_json(found.pack), "warnings": warnings}


def refused(*problems: Problem) -> dict[str, Any]:
    """What is wrong with a file, as JSON."""
    shown = [listed(problem) for problem in problems[:MOST_PROBLEMS]]
    return {"problems": shown, "more": len(problems) - len(shown)}


def listed(problem: Problem) -> list[Any]:
    return [problem.sheet, problem.row, problem.column, problem.english, problem.khmer]


def from_telegram(bot: telegram.Bot, largest: int = LARGEST) -> Fetch:
    """Fetches a file from Telegram, by the id that came with the message, of so many bytes at most."""

    async def fetch(held: Attachment) -> bytes:
        file = await bot.get_file(held.file)
        if (file.file_size or 0) > largest:
            raise Larger
        content = bytes(await file.download_as_bytearray())
        if len(content) > largest:
            raise Larger
        return content

    return fetch
