"""Announcing in conversation: what a hurried volunteer types, and what happened while she thought it over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flows.gazetteer import Place
from flows.outcomes import Announced
from flows.villages import _found
from flows.world import Grant
from handlers.desk import Desk
from handlers.receive import Received
from storage import contacts, notices, roles
from storage.database import Connection, Database
from tests.story import Story

pytestmark = pytest.mark.anyio

HOME = "080303"
CAF = Grant("caf", HOME)


@pytest.fixture(params=["telegram", "sms"])
async def volunteer(request: pytest.FixtureRequest, database: Database, desk: Desk) -> Story:
    """Somebody who may announce meetings of a commune where one person has joined."""
    story = Story(database, desk, request.param, "villager")
    for line in ("JOIN", HOME, "1"):
        await story.say(line)
    story.turn_to("volunteer")
    await story.say("English")
    await story.database.transact(granted, desk, request.param, CAF)
    return story


def granted(connection: Connection, desk: Desk, channel: str, grant: Grant) -> None:
    now = desk.clock()
    known = contacts.find(connection, desk.vault, channel, "volunteer", now.date(), "km")
    roles.grant(connection, known.id, grant, now.date(), actor=None, now=now)


def taken_back(connection: Connection, desk: Desk, channel: str) -> None:
    now = desk.clock()
    known = contacts.find(connection, desk.vault, channel, "volunteer", now.date(), "km")
    roles.revoke(connection, known.id, CAF, actor=None, now=now)


async def say(story: Story, *lines: str) -> Received:
    received = None
    for line in lines:
        received = await story.say(line)
    assert received is not None
    return received


def text(received: Received) -> str:
    return "\n".join(part["text"] for part in received.parts)


async def announced(story: Story) -> list[notices.Notice]:
    return list(
        await story.database.transact(notices.listed, after=datetime(2026, 1, 1, tzinfo=UTC), place="")
    )


UNTIL_WHEN = ("ANNOUNCE", "1", "1")
TO_THE_LOOK = (*UNTIL_WHEN, "tomorrow 8:00 am", "at the pagoda", "0")


async def test_a_day_in_the_past_is_asked_again(volunteer: Story) -> None:
    said = text(await say(volunteer, *UNTIL_WHEN, "21/11/2026 8:00 am"))
    assert "passed already" in said and "On which day" in said


async def test_the_thirty_first_of_february_is_no_day(volunteer: Story) -> None:
    assert "no such day" in text(await say(volunteer, *UNTIL_WHEN, "31 February 8:00 am"))


async def test_tomorrow_is_the_day_after_it_was_typed_also_after_midnight(volunteer: Story) -> None:
    volunteer.now = datetime(2026, 11, 22, 16, 58, 40, tzinfo=UTC) - timedelta(seconds=20 * len(UNTIL_WHEN))
    await say(volunteer, *UNTIL_WHEN, "tomorrow 8:00 am")  # at 23:59 in Phnom Penh
    await volunteer.pass_on(timedelta(minutes=30))
    received = await say(volunteer, "at the pagoda", "0", "1")
    [outcome] = [outcome for outcome in received.outcomes if isinstance(outcome, Announced)]
    assert (outcome.meeting.on, outcome.meeting.at) == ("2026-11-23", "08:00")


async def test_a_time_that_passes_while_it_is_looked_over_is_not_announced(volunteer: Story) -> None:
    await say(volunteer, *UNTIL_WHEN, "today 9:30 am", "at the pagoda", "0")
    await volunteer.pass_on(timedelta(hours=1))
    assert "Nothing was announced" in text(await say(volunteer, "1"))
    assert await announced(volunteer) == []


async def test_a_place_of_a_thousand_letters_is_too_long(volunteer: Story) -> None:
    said = text(await say(volunteer, *UNTIL_WHEN, "tomorrow 8:00 am", "pagoda " * 150))
    assert "too long" in said and "80" in said and "Where" in said


async def test_a_note_of_a_thousand_letters_is_too_long(volunteer: Story) -> None:
    said = text(await say(volunteer, *UNTIL_WHEN, "tomorrow 8:00 am", "at the pagoda", "bring " * 170))
    assert "too long" in said and "200" in said


async def test_a_role_that_was_taken_back_meanwhile_announces_nothing(volunteer: Story) -> None:
    await say(volunteer, *TO_THE_LOOK)
    await volunteer.database.transact(taken_back, volunteer.desk, volunteer.channel)
    assert "invited" in text(await say(volunteer, "1"))
    assert await announced(volunteer) == []


async def test_nobody_announces_without_a_role(volunteer: Story) -> None:
    volunteer.turn_to("villager")
    received = await say(volunteer, "English", "ANNOUNCE")
    assert "invited" in text(received)


async def test_one_thing_is_changed_before_it_goes_out_and_the_rest_stays(volunteer: Story) -> None:
    look = await say(volunteer, *TO_THE_LOOK, "2", "3", "at the school")
    assert "at the school" in text(look) and "at the pagoda" not in text(look)
    received = await say(volunteer, "1")
    [outcome] = [outcome for outcome in received.outcomes if isinstance(outcome, Announced)]
    assert (outcome.meeting.place, outcome.meeting.at) == ("at the school", "08:00")


async def test_a_number_answers_the_question_that_came_after_the_notice(volunteer: Story) -> None:
    await say(volunteer, *TO_THE_LOOK, "1")
    await volunteer.pass_on(timedelta(minutes=10))
    volunteer.turn_to("villager")
    asked = await say(volunteer, "RATE")
    received = await say(volunteer, "2")
    assert received.outcomes == () and text(received) != text(asked)


async def test_and_the_notice_when_that_came_last(volunteer: Story) -> None:
    volunteer.turn_to("villager")
    asked = await say(volunteer, "RATE")
    volunteer.turn_to("volunteer")
    await say(volunteer, *TO_THE_LOOK, "1")
    await volunteer.pass_on(timedelta(minutes=10))
    volunteer.turn_to("villager")
    received = await say(volunteer, "2")
    [coming] = received.outcomes
    assert coming.coming is False
    assert text(received).endswith(text(asked).splitlines()[-1])  # and the question is put again


async def test_a_meeting_that_is_over_is_answered_kindly(volunteer: Story) -> None:
    await say(volunteer, *TO_THE_LOOK, "1")
    await volunteer.pass_on(timedelta(minutes=10))
    volunteer.turn_to("villager")
    volunteer.arrived()
    if not volunteer.desk.media[volunteer.channel].channel.buttons:
        return  # there, a number is no button of an old message
    button = next(
        data for part in volunteer.parts for row in part.get("keyboard", ()) for _label, data in row
    )
    assert button.startswith("n.1:coming=")
    await volunteer.pass_on(timedelta(days=2))
    volunteer.arrived()
    old = [{"text": "", "keyboard": [[["old", button]]]}]
    volunteer.parts = old
    assert "ចប់" in text(await say(volunteer, "[old]"))


VILLAGES = (
    Place("08030301", "village", "កំពង់ចំលង", "Kampong Chamlang"),
    Place("08030302", "village", "ត្បូងដំរី", "Tboung Damrei"),
    Place("08030303", "village", "ព្រែកដំបង", "Preaek Dambang"),
)


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("កំពង់ចំលង", ("08030301",)),
        ("ភូមិកំពង់ចំឡង", ("08030301",)),
        ("Kampong Chamlong, Preaek Dambang", ("08030301", "08030303")),
        ("tboung damrei and preaek dambang", ("08030302", "08030303")),
        ("ត្បូងដំរី និង ព្រែកដំបង", ("08030302", "08030303")),
        ("08030302", ("08030302",)),
        ("កំពង់ចំលង, ព្រែកតាមាក់", ()),
        ("08030401", ()),
        ("ផ្សារ", ()),
        ("", ()),
    ],
)
def test_villages_as_they_are_written(written: str, codes: tuple[str, ...]) -> None:
    assert _found(written, VILLAGES) == codes
