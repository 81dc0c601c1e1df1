"""Announcing, changing, calling off: what it takes is said before, and each hears what concerns her, once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from broadcasts import notices
from broadcasts.notices import NotPossible, Plan
from broadcasts.press import Limits
from flows.meetings import Meeting
from flows.questions import Attachment
from handlers.desk import Desk
from storage import links, spending
from storage import notices as rows
from storage.database import Connection, Database
from storage.fate import mark_sent, try_again
from storage.outbox import take, wipe
from storage.tables import attendance, audit, contacts
from storage.vault import Vault
from tests.villagers import (
    COMMUNE,
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
    states,
)

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
LATER = replace(MEETING, at="14:00")
TOMORROW = replace(MEETING, on="2026-11-26", at="14:00")


async def plan(
    database: Database, desk: Desk, meeting: Meeting = MEETING, replacing: int | None = None
) -> Plan:
    return await database.transact(notices.plan, desk, meeting, NOW, replacing)


def today(connection: Connection) -> int:
    return spending.spent(connection, COMMUNE, NOW.date())


# -- What it takes ----------------------------------------------------------------------------------------


async def test_a_plan_says_how_many_what_it_costs_when_and_how_long(
    database: Database, vault: Vault, desk: Desk
) -> None:
    def work(connection: Connection) -> None:
        join(connection, vault, 60)
        join(connection, vault, 4, channel="sms")
        join(connection, vault, 1, channel="sms", language="en")

    await database.transact(work)
    made = await plan(database, desk)
    assert (made.people, made.channels) == (65, {"telegram": 60, "sms": 5})
    assert (
        made.segments == made.seconds
    )  # one segment a second, where nothing else is set; longer than Telegram
    assert made.left == 5000
    assert (made.out_at, made.later, made.trouble) == (NOW, False, "")
    assert set(made.shown) == {"telegram", "sms"}
    assert all("វត្តព្រែក" in text for text in made.shown.values())
    assert json.loads(json.dumps(made.as_json()))["out_at"] == "2026-11-25T09:00"


async def test_a_preview_is_what_citizens_get(database: Database, vault: Vault, desk: Desk) -> None:
    await database.transact(join, vault, 1)
    made = await plan(database, desk)
    await announces(database, desk)
    await fires(database, desk, NOW)
    bodies = await database.transact(
        lambda connection: list(
            connection.execute(sa.select(rows.payloads.c.body).where(rows.payloads.c.channel == "telegram"))
        )
    )
    assert any(part["text"] in made.shown["telegram"] for (body,) in bodies for part in body)
    buttons = {
        data for (body,) in bodies for part in body for row in part["keyboard"] for _label, data in row
    }
    assert buttons == {"n.1:coming=yes", "n.1:coming=no"}


async def test_what_is_announced_at_night_goes_out_in_the_morning(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 1)
    made = await database.transact(notices.plan, desk, MEETING, at("2026-11-25 23:59"))
    assert (made.out_at, made.later) == (at("2026-11-26 07:00"), True)


async def test_villages_where_few_have_joined_are_named(database: Database, vault: Vault, desk: Desk) -> None:
    def work(connection: Connection) -> None:
        join(connection, vault, 5, village=VILLAGES[0])
        join(connection, vault, 4, village=VILLAGES[1])

    await database.transact(work)
    made = await plan(database, desk, replace(MEETING, scope="villages", villages=VILLAGES))
    assert set(made.villages) == set(VILLAGES[1:])
    assert VILLAGES[0] not in (await plan(database, desk)).villages
    assert (
        await plan(database, desk, replace(MEETING, scope="facility", facility="hc080302"))
    ).villages == ()


# -- What can't be ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", ["2026-11-24", "2025-12-01"])
async def test_a_meeting_in_the_past_is_refused(
    database: Database, vault: Vault, desk: Desk, on: str
) -> None:
    await database.transact(join, vault, 1)
    assert (await plan(database, desk, replace(MEETING, on=on))).trouble == "past"
    with pytest.raises(NotPossible) as refused:
        await announces(database, desk, on=on)
    assert refused.value.trouble == "past"
    assert await states(database) == {}


async def test_what_can_only_be_told_after_it_began_is_late(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 1)
    dawn = replace(MEETING, on="2026-11-26", at="06:30")
    assert (await database.transact(notices.plan, desk, dawn, at("2026-11-25 22:00"))).trouble == "late"


async def test_where_nobody_has_joined_that_is_said(database: Database, desk: Desk) -> None:
    made = await plan(database, desk)
    assert (made.people, made.trouble) == (0, "nobody")
    assert set(made.shown) == set(desk.media)


async def test_more_segments_than_are_left_today_are_refused(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 10, channel="sms")
    price = (await plan(database, desk)).segments
    desk.limits = Limits(price - 1)
    made = await plan(database, desk)
    assert (made.left, made.trouble) == (price - 1, "cap")
    with pytest.raises(NotPossible, match="cap"):
        await announces(database, desk)
    desk.limits = Limits(price)
    await announces(database, desk)


# -- Announcing -------------------------------------------------------------------------------------------


async def test_an_announced_meeting_is_as_it_was_given(database: Database, vault: Vault, desk: Desk) -> None:
    given = replace(
        MEETING,
        kind="i4c",
        scope="villages",
        villages=VILLAGES[:2],
        note="យកប័ណ្ណមក",
        attachment=Attachment("voice", "AwACAg", 1000, 12),
    )
    author = await database.transact(joins, vault)
    number = await database.transact(notices.announce, desk, given, author, NOW)
    found = await database.transact(rows.find, number)
    assert found is not None
    assert found.meeting == given
    assert (found.author, found.state, found.version) == (author, "announced", 1)
    assert await database.transact(notices.meeting, number, NOW) == given
    assert await database.transact(notices.meeting, number, found.starts_at) is None
    (entry,) = await database.transact(lambda connection: list(connection.execute(sa.select(audit))))
    assert (entry.action, entry.actor, entry.detail["notice"]) == ("announced", author, number)


async def test_upcoming_meetings_are_listed_the_next_first(database: Database, desk: Desk) -> None:
    second = await announces(database, desk)
    first = await announces(database, desk, on="2026-11-30")
    other = await announces(database, desk, commune="080303")
    gone = await announces(database, desk)
    await database.transact(notices.call_off, desk, gone, None, NOW)
    listed = await database.transact(notices.upcoming, NOW)
    assert [number for number, _meeting in listed] == [first, second, other]
    assert [n for n, _m in await database.transact(notices.upcoming, NOW, "0803")] == [first, second, other]
    assert [n for n, _m in await database.transact(notices.upcoming, NOW, COMMUNE)] == [first, second]
    assert [n for n, _m in await database.transact(notices.upcoming, at("2026-11-30 09:00"), COMMUNE)] == [
        second
    ]
    assert await database.transact(notices.upcoming, NOW, author=7) == []


# -- Changing ---------------------------------------------------------------------------------------------


async def told(database: Database, desk: Desk, vault: Vault) -> tuple[int, list[int], list[int]]:
    """A meeting that three were told of and two not yet; its number, and both."""
    old = await database.transact(join, vault, 3)
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    await sends(database, NOW)
    new = await database.transact(join, vault, 2)
    return number, old, new


async def change(database: Database, desk: Desk, number: int, meeting: Meeting = LATER) -> int:
    return await database.transact(notices.change, desk, number, meeting, None, NOW + HOUR)


async def test_the_change_goes_to_those_who_were_told_and_the_new_notice_to_the_rest(
    database: Database, vault: Vault, desk: Desk
) -> None:
    number, old, new = await told(database, desk, vault)
    made = await database.transact(notices.plan, desk, LATER, NOW + HOUR, number)
    assert made.people == 5
    assert await change(database, desk, number) == 3
    await fires(database, desk, NOW + HOUR)
    assert await heard(database, "changed", ["queued"]) == old
    assert await heard(database, "notice", ["queued"]) == new
    assert {row.priority for row in await messages(database, kind="changed")} == {3}


async def test_who_was_not_told_yet_hears_only_of_the_meeting_as_it_is_now(
    database: Database, vault: Vault, desk: Desk
) -> None:
    people = await database.transact(join, vault, 3)
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    assert await change(database, desk, number) == 0
    await fires(database, desk, NOW + HOUR)
    assert await heard(database, "changed") == []
    assert await heard(database, "notice", ["cancelled"]) == people
    assert await heard(database, "notice", ["queued"]) == people


async def test_what_is_just_leaving_counts_as_told_and_is_not_tried_again(
    database: Database, vault: Vault, desk: Desk
) -> None:
    people = await database.transact(join, vault, 2)
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    await sends(database, NOW, state="sending")
    assert await change(database, desk, number) == 2
    await fires(database, desk, NOW + HOUR)
    assert await heard(database, "changed", ["queued"]) == people
    assert await heard(database, "notice", ["queued"]) == []
    first = await messages(database, kind="notice")
    assert {row.expires_at for row in first} == {NOW + HOUR}


async def test_an_sms_that_did_not_arrive_is_not_sent_again_after_the_change(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(joins, vault, "sms")
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    (taken,) = await database.transact(take, vault, "sms", NOW, 50, bulk=True)
    await database.transact(mark_sent, [(taken.id, "SM1")], NOW)
    await change(database, desk, number)
    assert not await database.transact(try_again, "SM1", "30003", NOW + HOUR, [timedelta(minutes=1)])


async def test_reminders_of_the_old_time_are_not_sent(database: Database, vault: Vault, desk: Desk) -> None:
    number, old, new = await told(database, desk, vault)
    await change(database, desk, number, replace(MEETING, on="2026-12-03"))
    await fires(database, desk, NOW + HOUR)
    await sends(database, NOW + HOUR)
    await fires(database, desk, at("2026-11-30 18:00"))
    assert await heard(database, "evening") == []
    await fires(database, desk, at("2026-12-02 18:00"))
    assert await heard(database, "evening") == old + new
    assert (await states(database))["evening", "cancelled"] == 1


async def test_after_two_changes_each_hears_the_last_once(
    database: Database, vault: Vault, desk: Desk
) -> None:
    number, old, new = await told(database, desk, vault)
    await change(database, desk, number)
    await fires(database, desk, NOW + HOUR)
    await sends(database, NOW + HOUR)
    newest = await database.transact(join, vault, 1)
    assert await change(database, desk, number, replace(LATER, place="សាលា")) == 5
    await fires(database, desk, NOW + 2 * HOUR)
    assert await heard(database, "changed", ["queued"]) == old + new
    assert await heard(database, "notice", ["queued"]) == newest


async def test_who_has_left_the_commune_still_hears_of_the_change(
    database: Database, vault: Vault, desk: Desk
) -> None:
    number, old, _new = await told(database, desk, vault)

    def move(connection: Connection) -> None:
        connection.execute(sa.update(contacts).where(contacts.c.id == old[0]).values(commune="080303"))
        connection.execute(
            sa.update(contacts).where(contacts.c.id == old[1]).values(stopped=True, joined=False)
        )

    await database.transact(move)
    await change(database, desk, number)
    await fires(database, desk, NOW + HOUR)
    assert await heard(database, "changed", ["queued"]) == [old[0], old[2]]


async def test_who_linked_another_address_hears_of_the_change_there_once(
    database: Database, vault: Vault, desk: Desk
) -> None:
    sms = await database.transact(joins, vault, "sms")
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    await sends(database, NOW)
    telegram = await database.transact(joins, vault)
    await database.transact(links.link, sms, telegram, telegram)
    await change(database, desk, number)
    await fires(database, desk, NOW + HOUR)
    assert [(row.contact, row.kind) for row in await messages(database, state="queued")] == [
        (telegram, "changed")
    ]


async def test_answers_to_another_day_are_forgotten_to_another_place_kept(
    database: Database, vault: Vault, desk: Desk
) -> None:
    number, old, _new = await told(database, desk, vault)
    await database.transact(notices.answer, number, old[0], True)

    def answers(connection: Connection) -> int:
        return int(connection.execute(sa.select(sa.func.count()).select_from(attendance)).scalar_one())

    await change(database, desk, number, replace(MEETING, place="សាលា"))
    assert await database.transact(answers) == 1
    await change(database, desk, number, LATER)
    assert await database.transact(answers) == 0


@pytest.mark.parametrize("gone", ["called off", "begun", "unknown"])
async def test_a_meeting_that_is_gone_is_not_changed(database: Database, desk: Desk, gone: str) -> None:
    number = await announces(database, desk)
    now = NOW
    if gone == "called off":
        await database.transact(notices.call_off, desk, number, None, NOW)
    elif gone == "begun":
        now = at("2026-12-01 08:30")
    else:
        number = 99
    for work, arguments in ((notices.change, (desk, number, LATER)), (notices.call_off, (desk, number))):
        with pytest.raises(NotPossible, match="gone"):
            await database.transact(work, *arguments, None, now)


async def test_a_meeting_is_not_moved_into_the_past(database: Database, vault: Vault, desk: Desk) -> None:
    number, _old, _new = await told(database, desk, vault)
    with pytest.raises(NotPossible, match="past"):
        await change(database, desk, number, replace(MEETING, on="2026-11-25", at="08:00"))
    found = await database.transact(rows.find, number)
    assert found is not None and found.version == 1


# -- Calling off ------------------------------------------------------------------------------------------


async def test_that_it_is_not_held_is_told_to_those_who_were_told_alone(
    database: Database, vault: Vault, desk: Desk
) -> None:
    number, old, _new = await told(database, desk, vault)
    assert await database.transact(notices.call_off, desk, number, None, NOW + HOUR) == 3
    await fires(database, desk, NOW + HOUR)
    assert await heard(database, "cancelled", ["queued"]) == old
    await fires(database, desk, at("2026-12-05 12:00"))
    assert len(await messages(database)) == 6
    found = await database.transact(rows.find, number)
    assert found is not None and (found.state, found.turnout) == ("cancelled", None)


async def test_called_off_before_anybody_was_told_nobody_hears_anything(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 3)
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    assert await database.transact(notices.call_off, desk, number, None, NOW) == 0
    await fires(database, desk, NOW + HOUR)
    assert {row.state for row in await messages(database)} == {"cancelled"}


async def test_after_a_change_all_versions_count_as_told(
    database: Database, vault: Vault, desk: Desk
) -> None:
    number, old, new = await told(database, desk, vault)
    await change(database, desk, number)
    await fires(database, desk, NOW + HOUR)
    await sends(database, NOW + HOUR)
    await database.transact(notices.call_off, desk, number, None, NOW + 2 * HOUR)
    await fires(database, desk, NOW + 2 * HOUR)
    assert await heard(database, "cancelled", ["queued"]) == old + new


# -- The cap ----------------------------------------------------------------------------------------------


async def test_segments_are_booked_when_they_are_queued_and_given_back_when_they_are_not_sent(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 3, channel="sms")
    price = (await plan(database, desk)).segments
    number = await announces(database, desk)
    assert await database.transact(today) == 0
    await fires(database, desk, NOW)
    assert await database.transact(today) == price
    await database.transact(notices.call_off, desk, number, None, NOW + HOUR)
    assert await database.transact(today) == 0


async def test_of_two_notices_that_fit_only_one_by_one_the_second_is_not_sent_by_sms(
    database: Database, vault: Vault, desk: Desk
) -> None:
    def work(connection: Connection) -> None:
        join(connection, vault, 3, channel="sms")
        join(connection, vault, 2)

    await database.transact(work)
    desk.limits = Limits((await plan(database, desk)).segments)
    first, second = await announces(database, desk), await announces(database, desk, place="សាលា")
    await fires(database, desk, NOW)
    kept = [row for row in await messages(database) if row.state == "queued"]
    assert [(row.notice, row.channel) for row in kept].count((first, "sms")) == 3
    assert [(row.notice, row.channel) for row in kept].count((second, "sms")) == 0
    assert [(row.notice, row.channel) for row in kept].count((second, "telegram")) == 2
    refused = await messages(database, error="cap")
    assert [(row.notice, row.channel, row.state) for row in refused] == [(second, "sms", "cancelled")] * 3
    assert await database.transact(today) == desk.limits.segments_a_day


async def test_the_next_day_begins_anew(database: Database, vault: Vault, desk: Desk) -> None:
    await database.transact(join, vault, 1, channel="sms")
    desk.limits = Limits((await plan(database, desk)).segments)
    await announces(database, desk)
    await fires(database, desk, NOW)
    tomorrow = NOW + timedelta(days=1)
    assert (await plan(database, desk)).trouble == "cap"
    assert (await database.transact(notices.plan, desk, MEETING, tomorrow)).trouble == ""
    night = at("2026-11-25 21:00")  # what goes out tomorrow costs tomorrow
    assert (await database.transact(notices.plan, desk, MEETING, night)).trouble == ""


async def test_that_a_meeting_is_not_held_is_told_over_the_cap(
    database: Database, vault: Vault, desk: Desk
) -> None:
    await database.transact(join, vault, 2, channel="sms")
    desk.limits = Limits((await plan(database, desk)).segments)
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    await sends(database, NOW)
    with pytest.raises(NotPossible, match="cap"):
        await change(database, desk, number)
    await database.transact(notices.call_off, desk, number, None, NOW + HOUR)
    await fires(database, desk, NOW + HOUR)
    assert len(await heard(database, "cancelled", ["queued"])) == 2


# -- Answers ----------------------------------------------------------------------------------------------


async def test_a_bare_answer_is_meant_for_the_meeting_told_of_last(
    database: Database, vault: Vault, desk: Desk
) -> None:
    contact = await database.transact(joins, vault)
    assert await database.transact(notices.asked, contact, NOW) is None
    first = await announces(database, desk)
    await fires(database, desk, NOW)
    assert await database.transact(notices.asked, contact, NOW) is None  # it only waits
    await sends(database, NOW)
    assert await database.transact(notices.asked, contact, NOW) == (first, NOW)
    second = await announces(database, desk, NOW + HOUR, on="2026-11-27")
    await fires(database, desk, NOW + HOUR)
    await sends(database, NOW + HOUR)
    assert await database.transact(notices.asked, contact, NOW + HOUR) == (second, NOW + HOUR)
    begun = at("2026-11-27 08:30")
    assert await database.transact(notices.asked, contact, begun) == (first, NOW)
    await database.transact(notices.call_off, desk, first, None, begun)
    assert await database.transact(notices.asked, contact, begun) is None


async def test_an_answer_on_either_address_is_one_persons(
    database: Database, vault: Vault, desk: Desk
) -> None:
    telegram, sms = await database.transact(joins, vault), await database.transact(joins, vault, "sms")
    await database.transact(links.link, sms, telegram, telegram)
    number = await announces(database, desk)
    await fires(database, desk, NOW)
    await sends(database, NOW)
    assert await database.transact(notices.asked, sms, NOW) == (number, NOW)
    assert await database.transact(notices.answer, number, sms, True)
    assert await database.transact(notices.answer, number, telegram, False)
    answers = await database.transact(lambda connection: list(connection.execute(sa.select(attendance))))
    assert [(row.contact, row.coming) for row in answers] == [(telegram, False)]


async def test_an_answer_to_a_meeting_that_is_not_held_is_not_kept(
    database: Database, vault: Vault, desk: Desk
) -> None:
    number, old, _new = await told(database, desk, vault)
    await database.transact(notices.call_off, desk, number, None, NOW)
    assert not await database.transact(notices.answer, number, old[0], True)
    assert not await database.transact(notices.answer, 99, old[0], True)


# -- Forgetting -------------------------------------------------------------------------------------------


async def test_messages_are_kept_while_the_meeting_is_to_come_and_then_forgotten(
    database: Database, vault: Vault, desk: Desk
) -> None:
    """Who was told must be known when it is changed, weeks later."""
    await told(database, desk, vault)
    two_days = timedelta(days=2)
    assert await database.transact(wipe, at("2026-12-01 08:00"), two_days) == 0
    await fires(database, desk, at("2026-12-01 08:30"))
    assert await database.transact(wipe, at("2026-12-03 09:00"), two_days) == 3


async def test_who_was_told_is_known_until_all_have_heard_that_it_is_not_held(
    database: Database, vault: Vault, desk: Desk
) -> None:
    """Called off at night, and told in the morning."""
    number, old, _new = await told(database, desk, vault)
    night = at("2026-11-29 22:00")
    await database.transact(notices.call_off, desk, number, None, night)
    await database.transact(wipe, night, timedelta(days=2))
    await fires(database, desk, at("2026-11-30 07:00"))
    assert await heard(database, "cancelled", ["queued"]) == old
