"""Roles: what they allow and where, who gave them, and that they end at once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from flows.officials import may
from flows.world import Grant
from handlers.desk import Desk
from storage import audit, codes, contacts, roles
from storage.database import Connection, Database
from storage.tables import contacts as people
from storage.vault import Vault
from tests.person import Clock, Person

pytestmark = pytest.mark.anyio

HOME, NEXT = "080303", "080304"
CAF, COUNCIL = Grant("caf", HOME), Grant("council", HOME)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


# -- What they allow --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grant", "announces", "invites"),
    [
        (Grant("caf", HOME), True, False),
        (Grant("caf", NEXT), False, False),
        (Grant("caf", "0803"), False, False),  # a facilitator is one of a commune
        (Grant("caf", ""), False, False),
        (Grant("council", HOME), True, True),
        (Grant("council", NEXT), False, False),
        (Grant("council", "0803"), True, True),
        (Grant("admin", ""), True, True),
        (Grant("admin", "08"), True, True),
        (Grant("admin", "09"), False, False),
        (Grant("staff", HOME, "hc080303"), False, False),
        (Grant("viewer", ""), False, False),
    ],
)
def test_what_a_role_allows(grant: Grant, announces: bool, invites: bool) -> None:
    assert may((grant,), "announce", HOME) is announces
    assert may((grant,), "invite", HOME) is invites


def test_of_several_roles_one_is_enough_and_none_is_not() -> None:
    assert may((Grant("caf", NEXT), CAF), "announce", HOME)
    assert not may((), "announce", HOME)


# -- Keeping them -----------------------------------------------------------------------------------------


def known(connection: Connection, vault: Vault, address: str = "1") -> contacts.Known:
    return contacts.find(connection, vault, "telegram", address, TODAY, "km")


async def test_a_role_is_granted_once(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> tuple[bool, bool, tuple[Grant, ...], bool]:
        contact = known(connection, vault).id
        first = roles.grant(connection, contact, CAF, TODAY, actor=None, now=NOW)
        again = roles.grant(connection, contact, CAF, TODAY, actor=None, now=NOW)
        return first, again, roles.of(connection, contact), known(connection, vault).official

    assert await database.transact(work) == (True, False, (CAF,), True)


async def test_who_has_none_is_no_official(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> tuple[bool, tuple[Grant, ...]]:
        contact = known(connection, vault)
        return contact.official, roles.of(connection, contact.id)

    assert await database.transact(work) == (False, ())


async def test_the_last_role_taken_makes_no_official(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> list[tuple[int, tuple[Grant, ...], bool]]:
        contact = known(connection, vault).id
        found = []
        for grant in (CAF, COUNCIL):
            roles.grant(connection, contact, grant, TODAY, actor=None, now=NOW)
        for wanted in (COUNCIL, COUNCIL, None):
            taken = roles.revoke(connection, contact, wanted, actor=None, now=NOW)
            found.append((taken, roles.of(connection, contact), known(connection, vault).official))
        return found

    assert await database.transact(work) == [(1, (CAF,), True), (0, (CAF,), True), (1, (), False)]


async def test_both_are_written_to_the_audit_log(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> tuple[int, int, list[sa.Row[tuple[object, ...]]]]:
        contact, inviter = known(connection, vault).id, known(connection, vault, "2").id
        roles.grant(connection, contact, CAF, TODAY, actor=inviter, now=NOW)
        roles.revoke(connection, contact, None, actor=None, now=NOW)
        return contact, inviter, audit.last(connection, 10)

    contact, inviter, written = await database.transact(work)
    assert [(row.action, row.actor, row.subject) for row in written] == [
        ("granted", inviter, contact),
        ("revoked", None, contact),
    ]
    assert written[0].at == NOW
    assert {**written[0].detail, "number": 0} == {"number": 0, "role": "caf", "place": HOME}


async def test_the_newest_entries_are_read(database: Database) -> None:
    def work(connection: Connection) -> list[object]:
        for number in range(5):
            audit.note(connection, NOW, "invited", None, None, {"number": number})
        return [row.detail["number"] for row in audit.last(connection, 2)]

    assert await database.transact(work) == [3, 4]


async def test_people_are_listed_by_place_and_never_by_address(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> list[list[sa.Row[tuple[object, ...]]]]:
        for address, grant in (
            ("1", CAF),
            ("2", COUNCIL),
            ("3", Grant("caf", "120101")),
            ("3", Grant("viewer", "")),
        ):
            roles.grant(connection, known(connection, vault, address).id, grant, TODAY, actor=None, now=NOW)
        return [roles.listed(connection, place) for place in (None, "08", HOME, "99")]

    everybody, province, commune, nowhere = await database.transact(work)
    assert [(row.role, row.place) for row in everybody] == [
        ("viewer", ""),
        ("caf", HOME),
        ("council", HOME),
        ("caf", "120101"),
    ]
    assert [row.place for row in province] == [row.place for row in commune] == [HOME, HOME]
    assert nowhere == []
    assert everybody[0]._fields == ("id", "role", "place", "facility", "granted_on", "channel")


# -- In the bot -------------------------------------------------------------------------------------------


@pytest.fixture
def clerk(database: Database, desk: Desk) -> Person:
    desk.clock = Clock()
    return Person(database, desk, address="clerk")


def number_of(connection: Connection, person: Person) -> int:
    desk = person.desk
    return contacts.find(connection, desk.vault, person.channel, person.address, TODAY, "km").id


async def give(person: Person, grant: Grant) -> None:
    def work(connection: Connection) -> None:
        roles.grant(connection, number_of(connection, person), grant, TODAY, actor=None, now=NOW)

    await person.database.transact(work)


async def take(person: Person) -> None:
    def work(connection: Connection) -> None:
        roles.revoke(connection, number_of(connection, person), None, actor=None, now=NOW)

    await person.database.transact(work)


NOT_YOU = "មានតែក្រុមប្រឹក្សា"


async def test_a_council_member_invites_a_facilitator(clerk: Person) -> None:
    await give(clerk, COUNCIL)
    clerk.desk.draw = lambda _purpose: "SL-7K3M-9QX2"
    assert "SL-7K3M-9QX2" in await clerk.sees("INVITE", "[បាទ/ចាស]")
    sopheap = Person(clerk.database, clerk.desk, "sms", "+85512998877")
    await sopheap.says("SL-7K3M-9QX2")

    def work(connection: Connection) -> tuple[tuple[Grant, ...], list[tuple[str, bool]]]:
        inviter = number_of(connection, clerk)
        written = [(row.action, row.actor == inviter) for row in audit.last(connection, 9)]
        return roles.of(connection, number_of(connection, sopheap)), written[1:]

    assert await clerk.database.transact(work) == ((CAF,), [("invited", True), ("granted", True)])


@pytest.mark.parametrize("grant", [None, CAF, Grant("viewer", ""), Grant("staff", HOME, "hc080303")])
async def test_nobody_else_invites(clerk: Person, grant: Grant | None) -> None:
    if grant is not None:
        await give(clerk, grant)
    assert NOT_YOU in await clerk.sees("អញ្ជើញ")


async def test_an_administrator_names_the_commune(clerk: Person) -> None:
    await give(clerk, Grant("admin", "0803"))
    assert "មែនទេ?" in await clerk.sees("INVITE", HOME)
    assert NOT_YOU in await clerk.sees("INVITE", "080101")


async def test_a_council_member_of_two_communes_chooses_one(clerk: Person) -> None:
    await give(clerk, COUNCIL)
    await give(clerk, Grant("council", NEXT))
    clerk.desk.draw = lambda _purpose: "SL-7K3M-9QX2"
    received = await clerk.says("INVITE", "2", "[បាទ/ចាស]")
    assert received.outcomes[0].grant == Grant("caf", NEXT)


async def test_a_role_taken_back_before_the_yes_invites_nobody(clerk: Person) -> None:
    await give(clerk, COUNCIL)
    await clerk.says("INVITE")
    await take(clerk)
    assert NOT_YOU in await clerk.sees("[បាទ/ចាស]")


async def test_what_was_handed_out_is_void_when_the_role_is_taken_back(clerk: Person) -> None:
    await give(clerk, COUNCIL)
    clerk.desk.draw = lambda _purpose: "SL-7K3M-9QX2"
    await clerk.says("INVITE", "[បាទ/ចាស]")
    await take(clerk)
    sopheap = Person(clerk.database, clerk.desk, "sms", "+85512998877")
    assert "ប្រើមិនបាន" in await sopheap.sees("SL-7K3M-9QX2")


async def test_an_official_who_has_her_data_deleted_has_no_role(clerk: Person) -> None:
    await give(clerk, COUNCIL)
    await clerk.says("ERASE", "[បាទ/ចាស]")

    def work(connection: Connection) -> tuple[int, list[str]]:
        left = connection.execute(sa.select(sa.func.count()).select_from(people)).scalar_one()
        assert roles.listed(connection, None) == []
        return left, [row.action for row in audit.last(connection, 9)]

    assert await clerk.database.transact(work) == (0, ["granted", "revoked"])


async def test_a_code_of_whoever_was_erased_is_void(clerk: Person) -> None:
    await give(clerk, COUNCIL)
    clerk.desk.draw = lambda _purpose: "SL-7K3M-9QX2"
    await clerk.says("INVITE", "[បាទ/ចាស]", "ERASE", "[បាទ/ចាស]")
    assert await clerk.database.transact(codes.look, clerk.desk.vault, "SL-7K3M-9QX2", NOW) is None
