"""Signing in on the dashboard: links that work once, sessions that end, roles that are looked at each time."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from flows.world import Grant
from storage import audit, codes, contacts, roles, signin
from storage.database import Connection, Database
from storage.tables import codes as kept_codes
from storage.tables import sessions
from storage.vault import Vault
from tests.dashboards import COUNCIL, NOW

pytestmark = pytest.mark.anyio
LATER = NOW + timedelta(minutes=14)


@pytest.fixture
async def clerk(database: Database, vault: Vault) -> int:
    return await database.transact(official, vault, "1")


def official(connection: Connection, vault: Vault, address: str, grant: Grant = COUNCIL) -> int:
    known = contacts.find(connection, vault, "telegram", address, date(2026, 11, 22), "km")
    roles.grant(connection, known.id, grant, date(2026, 11, 22), actor=None, now=NOW)
    return known.id


async def signed_in(database: Database, vault: Vault, contact: int) -> str:
    token = await database.transact(signin.link, vault, contact, NOW)
    cookie = await database.transact(signin.enter, vault, token, NOW)
    assert cookie is not None
    return cookie


async def test_a_link_signs_in_once(database: Database, vault: Vault, clerk: int) -> None:
    token = await database.transact(signin.link, vault, clerk, NOW)
    assert await database.transact(signin.opens, vault, token, LATER) == clerk
    assert await database.transact(signin.opens, vault, token, LATER) == clerk  # looking takes nothing
    cookie = await database.transact(signin.enter, vault, token, LATER)
    assert cookie is not None
    assert await database.transact(signin.enter, vault, token, LATER) is None
    visitor = await database.transact(signin.whose, vault, cookie, LATER)
    assert visitor == signin.Visitor(clerk, (COUNCIL,), "km")
    [entry] = [row for row in await database.transact(audit.last, 10) if row.action == "signed_in"]
    assert (entry.actor, entry.detail) == (clerk, {})


async def test_of_two_who_enter_at_the_same_moment_one_gets_in(
    database: Database, vault: Vault, clerk: int
) -> None:
    token = await database.transact(signin.link, vault, clerk, NOW)
    tried = [database.transact(signin.enter, vault, token, NOW) for _ in range(5)]
    assert len([cookie for cookie in await asyncio.gather(*tried) if cookie]) == 1


async def test_a_link_ends_after_a_quarter_of_an_hour(database: Database, vault: Vault, clerk: int) -> None:
    token = await database.transact(signin.link, vault, clerk, NOW)
    late = NOW + timedelta(minutes=15)
    assert await database.transact(signin.opens, vault, token, late) is None
    assert await database.transact(signin.enter, vault, token, late) is None


async def test_a_newer_link_replaces_an_older_one(database: Database, vault: Vault, clerk: int) -> None:
    first = await database.transact(signin.link, vault, clerk, NOW)
    second = await database.transact(signin.link, vault, clerk, NOW)
    assert await database.transact(signin.enter, vault, first, NOW) is None
    assert await database.transact(signin.enter, vault, second, NOW) is not None


@pytest.mark.parametrize(
    "change", [str.upper, lambda t: t[:-1], lambda t: t + "a", lambda t: t[::-1], lambda t: ""]
)
async def test_a_tampered_link_opens_nothing(
    change: object, database: Database, vault: Vault, clerk: int
) -> None:
    token = await database.transact(signin.link, vault, clerk, NOW)
    assert callable(change)
    assert await database.transact(signin.enter, vault, change(token), NOW) is None
    assert await database.transact(signin.enter, vault, token, NOW) is not None


async def test_an_invitation_is_no_link(database: Database, vault: Vault, clerk: int) -> None:
    for purpose, contact in ((codes.ROLE, None), (codes.LINK, clerk)):
        code = await database.transact(
            codes.make, vault, purpose, NOW, grant=COUNCIL, contact=contact, draw=lambda _purpose: "a" * 20
        )
        assert await database.transact(signin.enter, vault, code, NOW) is None
        assert await database.transact(codes.take, vault, code, NOW) is not None  # nor was it taken


async def test_nothing_in_the_database_signs_in(database: Database, vault: Vault, clerk: int) -> None:
    token = await database.transact(signin.link, vault, clerk, NOW)

    def seen(connection: Connection) -> list[bytes]:
        return [
            bytes(row.hash)
            for table in (kept_codes, sessions)
            for row in connection.execute(sa.select(table))
        ]

    [kept] = await database.transact(seen)
    assert token.encode() not in kept and len(kept) == 16
    cookie = await database.transact(signin.enter, vault, token, NOW)
    assert cookie is not None
    [kept] = await database.transact(seen)
    assert cookie.encode() not in kept and len(kept) == 16


async def test_one_is_signed_in_for_twelve_hours(database: Database, vault: Vault, clerk: int) -> None:
    cookie = await signed_in(database, vault, clerk)
    whose = signin.whose
    assert await database.transact(whose, vault, cookie, NOW + timedelta(hours=11, minutes=59)) is not None
    assert await database.transact(whose, vault, cookie, NOW + timedelta(hours=12)) is None


async def test_who_signs_out_is_out(database: Database, vault: Vault, clerk: int) -> None:
    cookie, other = await signed_in(database, vault, clerk), await signed_in(database, vault, clerk)
    await database.transact(signin.leave, vault, cookie)
    assert await database.transact(signin.whose, vault, cookie, NOW) is None
    assert await database.transact(signin.whose, vault, other, NOW) is not None


async def test_a_role_that_is_taken_back_opens_nothing_any_more(
    database: Database, vault: Vault, clerk: int
) -> None:
    cookie = await signed_in(database, vault, clerk)
    token = await database.transact(signin.link, vault, clerk, NOW)
    await database.transact(roles.revoke, clerk, None, actor=None, now=NOW)
    assert await database.transact(signin.whose, vault, cookie, NOW) is None
    assert await database.transact(signin.enter, vault, token, NOW) is None


async def test_a_new_role_counts_at_once(database: Database, vault: Vault, clerk: int) -> None:
    cookie = await signed_in(database, vault, clerk)
    await database.transact(official, vault, "1", Grant("viewer", "08"))
    visitor = await database.transact(signin.whose, vault, cookie, NOW)
    assert visitor is not None and [grant.place for grant in visitor.roles] == ["080303", "08"]


async def test_whose_data_is_deleted_is_out(database: Database, vault: Vault, clerk: int) -> None:
    cookie = await signed_in(database, vault, clerk)

    def erase(connection: Connection) -> None:
        known = contacts.find(connection, vault, "telegram", "1", NOW.date(), "km")
        contacts.erase(connection, known)

    await database.transact(erase)
    assert await database.transact(signin.whose, vault, cookie, NOW) is None


@pytest.mark.parametrize("cookie", ["", "x", "x" * 1000, "\x00", "'; --"])
async def test_a_made_up_cookie_is_nobody(cookie: str, database: Database, vault: Vault, clerk: int) -> None:
    await signed_in(database, vault, clerk)
    assert await database.transact(signin.whose, vault, cookie, NOW) is None
