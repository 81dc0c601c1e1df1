"""Once a month each council is told how its scores moved, once, and never of nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from broadcasts import digests
from flows.world import Grant
from handlers.desk import Desk
from storage import outbox, roles
from storage.database import Connection, Database
from storage.links import link, stop
from storage.tables import broadcasts, publications, responses
from storage.tables import outbox as messages
from storage.vault import Vault
from tests.scored import fill
from tests.villagers import COMMUNE, NEIGHBOUR, at, fires, joins

pytestmark = pytest.mark.anyio

FIRST = at("2026-12-01 08:30")  # November has ended; the round goes on until the end of December
NIGHT = date(2026, 11, 20)


def official(
    connection: Connection, vault: Vault, role: str = "council", place: str = COMMUNE, **facts: Any
) -> int:
    number = joins(connection, vault, joined=False, **facts)
    now = at("2026-11-01 09:00")
    roles.grant(connection, number, Grant(role, place), now.date(), actor=None, now=now)
    return number


def scores(connection: Connection, desk: Desk, *communes: str) -> None:
    """Scores that were published in November."""
    fill(connection, desk.library, communes)
    for commune in communes:
        facility = desk.library.facilities(commune, "hc")[0].code
        moved = {"facility": facility, "round": "2026-Q4", "criterion": "hc-presence", "as_of": NIGHT}
        connection.execute(sa.insert(publications).values(moved))


def comment(connection: Connection, vault: Vault, desk: Desk, on: date, answered: date | None = None) -> None:
    facility = desk.library.facilities(COMMUNE, "hc")[0].code
    connection.execute(
        sa.insert(responses).values(
            rater=vault.code(f"{on}{answered}"),
            facility=facility,
            round="2026-Q4",
            reference="ABCDEF",
            commune=COMMUNE,
            shared=False,
            scores={},
            groups=[],
            comment=vault.seal_json({"text": "សូមអរគុណ"}),
            rated_on=on,
            answered_on=answered,
        )
    )


async def told(database: Database) -> dict[int, str]:
    """What each contact is told."""

    def work(connection: Connection) -> dict[int, str]:
        rows = connection.execute(sa.select(messages.c.contact, messages.c.payload)).all()
        bodies = outbox.bodies(connection, [row.payload for row in rows])
        return {row.contact: "\n".join(str(part["text"]) for part in bodies[row.payload]) for row in rows}

    return await database.transact(work)


async def states(database: Database) -> dict[str, str]:
    def work(connection: Connection) -> dict[str, str]:
        return {row.place: row.state for row in connection.execute(sa.select(broadcasts))}

    return await database.transact(work)


async def test_a_council_is_told_of_its_month_and_only_once(
    database: Database, vault: Vault, desk: Desk
) -> None:
    desk.site = "https://samleng.example.org"

    def settle(connection: Connection) -> tuple[int, int]:
        scores(connection, desk, COMMUNE, NEIGHBOUR)
        comment(connection, vault, desk, date(2026, 11, 12))
        comment(connection, vault, desk, date(2026, 10, 30))
        comment(connection, vault, desk, date(2026, 11, 13), answered=date(2026, 11, 14))
        joins(connection, vault)  # a citizen, who is told nothing
        return official(connection, vault, language="en"), official(connection, vault, "council", NEIGHBOUR)

    ours, neighbour = await database.transact(settle)
    await fires(database, desk, FIRST - timedelta(minutes=1))
    assert await told(database) == {}
    await fires(database, desk, FIRST)
    said = await told(database)
    assert sorted(said) == sorted([ours, neighbour])
    assert "November 2026" in said[ours]
    assert "New comments: 2. Not answered yet: 2." in said[ours]
    assert f"https://samleng.example.org/c/{COMMUNE}" in said[ours]
    assert "មតិថ្មី" not in said[neighbour]
    await fires(database, desk, FIRST + timedelta(hours=3))
    await fires(database, desk, FIRST + timedelta(days=1))
    assert len(await told(database)) == 2


async def test_a_month_without_anything_new_is_not_told(database: Database, vault: Vault, desk: Desk) -> None:
    def settle(connection: Connection) -> None:
        fill(connection, desk.library, [COMMUNE])  # of some earlier month: nothing moved in November
        official(connection, vault)
        official(connection, vault, "viewer", "0803")
        official(connection, vault, "viewer", "")

    await database.transact(settle)
    await fires(database, desk, FIRST)
    assert await told(database) == {}
    assert set((await states(database)).values()) == {"cancelled"}


async def test_a_comment_alone_is_news(database: Database, vault: Vault, desk: Desk) -> None:
    def settle(connection: Connection) -> int:
        comment(connection, vault, desk, date(2026, 11, 30))
        return official(connection, vault, language="en")

    number = await database.transact(settle)
    await fires(database, desk, FIRST)
    assert "New comments: 1." in (await told(database))[number]


async def test_those_who_look_after_more_get_a_table(database: Database, vault: Vault, desk: Desk) -> None:
    def settle(connection: Connection) -> dict[str, int]:
        scores(connection, desk, COMMUNE, NEIGHBOUR)
        return {
            place: official(connection, vault, "viewer", place, language="en") for place in ("0803", "08", "")
        }

    viewers = await database.transact(settle)
    await fires(database, desk, FIRST)
    said = await told(database)
    district = said[viewers["0803"]]
    communes = desk.library.gazetteer.children("0803")
    named = {place.code: place.latin for place in communes}
    assert f"\n{named[COMMUNE]}: " in district and f"\n{named[NEIGHBOUR]}: " in district
    assert f"Without enough ratings: {len(communes) - 2}" in district
    assert "\nKhsach Kandal: " in said[viewers["08"]]
    assert "\nKandal: " in said[viewers[""]]
    assert "the whole country" in said[viewers[""]]


async def test_by_sms_a_digest_is_short(database: Database, vault: Vault, desk: Desk) -> None:
    def settle(connection: Connection) -> None:
        scores(connection, desk, COMMUNE)
        comment(connection, vault, desk, date(2026, 11, 30))
        official(connection, vault, channel="sms", address="+85512000001")
        official(connection, vault, "viewer", "0803", channel="sms", address="+85512000002")

    await database.transact(settle)
    await fires(database, desk, FIRST)
    for text in (await told(database)).values():
        assert len(text) <= 3 * 67, text


async def test_who_stopped_or_hears_elsewhere(database: Database, vault: Vault, desk: Desk) -> None:
    def settle(connection: Connection) -> tuple[int, int]:
        scores(connection, desk, COMMUNE)
        stop(connection, official(connection, vault))
        here = joins(connection, vault, joined=False)
        there = official(connection, vault, channel="sms", address="+85512000003")
        link(connection, there, here, here)
        return here, there

    here, _there = await database.transact(settle)
    await fires(database, desk, FIRST)
    assert list(await told(database)) == [here]


async def test_the_end_of_a_round_is_told_instead_of_its_last_month(
    database: Database, vault: Vault, desk: Desk
) -> None:
    def settle(connection: Connection) -> int:
        scores(connection, desk, COMMUNE)
        return official(connection, vault, language="en")

    number = await database.transact(settle)
    await fires(database, desk, at("2027-01-01 09:00"))
    assert "quarter 4 of 2026" in (await told(database))[number]
    assert len(await states(database)) == 1


async def test_a_worker_that_was_away_for_a_week_tells_nothing_old(
    database: Database, vault: Vault, desk: Desk
) -> None:
    def settle(connection: Connection) -> None:
        scores(connection, desk, COMMUNE)
        official(connection, vault)

    await database.transact(settle)
    await fires(database, desk, FIRST)
    await fires(database, desk, FIRST + timedelta(days=8))
    assert set((await states(database)).values()) == {"queued"}
    await fires(database, desk, at("2027-01-09 09:00"))
    assert set((await states(database)).values()) == {"queued"}  # nothing was planned so late


def test_a_round_of_the_calendar_may_end_in_the_middle_of_a_month(desk: Desk) -> None:
    library = desk.library
    assert digests.span(library, "2026-11") == (date(2026, 11, 1), date(2026, 12, 1))
    assert digests.span(library, "2026-Q4") == (date(2026, 10, 1), date(2027, 1, 1))
