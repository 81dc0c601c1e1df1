"""Voice notes both ways: those that officials record are fetched and judged before their message is received; recordings
are sent, the first time as a file and then by the id that Telegram gave it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog
from telegram.error import TelegramError

from bot.documents import Fetch, Larger
from bot.errors import where
from flows.questions import Attachment
from flows.sound import LARGEST, LONGEST, Sound
from handlers import listening
from handlers.desk import Desk, Incoming
from storage import recordings
from storage.database import Database
from storage.soundcheck import check

log = structlog.get_logger(__name__)

PATIENCE = 20.0  # seconds to fetch one and to judge it
AT_ONCE = 2  # that are judged at a time; others wait
MOST_KNOWN = 5000  # recordings whose ids at Telegram are remembered


class VoiceNotes:
    """One a process. Nobody's voice notes are fetched but those of who may record and is asked to."""

    def __init__(self, database: Database, desk: Desk, fetch: Fetch) -> None:
        self.database = database
        self.desk = desk
        self.fetch = fetch
        self._judging = asyncio.Semaphore(AT_ONCE)

    async def read(self, incoming: Incoming) -> Incoming:
        """The message with the sound of its voice note; as it is where it has none, or none is asked for."""
        held = incoming.said.attachment
        if held is None or held.kind != "voice":
            return incoming
        asked = await self.database.transact(
            listening.is_recording, self.desk, incoming.channel, incoming.address
        )
        if not asked:
            return incoming
        sound = await self._judged(held)
        self.desk.heard("recording")
        return replace(incoming, said=replace(incoming.said, sound=sound))

    async def _judged(self, held: Attachment) -> Sound:
        if held.size > LARGEST:
            return Sound(trouble="large")
        if held.seconds > LONGEST:
            return Sound(trouble="long")
        try:
            content = await asyncio.wait_for(self.fetch(held), PATIENCE)
        except Larger:
            return Sound(trouble="large")
        except (TelegramError, TimeoutError) as error:
            log.warning("voice_note_not_fetched", error=type(error).__name__)
            return Sound(trouble="away")
        async with self._judging:
            try:
                return await asyncio.wait_for(asyncio.to_thread(check, content), PATIENCE)
            except Exception as error:  # a way to be broken that the check does not know; nobody is stuck
                log.error("voice_note_not_judged", error=type(error).__name__, where=where(error))
                return Sound(trouble="format")


class Recordings:
    """What is stored, for whoever sends it. One a process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._known: dict[int, str] = {}

    async def file_id(self, number: int) -> str | None:
        """What Telegram calls a recording, if any process has sent it before."""
        known = self._known.get(number)
        if known is None:
            known = await self.database.transact(recordings.file_id, number)
            if known is not None:
                self._remember(number, known)
        return known

    async def sound(self, number: int) -> bytes | None:
        """The recording itself; None where it was deleted."""
        return await self.database.read(recordings.sound, number)

    async def keep(self, number: int, file_id: str | None) -> None:
        """Note what Telegram calls it; None when it knows it no more."""
        if file_id is None:
            self._known.pop(number, None)
        else:
            self._remember(number, file_id)
        try:
            await self.database.transact(recordings.keep_file_id, number, file_id)
        except Exception as error:  # it has left all the same, and must not be sent again for this
            log.warning("recording_id_not_kept", recording=number, error=type(error).__name__)

    def _remember(self, number: int, file_id: str) -> None:
        if len(self._known) >= MOST_KNOWN:
            self._known.pop(next(iter(self._known)))
        self._known[number] = file_id
