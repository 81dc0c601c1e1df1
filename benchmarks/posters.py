"""Posters of the worked example, each with words of its own, and those of a whole province by two processes.

python -m benchmarks posters
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from benchmarks.databases import Databases
from benchmarks.engine import read
from benchmarks.figures import Figure
from bot import catalogues
from bot.commands.posters import communes_of, set_files
from flows.library import Facility
from flows.packs import Pack, Performance
from flows.text import words
from reports.bars import performance_png
from reports.poster import PLACEHOLDER, Board, Press, Reach
from storage import packs
from storage.database import connect

GOAL, GOAL_PROVINCE = 150.0, 60.0  # milliseconds, seconds
POSTERS = 20
KANDAL = "08"
LETTERS = "កខគងចជឈញដទនបពមយរលសហអ"


class Others:
    """What is published about each facility: the example of its service, in other words for each, since a line that
    was set before is not set again."""

    def __init__(self, examples: dict[str, Pack]) -> None:
        self._examples = examples

    def of(self, facility: Facility) -> Board:
        draw = random.Random(facility.code)
        example = self._examples[facility.service]
        items = tuple(
            replace(
                item, text=words({"km": item.text.in_language("km") + "".join(draw.choices(LETTERS, k=3))})
            )
            for item in example.items
        )
        return Board(facility, replace(example, subject=facility.code, items=items))


async def _examples(url: str) -> dict[str, Pack]:
    database = connect(url)
    try:
        return await database.transact(
            lambda connection: {
                pack.service: pack for pack in packs.all_published(connection, True) if pack.sample
            }
        )
    finally:
        await database.close()


def each(press: Press, boards: list[Board]) -> Iterator[tuple[float, float]]:
    """Milliseconds a poster, from the pack to the bytes of its file; and of processor time."""
    for board in boards:
        before, worked = time.perf_counter(), time.process_time()
        press.pdf([board])
        yield (time.perf_counter() - before) * 1000, (time.process_time() - worked) * 1000


def figures(databases: Databases) -> list[Figure]:
    url = databases.sqlite()
    library, examples = asyncio.run(read(url)), asyncio.run(_examples(url))
    press = Press(library, catalogues.load()["km", "messages"], Reach(PLACEHOLDER), date(2026, 11, 22))
    others, codes = Others(examples), communes_of(KANDAL, library)
    boards = [others.of(library.facilities(code, "hc")[0]) for code in codes[: POSTERS + 1]]
    (first, _worked), *rest = each(press, boards)
    taken, worked = (sorted(column) for column in zip(*rest, strict=True))
    measured = [item for item in examples["hc"].items if isinstance(item, Performance)]
    before = time.perf_counter()
    performance_png(measured, "km")
    picture = (time.perf_counter() - before) * 1000
    with tempfile.TemporaryDirectory() as folder:
        before = time.perf_counter()
        count = sum(set_files(press, others.of, codes, Path(folder)))
        province = time.perf_counter() - before
    return [
        Figure("a poster, median", taken[len(taken) // 2], "ms", GOAL, most=True),
        Figure("of which processor time", worked[len(worked) // 2], "ms"),
        Figure("the slowest of twenty", taken[-1], "ms"),
        Figure("the first of a process", first, "ms"),
        Figure("performance as a picture", picture, "ms"),
        Figure(
            f"{count} posters of {len(codes)} communes, two processes",
            province,
            "s",
            GOAL_PROVINCE,
            most=True,
        ),
    ]
