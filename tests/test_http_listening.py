"""Voice notes through real HTTP: recorded on Telegram, approved there, and sent once as a file and then by their id."""

from __future__ import annotations

from typing import Any

import pytest

from bot import voices
from flows.sound import LARGEST
from flows.world import Grant
from storage import codes, recordings
from storage.database import Away, Connection
from storage.soundcheck import check
from tests.served import Service, only_sqlite, serving
from tests.sounds import voice_note
from tests.telegram_people import Person
from tests.telegram_rules import Dropped, bad, broken
from tests.telegram_server import Fault

pytestmark = pytest.mark.anyio
HOME = "080303"
ASKED = "សូមចុចមេក្រូ"


async def official(service: Service, role: str) -> Person:
    """Somebody who was invited to a role in the commune."""
    who = service.person()
    desk = service.app.desk

    def invite(connection: Connection) -> str:
        return codes.make(connection, desk.vault, codes.ROLE, service.clock(), grant=Grant(role, HOME))

    await service.tell(who.text(await service.app.database.transact(invite)))
    return who


async def begins(service: Service, who: Person) -> None:
    """She is asked to read out the menu, in Bunong."""
    await service.tell(who.text("RECORD"))
    for label in ("Bunong", "What is asked", "What would you like to do?"):
        await service.tell(who.tap(service.words(label)))
    assert ASKED in who.newest.text


async def recorded(service: Service, key: str = "menu", language: str = "km") -> None:
    """Something that everybody may hear."""

    def work(connection: Connection) -> None:
        sound = check(voice_note(2))
        recordings.install(connection, key, language, "", "", sound, service.clock(), "", key)

    await service.app.database.transact(work)


async def listener(service: Service, name: str = "ម៉ៅ") -> Person:
    """Somebody who wants to hear Khmer."""
    who = service.person(name)
    await service.tell(who.text("LISTEN"))
    await service.tell(who.text("ឃុំកំពង់ចំលង"))
    await service.tell(who.tap(service.words("Khmer")))
    return who


def said(message: Any) -> str:
    return str(message.body.get("caption") or message.text)


async def test_a_recording_is_made_approved_and_heard(database_url: str) -> None:
    async with serving(database_url) as service:
        caf, clerk = await official(service, "caf"), await official(service, "council")
        await begins(service, caf)
        await service.tell(caf.voice_of(voice_note(3, title="012 345 678")))
        assert service.words("Record more") in caf.newest.labels
        await service.tell(clerk.text("RECORDINGS"))
        assert "voice" in clerk.newest.body
        await service.tell(clerk.tap(service.words("Yes, people may hear it")))
        mao = service.person("ម៉ៅ")
        await service.tell(mao.text("LISTEN"))
        await service.tell(mao.text("ឃុំកំពង់ចំលង"))
        await service.tell(mao.tap(service.words("Bunong")))
        assert said(mao.newest).endswith(service.words("What would you like to do?"))
        assert "voice" in mao.newest.body and service.words("Rate a service") in mao.newest.labels

        first, second = service.telegram.called("sendVoice")
        assert first["voice"] == second["voice"], "the second time by its id"
        uploaded = service.telegram.files[first["voice"]]
        assert b"012 345 678" not in uploaded and check(uploaded).seconds == 3
        assert first["duration"] == "3" and "duration" not in second
        await service.settled()
        assert await service.rows("SELECT state FROM outbox WHERE state != 'sent'") == []
        audited = await service.rows("SELECT action FROM audit WHERE action IN ('recorded', 'approved')")
        assert [row.action for row in audited] == ["recorded", "approved"]


@only_sqlite
async def test_every_process_sends_by_the_id_that_any_was_given(database_url: str) -> None:
    async with serving(database_url) as service:
        await recorded(service)
        mao = await listener(service)
        await service.settled()
        service.app.sender.transports["telegram"].recordings._known.clear()  # type: ignore[attr-defined]
        await service.tell(mao.text("MENU"))
        first, second = service.telegram.called("sendVoice")
        assert first["voice"] == second["voice"]
        assert len(service.telegram.files) == 1


@only_sqlite
async def test_what_telegram_has_lost_is_sent_as_a_file_again(database_url: str) -> None:
    async with serving(database_url) as service:
        await recorded(service)
        mao = await listener(service)
        service.telegram.files.clear()
        await service.tell(mao.text("MENU"))
        assert "voice" in mao.newest.body and len(service.telegram.files) == 1


@only_sqlite
async def test_who_takes_no_voice_notes_reads(database_url: str) -> None:
    async with serving(database_url) as service:
        await recorded(service)
        mao = await listener(service)
        calls = len(service.telegram.called("sendVoice"))
        service.telegram.faults.append(Fault("sendVoice", bad("VOICE_MESSAGES_FORBIDDEN")))
        await service.tell(mao.text("MENU"))
        assert "voice" not in mao.newest.body and mao.newest.text == service.words(
            "What would you like to do?"
        )
        assert mao.newest.keyboard
        assert len(service.telegram.called("sendVoice")) == calls + 1


@only_sqlite
async def test_a_recording_that_was_deleted_meanwhile_leaves_the_words(database_url: str) -> None:
    async with serving(database_url) as service:
        await recorded(service)
        mao = await listener(service)
        update = mao.text("MENU")
        service.telegram.faults.append(Fault("sendVoice", broken()))
        await service.tell(update)
        [row] = await service.rows("SELECT id FROM recordings")
        await service.app.database.transact(recordings.refuse, row.id, service.clock())
        service.app.sender.transports["telegram"].recordings._known.clear()  # type: ignore[attr-defined]
        service.clock.passes(minutes=5)
        assert await service.sweep() == 1
        assert mao.newest.text == service.words("What would you like to do?") and mao.newest.keyboard


@only_sqlite
async def test_what_was_sent_is_not_sent_again_because_its_id_could_not_be_noted(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: Any) -> None:
        raise Away("gone for a moment")

    async with serving(database_url) as service:
        await recorded(service)
        monkeypatch.setattr(voices.recordings, "keep_file_id", away)
        mao = await listener(service)
        await service.settled()
        assert "voice" in mao.newest.body
        assert len(service.telegram.called("sendVoice")) == 1


@only_sqlite
async def test_a_connection_that_breaks_is_tried_again(database_url: str) -> None:
    async with serving(database_url) as service:
        await recorded(service)
        mao = await listener(service)
        service.telegram.faults.append(Fault("sendVoice", Dropped()))
        await service.tell(mao.text("MENU"))
        service.clock.passes(minutes=5)
        await service.sweep()
        assert "voice" in mao.newest.body
        await service.settled()
        assert await service.rows("SELECT state FROM outbox WHERE state != 'sent'") == []


@only_sqlite
async def test_a_tapped_message_with_a_voice_keeps_the_answer(database_url: str) -> None:
    async with serving(database_url) as service:
        await recorded(service)
        mao = await listener(service)
        spoken = mao.newest
        await service.tell(mao.tap(service.words("Rate a service")))
        now = service.telegram.chats[mao.id].messages[spoken.id]
        assert now.body["caption"].endswith(f"➜ {service.words('Rate a service')}") and not now.keyboard


@only_sqlite
@pytest.mark.parametrize(
    ("content", "about", "wanted"),
    [
        (b"\xff\xd8 a photo", {}, "That can't be played. Please record it here, with the microphone."),
        (voice_note(0.2), {}, "I hear nothing in it. Hold the microphone while you read."),
        (b"OggS", {"file_size": 10_000_000}, ""),
        (b"OggS" + b"\0" * LARGEST, {"file_size": 1000}, ""),
        (b"OggS", {"duration": 20 * 60}, ""),
        (voice_note(20 * 60), {"duration": 5}, ""),
    ],
    ids=["photo", "breath", "says 10 MB", "is 1 MB", "says 20 minutes", "is 20 minutes"],
)
async def test_what_is_no_recording_is_refused_kindly(
    content: bytes, about: dict[str, int], wanted: str, database_url: str
) -> None:
    async with serving(database_url) as service:
        caf = await official(service, "caf")
        await begins(service, caf)
        await service.tell(caf.voice_of(content, **about))
        too_long = service.words("That is too long. At most {minutes} minutes, please.").format(minutes="៣")
        assert caf.newest.text.startswith(service.words(wanted) if wanted else too_long)
        fetched = service.telegram.called("getFile")
        assert bool(fetched) == (about.get("file_size", 0) < LARGEST and about.get("duration", 0) < 180)
        assert await service.rows("SELECT id FROM recordings") == []
        await service.tell(caf.voice_of(voice_note(3)))
        assert service.words("Record more") in caf.newest.labels


@only_sqlite
async def test_one_that_can_not_be_fetched_may_be_sent_again(database_url: str) -> None:
    async with serving(database_url) as service:
        caf = await official(service, "caf")
        await begins(service, caf)
        service.telegram.faults.append(Fault("getFile", broken()))
        await service.tell(caf.voice_of(voice_note(3)))
        assert caf.newest.text.startswith(
            service.words("The voice note could not be fetched. Please send it again.")
        )
        await service.tell(caf.voice_of(voice_note(3)))
        assert len(await service.rows("SELECT id FROM recordings")) == 1


@only_sqlite
async def test_nobody_elses_voice_notes_are_fetched(database_url: str) -> None:
    """A comment stays with Telegram; so does what a facilitator says elsewhere."""
    async with serving(database_url) as service:
        caf, sokha = await official(service, "caf"), service.person()
        await service.tell(sokha.text("/start r_hc080303"))
        await service.tell(sokha.voice_of(voice_note(3)))
        await service.tell(caf.voice_of(voice_note(3)))
        await begins(service, caf)
        await service.tell(caf.text("MENU"))
        await service.tell(caf.voice_of(voice_note(3)))
        assert not service.telegram.called("getFile")


@only_sqlite
async def test_a_voice_note_delivered_twice_is_one_recording(database_url: str) -> None:
    async with serving(database_url) as service:
        caf = await official(service, "caf")
        await begins(service, caf)
        update = caf.voice_of(voice_note(3))
        await service.tell(update)
        await service.tell(update)
        assert len(await service.rows("SELECT id FROM recordings")) == 1
