"""The kill test of delivery: a worker tells several thousand people of meetings, and is killed again and again.

Each round begins a worker, announces a meeting when little is left to send, aims at a moment (firing, queueing,
sending, marking), waits a random time and kills with SIGKILL. The database is read as the dead process left it,
beside what the Bot API received: what had arrived and was not marked as sent was *in flight*, and only that may come
again. At the end a last worker sends what is left, and everybody must have been told of every meeting.

    python -m benchmarks.chaos_delivery --rounds 100 [--postgres] [--seed 5] [--people 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable

from benchmarks import office, villagers
from benchmarks.book import Book, chats_of
from benchmarks.databases import Databases
from benchmarks.eyes import Eyes
from benchmarks.fakes import StrictTelegram
from benchmarks.nursery import Nursery
from benchmarks.office import Office
from benchmarks.strict_botapi import Rules

RULES = Rules(per_chat=1, blocked=0.01, busy=0.005, broken=0.001, delay=0.02)
AIMS = ("firing", "queueing", "sending", "marking")
ANNOUNCING = ("firing", "queueing")
ANY = "any moment"
MOST_LEFT = 5  # meetings not told of yet, beyond which no other is announced
LIFE = 0.5  # seconds at most between what was aimed at and the kill
PATIENCE = 4.0  # seconds for what is aimed at to come
DRAIN = 120.0  # seconds for the last worker to send what is left
#: What takes shorter or is smaller than in service, so that a hundred lives see all of it: seconds until who was told
#: to slow down goes twice as fast again, and people queued in one transaction.
SMALLER = {"bot.pace.SLOWED": 0.5, "storage.audience.CHUNK": 100, "storage.audience.CHUNK_SQLITE": 100}
LEFT = "SELECT count(*) FROM outbox WHERE broadcast IS NOT NULL AND state IN ('queued', 'sending')"
BEGUN = "SELECT count(*) FROM broadcasts WHERE kind = 'notice' AND state IN ('due', 'queueing')"


class Chaos:
    """One run."""

    def __init__(
        self,
        runner: asyncio.Runner,
        opened: Office,
        telegram: StrictTelegram,
        nursery: Nursery,
        eyes: Eyes,
        chance: random.Random,
    ) -> None:
        self.runner = runner
        self.office = opened
        self.telegram = telegram
        self.nursery = nursery
        self.eyes = eyes
        self.chance = chance
        self.book = Book(chats_of(eyes))
        self._number = 0

    def announce(self) -> None:
        self._number += 1
        self.book.announced(self.runner.run(self.office.announce(self._number)), self._number)

    def round(self) -> tuple[str, float, str]:
        """One life; what was aimed at, how long it was, what was under way."""
        aim = self.chance.choice((*AIMS, ANY))
        left, people = self.left(), len(self.book.chats)
        if aim in ANNOUNCING and left > people * MOST_LEFT:
            aim = self.chance.choice(("sending", "marking"))
        if left < people // 2:
            self.announce()
        began = time.monotonic()
        pid = self.nursery.begin("work")
        self._await(aim)
        self.nursery.kill(pid)
        return aim, time.monotonic() - began, self.book.look(self.eyes, self.telegram)

    def left(self) -> int:
        """Messages that wait, and meetings not fired yet."""
        return int(self.eyes.one(LEFT)) + int(self.eyes.one(BEGUN)) * len(self.book.chats)

    def _await(self, aim: str) -> None:
        """Until a random moment of the phase."""
        sent = self.book.calls
        if aim == ANY:
            time.sleep(self.chance.uniform(0, LIFE * 3))
            return
        self.until(lambda: self.calls() > sent, PATIENCE)
        match aim:
            case "firing":
                self.announce()
                time.sleep(self.chance.uniform(0, LIFE * 2))
            case "queueing":
                self.announce()
                self.until(lambda: not self._due(), PATIENCE)
                time.sleep(self.chance.uniform(0, 0.1))
            case "sending":
                time.sleep(self.chance.uniform(0, LIFE * 2))
            case _:
                time.sleep(self.chance.uniform(0, 0.1))

    def calls(self) -> int:
        return self.telegram.counts()["calls"]

    def _due(self) -> bool:
        query = "SELECT count(*) FROM broadcasts WHERE kind = 'notice' AND state = 'due'"
        return bool(self.eyes.one(query))

    @staticmethod
    def until(there: Callable[[], bool], patience: float) -> bool:
        end = time.monotonic() + patience
        while not there():
            if time.monotonic() > end:
                return False
            time.sleep(0.003)
        return True

    def finish(self) -> float:
        """Send what is left, with a worker that nobody kills, and without the second of silence after each 429; how
        long that took."""
        self.telegram.set(busy=0)
        began = time.monotonic()
        pid = self.nursery.begin("work")
        done = self.until(lambda: not self.left(), DRAIN)
        took = time.monotonic() - began
        time.sleep(1)  # nothing more may come
        self.nursery.kill(pid)
        self.book.read(self.telegram)
        if not done:
            print(f"    {self.left()} messages are still not sent after {DRAIN:.0f} s")
        return took


def run(rounds: int, kind: str, seed: int, people: int) -> bool:
    """Kill and look, `rounds` times; whether nobody was missed and only what was in flight came again."""
    print(f"{rounds} kills of a worker on {kind}, {people:,} people, seed {seed}", flush=True)
    began = time.monotonic()
    commune = villagers.home()
    with Databases() as databases:
        url = databases.fresh(kind)
        log = databases.folder / "log"
        villagers.settle(url, commune, people)
        with StrictTelegram(log, RULES) as telegram:
            environment = office.settings(url, telegram.address, **office.FAST)
            with (
                Nursery(log, environment, SMALLER) as nursery,
                Eyes(url) as eyes,
                asyncio.Runner() as runner,
            ):
                opened = runner.run(Office.open(environment, commune))
                chaos = Chaos(runner, opened, telegram, nursery, eyes, random.Random(seed))
                try:
                    return _rounds(chaos, rounds, began)
                finally:
                    runner.run(opened.close())


def _rounds(chaos: Chaos, rounds: int, began: float) -> bool:
    for number in range(1, rounds + 1):
        aim, life, here = chaos.round()
        if number % 10 == 0 or number == rounds:
            print(
                f"round {number:>3}: aimed at {aim}, killed after {life:.2f} s · under way: {here} · "
                f"{chaos.book.received.total():,} received · {time.monotonic() - began:.0f} s",
                flush=True,
            )
    took = chaos.finish()
    said, well = chaos.book.verdict(chaos.telegram.rules)
    book = chaos.book
    left = chaos.left()
    print(f"the rest was sent in {took:.1f} s; {left} wait")
    print("under way at the kills: " + ", ".join(f"{name} {n}×" for name, n in book.phases.most_common()))
    counts = chaos.telegram.counts()
    print("the Bot API: " + ", ".join(f"{name}: {n:,}" for name, n in sorted(counts.items())))
    print(
        f"in all: {rounds} kills · {len(book.chats):,} people, {chaos._number} meetings · "
        f"{book.received.total():,} messages received · {said}"
    )
    return well and not left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    given = parser.parse_args()
    kind = "postgres" if given.postgres else "sqlite"
    sys.exit(0 if run(given.rounds, kind, given.seed, given.people) else 1)


if __name__ == "__main__":
    main()
