"""What a database holds of what was acknowledged: the checks of the kill test."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.databases import plain
from benchmarks.people import Person
from benchmarks.servers import KEY
from storage.vault import Vault

Message = tuple[str, str]  # channel and the provider's id


@dataclass(frozen=True, slots=True)
class Found:
    """What was acknowledged and is not there, and what is there twice, each in words."""

    lost: frozenset[str]
    doubled: frozenset[str]

    def __or__(self, other: Found) -> Found:
        return Found(self.lost | other.lost, self.doubled | other.doubled)


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query. A SQLite file is read from a copy: who opens it would repair what the dead left."""
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        copy = file.with_name("copy.db")
        for ending in ("", "-wal"):
            left = Path(f"{file}{ending}")
            Path(f"{copy}{ending}").unlink(missing_ok=True)
            if left.exists():
                shutil.copy(left, f"{copy}{ending}")
        with closing(sqlite3.connect(copy)) as connection:
            return connection.execute(query).fetchall()

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(plain(url))
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def messages(url: str, acknowledged: set[Message]) -> Found:
    """Every acknowledged message has been taken, and each has one reply."""
    taken = {
        (channel, message): reply
        for channel, message, reply in rows(url, "SELECT channel, message, reply FROM inbox")
    }
    replies = {number for (number,) in rows(url, "SELECT id FROM outbox")}
    lost = {f"message not taken: {message}" for message in acknowledged - taken.keys()}
    lost |= {
        f"no reply to {message}" for message in acknowledged & taken.keys() if taken[message] not in replies
    }
    doubled = {f"a reply to nothing: {number}" for number in replies - set(taken.values())}
    return Found(frozenset(lost), frozenset(doubled))


def ratings(url: str, finished: Iterable[tuple[str, Person]], *, all_of_them: bool) -> Found:
    """Who finished has one rating, with her scores; the counters are the sum of the ratings. `all_of_them`:
    nobody is under way, so that there is no other rating either."""
    vault = Vault(KEY)
    lost: set[str] = set()
    doubled: set[str] = set()
    stored: dict[bytes, dict[str, int]] = {}
    counted: Counter[tuple[str, str, int]] = Counter()
    given = rows(url, "SELECT rater, facility, round, scores FROM responses")
    for rater, facility, _round, scores in given:
        stored[rater] = json.loads(scores) if isinstance(scores, str) else scores
        counted.update((facility, code, score) for code, score in stored[rater].items())
    round_code = given[0][2] if given else ""  # a run is short
    expected: set[bytes] = set()
    for channel, person in finished:
        address = person.phone if channel == "sms" else str(person.chat)
        rater = vault.rater(vault.address_hash(channel, address), 1, person.facility, round_code)
        expected.add(rater)
        if stored.get(rater) != person.scores:
            lost.add(f"{channel} {person}: gave {person.scores}, stored is {stored.get(rater)}")
    if all_of_them:
        doubled |= {f"a rating that nobody gave: {rater.hex()}" for rater in stored.keys() - expected}
    kept: Counter[tuple[str, str, int]] = Counter()
    for facility, criterion, *counters in rows(
        url, "SELECT facility, criterion, s1, s2, s3, s4, s5 FROM histograms WHERE grp = 'all'"
    ):
        kept.update({(facility, criterion, score): n for score, n in enumerate(counters, 1) if n})
    for what in counted.keys() | kept.keys():
        if kept[what] != counted[what]:
            side = lost if kept[what] < counted[what] else doubled
            side.add(f"counter of {what}: {kept[what]}, the ratings say {counted[what]}")
    return Found(frozenset(lost), frozenset(doubled))
