"""Plays a transcript against the real handlers, database and rendering, and writes down what happened.

The form is described in bot/channels/terminal.py. The first line that begins
with `# ` is the title; `@ sms +85512345678` sets channel and address; `!` lines
say what happens around the conversation. `pytest --update` rewrites the files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels import terminal
from handlers.desk import Desk, Incoming, Part
from handlers.receive import Received, receive
from storage.database import Database

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

    def __post_init__(self) -> None:
        self.desk.clock = lambda: self.now

    async def say(self, line: str) -> Received:
        """One message, as typed or tapped."""
        self.count += 1
        self.now += timedelta(seconds=20)
        said = terminal.understood(line, self.parts)
        incoming = Incoming(self.channel, self.address, f"{self.channel}-{self.count}", said)
        received = await self.database.transact(receive, incoming, self.desk)
        self.parts = received.parts or self.parts
        return received

    async def play(self, text: str) -> str:
        """The transcript with what was really said and stored."""
        written: list[str] = []
        channel = self.desk.media[self.channel].channel
        for line in text.splitlines():
            if line.startswith(terminal.TYPED):
                received = await self.say(line.removeprefix(terminal.TYPED))
                written.append(line)
                written += [out for part in received.parts for out in terminal.shown(part, channel)]
                written += [out for out in map(terminal.stored, received.outcomes) if out]
            elif line.startswith(terminal.PASSES):
                written.append(line)
                self.now += duration(line.removeprefix(terminal.PASSES))
            elif line.startswith("@ "):
                written.append(line)
                self.address = line.removeprefix("@ ").strip()
                self.parts = []
            elif not said_by_us(line):
                written.append(line)
        return "\n".join(written).rstrip() + "\n"


def said_by_us(line: str) -> bool:
    """Whether a line is written by playing: said, buttons, price, stored."""
    return line.startswith((terminal.HEARD, "<", "  ", terminal.STORED))


def duration(text: str) -> timedelta:
    """`3 days`, `1 hour`."""
    found = re.fullmatch(r"(\d+) (minute|hour|day)s?", text.strip())
    if found is None:
        raise ValueError(f"{text!r}: write how long, as in: ~ 3 days")
    return int(found[1]) * UNITS[found[2]]


def channel_of(file: Path) -> str:
    """rate_school.sms.txt is a story by SMS."""
    return file.suffixes[-2].removeprefix(".")
