"""What is published moves by night, and nobody can be told from it: attacked by an observer who keeps everything."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import storage.disclosure
from flows.counts import ALL
from storage import daily, publication, responses
from storage.database import Connection, Database, connect
from storage.publication import Published, Waiting
from storage.tables import facility_communes, histograms, publications, published, sums
from storage.tables import responses as rows
from storage.vault import Vault
from tests.observer import Leak, Observer

pytestmark = pytest.mark.anyio

CENTRE, OTHER = "hc080303", "hc080304"
NEIGHBOUR = "080305"  # a commune that the health centre serves as well
PLACES = ("", "08", "0803", "080303", "080304", NEIGHBOUR)
ROUND = "2026-Q4"
BEGIN = date(2026, 10, 5)
DAY = timedelta(days=1)
ABOUT = ("youth", "disability", "poor")


# -- People who rate ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Life:
    """What happens in some weeks, by chance: people rate, rate again, say of themselves, leave criteria out."""

    seed: int
    people: int
    days: int
    again: float  # how often somebody rates again, a day
    later: float  # how often somebody says of herself later, a day
    telling: float  # how many tell anything of themselves
    criteria: tuple[str, ...] = ("hc-price", "hc-medicine")
    facilities: tuple[str, ...] = (CENTRE, OTHER)
    villages: int = 3


LIVES = st.builds(
    Life,
    st.integers(0, 10**6),
    st.integers(10, 60),
    st.integers(2, 6),
    st.sampled_from((0, 0.05, 0.3)),
    st.sampled_from((0, 0.05, 0.2)),
    st.sampled_from((0.5, 0.9, 1)),
)


class World:
    """One life in a database."""

    def __init__(self, connection: Connection, vault: Vault, life: Life) -> None:
        self.connection, self.vault, self.life = connection, vault, life
        self.chance = random.Random(life.seed)
        self.rated: dict[bytes, str] = {}
        for table in (publications, published, sums, histograms, rows):
            connection.execute(sa.delete(table))
        daily.done(connection, daily.PUBLISHING, BEGIN)

    def day(self, today: date) -> None:
        """What comes in on one day."""
        chance, life = self.chance, self.life
        again = [who for who in self.rated if chance.random() < life.again]
        later = [who for who in self.rated if chance.random() < life.later]
        few = chance.random() < 0.3
        for number in range(chance.randint(0, 4) if few else life.people // life.days):
            facility = chance.choice(life.facilities)
            person = self.vault.address_hash("sms", f"{today} {number}")
            self.rate(self.vault.rater(person, 1, facility, ROUND), facility, today)
        for who in again:
            self.rate(who, self.rated[who], today)
        for who in later:
            responses.regroup(self.connection, who, self.rated[who], ROUND, self.groups(), today=today)

    def rate(self, who: bytes, facility: str, today: date) -> None:
        chance, life = self.chance, self.life
        scores = {code: chance.choice((3, 4)) for code in life.criteria if chance.random() < 0.9}
        at = chance.randint(0, life.villages)
        self.rated[who] = facility
        responses.rate(
            self.connection,
            self.vault,
            who,
            facility=facility,
            round_code=ROUND,
            scores=scores,
            groups=self.groups(),
            village=f"0803030{at}" if at else None,
            today=today,
        )

    def groups(self) -> list[str]:
        chance = self.chance
        if chance.random() > self.life.telling:
            return []
        gender = chance.choice(("women", "women", "men", "men", "other"))
        return [gender, *(group for group in ABOUT if chance.random() < 0.35)]

    def live(self, observer: Observer) -> None:
        """All days, each with its night; some mornings somebody rates before the night's work is done."""
        for number in range(self.life.days):
            today = BEGIN + number * DAY
            early = self.chance.random() < 0.3
            if early:
                self.day(today)
            night(self.connection, today)
            observer.look(self.connection, today)
            if not early:
                self.day(today)
        last = BEGIN + self.life.days * DAY
        night(self.connection, last)
        observer.look(self.connection, last)


def night(connection: Connection, today: date) -> Published:
    """What the worker does, in one transaction."""
    found = Published()
    for one in publication.waiting(connection, today):
        found += publication.move(connection, [publication.looked_at(connection, one, today)])
    daily.done(connection, daily.PUBLISHING, today)
    return found


def observed(connection: Connection, vault: Vault, life: Life) -> Observer:
    """What an observer knows at the end of a life."""
    serving = sa.delete(facility_communes).where(
        facility_communes.c.facility == CENTRE, facility_communes.c.commune == NEIGHBOUR
    )
    connection.execute(serving)
    connection.execute(sa.insert(facility_communes).values(facility=CENTRE, commune=NEIGHBOUR))
    observer = Observer(PLACES)
    World(connection, vault, life).live(observer)
    return observer


# -- The attack ---------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LIVES)
async def test_whoever_keeps_everything_that_was_ever_published_learns_of_nobody(
    database: Database, vault: Vault, life: Life
) -> None:
    observer = await database.transact(observed, vault, life)
    assert observer.attack(life.seed) is None


#: What the rules of storage.disclosure are, and each of them left out.
WITHOUT = {
    "five who are new": ("total() < LEAST:", "total() < 1:"),
    "five in a link": ("if n >= LEAST and", "if"),
    "witnesses are fresh": ("        if fresh:", "        if True:"),
    "alike in all else": ("cells[said & ~own]", "cells[0]"),
    "a chain to the rest": ("linked, before = {REST}", "linked, before = {REST, *self.bits.values()}"),
    "each interval for itself": ("witnesses[bisect_right(days, on)]", "witnesses[-1]"),
    "what older tables have is known": ("self.older = [", "self.older = [0 * "),
}


@pytest.mark.parametrize("rule", WITHOUT)
async def test_without_any_of_the_rules_somebody_is_found(
    sqlite: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    old, new = WITHOUT[rule]
    source = Path(storage.disclosure.__file__).read_text()
    assert source.count(old) == 1
    changed: dict[str, Any] = {"__name__": "storage.disclosure"}
    exec(source.replace(old, new), changed)
    monkeypatch.setattr(publication, "moving", changed["moving"])

    def found(connection: Connection) -> Leak | None:
        for seed in range(60):
            life = Life(seed, 40 + seed % 5 * 15, 3 + seed % 4, 0.2, 0.1, (0.8, 0.97, 1)[seed % 3])
            leak = observed(connection, vault, life).attack(seed)
            if leak is not None:
                return leak
        return None

    assert await sqlite.transact(found) is not None


# -- Nights -------------------------------------------------------------------------------------------------


def rates(
    connection: Connection,
    vault: Vault,
    on: date,
    who: Iterable[int],
    score: int = 4,
    facility: str = CENTRE,
    round_code: str = ROUND,
    **said: Any,
) -> None:
    """People, by number, rate a facility on a day."""
    for number in who:
        rater = vault.rater(vault.address_hash("sms", str(number)), 1, facility, round_code)
        given: dict[str, Any] = {"facility": facility, "round_code": round_code, "today": on} | said
        responses.rate(connection, vault, rater, scores={"hc-price": score}, **given)


def shown(connection: Connection, facility: str = CENTRE, round_code: str = ROUND) -> dict[str, int]:
    """How many are counted, by group."""
    found = connection.execute(
        sa.select(published).where(published.c.facility == facility, published.c.round == round_code)
    )
    return {row.grp: row.s1 + row.s2 + row.s3 + row.s4 + row.s5 for row in found}


def everything(connection: Connection) -> list[list[Any]]:
    return [sorted(map(tuple, connection.execute(sa.select(table)))) for table in (published, publications)]


async def test_what_is_rated_today_is_published_tomorrow(database: Database, vault: Vault) -> None:
    await database.transact(rates, vault, BEGIN, range(6))
    assert await publication.publish(database, BEGIN) == Published()
    assert await database.transact(shown) == {}
    assert await publication.publish(database, BEGIN + DAY) == Published(1, 1, 1)
    assert await database.transact(shown) == {ALL: 6}
    assert await database.transact(daily.until, daily.PUBLISHING) == BEGIN + DAY


async def test_a_place_with_few_ratings_is_looked_at_again_when_there_are_more(
    database: Database, vault: Vault
) -> None:
    await database.transact(rates, vault, BEGIN, range(3))
    assert await publication.publish(database, BEGIN + DAY) == Published(1)
    assert await publication.publish(database, BEGIN + 2 * DAY) == Published()
    await database.transact(rates, vault, BEGIN + 2 * DAY, range(3, 5))
    assert await publication.publish(database, BEGIN + 3 * DAY) == Published(1, 1, 1)
    assert await database.transact(shown) == {ALL: 5}


async def test_a_criterion_that_most_leave_out_moves_when_five_gave_it_a_score(
    database: Database, vault: Vault
) -> None:
    """Also where the others have moved on, and few are new."""
    criteria = ("hc-presence", "hc-attitude", "hc-medicine", "hc-hygiene", "hc-price")
    all_five = dict.fromkeys(criteria, 4)

    def rate(connection: Connection, on: date, number: int, scores: dict[str, int]) -> None:
        who = vault.rater(vault.address_hash("sms", str(number)), 1, CENTRE, ROUND)
        responses.rate(connection, vault, who, facility=CENTRE, round_code=ROUND, scores=scores, today=on)

    for number in range(10):
        await database.transact(rate, BEGIN, number, all_five if number < 4 else {criteria[0]: 3})
    assert (await publication.publish(database, BEGIN + DAY)).criteria == 1
    await database.transact(rate, BEGIN + DAY, 10, all_five)
    assert (await publication.publish(database, BEGIN + 2 * DAY)).criteria == 4
    await database.transact(rate, BEGIN + 2 * DAY, 11, all_five)
    assert (await publication.publish(database, BEGIN + 3 * DAY)).criteria == 0


async def test_days_on_which_nobody_worked_are_made_up_for(database: Database, vault: Vault) -> None:
    await publication.publish(database, BEGIN)
    for number in range(5):
        await database.transact(rates, vault, BEGIN + number * DAY, [number])
    assert await publication.publish(database, BEGIN + 20 * DAY) == Published(1, 1, 1)


async def test_groups_and_villages_are_published_beside_all(database: Database, vault: Vault) -> None:
    await database.transact(rates, vault, BEGIN, range(5), groups=["women"], village="08030301")
    await database.transact(rates, vault, BEGIN, range(5, 12), groups=["women"])
    await database.transact(rates, vault, BEGIN, range(12, 20))
    await publication.publish(database, BEGIN + DAY)
    assert await database.transact(shown) == {ALL: 20, "women": 12, "v:08030301": 5}


async def test_corrected_scores_are_published_when_five_corrected_them(
    database: Database, vault: Vault
) -> None:
    await database.transact(rates, vault, BEGIN, range(6))
    await publication.publish(database, BEGIN + DAY)
    await database.transact(rates, vault, BEGIN + DAY, range(4), score=1)
    await database.transact(rates, vault, BEGIN + DAY, range(4, 6), score=4)
    assert (await publication.publish(database, BEGIN + 2 * DAY)).criteria == 0
    await database.transact(rates, vault, BEGIN + 2 * DAY, [4], score=1)
    assert (await publication.publish(database, BEGIN + 3 * DAY)).criteria == 1
    row = await database.transact(lambda connection: connection.execute(sa.select(published)).one())
    assert (row.s1, row.s4, row.as_of) == (5, 1, BEGIN + 3 * DAY)


async def test_rounds_are_published_apart(database: Database, vault: Vault) -> None:
    for round_code in (ROUND, "2026-Q3"):
        await database.transact(rates, vault, BEGIN, range(5), round_code=round_code)
    await database.transact(rates, vault, BEGIN, range(4), round_code="2026-Q2")
    await publication.publish(database, BEGIN + DAY)
    found = [await database.transact(shown, CENTRE, code) for code in (ROUND, "2026-Q3", "2026-Q2")]
    assert found == [{ALL: 5}, {ALL: 5}, {}]


async def test_a_day_again_changes_nothing(database: Database, vault: Vault) -> None:
    await database.transact(rates, vault, BEGIN, range(10))
    await publication.publish(database, BEGIN + DAY)
    before = await database.transact(everything)
    await database.transact(rates, vault, BEGIN, range(10, 20))  # so that there was something to move
    one = Waiting(CENTRE, ROUND)
    assert await publication.step(database, [one], BEGIN + DAY) == Published(1)
    assert await database.transact(everything) == before


async def test_a_night_that_was_broken_off_is_taken_up_again(database: Database, vault: Vault) -> None:
    for facility in (CENTRE, OTHER):
        await database.transact(rates, vault, BEGIN, range(5), facility=facility)
    today = BEGIN + DAY
    first, second = await database.read(publication.waiting, today)
    assert await publication.step(database, [first], today) == Published(1, 1, 1)
    assert await database.transact(shown, second.facility) == {}
    assert await publication.publish(database, today) == Published(2, 1, 1)
    assert await database.transact(shown, second.facility) == {ALL: 5}


async def test_what_another_process_moved_meanwhile_is_left_alone(database: Database, vault: Vault) -> None:
    """Its look is of yesterday: the other has moved on to today."""
    await database.transact(rates, vault, BEGIN, range(5))
    await database.transact(rates, vault, BEGIN + DAY, range(5, 10))
    slow = await database.read(publication.looked_at, Waiting(CENTRE, ROUND), BEGIN + DAY)
    await publication.publish(database, BEGIN + 2 * DAY)
    before = await database.transact(everything)
    assert slow.moved
    assert await database.transact(publication.move, [slow]) == Published()
    assert await database.transact(everything) == before


async def test_two_processes_at_once_publish_what_one_would(
    database: Database, database_url: str, vault: Vault
) -> None:
    for facility in (CENTRE, OTHER, "ps080303"):
        await database.transact(rates, vault, BEGIN, range(5), facility=facility)
    other = connect(database_url)
    try:
        found = await asyncio.gather(*(publication.publish(each, BEGIN + DAY) for each in (database, other)))
    finally:
        await other.close()
    assert sum(each.criteria for each in found) == 3
    assert [len(rows) for rows in await database.transact(everything)] == [3, 3]


def test_counts_of_a_night_add_up() -> None:
    assert Published(1, 2, 3) + Published(4, 5, 6) == Published(5, 7, 9)
