"""From an announced meeting to the messages at the Bot API: how fast people are queued and told, what that takes in
memory, and whether who writes meanwhile is answered at once. The Bot API is the strict one, with its faults on.

    python -m benchmarks delivery            # PEOPLE=100000 for a smaller country
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks import office, villagers
from benchmarks.databases import ROOT, Databases, plain
from benchmarks.eyes import Eyes
from benchmarks.fakes import Heard, StrictTelegram
from benchmarks.figures import Figure
from benchmarks.load import Wire
from benchmarks.nursery import Nursery
from benchmarks.office import Office
from benchmarks.people import Person, telegram_request
from benchmarks.servers import Server
from benchmarks.strict_botapi import BUSY, Rules
from benchmarks.turns import NAMES, SAMLENG
from bot.bulk import AT_ONCE

PEOPLE = int(os.environ.get("PEOPLE", "1000000"))
QUEUED = {"sqlite": min(100_000, PEOPLE), "postgres": PEOPLE}
SECONDS = {"sqlite": 10.0, "postgres": 60.0}  # the goals of queueing so many
PLAIN = 200_000  # rows of the plain INSERT … SELECT
SENT = 8_000  # messages of a run as fast as it goes
FAULTS = {"blocked": 0.01, "broken": 0.001}
BUSY_SHARE = 0.005
PACE = 30  # of Telegram, messages a second
HELD = 20.0  # seconds in which the pace is measured
REPLIES = 20
QUICK = 5.0  # seconds in which they write where it goes as fast as it can
#: Web processes beside the worker that are tried; 0: all in one process.
WEBS = {"sqlite": (0, 1), "postgres": (1, 2)}
WARM = 5  # people who write before, to a process that has answered nobody yet
LEFT = "SELECT count(*) FROM outbox WHERE broadcast IS NOT NULL AND state IN ('queued', 'sending')"


def figures(databases: Databases) -> list[Figure]:
    found: list[Figure] = []
    for kind in ("sqlite", "postgres"):
        for measure in (sending, big):
            try:
                found += measure(databases, kind)
            except Exception as error:
                tell(f"{measure.__name__} on {NAMES[kind]} could not be measured: {error}")
    return found


def tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


# -- Queueing ---------------------------------------------------------------------------------------------


def big(databases: Databases, kind: str) -> list[Figure]:
    """A meeting that everybody is told of: queueing them, and then the pace and the replies in the middle of it."""
    url = databases.fresh(kind)
    many, name = QUEUED[kind], NAMES[kind]
    tell(f"{many:,} people come to live on {name} …")
    villagers.settle(url, villagers.home(), many)
    plain_rate = _plain(url, min(PLAIN, many))
    queued = _queue(url)
    if queued["queued"] != many:
        raise RuntimeError(f"{queued['queued']} of {many} were queued")
    rate = many / queued["seconds"]
    found = [
        Figure(
            f"{name}: queueing : a plain INSERT … SELECT of such rows", rate / plain_rate, "×", ratio=True
        ),
        Figure(
            f"{name}: queueing {many:,} people",
            queued["seconds"],
            "s",
            SECONDS[kind] if kind == "sqlite" or many >= 1_000_000 else None,
            most=True,
        ),
        Figure(f"{name}: queueing", rate, "people/s"),
        Figure(f"{name}: the queueing process, at most", queued["peak"], "MiB", 200, most=True),
        Figure(f"{name}: of that before it queued", queued["before"], "MiB"),
    ]
    return found + in_the_middle(databases, kind, url)


def _queue(url: str) -> dict[str, float]:
    """In a process of its own, so that its memory is that of queueing."""
    environment = os.environ | office.settings(url, "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.office", villagers.home()],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=400,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


_PLAIN = """
INSERT INTO outbox (id, contact, channel, priority, state, payload, broadcast, expires_at, attempts, parts_sent,
    created_at)
SELECT row_number() OVER (ORDER BY id), id, channel, 5, 'queued', 1, 1, 4000000000000, 0, 0, 1795000000000
FROM contacts WHERE commune = '{commune}' LIMIT {many}
"""


def _plain(url: str, many: int) -> float:
    """Rows a second of the least that could be done: one statement, one transaction."""
    statement = _PLAIN.format(commune=villagers.home(), many=many)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            began = time.perf_counter()
            with connection:
                connection.execute(statement)
            took = time.perf_counter() - began
            with connection:
                connection.execute("DELETE FROM outbox")
            return many / took

    async def ask() -> float:
        connection = await asyncpg.connect(plain(url))
        try:
            began = time.perf_counter()
            await connection.execute(statement)
            took = time.perf_counter() - began
            await connection.execute("TRUNCATE outbox")
            return took
        finally:
            await connection.close()

    return many / asyncio.run(ask())


# -- Sending as fast as it goes ---------------------------------------------------------------------------


def sending(databases: Databases, kind: str) -> list[Figure]:
    """One worker process against the fake, beside a loop that does nothing but call `send_message`."""
    name = NAMES[kind]
    tell(f"a worker sends on {name} …")
    quick = _sent(databases, kind, Rules(per_chat=1, **FAULTS))
    hard = _sent(databases, kind, Rules(per_chat=1, busy=BUSY_SHARE, **FAULTS))
    return [
        Figure(f"{name}: one sender : a bare loop of send_message", quick.rate / quick.bare, "×", ratio=True),
        Figure(f"{name}: one sender, 1 % 403 and 0.1 % 500", quick.rate, "messages/s", 1000),
        Figure(f"{name}: the same, processor time a message", quick.milliseconds, "ms"),
        Figure(f"{name}: the bare loop", quick.bare, "messages/s"),
        Figure(f"{name}: one sender, and 0.5 % 429 with retry_after 1", hard.rate, "messages/s"),
        Figure(
            f"{name}: as many as it would be if nothing took time but the waiting", hard.most, "messages/s"
        ),
        Figure(
            f"{name}: of it in the time in which it was not told to wait", hard.allowed, "messages/s", 1000
        ),
        Figure(f"{name}: calls of it while told to wait", hard.counts.get("came although told to wait", 0)),
    ]


@dataclass(frozen=True, slots=True)
class Sent:
    """A run: messages a second in its middle, `allowed` in that part of it in which the Bot API had not asked to wait,
    and `most` if the rest of it took no time; processor time a message; the bare loop's rate."""

    rate: float
    allowed: float
    most: float
    milliseconds: float
    bare: float
    counts: dict[str, int]


def _sent(databases: Databases, kind: str, rules: Rules) -> Sent:
    url = databases.fresh(kind)
    log = databases.folder / "log"
    villagers.settle(url, villagers.home(), SENT)
    with ExitStack() as stack:
        telegram = stack.enter_context(StrictTelegram(log, rules))
        environment = office.settings(url, telegram.address, **office.FAST)
        part = asyncio.run(_announce(environment))
        nursery = stack.enter_context(Nursery(log, environment))
        eyes = stack.enter_context(Eyes(url))
        pid = nursery.begin("work")
        _wait(lambda: not eyes.one(LEFT), 90, every=0.25)
        used = cpu(pid)
        heard, counts, waits = telegram.log_of(), telegram.counts(), telegram.waits()
        nursery.kill(pid)
        missed = SENT - len({chat for _at, chat, _text in heard.accepted()})
        refused = sum(rules.is_blocked(chat) for chat in villagers.chats(SENT))
        if missed > refused:
            raise RuntimeError(f"{missed - refused} of {SENT} were not told")
        bare = 0.0
        if not rules.busy:
            telegram.set(per_chat=0)
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.bare_bot", telegram.address, str(SENT // 2), str(AT_ONCE)],
                cwd=ROOT,
                input=json.dumps(part),
                stdout=subprocess.PIPE,
                text=True,
                timeout=120,
                check=True,
            )
            bare = json.loads(done.stdout)["per_second"]
    return Sent(_rate(heard), *_without(heard, waits), used / SENT * 1000, bare, counts)


async def _announce(environment: dict[str, str]) -> dict[str, object]:
    """One meeting, announced and queued; the message as it is on Telegram."""
    opened = await Office.open(environment, villagers.home())
    try:
        await opened.announce(1)
        await opened.queue()
        return await opened.message()
    finally:
        await opened.close()


def _rate(heard: Heard) -> float:
    """Messages a second without the first and the last tenth, which wait for processes and for retries."""
    times = [at for at, _chat, _text in heard.accepted()]
    first, last = len(times) // 10, len(times) * 9 // 10
    return (last - first) / (times[last] - times[first])


def _without(heard: Heard, waits: list[tuple[float, float]]) -> tuple[float, float]:
    """Messages a second of the same stretch, in the time in which the Bot API had not asked to wait, and by the time in
    which it had: from a 429 to the end of its retry_after, as it noted that itself. What still arrived then, because it
    was under way, is not counted in the first."""
    times = [at for at, _chat, _text in heard.accepted()]
    first, last = times[len(times) // 10], times[len(times) * 9 // 10]
    free: list[tuple[float, float]] = []
    since = first
    for began, ended in sorted(waits):
        if began > since:
            free.append((since, min(began, last)))
        since = max(since, min(ended, last))
        if since >= last:
            break
    if since < last:
        free.append((since, last))
    allowed = sum(end - begin for begin, end in free)
    told = last - first - allowed
    sent = sum(any(begin <= at < end for begin, end in free) for at in times if first <= at < last)
    return sent / allowed, (len(times) * 9 // 10 - len(times) // 10) / told if told else 0.0


# -- In the middle of a big broadcast ---------------------------------------------------------------------


def in_the_middle(databases: Databases, kind: str, url: str) -> list[Figure]:
    return [figure for webs in WEBS[kind] for figure in _in_the_middle(databases, kind, url, webs)]


def _in_the_middle(databases: Databases, kind: str, url: str, webs: int) -> list[Figure]:
    """At Telegram's pace: whether it is held, and how long a reply takes; then the latter as fast as it goes."""
    where = (
        f"{NAMES[kind]}, {('one process', 'web and worker')[webs] if webs < 2 else f'{webs} webs and worker'}"
    )
    log, people = databases.folder / "log", 1 + webs * 10_000  # who write: others each time
    found: list[Figure] = []
    tell(f"{where}: telling them at {PACE}/s …")
    with ExitStack() as stack:
        telegram = stack.enter_context(StrictTelegram(log, Rules(per_second=PACE, per_chat=1, **FAULTS)))
        ports = stack.enter_context(service(url, telegram, log, webs))
        asyncio.run(replies(ports, people, 1, WARM))
        _wait(lambda: telegram.counts()["calls"] > PACE * 2, 60)
        time.sleep(2)
        before = telegram.counts()
        began = time.monotonic()
        time.sleep(HELD)
        alone_ended, alone_counts = time.monotonic(), telegram.counts()
        times = asyncio.run(replies(ports, people + 100, HELD))
        ended = time.monotonic()
        time.sleep(2)
        heard, counts = telegram.log_of(), telegram.counts()
        waits = latencies(heard, times)
        held = _calls(heard, began, alone_ended) / (alone_ended - began)
        meanwhile = _calls(heard, alone_ended, ended) / (ended - alone_ended)
    ruled = [_ruled(one) for one in (before, alone_counts, counts)]
    writing = f"while {REPLIES} people write"
    found += [
        Figure(f"{where}: messages held at Telegram's {PACE}/s", held, "messages/s", 28.5),
        Figure(f"{where}: 429 by the Bot API's own rules", ruled[1] - ruled[0], "", 0, most=True),
        Figure(f"{where}: messages and replies {writing}", meanwhile, "messages/s", 28.5),
        Figure(f"{where}: 429 by its own rules {writing}", ruled[2] - ruled[1], "", 0, most=True),
        *_reply_figures(f"{where}, at {PACE}/s", waits),
    ]
    tell(f"{where}: telling them as fast as it goes …")
    with ExitStack() as stack:
        telegram = stack.enter_context(StrictTelegram(log, Rules(per_chat=1, **FAULTS)))
        ports = stack.enter_context(service(url, telegram, log, webs, **office.FAST))
        asyncio.run(replies(ports, people + 1000, 1, WARM))
        _wait(lambda: telegram.counts()["calls"] > 500, 60)
        began = time.monotonic()
        times = asyncio.run(replies(ports, people + 1100, QUICK))
        ended = time.monotonic()
        time.sleep(1)
        heard = telegram.log_of()
        waits = latencies(heard, times)
        rate = _calls(heard, began, ended) / (ended - began)
    return [
        *found,
        Figure(f"{where}: messages meanwhile as fast as it goes", rate, "messages/s"),
        *_reply_figures(f"{where}, as fast as it goes", waits),
    ]


@contextmanager
def service(url: str, telegram: StrictTelegram, log: Path, webs: int, **more: str) -> Iterator[list[int]]:
    """So many `samleng serve` beside `samleng work`, or (0) one `samleng run`; the ports."""
    environment = office.settings(url, telegram.address, **more)
    with ExitStack() as stack:
        command = "serve" if webs else "run"
        servers = [
            stack.enter_context(Server([*SAMLENG, command], log, environment)) for _ in range(max(webs, 1))
        ]
        if webs:
            stack.enter_context(Nursery(log, environment)).begin("work")
        yield [server.port for server in servers]


async def replies(ports: list[int], first: int, seconds: float, many: int = REPLIES) -> dict[int, float]:
    """Persons who each write once, spread over a time and the web processes; chat to when she wrote."""
    chance = random.Random(first)
    wires = [await Wire.open(port) for port in ports]
    wrote: dict[int, float] = {}
    for number in range(first, first + many):
        await asyncio.sleep(seconds / many * chance.uniform(0.5, 1.5))
        person = Person(number)
        asked = telegram_request(person.telegram()[0])
        wrote[person.chat] = time.monotonic()
        status, _body = await wires[number % len(wires)].post(asked)
        if status != 200:
            raise RuntimeError(f"a message was answered with {status}")
    for wire in wires:
        wire.close()
    return wrote


def latencies(heard: Heard, wrote: dict[int, float]) -> list[float]:
    """Milliseconds from the webhook's request to the reply at the Bot API, sorted."""
    arrived: dict[int, float] = {}
    for at, chat, outcome in zip(heard.times, heard.chats, heard.outcomes, strict=True):
        if chat in wrote and outcome != BUSY:  # whether the Bot API then fails is not ours
            arrived.setdefault(chat, at)
    unanswered = [chat for chat in wrote if chat not in arrived]
    if unanswered:
        raise RuntimeError(f"{len(unanswered)} of {len(wrote)} were not answered")
    waits = sorted((arrived[chat] - at) * 1000 for chat, at in wrote.items())
    tell(f"replies took {', '.join(f'{wait:.0f}' for wait in waits)} ms")
    return waits


def _reply_figures(where: str, waits: list[float]) -> list[Figure]:
    return [
        Figure(f"{where}: a reply, middle of {len(waits)}", waits[len(waits) // 2], "ms"),
        Figure(f"{where}: a reply, slowest of {len(waits)}", waits[-1], "ms", 200, most=True),
    ]


def _calls(heard: Heard, since: float, until: float) -> int:
    """Calls that were not refused by a pace: delivered, blocked or failed."""
    rows = zip(heard.times, heard.outcomes, strict=True)
    return sum(since <= at < until and outcome != BUSY for at, outcome in rows)


def _ruled(counts: dict[str, int]) -> int:
    return counts.get("429 by the rule of all", 0) + counts.get("429 by the rule of a chat", 0)


def cpu(pid: int) -> float:
    """Seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait(there: Callable[[], bool], patience: float, every: float = 0.02) -> None:
    """Until it is so; RuntimeError after `patience` seconds."""
    end = time.monotonic() + patience
    while not there():
        if time.monotonic() > end:
            raise RuntimeError("what was waited for did not come")
        time.sleep(every)
