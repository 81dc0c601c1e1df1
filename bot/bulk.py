"""Sends what is said to many on one channel: from the outbox, as quickly as the channel's pace allows.

One process does so at a time, for which it holds the channel's lane. It takes the next rows while it sends these,
keeps a few seconds' worth in memory, and looks at each again right before it leaves. Replies go through the same
sender, and first.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import structlog

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
LOOK_EVERY = 1.0  # seconds: the lane is renewed, replies of other processes are counted
IDLE_LOOK_EVERY = 3.0  # where nothing waits
IDLE = 0.2  # seconds between looks at our own memory, where there is nothing in it
SINCE = timedelta(seconds=3)  # for which replies are counted at most
MARGIN = 1.0  # seconds before the lease ends in which nothing more is sent
AT_ONCE = 48  # messages under way; a bot has 64 connections, and replies need some
MOST = 1000  # rows in memory
BODIES = 200  # payloads in memory
GIVE_BACK = 20.0  # seconds of quiet for which it is not worth holding rows


@cache
def kernel() -> str:
    """What two processes have in common that see each other's process numbers; empty where that can't be known."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        return sha256(f"{boot}{Path('/proc/self/ns/pid').readlink()}".encode()).hexdigest()[:12]
    return ""


def holder_name() -> str:
    """The name of this process as a holder of lanes."""
    return f"{kernel() or 'elsewhere'}.{os.getpid()}.{secrets.token_hex(4)}"


def dead(holder: str) -> bool:
    """Whether a holder is known to be dead: it was a process of this machine, and is no more."""
    where, _dot, rest = holder.partition(".")
    number = rest.partition(".")[0]
    if not number.isdigit() or where != kernel():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


@dataclass(slots=True)
class Job:
    """The next part to send of a row. `until`: when the row is no longer ours, by the sender's watch."""

    row: Outgoing
    parts: Sequence[Part]
    weights: Sequence[int]
    index: int
    until: float


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: the lane, whose it is, replies made of late, and rows that nobody wants any more."""

    lane: Lane
    mine: bool
    replies: Sequence[int] = ()
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
        rate = self.pace.rate if self.pace else MOST
        self._most = max(4, min(MOST, 2 * rate))  # rows taken at a time
        self._due: deque[Job] = deque()
        self._resting: list[tuple[float, int, Job]] = []  # whose chat was written to within the second
        self._order = itertools.count()
        self._held: set[int] = set()  # rows in this process, from the taking to the mark
        self._busy: set[asyncio.Task[None]] = set()
        self._bodies: dict[int, tuple[list[Part], list[int]]] = {}
        self._feeding: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._look_at = float("-inf")
        self._feed_at = float("-inf")
        self._until = float("-inf")  # by the watch: until when the lane is ours
        self._lane: Lane | None = None  # as last seen
        self._seen_at = 0.0  # since when another's lane looks the same
        self._counted: datetime | None = None  # until when replies of others were counted
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
        for task in (self._feeding, self._looking):
            if task is not None:
                with suppress(Exception):
                    await task
        if self._busy:
            await asyncio.wait(list(self._busy), timeout=CLOSING)
        if self._mine():
            self._give_back()
        await self.sender.marks.close()
        with suppress(Away):
            await self.sender.database.transact(lanes.release, self.channel, self.holder)

    async def step(self) -> None:
        """Send one message, or wait until there is something to do."""
        now = self.sender.watch.now()
        if not self._mine():
            self._forget()
            if now >= self._look_at:
                await self._look()
            if not self._mine():
                await self._rest(self._look_at - self.sender.watch.now())
            return
        if now >= self._look_at and (self._looking is None or self._looking.done()):
            self._look_at = now + LOOK_EVERY
            self._looking = asyncio.create_task(self._quietly(self._look))
        quiet = self._quiet()
        if quiet > 0:
            if quiet > GIVE_BACK:
                self._give_back()
            await self._rest(min(quiet, 1.0))
            return
        if len(self._due) < self._most // 2 and now >= self._feed_at and self._may_feed():
            self._feeding = asyncio.create_task(self._quietly(self._feed))
        await self._rest(self._send_next(now))

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
        waiting = [job.row.id for job in self._due] + [job.row.id for _at, _n, job in self._resting]
        now = sender.clock()
        found = await sender.database.transact(
            _look,
            self.channel,
            self.holder,
            now,
            self.lease,
            self._silent(began),
            waiting,
            max(self._counted or now - SINCE, now - SINCE),
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
            self._drop(found.unwanted)
        if self.pace is not None:
            ours = set(sender.said)
            theirs = sum(number not in ours for number in found.replies)
            self._counted = now
            self.pace.others(theirs * sender.transports[self.channel].usual)

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

    # -- Rows ------------------------------------------------------------------------------------------

    def _may_feed(self) -> bool:
        return self._feeding is None or self._feeding.done()

    async def _feed(self) -> None:
        """Take the next rows while these are sent."""
        sender = self.sender
        taken_at = sender.watch.now()
        here = self._held | sender.marks.pending.keys()
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
            if row.id in here or row.id in self._held:
                continue
            parts, weights = self._said(row)
            if row.parts_sent >= len(parts):
                sender.marks.note(Mark(row.id, self.channel, "failed", error="nothing to say"))
                continue
            self._held.add(row.id)
            self._due.append(Job(row, parts, weights, row.parts_sent, taken_at + HELD))

    def _said(self, row: Outgoing) -> tuple[list[Part], list[int]]:
        if row.payload is None:
            return row.parts, self._weights(row.parts)
        return self._bodies.get(row.payload, ([], []))

    def _weights(self, parts: Sequence[Part]) -> list[int]:
        return [self.sender.transports[self.channel].weigh(part) for part in parts]

    def _forget(self) -> None:
        """The lane is another's, and so are the rows."""
        if self._due or self._resting:
            self._held -= {job.row.id for job in self._waiting()}
            self._due.clear()
            self._resting.clear()

    def _drop(self, numbers: frozenset[int]) -> None:
        """These have come to their end meanwhile."""
        self._due = deque(job for job in self._due if job.row.id not in numbers)
        self._resting = [entry for entry in self._resting if entry[2].row.id not in numbers]
        heapq.heapify(self._resting)
        self._held -= numbers - {job.row.id for job in self._waiting()}

    def _waiting(self) -> list[Job]:
        return [*self._due, *(job for _at, _n, job in self._resting)]

    def _give_back(self) -> None:
        for job in self._waiting():
            self._let_go(job, Mark(job.row.id, self.channel, "queued", tried=False))
        self._due.clear()
        self._resting.clear()

    def _let_go(self, job: Job, mark: Mark) -> None:
        self.sender.marks.note(mark)
        self._held.discard(job.row.id)

    # -- Sending ---------------------------------------------------------------------------------------

    def _send_next(self, now: float) -> float:
        """Send the next message that may leave; seconds until there is another."""
        if len(self._busy) >= AT_ONCE:
            return STEP / 10
        job = self._next(now)
        if job is None:
            return STEP / 10 if not self._may_feed() else STEP if self._resting or self._busy else IDLE
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
                self._rests(now + rest, job)
                return 0
            wait = self.pace.bulk(now, weight)
            if wait > 0:
                self._due.appendleft(job)
                return min(wait, STEP)
            slot = self.pace.leaves(now, row.address, weight)
        task = asyncio.create_task(self._send(job, slot))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        return 0

    def _next(self, now: float) -> Job | None:
        if self._resting and self._resting[0][0] <= now:
            return heapq.heappop(self._resting)[2]
        return self._due.popleft() if self._due else None

    def _rests(self, until: float, job: Job) -> None:
        heapq.heappush(self._resting, (until, next(self._order), job))

    async def _send(self, job: Job, slot: Slot | None) -> None:
        mark = await self.sender.hand_over(job.row, job.parts, job.index, slot, bulk=True)
        if mark.state == "sending":
            self.sender.marks.note(mark)
            job.index += 1
            self._rests(self.sender.watch.now(), job)  # until its chat may be written to again
        else:
            self._let_go(job, mark)

    # -- Waiting ---------------------------------------------------------------------------------------

    async def _rest(self, seconds: float) -> None:
        if seconds > 0:
            await self.sender.watch.sleep(seconds)
        else:
            await asyncio.sleep(0)

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
    since: datetime,
) -> Look:
    lane = lanes.hold(connection, channel, holder, now, lease, silent)
    if lane is None:
        seen = lanes.seen(connection, channel)
        assert seen is not None
        return Look(seen, mine=False)
    replies = outbox.replies_made(connection, channel, since, now)
    return Look(lane, True, replies, frozenset(outbox.unwanted(connection, waiting)))


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
