"""Choosing some villages of a commune: ticked on a list, or written, several at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from rapidfuzz.distance import OSA

from flows import khmer
from flows.gazetteer import Place
from flows.library import place_name
from flows.places import MORE, PAGE
from flows.questions import JSON, MISSED, Open, Option, Said, Way
from flows.text import Phrase, _, joined
from flows.world import World

DONE = "done"
TICK = "✓"
MOST_TURNS = 40  # of ticking; more is somebody at play
_BETWEEN = re.compile(r"\s*(?:[,;/\n។]|\band\b|និង)\s*")
_NUMBERS = re.compile(r"[0-9]{1,2}(?:[ ,;]+[0-9]{1,2})+")
_UNIT = re.compile(r"^(?:ភូមិ|phum|village)\s*")
NEAR = 0.8  # of likeness; two villages of a commune are rarely so alike, and it is shown what was understood


@dataclass(frozen=True, kw_only=True)
class Villages(Open["tuple[str, ...] | Way"]):
    """Villages by their names, several at once, or one ticked. `find`: the codes of what was written, none unless
    every name was found."""

    find: Callable[[str], tuple[str, ...]]

    def worded(self, said: Said) -> JSON:
        codes = self._numbered(said.text) or self.find(said.text)
        return {"villages": list(codes)} if codes and not said.attachment else MISSED

    def _numbered(self, text: str) -> tuple[str, ...]:
        line = khmer.ascii_digits(khmer.visible(text)).strip()
        if not _NUMBERS.fullmatch(line):
            return ()
        listed = [way.value for way in self.ways if len(way.value) == 8]
        numbers = [int(number) for number in re.findall("[0-9]+", line)]
        if not all(1 <= number <= len(listed) for number in numbers):
            return ()
        return tuple(dict.fromkeys(listed[number - 1] for number in numbers))

    def worth(self, answer: JSON) -> bool:
        return isinstance(answer, dict) and bool(answer.get("villages"))

    def meaning(self, answer: JSON) -> tuple[str, ...] | Way:
        return tuple(answer["villages"])

    def unclear(self) -> Phrase:
        return _("I don't know that village in this commune. Write its name, or the numbers of several: 1 3")


async def choose_villages(world: World, commune: str) -> tuple[str, ...]:
    """One or several villages of a commune, in the order of its list."""
    villages = world.library.gazetteer.children(commune)
    pages = [villages[start : start + PAGE] for start in range(0, len(villages), PAGE)]
    chosen: set[str] = set()
    page = 0
    for turn in count(1):
        picked = await _ask(turn, villages, pages, page, chosen)
        if not isinstance(picked, Way):
            chosen |= set(picked)
            if world.channel.brief:
                break
        elif picked.code == MORE:
            page = (page + 1) % len(pages)
        elif picked.code == DONE:
            break
        else:
            chosen ^= {picked.code}
            if chosen and (world.channel.brief or turn >= MOST_TURNS):
                break  # where each message costs, several are written at once
    return tuple(village.code for village in villages if village.code in chosen)


async def _ask(
    turn: int, villages: Sequence[Place], pages: Sequence[Sequence[Place]], page: int, chosen: set[str]
) -> tuple[str, ...] | Way:
    ways = [
        Option(place.code, joined(TICK, place_name(place)) if place.code in chosen else place_name(place))
        for place in pages[page]
    ]
    if len(pages) > 1:
        ways.append(Option(MORE, _("More")))
    if chosen:
        ways.append(Option(DONE, _("That is all")))
    return await Villages(
        key=f"village.{turn}",
        text=_("Which villages? One or several."),
        find=lambda line: _found(line, villages),
        ways=tuple(ways),
        budget=3,
    )


def _found(line: str, villages: Sequence[Place]) -> tuple[str, ...]:
    """The villages that are written, separated by commas; none unless each is one of these."""
    names = [name for name in _BETWEEN.split(khmer.visible(line).strip()) if name]
    found = [_one(name, villages) for name in names]
    return tuple(dict.fromkeys(code for code in found if code)) if found and all(found) else ()


def _one(name: str, villages: Sequence[Place]) -> str | None:
    wanted = _folded(name)
    if not wanted:
        return None
    if wanted.isdigit():  # a code is right or wrong, and never like another
        return wanted if any(place.code == wanted for place in villages) else None
    scored = sorted(
        (
            (max(OSA.normalized_similarity(wanted, _folded(known)) for known in _names(place)), place.code)
            for place in villages
        ),
        reverse=True,
    )
    if not scored or scored[0][0] < NEAR:
        return None
    if len(scored) > 1 and scored[1][0] > scored[0][0] - 0.05:
        return None  # as like one as the other
    return scored[0][1]


def _names(place: Place) -> tuple[str, ...]:
    return (place.code, place.km, place.latin) if place.latin else (place.code, place.km)


def _folded(name: str) -> str:
    return _UNIT.sub("", khmer.key(name)).replace(" ", "")
