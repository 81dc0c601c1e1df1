"""What is said to many: everybody is told once, as quickly as the provider allows, and who waits for an answer first."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.bulk import LEASE
from bot.channels.phone import transports
from bot.holder import dead, holder_name, kernel
from bot.sender import MOST_ATTEMPTS
from broadcasts.schedule import Timing, awake
from handlers import deliveries
from handlers.deliveries import FINAL, LATER, STOPPED
from storage import lanes, outbox
from storage.database import Connection, Database
from storage.outbox import Outgoing
from storage.vault import Vault
from tests import sms_server, telegram_rules
from tests.delivery import HOUR, NOW, TEXT, Delivery, delivering
from tests.telegram_server import Chat, Fault

pytestmark = pytest.mark.anyio

VILLAGE = [str(number) for number in range(101, 141)]
PHONES = [f"+8551290000{number}" for number in range(5)]


@pytest.fixture(autouse=True)
def marks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.marks.MARK_EVERY", 0.001)


@pytest.fixture
async def delivery(database: Database, database_url: str, vault: Vault) -> AsyncIterator[Delivery]:
    async with delivering(database, database_url, vault) as ready:
        yield ready


@pytest.fixture
async def small(sqlite: Database, vault: Vault) -> AsyncIterator[Delivery]:
    """Only SQLite, for what does not depend on the database."""
    async with delivering(sqlite, str(sqlite.url), vault) as ready:
        yield ready


def refused(delivery: Delivery) -> int:
    """How often Telegram refused a message."""
    heard = sum(len(chat.messages) for chat in delivery.telegram.chats.values())
    return len(delivery.telegram.called("sendMessage")) - heard


# -- Everybody once ---------------------------------------------------------------------------------------


async def test_everybody_is_told_once_and_never_too_quickly(delivery: Delivery) -> None:
    await delivery.notice("telegram", VILLAGE)
    await delivery.sends(delivery.process())
    assert [delivery.heard(person) for person in VILLAGE] == [[TEXT]] * len(VILLAGE)
    assert await delivery.states() == ["sent"] * len(VILLAGE)
    assert refused(delivery) == 0
    [row] = await delivery.rows("SELECT min(sent_at) AS at FROM outbox WHERE provider_id IS NOT NULL")
    assert row.at >= NOW.timestamp() * 1000


async def test_the_pace_is_held_and_not_exceeded(small: Delivery) -> None:
    village = [str(number) for number in range(1000, 1300)]
    await small.notice("telegram", village)
    process, began = small.process(), small.time.now()
    while len(small.telegram.called("sendMessage")) < len(village):
        await process.bulks["telegram"].step()
    assert len(village) / (small.time.now() - began) >= 28.5
    assert refused(small) == 0


async def test_who_is_told_of_two_meetings_is_told_a_second_apart(small: Delivery) -> None:
    for text in ("one", "two"):
        await small.notice("telegram", VILLAGE[:3], [{"text": text}])
    await small.sends(small.process())
    assert refused(small) == 0
    assert [small.heard(person) for person in VILLAGE[:3]] == [["one", "two"]] * 3


async def test_urgent_news_go_before_the_rest(small: Delivery) -> None:
    await small.notice("telegram", VILLAGE[:3], [{"text": "notice"}])
    await small.notice("telegram", VILLAGE[3:6], [{"text": "cancelled"}])
    await small.database.transact(
        lambda connection: connection.execute(sa.text("UPDATE outbox SET priority = 3 WHERE broadcast = 2"))
    )
    await small.sends(small.process())
    said = [given["text"] for given in small.telegram.called("sendMessage")]
    assert said == ["cancelled"] * 3 + ["notice"] * 3


async def test_sms_go_by_their_segments(small: Delivery) -> None:
    await small.notice("sms", PHONES, [{"text": "ក" * 300}])  # five segments
    began = small.time.now()
    await small.sends(small.process(sms_pace=5), "sms")
    assert len(small.sms.sent) == 5
    assert 4 <= small.time.now() - began < 8


# -- Who waits for an answer ------------------------------------------------------------------------------


async def test_a_reply_in_the_middle_leaves_within_the_fifth_of_a_second(small: Delivery) -> None:
    village = [str(number) for number in range(1000, 1200)]
    await small.notice("telegram", village)
    process, waits = small.process(), []
    for number in range(8):
        await small.passes(process, 0.5)
        person = 5000 + number
        small.telegram.chats[person] = Chat({"id": person, "type": "private", "first_name": "Vanna"})
        began = small.time.now()
        process.sender.soon(Outgoing(number, "telegram", str(person), [{"text": "MENU"}], 1))
        while not small.telegram.chats[person].messages:
            await process.bulks["telegram"].step()
        waits.append(small.time.now() - began)
    await small.sends(process)
    assert max(waits) <= 0.2
    assert refused(small) == 0


async def test_a_reply_that_waited_too_long_is_left_to_whoever_took_it(small: Delivery) -> None:
    """Its lease has run out by then, and it would be said twice."""
    process = small.process()
    person = VILLAGE[0]
    await small.notice("telegram", [person], [{"text": "…"}], NOW - HOUR)
    process.sender.soon(Outgoing(1, "telegram", person, [{"text": "late"}], 1))
    small.time.seconds += 50
    await asyncio.wait(list(process.sender._sending))
    assert small.heard(person) == []


# -- Who is not told --------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["stopped", "blocked"])
async def test_who_stopped_or_blocked_meanwhile_is_not_told(delivery: Delivery, why: str) -> None:
    await delivery.notice("telegram", VILLAGE[:4])
    await delivery.rows(f"UPDATE contacts SET {why} = (1 = 1) WHERE id = 2 RETURNING id")
    await delivery.sends(delivery.process())
    assert await delivery.states() == ["sent", "cancelled", "sent", "sent"]
    assert [
        row.error for row in await delivery.rows("SELECT error FROM outbox WHERE state = 'cancelled'")
    ] == [why]
    assert delivery.heard(VILLAGE[1]) == []


async def test_a_stop_is_heard_while_the_message_waits_its_turn(delivery: Delivery) -> None:
    """Rows are taken a few seconds ahead; a stop counts for them as well."""
    village = VILLAGE[:30]
    await delivery.notice("telegram", village)
    process = delivery.process(telegram_pace=5)
    await delivery.passes(process, 1.5)
    await delivery.rows("UPDATE contacts SET stopped = (1 = 1) WHERE id > 15 RETURNING id")
    await delivery.sends(process)
    assert [len(delivery.heard(person)) for person in village] == [1] * 15 + [0] * 15
    assert await delivery.states() == ["sent"] * 15 + ["cancelled"] * 15


async def test_who_erased_her_data_is_not_told(delivery: Delivery) -> None:
    await delivery.notice("telegram", VILLAGE[:2])
    await delivery.rows("DELETE FROM contacts WHERE id = 1 RETURNING id")
    await delivery.sends(delivery.process())
    assert await delivery.states() == ["cancelled", "sent"]


async def test_nothing_is_said_of_a_meeting_that_began(delivery: Delivery) -> None:
    await delivery.notice("telegram", VILLAGE[:20], expires_at=NOW + timedelta(seconds=3))
    await delivery.sends(delivery.process(telegram_pace=3))
    states = Counter(await delivery.states())
    assert set(states) == {"sent", "expired"}
    assert states["sent"] <= 10
    assert len(delivery.telegram.called("sendMessage")) == states["sent"]


async def test_a_worker_that_slept_a_day_says_nothing_late(small: Delivery) -> None:
    await small.notice("telegram", VILLAGE, expires_at=NOW + HOUR)
    process = small.process()
    await small.passes(process, 0.3)
    said = len(small.telegram.called("sendMessage"))
    assert 0 < said < 15
    small.time.shift = timedelta(days=1)  # the machine slept, and its watch with it
    await small.sends(process)
    assert len(small.telegram.called("sendMessage")) == said
    assert Counter(await small.states()) == {"sent": said, "expired": len(VILLAGE) - said}


async def test_nobody_is_woken(small: Delivery) -> None:
    """At 19:59:59 people are still told; what is left goes out at seven."""
    evening = datetime.fromisoformat("2026-11-22T19:59:59+07:00")
    small.time.shift = evening - NOW
    await small.notice("telegram", VILLAGE, expires_at=NOW + timedelta(days=2))
    process = small.process(awake=lambda at: awake(at, Timing()))
    await small.passes(process, 60)
    said = len(small.telegram.called("sendMessage"))
    assert 20 < said < 35
    assert set(await small.states()) == {"sent", "queued"}  # and nobody holds what waits
    small.time.seconds += 10.9 * 3600
    await small.passes(process, 60)
    assert len(small.telegram.called("sendMessage")) == said
    await small.sends(process)
    seven = datetime.fromisoformat("2026-11-23T07:00:00+07:00")
    assert timedelta() < small.time.clock() - seven < timedelta(minutes=1)
    assert [len(small.heard(person)) for person in VILLAGE] == [1] * len(VILLAGE)


# -- What Telegram refuses --------------------------------------------------------------------------------


async def test_who_blocked_us_is_marked_and_the_others_are_told(delivery: Delivery) -> None:
    await delivery.notice("telegram", VILLAGE[:6])
    delivery.telegram.chats[int(VILLAGE[1])].blocked = True
    del delivery.telegram.chats[int(VILLAGE[3])]
    became: Counter[tuple[str, str]] = Counter()
    process = delivery.process(noted=lambda channel, state: became.update([(channel, state)]))
    await delivery.sends(process)
    assert await delivery.states() == ["sent", "failed", "sent", "failed", "sent", "sent"]
    assert [row.id for row in await delivery.rows("SELECT id FROM contacts WHERE blocked ORDER BY id")] == [
        2,
        4,
    ]
    assert became == {("telegram", "sent"): 4, ("telegram", "failed"): 2}
    await delivery.passes(process, 600)
    assert len(delivery.telegram.called("sendMessage")) == 6


@pytest.mark.parametrize("error", [telegram_rules.broken(), telegram_rules.Dropped()], ids=["500", "dropped"])
async def test_what_did_not_get_through_is_tried_again(
    delivery: Delivery, error: telegram_rules.Refusal | telegram_rules.Dropped
) -> None:
    await delivery.notice("telegram", VILLAGE[:6])
    delivery.telegram.faults = [Fault("sendMessage", error, int(VILLAGE[2]), times=3)]
    await delivery.sends(delivery.process())
    assert await delivery.states() == ["sent"] * 6
    assert [len(delivery.heard(person)) for person in VILLAGE[:6]] == [1] * 6


async def test_what_never_gets_through_is_given_up(small: Delivery) -> None:
    await small.notice("telegram", VILLAGE[:2])
    small.telegram.faults = [Fault("sendMessage", telegram_rules.broken(), int(VILLAGE[0]), times=99)]
    await small.sends(small.process())
    assert await small.states() == ["failed", "sent"]
    assert len(small.telegram.called("sendMessage")) == MOST_ATTEMPTS + 1


async def test_told_to_wait_we_are_quiet_on_the_whole_channel(delivery: Delivery) -> None:
    await delivery.notice("telegram", VILLAGE[:20])
    delivery.telegram.faults = [Fault("sendMessage", telegram_rules.too_many(30), skip=5)]
    process = delivery.process()
    began = delivery.time.now()
    await delivery.passes(process, 25)
    under_way = len(delivery.telegram.called("sendMessage"))
    assert 6 <= under_way <= 8
    held = await delivery.database.transact(lanes.quiet_until)
    assert NOW + timedelta(seconds=29) < held["telegram"] < NOW + timedelta(seconds=32)
    await delivery.sends(process)
    assert delivery.time.now() - began >= 30
    assert [len(delivery.heard(person)) for person in VILLAGE[:20]] == [1] * 20
    assert [row.attempts for row in await delivery.rows("SELECT DISTINCT attempts FROM outbox")] == [1]


async def test_other_processes_hear_that_we_are_to_be_quiet(delivery: Delivery) -> None:
    web, person = delivery.process(own_database=True), VILLAGE[0]
    await delivery.notice("telegram", [person], expires_at=NOW - HOUR)
    await delivery.database.transact(lanes.quiet, "telegram", NOW + timedelta(seconds=60))
    await web.sender._learn()
    await web.sender.send(Outgoing(1, "telegram", person, [{"text": "…"}], 1))
    assert delivery.telegram.calls == []


# -- Several parts, and what goes with them ---------------------------------------------------------------


async def test_a_second_part_that_is_refused_does_not_repeat_the_first(delivery: Delivery) -> None:
    await delivery.notice("telegram", VILLAGE[:3], [{"text": "one"}, {"text": "two"}])
    delivery.telegram.faults = [Fault("sendMessage", telegram_rules.broken(), int(VILLAGE[1]), skip=1)]
    await delivery.sends(delivery.process())
    assert [delivery.heard(person) for person in VILLAGE[:3]] == [["one", "two"]] * 3
    assert await delivery.states() == ["sent"] * 3
    assert len(delivery.telegram.called("sendMessage")) == 7


async def test_a_reply_in_two_parts_does_not_repeat_the_first(small: Delivery) -> None:
    person, parts = VILLAGE[0], [{"text": "one"}, {"text": "two"}]
    await small.notice("telegram", [person], expires_at=NOW - HOUR)

    def reply(connection: Connection) -> None:
        outbox.queue(connection, small.vault, 7, 1, "telegram", parts, small.time.clock(), lease=None)

    await small.database.transact(reply)
    small.telegram.faults = [Fault("sendMessage", telegram_rules.broken(), skip=1)]
    process = small.process()
    for _ in range(2):
        await process.sender.sweep()
        await process.sender.marks.close()
        small.time.seconds += 100
    assert small.heard(person) == ["one", "two"]


async def test_a_photo_goes_with_its_words(small: Delivery) -> None:
    small.telegram.files["poster"] = b"\xff\xd8"
    keyboard = [[["មក", "n.1:coming=yes"]]]
    await small.notice("telegram", VILLAGE[:2], [{"text": TEXT, "photo": "poster", "keyboard": keyboard}])
    await small.sends(small.process())
    [message] = small.telegram.chats[int(VILLAGE[0])].messages.values()
    assert message.body["caption"] == TEXT
    assert message.body["photo"][0]["file_id"] == "poster"
    assert message.labels == ["មក"]
    assert await small.states() == ["sent", "sent"]


@pytest.mark.parametrize("kind", ["photo", "voice"])
async def test_a_file_that_can_not_be_used_any_more_leaves_the_words(small: Delivery, kind: str) -> None:
    await small.notice("telegram", VILLAGE[:1], [{"text": TEXT, kind: "gone"}])
    await small.notice("telegram", VILLAGE[1:2], [{"text": "", kind: "gone"}, {"text": TEXT}])
    await small.sends(small.process())
    assert [small.heard(person) for person in VILLAGE[:2]] == [[TEXT], [TEXT]]


async def test_what_is_paid_for_says_so_and_replies_do_not(small: Delivery) -> None:
    await small.notice("telegram", VILLAGE[:1])
    process = small.process(paid=True)
    await small.sends(process)
    await process.sender.send(Outgoing(1, "telegram", VILLAGE[0], [{"text": "…"}], 1))
    paid = [given.get("allow_paid_broadcast") for given in small.telegram.called("sendMessage")]
    assert paid == ["true", None]


# -- What the SMS service refuses -------------------------------------------------------------------------


async def test_who_opted_out_with_the_service_is_marked(delivery: Delivery) -> None:
    await delivery.notice("sms", PHONES[:3])
    delivery.sms.opted_out = {PHONES[1]}
    await delivery.sends(delivery.process(), "sms")
    assert await delivery.states() == ["sent", "failed", "sent"]
    found = await delivery.rows("SELECT id FROM contacts WHERE stopped AND NOT joined")
    assert [row.id for row in found] == [2]


@pytest.mark.parametrize("code", [21614, 30004, 30005, 30006, 30007])
async def test_what_no_repetition_mends_is_not_repeated(small: Delivery, code: int) -> None:
    await small.notice("sms", PHONES[:1])
    small.sms.faults = [sms_server.Refusal(400, code, "no")]
    await small.sends(small.process(), "sms")
    assert await small.states() == ["failed"]
    assert small.sms.asked == 1


async def test_a_service_that_is_overrun_gets_less(small: Delivery) -> None:
    await small.notice("sms", PHONES)
    small.sms.faults = [None, sms_server.slow_down()]
    process = small.process()
    await small.sends(process, "sms")
    assert await small.states() == ["sent"] * 5
    assert Counter(text.to for text in small.sms.sent) == dict.fromkeys(PHONES, 1)
    assert process.sender.paces["sms"]._slower < 1


async def heard(delivery: Delivery, sid: str, state: str, means: str = FINAL) -> str | None:
    """The service's word on a message."""
    error = "30003" if state == "failed" else None
    return await delivery.database.transact(
        deliveries.receipt, sid, state, error, None, means, delivery.time.clock()
    )


async def test_a_phone_that_is_off_is_tried_three_times_more(delivery: Delivery) -> None:
    await delivery.notice("sms", PHONES[:1], expires_at=NOW + timedelta(days=9))
    process = delivery.process()
    await delivery.sends(process, "sms")
    for tries, hours in enumerate((1, 4, 12), 1):
        sid = delivery.sms.sent[-1].sid
        assert await heard(delivery, sid, "failed", LATER) == "sms"
        await heard(delivery, sid, "failed", LATER)  # doubled, it changes nothing
        await heard(delivery, sid, "delivered")  # nor does what comes late of a try that is over
        assert await delivery.states() == ["queued"]
        delivery.time.seconds += hours * 3600 - 30
        await delivery.passes(process, 15, "sms")
        assert len(delivery.sms.sent) == tries
        await delivery.sends(process, "sms")
        assert len(delivery.sms.sent) == tries + 1
    await heard(delivery, delivery.sms.sent[-1].sid, "failed", LATER)
    assert await delivery.states() == ["failed"]


async def test_a_phone_that_is_off_until_the_meeting_is_given_up(small: Delivery) -> None:
    await small.notice("sms", PHONES[:1], expires_at=NOW + HOUR / 2)
    await small.sends(small.process(), "sms")
    await heard(small, small.sms.sent[0].sid, "failed", LATER)
    assert await small.states() == ["failed"]


async def test_the_second_try_may_succeed(small: Delivery) -> None:
    await small.notice("sms", PHONES[:1])
    process = small.process()
    await small.sends(process, "sms")
    await heard(small, small.sms.sent[0].sid, "failed", LATER)
    small.time.seconds += 3600
    await small.sends(process, "sms")
    await heard(small, small.sms.sent[1].sid, "delivered")
    assert await small.states() == ["delivered"]


async def test_a_receipt_may_say_that_somebody_opted_out(small: Delivery) -> None:
    await small.notice("sms", PHONES[:1])
    await small.sends(small.process(), "sms")
    await heard(small, small.sms.sent[0].sid, "failed", STOPPED)
    assert await small.states() == ["failed"]
    assert [row.id for row in await small.rows("SELECT id FROM contacts WHERE stopped AND blocked")] == [1]


async def test_a_receipt_of_a_strange_message_is_nobodys(small: Delivery) -> None:
    assert await heard(small, "SM?", "failed", LATER) is None


# -- Several processes ------------------------------------------------------------------------------------


async def test_two_workers_tell_everybody_once(delivery: Delivery) -> None:
    await delivery.notice("telegram", VILLAGE)
    pair = [delivery.process(own_database=True) for _ in range(2)]
    waits = "SELECT id FROM outbox WHERE state IN ('queued', 'sending')"
    while await delivery.rows(waits):
        await asyncio.gather(*(delivery.passes(process, 0.5) for process in pair))
    assert Counter(given["chat_id"] for given in delivery.telegram.called("sendMessage")) == {
        int(person): 1 for person in VILLAGE
    }


async def test_another_goes_on_when_one_dies(delivery: Delivery) -> None:
    village = [str(number) for number in range(1000, 1100)]
    await delivery.notice("telegram", village)
    first, second = delivery.process(own_database=True), delivery.process(own_database=True)
    await delivery.passes(first, 1.0)
    await delivery.passes(second, 0.5)
    await first.sender.marks.close()
    said = len(delivery.telegram.called("sendMessage"))
    assert 20 < said < 40
    died_at = delivery.time.now()  # it is never heard of again, with rows taken and not sent
    while len(delivery.telegram.called("sendMessage")) == said:
        await second.bulks["telegram"].step()
    assert delivery.time.now() - died_at <= 15
    await delivery.sends(second)
    assert [len(delivery.heard(person)) for person in village] == [1] * len(village)


async def test_who_comes_back_from_a_long_sleep_sends_nothing_more(delivery: Delivery) -> None:
    village = [str(number) for number in range(1000, 1060)]
    await delivery.notice("telegram", village)
    first, second = delivery.process(own_database=True), delivery.process(own_database=True)
    await delivery.passes(first, 1.0)
    await first.sender.marks.close()
    assert first.bulks["telegram"].hand.waiting()  # it has more in its hands
    delivery.time.seconds += LEASE.total_seconds() + 1
    await delivery.passes(second, 0.3)
    await delivery.passes(first, 0.5)
    await delivery.sends(second)
    assert [len(delivery.heard(person)) for person in village] == [1] * len(village)


async def test_who_ends_gives_back_what_it_holds(delivery: Delivery) -> None:
    await delivery.notice("telegram", VILLAGE)
    first, second = delivery.process(own_database=True), delivery.process(own_database=True)
    await delivery.passes(first, 0.5)
    await first.bulks["telegram"].stop()
    ended_at = delivery.time.now()
    said = len(delivery.telegram.called("sendMessage"))
    while len(delivery.telegram.called("sendMessage")) == said:
        await second.bulks["telegram"].step()
    assert delivery.time.now() - ended_at < 2
    await delivery.sends(second)
    assert [len(delivery.heard(person)) for person in VILLAGE] == [1] * len(VILLAGE)
    assert [row.attempts for row in await delivery.rows("SELECT DISTINCT attempts FROM outbox")] == [1]


async def test_a_clock_that_is_set_back_costs_nothing(small: Delivery) -> None:
    await small.notice("telegram", VILLAGE)
    process = small.process()
    await small.passes(process, 0.5)
    small.time.shift = -HOUR
    await small.sends(process, until="SELECT id FROM outbox WHERE state = 'queued'")
    for _ in range(3):
        await small.passes(process, 60)
    assert Counter(await small.states())["sent"] >= len(VILLAGE) - 20
    small.time.shift = timedelta()
    await small.passes(process, 120)
    assert [len(small.heard(person)) for person in VILLAGE] == [1] * len(VILLAGE)


def test_a_holder_of_this_machine_is_known_to_be_dead() -> None:
    assert not dead(holder_name())
    assert not dead("elsewhere.1.abc")
    assert not dead("")
    if kernel():
        assert dead(f"{kernel()}.4194305.abc")  # more than Linux has numbers for


# -- The phone on the page --------------------------------------------------------------------------------


async def test_the_page_shows_what_is_told_to_many_once_it_is_sent(small: Delivery) -> None:
    await small.notice("phone-sms", ["4711"], expires_at=NOW + HOUR)

    async def shown(after: int = 0, since: datetime | None = None) -> list[Any]:
        return await small.database.transact(
            outbox.shown_to, small.vault, "phone-sms", "4711", after, 50, since
        )

    assert await shown() == []
    process = small.process()
    process.sender.transports = {**process.sender.transports, **transports()}
    bulk = type(process.bulks["sms"])(process.sender, "phone-sms", "me")
    process.bulks["phone-sms"] = bulk
    await small.sends(process, "phone-sms")
    [(number, parts)] = await shown()
    assert parts == [{"text": TEXT}]
    assert await shown(number) == []
    assert await shown(number + 1, NOW) == [(number, parts)]
    assert await small.states() == ["sent"]
