"""Reading what facilities publish: asking in words among 2,000 items, and the pages of a full block.

Run with `python -m benchmarks.reading`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

from benchmarks.databases import Databases
from benchmarks.figures import Figure, show
from bot import catalogues
from bot.channels.sms import Sms
from bot.channels.telegram import Telegram
from flows import engine, packsearch, read
from flows.channel import SMS, TELEGRAM, Channel
from flows.gazetteer import Gazetteer, Place
from flows.library import Facility, Library
from flows.packs import Pack
from flows.packsearch import Index
from flows.text import spoken
from flows.world import Contact, World
from tests.packs import crowded

ITEMS, MOST = 2000, 200  # items of a commune's packs; those of one block at most
GOAL = 5.0  # milliseconds, of a search and of a page
QUERIES = (
    "សំបុត្រដីលេខ ៨ ថ្លៃប៉ុន្មាន",
    "how much is certificate 117 of kind 20",
    "certificate",
    "តើចុះបញ្ជីផ្ទះអស់លុយប៉ុន្មាន",
    "ពាក្យគោ១២",
    "លិខិតបញ្ជាក់ទីលំណៅ",
    "nothing like it here at all",
    "ចង់ដឹងអំពីអ្វីដែលគ្មាននៅទីនេះទេ សូមជួយប្រាប់ខ្ញុំផង",
)


def slowest(works: list[Callable[[], object]], rounds: int = 15) -> float:
    """Milliseconds of the slowest of some works, each by its best round."""
    worst = 0.0
    for work in works:
        best = float("inf")
        for _ in range(rounds):
            start = time.perf_counter()
            work()
            best = min(best, time.perf_counter() - start)
        worst = max(worst, best)
    return worst * 1000


def searches() -> list[Figure]:
    """Asking in words, among the packs of a commune's three facilities."""
    packs = [crowded(code, ITEMS // 3) for code in ("ca080303", "hc080303", "ps080303")]
    start = time.perf_counter()
    indexes = [Index(pack) for pack in packs]
    made = (time.perf_counter() - start) * 1000
    works: list[Callable[[], object]] = [
        lambda query=query: packsearch.find(indexes, query)  # type: ignore[misc]
        for query in QUERIES
    ]
    return [
        Figure(f"search among {ITEMS:,} items, the slowest", slowest(works), "ms", GOAL, most=True),
        Figure("their indexes, once for each version of a pack", made, "ms"),
    ]


def pages() -> list[Figure]:
    """A page from what was said to the rendered message: of a block with as many prices as there may be."""
    place = [Place("08", "province", "ក", "k"), Place("0803", "district", "ខ", "kh")]
    library = Library(
        Gazetteer([*place, Place("080303", "commune", "គ", "ko")]),
        [Facility("hc080303", "hc", "", "", ("080303",))],
        [],
    )
    chains = catalogues.load()
    pack = crowded("hc080303", MOST)
    found = []
    for channel, medium in ((TELEGRAM, Telegram()), (SMS, Sms())):
        world = _world(channel, library, pack, chains["km", channel.wording])
        answers: dict[str, Any] = {"facility": "hc080303", "block": "prices", "page.1": "more"}

        def page(world: World = world, medium: Any = medium, answers: dict[str, Any] = answers) -> object:
            turn = engine.start(read.read, world, answers, name="read")
            chain = chains["km", world.channel.wording]
            return medium.render(turn.replies, chain, "tags", ["back", "menu"])

        start = time.perf_counter()
        page()
        first = (time.perf_counter() - start) * 1000
        found += [
            Figure(f"a page of {MOST} prices, {channel.name}", slowest([page]), "ms", GOAL, most=True),
            Figure(f"the first of them, {channel.name}, once a day and language", first, "ms"),
        ]
    return found


def _world(channel: Channel, library: Library, pack: Pack, chain: catalogues.Chain) -> World:
    return World(
        Contact(),
        channel,
        library,
        lambda facility: 0,
        today=date(2026, 11, 22),
        pack=lambda subject: pack if subject == pack.subject else None,
        speak=lambda said: spoken(said, chain),
    )


def figures(_databases: Databases | None = None) -> list[Figure]:
    """Both; no database is needed."""
    return searches() + pages()


if __name__ == "__main__":
    show(figures(), "Reading")
