"""Sends what is said to many on one channel: from the outbox, as quickly as the channel's pace allows.

One process does so at a time, for which it holds the channel's lane. It takes the next rows while it sends these,
keeps a few seconds' worth in memory, and looks at each again right before it leaves. Replies go through the same
sender, and first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.hand import Hand, Job
from bot.holder import dead
from bot.marks import Mark
from bot.pace import STEP, Slot
from bot.sender import CLOSING, HELD, Sender
from flows.medium import Part
from storage import lanes, outbox
from storage.database import Away, Connection
from storage.lanes import Lane
from storage.outbox import Outgoing
from storage.vault import Vault

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=10)  # of a lane; a holder that dies costs little more
LOOK_EVERY = 1.0  # seconds: the lane is renewed, and whether what waits is still to be said
IDLE_LOOK_EVERY = 3.0  # where nothing waits
IDLE = 0.2  # seconds between looks at our own memory, where there is nothing in it
LINGER = 1.0  # seconds for which places are kept although there is nothing to send
MARGIN = 1.0  # seconds before the lease ends in which nothing more is sent
AT_ONCE = 48  # messages under way; a bot has 64 connections, and replies need some
MOST = 1000  # rows in memory
BODIES = 200  # payloads in memory
CALM = 0.1  # seconds of silence in which one can look at something else
GIVE_BACK = 20.0  # seconds of quiet for which it is not worth holding rows


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: the lane, whose it is, and rows that nobody wants any more."""

    lane: Lane
    mine: bool
    unwanted: frozenset[int] = frozenset()


class Bulk:
    """The bulk of one channel. `awake`: an instant itself, or the end of the quiet hours it falls into."""

    def __init__(
        self,
        sender: Sender,
        channel: str,
        holder: str,
        awake: Callable[[datetime], datetime] = lambda at: at,
        lease: timedelta = LEASE,
    ) -> None:
        self.sender = sender
        self.channel = channel
        self.holder = holder
        self.awake = awake
        self.lease = lease
        self.pace = sender.paces.get(channel)
        self.share = sender.shares.get(channel)
        rate = self.pace.rate if self.pace else MOST
        self._most = max(4, min(MOST, 2 * rate))  # rows taken at a time
        self.hand = Hand()
        self._busy: set[asyncio.Task[None]] = set()
        self._bodies: dict[int, tuple[list[Part], list[int]]] = {}
        self._feeding: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._sharing: asyncio.Task[None] | None = None
        self._wants = float("-inf")  # until when all places are wanted
        self._look_at = float("-inf")
        self._feed_at = float("-inf")
        self._until = float("-inf")  # by the watch: until when the lane is ours
        self._lane: Lane | None = None  # as last seen
        self._seen_at = 0.0  # since when another's lane looks the same
        self._ending = False

    async def run(self) -> None:
        """Send, or stand by while another process does, until `stop`."""
        while not self._ending:
            try:
                await self.step()
            except Away:
                await self._rest(1.0)
            except Exception as error:
                log.error("bulk_failed", channel=self.channel, error=type(error).__name__)
                await self._rest(1.0)

    async def stop(self) -> None:
        """Let what is under way finish, give back the rest, and leave the lane to others."""
        self._ending = True
        for task in (self._feeding, self._looking, self._sharing):
            if task is not None:
                with suppress(Exception):
                    await task
        if self._busy:
            await asyncio.wait(list(self._busy), timeout=CLOSING)
        if self._mine():
            self._give_back()
        if self.share is not None and self.share.bulk:
            self.share.bulk = False
            await self.share.ask(ends=True)
            self.sender.keep(self.channel)
        await self.sender.marks.close()
        with suppress(Away):
            await self.sender.database.transact(lanes.release, self.channel, self.holder)

    async def step(self) -> None:
        """Send one message, or wait until there is something to do."""
        now = self.sender.watch.now()
        self._share_out(now)
        if not self._mine():
            self.hand.clear()
            if now >= self._look_at:
                await self._look()
            if not self._mine():
                await self._rest(self._look_at - self.sender.watch.now())
            return
        quiet = self._quiet()
        if quiet > GIVE_BACK:
            self._give_back()
        # What takes a while is best done while we may not send.
        early = LOOK_EVERY / 2 if CALM < quiet <= GIVE_BACK else 0.0
        if now >= self._look_at - early and (self._looking is None or self._looking.done()):
            self._look_at = now + LOOK_EVERY
            self._looking = asyncio.create_task(self._quietly(self._look))
        enough = self._most if early else self._most // 2 if quiet <= 0 else 0
        if len(self.hand) < enough and now >= self._feed_at and self._may_feed():
            self._feeding = asyncio.create_task(self._quietly(self._feed))
        await self._rest(self._send_next(now) if quiet <= 0 else min(quiet, CALM if early else 1.0))

    # -- The lane --------------------------------------------------------------------------------------

    def _mine(self) -> bool:
        """Whether the lane is ours. By the watch, which no setting of the clock moves, and by the clock, which goes on
        while the machine sleeps."""
        return (
            self.sender.watch.now() < self._until
            and self._lane is not None
            and self.sender.clock() < self._lane.held_until
        )

    async def _look(self) -> None:
        sender, began = self.sender, self.sender.watch.now()
        waiting = [job.row.id for job in self.hand.waiting()]
        now = sender.clock()
        found = await sender.database.transact(
            _look,
            self.channel,
            self.holder,
            now,
            self.lease,
            self._silent(began),
            waiting,
        )
        busy = bool(waiting or self._busy)
        self._look_at = began + (LOOK_EVERY if busy or not found.mine else IDLE_LOOK_EVERY)
        if not found.mine:
            if found.lane != self._lane:
                self._seen_at = began
            if self._until > began:
                log.warning("lane_lost", channel=self.channel)
            self._until = float("-inf")
            self._lane = found.lane
            return
        if self._until == float("-inf"):
            log.info("lane_held", channel=self.channel)
        self._lane = found.lane
        self._until = began + min(self.lease, found.lane.held_until - now).total_seconds() - MARGIN
        if found.lane.quiet_until is not None and found.lane.quiet_until > sender.clock():
            sender.quiet(self.channel, found.lane.quiet_until)
        if found.unwanted:
            self.hand.drop(found.unwanted)

    def _silent(self, now: float) -> Lane | None:
        """The lane as last seen, where its holder gave no sign of life all through a lease, or is known to be dead."""
        lane = self._lane
        if lane is None or lane.holder in {self.holder, lanes.NOBODY}:
            return None
        return lane if now - self._seen_at >= self.lease.total_seconds() or dead(lane.holder) else None

    def _quiet(self) -> float:
        """Seconds for which nothing is to be sent: the provider said so, or people sleep."""
        now = self.sender.clock()
        until = self.awake(now)
        quiet_until = self.sender.quiet_until(self.channel)
        if quiet_until is not None:
            until = max(until, quiet_until)
        return (until - now).total_seconds()

    # -- The pace --------------------------------------------------------------------------------------

    def _share_out(self, now: float) -> None:
        """While there is something to send, all places that nobody needs for a reply are ours."""
        share = self.share
        if share is None or not (self._sharing is None or self._sharing.done()):
            return
        if not self.hand.empty:
            self._wants = now + LINGER
        wants = now < self._wants and self._mine()
        if wants and (now >= share.look_at or not share.bulk):
            share.bulk = True
            self._sharing = asyncio.create_task(share.ask())
        elif share.bulk and not wants:
            share.bulk = False
            self._sharing = asyncio.create_task(share.ask(ends=True))
            self.sender.keep(self.channel)

    # -- Rows ------------------------------------------------------------------------------------------

    def _may_feed(self) -> bool:
        return self._feeding is None or self._feeding.done()

    async def _feed(self) -> None:
        """Take the next rows while these are sent."""
        sender = self.sender
        taken_at = sender.watch.now()
        here = self.hand.held | sender.marks.pending.keys()
        rows, bodies = await sender.database.transact(
            _take,
            sender.vault,
            self.channel,
            self.holder,
            sender.clock(),
            self._most,
            frozenset(self._bodies),
        )
        if len(rows) < self._most:
            self._feed_at = sender.watch.now() + LOOK_EVERY
        if rows:
            self._look_at = min(self._look_at, sender.watch.now() + LOOK_EVERY)
        for number, parts in bodies.items():
            while len(self._bodies) >= BODIES:
                del self._bodies[next(iter(self._bodies))]
            self._bodies[number] = (parts, self._weights(parts))
        for row in rows:
            # A row whose lease ran out while it was here, or whose mark waits for the database, is here already.
            if row.id in here or row.id in self.hand.held:
                continue
            parts, weights = self._said(row)
            if row.parts_sent >= len(parts):
                sender.marks.note(Mark(row.id, self.channel, "failed", error="nothing to say"))
                continue
            self.hand.take(Job(row, parts, weights, row.parts_sent, taken_at + HELD))

    def _said(self, row: Outgoing) -> tuple[list[Part], list[int]]:
        if row.payload is None:
            return row.parts, self._weights(row.parts)
        return self._bodies.get(row.payload, ([], []))

    def _weights(self, parts: Sequence[Part]) -> list[int]:
        return [self.sender.transports[self.channel].weigh(part) for part in parts]

    def _give_back(self) -> None:
        for job in self.hand.waiting():
            self._let_go(job, Mark(job.row.id, self.channel, "queued", tried=False))
        self.hand.clear()

    def _let_go(self, job: Job, mark: Mark) -> None:
        self.sender.marks.note(mark)
        self.hand.held.discard(job.row.id)

    # -- Sending ---------------------------------------------------------------------------------------

    def _send_next(self, now: float) -> float:
        """Send the next message that may leave; seconds until there is another."""
        if len(self._busy) >= AT_ONCE:
            return STEP / 10
        job = self.hand.next(now)
        if job is None:
            return STEP / 10 if not self._may_feed() else STEP if self._busy or not self.hand.empty else IDLE
        row, weight = job.row, job.weights[job.index]
        if now >= job.until:
            self._let_go(job, Mark(row.id, self.channel, "queued", tried=False))
            return 0
        if row.expires_at is not None and row.expires_at <= self.sender.clock():
            self._let_go(job, Mark(row.id, self.channel, "expired"))
            return 0
        slot = None
        if self.pace is not None:
            rest = self.pace.chat(now, row.address)
            if rest > 0:
                self.hand.rest(now + rest, job)
                return 0
            wait = self.pace.bulk(now, weight)
            if wait > 0:
                self.hand.back(job)
                return min(wait, STEP)
            slot = self.pace.leaves(now, row.address, weight)
        task = asyncio.create_task(self._send(job, slot))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        return 0

    async def _send(self, job: Job, slot: Slot | None) -> None:
        mark = await self.sender.hand_over(job.row, job.parts, job.index, slot, bulk=True)
        if mark.state == "sending":
            self.sender.marks.note(mark)
            job.index += 1
            self.hand.rest(self.sender.watch.now(), job)  # until its chat may be written to again
        else:
            self._let_go(job, mark)

    # -- Waiting ---------------------------------------------------------------------------------------

    async def _rest(self, seconds: float) -> None:
        await self.sender.watch.sleep(max(seconds, 0))

    async def _quietly(self, work: Callable[[], object]) -> None:
        """Something that goes on beside the sending; when it fails, it is tried again."""
        try:
            await work()  # type: ignore[misc]
        except Away:
            self._feed_at = self.sender.watch.now() + LOOK_EVERY
        except Exception as error:
            self._feed_at = self.sender.watch.now() + LOOK_EVERY
            log.error("bulk_failed", channel=self.channel, error=type(error).__name__)


def _look(
    connection: Connection,
    channel: str,
    holder: str,
    now: datetime,
    lease: timedelta,
    silent: Lane | None,
    waiting: list[int],
) -> Look:
    lane = lanes.hold(connection, channel, holder, now, lease, silent)
    if lane is None:
        seen = lanes.seen(connection, channel)
        assert seen is not None
        return Look(seen, mine=False)
    return Look(lane, True, frozenset(outbox.unwanted(connection, waiting, now)))


def _take(
    connection: Connection,
    vault: Vault,
    channel: str,
    holder: str,
    now: datetime,
    most: int,
    known: frozenset[int],
) -> tuple[list[Outgoing], dict[int, list[Part]]]:
    """The next rows, and what they say where that is not known yet. Nothing where the lane is another's by now."""
    lane = lanes.seen(connection, channel)
    if lane is None or lane.holder != holder:
        return [], {}
    rows = outbox.take(connection, vault, channel, now, most, bulk=True)
    wanted = {row.payload for row in rows if row.payload is not None}
    return rows, outbox.bodies(connection, wanted - known)
