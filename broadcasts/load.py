"""How long it takes to tell so many people, and how many of them can be told in a given time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from broadcasts.press import Press, Sheet
from storage import notices
from storage.audience import Count
from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be sent on one channel to `people`: `ours`, after what `waits` already; both in messages, or in
    segments where these are paid for, of which `pace` go out in a second."""

    people: int
    ours: int
    waits: int
    pace: float

    @property
    def seconds(self) -> float:
        """Until the last is told."""
        return (self.waits + self.ours) / self.pace

    def told_in(self, seconds: float) -> int:
        """How many people are told by then."""
        share = (seconds * self.pace - self.waits) / self.ours if self.ours else 1.0
        return int(self.people * min(max(share, 0.0), 1.0))


def loads(
    connection: Connection, counts: Mapping[str, Count], sheets: Mapping[str, list[Sheet]], press: Press
) -> list[Load]:
    """What telling people takes on each channel on which there are any. `counts` and `sheets` by occasion."""
    waiting = notices.waiting(connection)
    found = []
    for name, medium in press.media.items():
        there = {
            occasion: {key: n for key, n in count.items() if key[0] == name}
            for occasion, count in counts.items()
        }
        people = sum(n for count in there.values() for n in count.values())
        if not people:
            continue
        messages, segments = waiting.get(name, (0, 0))
        ours, waits = people, messages
        if medium.channel.brief:
            waits = segments
            ours = sum(segments_of(count, sheets[occasion], press) for occasion, count in there.items())
        found.append(Load(people, ours, waits, press.limits.pace_of(medium.channel)))
    return found


def segments_of(count: Count, sheets: list[Sheet], press: Press) -> int:
    """What telling these people costs."""
    price = {(sheet.channel, sheet.language): sheet.segments for sheet in sheets}
    spoken, first = {code for code, _name in press.languages}, press.languages[0][0]
    return sum(
        n * price.get((channel, language if language in spoken else first), 0)
        for (channel, language), n in count.items()
    )
