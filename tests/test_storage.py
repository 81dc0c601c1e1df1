"""What a visit leaves behind: in the database as it lies on the disk, after a while, and in the log."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.intake import Failed, Intake
from bot.worker import KEEP_CONVERSATIONS, KEEP_MESSAGES, retention
from flows.outcomes import Outcome
from flows.questions import Said
from flows.registry import FLOWS
from flows.world import World
from handlers.deliveries import blocked
from handlers.desk import Desk, Incoming
from storage.database import Connection, Database, SqliteDatabase
from storage.tables import (
    contacts,
    conversations,
    histograms,
    inbox,
    metadata,
    outbox,
    parked,
    people,
    responses,
)
from tests.person import LINK, SEND, Clock, Person

pytestmark = pytest.mark.anyio

PHONE, CHAT = "+85512998877", "6712998877"
COMMENT = "ពេលយប់រកពេទ្យមិនឃើញ"
SECOND = timedelta(seconds=1)


@pytest.fixture
def sokha(database: Database, desk: Desk) -> Person:
    """On Telegram."""
    desk.clock = Clock()
    return Person(database, desk, address=CHAT)


@pytest.fixture
def sokha_by_sms(sokha: Person) -> Person:
    return Person(sokha.database, sokha.desk, "sms", PHONE)


async def rates(person: Person) -> None:
    """From the first message to what she says of herself."""
    await person.says(LINK, "4", "3", "5", "5", "4", COMMENT, SEND)
    await person.says("[បាទ/ចាស សួរមក]", "[ស្រី]", "[១៥ ដល់ ៣០ ឆ្នាំ]", "[ទេ]", "[ទេ]", "[ទេ]")


async def rates_by_sms(person: Person) -> None:
    await person.says(LINK, "4", "3", "5", "5", "4", COMMENT)


async def joins(person: Person) -> None:
    await person.says("JOIN", "ព្រែកអំពិល", "1")


# -- On the disk ------------------------------------------------------------------------------------------


async def raw(database: Database, *tables: sa.Table) -> bytes:
    """What whoever steals the disk would have: the values of some tables or, of all, SQLite's files as they are."""
    if isinstance(database, SqliteDatabase) and not tables:
        file = Path(str(database.url.database))
        return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))

    def work(connection: Connection) -> bytes:
        values = (
            value
            for table in tables or metadata.tables.values()
            for row in connection.execute(sa.text(f"SELECT * FROM {table.name}"))
            for value in row
        )
        return b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in values)

    return await database.transact(work)


def forms(number: str) -> list[bytes]:
    """A number as it may be written or stored."""
    digits = number.removeprefix("+")
    whole = int(digits)
    return [
        *(digits.encode(), digits.removeprefix("855").encode(), f"0{digits[3:]}".encode()),
        *(whole.to_bytes(length, order) for length in (5, 6, 8) for order in ("big", "little")),
        *(
            hashed(text.encode()).digest()
            for hashed in (hashlib.sha256, hashlib.md5)
            for text in (number, digits)
        ),
        *(
            hashed(text.encode()).hexdigest().encode()
            for hashed in (hashlib.sha256, hashlib.md5)
            for text in (number, digits)
        ),
    ]


async def test_neither_phone_number_nor_chat_is_found_on_the_disk(
    sokha: Person, sokha_by_sms: Person
) -> None:
    await rates(sokha)
    await rates_by_sms(sokha_by_sms)
    await joins(sokha)
    await joins(sokha_by_sms)
    found = await raw(sokha.database)
    assert len(await sokha.database.transact(lambda c: c.execute(sa.select(contacts)).all())) == 2
    for number in (PHONE, CHAT):
        assert [form for form in forms(number) if form in found] == []


async def test_what_she_wrote_is_not_found_on_the_disk(sokha: Person) -> None:
    await rates(sokha)
    found = await raw(sokha.database)
    for words in (COMMENT, "female", "15-30"):
        assert words.encode() not in found


async def test_scores_of_a_rating_under_way_are_not_found_on_the_disk(sokha: Person) -> None:
    await sokha.says(LINK, "4", "3", "5", "5", "4", COMMENT)  # and not sent
    found = await raw(sokha.database, conversations, outbox)
    assert b"rate" in found
    for words in ("score", "hc-presence", "រកពេទ្យ", "😄"):
        assert words.encode() not in found


@pytest.mark.parametrize(
    "typed", ["012 998 877", "+855 12 99 88 77", "012-998-877", "០១២៩៩៨៨៧៧", "012.998.877"]
)
async def test_her_number_typed_where_a_place_is_asked_is_not_found_on_the_disk(
    sokha_by_sms: Person, typed: str
) -> None:
    """What was not found is counted in plain text, so that it becomes an alias."""
    await sokha_by_sms.says("RATE", "2", typed)
    found = await raw(sokha_by_sms.database)
    assert typed.encode() not in found
    assert [form for form in forms(PHONE) if form in found] == []


async def test_a_message_that_was_parked_is_not_found_on_the_disk(sokha_by_sms: Person) -> None:
    await parks(sokha_by_sms)
    found = await raw(sokha_by_sms.database)
    assert [form for form in forms(PHONE) if form in found] == []
    assert COMMENT.encode() not in found


async def parks(person: Person) -> None:
    """A message of a channel that nobody made fails until it is parked."""
    intake = Intake(person.database, person.desk)
    incoming = Incoming("pigeon", person.address, "1", Said(text=COMMENT))
    body = {"From": person.address, "Body": COMMENT}
    for _ in range(2):
        with pytest.raises(Failed):
            await intake.take(incoming, body)
    assert await intake.take(incoming, body) is None


# -- After a while ----------------------------------------------------------------------------------------


async def left(database: Database) -> dict[str, int]:
    """How many rows there are of what concerns people."""
    tables = (contacts, people, conversations, inbox, outbox, parked, responses, histograms)

    def work(connection: Connection) -> dict[str, int]:
        sizes = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in tables
        }
        return {name: size for name, size in sizes.items() if size}

    return await database.transact(work)


async def after(person: Person, passed: timedelta) -> dict[str, int]:
    """What is left when the clock has gone on, and the worker tidied up."""
    await person.database.transact(retention, person.desk.clock() + passed)
    return await left(person.database)


async def test_messages_are_kept_while_a_provider_may_repeat_them(sokha: Person) -> None:
    await rates(sokha)
    before = await left(sokha.database)
    assert await after(sokha, KEEP_MESSAGES - timedelta(minutes=5)) == before


async def test_then_what_was_said_and_which_messages_came_is_wiped(sokha: Person) -> None:
    await rates(sokha)
    before = await left(sokha.database)
    remain = await after(sokha, KEEP_MESSAGES + SECOND)
    assert remain == {name: size for name, size in before.items() if name not in {"inbox", "outbox"}}
    assert remain["responses"] == 1


async def test_a_message_that_failed_once_is_wiped_with_them(sokha: Person) -> None:
    intake = Intake(sokha.database, sokha.desk)
    with pytest.raises(Failed):
        await intake.take(Incoming("pigeon", CHAT, "1", Said(text=COMMENT)), {"text": COMMENT})
    assert await left(sokha.database) == {"parked": 1}
    assert await after(sokha, KEEP_MESSAGES + SECOND) == {}


async def test_a_parked_message_stays_until_the_operator_settles_it(sokha: Person) -> None:
    await parks(sokha)
    assert await after(sokha, timedelta(days=365)) == {"parked": 1}


async def test_a_rating_can_be_taken_up_for_a_month(sokha: Person) -> None:
    await sokha.says(LINK, "4", "3")
    assert "conversations" in await after(sokha, KEEP_CONVERSATIONS - timedelta(minutes=1))
    assert "conversations" not in await after(sokha, KEEP_CONVERSATIONS + SECOND)


async def test_a_person_is_remembered_until_she_has_her_data_erased(sokha: Person) -> None:
    await rates(sokha)
    remain = await after(sokha, timedelta(days=3650))
    assert remain == {"contacts": 1, "people": 1, "responses": 1, "histograms": 15}
    await sokha.says("ERASE", "[បាទ/ចាស]")
    assert await after(sokha, timedelta(days=3650)) == {"responses": 1, "histograms": 15}


# -- In the log -------------------------------------------------------------------------------------------


async def fails_over_words(world: World) -> Outcome:
    raise ValueError(f"could not read {COMMENT!r} of {CHAT}")


async def test_nothing_personal_is_logged(
    sokha: Person,
    sokha_by_sms: Person,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Ratings on both channels, a repeated message, a block, a flow that fails, a message that is parked."""
    caplog.set_level(logging.INFO)
    with capture_logs() as events:
        await rates(sokha)
        await rates_by_sms(sokha_by_sms)
        repeated = sokha.message(Said(text="MENU"))
        await sokha.deliver(repeated)
        await sokha.deliver(repeated)
        await sokha.database.transact(blocked, sokha.desk, "telegram", CHAT, True)
        monkeypatch.setitem(FLOWS, "help", fails_over_words)
        await sokha.says("HELP")
        await parks(sokha)
    logged = f"{events} {caplog.text}"
    assert {event["event"] for event in events} == {"flow_failed", "message_failed"}
    for words in (COMMENT, "រកពេទ្យ", CHAT, PHONE, PHONE[4:], "female", "hc080303"):
        assert words not in logged


async def test_what_failed_is_logged_so_that_it_can_be_found(
    sokha: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FLOWS, "help", fails_over_words)
    with capture_logs() as events:
        await sokha.says("HELP")
    (event,) = events
    assert event["error"] == "ValueError"
    assert event["where"].startswith("tests.test_storage:")


async def test_events_are_counted_without_who(sokha: Person) -> None:
    counted: list[str] = []
    sokha.desk.heard = counted.append
    await rates(sokha)
    assert counted == ["rated", "described"]
