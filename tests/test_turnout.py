"""After a meeting: who was reached and who comes, counted so that nobody can be told from the counts."""

from __future__ import annotations

import itertools
import json
import random
from collections import defaultdict
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from broadcasts import notices, turnout
from flows.turnout import FEW, Turnout, as_json, from_json, report
from flows.turnout import turnout as published
from handlers.desk import Desk
from storage import notices as rows
from storage.database import Connection, Database
from storage.links import stop
from storage.tables import attendance, contacts, outbox, payloads
from storage.vault import Vault
from tests.villagers import (
    MEETING,
    NOW,
    VILLAGES,
    announces,
    at,
    fires,
    heard,
    join,
    joins,
    messages,
    sends,
)

START = at("2026-12-01 08:30")
MOST = 14  # people in all the tables that are compared
A, B, C = VILLAGES


# -- Few are not counted apart ----------------------------------------------------------------------------


def test_large_villages_are_shown_and_small_ones_named_without_counts() -> None:
    found = published([(A, 9, 4, 2), (B, 3, 3, 0), (C, 6, 0, 0), (None, 4, 1, 0)], {}, VILLAGES)
    assert [(share.village, share.reached, share.yes, share.no) for share in found.villages] == [
        (A, 9, 4, 2),
        (C, 6, 0, 0),
    ]
    assert (found.reached, found.yes, found.no, found.low) == (22, 8, 2, (B,))


def test_where_the_rest_would_be_few_the_smallest_village_joins_it() -> None:
    found = published([(A, 9, 4, 2), (B, 5, 1, 1), (C, 1, 1, 0)], {}, VILLAGES)
    assert [share.village for share in found.villages] == [A]
    assert found.low == (B, C)  # not told apart


def test_so_few_in_all_are_not_counted() -> None:
    found = published([(A, 3, 1, 1), (None, 1, 0, 0)], {"blocked": 2}, VILLAGES)
    assert (found.reached, found.yes, found.no, found.villages) == (None, None, None, ())
    assert published([], {}, VILLAGES).reached == 0


counts = st.integers(0, 12)
shares = st.tuples(counts, counts, counts).map(
    lambda n: (n[0], min(n[1], n[0]), min(n[2], n[0] - min(n[1], n[0])))
)
tables = st.dictionaries(st.sampled_from([*(f"0803020{n}" for n in range(1, 10)), None]), shares)


@given(tables)
def test_nothing_small_is_shown_or_left_over_when_the_rest_is_subtracted(
    table: dict[str | None, tuple[int, int, int]],
) -> None:
    meant = [village for village in table if village]
    found = published([(village, *share) for village, share in table.items()], {}, meant)
    assert all(share.reached >= FEW for share in found.villages)
    assert {share.village for share in found.villages}.isdisjoint(found.low)
    assert {share.village for share in found.villages} | set(found.low) == set(meant)
    if found.reached is None:
        assert found.yes is found.no is None
        return
    rest = found.reached - sum(share.reached for share in found.villages)
    assert rest == 0 or rest >= FEW
    for share in found.villages:
        assert share.yes + share.no <= share.reached
    assert found.yes is not None and found.yes >= sum(share.yes for share in found.villages)
    assert from_json(json.loads(json.dumps(as_json(found)))) == found


@pytest.mark.parametrize("villages", [1, 2, 3])
def test_who_knows_how_it_is_done_still_learns_no_small_number(villages: int) -> None:
    """Every table that leads to the same report, side by side: a village that is not shown could have had another
    number of people in each, unless it is no small one, or nobody was reached outside of those shown."""
    alike: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    names = VILLAGES[:villages]
    for table in itertools.product(range(MOST + 1), repeat=villages + 1):
        if sum(table) <= MOST:
            listed = [(name, n, 0, 0) for name, n in zip((*names, None), table, strict=True)]
            alike[json.dumps(as_json(published(listed, {}, names)))].append(table)
    for said, possible in alike.items():
        found = from_json(json.loads(said))
        shown = {share.village for share in found.villages}
        if found.reached == sum(share.reached for share in found.villages):
            continue
        for place, name in enumerate((*names, None)):
            values = {table[place] for table in possible}
            assert name in shown or len(values) > 1 or min(values) >= FEW, (found, possible)


@given(tables, st.randoms(use_true_random=False))
def test_a_report_is_the_same_in_whatever_order_things_are_counted(
    table: dict[str | None, tuple[int, int, int]], luck: random.Random
) -> None:
    listed = [(village, *share) for village, share in table.items()]
    mixed = luck.sample(listed, len(listed))
    meant = [village for village in table if village]
    assert published(listed, {}, meant) == published(mixed, {}, meant)


# -- Who was reached --------------------------------------------------------------------------------------


async def count(database: Database, desk: Desk, number: int) -> Turnout:
    def work(connection: Connection) -> Turnout:
        notice = rows.find(connection, number)
        assert notice is not None
        return turnout.count(connection, desk, notice)

    return await database.transact(work)


async def put(database: Database, table: sa.Table, where: Any, **values: Any) -> None:
    await database.transact(
        lambda connection: connection.execute(sa.update(table).where(where).values(**values)) and None
    )


@pytest.mark.anyio
async def test_each_is_counted_once_with_why_she_was_not_reached(
    database: Database, vault: Vault, desk: Desk
) -> None:
    people = await database.transact(join, vault, 12, village=A)
    gone = await database.transact(joins, vault, blocked=True)
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    blocked, stopped, refused, expired, waits, *others = people
    await database.transact(stop, stopped)
    await put(database, contacts, contacts.c.id == blocked, blocked=True)
    for contact, state, error in (
        (blocked, "failed", "Forbidden"),
        (stopped, "cancelled", "stopped"),
        (refused, "failed", "30003"),
        (expired, "expired", None),
    ):
        await put(database, outbox, outbox.c.contact == contact, state=state, error=error)
    for contact in others:
        await put(database, outbox, outbox.c.contact == contact, state="sent")
    await database.transact(notices.answer, number, others[0], True)
    await database.transact(notices.answer, number, others[1], False)
    await database.transact(notices.answer, number, waits, True)  # she heard of it, whatever our rows say
    await fires(database, desk, at("2026-11-30 18:00"))  # a second message to the same people
    for contact in others:
        await put(database, outbox, outbox.c.contact == contact, state="delivered")
    found = await count(database, desk, number)
    assert (found.reached, found.yes, found.no) == (8, 2, 1)
    assert found.missed == {"blocked": 2, "stopped": 1, "refused": 1, "expired": 1}
    assert gone not in people


@pytest.mark.anyio
async def test_what_was_over_the_cap_is_counted_as_such(database: Database, vault: Vault, desk: Desk) -> None:
    await database.transact(join, vault, 2, channel="sms")
    number = await announces(database, desk)
    desk.limits = type(desk.limits)(0)
    await fires(database, desk, NOW)
    found = await count(database, desk, number)
    assert (found.reached, found.missed) == (0, {"cap": 2})


@pytest.mark.anyio
async def test_the_author_is_told_when_the_meeting_begins_and_the_answers_are_forgotten(
    database: Database, vault: Vault, desk: Desk
) -> None:
    people = await database.transact(join, vault, 6, village=A)
    author = await database.transact(joins, vault, "sms", joined=False, language="en")
    number = await announces(database, desk, author=author)
    await fires(database, desk, NOW)
    await sends(database, NOW)
    for contact in people[:4]:
        await database.transact(notices.answer, number, contact, True)
    await fires(database, desk, START)
    (row,) = await messages(database, kind="turnout")
    assert (row.contact, row.channel, row.state) == (author, "sms", "queued")

    def said(connection: Connection) -> str:
        body = connection.execute(sa.select(payloads.c.body).where(payloads.c.id == row.payload)).scalar_one()
        return "\n".join(part["text"] for part in body)

    text = await database.transact(said)
    assert "6" in text and "4" in text
    found = await database.transact(rows.find, number)
    assert found is not None and found.turnout is not None
    assert (found.state, found.turnout["reached"], found.turnout["yes"]) == ("over", 6, 4)
    left = await database.transact(lambda connection: list(connection.execute(sa.select(attendance))))
    assert left == []
    assert not await database.transact(notices.answer, number, people[0], False)
    assert await heard(database, "turnout") == [author]


@pytest.mark.anyio
async def test_a_notice_of_the_operator_is_counted_and_told_to_nobody(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 1)
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    await fires(database, desk, START)
    assert await heard(database, "turnout") == []
    found = await database.transact(rows.find, number)
    assert found is not None and found.turnout is not None


@pytest.mark.anyio
async def test_a_meeting_at_night_is_reported_in_the_morning(
    database: Database, vault: Vault, desk: Desk
) -> None:
    author = await database.transact(joins, vault)
    number = await announces(database, desk, author=author, at="19:30")
    await fires(database, desk, at("2026-12-01 20:30"))
    found = await database.transact(rows.find, number)
    assert found is not None and found.state == "announced"
    await fires(database, desk, at("2026-12-02 07:00"))
    assert await heard(database, "turnout") == [author]


@pytest.mark.anyio
async def test_an_author_who_stopped_gets_no_report(database: Database, vault: Vault, desk: Desk) -> None:
    author = await database.transact(joins, vault)
    await announces(database, desk, author=author)
    await database.transact(stop, author)
    await fires(database, desk, START)
    assert await heard(database, "turnout") == []


def test_the_report_says_it_in_words(desk: Desk) -> None:
    found = published([(A, 9, 4, 2), (B, 1, 0, 0), (None, 5, 0, 0)], {"blocked": 2, "cap": 3}, VILLAGES)
    medium = desk.media["telegram"]
    replies = report(found, MEETING, desk.library, 12)
    (part,) = medium.render(replies, desk.catalogue("en", medium.channel), "", [])
    assert part["text"].split("\n\n")[1].split("\n") == [
        "Reached: 15 people.",
        "Coming: 4. Not coming: 2.",
        "Not reached: 5 (2 blocked us, 3 over the day's SMS limit).",
    ]
