"""Hands messages to the providers. Whoever received a message sends its reply at once; a sweep takes what was left.

Rows only move forward, and are marked in batches: a crash between sending and
marking repeats that message, since neither channel has an idempotency key. What
is sent to many is `bot.bulk`'s, which hands over through the same sender and so
shares its pace.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from bot.errors import where
from bot.holder import holder_name
from bot.marks import Mark, Marks, Noted
from bot.pace import STEP, Pace, Slot
from bot.share import ASK_EVERY, Share
from flows.medium import Part
from handlers.deliveries import AGAIN, FINAL, GONE, LATER, LATER_AFTER, SLOW, STOPPED
from handlers.desk import utc_now
from storage import fate, lanes, outbox
from storage.database import Away, Database
from storage.outbox import Outgoing
from storage.vault import Vault

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 6
AT_ONCE = 8  # messages under way in a sweep
#: Seconds for which a row that was leased is sent; after that another may take it, and it would go out twice.
HELD = outbox.LEASE.total_seconds() - 15
LEARN_EVERY = 1.0  # seconds between looks at what other processes were told by the provider
PATIENCE = 5.0  # seconds of silence for which a reply waits here, rather than for a sweep
CLOSING = 10.0  # seconds for what is under way when the process ends


class Refused(Exception):
    """The provider did not take a message. `means`: what that says of trying again, and of whom it was for
    (`handlers.deliveries`). `after`: seconds for which nothing at all is to be sent."""

    def __init__(self, reason: str, means: str = AGAIN, *, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.means = means
        self.after = after

    @property
    def gone(self) -> bool:
        """This person can't be reached any more."""
        return self.means in {GONE, STOPPED}

    @property
    def final(self) -> bool:
        """Trying again is of no use."""
        return self.means in {FINAL, GONE, STOPPED}


class Transport(Protocol):
    """One provider's way of taking a message."""

    def weigh(self, part: Part) -> int:
        """What a message takes of the pace."""
        ...

    async def send(self, address: str, part: Part, number: int, *, bulk: bool = False) -> str | None:
        """Hand over one message; the provider's id of it, or Refused."""
        ...


class Watch:
    """Time as it passes, apart from what the clock on the wall says."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Sender:
    """One a process. `transports` by channel; a channel without one is not sent to from here. `paces`: how many a
    second each takes; one without is not paced."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        transports: Mapping[str, Transport],
        clock: Callable[[], datetime] = utc_now,
        paces: Mapping[str, int] | None = None,
        noted: Noted = lambda channel, state: None,
        holder: str = "",
    ) -> None:
        self.holder = holder or holder_name()
        self.database = database
        self.vault = vault
        self.transports = transports
        self.clock = clock
        self.watch = Watch()
        self.paces = {channel: Pace(rate) for channel, rate in (paces or {}).items()}
        self.shares = {
            channel: Share(database, channel, self.holder, pace, lambda: self.watch.now())
            for channel, pace in self.paces.items()
            if channel in transports
        }
        self.marks = Marks(database, vault, clock, noted)
        self._sending: set[asyncio.Task[Any]] = set()
        self._last: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._lines: dict[str, asyncio.Lock] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._quiet_until: dict[str, datetime] = {}
        self._learnt = float("-inf")

    # -- Replies ---------------------------------------------------------------------------------------

    def soon(self, row: Outgoing) -> None:
        """Send without being waited for, after what is being sent to the same person; the row's lease is the
        safety net. To be called in the event loop."""
        whose = (row.channel, row.address)
        task = asyncio.create_task(self._after(self._last.get(whose), row, self.watch.now() + HELD))
        self._last[whose] = task
        self._sending.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            self._sending.discard(ended)
            if self._last.get(whose) is ended:
                del self._last[whose]

        task.add_done_callback(done)

    async def _after(self, before: asyncio.Task[None] | None, row: Outgoing, until: float) -> None:
        if before is not None:
            await asyncio.wait([before])
        await self._say(row, until)

    async def send(self, row: Outgoing) -> None:
        """Send one row that was just leased, and note what became of it."""
        await self._say(row, self.watch.now() + HELD)

    async def _say(self, row: Outgoing, until: float) -> None:
        if row.channel not in self.transports:
            return
        self._learn_soon()
        for index in range(row.parts_sent, len(row.parts)):
            mark = await self._say_part(row, index, until)
            if mark is None:
                return  # by now somebody else may have taken it
            self.marks.note(mark)
            if mark.state != "sending":
                return

    async def _say_part(self, row: Outgoing, index: int, until: float) -> Mark | None:
        """Send one part; what became of the row, or None where it took too long. A short silence that the provider
        asked for is waited out here: somebody waits for it."""
        while True:
            slot = await self._room(row, row.parts[index], until)
            if self.watch.now() > until:
                return None
            quiet_until = self.quiet_until(row.channel)
            mark = Mark(row.id, row.channel, "queued", retry_at=quiet_until, tried=False)
            if quiet_until is None:
                mark = await self.hand_over(row, row.parts, index, slot)
                quiet_until = mark.quiet_until
                if quiet_until is None:
                    return mark
                self._beside(self._tell(row.channel, quiet_until))
            silence = (quiet_until - self.clock()).total_seconds()
            if silence > PATIENCE or self.watch.now() + silence > until:
                return mark
            await self.watch.sleep(max(silence, STEP))

    async def _room(self, row: Outgoing, part: Part, until: float) -> Slot | None:
        """Wait until a reply may leave, before all bulk and in the order they came. None where there is no pace, or
        it took too long."""
        pace = self.paces.get(row.channel)
        if pace is None:
            return None
        watch, chat = self.watch, row.address
        while (rest := pace.patience(watch.now(), chat)) > 0 and watch.now() <= until:
            await watch.sleep(min(rest, STEP))
        weight, share = self._weight(row.channel, part), self.shares[row.channel]
        line = self._lines.setdefault(row.channel, asyncio.Lock())
        pace.waits(weight)
        try:
            async with line:
                while (wait := pace.reply(watch.now(), chat, weight)) > 0:
                    if watch.now() > until or self.quiet_until(row.channel) is not None:
                        return None
                    if not await share.enough():
                        await watch.sleep(min(wait, ASK_EVERY))
                return pace.leaves(watch.now(), chat, weight)
        finally:
            pace.waits(-weight)
            share.replied = watch.now()
            self.keep(row.channel)

    def _weight(self, channel: str, part: Part) -> int:
        return min(self.transports[channel].weigh(part), self.paces[channel].rate)

    def keep(self, channel: str) -> None:
        """See to it that places are given back some time after the last reply."""
        share, task = self.shares[channel], self._keeping.get(channel)
        if not share.bulk and (task is None or task.done()):
            self._keeping[channel] = asyncio.create_task(share.keep(self.watch.sleep))

    def left(self, channel: str, address: str, parts: Sequence[Part]) -> None:
        """A reply has left by other ways than ours: it takes its places all the same."""
        pace = self.paces.get(channel)
        if pace is None or channel not in self.transports:
            return
        for part in parts:
            now = self.watch.now()
            pace.leaves(now, address, self._weight(channel, part)).arrived = now
        self.shares[channel].replied = self.watch.now()
        self._beside(self.shares[channel].enough())
        self.keep(channel)

    async def sweep(self) -> int:
        """Take the replies that wait in the outbox and nobody holds, and send them; how many rows it was."""
        count = 0
        for channel in self.transports:
            rows = await self.database.transact(outbox.take, self.vault, channel, self.clock(), bulk=False)
            until = self.watch.now() + HELD
            for start in range(0, len(rows), AT_ONCE):
                await asyncio.gather(*(self._say(row, until) for row in rows[start : start + AT_ONCE]))
            count += len(rows)
        return count

    def sent(self, number: int, provider_id: str | None = None, channel: str = "") -> None:
        """Note that a row has left, by other ways than ours."""
        self.marks.note(Mark(number, channel, "sent", provider_id))

    # -- All messages ----------------------------------------------------------------------------------

    async def hand_over(
        self, row: Outgoing, parts: Sequence[Part], index: int, slot: Slot | None, *, bulk: bool = False
    ) -> Mark:
        """Give one part of a row to the provider, now; what became of the row."""
        try:
            provider_id = await self.transports[row.channel].send(
                row.address, parts[index], row.id, bulk=bulk
            )
        except Refused as refused:
            return self._refused(row, refused)
        except Exception as error:
            # Not its words: a provider's error may name whom it was for.
            log.error(
                "send_failed", channel=row.channel, row=row.id, error=type(error).__name__, where=where(error)
            )
            return self._refused(row, Refused("unexpected"))
        finally:
            if slot is not None:
                self.paces[row.channel].answered(slot, self.watch.now())
        if index + 1 < len(parts):
            return Mark(row.id, row.channel, "sending", parts=index + 1)
        return Mark(row.id, row.channel, "sent", provider_id)

    def _refused(self, row: Outgoing, refused: Refused) -> Mark:
        now, attempts, channel = self.clock(), max(row.attempts, 1), row.channel
        if refused.after is not None:
            # Told to wait, we are quiet on the whole channel (limits of the Bot API), and so are the others.
            until = now + timedelta(seconds=refused.after)
            self.quiet(channel, until)
            if refused.means == SLOW and channel in self.paces:
                self.paces[channel].slow_down(self.watch.now())
            return Mark(
                row.id,
                channel,
                "queued",
                error=refused.reason,
                retry_at=until,
                tried=False,
                quiet_until=until,
            )
        retry_at: datetime | None = None
        if refused.means == LATER:
            retry_at = fate.when_again(attempts, row.expires_at, now, LATER_AFTER)
        elif not refused.final and attempts < MOST_ATTEMPTS:
            # Full jitter: those who were refused together do not come back together.
            retry_at = now + timedelta(seconds=random.uniform(1, 2 ** (attempts + 1)))  # noqa: S311
        if retry_at is not None:
            return Mark(row.id, channel, "queued", error=refused.reason, retry_at=retry_at)
        log.warning("not_sent", channel=channel, row=row.id, reason=refused.reason)
        return Mark(
            row.id,
            channel,
            "failed",
            error=refused.reason,
            gone=row.address if refused.gone else None,
            stopped=row.address if refused.means == STOPPED else None,
        )

    def quiet(self, channel: str, until: datetime) -> None:
        """Send nothing on the channel before `until`."""
        self._quiet_until[channel] = max(until, self._quiet_until.get(channel, until))

    def quiet_until(self, channel: str) -> datetime | None:
        """Until when nothing is sent on the channel; None when it may be."""
        until = self._quiet_until.get(channel)
        if until is None:
            return None
        if self.clock() < until:
            return until
        del self._quiet_until[channel]
        return None

    def _learn_soon(self) -> None:
        """Look, without making anybody wait, whether another process was told to be quiet."""
        if self.watch.now() < self._learnt + LEARN_EVERY:
            return
        self._learnt = self.watch.now()
        self._beside(self._learn())

    def _beside(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _tell(self, channel: str, until: datetime) -> None:
        """Let the other processes know that the provider asked for silence."""
        with suppress(Away):
            await self.database.transact(lanes.quiet, channel, until)

    async def _learn(self) -> None:
        with suppress(Away):
            for channel, until in (await self.database.transact(lanes.quiet_until)).items():
                if until > self.clock():
                    self.quiet(channel, until)

    async def close(self) -> None:
        """Let what is under way finish, and store what became of it. What takes longer is taken by another process
        when its lease runs out."""
        if self._sending:
            await asyncio.wait(list(self._sending), timeout=CLOSING)
        for task in self._keeping.values():
            task.cancel()
        for share in self.shares.values():
            if share.places:
                await share.ask(ends=True)
        await self.marks.close()
