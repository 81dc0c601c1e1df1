"""A dashboard with something to see on it, and officials who sign in."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx
import sqlalchemy as sa
from starlette.applications import Starlette

from bot.app import App, web
from bot.settings import Settings
from flows.counts import ALL, LEAST, VILLAGE, Counts
from flows.library import SERVICES, Library
from flows.world import Grant
from handlers.desk import Desk
from storage import contacts, daily, packs, responses, roles, signin, sums
from storage.database import Connection, Database
from storage.tables import published, sampled
from storage.vault import Vault
from tests.conftest import SECRET
from tests.scored import DAY
from web.site import LANGUAGE

ADDRESS = "http://dashboard.test"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOME, DISTRICT, HC = "080303", "0803", "hc080303"
COUNCIL, CAF = Grant("council", HOME), Grant("caf", HOME)
STAFF = Grant("staff", HOME, HC)
DISTRICT_VIEWER, NATION_VIEWER = Grant("viewer", DISTRICT), Grant("viewer", "")
#: What somebody wrote who knows more of computers than of health.
NASTY = """<script>alert(1)</script>'; DROP TABLE responses; -- {{ 7*7 }} {% raw %}"""


@dataclass
class Clock:
    """Stands still until it is told that time passes."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Board:
    """The service, as a browser gets at it."""

    app: App
    clock: Clock = field(default_factory=Clock)
    people: int = 0

    @cached_property
    def served(self) -> Starlette:
        """As it is served from the first look on."""
        return web(self.app, clock=False)

    @property
    def database(self) -> Database:
        return self.app.database

    def browser(self, language: str = "en") -> httpx.AsyncClient:
        """Somebody's browser, which follows where it is led."""
        transport = httpx.ASGITransport(self.served, client=("192.0.2.7", 4711))
        return httpx.AsyncClient(
            transport=transport, base_url=ADDRESS, follow_redirects=True, cookies={LANGUAGE: language}
        )

    async def official(self, *grants: Grant, language: str = "km") -> int:
        """The contact of somebody with these roles."""
        self.people += 1
        address = f"70{self.people:06}"

        def work(connection: Connection) -> int:
            today = self.clock().date()
            known = contacts.find(connection, self.app.desk.vault, "telegram", address, today, language)
            for grant in grants:
                roles.grant(connection, known.id, grant, today, actor=None, now=self.clock())
            return known.id

        return await self.database.transact(work)

    async def link(self, contact: int) -> str:
        """The path of a link that signs her in."""
        token = await self.database.transact(signin.link, self.app.desk.vault, contact, self.clock())
        return f"/in/{token}"

    @asynccontextmanager
    async def signed_in(self, *grants: Grant, language: str = "en") -> AsyncIterator[httpx.AsyncClient]:
        """The browser of somebody with these roles, behind the door."""
        link = await self.link(await self.official(*grants))
        async with self.browser(language) as client:
            entered = await client.post(link)
            assert entered.status_code == 200, entered.text
            yield client


def board(database: Database, desk: Desk) -> Board:
    """The service on a database, in demo mode."""
    clock = Clock()
    desk.clock, desk.site = clock, ADDRESS
    desk.username, desk.number = "samleng_bot", "+85510555777"
    url = database.url.render_as_string(hide_password=False)
    app = App(Settings(database_url=url, secret_key=SECRET, demo=True), database, desk)
    app.username = desk.username
    return Board(app, clock)


# -- What there is to see ---------------------------------------------------------------------------------


def fill(
    connection: Connection,
    library: Library,
    communes: Iterable[str],
    rounds: Sequence[str] = ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"),
    seed: int = 7,
    day: date = DAY,
) -> None:
    """Scores as a country has them: services differ, and change from round to round. All marked as sample."""
    chance = random.Random(seed)
    done: set[str] = set()
    for commune in communes:
        for service in SERVICES:
            for facility in library.facilities(commune, service):
                if facility.code in done:
                    continue
                done.add(facility.code)
                cells = list(_cells(library, facility.code, service, commune, rounds, chance))
                connection.execute(sa.insert(published), [{**cell, "as_of": day} for cell in cells])
                connection.execute(sa.insert(sampled).values(facility=facility.code))
    sums.renew(connection)
    daily.done(connection, daily.PUBLISHING, day)


def _cells(
    library: Library, code: str, service: str, commune: str, rounds: Sequence[str], chance: random.Random
) -> Iterator[dict[str, Any]]:
    """A facility's counters of everybody, of some groups, and of villages."""
    level = chance.uniform(2.7, 4.2)
    for round_code in rounds:
        level += chance.uniform(-0.15, 0.25)
        for criterion in library.criteria(service):
            here = level + chance.uniform(-0.7, 0.7)
            counted = {
                "women": _counts(chance, here, chance.randint(12, 60)),
                "men": _counts(chance, here, chance.randint(8, 40)),
            }
            counted[ALL] = counted["women"] + counted["men"]
            counted["youth"] = _counts(chance, here + 0.2, 14)
            for village in library.gazetteer.below(commune)[:4]:
                counted[f"{VILLAGE}{village.code}"] = _counts(chance, here, chance.randint(LEAST, 14))
            for group, counts in counted.items():
                five = {f"s{score}": count for score, count in enumerate(counts.five, 1)}
                yield {
                    "facility": code,
                    "round": round_code,
                    "criterion": criterion.code,
                    "grp": group,
                } | five


def _counts(chance: random.Random, mean: float, people: int) -> Counts:
    five = [0, 0, 0, 0, 0]
    for _ in range(people):
        five[min(5, max(1, round(chance.gauss(mean, 1)))) - 1] += 1
    a, b, c, d, e = five
    return Counts((a, b, c, d, e))


def comment(
    connection: Connection,
    vault: Vault,
    said: str,
    number: int = 1,
    facility: str = HC,
    commune: str = HOME,
    days_ago: int = 2,
) -> None:
    """What somebody wrote beside her scores."""
    rater = vault.rater(b"%016d" % number, 1, facility, "2026-Q4")
    responses.rate(
        connection,
        vault,
        rater,
        facility=facility,
        round_code="2026-Q4",
        scores={"hc-price": 2},
        groups=[],
        comment={"text": said},
        commune=commune,
        shared=False,
        keep_comment=False,
        today=NOW.date() - timedelta(days=days_ago),
    )


def read(connection: Connection, chance: random.Random, facility: str = HC) -> None:
    """Citizens read what a facility publishes."""
    for month in ("2026-09", "2026-10", "2026-11"):
        for block in ("rights", "prices", "budget"):
            for _ in range(chance.randint(3, 30)):
                packs.read(connection, facility, block, month)
