"""What a flow may know: who is there, over which channel, and the library. All of it read-only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.channel import Channel
from flows.library import Library

if TYPE_CHECKING:
    from datetime import date

    from flows.meetings import Meeting


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
class Grant:
    """A role and where it holds: a place's code ("" is the nation), and the facility of a member of its staff."""

    role: str
    place: str
    facility: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """The surroundings of one turn.

    `rated(facility)` is how many of this phone's persons have rated the
    facility in this round. `round` is its code, as in "2026-Q4".
    `languages` are (code, own name) pairs of what the service speaks. `unmatched` takes what somebody wrote
    for a place and nothing was found for: the next aliases.
    `roles` is what the person may do and where. `now` is the local day and time, 2026-12-01T08:30.
    `upcoming` are the announced meetings that she may change; `plan` says what announcing a meeting takes (see
    `flows.notices`), the second argument being the notice that it changes.
    """

    contact: Contact
    channel: Channel
    library: Library
    rated: Callable[[str], int]
    round: str = ""
    languages: tuple[tuple[str, str], ...] = (("km", "ខ្មែរ"), ("en", "English"))
    unmatched: Callable[[str], None] = lambda query: None
    roles: tuple[Grant, ...] = ()
    today: date | None = None
    now: str = ""
    upcoming: Callable[[], Sequence[tuple[int, Meeting]]] = lambda: ()
    plan: Callable[[Meeting, int | None], dict[str, Any]] = lambda meeting, notice: {}
