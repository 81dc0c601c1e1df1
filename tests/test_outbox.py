"""What we have to say: its states only go forward, one sender holds it at a time, and replies go first."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage import contacts, fate, inbox, outbox
from storage.database import Connection, Database
from storage.outbox import BULK, LEASE, REPLY, Outgoing
from storage.tables import broadcasts, notices, payloads
from storage.tables import outbox as rows
from storage.vault import Vault

pytestmark = pytest.mark.anyio

PHONE = "+85512998877"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HELLO = [{"text": "សួស្ដី"}]


def queue(connection: Connection, vault: Vault, number: int = 1, **how: Any) -> int:
    """A message for Sokha, held by nobody."""
    address = how.pop("address", PHONE)
    known = contacts.find(connection, vault, "sms", address, date(2026, 11, 22), "km")
    parts, now = how.pop("parts", HELLO), how.pop("now", NOW)
    outbox.queue(connection, vault, number, known.id, "sms", parts, now, **{"lease": None, **how})
    return known.id


def row(connection: Connection, number: int = 1) -> Any:
    return connection.execute(sa.select(rows).where(rows.c.id == number)).one()


async def state(database: Database, number: int = 1) -> str:
    return str((await database.transact(row, number)).state)


async def take(
    database: Database, vault: Vault, now: datetime = NOW, most: int = 50, *, bulk: bool = False
) -> list[Outgoing]:
    return await database.transact(outbox.take, vault, "sms", now, most, bulk=bulk)


# -- Taking -----------------------------------------------------------------------------------------------


async def test_what_waits_is_taken_with_the_address_it_goes_to(database: Database, vault: Vault) -> None:
    contact = await database.transact(queue, vault)
    assert await take(database, vault) == [Outgoing(1, "sms", PHONE, HELLO, 1, contact)]
    assert await state(database) == "sending"


async def test_what_is_held_is_not_taken(database: Database, vault: Vault) -> None:
    """Whoever received the message sends the reply; the sweep is for what it left behind."""
    await database.transact(queue, vault, lease=LEASE)
    assert await take(database, vault, NOW + LEASE) == []


async def test_what_nobody_holds_any_more_is_taken(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault, lease=LEASE)
    assert [taken.id for taken in await take(database, vault, NOW + LEASE + SECOND)] == [1]


async def test_what_was_taken_is_held_by_the_one_who_took_it(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    await take(database, vault)
    assert await take(database, vault, NOW + LEASE) == []


async def test_what_a_sender_died_over_is_taken_again_and_counted(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    attempts = [(await take(database, vault, NOW + n * (LEASE + SECOND)))[0].attempts for n in range(3)]
    assert attempts == [1, 2, 3]


async def test_two_senders_never_take_the_same(database: Database, vault: Vault) -> None:
    def fill(connection: Connection) -> None:
        for number in range(1, 41):
            queue(connection, vault, number)

    await database.transact(fill)
    taken = await asyncio.gather(*(take(database, vault, most=10) for _ in range(6)))
    numbers = [one.id for some in taken for one in some]
    assert len(numbers) == len(set(numbers))
    while more := await take(database, vault, most=10):  # what a lock was on a moment ago
        numbers += [one.id for one in more]
    assert sorted(numbers) == list(range(1, 41))


async def test_replies_are_taken_apart_from_bulk_and_older_before_newer(
    database: Database, vault: Vault
) -> None:
    def fill(connection: Connection) -> None:
        for number, priority in ((1, BULK), (2, REPLY), (3, BULK - 1), (4, REPLY), (5, BULK)):
            queue(connection, vault, number, priority=priority)

    await database.transact(fill)
    assert [taken.id for taken in await take(database, vault)] == [2, 4]
    assert [taken.id for taken in await take(database, vault, most=2, bulk=True)] == [3, 1]
    assert [taken.id for taken in await take(database, vault, bulk=True)] == [5]


async def test_another_channel_takes_nothing_of_this_one(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    assert await database.transact(outbox.take, vault, "telegram", NOW, bulk=False) == []


@pytest.mark.parametrize("ended", ["sent", "delivered", "failed", "expired", "cancelled"])
async def test_what_left_or_will_not_leave_is_not_taken(database: Database, vault: Vault, ended: str) -> None:
    await database.transact(queue, vault, state=ended)
    assert await take(database, vault) == []


async def test_what_was_for_somebody_who_erased_her_data_is_not_sent(
    database: Database, vault: Vault
) -> None:
    def work(connection: Connection) -> None:
        queue(connection, vault)
        known = contacts.find(connection, vault, "sms", PHONE, date(2026, 11, 22), "km")
        contacts.erase(connection, known)

    await database.transact(work)
    assert await take(database, vault) == []


# -- What is said to many ---------------------------------------------------------------------------------


def announce(connection: Connection, vault: Vault, people: int, state: str = "announced") -> None:
    """A notice and its payload; rows 1 to `people`, one each."""
    later = NOW + timedelta(days=1)
    meeting = {"kind": "village", "commune": "080101", "scope": "commune", "villages": [], "place": "x"}
    times = {"starts_at": later, "created_at": NOW, "changed_at": NOW}
    connection.execute(sa.insert(notices).values(id=1, state=state, version=1, **meeting, **times))
    due = {"due_at": NOW, "expires_at": later, "state": "queued", "priority": BULK}
    connection.execute(sa.insert(broadcasts).values(id=1, notice=1, version=1, kind="notice", **due))
    said = {"channel": "sms", "language": "km", "body": HELLO, "segments": 1}
    connection.execute(sa.insert(payloads).values(id=7, broadcast=1, **said))
    for number in range(1, people + 1):
        known = contacts.find(connection, vault, "sms", f"+8551200000{number}", date(2026, 11, 22), "km")
        told = {"payload": 7, "broadcast": 1, "expires_at": later, "created_at": NOW, "state": "queued"}
        connection.execute(
            sa.insert(rows).values(id=number, contact=known.id, channel="sms", priority=BULK, **told)
        )


async def test_what_is_said_to_many_is_said_once_in_the_database(database: Database, vault: Vault) -> None:
    await database.transact(announce, vault, 2)
    taken = await take(database, vault, bulk=True)
    assert [(row.address, row.parts, row.payload) for row in taken] == [
        ("+85512000001", [], 7),
        ("+85512000002", [], 7),
    ]
    assert taken[0].expires_at == NOW + timedelta(days=1)
    assert await database.transact(outbox.bodies, [7, 7, 8]) == {7: HELLO}


async def test_what_comes_too_late_expires(database: Database, vault: Vault) -> None:
    await database.transact(announce, vault, 2)
    assert await take(database, vault, NOW + timedelta(days=1), bulk=True) == []
    assert [await state(database, number) for number in (1, 2)] == ["expired", "expired"]


async def test_whoever_can_be_told_is_found_behind_those_who_can_not(
    database: Database, vault: Vault
) -> None:
    def stop(connection: Connection) -> None:
        announce(connection, vault, 9)
        connection.execute(sa.text("UPDATE contacts SET stopped = (1 = 1) WHERE id < 8"))
        connection.execute(sa.text("UPDATE contacts SET blocked = (1 = 1) WHERE id = 8"))

    await database.transact(stop)
    assert [row.id for row in await take(database, vault, most=2, bulk=True)] == [9]
    ends = [await database.transact(row, number) for number in (1, 8)]
    assert [(end.state, end.error) for end in ends] == [("cancelled", "stopped"), ("cancelled", "blocked")]


async def test_who_stopped_since_a_row_was_taken_is_found(database: Database, vault: Vault) -> None:
    await database.transact(announce, vault, 4)
    await take(database, vault, bulk=True)

    def meanwhile(connection: Connection) -> None:
        connection.execute(sa.text("UPDATE contacts SET stopped = (1 = 1) WHERE id = 2"))
        connection.execute(sa.text("UPDATE outbox SET state = 'cancelled' WHERE id = 3"))
        connection.execute(sa.text("DELETE FROM contacts WHERE id = 4"))

    await database.transact(meanwhile)
    assert await database.transact(outbox.unwanted, [], NOW) == set()
    assert await database.transact(outbox.unwanted, [1, 2, 3, 4], NOW) == {2, 3, 4}
    assert [(await database.transact(row, number)).error for number in (2, 3, 4)] == [
        "stopped",
        None,
        "erased",
    ]


async def test_numbers_of_bulk_meet_no_reply() -> None:
    for milliseconds in range(50):
        now = NOW + timedelta(milliseconds=milliseconds)
        base = outbox.bulk_base(now)
        assert inbox.message_number(now) < base
        assert base + 500_000 < outbox.bulk_base(now + timedelta(milliseconds=1))
        assert base + 500_000 < inbox.message_number(now + timedelta(milliseconds=1))


@pytest.mark.parametrize(("state", "kept"), [("announced", 2), ("over", 0), ("cancelled", 0)])
async def test_what_a_notice_said_is_kept_until_it_is_counted(
    database: Database, vault: Vault, state: str, kept: int
) -> None:
    keep = timedelta(hours=48)
    await database.transact(announce, vault, 2, state)
    began = NOW + timedelta(days=1)
    assert await database.transact(outbox.wipe, began + keep - SECOND, keep) == 0
    assert await database.transact(outbox.wipe, began + keep + SECOND, keep) == 2 - kept


async def test_much_is_wiped_in_several_goes(database: Database, vault: Vault) -> None:
    await database.transact(announce, vault, 5, "over")
    later = NOW + timedelta(days=3)
    goes = [await database.transact(outbox.wipe, later, timedelta(days=2), 2) for _ in range(4)]
    assert goes == [2, 2, 1, 0]


async def test_what_waits_is_found_by_its_index(sqlite: Database) -> None:
    """With a million rows behind it, and on each look."""

    def plan(connection: Connection) -> str:
        given = {"channel": "sms", "now": NOW, "most": 50}
        query = outbox._BULK.compile(connection, compile_kwargs={"render_postcompile": True})
        values = {**query.params, **given, "now": 0}
        steps = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {query}", tuple(values[name] for name in query.positiontup or ())
        )
        return " ".join(str(step) for step in steps)

    assert "ix_outbox_waiting" in await sqlite.transact(plan)


# -- Marking ----------------------------------------------------------------------------------------------


async def test_a_message_is_tried_again_when_it_is_due(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    await take(database, vault)
    await database.transact(fate.mark, 1, "queued", error="429", retry_at=NOW + 10 * SECOND)
    assert await take(database, vault, NOW + 10 * SECOND) == []
    (again,) = await take(database, vault, NOW + 11 * SECOND)
    assert again.attempts == 2


async def test_a_message_that_left_is_not_tried_again(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    await database.transact(fate.mark_sent, [(1, "SM1")])
    await database.transact(fate.mark, 1, "queued", retry_at=NOW)
    assert await state(database) == "sent"


async def test_the_reason_of_a_failure_is_kept(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    await database.transact(fate.mark, 1, "failed", error="Forbidden: " + "x" * 200)
    failed = await database.transact(row)
    assert (failed.state, failed.error[:10], len(failed.error)) == ("failed", "Forbidden:", 80)


async def test_many_that_left_are_marked_together(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        for number in (1, 2, 3):
            queue(connection, vault, number)
        fate.mark_sent(connection, [(1, "SM1"), (3, None)])

    await database.transact(work)
    assert [await state(database, number) for number in (1, 2, 3)] == ["sent", "queued", "sent"]


# -- Receipts ---------------------------------------------------------------------------------------------


async def test_a_receipt_finds_its_message_by_the_providers_id(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    await database.transact(fate.mark_sent, [(1, "SM1")])
    assert await database.transact(fate.report, "SM1", "delivered", None)
    assert await state(database) == "delivered"


async def test_a_receipt_of_a_message_that_is_not_ours_changes_nothing(
    database: Database, vault: Vault
) -> None:
    await database.transact(queue, vault)
    assert not await database.transact(fate.report, "SM1", "delivered", None)
    assert await state(database) == "queued"


async def test_a_receipt_may_come_before_we_know_the_providers_id(database: Database, vault: Vault) -> None:
    """The answer to a webhook is sent by the provider, which says its id of it only in the receipt."""
    await database.transact(queue, vault)
    await database.transact(fate.name, 1, "SM1")
    assert await database.transact(fate.report, "SM1", "delivered", None)
    await database.transact(fate.mark_sent, [(1, None)])
    assert await state(database) == "delivered"


async def test_the_first_id_of_a_message_stays(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    await database.transact(fate.name, 1, "SM1")
    await database.transact(fate.name, 1, "SM2")
    assert (await database.transact(row)).provider_id == "SM1"


async def test_a_doubled_receipt_changes_nothing(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    await database.transact(fate.mark_sent, [(1, "SM1")])
    assert await database.transact(fate.report, "SM1", "failed", "30003")
    assert not await database.transact(fate.report, "SM1", "failed", "30005")
    assert (await database.transact(row)).error == "30003"


# -- States only go forward -------------------------------------------------------------------------------

ENDS = ("delivered", "failed", "expired", "cancelled")
#: queued and sending are one step: a retry goes from the second to the first.
STEP = {"queued": 0, "sending": 0, "sent": 1, **dict.fromkeys(ENDS, 2)}
STATES = st.sampled_from([*STEP])


@pytest.mark.parametrize("ended", ENDS)
@pytest.mark.parametrize("said", [*STEP])
async def test_what_came_to_an_end_stays_as_it_ended(
    sqlite: Database, vault: Vault, ended: str, said: str
) -> None:
    await sqlite.transact(queue, vault, state=ended)
    await sqlite.transact(fate.mark, 1, said)
    assert await state(sqlite) == ended


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["mark", "report", "sent", "take"]), STATES), max_size=12))
@example([("mark", "delivered"), ("report", "failed")])
@example([("mark", "failed"), ("report", "delivered")])
async def test_whatever_is_said_in_whatever_order_no_message_goes_back(
    database: Database, vault: Vault, said: list[tuple[str, str]]
) -> None:
    def work(connection: Connection) -> list[str]:
        connection.execute(sa.delete(rows))
        queue(connection, vault)
        fate.name(connection, 1, "SM1")
        seen = ["queued"]
        for number, (who, news) in enumerate(said, 1):
            if who == "mark":
                fate.mark(connection, 1, news)
            elif who == "report":
                fate.report(connection, "SM1", news, None)
            elif who == "sent":
                fate.mark_sent(connection, [(1, "SM1")])
            else:
                outbox.take(connection, vault, "sms", NOW + number * (LEASE + SECOND), bulk=False)
            seen.append(row(connection).state)
        return seen

    seen = await database.transact(work)
    steps = [STEP[one] for one in seen]
    assert steps == sorted(steps)
    ended = [one for one in seen if one in ENDS]
    assert len(set(ended)) <= 1


# -- What was said ----------------------------------------------------------------------------------------


async def test_what_was_said_can_be_said_again(database: Database, vault: Vault) -> None:
    """To a provider that brings the same message a second time."""
    await database.transact(queue, vault)
    assert await database.transact(outbox.parts_of, vault, 1) == HELLO
    assert await database.transact(outbox.parts_of, vault, 2) is None


async def test_what_was_said_is_sealed(database: Database, vault: Vault) -> None:
    await database.transact(queue, vault)
    assert "សួស្ដី".encode() not in bytes((await database.transact(row)).body)


async def test_what_was_said_is_wiped(database: Database, vault: Vault) -> None:
    keep = timedelta(hours=48)
    await database.transact(queue, vault)
    assert await database.transact(outbox.wipe, NOW + keep, keep) == 0
    assert await database.transact(outbox.wipe, NOW + keep + SECOND, keep) == 1
    assert await database.transact(outbox.parts_of, vault, 1) is None


async def test_a_channel_that_is_read_shows_one_person_what_she_was_told(
    database: Database, vault: Vault
) -> None:
    def fill(connection: Connection) -> None:
        for number, address in ((1, PHONE), (2, "+85512998878"), (3, PHONE), (4, PHONE)):
            queue(connection, vault, number, address=address, parts=[{"text": str(number)}])

    await database.transact(fill)
    shown = await database.transact(outbox.shown_to, vault, "sms", PHONE, 0)
    assert shown == [(number, [{"text": str(number)}]) for number in (1, 3, 4)]


async def test_a_channel_that_is_read_goes_on_where_it_was(database: Database, vault: Vault) -> None:
    def fill(connection: Connection) -> None:
        for number in range(1, 6):
            queue(connection, vault, number)

    await database.transact(fill)
    shown = await database.transact(outbox.shown_to, vault, "sms", PHONE, 2, 2)
    assert [number for number, _parts in shown] == [3, 4]
