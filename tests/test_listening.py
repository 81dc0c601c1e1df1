"""Who hears what: in her language or in Khmer, of her commune or everybody's, and never what is out of date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from flows.packs import Pack
from flows.questions import Attachment, Said
from flows.recordable import fingerprint
from flows.sound import Sound
from flows.world import Grant
from handlers.desk import Desk
from storage import contacts, packs, recordings, roles
from storage.contacts import Known
from storage.database import Connection, Database
from storage.soundcheck import check
from tests.packs import pack
from tests.person import Clock, Person
from tests.sounds import voice_note

pytestmark = pytest.mark.anyio
HOME, OTHER = "080303", "080304"
FACILITY = "hc080303"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
PRICES = "[តារាងតម្លៃសេវា]"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    return replace(desk, clock=Clock())


async def heard(person: Person, *lines: str) -> list[int]:
    """The numbers of the recordings that come with the answer to the last line, in their order."""
    received = await person.says(*lines)
    return [part["recording"] for part in received.parts if "recording" in part]


async def approved(
    database: Database, key: str, language: str = "km", commune: str = "", says: str = "", seconds: float = 2
) -> int:
    """A recording that people hear; its number."""

    def work(connection: Connection) -> int:
        sound = check(voice_note(seconds))
        recordings.install(connection, key, language, commune, says, sound, NOW, "", f"{key}{seconds}")
        return max(row.id for row in recordings.listed(connection, ["approved"]))

    return await database.transact(work)


def known(connection: Connection, person: Person) -> Known:
    return contacts.find(connection, person.desk.vault, person.channel, person.address, NOW.date(), "km")


async def remember(person: Person, **facts: object) -> None:
    def work(connection: Connection) -> None:
        contacts.remember(connection, known(connection, person), **facts)

    await person.database.transact(work)


async def grant(person: Person, role: str, place: str = HOME) -> None:
    def work(connection: Connection) -> None:
        roles.grant(
            connection, known(connection, person).id, Grant(role, place), NOW.date(), actor=None, now=NOW
        )

    await person.database.transact(work)


async def revoke(person: Person) -> None:
    def work(connection: Connection) -> None:
        roles.revoke(connection, known(connection, person).id, None, actor=None, now=NOW)

    await person.database.transact(work)


async def reads_out(person: Person, sound: Sound | None = None) -> str:
    """A voice note as it is received: already fetched and judged."""
    note = Said(attachment=Attachment("voice", "file", 1000, 3), sound=sound or check(voice_note(3)))
    received = await person.sends(note)
    return "\n".join(str(part["text"]) for part in received.parts)


async def actions(database: Database) -> list[str]:
    def work(connection: Connection) -> Sequence[str]:
        return connection.execute(sa.text("SELECT action FROM audit ORDER BY id")).scalars().all()

    return [action for action in await database.transact(work) if action not in {"granted", "revoked"}]


# -- Hearing ----------------------------------------------------------------------------------------------


async def test_only_who_chose_to_listen_hears(database: Database, desk: Desk) -> None:
    mao = Person(database, desk)
    menu = await approved(database, "menu")
    assert await heard(mao, "MENU") == []
    await remember(mao, hears="km")
    assert await heard(mao, "MENU") == [menu]


async def test_her_language_comes_before_khmer_and_her_commune_before_everybody(
    database: Database, desk: Desk
) -> None:
    mao = Person(database, desk)
    await mao.says("MENU")
    await remember(mao, hears="krr", commune=HOME)
    everybody = await approved(database, "menu", "km", seconds=1)
    assert await heard(mao, "MENU") == [everybody]
    home = await approved(database, "menu", "km", HOME, seconds=2)
    await approved(database, "menu", "krr", OTHER, seconds=3)
    assert await heard(mao, "MENU") == [home]
    hers = await approved(database, "menu", "krr", seconds=4)
    assert await heard(mao, "MENU") == [hers]
    nearest = await approved(database, "menu", "krr", HOME, seconds=5)
    assert await heard(mao, "MENU") == [nearest]
    await remember(mao, commune=None)
    assert await heard(mao, "MENU") == [hers]


async def test_a_score_is_heard_and_the_first_time_the_scale_as_well(database: Database, desk: Desk) -> None:
    mao = Person(database, desk)
    await mao.says("MENU")
    await remember(mao, hears="km")
    criteria = [criterion.code for criterion in desk.library.criteria("hc")]
    first = await approved(database, f"score.{criteria[0]}", seconds=1)
    scale = await approved(database, "scale", seconds=2)
    second = await approved(database, f"score.{criteria[1]}", seconds=3)
    received = await mao.says("/start r_hc080303")
    assert [part.get("recording") for part in received.parts] == [first, scale]
    assert received.parts[0]["text"] == "" and received.parts[1]["keyboard"]
    assert await heard(mao, "4") == [second]
    assert await heard(mao, "9") == [second], "asked again, it is heard again"
    assert await heard(mao, "3") == [], "nobody recorded the third"


async def test_where_there_is_no_sound_nothing_is_sent(database: Database, desk: Desk) -> None:
    await approved(database, "menu")
    dara = Person(database, desk, "sms", "+85512111222")
    await dara.says("MENU")
    await remember(dara, hears="km")
    received = await dara.says("MENU")
    assert all("recording" not in part for part in received.parts)
    assert "Telegram" in await dara.sees("ស្ដាប់")


async def test_a_block_that_was_changed_is_silent_until_it_is_read_out_anew(
    database: Database, desk: Desk
) -> None:
    mao = Person(database, desk)
    await mao.says("MENU")
    await remember(mao, hears="cmo", commune=OTHER)

    def publish(connection: Connection, made: Pack) -> None:
        packs.publish(connection, made.subject, packs.keep(connection, made, None, NOW), NOW)

    await database.transact(publish, pack())
    key, says = f"block.{FACILITY}.prices", fingerprint(pack(), "prices")
    number = await approved(database, key, "cmo", HOME, says)
    read = (f"/start p_{FACILITY}", PRICES)
    assert await heard(mao, *read) == [number], "of a facility everybody hears it, wherever it was recorded"
    await database.transact(publish, replace(pack(), items=(*pack().of("rights"), *pack().of("prices"))))
    assert await heard(mao, *read) == [number], "another block was changed"
    await database.transact(publish, replace(pack(), items=pack().of("prices")[:2]))
    assert await heard(mao, *read) == []


async def test_only_languages_with_something_to_hear_are_offered(database: Database, desk: Desk) -> None:
    mao = Person(database, desk)
    assert "មិនទាន់មានសំឡេង" in await mao.sees("ស្តាប់")
    await approved(database, "menu", "jra", OTHER)
    assert "ឃុំ ឬសង្កាត់ណា" in await mao.sees("LISTEN"), "whose people hear it"
    assert "មិនទាន់មានសំឡេង" in await mao.sees("ឃុំកំពង់ចំលង")
    assert "មិនទាន់មានសំឡេង" in await mao.sees("LISTEN")
    await approved(database, "menu", "tpu", HOME, seconds=3)
    await mao.says("sdab")
    labels = [label for part in mao.parts for row in part["keyboard"] for label, _data in row]
    assert labels[0] == "ទំពួន" and "ចារ៉ាយ" not in labels


async def test_the_name_of_a_language_answers_in_which_one_listens(database: Database, desk: Desk) -> None:
    """Elsewhere it changes the language of the texts."""
    mao = Person(database, desk)
    await mao.says("English")
    await remember(mao, commune=HOME)
    menu = await approved(database, "menu")
    assert await heard(mao, "LISTEN", "Khmer") == [menu]
    assert "What would you like to do?" in str(mao.parts)


async def test_nobody_who_reads_costs_a_query_more(
    database: Database, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise AssertionError("a citizen who reads asks for no recording")

    for name in ("heard", "languages", "recorded", "waiting", "one"):
        monkeypatch.setattr(recordings, name, fails)
    mao = Person(database, desk)
    await mao.says("MENU", "/start r_hc080303", "4", "0", "BACK", "INFO")


# -- Recording --------------------------------------------------------------------------------------------

TO_MENU = ("RECORD", "[ភ្នង]", "[សំណួរ]", "[តើអ្នកចង់ធ្វើអ្វី?]")


async def test_the_council_decides_about_what_a_facilitator_recorded(database: Database, desk: Desk) -> None:
    caf, clerk = Person(database, desk, address="1"), Person(database, desk, address="2")
    await grant(caf, "caf")
    await grant(clerk, "council")
    await caf.says(*TO_MENU)
    assert "សូមអរគុណ" in await reads_out(caf)
    assert "មិនមែនជាសិទ្ធិ" not in await caf.sees("RECORDINGS")
    [number] = await heard(clerk, "RECORDINGS")
    received = await clerk.says("[ទេ លុបចោល]")
    assert "លុបរួចហើយ" in str(received.parts)
    assert await database.transact(recordings.sound, number) is None
    assert await actions(database) == ["recorded", "refused"]


async def test_nobody_else_records_or_decides(database: Database, desk: Desk) -> None:
    mao, other = Person(database, desk, address="1"), Person(database, desk, address="2")
    assert "មានតែអ្នកសម្របសម្រួល" in await mao.sees("RECORD")
    assert "មានតែអ្នកសម្របសម្រួល" in await mao.sees("RECORDINGS")
    caf = Person(database, desk, address="3")
    await grant(caf, "caf")
    await caf.says(*TO_MENU)
    await reads_out(caf)
    await grant(other, "council", OTHER)
    assert "គ្មានសំឡេងរង់ចាំ" in await other.sees("RECORDINGS")
    assert await heard(caf, "RECORDINGS") == [], "nobody approves her own recording"


async def test_a_council_member_hears_her_own_before_she_approves_it(database: Database, desk: Desk) -> None:
    clerk = Person(database, desk)
    await grant(clerk, "council")
    await clerk.says(*TO_MENU)
    assert "តើត្រឹមត្រូវ" in await reads_out(clerk)
    await clerk.says("[យល់ព្រម ឱ្យប្រជាពលរដ្ឋស្ដាប់]")
    assert await actions(database) == ["recorded", "approved"]


@pytest.mark.parametrize("when", ["before the voice note", "before the decision"])
async def test_a_role_that_was_taken_back_meanwhile_counts_no_more(
    when: str, database: Database, desk: Desk
) -> None:
    caf, clerk = Person(database, desk, address="1"), Person(database, desk, address="2")
    await grant(caf, "caf")
    await grant(clerk, "council")
    await caf.says(*TO_MENU)
    if when == "before the voice note":
        await revoke(caf)
        assert "មានតែអ្នកសម្របសម្រួល" in await reads_out(caf)
        assert await database.transact(recordings.waiting) == []
        return
    await reads_out(caf)
    await clerk.says("RECORDINGS")
    await revoke(clerk)
    received = await clerk.says("[យល់ព្រម ឱ្យប្រជាពលរដ្ឋស្ដាប់]")
    assert "មានតែអ្នកសម្របសម្រួល" in str(received.parts)
    [one] = await database.transact(recordings.waiting)
    assert one.state == "proposed"


async def test_two_of_the_council_decide_about_the_same(database: Database, desk: Desk) -> None:
    caf, first, second = (Person(database, desk, address=str(n)) for n in range(3))
    await grant(caf, "caf")
    for clerk in (first, second):
        await grant(clerk, "council")
    await caf.says(*TO_MENU)
    await reads_out(caf)
    await first.says("RECORDINGS")
    await second.says("RECORDINGS", "[យល់ព្រម ឱ្យប្រជាពលរដ្ឋស្ដាប់]")
    received = await first.says("[ទេ លុបចោល]")
    assert "រង់ចាំអ្នកទេ" in str(received.parts)
    assert await actions(database) == ["recorded", "approved"]


@pytest.mark.parametrize("when", ["while it is read out", "before the council decides"])
async def test_a_pack_that_is_changed_meanwhile_has_to_be_read_out_anew(
    when: str, database: Database, desk: Desk
) -> None:
    caf, clerk = Person(database, desk, address="1"), Person(database, desk, address="2")
    await grant(caf, "caf")
    await grant(clerk, "council")

    def publish(connection: Connection, made: Pack) -> None:
        packs.publish(connection, made.subject, packs.keep(connection, made, None, NOW), NOW)

    await database.transact(publish, pack())
    changed = replace(pack(), items=pack().of("prices")[:1])
    await caf.says("RECORD", "[ខ្មែរ]", "[មណ្ឌលសុខភាព]", PRICES)
    if when == "while it is read out":
        await database.transact(publish, changed)
        assert "ត្រូវបានកែ" in await reads_out(caf)
        assert await database.transact(recordings.waiting) == []
        return
    await reads_out(caf)
    await clerk.says("RECORDINGS")
    await database.transact(publish, changed)
    received = await clerk.says("[យល់ព្រម ឱ្យប្រជាពលរដ្ឋស្ដាប់]")
    assert "ថតជាថ្មី" in str(received.parts)
    assert await actions(database) == ["published", "recorded", "published", "refused"]


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("format", "ចាក់មិនបានទេ"),
        ("short", "មិនឮអ្វីទេ"),
        ("long", "វែងពេក"),
        ("large", "វែងពេក"),
        ("away", "មិនអាចទទួល"),
    ],
)
async def test_what_is_no_recording_is_said_and_asked_again(
    trouble: str, said: str, database: Database, desk: Desk
) -> None:
    caf = Person(database, desk)
    await grant(caf, "caf")
    await caf.says(*TO_MENU)
    assert said in await reads_out(caf, Sound(trouble=trouble))
    assert await database.transact(recordings.waiting) == []
    assert "សូមអរគុណ" in await reads_out(caf)
