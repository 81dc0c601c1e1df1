"""What a flow may know: who is there, over which channel, and the library. All of it read-only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.board import EMPTY, Board
from flows.channel import Channel
from flows.library import Library
from flows.sound import NO_SOUNDS, Sounds
from flows.text import Phrase, Source, spoken

if TYPE_CHECKING:
    from datetime import date

    from flows.meetings import Meeting
    from flows.packs import Pack
    from flows.packsearch import Hit


@dataclass(frozen=True, slots=True)
class Contact:
    """What is remembered of one address, without the address.

    `people` is how many persons have rated from this phone; `asked` those of
    them (numbered from 1) who were already asked about themselves.
    `hears` is the language in which one wants to hear what is asked, None where one reads.
    """

    language: str = "km"
    commune: str | None = None
    village: str | None = None
    joined: bool = False
    people: int = 1
    asked: tuple[int, ...] = ()
    hears: str | None = None


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
    `pack` is what is published of a facility or, by the service's code, in general; `search` finds the items that a
    question in words may mean among those of a commune's facilities; `version` is one version of a pack, also a draft;
    `drafts` are those that she may publish, by subject and version.
    `board` is where scores and comments are looked up.
    `speak` says something in the person's language: what has to fit is cut by how long it is there.
    `sounds` are the recordings there are.
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
    pack: Callable[[str], Pack | None] = lambda subject: None
    version: Callable[[str, int], Pack | None] = lambda subject, number: None
    search: Callable[[str, str], Sequence[Hit]] = lambda commune, query: ()
    speak: Callable[[Phrase | str | int], str] = lambda said: spoken(said, Source())
    sounds: Sounds = NO_SOUNDS
    drafts: Callable[[], Sequence[tuple[str, int]]] = lambda: ()
    board: Board = EMPTY
