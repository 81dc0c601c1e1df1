"""Reading what facilities publish: pages of a full block and asking in words among 2,000 items, by the real handlers on
a real SQLite, from a message to its queued and committed reply. First what nobody looked at before, then what is warm.

Run with `python -m benchmarks.reading`.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from benchmarks.databases import Databases
from benchmarks.figures import Figure, show
from bot import catalogues
from bot.app import media
from bot.channels import terminal
from bot.settings import Settings
from bot.shelving import Shelving
from flows import packsearch, read
from flows.packs import Pack
from flows.packsearch import Index
from handlers.desk import Desk, Incoming, Part, utc_now
from handlers.receive import receive
from handlers.shelf import Shelf
from storage import packs, reference
from storage.database import Database, connect
from storage.vault import Vault
from tests.packs import crowded

ITEMS, MOST = 2000, 200  # items of a commune's packs; those of one block at most
GOAL = 5.0  # milliseconds, of a search and of a page
ROUNDS = 15
LIST, COMMUNE = "hc080304", "080302"  # who publishes 200 prices; whose three facilities publish 2,000 items
CROWD = tuple(f"{service}{COMMUNE}" for service in ("ca", "hc", "ps"))
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
_messages = itertools.count(1)


@dataclass(frozen=True, order=True)
class Took:
    """Milliseconds on the clock, and those that the processor worked: steadier where the machine is not quiet."""

    wall: float
    work: float


class Watch:
    """Measures from when it is made."""

    def __init__(self) -> None:
        self.began, self.worked = time.perf_counter(), time.thread_time()

    def took(self) -> Took:
        wall, work = time.perf_counter() - self.began, time.thread_time() - self.worked
        return Took(wall * 1000, work * 1000)


class Reader:
    """Somebody who reads, and how long her last message took."""

    def __init__(self, database: Database, desk: Desk, channel: str, address: str) -> None:
        self.database = database
        self.desk = desk
        self.channel = channel
        self.address = address
        self.parts: list[Part] = []

    async def says(self, *lines: str) -> Took:
        for line in lines:
            said = terminal.understood(line, self.parts)
            incoming = Incoming(self.channel, self.address, f"M{next(_messages)}", said)
            watch = Watch()
            received = await self.database.turn(self.address, receive, incoming, self.desk)
            took = watch.took()
            self.parts = received.parts or self.parts
        return took


async def middle(work: Callable[[], Awaitable[Took]], rounds: int = ROUNDS) -> Took:
    """The middle of what some rounds took."""
    found = [await work() for _ in range(rounds)]
    return Took(
        sorted(took.wall for took in found)[rounds // 2], sorted(took.work for took in found)[rounds // 2]
    )


def figure(what: str, took: Took, goal: float | None = GOAL) -> Figure:
    return Figure(f"{what} ({took.work:.1f} of processor)", took.wall, "ms", goal, most=True)


async def begin(database: Database, desk: Desk) -> None:
    """As in a process that has just begun: no page was made yet, and the large packs are read in the background."""
    forget(desk)
    await Shelving(database, desk).look()


def forget(desk: Desk) -> None:
    """As in a process that has not even done that."""
    desk.shelf = Shelf()
    read._MADE.clear()


async def publish(database: Database, pack: Pack, *, shown: bool = True) -> int:
    version = await database.transact(packs.keep, pack, None, utc_now())
    if shown:
        assert await database.transact(packs.publish, pack.subject, version, utc_now())
    return version


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[Database, Desk]]:
    database = connect(url)
    try:
        library = await database.transact(reference.read)
        gc.collect()
        gc.freeze()  # as `bot.app` does it
        gc.set_threshold(10_000, 20, 50)
        vault, shown = Vault("a secret for benchmarks only"), media(Settings(demo=True))
        yield database, Desk(vault, library, shown, catalogues.load(), catalogues.languages())
    finally:
        await database.close()


async def pages(database: Database, desk: Desk) -> list[Figure]:
    """A page of a block with as many prices as there may be."""
    await publish(database, crowded(LIST, MOST))
    found = []
    for channel, address, more in (("telegram", "1", "[បន្ទាប់ →]"), ("sms", "+85512000001", "1")):
        reader = Reader(database, desk, channel, address)

        async def first(reader: Reader = reader) -> Took:
            await reader.says(f"INFO {LIST}")
            await begin(database, desk)
            return await reader.says("1")

        async def unread(reader: Reader = reader) -> Took:
            await reader.says(f"INFO {LIST}")
            forget(desk)
            return await reader.says("1")

        async def warm(reader: Reader = reader) -> Took:
            return await reader.says(f"INFO {LIST}", "1")

        async def last(reader: Reader = reader, more: str = more) -> Took:
            await reader.says("ថយ")
            await begin(database, desk)
            return await reader.says(more)

        await first()  # what any message of a process loads
        found += [
            figure(f"the first look at {MOST} prices, {channel}", await middle(first)),
            figure("… where their pack was not read yet either", await middle(unread)),
            figure("… where somebody looked before", await middle(warm)),
        ]
        count = 1
        while _more(reader.parts, more):
            await reader.says(more)
            count += 1
        found.append(figure(f"… at their last page, {count}, first of all", await middle(last), None))
    return found


def _more(parts: list[Part], more: str) -> bool:
    """Whether a page has another one behind it."""
    if "keyboard" in parts[-1]:
        return any(label == more.strip("[]") for row in parts[-1]["keyboard"] for label, _data in row)
    return "បន្ត" in str(parts[-1]["text"]).splitlines()[-1]


async def searches(database: Database, desk: Desk) -> list[Figure]:
    """Asking in words, among the packs of a commune's three facilities."""
    made = [crowded(code, ITEMS // 3) for code in CROWD]
    for pack in made:
        await publish(database, pack)
    reader = Reader(database, desk, "telegram", "2")
    await reader.says("INFO HC", COMMUNE)

    async def prepared() -> Took:
        """The whole time in which the packs are made ready, in the background."""
        watch = Watch()
        await begin(database, desk)
        return watch.took()

    async def first(query: str) -> Took:
        await begin(database, desk)
        return await reader.says(f"INFO {query}")

    async def unprepared() -> Took:
        forget(desk)
        return await reader.says(f"INFO {QUERIES[0]}")

    async def after_a_draft() -> Took:
        """A new version of all three is handed in, seen by the process, published, and asked about."""
        shelving = Shelving(database, desk)
        versions = [await publish(database, _newer(pack), shown=False) for pack in made]
        await shelving.look()
        for pack, version in zip(made, versions, strict=True):
            assert await database.transact(packs.publish, pack.subject, version, utc_now())
        return await reader.says(f"INFO {QUERIES[0]}")

    firsts = [await middle(lambda query=query: first(query), 5) for query in QUERIES]  # type: ignore[misc]
    warms = [await middle(lambda query=query: reader.says(f"INFO {query}")) for query in QUERIES]  # type: ignore[misc]
    indexes = [Index(pack) for pack in made]
    alone = [lambda query=query: packsearch.find(indexes, query) for query in QUERIES]  # type: ignore[misc]
    return [
        Figure(
            f"a search among {ITEMS:,} items by itself, the slowest", slowest(alone), "ms", GOAL, most=True
        ),
        figure("the first to ask in words among them, the slowest of eight questions", max(firsts)),
        figure("… where somebody asked before", max(warms)),
        figure("… right after a draft was published", await middle(after_a_draft, 5)),
        figure("making three packs ready in the background", await middle(prepared, 5), None),
        Figure("… its longest step, which a turn may wait for", _longest_step(made), "ms", GOAL, most=True),
        figure("who asks before they are ready", await middle(unprepared, 5), None),
    ]


def slowest(works: list[Callable[[], object]], rounds: int = ROUNDS) -> float:
    """Milliseconds of the slowest of some works, each by the middle of its rounds."""
    worst = 0.0
    for work in works:
        took = []
        for _ in range(rounds):
            start = time.perf_counter()
            work()
            took.append(time.perf_counter() - start)
        worst = max(worst, sorted(took)[rounds // 2])
    return worst * 1000


def _newer(pack: Pack) -> Pack:
    return replace(
        pack, items=(*pack.items[:-1], replace(pack.items[-1], true_on=f"2026-02-{next(_days):02}"))
    )


_days = itertools.cycle(range(1, 29))


def _longest_step(made: list[Pack]) -> float:
    """Of the steps of all indexes, each by the shortest of some rounds: what else the machine does is none of ours."""
    rounds = [[_steps(pack) for pack in made] for _ in range(5)]
    return max(min(times) for of_pack in zip(*rounds, strict=True) for times in zip(*of_pack, strict=True))


def _steps(pack: Pack) -> list[float]:
    times = []
    steps = Index.in_steps(pack)
    ended = False
    while not ended:
        start = time.perf_counter()
        ended = next(steps, steps) is steps
        times.append((time.perf_counter() - start) * 1000)
    return times


async def measure(url: str) -> list[Figure]:
    async with opened(url) as (database, desk):
        return [*await pages(database, desk), *await searches(database, desk)]


def figures(databases: Databases) -> list[Figure]:
    """Both."""
    return asyncio.run(measure(databases.sqlite()))


if __name__ == "__main__":
    with Databases() as fresh:
        show(figures(fresh), "Reading")
