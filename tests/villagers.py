"""People who have joined, and a meeting for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import sqlalchemy as sa

from broadcasts import fire, notices
from broadcasts.press import Press
from flows.meetings import Meeting
from handlers.desk import LOCAL
from storage.database import Connection, Database
from storage.tables import broadcasts, contacts, outbox
from storage.vault import Vault

COMMUNE = "080302"
NEIGHBOUR = "080303"
VILLAGES = ("08030201", "08030202", "08030203")
_numbers = count(1)

MEETING = Meeting("village", COMMUNE, "commune", "2026-12-01", "08:30", "វត្តព្រែក")


def at(local: str) -> datetime:
    """The instant of a local 2026-12-01 08:30."""
    return datetime.fromisoformat(local).replace(tzinfo=LOCAL).astimezone(UTC)


NOW = at("2026-11-25 09:00")


def joins(connection: Connection, vault: Vault, channel: str = "telegram", **facts: Any) -> int:
    """Somebody who wants to hear of her commune's meetings; the number of her contact."""
    address = facts.pop("address", f"7{next(_numbers):08}")
    values = {
        "channel": channel,
        "address_hash": vault.address_hash(channel, address),
        "address": vault.seal(address.encode()),
        "language": "km",
        "commune": COMMUNE,
        "joined": True,
        "created_on": date(2026, 11, 1),
        **facts,
    }
    return int(connection.execute(sa.insert(contacts).values(**values).returning(contacts.c.id)).scalar_one())


def join(connection: Connection, vault: Vault, how_many: int, **facts: Any) -> list[int]:
    return [joins(connection, vault, **facts) for _ in range(how_many)]


async def fires(database: Database, press: Press, now: datetime) -> int:
    """The worker does all that is due; how many steps it took."""
    steps = 0
    while await database.transact(fire.fire, press, now):
        steps += 1
        assert steps < 1000
    return steps


async def announces(
    database: Database, press: Press, now: datetime = NOW, author: int | None = None, **other: Any
) -> int:
    return await database.transact(notices.announce, press, replace(MEETING, **other), author, now)


async def sends(database: Database, now: datetime, state: str = "sent") -> None:
    """Everything that waits leaves."""

    def work(connection: Connection) -> None:
        connection.execute(
            sa.update(outbox).where(outbox.c.state == "queued").values(state=state, sent_at=now)
        )

    await database.transact(work)


async def messages(database: Database, **where: Any) -> list[Any]:
    """Rows of the outbox with the kind of broadcast each belongs to, in their order."""

    def work(connection: Connection) -> list[Any]:
        query = (
            sa.select(outbox, broadcasts.c.kind, broadcasts.c.notice)
            .select_from(outbox.outerjoin(broadcasts, broadcasts.c.id == outbox.c.broadcast))
            .order_by(outbox.c.id)
        )
        for name, value in where.items():
            column = broadcasts.c.kind if name == "kind" else outbox.c[name]
            query = query.where(column == value)
        return list(connection.execute(query))

    return await database.transact(work)


async def heard(database: Database, kind: str, states: Iterable[str] = ("queued", "sent")) -> list[int]:
    """The contacts for whom there is a message of a kind."""
    return sorted(row.contact for row in await messages(database, kind=kind) if row.state in states)


async def states(database: Database) -> Counter[tuple[str, str]]:
    """How many broadcasts of each kind are in each state."""

    def work(connection: Connection) -> Counter[tuple[str, str]]:
        return Counter(
            (row.kind, row.state)
            for row in connection.execute(sa.select(broadcasts.c.kind, broadcasts.c.state))
        )

    return await database.transact(work)
