"""Voice notes and photos of comments: fetched by the worker, from the provider's host alone, stripped, sealed, kept.

Whoever reads comments gets them from here and never from the provider. A row at a time: it is put off before it is
fetched, so that a process that dies leaves it to a later try.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.request import getproxies

import aiohttp
import structlog
import telegram
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.errors import where
from bot.stripping import Unfit, stripped
from flows.channel import TELEGRAM
from handlers.desk import Desk
from storage import attachments
from storage.attachments import Due, Store
from storage.database import Away, Database

log = structlog.get_logger(__name__)

EVERY = 5.0  # seconds between looks at what is due, where nothing was
#: Bytes. A voice note of an hour is about 15 MB; nobody listens to that. Photos as large as Telegram sends them.
LARGEST = {"voice": 5_000_000, "photo": 10_000_000}
PATIENCE = aiohttp.ClientTimeout(total=60, sock_connect=10)
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")

#: Gives the content of what is due. Raises Refused, or anything else for another try.
Fetch = Callable[[Due], Awaitable[bytes]]


class Refused(Exception):
    """It can't be had, however often one tries. The words are for the operator."""


class Attachments:
    """One a process that works. `fetches`: by channel; what came over others waits."""

    def __init__(self, database: Database, desk: Desk, store: Store, fetches: Mapping[str, Fetch]) -> None:
        self.database = database
        self.desk = desk
        self.store = store
        self.fetches = fetches

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                more = await self.step()
            except Away:
                more = False
                log.warning("attachments_wait_for_database")
            except Exception as error:
                more = False
                log.error("attachments_failed", error=type(error).__name__, where=where(error))
            if not more:
                await asyncio.sleep(EVERY)

    async def step(self) -> bool:
        """Fetch one that is due; whether there was one."""
        now = self.desk.clock()
        due = await self.database.transact(attachments.take, self.desk.vault, [*self.fetches], now)
        if due is None:
            return False
        try:
            content = await self.fetches[due.channel](due)
            bare = await asyncio.to_thread(stripped, due.kind, content)
            await asyncio.to_thread(self.store.write, due.number, bare)
        except (Refused, Unfit) as refused:
            await self._refuse(due, str(refused))
            return True
        except Exception as error:
            if due.last:
                await self._refuse(due, type(error).__name__)
            else:
                log.warning("attachment_waits", kind=due.kind, error=type(error).__name__)
            return True
        kept = await self.database.transact(attachments.kept, due.number, len(bare), self.desk.clock())
        if not kept:  # its comment was replaced while it was fetched
            await asyncio.to_thread(self.store.remove, due.number)
        self.desk.heard("attachment_kept")
        return True

    async def _refuse(self, due: Due, why: str) -> None:
        log.warning("attachment_refused", kind=due.kind, why=why)
        self.desk.heard("attachment_refused")
        await self.database.transact(attachments.refused, due.number, why, self.desk.clock())

    async def tidy(self) -> None:
        """Delete the files of comments that are gone, and those older than they are kept."""
        while numbers := await self.database.transact(attachments.past, self.desk.clock()):
            for number in numbers:
                await asyncio.to_thread(self.store.remove, number)
            await self.database.transact(attachments.forget, numbers)


def from_telegram(bot: telegram.Bot, api: str) -> Fetch:
    """Fetches a file from the Bot API at `api`, by the id that came with the message: from nowhere else, whatever the
    answer says, and no further than it may be large."""

    async def fetch(due: Due) -> bytes:
        try:
            told = await bot._post("getFile", {"file_id": due.file})
        except (BadRequest, InvalidToken) as error:
            if isinstance(error, InvalidToken):
                raise
            raise Refused("Telegram has it no more") from error
        most = LARGEST[due.kind]
        path, size = told.get("file_path"), told.get("file_size") or 0
        if size > most:
            raise Refused("too large")
        if not isinstance(path, str) or not _PATH.fullmatch(path) or ".." in path:
            raise Refused("no path of Telegram's")
        return await _download(f"{api}/file/bot{bot.token}/{path}", most)

    return fetch


async def _download(url: str, most: int) -> bytes:
    async with (
        aiohttp.ClientSession(trust_env=bool(getproxies()), timeout=PATIENCE) as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        if 300 <= answer.status < 400:
            raise Refused("sent elsewhere")
        if answer.status != 200:
            raise TelegramError(f"status {answer.status}")
        content = bytearray()
        async for chunk in answer.content.iter_chunked(65_536):
            content += chunk
            if len(content) > most:
                raise Refused("too large")
        return bytes(content)


def fetches(bot: telegram.Bot | None, api: str, demo: Mapping[str, object]) -> dict[str, Fetch]:
    """How to fetch, by channel. The browser phone has only pretended to send something."""

    async def pretended(due: Due) -> bytes:
        raise Refused("only pretended")

    found: dict[str, Fetch] = dict.fromkeys(demo, pretended)
    if bot is not None:
        found[TELEGRAM.name] = from_telegram(bot, api)
    return found
