"""Whatever arrives gets a kind, short answer in the person's language, and the open question stays open."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from flows.channel import SMS
from flows.questions import Attachment, Said
from handlers.desk import Desk
from storage import contacts, responses
from storage.database import Connection, Database
from storage.tables import contacts as rows
from storage.vault import reference
from tests.person import FACILITY, LINK, MENU, ROUND, SEND, Clock, Person, question, text_of

pytestmark = pytest.mark.anyio

RIGHT_TO_LEFT, LEFT_TO_RIGHT, ZERO_WIDTH = "\u202e", "\u200e", "\u200b"


@pytest.fixture
def dara(sqlite: Database, desk: Desk) -> Person:
    desk.clock = Clock()
    return Person(sqlite, desk)


@pytest.fixture
def dara_by_sms(dara: Person) -> Person:
    return replace(dara, channel="sms", address="+85512998877")


# -- Odd messages -----------------------------------------------------------------------------------------

ODD = {
    "ten thousand characters": Said(text="ខ្វះថ្នាំ" * 1200),
    "ten thousand letters": Said(text="a" * 10_000),
    "ten thousand digits": Said(text="5" * 10_000),
    "emoji": Said(text="😀🤷‍♀️🇰🇭"),
    "a thousand emoji": Said(text="👨‍👩‍👧‍👦" * 1000),
    "right-to-left marks": Said(text="\u202e\u202c\u200f"),
    "Arabic": Said(text="مرحبا"),
    "nothing": Said(text=""),
    "blanks": Said(text=" \n\t "),
    "zero width": Said(text="\u200b\u200d\ufeff"),
    "a null": Said(text="\x00"),
    "half a character": Said(text="\ud83d"),
    "one subscript alone": Said(text="\u17d2"),
    "many signs on one letter": Said(text="ក" + "៉" * 3000),
    "braces": Said(text="{place} {0} %s {}"),
    "SQL": Said(text="'; DROP TABLE contacts; --"),
    "markup": Said(text="<b>*_[x](y)`"),
    "a sticker": Said(other="sticker"),
    "a location": Said(other="location"),
    "an edited message": Said(other="edited"),
    "a voice note": Said(attachment=Attachment("voice", "f1", 0, 7)),
    "a photo": Said(attachment=Attachment("photo", "f2")),
    "a button from nowhere": Said(tap=("", "")),
    "a button of another bot": Said(tap=("confirm_17", "")),
    "a button with half a key": Said(tap=("abcd:", "5")),
    "a way out that is not there": Said(tap=("abcd:nav", "fly")),
    "a menu entry that is not there": Said(tap=("abcd:menu", "erase")),
}
ANY = pytest.mark.parametrize("said", ODD.values(), ids=ODD)


@ANY
async def test_a_stranger_gets_a_welcome_or_the_menu(dara: Person, said: Said) -> None:
    received = await dara.sends(said)
    assert MENU in text_of(received)


@ANY
async def test_a_stranger_by_sms_gets_an_answer(dara_by_sms: Person, said: Said) -> None:
    assert "១" in text_of(await dara_by_sms.sends(said))


@ANY
async def test_a_score_stays_asked(dara: Person, said: Said) -> None:
    await dara.says(LINK)
    received = await dara.sends(said)
    assert received.parts[-1]["text"].endswith(question(dara.desk, 0)) or "៥ – ពេញចិត្តខ្លាំង" in text_of(
        received
    )
    after = await dara.conversation()
    assert after is not None
    assert (after.flow, after.answers) == ("rate", {"facility": FACILITY, "rated": 0})


async def test_no_place_is_settled_by_what_is_none(database: Database, desk: Desk) -> None:
    """On both databases: what was not found is counted there in plain text."""
    desk.clock = Clock()
    person = Person(database, desk)
    await person.says("RATE", "[មណ្ឌលសុខភាព]")
    for name, said in ODD.items():
        assert text_of(await person.sends(said)), name
        after = await person.conversation()
        assert after is not None
        assert after.flow == "rate", name
        assert "rated" not in after.answers, name  # what is looked up as soon as the facility is known


@ANY
async def test_afterwards_the_menu_is_one_word_away(dara: Person, said: Said) -> None:
    await dara.says(LINK)
    await dara.sends(said)
    assert await dara.sees("ម៉ឺនុយ") == MENU


@pytest.mark.parametrize(
    "typed",
    [
        "៤",
        "4",
        "4.",
        "(៤)",
        "4️⃣",
        f"{RIGHT_TO_LEFT}4",
        f"{LEFT_TO_RIGHT}៤{ZERO_WIDTH}",
        " 4\n",
        "ពេញចិត្ត",
        "Satisfied",
    ],
)
async def test_a_score_is_understood_however_it_was_typed(dara: Person, typed: str) -> None:
    await dara.says(LINK)
    assert await dara.sees(typed) == question(dara.desk, 1)


async def test_who_is_lost_is_told_the_ways_out(dara: Person) -> None:
    await dara.says(LINK, "abc", "abc")
    assert "ថយក្រោយ" in await dara.sees("abc")


async def test_a_comment_of_ten_thousand_characters_is_kept_whole(dara: Person) -> None:
    comment = ("ពេលយប់រកពេទ្យមិនឃើញ។ " * 600)[:10_000].strip()
    await dara.says(LINK, "4", "3", "5", "5", "4", comment)
    received = await dara.says(SEND)
    whose = dara.desk.vault.rater(dara.desk.vault.address_hash("telegram", dara.address), 1, FACILITY, ROUND)
    (found,) = await dara.database.transact(responses.find, dara.desk.vault, reference(whose))
    assert received.outcomes
    assert found["comment"]["text"] == comment


async def test_an_answer_fits_the_channel_however_long_the_comment_was(dara: Person) -> None:
    received = await dara.says(LINK, "4", "3", "5", "5", "4", "ក" * 10_000)
    assert all(len(part["text"]) <= 4096 for part in received.parts)
    assert received.parts[-1]["keyboard"]


async def test_what_is_stored_and_said_is_json(dara: Person) -> None:
    for said in ODD.values():
        received = await dara.sends(said)
        assert json.loads(json.dumps(received.parts)) == received.parts


# -- Taps -------------------------------------------------------------------------------------------------


async def test_a_button_tapped_twice_is_heard_once(dara: Person) -> None:
    """Two taps are two messages for the provider."""
    await dara.says(LINK)
    tag, _, value = dara.button("៤ 😊").partition("=")
    first = await dara.sends(Said(tap=(tag, value)))
    second = await dara.sends(Said(tap=(tag, value)))
    assert text_of(first) == question(dara.desk, 1)
    assert (second.stale, second.parts) == (True, [])
    assert await dara.sees("3") == question(dara.desk, 2)


async def test_another_button_of_an_answered_question_changes_nothing(dara: Person) -> None:
    """She is told, and asked what is open. Going back changes an answer."""
    await dara.says(LINK)
    old = dara.button("១ 😢").split("=")
    await dara.says("[៤ 😊]")
    received = await dara.sends(Said(tap=(old[0], old[1])))
    assert received.stale
    assert text_of(received).endswith(question(dara.desk, 1))
    after = await dara.conversation()
    assert after is not None
    assert after.answers["score.hc-presence"] == 4


async def test_a_button_of_an_earlier_conversation_changes_nothing(dara: Person) -> None:
    await dara.says(LINK)
    old = dara.button("១ 😢").split("=")
    await dara.says("MENU", LINK)
    received = await dara.sends(Said(tap=(old[0], old[1])))
    assert received.stale
    after = await dara.conversation()
    assert after is not None
    assert "score.hc-presence" not in after.answers


async def test_a_button_of_a_conversation_that_ended_leads_to_the_menu(dara: Person) -> None:
    await dara.says(LINK)
    old = dara.button("១ 😢").split("=")
    await dara.says("STOP")
    received = await dara.sends(Said(tap=(old[0], old[1])))
    assert received.stale
    assert MENU in text_of(received)


async def test_an_old_menu_is_as_good_as_a_new_one(dara: Person) -> None:
    await dara.says("hello")
    old = dara.button("ជំនួយ").split("=")
    await dara.says(LINK)
    received = await dara.sends(Said(tap=(old[0], old[1])))
    assert not received.stale
    assert "វាយតម្លៃ" in text_of(received)


# -- Languages --------------------------------------------------------------------------------------------


async def test_a_stranger_is_spoken_to_in_khmer(dara: Person) -> None:
    assert (await dara.says("hello")).language == "km"


async def test_a_language_stays_until_it_is_changed(dara: Person) -> None:
    assert "From now on I speak English." in await dara.sees("English")
    assert "What would you like to do?" in await dara.sees("abc")
    assert MENU in await dara.sees("ខ្មែរ")


async def test_a_language_that_is_gone_falls_back_to_the_first(dara: Person) -> None:
    """A release may drop one; nobody is answered with nothing."""
    await dara.says("hello")
    gone = sa.update(rows).values(language="fr")
    await dara.database.transact(lambda connection: connection.execute(gone))
    assert await dara.sees("MENU") == MENU


async def test_a_label_counts_in_any_language(dara: Person) -> None:
    await dara.says("RATE")
    assert "តើអ្នករស់នៅ" in await dara.sees("Health centre")


# -- Stopping ---------------------------------------------------------------------------------------------


async def stopped(person: Person) -> bool:
    def work(connection: Connection) -> bool:
        today = person.desk.clock().date()
        found = contacts.find(connection, person.desk.vault, person.channel, person.address, today, "km")
        return found.stopped

    return await person.database.transact(work)


async def test_a_stop_counts_at_once_and_is_confirmed_once(dara_by_sms: Person) -> None:
    await dara_by_sms.says(LINK)
    assert len((await dara_by_sms.says("STOP")).parts) == 1
    assert await stopped(dara_by_sms)
    assert await dara_by_sms.conversation() is None


async def test_a_start_takes_a_stop_back(dara_by_sms: Person) -> None:
    await dara_by_sms.says("STOP", "START")
    assert not await stopped(dara_by_sms)


async def test_who_cannot_answer_is_never_asked(dara_by_sms: Person) -> None:
    """SMS under a name instead of a number goes one way."""
    desk = dara_by_sms.desk
    sms = type(desk.media["sms"])(replace(SMS, can_receive=False))  # type: ignore[call-arg]
    desk.media = {**desk.media, "sms": sms}
    received = await dara_by_sms.says("RATE")
    assert (received.number, received.parts) == (None, [])
    await dara_by_sms.says("STOP")
    assert await stopped(dara_by_sms)
