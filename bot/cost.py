"""What each conversation costs by SMS: its outgoing segments, in each language, as the flows say it today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.sms import Sms
from flows import engine
from flows.channel import SMS
from flows.library import Library
from flows.outcomes import Goto
from flows.questions import Choice, Comment, Open, Place, Question, Said, Scale
from flows.registry import FLOWS
from flows.segments import measure
from flows.text import Catalogue
from flows.world import Contact, World

FACILITY = "hc080303"
PLACE = "080303"
STORED = {
    "facility": FACILITY,
    "person": 1,
    "reference": "ABC234",
    "scores": {"hc-presence": 4, "hc-attitude": 3, "hc-medicine": 5, "hc-hygiene": 5, "hc-price": 4},
}
HOME = Contact(commune=PLACE, asked=(1,))

#: A conversation: its name, who has it, and the flows it goes through with what they are started with.
Journey = tuple[str, Contact, tuple[tuple[str, Mapping[str, Any]], ...]]
JOURNEYS: tuple[Journey, ...] = (
    ("a guided rating, for the first time", Contact(), (("rate", {}), ("thanks", STORED))),
    ("a guided rating, place known", HOME, (("rate", {}), ("thanks", STORED))),
    ("a guided rating by a QR code", Contact(), (("rate", {"facility": FACILITY}), ("thanks", STORED))),
    ("a rating in one line", Contact(), (("thanks", STORED),)),
    ("… with a comment", Contact(), (("thanks", {**STORED, "commented": True}),)),
    ("a comment afterwards", Contact(), (("noted", {}),)),
    ("one answer changed", HOME, (("correct", STORED), ("thanks", STORED))),
    ("about me", Contact(), (("about", {"facility": FACILITY}), ("described", {}))),
    ("joining", Contact(), (("join", {}), ("joined", {}))),
    ("stopping", HOME, (("leave", {}), ("left", {}))),
    ("the first menu", Contact(), (("menu", {"welcome": True}),)),
    ("the menu", HOME, (("menu", {}),)),
    ("help", HOME, (("help", {}),)),
    ("another language", HOME, (("language", {}), ("language_set", {}))),
    ("my data, deleted", HOME, (("privacy", {}), ("erase", {}), ("erased", {}))),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """`segments` in all, in how many `messages`, and the `largest` of them."""

    messages: int
    segments: int
    largest: int


def cost(journey: Journey, library: Library, catalogue: Catalogue) -> Cost:
    """What we pay when every question is answered with its first answer."""
    _name, contact, flows = journey
    world = World(contact, SMS, library, lambda _facility: 0, "2026-Q4")
    counts = [
        measure(part["text"]).count
        for name, given in flows
        for turn in _turns(name, given, world, catalogue)
        for part in Sms().render(turn.replies, catalogue, "", ())
    ]
    return Cost(len(counts), sum(counts), max(counts, default=0))


def _turns(name: str, given: Mapping[str, Any], world: World, catalogue: Catalogue) -> Iterator[engine.Turn]:
    turn = engine.start(FLOWS[name], world, given, name=name)
    while True:
        if turn.replies:
            yield turn
        # `thanks` is where a rating ends; what may be added to it is counted for itself.
        if turn.question is None or name in {"thanks", "menu"} or isinstance(turn.outcome, Goto):
            return
        turn = engine.resume(FLOWS[name], turn.conversation, _answer(turn.question), world, [catalogue])


def _answer(question: Question[Any]) -> Said:
    match question:
        case Scale():
            return Said(text="4")
        case Choice():
            return Said(text="1")
        case Place():
            return Said(text=PLACE)
        case Comment() | Open():
            return Said(text="ទឹកខ្វះ")
    raise TypeError(f"{question!r} has no first answer")
