"""From a webhook to the committed turn, through real processes and HTTP, beside the rival and the bare statements.

Ours and what it is compared with are measured in turns, in the same minute, so
that a noise of the machine meets both.

    python -m benchmarks sqlite postgres process
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.databases import ROOT, Databases, count
from benchmarks.figures import Figure
from benchmarks.servers import Server, bot_api, load, settings

ROUNDS = 2
SECONDS = 4.0
RATE = 200
SLOW_SYNC = 4  # milliseconds, as on rented disks
NOWHERE = "http://127.0.0.1:9"
SAMLENG = ("-c", "from bot.cli import main; main()")  # what the command runs
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
GOALS = {"sqlite": 1200.0, "postgres": 700.0}


@dataclass
class Measured:
    """One server under load, over the rounds."""

    server: Server
    url: str
    table: str  # where its ratings are
    turns: int = 0
    answered: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    finished: int = 0
    first: int = 1

    def round(self, loop: str = "closed", seconds: float = SECONDS, **options: float) -> dict[str, float]:
        before = self.server.cpu()
        found = load(self.server.port, loop, first=self.first, seconds=seconds, **options)
        self.first = found["last"] + 1
        self.finished += found["finished"]
        if loop == "closed":
            self.cpu += self.server.cpu() - before
            self.answered += found["answered"]
            self.turns += found["turns"]
            self.seconds += seconds
        return found

    @property
    def per_second(self) -> float:
        return self.turns / self.seconds

    @property
    def milliseconds(self) -> float:
        """Processor time of a turn."""
        return self.cpu / self.answered * 1000

    def check(self) -> None:
        """Who reached the end has rated, or the figures say nothing."""
        stored = count(self.url, self.table)
        if stored < self.finished:
            raise RuntimeError(f"{self.finished} persons finished, {stored} {self.table} are stored")


def compared(databases: Databases, kind: str) -> list[Figure]:
    """Ours and the rival on one kind of database; on PostgreSQL the bare statements as well."""
    name = NAMES[kind]
    log = databases.folder / "log"
    with ExitStack() as stack:
        url = databases.fresh(kind)
        ours = stack.enter_context(Server(["-m", "benchmarks.queued"], log, settings(url, NOWHERE)))
        mine = Measured(ours, url, "responses")
        url = databases.fresh(kind, empty=True)
        rival = stack.enter_context(Server(["-m", "benchmarks.rival", url, "{port}"], log))
        theirs = Measured(rival, url, "ratings")
        bare: Measured | None = None
        loops: list[float] = []
        record = log.parent / "record"
        if kind == "postgres":
            _run("benchmarks.record", databases.postgres(), str(record))
            url = databases.postgres()
            arguments = ["-m", "benchmarks.bare", "serve", url, str(record), "{port}"]
            bare = Measured(stack.enter_context(Server(arguments, log)), url, "responses")
        for _round in range(ROUNDS):
            mine.round()
            theirs.round()
            if bare is not None:
                loops.append(
                    json.loads(_run("benchmarks.bare", "loop", databases.postgres(), str(record)))[
                        "per_second"
                    ]
                )
                bare.round()
        paced = mine.round("open", 10.0, rate=RATE)
        for measured in (mine, theirs):
            measured.check()
    figures = [
        Figure(f"{name}: ours : the durable rival", mine.per_second / theirs.per_second, "×", 5, ratio=True),
        Figure(
            f"{name}: processor time of the rival : ours",
            theirs.milliseconds / mine.milliseconds,
            "×",
            ratio=True,
        ),
        Figure(f"{name}: ours, webhook to committed turn", mine.per_second, "turns/s", GOALS[kind]),
        Figure(f"{name}: ours, slowest of a hundred at {RATE}/s", paced["p99"], "ms", 60, most=True),
        Figure(f"{name}: ours, middle one at {RATE}/s", paced["p50"], "ms"),
        Figure(f"{name}: ours, processor time a turn", mine.milliseconds, "ms"),
        Figure(f"{name}: the rival, webhook to committed turn", theirs.per_second, "turns/s"),
        Figure(f"{name}: the rival, processor time a turn", theirs.milliseconds, "ms"),
    ]
    if bare is not None:
        alone = sum(loops) / len(loops)
        figures += [
            Figure(
                f"{name}: ours : its statements on bare asyncpg",
                mine.per_second / alone,
                "×",
                0.6,
                ratio=True,
            ),
            Figure(
                f"{name}: ours : the same behind the same webhook",
                mine.per_second / bare.per_second,
                "×",
                0.6,
                ratio=True,
            ),
            Figure(
                f"{name}: the same behind the same webhook : bare, what a webhook leaves of it",
                bare.per_second / alone,
                "×",
                ratio=True,
            ),
            Figure(f"{name}: its statements on bare asyncpg", alone, "turns/s"),
            Figure(f"{name}: the same behind the same webhook", bare.per_second, "turns/s"),
        ]
    return figures


def all_in_one(databases: Databases) -> list[Figure]:
    """`samleng run` on SQLite, whose replies leave for real, to a Bot API on this machine."""
    url = databases.sqlite()
    log = databases.folder / "log"
    with bot_api(log) as api:
        # As many a second as there are: at Telegram's 30 most replies would still wait when the load is over.
        environment = settings(url, f"http://127.0.0.1:{api.port}") | {"SAMLENG_TELEGRAM_PACE": "5000"}
        with Server([*SAMLENG, "run"], log, environment):
            pass  # once, so that the next start is a warm one
        with Server([*SAMLENG, "run"], log, environment) as server:
            idle = server.resident()
            measured = Measured(server, url, "responses")
            measured.round()
            busy = server.resident()
            measured.check()
    return [
        Figure("samleng run: from start to the first 200 of /healthz", server.took, "s", 3, most=True),
        Figure("samleng run: resident after a load", busy, "MiB", 150, most=True),
        Figure("samleng run: resident when idle", idle, "MiB"),
        Figure("samleng run: SQLite, replies sent as well", measured.per_second, "turns/s"),
    ]


def _run(module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def on_slow_disk(databases: Databases) -> list[Figure]:
    """Ours and the rival on SQLite where every COMMIT takes longer: a rented disk instead of this one."""
    log = databases.folder / "log"
    slow = {"SLOW_SYNC": str(SLOW_SYNC)}
    url = databases.sqlite()
    with Server(["-m", "benchmarks.queued"], log, settings(url, NOWHERE) | slow) as server:
        mine = Measured(server, url, "responses")
        mine.round()
        mine.check()
    url = databases.sqlite(empty=True)
    with Server(["-m", "benchmarks.rival", url, "{port}"], log, slow) as server:
        theirs = Measured(server, url, "ratings")
        theirs.round()
        theirs.check()
    disk = f"SQLite, {SLOW_SYNC} ms more a sync"
    return [
        Figure(f"{disk}: ours : the durable rival", mine.per_second / theirs.per_second, "×", 5, ratio=True),
        Figure(f"{disk}: ours, webhook to committed turn", mine.per_second, "turns/s"),
        Figure(f"{disk}: the rival, webhook to committed turn", theirs.per_second, "turns/s"),
    ]


def on_sqlite(databases: Databases) -> list[Figure]:
    return [*compared(databases, "sqlite"), *on_slow_disk(databases)]


def on_postgres(databases: Databases) -> list[Figure]:
    return compared(databases, "postgres")
