"""What a flow may know: who is there, over which channel, and the library. All of it read-only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flows.channel import Channel
from flows.library import Library


@dataclass(frozen=True, slots=True)
class Contact:
    """What is remembered of one address, without the address.

    `people` is how many persons have rated from this phone; `asked` those of
    them (numbered from 1) who were already asked about themselves.
    """

    language: str = "km"
    commune: str | None = None
    village: str | None = None
    joined: bool = False
    people: int = 1
    asked: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """The surroundings of one turn.

    `rated(facility)` is how many of this phone's persons have rated the
    facility in this round. `round` is its code, as in "2026-Q4".
    `languages` are (code, own name) pairs of what the service speaks. `unmatched` takes what somebody wrote
    for a place and nothing was found for: the next aliases.
    """

    contact: Contact
    channel: Channel
    library: Library
    rated: Callable[[str], int]
    round: str = ""
    languages: tuple[tuple[str, str], ...] = (("km", "ខ្មែរ"), ("en", "English"))
    unmatched: Callable[[str], None] = lambda query: None
