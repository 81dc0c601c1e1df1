"""What is done once a day, when the day before is over: the published scores move on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from time import perf_counter
from typing import TYPE_CHECKING

import structlog

from bot.errors import where
from storage import daily, publication
from storage.database import Away
from storage.localtime import LOCAL
from storage.publication import Published

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

#: Local time from which the day before counts as over: clocks of several processes differ a little, and a message that
#: came at midnight may still be under way.
BEGINS = time(0, 10)


class Nights:
    """One a process. `mine`: whether it is this one that does such work now; two at once would only do it twice."""

    def __init__(self, app: App, mine: Callable[[], bool]) -> None:
        self.app = app
        self.mine = mine
        self._done: date | None = None

    async def look(self) -> None:
        """Do it, unless it was done today."""
        now = self.app.desk.clock().astimezone(LOCAL)
        if not self.mine() or self._done == now.date() or now.time() < BEGINS:
            return
        try:
            await self._publish(now.date())
        except Away:
            log.warning("publication_waits_for_database")
        except Exception as error:
            log.error("publication_failed", error=type(error).__name__, where=where(error))

    async def _publish(self, today: date) -> None:
        until = await self.app.database.read(daily.until, daily.PUBLISHING)
        if until is None or until < today:
            found, began = Published(), perf_counter()
            async for step in publication.steps(self.app.database, today):
                found += step
                # As much rest as work: whoever writes to us is answered in between.
                await self.app.sender.watch.sleep(perf_counter() - began)
                if not self.mine():
                    return
                began = perf_counter()
            log.info("scores_published", **found._asdict())
        self._done = today
