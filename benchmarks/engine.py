"""The engine alone: one turn near the end of a rating, over the whole country's library. No database, no channel.

python -m benchmarks engine
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from benchmarks.databases import Databases
from benchmarks.figures import Figure
from benchmarks.people import Person
from bot import catalogues
from flows import engine
from flows.channel import TELEGRAM
from flows.engine import Conversation
from flows.library import Library
from flows.questions import Said
from flows.rate import rate
from flows.text import Catalogue
from flows.world import Contact, World
from storage import reference
from storage.database import connect

GOAL = 300.0  # microseconds
ROUNDS, TURNS = 20, 200


async def read(url: str) -> Library:
    database = connect(url)
    try:
        return await database.transact(reference.read)
    finally:
        await database.close()


def microseconds(turn: Callable[[], Any]) -> float:
    """What a turn takes, in the middle of many rounds."""
    times = []
    for _ in range(ROUNDS):
        before = time.perf_counter()
        for _ in range(TURNS):
            turn()
        times.append((time.perf_counter() - before) / TURNS)
    return sorted(times)[ROUNDS // 2] * 1e6


def measure(library: Library) -> list[Figure]:
    person = Person(1)
    world = World(Contact(), TELEGRAM, library, lambda _facility: 0, "2026-Q4", catalogues.languages())
    chains = catalogues.load()
    labels: list[Catalogue] = [chains[code, "messages"] for code, _name in catalogues.languages()]
    answers: dict[str, Any] = {
        "service": person.service,
        "place.1": {"communes": [person.commune[0]], "sure": True},
        "rated": 0,
    }
    answers |= {f"score.{code}": score for code, score in person.scores.items()}
    answers["comment"] = None
    end = Conversation("rate", answers, tag="abcd")
    last = f"score.{list(person.scores)[-1]}"
    before_last = Conversation(
        "rate", {key: value for key, value in answers.items() if key not in {last, "comment"}}, tag="abcd"
    )
    beginning = Conversation("rate", {"service": person.service}, tag="abcd")
    sending = engine.resume(rate, end, Said(text="1"), world, labels)
    assert type(sending.outcome).__name__ == "Rated", sending

    def turn(conversation: Conversation, said: Said) -> Callable[[], Any]:
        return lambda: engine.resume(rate, conversation, said, world, labels)

    def figure(what: str, said: Callable[[], Any], goal: float | None = GOAL) -> Figure:
        return Figure(f"engine: {what}", microseconds(said), "µs", goal, most=True)

    return [
        figure("the last question answered by its number", turn(end, Said(text="1"))),
        figure("the last question tapped", turn(end, Said(tap=("review.1", "send")))),
        figure("the last score, typed in Khmer", turn(before_last, Said(text="៤"))),
        figure("the last score, by its label", turn(before_last, Said(text="Satisfied"))),
        figure("a commune, typed", turn(beginning, Said(text=person.commune[1])), None),
    ]


def figures(databases: Databases) -> list[Figure]:
    return measure(asyncio.run(read(databases.sqlite())))
