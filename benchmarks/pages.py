"""Pages of the dashboard and for everybody: how long the server takes for one, and how large the largest is.

A province of 127 communes has scores of two rounds, with groups and villages; every page is asked for as a browser
asks, without a network between. Run with `python -m benchmarks pages`.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks.databases import Databases
from benchmarks.figures import Figure
from bot import catalogues
from bot.app import App, media, web
from bot.settings import Settings
from handlers.desk import Desk
from storage import contacts, reference, roles, signin
from storage.database import Connection, connect
from storage.vault import Vault
from tests.conftest import SECRET
from tests.dashboards import COUNCIL, DISTRICT, HC, HOME, NATION_VIEWER, Clock, fill
from web.site import SESSION

GOAL, LARGEST = 60.0, 100.0  # milliseconds; kB without letters
PROVINCE = "08"
TIMES = 15
PATHS = {
    "the public page of a commune": f"/c/{HOME}",
    "a commune": f"/d/c/{HOME}",
    "a facility": f"/d/f/{HC}",
    "a district, sorted": f"/d/p/{DISTRICT}?sort=hc&down=1",
    "a province": f"/d/p/{PROVINCE}",
    "the nation": "/d/p/nation",
}


async def measured(url: str, name: str) -> list[Figure]:
    """Every page on one database: the middle one of several looks."""
    database = connect(url)
    vault, clock = Vault(SECRET), Clock()
    library = await database.transact(reference.read)
    settings = Settings(database_url=url, secret_key=SECRET, demo=True)
    desk = Desk(
        vault, library, media(settings), catalogues.load(), catalogues.languages(), clock, site="http://x"
    )
    communes = [
        commune.code
        for district in library.gazetteer.below(PROVINCE)
        for commune in library.gazetteer.below(district.code)
    ]
    await database.transact(fill, library, communes, ("2026-Q3", "2026-Q4"))
    await database.transact(_looked_at)
    cookie = await database.transact(_signed_in, vault, clock)
    app = App(settings, database, desk)
    served = web(app, clock=False)
    found, largest = [], 0
    try:
        for what, path in PATHS.items():
            taken = []
            for look in range(TIMES + 1):
                clock.passes(minutes=2)  # nothing is remembered from the look before
                begun = time.perf_counter()
                size = await _asked(served, path, cookie)
                if look:  # the first compiles the template
                    taken.append((time.perf_counter() - begun) * 1000)
                largest = max(largest, size)
            found.append(Figure(f"{name}: {what}", sorted(taken)[TIMES // 2], "ms", GOAL, most=True))
    finally:
        await app.close()
    return [*found, Figure(f"{name}: the largest of them", largest / 1000, "kB", LARGEST, most=True)]


def _looked_at(connection: Connection) -> None:
    """What PostgreSQL does by itself within a minute after so much came in."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE")


def _signed_in(connection: Connection, vault: Vault, clock: Clock) -> str:
    known = contacts.find(connection, vault, "telegram", "1", clock().date(), "km")
    for grant in (COUNCIL, NATION_VIEWER):
        roles.grant(connection, known.id, grant, clock().date(), actor=None, now=clock())
    cookie = signin.enter(connection, vault, signin.link(connection, vault, known.id, clock()), clock())
    assert cookie is not None
    return cookie


async def _asked(served: Any, path: str, cookie: str) -> int:
    """Ask for a page; its size, unpacked."""
    sent: list[dict[str, Any]] = []
    path, _mark, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"x"), (b"cookie", f"{SESSION}={cookie}".encode())],
        "client": ("127.0.0.1", 1), "server": ("x", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await served(scope, receive, send)
    if sent[0]["status"] != 200:
        raise RuntimeError(f"{path} answered {sent[0]['status']}")
    return sum(len(message.get("body", b"")) for message in sent[1:])


def figures(databases: Databases) -> list[Figure]:
    """On both databases."""
    return [
        *asyncio.run(measured(databases.sqlite(), "SQLite")),
        *asyncio.run(measured(databases.postgres(), "PostgreSQL")),
    ]
