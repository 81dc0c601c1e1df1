"""Plays a transcript against the real handlers, database and rendering, and writes down what happened.

The form is described in bot/channels/terminal.py. The first line that begins
with `# ` is the title; `@ sms +85512345678` sets channel and address; `!` lines
say what happens around the conversation: `! invite caf 080303`, that the operator
makes an invitation, whose code (always the same) is written below it; `! scores 080303 2026-Q3 2026-Q4`, that
scores of these rounds are published of a commune's services. `pytest --update` rewrites the files.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bot.channels import terminal
from bot.documents import Documents
from bot.voices import VoiceNotes
from broadcasts.fire import fire
from flows.world import Grant
from handlers.desk import LOCAL, Desk, Incoming, Part
from handlers.receive import Received, receive
from storage import codes, fate, outbox
from storage.database import Connection, Database
from storage.outbox import Outgoing
from storage.tables import published, sums
from tests.handedin import handed_in
from tests.scored import fill

STEP = timedelta(minutes=10)
INVITES = "! invite "
PUBLISHES = "! scores "
CAME = "🕗"  # before the time at which something came that nobody had asked for just then
BEGIN = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # nine in the morning in Phnom Penh
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass
class Story:
    """One transcript being played. `address` is who writes; another may take over with an `@` line."""

    database: Database
    desk: Desk
    channel: str
    address: str = "story"
    now: datetime = BEGIN
    parts: list[Part] = field(default_factory=list)
    count: int = 0
    mail: dict[tuple[str, str], list[tuple[datetime, list[Part]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk.clock = lambda: self.now
        self.desk.username, self.desk.number = "samleng_bot", "+85510555777"
        self.desk.site = "https://samleng.example.org"
        chance = random.Random(2026)
        self.desk.draw = lambda purpose: codes.drawn(purpose, chance.choice)

    @property
    def whose(self) -> tuple[str, str]:
        return self.channel, self.address

    async def say(self, line: str) -> Received:
        """One message, as typed or tapped."""
        self.count += 1
        self.now += timedelta(seconds=20)
        said = terminal.understood(line, self.parts)
        if line.startswith("[") and said.tap is None:
            raise AssertionError(f"There is no button {line} now.")
        incoming = Incoming(self.channel, self.address, f"{self.channel}-{self.count}", said)
        incoming = await Documents(self.database, self.desk, handed_in).read(incoming)
        incoming = await VoiceNotes(self.database, self.desk, handed_in).read(incoming)
        received = await self.database.transact(receive, incoming, self.desk)
        self.parts = received.parts or self.parts
        return received

    async def play(self, text: str) -> str:
        """The transcript with what was really said and stored."""
        written: list[str] = []
        for line in text.splitlines():
            if line.startswith(terminal.TYPED):
                received = await self.say(line.removeprefix(terminal.TYPED))
                written.append(line)
                channel = self.desk.media[self.channel].channel
                written += [out for part in received.parts for out in terminal.shown(part, channel)]
                written += [out for out in map(terminal.stored, received.outcomes) if out]
            elif line.startswith(terminal.PASSES):
                written.append(line)
                await self.pass_on(duration(line.removeprefix(terminal.PASSES)))
                written += self.arrived()
            elif line.startswith("@ "):
                written.append(line)
                self.turn_to(line.removeprefix("@ ").strip())
                written += self.arrived()
            elif line.startswith(INVITES):
                written += [line, "  " + await self.invite(*line.removeprefix(INVITES).split())]
            elif line.startswith(PUBLISHES):
                written.append(line)
                commune, *rounds = line.removeprefix(PUBLISHES).split()
                await self.database.transact(self._publish, commune, rounds)
            elif not said_by_us(line):
                written.append(line)
        return "\n".join(written).rstrip() + "\n"

    async def invite(self, role: str, place: str, facility: str = "") -> str:
        """A code as the operator makes it: the same one each time that the story is played."""
        made: str = await self.database.transact(
            codes.make,
            self.desk.vault,
            codes.ROLE,
            self.now,
            grant=Grant(role, place, facility),
            draw=self.desk.draw,
        )
        return made

    def _publish(self, connection: Connection, commune: str, rounds: list[str]) -> None:
        """Made-up scores, the same each time, in place of what was published."""
        for table in (published, sums):
            connection.execute(sa.delete(table))
        fill(connection, self.desk.library, [commune], rounds)

    def turn_to(self, who: str) -> None:
        """`sms +85512345678`, or an address of the same channel."""
        channel, _space, address = who.rpartition(" ")
        self.channel, self.address = channel or self.channel, address
        self.parts = []

    async def pass_on(self, how_long: timedelta) -> None:
        """Time passes, and what is due meanwhile is told."""
        until = self.now + how_long
        while self.now < until:
            self.now = min(self.now + STEP, until)
            await self.deliver()

    async def deliver(self) -> None:
        """What the worker and the sender do: queue what is due, hand over what waits."""
        while await self.database.transact(fire, self.desk, self.now):
            pass
        for channel in self.desk.media:
            while rows := await self.database.transact(
                outbox.take, self.desk.vault, channel, self.now, 100, bulk=True
            ):
                for row in rows:
                    said = await self.database.transact(self._said, row)
                    self.mail.setdefault((row.channel, row.address), []).append((self.now, said))
                    await self.database.transact(fate.mark_sent, [(row.id, None)], self.now)

    def _said(self, connection: Connection, row: Outgoing) -> list[Part]:
        return row.parts if row.payload is None else outbox.bodies(connection, [row.payload])[row.payload]

    def arrived(self) -> list[str]:
        """What came for whoever has the word, each message after the local time at which it came."""
        written: list[str] = []
        for at, parts in self.mail.pop(self.whose, []):
            written.append(f"{CAME} {at.astimezone(LOCAL):%a %H:%M}")
            for part in parts:
                written += terminal.shown(part, self.desk.media[self.channel].channel)
            self.parts = parts
        return written


def said_by_us(line: str) -> bool:
    """Whether a line is written by playing: said, buttons, price, stored."""
    return line.startswith((terminal.HEARD, "<", "  ", terminal.STORED, CAME))


def duration(text: str) -> timedelta:
    """`3 days`, `1 hour`."""
    found = re.fullmatch(r"(\d+) (minute|hour|day)s?", text.strip())
    if found is None:
        raise ValueError(f"{text!r}: write how long, as in: ~ 3 days")
    return int(found[1]) * UNITS[found[2]]


def channel_of(file: Path) -> str:
    """rate_school.sms.txt is a story by SMS."""
    return file.suffixes[-2].removeprefix(".")
