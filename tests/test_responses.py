"""Ratings: counted right whatever happens to them, and nothing in them leads to whoever gave them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import responses
from storage.database import Connection, Database
from storage.tables import histograms, metadata
from storage.tables import responses as rows
from storage.vault import Vault, reference

pytestmark = pytest.mark.anyio

CENTRE, NEIGHBOUR = "hc080303", "hc080304"
ROUND = "2026-Q4"
TODAY = date(2026, 11, 22)
SCORES = {"hc-presence": 4, "hc-medicine": 1}


def rater(vault: Vault, phone: int = 1, person: int = 1, facility: str = CENTRE) -> bytes:
    return vault.rater(vault.address_hash("sms", f"+8551299887{phone}"), person, facility, ROUND)


def rate(connection: Connection, vault: Vault, whose: bytes, **how: Any) -> str:
    given: dict[str, Any] = {"facility": CENTRE, "round_code": ROUND, "scores": SCORES, "today": TODAY, **how}
    return responses.rate(connection, vault, whose, **given)


def regroup(
    connection: Connection, vault: Vault, whose: bytes, groups: list[str], today: date = TODAY
) -> bool:
    return responses.regroup(connection, whose, CENTRE, ROUND, groups, today=today)


def stored(connection: Connection) -> list[Any]:
    return list(connection.execute(sa.select(rows)))


async def counted(database: Database, facility: str = CENTRE) -> dict[tuple[str, str], list[int]]:
    return await database.transact(responses.histogram, facility, ROUND)


# -- One rating -------------------------------------------------------------------------------------------


async def test_a_rating_is_counted_for_each_criterion(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault))
    assert await counted(database) == {
        ("hc-presence", "all"): [0, 0, 0, 1, 0],
        ("hc-medicine", "all"): [1, 0, 0, 0, 0],
    }


async def test_a_rating_is_counted_in_each_of_her_groups(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), scores={"hc-price": 5}, groups=["women", "youth"])
    assert await counted(database) == {
        ("hc-price", group): [0, 0, 0, 0, 1] for group in ("all", "women", "youth")
    }


async def test_a_criterion_that_was_left_out_is_not_counted(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), scores={"hc-price": 2})
    assert set(await counted(database)) == {("hc-price", "all")}


async def test_a_facility_and_a_round_have_their_own_counts(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault))
    assert await counted(database, NEIGHBOUR) == {}
    assert await database.transact(responses.histogram, CENTRE, "2027-Q1") == {}


async def test_a_rating_of_a_facility_that_is_not_there_is_refused(database: Database, vault: Vault) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await database.transact(rate, vault, rater(vault), facility="hc999999")


# -- A second rating --------------------------------------------------------------------------------------


async def test_a_second_rating_takes_the_place_of_the_first(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), scores={"hc-presence": 4, "hc-medicine": 1})
    await database.transact(rate, vault, rater(vault), scores={"hc-presence": 2})
    assert await counted(database) == {("hc-presence", "all"): [0, 1, 0, 0, 0]}
    (row,) = await database.transact(stored)
    assert row.scores == {"hc-presence": 2}


async def test_the_same_rating_twice_counts_once(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault))
    before = await counted(database)
    await database.transact(rate, vault, rater(vault))
    assert await counted(database) == before


async def test_a_second_person_of_a_phone_counts_apart(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), scores={"hc-price": 5})
    await database.transact(rate, vault, rater(vault, person=2), scores={"hc-price": 5}, shared=True)
    assert await counted(database) == {("hc-price", "all"): [0, 0, 0, 0, 2]}


async def test_how_many_rated_from_shared_phones_is_known(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault))
    await database.transact(rate, vault, rater(vault, person=2), shared=True)
    assert sorted(row.shared for row in await database.transact(stored)) == [False, True]


async def test_how_many_of_a_phone_have_rated_is_known(database: Database, vault: Vault) -> None:
    hers = [rater(vault, person=person) for person in (1, 2, 3)]
    assert await database.transact(responses.rated, hers) == 0
    for whose in (hers[0], hers[2], rater(vault, phone=2)):
        await database.transact(rate, vault, whose)
    assert await database.transact(responses.rated, hers) == 2


# -- Comments ---------------------------------------------------------------------------------------------

WISH = {"text": "សូមមានថ្នាំគ្រប់គ្រាន់"}


async def comment_of(database: Database, vault: Vault) -> Any:
    (found,) = await database.transact(responses.find, vault, reference(rater(vault)))
    return found["comment"]


async def test_a_comment_is_kept_with_the_rating(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), comment=WISH)
    assert await comment_of(database, vault) == WISH


async def test_a_comment_is_sealed(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), comment=WISH)
    (row,) = await database.transact(stored)
    assert "ថ្នាំ".encode() not in bytes(row.comment)


async def test_a_comment_may_come_later(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault))
    assert await database.transact(responses.comment, vault, rater(vault), WISH)
    assert await comment_of(database, vault) == WISH


async def test_a_comment_needs_a_rating(database: Database, vault: Vault) -> None:
    assert not await database.transact(responses.comment, vault, rater(vault), WISH)
    assert await database.transact(stored) == []


async def test_a_second_rating_comes_with_its_own_comment_or_none(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), comment=WISH)
    await database.transact(rate, vault, rater(vault))
    assert await comment_of(database, vault) is None


async def test_a_corrected_rating_keeps_its_comment(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), comment=WISH)
    await database.transact(rate, vault, rater(vault), scores={"hc-price": 1}, keep_comment=True)
    assert await comment_of(database, vault) == WISH


# -- References -------------------------------------------------------------------------------------------


async def test_a_rating_is_found_by_its_reference_in_either_case(database: Database, vault: Vault) -> None:
    called = await database.transact(rate, vault, rater(vault), groups=["women"], commune="080303")
    (found,) = await database.transact(responses.find, vault, called.lower())
    assert (found["facility"], found["scores"], found["groups"]) == (CENTRE, SCORES, ["women"])
    assert "rater" not in found


async def test_the_reference_of_a_corrected_rating_stays(database: Database, vault: Vault) -> None:
    first = await database.transact(rate, vault, rater(vault))
    assert await database.transact(rate, vault, rater(vault), scores={"hc-price": 1}) == first


# -- Groups -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "groups"),
    [
        ({}, []),
        ({"gender": "female"}, ["women"]),
        ({"gender": "male"}, ["men"]),
        ({"gender": "other"}, ["other"]),
        ({"gender": None, "age": None, "poor": None}, []),
        ({"age": "15-30"}, ["youth"]),
        ({"age": "0-14"}, []),
        ({"age": "31-45"}, []),
        ({"age": "61+"}, []),
        ({"disability": "yes", "minority": "yes", "poor": "yes"}, ["disability", "minority", "poor"]),
        ({"disability": "no", "minority": "no", "poor": "no"}, []),
        ({"gender": "female", "age": "15-30", "poor": "yes"}, ["women", "youth", "poor"]),
    ],
)
async def test_groups_follow_from_what_she_said(about: dict[str, str | None], groups: list[str]) -> None:
    assert responses.groups_of(about) == groups


async def test_what_she_says_of_herself_later_moves_her_rating(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), scores={"hc-price": 3}, groups=["men"])
    assert await database.transact(regroup, vault, rater(vault), ["women", "youth"])
    assert await counted(database) == {
        ("hc-price", group): [0, 0, 1, 0, 0] for group in ("all", "women", "youth")
    }


async def test_without_a_rating_there_is_nothing_to_move(database: Database, vault: Vault) -> None:
    assert not await database.transact(regroup, vault, rater(vault), ["women"])
    assert await counted(database) == {}


# -- What may have been published of her before --------------------------------------------------------------

DAYS = [date(2026, 11, day) for day in (20, 21, 22, 23)]


async def earlier(database: Database) -> Any:
    (row,) = await database.transact(stored)
    return row.earlier


async def test_a_rating_has_no_earlier_scores(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault))
    assert await earlier(database) is None


async def test_what_was_said_on_earlier_days_is_remembered_as_such(database: Database, vault: Vault) -> None:
    for day, score in zip(DAYS, (4, 2, 4, 5), strict=True):
        await database.transact(rate, vault, rater(vault), scores={"hc-price": score}, today=day)
    assert await earlier(database) == {"hc-price": 1 << 4 | 1 << 2}


async def test_what_is_corrected_on_the_same_day_was_never_published(
    database: Database, vault: Vault
) -> None:
    await database.transact(rate, vault, rater(vault), scores={"hc-price": 4})
    await database.transact(rate, vault, rater(vault), scores={"hc-price": 2})
    await database.transact(regroup, vault, rater(vault), ["women"])
    assert await earlier(database) is None


async def test_who_says_of_herself_on_a_later_day_may_have_been_published_without(
    database: Database, vault: Vault
) -> None:
    await database.transact(rate, vault, rater(vault), scores={"hc-price": 4}, today=DAYS[0])
    await database.transact(regroup, vault, rater(vault), [], DAYS[1])
    assert await earlier(database) is None
    await database.transact(regroup, vault, rater(vault), ["women"], DAYS[1])
    assert await earlier(database) == {"hc-price": 1 << 4}


async def test_a_village_is_that_of_the_newest_rating(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault), village="08030301")
    await database.transact(rate, vault, rater(vault), village="08030302")
    (row,) = await database.transact(stored)
    assert row.village == "08030302"


async def test_a_new_comment_is_not_answered_yet(database: Database, vault: Vault) -> None:
    async def answered() -> Any:
        (row,) = await database.transact(stored)
        return row.answered_on

    answer = sa.update(rows).values(answered_on=TODAY)
    await database.transact(rate, vault, rater(vault), comment=WISH)
    await database.transact(lambda connection: connection.execute(answer))
    await database.transact(rate, vault, rater(vault), keep_comment=True)
    assert await answered() == TODAY
    await database.transact(responses.comment, vault, rater(vault), WISH)
    assert await answered() is None
    await database.transact(lambda connection: connection.execute(answer))
    await database.transact(rate, vault, rater(vault), comment=WISH)
    assert await answered() is None


# -- Counts are what a recount gives ----------------------------------------------------------------------

CRITERIA = ("hc-presence", "hc-medicine", "hc-price")
GROUPS = ("women", "men", "youth", "poor")
PEOPLE = st.tuples(st.sampled_from((1, 2)), st.sampled_from((1, 2)), st.sampled_from((CENTRE, NEIGHBOUR)))
SAID_SCORES = st.dictionaries(st.sampled_from(CRITERIA), st.integers(1, 5))
SAID_GROUPS = st.lists(st.sampled_from(GROUPS), max_size=5)  # said twice is said once
EVENTS = st.lists(st.tuples(PEOPLE, st.none() | SAID_SCORES, SAID_GROUPS), max_size=15)


def recount(ratings: list[Any]) -> Counter[tuple[str, str, str, int]]:
    counts: Counter[tuple[str, str, str, int]] = Counter()
    for rating in ratings:
        for criterion, score in rating.scores.items():
            for group in {"all", *rating.groups}:
                counts[rating.facility, criterion, group, score] += 1
    return counts


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
async def test_the_counters_are_what_a_recount_gives(database: Database, vault: Vault, events: Any) -> None:
    """Two people of each of two phones rate two centres, rate again, and say who they are, in any order."""

    def work(connection: Connection) -> tuple[list[Any], list[Any]]:
        connection.execute(sa.delete(rows))
        connection.execute(sa.delete(histograms))
        for (phone, person, facility), scores, groups in events:
            whose = rater(vault, phone, person, facility)
            if scores is None:
                responses.regroup(connection, whose, facility, ROUND, groups, today=TODAY)
            else:
                rate(connection, vault, whose, facility=facility, scores=scores, groups=groups)
        return stored(connection), list(connection.execute(sa.select(histograms)))

    ratings, counters = await database.transact(work)
    kept = Counter(
        {
            (row.facility, row.criterion, row.grp, score): getattr(row, f"s{score}")
            for row in counters
            for score in range(1, 6)
        }
    )
    assert min(kept.values(), default=0) >= 0
    assert +kept == recount(ratings)
    rated = {who for who, scores, _groups in events if scores is not None}
    assert len(ratings) == len(rated)


# -- Nothing leads to whoever gave it ---------------------------------------------------------------------


async def test_a_rating_has_these_columns_and_no_other() -> None:
    """A contact, an address or a time of day has no place here. Whoever adds a column thinks of that first."""
    assert {column.name for column in rows.columns} == {
        *("rater", "facility", "round", "reference", "commune", "shared"),
        *("scores", "groups", "comment", "rated_on", "village", "earlier", "answered_on"),
    }


async def test_no_key_leads_from_a_rating_to_a_person_or_back() -> None:
    private = {"contacts", "people", "conversations", "inbox", "outbox", "parked"}
    for table in metadata.tables.values():
        led_to = {key.column.table.name for key in table.foreign_keys}
        assert not (table.name in {"responses", "histograms"} and led_to & private), table.name
        assert not (table.name in private and led_to & {"responses", "histograms"}), table.name


async def test_a_rating_knows_the_day_and_no_time_of_day(database: Database, vault: Vault) -> None:
    await database.transact(rate, vault, rater(vault))
    (row,) = await database.transact(
        lambda connection: connection.execute(sa.text("SELECT rated_on FROM responses")).all()
    )
    assert str(row.rated_on) == "2026-11-22"


async def test_on_sqlite_ratings_do_not_lie_in_the_order_they_came(sqlite: Database, vault: Vault) -> None:
    """They lie in the order of a keyed hash, and have no row number."""
    came = [rater(vault, phone, person) for phone in range(10) for person in range(1, 5)]

    def work(connection: Connection) -> list[bytes]:
        for whose in came:
            rate(connection, vault, whose)
        return [bytes(row.rater) for row in connection.execute(sa.text("SELECT * FROM responses"))]

    assert await sqlite.transact(work) == sorted(came) != came
    with pytest.raises(sa.exc.OperationalError, match="rowid"):
        await sqlite.transact(lambda connection: connection.execute(sa.text("SELECT rowid FROM responses")))
