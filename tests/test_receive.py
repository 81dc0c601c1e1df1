"""A message arrives: answered once, in order, kindly whatever it is, and nobody is ever stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot.channels import terminal
from flows.engine import Conversation
from flows.outcomes import Outcome, Rated
from flows.questions import Choice, Option, Said
from flows.registry import FLOWS
from flows.text import _
from flows.world import World
from handlers.desk import Desk
from storage import conversations, reference, responses
from storage.database import Connection, Database, SqliteDatabase
from storage.tables import contacts as known
from storage.tables import conversations as talks
from storage.tables import criteria, inbox, metadata, outbox
from storage.tables import responses as ratings
from tests.person import FACILITY, LINK, MENU, ROUND, SEND, SORRY, Clock, Person, question, text_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def sokha(database: Database, desk: Desk) -> Person:
    desk.clock = Clock()
    return Person(database, desk)


@pytest.fixture
def dara(sqlite: Database, desk: Desk) -> Person:
    """For what does not depend on the database."""
    desk.clock = Clock()
    return Person(sqlite, desk)


@pytest.fixture
def sokha_by_sms(sokha: Person) -> Person:
    return Person(sokha.database, sokha.desk, "sms", "+85512998877")


def everything(connection: Connection) -> dict[str, list[str]]:
    tables = (known, talks, inbox, outbox, ratings, metadata.tables["histograms"], metadata.tables["people"])
    return {table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in tables}


async def all_ratings(database: Database) -> list[Any]:
    return await database.transact(lambda connection: list(connection.execute(sa.select(ratings))))


# -- The same message twice -------------------------------------------------------------------------------


async def test_a_repeated_message_gets_the_same_reply(sokha: Person) -> None:
    incoming = sokha.message(Said(text=LINK))
    first = await sokha.deliver(incoming)
    again = await sokha.deliver(incoming)
    assert not first.duplicate
    assert again.duplicate
    assert (again.number, again.parts) == (first.number, first.parts)


async def test_a_repeated_message_has_no_second_effect(sokha: Person) -> None:
    await sokha.says(LINK)
    incoming = sokha.message(Said(text="4"))
    await sokha.deliver(incoming)
    before = await sokha.database.transact(everything)
    await sokha.deliver(incoming)
    assert await sokha.database.transact(everything) == before


async def test_a_message_repeated_much_later_has_no_second_effect(sokha: Person) -> None:
    await sokha.says(LINK)
    incoming = sokha.message(Said(text="4"))
    await sokha.deliver(incoming)
    await sokha.says("3", "5")
    before = await sokha.database.transact(everything)
    assert (await sokha.deliver(incoming)).duplicate
    assert await sokha.database.transact(everything) == before


async def test_a_message_delivered_many_times_at_the_same_moment_is_heard_once(sokha: Person) -> None:
    await sokha.says(LINK)
    incoming = sokha.message(Said(text="4"))
    received = await asyncio.gather(*(sokha.deliver(incoming) for _ in range(6)))
    assert [one.duplicate for one in received].count(False) == 1
    assert {text_of(one) for one in received} == {question(sokha.desk, 1)}


async def test_a_rating_that_is_sent_twice_counts_once(sokha: Person) -> None:
    await sokha.says(LINK, "4", "3", "5", "5", "4", "-")
    incoming = sokha.message(terminal.understood(SEND, sokha.parts))
    first, again = await sokha.deliver(incoming), await sokha.deliver(incoming)
    assert [type(outcome) for outcome in first.outcomes] == [Rated]
    assert again.outcomes == ()
    counted = await sokha.database.transact(responses.histogram, FACILITY, ROUND)
    assert counted["hc-presence", "all"] == [0, 0, 0, 1, 0]


async def test_the_goodbye_of_who_erased_her_data_is_said_again_to_a_repeated_message(sokha: Person) -> None:
    await sokha.says("ERASE")
    incoming = sokha.message(terminal.understood("[បាទ/ចាស]", sokha.parts))
    first, again = await sokha.deliver(incoming), await sokha.deliver(incoming)
    assert "លុបរួចហើយ" in text_of(first)
    assert again.parts == first.parts


@pytest.mark.parametrize(("lives", "counted"), [("08030301", "08030301"), ("08040101", None), (None, None)])
async def test_a_rating_is_of_a_village_that_the_facility_serves(
    sokha: Person, lives: str | None, counted: str | None
) -> None:
    await sokha.says("MENU")
    await sokha.database.transact(
        lambda connection: connection.execute(sa.update(known).values(village=lives))
    )
    await sokha.says(LINK, "4", "3", "5", "5", "4", "-", SEND)
    (rating,) = await all_ratings(sokha.database)
    assert rating.village == counted


# -- Two messages at the same moment ----------------------------------------------------------------------


async def test_scores_that_come_at_the_same_moment_are_all_heard(sokha_by_sms: Person) -> None:
    """Each is the answer to one question, and none overwrites another."""
    await sokha_by_sms.says(LINK)
    received = await asyncio.gather(*(sokha_by_sms.says(score) for score in ("1", "2", "3", "4", "5")))
    assert len({text_of(one) for one in received}) == 5
    (rating,) = await all_ratings(sokha_by_sms.database)
    assert sorted(rating.scores.values()) == [1, 2, 3, 4, 5]
    if isinstance(sokha_by_sms.database, SqliteDatabase):
        assert list(rating.scores.values()) == [1, 2, 3, 4, 5]


async def test_the_first_two_messages_of_a_person_may_come_at_the_same_moment(sokha: Person) -> None:
    received = await asyncio.gather(sokha.says("hello"), sokha.says("rate"))
    assert all(one.parts for one in received)
    count = sa.select(sa.func.count()).select_from(known)
    assert await sokha.database.transact(lambda connection: connection.execute(count).scalar()) == 1


async def test_people_who_write_at_the_same_moment_do_not_disturb_each_other(sokha: Person) -> None:
    database, desk = sokha.database, sokha.desk
    people = [Person(database, desk, "sms", f"+8551299880{number}") for number in range(1, 6)]
    await asyncio.gather(*(one.says(LINK, *str(n) * 5) for n, one in enumerate(people, 1)))
    rated = sorted(set(rating.scores.values()).pop() for rating in await all_ratings(database))
    assert rated == [1, 2, 3, 4, 5]


# -- A list of criteria that changes meanwhile ------------------------------------------------------------


async def change(database: Database, work: Callable[[Connection], Any]) -> None:
    """What `samleng migrate` does with changed content."""

    def changed(connection: Connection) -> None:
        work(connection)
        reference.raise_version(connection)

    await database.transact(changed)


def insert(connection: Connection, code: str, position: int) -> None:
    words = {"km": "តើពេទ្យនៅយប់ទេ?"}
    row = {"code": code, "service": "hc", "position": position, "theme": "x", "question": words}
    connection.execute(sa.insert(criteria).values(**row, label=words))


async def test_a_new_criterion_is_asked_and_nothing_else_again(sokha: Person) -> None:
    await sokha.says(LINK, "4", "3", "5")
    await change(sokha.database, lambda connection: insert(connection, "hc-night", 99))
    assert await sokha.sees("5") == question(sokha.desk, 4)
    assert await sokha.sees("4") == "តើពេទ្យនៅយប់ទេ?"
    await sokha.says("1", "-", SEND)
    (rating,) = await all_ratings(sokha.database)
    assert list(rating.scores.values()) == [4, 3, 5, 5, 4, 1]


async def test_a_new_criterion_before_the_open_question_is_asked_first_and_a_tap_is_not_taken_for_it(
    sokha: Person,
) -> None:
    await sokha.says(LINK, "4", "3")
    await change(sokha.database, lambda connection: insert(connection, "hc-night", 1))
    assert "តើពេទ្យនៅយប់ទេ?" in await sokha.sees("[៥ 😄]")
    assert await sokha.sees("[១ 😢]") == question(sokha.desk, 3)  # where she was
    await sokha.says("5", "5", "4", "-", SEND)
    (rating,) = await all_ratings(sokha.database)
    assert rating.scores == {
        "hc-night": 1,
        **{"hc-presence": 4, "hc-attitude": 3, "hc-medicine": 5, "hc-hygiene": 5, "hc-price": 4},
    }


async def test_a_criterion_that_is_gone_is_neither_asked_nor_stored(sokha: Person) -> None:
    await sokha.says(LINK, "4", "3")
    gone = sa.update(criteria).where(criteria.c.code.in_(["hc-presence", "hc-medicine"])).values(retired=True)
    await change(sokha.database, lambda connection: connection.execute(gone))
    assert "អនាម័យ" in await sokha.sees(
        "[៥ 😄]"
    )  # a tap at the question that is gone; the one after it is asked
    await sokha.says("5", "4", "-", SEND)
    (rating,) = await all_ratings(sokha.database)
    assert rating.scores == {"hc-attitude": 3, "hc-hygiene": 5, "hc-price": 4}


# -- A conversation that can't go on ----------------------------------------------------------------------


async def breaks(world: World) -> Outcome:
    """A flow with a mistake in it."""
    word = await Choice(key="word", text=_("Help"), options=(Option("a", _("Yes")), Option("b", _("No"))))
    raise KeyError(f"no {word} for {world.contact}")


async def begin(person: Person, flow: str) -> None:
    """Puts her into a conversation."""
    await person.says("hello")

    def work(connection: Connection) -> None:
        number = connection.execute(sa.select(known.c.id)).scalar_one()
        talk = Conversation(flow, {}, tag="abcd")
        conversations.save(connection, person.desk.vault, number, talk, person.desk.clock())

    await person.database.transact(work)


@pytest.mark.parametrize("said", ["1", "hello", "BACK"])
async def test_a_flow_that_was_removed_ends_with_an_apology_or_the_menu(dara: Person, said: str) -> None:
    await begin(dara, "gone")
    assert MENU in await dara.sees(said)
    after = await dara.conversation()
    assert after is not None
    assert after.flow == "menu"


async def test_a_flow_that_was_removed_is_apologised_for(dara: Person) -> None:
    await begin(dara, "gone")
    assert SORRY in await dara.sees("1")


@pytest.mark.parametrize("tap", [("abcd:word", "a"), ("abcd:nav", "back"), ("abcd:nav", "menu")])
async def test_a_tap_in_a_flow_that_was_removed_leads_to_the_menu(dara: Person, tap: tuple[str, str]) -> None:
    await begin(dara, "gone")
    assert MENU in text_of(await dara.sends(Said(tap=tap)))


async def test_a_flow_that_fails_ends_with_an_apology_and_the_menu(
    dara: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FLOWS, "breaks", breaks)
    await begin(dara, "breaks")
    said = await dara.sees("1")
    assert SORRY in said
    assert MENU in said


async def test_after_a_flow_failed_she_goes_on(dara: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FLOWS, "breaks", breaks)
    await begin(dara, "breaks")
    await dara.says("1")
    assert "តើអ្នកចង់ដាក់ពិន្ទុសេវាណា?" in await dara.sees("[ដាក់ពិន្ទុសេវា]")


async def test_a_flow_that_fails_does_not_take_back_what_was_stored(
    dara: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FLOWS, "thanks", breaks_at_once)
    await dara.says(LINK, "4", "3", "5", "5", "4", "-")
    assert SORRY in await dara.sees(SEND)
    assert len(await all_ratings(dara.database)) == 1


async def breaks_at_once(_world: World) -> Outcome:
    raise ZeroDivisionError
