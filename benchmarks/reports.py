"""A commune's report, and those of the whole country by two processes, with what they hold in memory.

python -m benchmarks reports; COMMUNES=200 makes fewer
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.databases import ROOT, Databases
from benchmarks.engine import read as library_of
from benchmarks.figures import Figure
from bot import catalogues
from bot.commands.report import below
from reports import card, pages, reading, tables
from reports.pages import Links
from reports.poster import Reach
from storage.database import Connection, connect
from tests.scored import fill

GOAL, GOAL_ALL, GOAL_MEMORY = 150.0, 180.0, 500.0  # milliseconds, seconds, MiB
REPORTS = 20
LINKS = Links("https://samleng.example.org", Reach("https://t.me/samleng_bot"))


def memory(pid: int) -> float:
    """MiB that a process and those it started hold now, by Linux's own count; what they share is counted once."""
    return sum(map(_held, (pid, *_children(pid)))) / 1024


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # it has just ended
            for child in map(int, task.read_text().split()):
                found += [child, *_children(child)]
    return found


def _held(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def all_of_them(url: str, folder: Path) -> tuple[float, float]:
    """Seconds of `samleng report --each commune`, and the most memory it held, looked at every second."""
    command = [sys.executable, "-m", "bot.cli", "report", "nation", "--each", "commune", "-o", str(folder)]
    before = time.perf_counter()
    running = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "SAMLENG_DATABASE_URL": url, "SAMLENG_TELEGRAM_USERNAME": "samleng_bot"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    most = 0.0
    while running.poll() is None:
        most = max(most, memory(running.pid))
        with suppress(subprocess.TimeoutExpired):
            running.wait(1)
    if running.returncode:
        raise RuntimeError(f"{' '.join(command[2:])} ended with {running.returncode}")
    return time.perf_counter() - before, most


def timed(work: Callable[..., Any], *arguments: Any) -> float:
    """Milliseconds."""
    before = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - before) * 1000


def figures(databases: Databases) -> list[Figure]:
    url = databases.sqlite()
    library = asyncio.run(library_of(url))
    communes = below("", 6, library)[: int(os.environ.get("COMMUNES", "0")) or None]

    def transact(work: Callable[[Connection], Any]) -> Any:
        async def done() -> Any:
            database = connect(url)
            try:
                return await database.transact(work)
            finally:
                await database.close()

        return asyncio.run(done())

    transact(lambda connection: fill(connection, library, communes))
    khmer = catalogues.load()["km", "messages"]
    chosen = communes[:: max(1, len(communes) // REPORTS)][: REPORTS + 1]
    read = [
        timed(transact, lambda connection, code=code: reading.of_place(connection, library, code))
        for code in chosen
    ]
    scored = [
        transact(lambda connection, code=code: reading.of_place(connection, library, code)) for code in chosen
    ]
    first, *rest = [timed(pages.pdf, one, library, khmer, None, LINKS) for one in scored]
    pictures = [timed(card.card_png, one, library, khmer) for one in scored]
    books = [timed(tables.xlsx, one, library, khmer) for one in scored]
    with tempfile.TemporaryDirectory() as folder:
        before = _worked()
        whole, held = all_of_them(url, Path(folder))
        worked = (_worked() - before) / 2
        count = len(list(Path(folder).glob("*.pdf")))
    return [
        Figure("a commune's report as PDF, median", _median(rest), "ms", GOAL, most=True),
        Figure("the slowest of twenty", max(rest), "ms"),
        Figure("the first of a process", first, "ms"),
        Figure("its scorecard read, with opening the database", _median(read), "ms"),
        Figure("its picture for a chat", _median(pictures[1:]), "ms"),
        Figure("its workbook", _median(books[1:]), "ms"),
        Figure(f"reports of {count:,} communes, two processes", whole, "s", GOAL_ALL, most=True),
        Figure("of which processor time, on each of two cores", worked, "s"),
        Figure("memory of all three processes", held, "MiB", GOAL_MEMORY, most=True),
    ]


def _worked() -> float:
    """Processor time of the processes that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
