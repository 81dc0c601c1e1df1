"""Asking for a day and a time, as people write them; what was not clear is asked for again, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from flows import dates
from flows.dates import Unclear
from flows.questions import JSON, MISSED, Open, Said
from flows.text import Phrase, _
from flows.world import World

if TYPE_CHECKING:
    from datetime import date

Reader = Callable[[str], "str | Unclear"]

_WHY: dict[str, Phrase] = {
    "no such day": _("There is no such day."),
    "no such time": _("There is no such time of day."),
    "past": _("That time has passed already."),
    "other weekday": _("That day is another day of the week."),
}


_TWO = _("That can mean two times. Write the day and the month, and whether it is morning or afternoon.")


@dataclass(frozen=True, kw_only=True)
class When(Open[str]):
    """A moment in the person's own words. `hear` reads it: what is stored, or why it is not clear."""

    hear: Reader
    two: Phrase = _TWO

    def worded(self, said: Said) -> JSON:
        heard = self.hear(said.text) if said.text and not said.attachment else MISSED
        return MISSED if isinstance(heard, Unclear) else heard

    def worth(self, answer: JSON) -> bool:
        return isinstance(answer, str)

    def hint(self, said: Said) -> Phrase:
        heard = self.hear(said.text) if said.text else None
        if isinstance(heard, Unclear) and heard.reason == "two readings":
            return self.two
        if isinstance(heard, Unclear) and heard.reason in _WHY:
            return _WHY[heard.reason]
        return super().hint(said)


async def choose_when(world: World, key: str, text: Phrase) -> tuple[str, str]:
    """A coming day and time, as (2026-12-01, 08:30). A day alone is taken, and then the time asked for.

    What is stored is the day that was meant when it was typed: "tomorrow" stays the same day after midnight.
    """
    assert world.today is not None
    today = world.today
    for attempt in count(1):
        heard = await When(
            key=f"{key}.{attempt}",
            text=text,
            hear=lambda line: _moment(line, today, world.now),
            budget=2,
        )
        on, _t, at = heard.partition("T")
        if at:
            return on, at
        at = await When(
            key=f"{key}.{attempt}.time",
            text=_("What time? For example: 8:00 in the morning"),
            hear=_clock,
            two=_("In the morning, or in the afternoon?"),
        )
        if f"{on}T{at}" > world.now:
            return on, at
        text = _WHY["past"]
    raise AssertionError("count() does not end")


def _moment(line: str, today: date, now: str) -> str | Unclear:
    """2026-12-01T08:30, or 2026-12-01 where no time was given."""
    heard = dates.when(line, today)
    if isinstance(heard, Unclear):
        on = dates.day(line, today)
        if isinstance(on, Unclear):
            return heard if heard.reason != "not understood" else on
        return on.isoformat() if on >= today else Unclear("past")
    moment = f"{heard.on.isoformat()}T{heard.at.hour:02}:{heard.at.minute:02}"
    return moment if moment > now else Unclear("past")


def _clock(line: str) -> str | Unclear:
    heard = dates.clock(line)
    if heard == Unclear("not understood"):
        heard = dates.clock(f"ម៉ោង {line}")  # a bare number is the hour, where nothing else was asked for
    return heard if isinstance(heard, Unclear) else f"{heard.hour:02}:{heard.minute:02}"
