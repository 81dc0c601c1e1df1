"""Speed and size: every figure beside its goal, ratios first. A goal that is missed is said, not raised.

python -m benchmarks [engine] [sqlite] [postgres] [process] [reading] [posters] [pages] [reports] [delivery] [scores] [finder]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks import delivery, engine, pages, posters, reading, reports, scores, turns
from benchmarks.databases import ROOT, Databases, sync_milliseconds
from benchmarks.figures import Figure, show

LONGEST = 300.0  # seconds after which no further part is begun

PARTS: dict[str, tuple[str, Callable[[Databases], list[Figure]]]] = {
    "engine": ("a turn of the engine alone", engine.figures),
    "sqlite": ("turns on SQLite, ours and the rival", turns.on_sqlite),
    "postgres": ("turns on PostgreSQL, ours, the rival and the bare statements", turns.on_postgres),
    "process": ("samleng run: start, memory, replies that leave", turns.all_in_one),
    "reading": ("asking in words, and pages", reading.figures),
    "pages": ("pages of the dashboard, and for everybody", pages.figures),
    "posters": ("posters for notice boards", posters.figures),
    "reports": ("reports of scores, one and all 1,652", reports.figures),
    "delivery": ("delivery: queueing, sending, replies in the middle of it", delivery.figures),
    "scores": ("scores among ten million ratings, which take some minutes to make", scores.figures),
}
#: These take their time, and are begun nevertheless.
LONG = frozenset({"scores"})
FINDER = "finder"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="NAME", help=", ".join((*PARTS, FINDER)) + "; all by default"
    )
    asked = parser.parse_args().parts or [*PARTS, FINDER]
    unknown = set(asked) - {*PARTS, FINDER}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join((*PARTS, FINDER))}")
    began = time.monotonic()
    found: list[Figure] = []
    with Databases() as databases:
        for name in (name for name in PARTS if name in asked):
            what, measure = PARTS[name]
            if time.monotonic() - began > LONGEST and name not in LONG:
                tell(f"skipped, the machine is too busy: {what}")
                continue
            tell(f"measuring {what} …")
            try:
                found += measure(databases)
            except Exception as error:
                tell(f"{name} could not be measured: {error}")
        if found:
            found.append(Figure("this disk: one fsync of a page", sync_milliseconds(databases.folder), "ms"))
    if found:
        when = datetime.now(UTC).strftime("%Y-%m-%d")
        busy = os.getloadavg()[1]
        show(found, f"{when} · Python {sys.version.split()[0]} · {os.cpu_count()} cores · load {busy:.1f}")
    if FINDER in asked:
        finder()


def finder() -> None:
    """The place finder says its figures itself."""
    if importlib.util.find_spec("benchmarks.finder") is None:
        tell("there is no benchmark of the finder")
        return
    tell("measuring the place finder …")
    try:
        subprocess.run([sys.executable, "-m", "benchmarks.finder"], cwd=ROOT, timeout=90, check=True)
    except subprocess.SubprocessError as error:
        tell(f"the finder could not be measured: {error}")


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
