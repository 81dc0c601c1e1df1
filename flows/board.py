"""What conversations may ask of the scores and comments that are stored: the scoreboard, read-only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.counts import Counts
from flows.questions import JSON

if TYPE_CHECKING:
    from flows.comments import Comment
    from flows.scoretext import Told


@dataclass(frozen=True, slots=True)
class Part:
    """A place within a wider one, with its scores by service; of nobody (falsy) where too few rated."""

    place: str
    services: Mapping[str, Counts]
    raters: int = 0

    def __bool__(self) -> bool:
        return any(self.services.values())


@dataclass(frozen=True, slots=True)
class Card:
    """The scorecard of a place or facility as a picture, drawn when it is sent; of one `service` where it is named.
    `rounds` and `until` tell one picture from another: published scores move from day to day."""

    subject: str
    service: str
    rounds: tuple[str, ...]
    until: str
    language: str

    @property
    def wanted(self) -> JSON:
        """What is to be drawn, as JSON."""
        card = {
            "subject": self.subject,
            "service": self.service,
            "rounds": list(self.rounds),
            "until": self.until,
        }
        return {"card": card, "language": self.language}


@dataclass(frozen=True, slots=True)
class Board:
    """`scores` of a place (a code of 0, 2, 4 or 6 digits) or of a facility, None where there is no such; `parts` of a
    place of 0, 2 or 4 digits; `comments` on a commune's facilities or on one facility, as many as are read here, and
    how many are `counted` (all, unanswered), None where she may read none."""

    scores: Callable[[str], Told | None] = lambda subject: None
    parts: Callable[[str], Sequence[Part]] = lambda place: ()
    comments: Callable[[str, bool], Sequence[Comment]] = lambda subject, unanswered: ()
    counted: Callable[[str], tuple[int, int] | None] = lambda subject: None


#: Where nothing is stored.
EMPTY = Board()
