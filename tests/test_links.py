"""Two addresses of one person: told once, left alone on both, and each for itself when she wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels.sms import Sms
from flows.channel import SMS
from handlers.desk import Desk
from storage import contacts, links
from storage.database import Connection, Database
from storage.tables import contacts as rows
from storage.tables import follows
from storage.vault import Vault
from tests.person import Clock, Person

pytestmark = pytest.mark.anyio

TODAY = date(2026, 11, 22)
HOME, NEXT = "080303", "080304"
CODE = "LN-482913"


def add(connection: Connection, vault: Vault, *addresses: str) -> list[int]:
    return [contacts.find(connection, vault, "sms", one, TODAY, "km").id for one in addresses]


def wish(connection: Connection, contact: int, **facts: Any) -> None:
    connection.execute(sa.update(rows).where(rows.c.id == contact).values(**facts))


def told_at(connection: Connection) -> list[int | None]:
    return list(connection.execute(sa.select(rows.c.told_at).order_by(rows.c.id)).scalars())


def wishes(connection: Connection) -> list[tuple[Any, ...]]:
    found = sa.select(rows.c.joined, rows.c.stopped, rows.c.commune, rows.c.village).order_by(rows.c.id)
    return [tuple(row) for row in connection.execute(found)]


# -- Linking ----------------------------------------------------------------------------------------------


async def test_of_two_that_are_linked_one_hears(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two, stranger = add(connection, vault, "1", "2", "3")
        links.link(connection, one, two, told=two)
        assert told_at(connection) == [two, None, None]
        assert links.persons_other(connection, one) == [two]
        assert links.persons_other(connection, two) == [one]
        assert links.persons_other(connection, stranger) == []
        assert [links.hears(connection, each) for each in (one, two, stranger)] == [two, two, stranger]
        links.link(connection, one, two, told=one)
        assert told_at(connection) == [None, one, None]

    await database.transact(work)


async def test_a_third_joins_the_two(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two, three = add(connection, vault, "1", "2", "3")
        links.link(connection, one, two, told=two)
        links.link(connection, three, one, told=three)
        assert told_at(connection) == [three, three, None]
        assert links.persons_other(connection, one) == [three, two]

    await database.transact(work)


async def test_nobody_is_told_on_a_strangers_phone(sqlite: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two, three = add(connection, vault, "1", "2", "3")
        with pytest.raises(ValueError, match="one of her own"):
            links.link(connection, one, two, told=three)
        with pytest.raises(ValueError, match="one of her own"):
            links.link(connection, one, one, told=one)

    await sqlite.transact(work)


async def test_what_she_wished_for_on_one_is_told_on_the_other(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two = add(connection, vault, "1", "2")
        wish(connection, one, joined=True, commune=HOME, village=f"{HOME}01")
        connection.execute(sa.insert(follows).values(facility="hc080303", contact=one))
        links.link(connection, one, two, told=two)
        assert wishes(connection)[1] == (True, False, HOME, f"{HOME}01")
        links.link(connection, one, two, told=two)  # again, which changes nothing
        followed = connection.execute(sa.select(follows).order_by(follows.c.contact))
        assert [tuple(row) for row in followed] == [("hc080303", one), ("hc080303", two)]

    await database.transact(work)


async def test_her_own_wish_stands(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two = add(connection, vault, "1", "2")
        wish(connection, one, joined=True, commune=HOME)
        wish(connection, two, joined=True, commune=NEXT)
        links.link(connection, one, two, told=two)
        assert wishes(connection)[1] == (True, False, NEXT, None)

    await database.transact(work)


async def test_who_had_stopped_on_both_stays_alone(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two = add(connection, vault, "1", "2")
        for contact in (one, two):
            wish(connection, contact, stopped=True)
        links.link(connection, one, two, told=two)
        assert [row[:2] for row in wishes(connection)] == [(False, True), (False, True)]

    await database.transact(work)


# -- Parting ----------------------------------------------------------------------------------------------


async def test_each_for_itself_again(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two = add(connection, vault, "1", "2")
        for leaves in (one, two):
            links.link(connection, one, two, told=two)
            assert links.unlink(connection, leaves)
            assert told_at(connection) == [None, None]
        assert not links.unlink(connection, one)

    await database.transact(work)


async def test_when_the_one_that_heard_leaves_another_hears(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two, three = add(connection, vault, "1", "2", "3")
        links.link(connection, one, two, told=two)
        links.link(connection, three, two, told=three)
        assert links.unlink(connection, three)
        assert told_at(connection) == [None, one, None]

    await database.transact(work)


async def test_nothing_points_to_who_was_erased(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        one, two = add(connection, vault, "1", "2")
        links.link(connection, one, two, told=two)
        contacts.erase(connection, contacts.find(connection, vault, "sms", "2", TODAY, "km"))
        assert told_at(connection) == [None]

    await database.transact(work)


# -- Leaving alone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_a_stop_on_one_stops_all_of_hers(database: Database, vault: Vault, which: int) -> None:
    def work(connection: Connection) -> None:
        hers = add(connection, vault, "1", "2", "3")
        [stranger] = add(connection, vault, "4")
        for contact in (*hers, stranger):
            wish(connection, contact, joined=True, commune=HOME)
        links.link(connection, hers[0], hers[1], told=hers[1])
        links.link(connection, hers[2], hers[0], told=hers[1])
        links.stop(connection, hers[which])
        assert [row[:2] for row in wishes(connection)] == [(False, True)] * 3 + [(True, False)]

    await database.transact(work)


# -- In the bot -------------------------------------------------------------------------------------------


@pytest.fixture
def bopha(database: Database, desk: Desk) -> Person:
    desk.clock = Clock()
    desk.draw = lambda _purpose: CODE
    return Person(database, desk)


@pytest.fixture
def phone(bopha: Person) -> Person:
    return Person(bopha.database, bopha.desk, "sms", "+85512998877")


async def linked(bopha: Person, phone: Person, where: str = "1") -> None:
    """A code from Telegram, given on the old phone, where she then answers."""
    await bopha.says("LINK")
    await phone.says(CODE, where)


async def state(person: Person) -> dict[str, tuple[Any, ...]]:
    """By channel: the channel on which it hears, joined, stopped, commune."""

    def work(connection: Connection) -> dict[str, tuple[Any, ...]]:
        found = list(connection.execute(sa.select(rows)))
        names = {row.id: row.channel for row in found}
        return {row.channel: (names.get(row.told_at), row.joined, row.stopped, row.commune) for row in found}

    return await person.database.transact(work)


@pytest.mark.parametrize(
    ("answer", "telegram", "sms"),
    [("1", "sms", None), ("2", None, "telegram"), ("ម្ខាងទៀត", None, "telegram")],
)
async def test_she_says_where_she_is_told(
    bopha: Person, phone: Person, answer: str, telegram: str | None, sms: str | None
) -> None:
    await linked(bopha, phone, answer)
    found = await state(bopha)
    assert (found["telegram"][0], found["sms"][0]) == (telegram, sms)


async def test_they_belong_together_before_she_says_where(bopha: Person, phone: Person) -> None:
    await bopha.says("LINK")
    await phone.says(CODE)
    assert (await state(bopha))["telegram"][0] == "sms"  # where she is now


async def test_the_code_may_be_a_deep_link(bopha: Person, phone: Person) -> None:
    await phone.says("ភ្ជាប់")
    await bopha.says("/start i_LN482913", "[នៅទីនេះ]")
    assert (await state(bopha))["sms"][0] == "telegram"


async def test_the_code_is_not_for_the_phone_that_asked(bopha: Person, phone: Person) -> None:
    await bopha.says("LINK")
    assert "មិនមែនពីទីនេះ" in await bopha.sees(CODE)
    await phone.says(CODE, "2")
    assert (await state(bopha))["sms"][0] == "telegram"


async def test_only_the_newest_code_of_a_phone_is_good(bopha: Person, phone: Person) -> None:
    await bopha.says("LINK")
    bopha.desk.draw = lambda _purpose: "LN-111222"
    await bopha.says("LINK")
    assert "ប្រើមិនបាន" in await phone.sees(CODE)
    assert "ទទួលដំណឹងនៅណា" in await phone.sees("LN-111222")


@pytest.mark.parametrize("first", ["telegram", "sms"])
async def test_stop_is_said_once_and_counts_on_both(bopha: Person, phone: Person, first: str) -> None:
    await bopha.says("JOIN", HOME, "1")
    await linked(bopha, phone)
    person = {"telegram": bopha, "sms": phone}[first]
    await person.says("ឈប់")
    assert {name: row[1:3] for name, row in (await state(bopha)).items()} == {
        "telegram": (False, True),
        "sms": (False, True),
    }


async def test_stop_counts_on_both_where_nobody_can_answer(bopha: Person, phone: Person) -> None:
    await bopha.says("JOIN", HOME, "1")
    await linked(bopha, phone)
    bopha.desk.media = {**bopha.desk.media, "sms": Sms(replace(SMS, can_receive=False))}
    assert (await phone.says("STOP")).parts == []
    assert (await state(bopha))["telegram"][1:3] == (False, True)


async def test_joining_on_one_is_told_on_the_other(bopha: Person, phone: Person) -> None:
    await linked(bopha, phone, "2")
    await phone.says("JOIN", HOME, "1")
    assert (await state(bopha))["telegram"] == (None, True, False, HOME)


async def test_following_on_one_is_told_on_the_other(bopha: Person, phone: Person) -> None:
    await linked(bopha, phone, "2")

    def followed(connection: Connection) -> list[str]:
        query = sa.select(rows.c.channel).join(follows, follows.c.contact == rows.c.id)
        return list(connection.execute(query).scalars())

    await phone.says("JOIN", HOME, "1", "FOLLOW", "2")
    assert await bopha.database.transact(followed) == ["telegram"]
    await phone.says("UNFOLLOW")
    assert await bopha.database.transact(followed) == []


async def test_unlinking(bopha: Person, phone: Person) -> None:
    await linked(bopha, phone)
    assert "ផ្ដាច់ហើយ" in await phone.sees("UNLINK")
    assert [row[0] for row in (await state(bopha)).values()] == [None, None]
    assert "មិនទាន់" in await phone.sees("ផ្ដាច់")


async def test_what_was_unlinked_meanwhile_stays_so(bopha: Person, phone: Person) -> None:
    await bopha.says("LINK")
    await phone.says(CODE)
    await bopha.says("UNLINK")
    assert "ផ្ដាច់ហើយ" in await phone.sees("2")
    assert [row[0] for row in (await state(bopha)).values()] == [None, None]


async def test_who_was_erased_meanwhile_is_nobodys(bopha: Person, phone: Person) -> None:
    await bopha.says("LINK")
    await phone.says(CODE)
    await bopha.says("ERASE", "[បាទ/ចាស]")
    await phone.says("2")
    assert await state(phone) == {"sms": (None, False, False, None)}


async def test_a_code_of_whoever_was_erased_is_void(bopha: Person, phone: Person) -> None:
    await bopha.says("LINK", "ERASE", "[បាទ/ចាស]")
    assert "ប្រើមិនបាន" in await phone.sees(CODE)
