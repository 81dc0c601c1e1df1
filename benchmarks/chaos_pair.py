"""Two workers and two web processes on one PostgreSQL: who sends is killed, and the other takes over.

Nothing is shortened: the pause is what a service would see. Two workers on one machine see of each other who is
alive; on two they only see that nothing was heard for a while. Both are tried, in turns. Meanwhile citizens write, and each message reaches both
web processes at the same moment, as from an impatient provider: each gets one answer.

    python -m benchmarks.chaos_pair [--kills 4] [--seed 5] [--people 4000] [--freeze]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import office, villagers
from benchmarks.chaos_delivery import Chaos
from benchmarks.databases import Databases
from benchmarks.eyes import Eyes
from benchmarks.fakes import StrictTelegram
from benchmarks.load import Wire
from benchmarks.nursery import Nursery
from benchmarks.office import Office
from benchmarks.people import Person, telegram_request
from benchmarks.servers import Server
from benchmarks.strict_botapi import Rules
from benchmarks.turns import SAMLENG

GOAL = 15.0  # seconds of pause
BETWEEN = 2.0  # seconds of sending and writing between kills
A_SECOND = 10  # citizens who write
TRIES = 200  # to stop the sender in a transaction
IN_TRANSACTION = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
STANDING_BY = 2.0  # seconds that a new worker is given to be ready


def run(kills: int, seed: int, people: int, *, freeze: bool = False) -> bool:
    """Whether nobody was missed, nothing came twice but what was in flight, and no pause was too long."""
    print(f"{kills} kills of the sender, two workers, two webs, {people:,} people, seed {seed}", flush=True)
    with Databases() as databases, ExitStack() as stack:
        url = databases.postgres()
        log = databases.folder / "log"
        villagers.settle(url, villagers.home(), people)
        rules = Rules(per_chat=1, blocked=0.01, broken=0.001, delay=0.02)
        telegram = stack.enter_context(StrictTelegram(log, rules))
        environment = office.settings(url, telegram.address, **office.FAST)
        webs = [stack.enter_context(Server([*SAMLENG, "serve"], log, environment)) for _ in range(2)]
        nursery = stack.enter_context(Nursery(log, environment))
        eyes = stack.enter_context(Eyes(url))
        runner = stack.enter_context(asyncio.Runner())
        opened = runner.run(Office.open(environment, villagers.home()))
        try:
            chaos = Chaos(runner, opened, telegram, nursery, eyes, random.Random(seed))
            return _kills(chaos, kills, [web.port for web in webs], freeze)
        finally:
            runner.run(opened.close())


def _kills(chaos: Chaos, kills: int, ports: list[int], freeze: bool) -> bool:
    machines = itertools.count(1)
    names: dict[int, str] = {}  # which machine a worker believes to be on

    def begin(name: str) -> None:
        names[chaos.nursery.begin("work", MACHINE=name)] = name

    begin(f"machine{next(machines)}")
    begin(f"machine{next(machines)}")
    numbers = itertools.count(1)
    wrote: list[int] = []
    pauses = []
    for number in range(1, kills + 1):
        time.sleep(STANDING_BY)
        while chaos.left() < len(chaos.book.chats) * 2:
            chaos.announce()
        before = chaos.calls()
        if not chaos.until(lambda before=before: chaos.calls() > before + 200, GOAL * 4):
            raise RuntimeError("nobody sends")
        wrote += chaos.runner.run(_write(ports, numbers))
        pid = _sender(chaos.eyes, list(names))
        if not chaos.left():
            raise RuntimeError("everything was sent before the kill: take more --people")
        chaos.nursery.kill(pid)
        killed = time.monotonic()
        name = names.pop(pid)
        here = chaos.book.look(chaos.eyes, chaos.telegram)
        pauses.append(_pause(chaos, killed))
        where = "the same machine" if name in names.values() else "another machine"
        print(
            f"kill {number}: {pauses[-1]:.1f} s until the other, on {where}, sent · under way: {here}",
            flush=True,
        )
        beside = next(iter(names.values()))
        begin(beside if number % 2 else f"machine{next(machines)}")
    if freeze:
        pauses.append(_freeze(chaos, list(names)))
        print(f"frozen in a transaction: {pauses[-1]:.1f} s until the other sent", flush=True)
    took = chaos.finish()
    said, well = chaos.book.verdict(chaos.telegram.rules)
    answers = Counter(chat for _at, chat, _text in chaos.telegram.log_of().accepted())
    reachable = [chat for chat in wrote if not chaos.telegram.rules.is_blocked(chat)]
    lost = sum(not answers[chat] for chat in reachable)
    doubled = sum(max(answers[chat] - 1, 0) for chat in reachable)
    print(f"the rest was sent in {took:.1f} s; {chaos.left()} wait")
    print(
        f"in all: {kills} kills · longest pause {max(pauses):.1f} s (at most {GOAL:.0f}) · {said} · "
        f"{len(wrote)} messages brought to both webs at once: {lost} not answered, {doubled} answered twice"
    )
    return well and max(pauses) <= GOAL and not lost and not doubled and not chaos.left()


def _sender(eyes: Eyes, workers: list[int]) -> int:
    """The worker that holds the lane."""
    holder = str(eyes.one("SELECT holder FROM lanes WHERE channel = 'telegram'"))
    for pid in workers:
        if str(pid) in holder:
            return pid
    raise RuntimeError(f"the lane is held by {holder}, and none of the workers is that")


def _freeze(chaos: Chaos, workers: list[int]) -> float:
    """Stop the sender in the middle of a transaction, as a machine that vanishes does: the database still believes
    in it, and in its locks. Seconds until the other sends; then it wakes up, and must not go on where it was."""
    time.sleep(STANDING_BY)
    while chaos.left() < len(chaos.book.chats) * 2:
        chaos.announce()
    pid = _sender(chaos.eyes, workers)
    for _ in range(TRIES):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.02)
        if chaos.eyes.one(IN_TRANSACTION):
            break
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.013)
    else:
        os.kill(pid, signal.SIGSTOP)
    try:
        stopped = time.monotonic()
        chaos.book.look(chaos.eyes, chaos.telegram)
        return _pause(chaos, stopped)
    finally:
        os.kill(pid, signal.SIGCONT)


def _pause(chaos: Chaos, killed: float) -> float:
    """Seconds from the kill until somebody is told again."""
    before = chaos.calls()
    chaos.until(lambda: chaos.calls() > before, GOAL * 4)
    time.sleep(0.1)
    return next((at - killed for at in chaos.telegram.log_of(before).times), GOAL * 4)


async def _write(ports: list[int], numbers: Iterator[int]) -> list[int]:
    """Citizens write for a while, each message to every web process at once; their chats."""
    wires = [await Wire.open(port) for port in ports]
    chats = []
    for _ in range(int(BETWEEN * A_SECOND)):
        person = Person(next(numbers))
        asked = telegram_request(person.telegram()[0])
        answers = await asyncio.gather(*(wire.post(asked) for wire in wires))
        if any(status != 200 for status, _body in answers):
            raise RuntimeError(f"a message was answered with {[status for status, _body in answers]}")
        chats.append(person.chat)
        await asyncio.sleep(1 / A_SECOND)
    for wire in wires:
        wire.close()
    return chats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--people", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--freeze", action="store_true", help="stop the sender in a transaction as well")
    given = parser.parse_args()
    sys.exit(0 if run(given.kills, given.seed, given.people, freeze=given.freeze) else 1)


if __name__ == "__main__":
    main()
