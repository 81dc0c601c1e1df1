"""What broadcasts have at hand to put a notice into words on every channel, and how much may be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from broadcasts.schedule import Timing
from flows.channel import Channel
from flows.library import Library
from flows.medium import Medium, Part
from flows.meetings import Meeting, told
from flows.segments import measure
from flows.text import Catalogue

SEGMENTS_A_DAY = 5000
#: Messages a second where nothing else is known; of a channel that sells segments, segments.
PACE = 30.0
BRIEF_PACE = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """`segments_a_day`: SMS segments that the notices of one commune may take on a local day. `pace`: by channel,
    messages a second, or segments where messages are paid for."""

    segments_a_day: int = SEGMENTS_A_DAY
    pace: Mapping[str, float] = field(default_factory=dict)

    def pace_of(self, channel: Channel) -> float:
        return self.pace.get(channel.name) or (BRIEF_PACE if channel.brief else PACE)


class Press(Protocol):
    """Whoever has the channels and the languages: in the service, `handlers.desk.Desk`."""

    @property
    def media(self) -> Mapping[str, Medium]: ...

    @property
    def languages(self) -> tuple[tuple[str, str], ...]: ...

    @property
    def library(self) -> Library: ...

    @property
    def timing(self) -> Timing: ...

    @property
    def limits(self) -> Limits: ...

    def catalogue(self, language: str, channel: Channel) -> Catalogue: ...

    def page(self, place: str) -> str:
        """The address of what everybody may read of a place; empty where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A notice as one channel shows it in one language. `segments`: what it costs one person; 0 where nothing."""

    channel: str
    language: str
    parts: list[Part]
    segments: int


def tag_of(number: int) -> str:
    """What the buttons of a notice carry before their key, so that an answer names its meeting: n.12."""
    return f"n.{number}"


def printed(press: Press, meeting: Meeting, occasion: str, number: int) -> list[Sheet]:
    """What is told on an occasion, on every channel and in every language."""
    return [
        sheet(press, medium, language, meeting, occasion, number)
        for medium in press.media.values()
        for language, _name in press.languages
    ]


def sheet(press: Press, medium: Medium, language: str, meeting: Meeting, occasion: str, number: int) -> Sheet:
    """What is told on an occasion, on one channel in one language."""
    channel = medium.channel
    replies = told(meeting, occasion, press.library, asks=channel.can_receive)
    parts = medium.render(replies, press.catalogue(language, channel), tag_of(number), ())
    return Sheet(channel.name, language, parts, cost(channel, parts))


def cost(channel: Channel, parts: list[Part]) -> int:
    """Segments of a message in several parts; 0 on a channel where messages cost nothing."""
    return sum(measure(str(part["text"])).count for part in parts) if channel.brief else 0


def shown(parts: list[Part]) -> str:
    """A message as one can be shown it in another: its texts, and its buttons in brackets."""
    lines = [str(part["text"]) for part in parts]
    rows = [row for part in parts for row in part.get("keyboard", ())]
    lines += [" ".join(f"[{label}]" for label, _data in row) for row in rows]
    return "\n".join(lines)
