"""The place finder, beside the obvious way to write one: the nearest name by rapidfuzz's WRatio.

Run with `python -m benchmarks.finder`; `--ablation` also prints what each rule buys.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rapidfuzz import fuzz, process

from flows import finder, placekeys, placementions, placequery, placesearch, placetable
from flows.finder import Candidate, Finder, Found
from flows.gazetteer import Gazetteer, Kind, Place

ROOT = Path(__file__).parent.parent
GAZETTEER = ROOT / "content" / "gazetteer"
QUERIES = ROOT / "tests" / "data" / "place_queries.csv"

Find = Callable[[str], Found]


def rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, by column name."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def load(*, aliases: bool = True, changes: bool = True) -> Gazetteer:
    """The gazetteer of content/, or what is left of it without the other names and the old codes."""
    return Gazetteer(
        [
            Place(row["code"], cast(Kind, row["kind"]), row["name_km"], row["name_latin"])
            for row in rows(GAZETTEER / "places.csv")
        ],
        [(row["code"], row["name"]) for row in rows(GAZETTEER / "names.csv")] if aliases else (),
        [(row["old_code"], row["new_code"]) for row in rows(GAZETTEER / "changes.csv")] if changes else (),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of the queries that have an answer, and of what was accepted; `wrongly` is a count."""

    first: float
    three: float
    coverage: float
    precision: float
    wrongly: int


def measure(find: Find, queries: Sequence[dict[str, str]]) -> Figures:
    """How often the right place is first, or among three; how much is accepted, and how much of it right."""
    first = three = answerable = accepted = right = wrongly = 0
    for row in queries:
        found = find(row["query"])
        expected = set(filter(None, row["expected_codes"].split("|")))
        if not expected:
            wrongly += found.accepted is not None
            continue
        answerable += 1
        hits = [not expected.isdisjoint(candidate.codes) for candidate in found.candidates[:3]]
        first += hits[:1] == [True]
        three += any(hits)
        if found.accepted is not None:
            accepted += 1
            right += found.accepted in expected
    taken = max(1, accepted + wrongly)
    return Figures(first / answerable, three / answerable, accepted / answerable, right / taken, wrongly)


def timed(find: Find, queries: Sequence[dict[str, str]], rounds: int = 1) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds a query, of each query's best of `rounds`."""
    best = [float("inf")] * len(queries)
    for _ in range(rounds):
        for place, row in enumerate(queries):
            start = time.perf_counter()
            find(row["query"])
            best[place] = min(best[place], (time.perf_counter() - start) * 1000)
    best.sort()
    return best[len(best) // 2], best[len(best) * 95 // 100]


class Naive:
    """Nearest commune by WRatio; accepts a score of 90 that leads by 3, the better of its own rules."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        names: dict[str, list[str]] = {}
        for place in gazetteer.places:
            if len(place.code) == 6:
                for name in (place.km, place.latin.casefold()):
                    names.setdefault(name, []).append(place.code)
        self._codes = list(map(tuple, names.values()))
        self._names = list(names)

    def find(self, query: str) -> Found:
        """The five names nearest to `query`."""
        near = process.extract(query.casefold(), self._names, scorer=fuzz.WRatio, limit=5)
        candidates = tuple(Candidate(self._codes[at], name, score / 100) for name, score, at in near)
        sure = len(candidates) > 1 and candidates[0].score >= max(0.9, candidates[1].score + 0.03)
        alone = sure and len(candidates[0].codes) == 1
        return Found(query, candidates[0].codes[0] if alone else None, False, candidates)


def resident() -> float:
    """MiB of memory that this process holds now (Linux; elsewhere 0)."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if pages.exists() else 0.0


def index() -> None:
    """Build the index in this process, and print what it took (the child of `started`)."""
    before = resident()
    made = Finder(load())
    print(json.dumps({"found": made.find("080113").accepted, "mib": resident() - before}))


def started() -> tuple[float, float]:
    """Seconds from the start of a process to a finder that has answered, and MiB that it took; best of 3."""
    results = []
    for _ in range(3):
        start = time.perf_counter()
        child = [sys.executable, "-m", "benchmarks.finder", "--index"]
        output = subprocess.run(child, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        results.append((time.perf_counter() - start, json.loads(output)["mib"]))
    return min(results)


# --- what each rule buys ---

Patch = tuple[Any, str, object]


@contextmanager
def without(*targets: Patch) -> Iterator[None]:
    """Replace what the rules are made of, for a while."""
    from unittest.mock import patch  # slow to import, and the child that is timed has no use for it

    memories = (placekeys.plain, placekeys.sound)
    for memory in memories:
        memory.cache_clear()
    with ExitStack() as stack:
        for module, name, value in targets:
            stack.enter_context(patch.object(module, name, value))
        yield
    for memory in memories:
        memory.cache_clear()


def nothing(*_: object, **__: object) -> tuple[()]:
    """What a rule finds that does not exist."""
    return ()


def together(text: str) -> str:
    """A name's key without the rule about its number."""
    return "".join(character for character in text if character.isalnum() or character >= "\u1780")


def undivided(text: str, **_: bool) -> list[placequery.Part]:
    """A query as one name."""
    return [placequery.Part(0, text, text)]


def unshared(_: object, codes: Iterable[str], *__: object) -> frozenset[str]:
    """Codes without those of the same official name."""
    return frozenset(codes)


def leading(candidates: list[Candidate], accepted: Callable[..., Any] = finder._accepted) -> str | None:
    """The first candidate, however near the second is."""
    return cast("str | None", accepted(candidates[:1]))


class WRatio:
    """WRatio where OSA is asked for."""

    @staticmethod
    def normalized_similarity(one: str, other: str, **_: object) -> float:
        return fuzz.WRatio(one, other) / 100


RULES: dict[str, list[Patch]] = {
    "(all rules)": [],
    "codes": [(Finder, "_by_code", nothing)],
    "look-alikes as one": [(placekeys, "key", lambda text: " ".join(text.casefold().split()))],
    "silent marks dropped": [(placekeys, "_SILENT", {})],
    "number words as digits": [
        (module, "plain", together) for module in (placesearch, placetable, placementions)
    ],
    "unit words and commas": [(placequery, "parts", undivided), (placequery, "chunks", nothing)],
    "a district after a blank": [(placesearch.Search, "_split", nothing)],
    "misspelt unit words": [(placequery, "_mended", lambda word: [word])],
    "names in sentences": [(placesearch, "mentions", nothing)],
    "the sound": [(placetable, "_PLAIN", 1.0), (placetable, "_SOUND", 0.0), (placetable, "sound", str)],
    "villages only when asked for": [(placesearch, "_UNASKED", 1.0), (placesearch, "_FAR", 0.99)],
    "communes before districts": [(placesearch, "_WIDER", 1.0)],
    "shared names as one": [(placesearch.Search, "_sharing", unshared)],
    "numbers must agree": [(placetable, "_OTHER_NUMBER", 1.0), (placetable, "_NO_NUMBER", 1.0)],
    "a lead over the next": [(finder, "_accepted", leading)],
    "edit distance (WRatio instead)": [(placetable, "OSA", WRatio)],
}


def ablation(queries: Sequence[dict[str, str]]) -> None:
    """Print the figures without each rule, with and without the other names in use."""
    print(
        "without                          first  three  accepted  right  rejects | first  three  accepted  right"
    )
    for rule, targets in RULES.items():
        with without(*targets):
            full, blind = (measure(Finder(load(aliases=aliases)).find, queries) for aliases in (True, False))
        print(
            f"{rule:32} {full.first:6.1%} {full.three:6.1%} {full.coverage:8.1%} {full.precision:7.1%} {full.wrongly:7} "
            f"| {blind.first:5.1%} {blind.three:6.1%} {blind.coverage:8.1%} {blind.precision:7.1%}"
        )


def run() -> None:
    """Print the figures of the finder and of the naive one."""
    queries = rows(QUERIES)
    gazetteer = load()
    finds: dict[str, Find] = {"finder": Finder(gazetteer).find, "naive WRatio": Naive(gazetteer).find}
    print(f"{len(queries)} queries; shares are of those that have an answer")
    speeds = {}
    for name, find in finds.items():
        cold = timed(find, queries)
        figures, speeds[name] = measure(find, queries), timed(find, queries, 3)
        print(
            f"  {name:14} first {figures.first:.1%}  three {figures.three:.1%}  "
            f"accepted {figures.coverage:.1%}, right {figures.precision:.1%}, rejects accepted {figures.wrongly}  "
            f"p50 {speeds[name][0]:.2f} ms  p95 {speeds[name][1]:.2f} ms (first pass {cold[0]:.2f}, {cold[1]:.2f})"
        )
    mine, other = speeds["finder"], speeds["naive WRatio"]
    print(
        f"  the finder takes {mine[0] / other[0]:.2f} of the naive one's time at p50, {mine[1] / other[1]:.2f} at p95"
    )
    blind = measure(Finder(load(aliases=False)).find, queries)
    print(f"  without the other names in use: first {blind.first:.1%}, three {blind.three:.1%}")
    repeated = ("ព្រែកអំពិល ", "ក្រ", "prek ampil ", "samraong takeo, ", "phum a srok b ", "េ")
    names = (
        ", ".join(place.latin for place in gazetteer.places[::9]),
        "".join(place.km for place in gazetteer.places),
    )
    long = [{"query": text[:10_000]} for text in (*(unit * 10_000 for unit in repeated), *names)]
    slowest = max(timed(finds["finder"], [row], 3)[0] for row in long)
    print(f"  10,000 characters: {slowest:.1f} ms, the slowest of {len(long)} texts")
    seconds, mib = started()
    print(f"  index: {seconds:.2f} s from the start of the process, {mib:.0f} MiB")
    if "--ablation" in sys.argv:
        ablation(queries)


if __name__ == "__main__":
    index() if "--index" in sys.argv else run()
