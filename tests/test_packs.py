"""Packs of information for citizens: what they are, kept by version, published one at a time, read without who."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from flows.packs import (
    BLOCKS,
    Budget,
    Pack,
    Performance,
    Price,
    Text,
    as_json,
    from_json,
    last_true_on,
    old,
    same,
)
from flows.text import words
from storage import packs
from storage.database import Connection, Database

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SAYS = words({"km": "ឃុំ", "en": "the commune"})
PACK = Pack(
    "hc080399",
    "hc",
    (
        Text("rights-1", words({"km": "សិទ្ធិ"}), SAYS, "2026-01-31", "right"),
        Text("rights-2", words({"km": "កាតព្វកិច្ច"}), SAYS, "2026-01-31", "duty"),
        Text("standards-1", words({"km": "ស្តង់ដារ", "en": "<b>standard</b> *1*"}), SAYS, "2026-01-31"),
        Performance(
            "performance-1", words({"km": "បុគ្គលិក"}), SAYS, "2026-02-28", 8.0, None, words({"km": "នាក់"}), 2025
        ),
        Performance(
            "performance-2", words({"km": "ម៉ោង"}), SAYS, "2026-01-31", 24.0, 0.0, words({"km": "ម៉ោង"}), 2025
        ),
        Price("prices-1", words({"km": "សំបុត្រ"}), SAYS, "2026-01-31", 0, None, None, None, ()),
        Price(
            "prices-2",
            words({"km": "ពិនិត្យ"}),
            SAYS,
            "2026-01-31",
            2_000,
            1,
            words({"km": "អត្តសញ្ញាណប័ណ្ណ"}),
            words({"km": "ក្រីក្រ"}),
            ("check", "ជំងឺ"),
        ),
        Budget("budget-1", words({"km": "ថ្នាំ"}), SAYS, "2026-01-31", 120_886_800, None, 2026),
        Budget("budget-2", words({"km": "ថ្នាំ"}), SAYS, "2026-01-31", 5, 0, 2026),
        Text("part-1", words({"km": "ប្រជុំ"}), SAYS, "2026-01-31", "meeting"),
    ),
)


# -- What a pack is ---------------------------------------------------------------------------------------


def test_a_pack_survives_json() -> None:
    published = replace(PACK, version=3, state="published", sample=True, published_on="2026-11-22")
    assert from_json(json.loads(json.dumps(as_json(published)))) == published
    assert from_json(as_json(PACK)) == PACK


def test_blocks_stand_in_their_order_and_only_those_that_say_something() -> None:
    assert PACK.blocks == BLOCKS
    assert replace(PACK, items=PACK.items[5:7]).blocks == ("prices",)
    assert [item.key for item in PACK.of("rights")] == ["rights-1", "rights-2"]
    assert PACK.of("budget")[0].block == "budget"


def test_a_service_has_general_standards() -> None:
    assert replace(PACK, subject="hc").general
    assert not PACK.general


@pytest.mark.parametrize(
    ("today", "is_old"),
    [
        (date(2026, 2, 1), False),
        (date(2027, 1, 31), False),  # twelve months to the day
        (date(2027, 2, 1), True),
        (date(2028, 2, 29), True),
    ],
)
def test_an_item_is_old_after_twelve_months(today: date, is_old: bool) -> None:
    assert old(PACK.items[0], today) is is_old


def test_the_day_that_was_confirmed_last() -> None:
    assert last_true_on(PACK.items) == "2026-02-28"
    assert last_true_on(()) is None


def test_two_packs_that_say_the_same() -> None:
    assert same(PACK, replace(PACK, version=7, state="published", published_on="2026-11-22"))
    assert not same(PACK, replace(PACK, sample=True))
    assert not same(PACK, replace(PACK, items=PACK.items[1:]))


# -- Draft, published, superseded -------------------------------------------------------------------------


def states(connection: Connection) -> list[tuple[int, str]]:
    return [(kept.pack.version, kept.pack.state) for kept in packs.versions(connection, PACK.subject)]


@pytest.mark.anyio
async def test_a_pack_is_drafted_published_and_superseded(database: Database) -> None:
    def work(connection: Connection) -> None:
        assert packs.published(connection, PACK.subject, samples=True) is None
        first = packs.keep(connection, PACK, None, NOW, "hc.xlsx")
        assert packs.published(connection, PACK.subject, samples=False) is None
        assert packs.draft(connection, PACK.subject) == replace(PACK, version=1)
        assert packs.publish(connection, PACK.subject, first, NOW)
        shown = packs.published(connection, PACK.subject, samples=False)
        assert shown == replace(PACK, version=1, state="published", published_on="2026-11-22")

        second = packs.keep(connection, replace(PACK, items=PACK.items[:2]), None, NOW)
        assert states(connection) == [(1, "published"), (2, "draft")]
        assert packs.publish(connection, PACK.subject, second, NOW + timedelta(days=1))
        assert states(connection) == [(1, "superseded"), (2, "published")]
        shown = packs.published(connection, PACK.subject, samples=False)
        assert shown is not None and (len(shown.items), shown.published_on) == (2, "2026-11-23")
        assert packs.draft(connection, PACK.subject) is None

    await database.transact(work)


@pytest.mark.anyio
async def test_a_newer_draft_takes_the_place_of_the_older_and_has_its_own_number(database: Database) -> None:
    """Who was shown the older one and publishes it, publishes nothing."""

    def work(connection: Connection) -> None:
        seen = packs.keep(connection, PACK, None, NOW)
        newer = packs.keep(connection, replace(PACK, items=PACK.items[:1]), None, NOW)
        assert states(connection) == [(newer, "draft")]
        assert newer != seen
        assert not packs.publish(connection, PACK.subject, seen, NOW)
        assert packs.publish(connection, PACK.subject, newer, NOW)
        assert not packs.publish(connection, PACK.subject, newer, NOW)
        assert [kept.pack.subject for kept in packs.drafts(connection)] == []

    await database.transact(work)


@pytest.mark.anyio
async def test_a_sample_is_shown_only_where_samples_are_and_nothing_real_is(database: Database) -> None:
    sample = replace(PACK, sample=True)

    def work(connection: Connection) -> None:
        packs.publish(connection, PACK.subject, packs.keep(connection, sample, None, NOW), NOW)
        assert packs.published(connection, PACK.subject, samples=False) is None
        shown = packs.published(connection, PACK.subject, samples=True)
        assert shown is not None and shown.sample
        mine = {True: 0, False: 0}
        for samples in mine:
            found = packs.all_published(connection, samples)
            mine[samples] = sum(pack.subject == PACK.subject for pack in found)
        assert mine == {True: 1, False: 0}

        packs.publish(connection, PACK.subject, packs.keep(connection, PACK, None, NOW), NOW)
        shown = packs.published(connection, PACK.subject, samples=True)
        assert shown is not None and not shown.sample

        packs.publish(connection, PACK.subject, packs.keep(connection, sample, None, NOW), NOW)
        shown = packs.published(connection, PACK.subject, samples=True)
        assert shown is not None and not shown.sample

    await database.transact(work)


@pytest.mark.anyio
async def test_packs_are_found_by_the_place_their_facility_serves(database: Database) -> None:
    def work(connection: Connection) -> None:
        for subject in ("hc080101", "ps080102"):
            packs.keep(connection, replace(PACK, subject=subject, service=subject[:2]), None, NOW, "x.yaml")

        def found(place: str) -> list[str]:
            those = {kept.pack.subject for kept in packs.current(connection, place)}
            return sorted(those & {"hc080101", "ps080102", "hc"})

        assert found("0801") == ["hc080101", "ps080102"]
        assert found("080102") == ["ps080102"]
        assert found("12") == []
        assert found("") == ["hc", "hc080101", "ps080102"]
        newest = packs.newest_from(connection, "ps080102", "x.yaml")
        assert newest is not None and newest.version == 1
        assert packs.newest_from(connection, "ps080102", "y.yaml") is None

    await database.transact(work)


# -- Counts -----------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_what_is_read_and_wished_for_is_counted_by_month(database: Database) -> None:
    def work(connection: Connection) -> None:
        for month in ("2026-11", "2026-11", "2026-12"):
            packs.read(connection, "hc080303", "prices", month)
            packs.wish(connection, "hc080303", month)
        packs.read(connection, "hc080303", "rights", "2026-11")
        assert packs.read_of(connection, "hc080303") == {
            ("2026-11", "prices"): 2,
            ("2026-11", "rights"): 1,
            ("2026-12", "prices"): 1,
        }
        assert packs.wishes_of(connection, "hc080303") == {"2026-11": 2, "2026-12": 1}
        assert packs.wishes_of(connection, "hc080304") == {}

    await database.transact(work)


@pytest.mark.anyio
async def test_the_counts_of_a_communes_facilities_over_some_months(database: Database) -> None:
    def work(connection: Connection) -> None:
        for subject, block, month in (
            ("hc080399", "prices", "2025-12"),
            ("hc080399", "prices", "2026-01"),
            ("hc080399", "prices", "2026-01"),
            ("hc080399", "budget", "2026-03"),
            ("ca080399", "rights", "2026-03"),
            ("ca080398", "rights", "2026-03"),
            ("hc080399", "prices", "2026-04"),
        ):
            packs.read(connection, subject, block, month)
        for subject, month in (("ps080399", "2026-01"), ("ps080399", "2026-01"), ("ps080399", "2026-04")):
            packs.wish(connection, subject, month)
        asked_for = ["hc080399", "ca080399", "ps080399"]
        assert packs.reads_of(connection, asked_for, "2026-01", "2026-03") == {
            "hc080399": {("2026-01", "prices"): 2, ("2026-03", "budget"): 1},
            "ca080399": {("2026-03", "rights"): 1},
        }
        assert packs.wishes_for(connection, asked_for, "2026-01", "2026-03") == {"ps080399": {"2026-01": 2}}
        assert packs.reads_of(connection, [], "2026-01", "2026-03") == {}
        assert packs.wishes_for(connection, [], "2026-01", "2026-03") == {}

    await database.transact(work)
