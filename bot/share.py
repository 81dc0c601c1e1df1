"""A process's places in the pace of one channel: how many it has, taken from and given to other processes of the same
database as they are needed.

Replies take what they need, and keep it for a moment. Whoever tells the many takes all that is left, looks again and
again whether somebody lacks some, and gives way. A process uses its places for a short time after it last said in the
database that it lives; who does not say so any longer loses them to the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.pace import GUARD, SECOND, Pace
from storage import shares
from storage.database import Away, Database
from storage.shares import Ask

log = structlog.get_logger(__name__)

VALID = 0.5  # seconds for which places may be used after their owner said that it lives
LAPSE = VALID + SECOND + 0.1  # seconds of silence after which they are free, as seen by who looks
SAY_EVERY = 0.2  # seconds between saying that we live
LOOK_EVERY = 0.025  # seconds between looks whether a reply needs one of the places of bulk
GIVE_EVERY = 0.05  # seconds between looks whether bulk can have a place back
ASK_EVERY = 0.01  # seconds between asking for a place that somebody waits for
BUSY = 3  # replies a second from which on a place is kept for the next one
IDLE = SECOND + 2 * GUARD  # seconds without a reply after which its places are given back
BLIND = 2.0  # seconds after which a person waits no longer for a database that does not say
BLIND_SHARE = 4  # a fourth of the places is used then


class Share:
    """One a process and channel; it sets the pace's `share` and `until`. `now`: the sender's watch."""

    def __init__(
        self, database: Database, channel: str, holder: str, pace: Pace, now: Callable[[], float]
    ) -> None:
        self.database = database
        self.channel = channel
        self.holder = holder
        self.pace = pace
        self.now = now
        self.bulk = False  # what is told to many wants all that is left
        self.places = 0
        self.owed = 0  # of them, others wait for
        self.pressed = False  # another process tells the many
        self.replied = float("-inf")  # when a reply last took a place
        pace.share, pace.until = 0, float("-inf")
        self._asking = asyncio.Lock()
        self._asked = float("-inf")
        self._beat = 0
        self._said = float("-inf")  # when the database was last told that we live
        self._unheard: float | None = None  # since when it does not say anything
        self._seen: dict[str, tuple[int, float]] = {}  # others, and since when their beat is the same

    @property
    def busy(self) -> bool:
        return self._asking.locked()

    @property
    def look_at(self) -> float:
        """When to look again, for whoever tells the many."""
        return self._asked + (ASK_EVERY if self.owed else LOOK_EVERY)

    async def enough(self) -> bool:
        """Ask for what replies lack, where that is of use; False where all there is to do is to wait."""
        now, pace = self.now(), self.pace
        valid = now < pace.until
        if valid and (pace.taken(now) + pace.waiting <= pace.share or self.places >= pace.rate > self.owed):
            return False
        if self.busy or (valid and now < self._asked + ASK_EVERY):
            return False
        before = pace.share, pace.until
        await self.ask()
        return before != (pace.share, pace.until)

    async def keep(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """After replies: keep the places while more may come, but what bulk can use no longer than they are taken;
        then give them back."""
        pace = self.pace
        while self.places or pace.taken(self.now()):
            await sleep(GIVE_EVERY if self.pressed else SAY_EVERY)
            if self.bulk:
                return  # which sees to it
            now = self.now()
            idle = now >= self.replied + IDLE and not pace.waiting
            spare = pace.taken(now) >= BUSY  # the next reply is on its way
            ends = idle or (self.pressed and self.places > pace.taken(now) + pace.waiting + spare)
            if ends or now >= self._said + SAY_EVERY:
                await self.ask(ends=ends)

    async def ask(self, *, ends: bool = False) -> None:
        """Take what we need, as far as it is there, and give what others lack. `ends`: give all that is free. Raises
        nothing: while the database is away, what is told to many waits, and a person not for long."""
        async with self._asking:
            gives = self.owed > 0
            if not ends and self.now() < self._said + SAY_EVERY:
                useful, gives = await self._look()
                if not useful:
                    return
            if await self._ask(gives, ends) and self.owed and not gives:
                await self._ask(True, ends)

    async def _look(self) -> tuple[bool, bool]:
        """Whether to ask, though the database knows that we live, and whether to give."""
        self._asked = now = self.now()
        asked = Ask(self._beat, self.pace.taken(now), self.pace.waiting, self.bulk)
        try:
            return await self.database.read(shares.of_use, self.channel, self.holder, self.pace.rate, asked)
        except Away:
            return True, False

    async def _ask(self, gives: bool, ends: bool) -> bool:
        pace, now = self.pace, self.now()
        self._asked = now
        lives = now >= self._said + SAY_EVERY
        self._beat += lives
        taken = pace.taken(now)
        if gives or ends:
            pace.share = min(pace.share, taken)  # what may be given must not be used meanwhile
        asked = Ask(self._beat, taken, pace.waiting, self.bulk, gives, ends)
        silent = {name: beat for name, (beat, since) in self._seen.items() if now - since >= LAPSE}
        try:
            part = await self.database.apart(
                shares.share, self.channel, self.holder, pace.rate, asked, silent
            )
        except Away:
            part = None
        if part is None:
            self._unsaid(now)
            return False
        self._unheard = None
        self._said = now if lives else self._said
        self.places, self.owed, self.pressed = part.places, part.owed, part.bulk
        pace.share, pace.until = part.places - part.owed, self._said + VALID
        self._seen = {name: self._since(name, beat) for name, beat in part.others.items()}
        return True

    def _since(self, name: str, beat: int) -> tuple[int, float]:
        seen = self._seen.get(name)
        return seen if seen is not None and seen[0] == beat else (beat, self.now())

    def _unsaid(self, now: float) -> None:
        if self._unheard is None:
            self._unheard = now
        if now >= self._unheard + BLIND and not self.bulk:
            log.warning("pace_not_shared", channel=self.channel)
            self.pace.share, self.pace.until = max(1, self.pace.rate // BLIND_SHARE), now + VALID
