"""What goes beside a message and is only at hand when it is sent: drawn scorecards, voice notes and photos we keep."""

from __future__ import annotations

import asyncio
from typing import Any

from flows.comments import KEPT
from handlers import scores
from handlers.desk import Desk
from storage.attachments import Store
from storage.database import Database


class Beside:
    """One a process."""

    def __init__(self, database: Database, desk: Desk, store: Store) -> None:
        self.database = database
        self.desk = desk
        self.store = store

    async def card(self, wanted: dict[str, Any]) -> bytes:
        """A scorecard (`flows.board.Card`) as PNG."""
        card = await self.database.read(scores.picture, self.desk, wanted)
        if card is None:
            raise LookupError("no such place any more")
        return await asyncio.to_thread(scores.draw, card, self.desk, wanted)

    async def kept(self, name: str) -> bytes | None:
        """A voice note or photo by its name, as in kept:0a1b…; None where it is gone."""
        number = bytes.fromhex(name.removeprefix(KEPT))
        return await asyncio.to_thread(self.store.read, number)
