"""What is no plain answer: updates that come twice or at once, old buttons, edits, stickers, groups, channels."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from flows.library import Library
from tests.served import FACILITY, Service, counted, noted, only_sqlite, serving
from tests.telegram_people import Person, group, post

pytestmark = pytest.mark.anyio

LINK = f"/start r_{FACILITY}"
TWO, FOUR, FIVE = "២ 😞", "៤ 😊", "៥ 😄"


async def answers(service: Service, person: Person) -> dict[str, int]:
    """The scores that the conversation of a person holds."""
    row = await service.row(
        "SELECT answers FROM conversations JOIN contacts ON contacts.id = contact WHERE address_hash = :hash",
        hash=service.app.desk.vault.address_hash("telegram", str(person.id)),
    )
    kept = service.app.desk.vault.open_json(row.answers)
    return {key: value for key, value in kept.items() if key.startswith("score.")}


async def test_an_update_that_comes_twice_is_answered_once(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(LINK))
        tap = sokha.tap(FOUR)
        assert (await service.tell(tap)).status_code == 200
        heard = list(sokha.heard)
        assert (await service.tell(tap)).status_code == 200
        assert sokha.heard == heard
        assert await answers(service, sokha) == {"score.hc-presence": 4}


async def test_an_update_that_comes_twice_at_once_is_answered_once(
    database_url: str, library: Library
) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(LINK))
        before = len(sokha.heard)
        tap = sokha.tap(FOUR)
        responses = await asyncio.gather(*(service.tell(tap) for _ in range(4)))
        assert [response.status_code for response in responses] == [200] * 4
        assert len(sokha.heard) == before + 1
        assert await answers(service, sokha) == {"score.hc-presence": 4}


async def test_the_first_message_of_a_person_may_come_twice_at_once(
    database_url: str, library: Library
) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        start = sokha.text("/start")
        await asyncio.gather(*(service.tell(start) for _ in range(4)))
        assert len(sokha.heard) == 1
        assert (await service.row("SELECT count(*) AS n FROM contacts")).n == 1


async def test_messages_of_one_person_at_once_all_count(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(LINK))
        await asyncio.gather(*(service.rows("SELECT 1") for _ in range(4)))  # connections that are ready
        before = len(sokha.heard)
        scores = ["៤", "5", "៤", "5"]
        await asyncio.gather(*(service.tell(sokha.text(score)) for score in scores))
        assert sorted((await answers(service, sokha)).values()) == [4, 4, 5, 5]
        assert len(sokha.heard) == before + 4


async def test_a_tap_on_an_old_keyboard_changes_nothing(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(LINK))
        old = sokha.newest
        await service.tell(sokha.text("៥"))  # typed, so that the buttons above stay
        question = sokha.newest.text
        await service.tell(sokha.tap(TWO, on=old))
        assert await answers(service, sokha) == {"score.hc-presence": 5}
        said = service.words("That question is already answered. Here is where we are:")
        assert sokha.newest.text == f"{said}\n\n{question}"
        # The old question has lost its buttons, and does not claim that 2 was the answer.
        now = service.telegram.chats[sokha.id].messages[old.id]
        assert not now.keyboard
        assert now.text == old.text


@only_sqlite
async def test_a_button_of_an_earlier_rating_changes_nothing(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(LINK))
        old = sokha.newest
        await service.tell(sokha.text(LINK))
        await service.tell(sokha.tap(TWO, on=old))
        assert await answers(service, sokha) == {}
        await service.tell(sokha.tap(FOUR))
        assert await answers(service, sokha) == {"score.hc-presence": 4}


async def test_a_double_tap_is_one_answer(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(LINK))
        shown, before = sokha.newest, len(sokha.heard)
        taps = [sokha.tap(FIVE, on=shown), sokha.tap(FIVE, on=shown)]
        await asyncio.gather(*(service.tell(tap) for tap in taps))
        assert len(sokha.heard) == before + 1
        assert await answers(service, sokha) == {"score.hc-presence": 5}
        assert all(service.telegram.queries.values())
        now = service.telegram.chats[sokha.id].messages[shown.id]
        assert now.text == f"{shown.text}\n\n➜ {FIVE}"
        assert not now.keyboard


@only_sqlite
async def test_an_edited_message_changes_no_answer(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(LINK))
        await service.tell(sokha.text("៤"))
        await service.tell(sokha.edit("៥"))
        assert await answers(service, sokha) == {"score.hc-presence": 4}
        hint = service.words("An edited message does not change an answer. Go back to change it.")
        assert sokha.newest.text.startswith(hint)
        assert FIVE in sokha.newest.labels  # and the open question is there


@only_sqlite
@pytest.mark.parametrize("when", ["at the start", "in a rating"])
async def test_a_sticker_gets_a_kind_word_and_the_way_on(
    database_url: str, library: Library, when: str
) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        if when == "in a rating":
            await service.tell(sokha.text(LINK))
        await service.tell(sokha.sticker())
        assert (
            service.words("I can't read that here. Please write, or choose an answer.") in sokha.newest.text
        )
        assert sokha.newest.keyboard


@only_sqlite
@pytest.mark.parametrize(
    "text", ["😀", "\u200f\u202e", "ក" * 4096, "/unknown", "0", "-5", "٤", "\x00", "4" * 50]
)
async def test_whatever_is_written_nobody_is_stuck(database_url: str, library: Library, text: str) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        for start in ("/start", "/rate", LINK):
            await service.tell(sokha.text(start))
            before = len(sokha.heard)
            assert (await service.tell(sokha.text(text))).status_code == 200
            assert len(sokha.heard) == before + 1
            assert sokha.newest.keyboard
        assert (await service.row("SELECT count(*) AS n FROM parked")).n == 0


@only_sqlite
async def test_in_a_group_only_a_command_is_answered(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha, telegram = service.person(), service.telegram
        await service.tell(sokha.text("ជំរាបសួរ", chat=group()))
        assert telegram.called("sendMessage") == []
        await service.tell(sokha.text("/rate", chat=group()))
        [said] = telegram.called("sendMessage")
        assert said["chat_id"] == group()["id"]
        assert "https://t.me/samleng_test_bot" in said["text"]
        assert await service.rows("SELECT id FROM contacts") == []


@only_sqlite
@pytest.mark.parametrize("text", ["ដំណឹង", "/rate"])
async def test_a_post_in_a_channel_is_not_answered(database_url: str, library: Library, text: str) -> None:
    async with serving(database_url, library) as service:
        response = await service.tell(post(service.telegram, text))
        assert response.status_code == 200
        assert service.telegram.called("sendMessage") == []
        assert await service.rows("SELECT id FROM contacts") == []


async def test_a_block_is_remembered_and_forgotten(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text("/start"))
        assert (await service.tell(sokha.block())).status_code == 200
        assert (await service.row("SELECT blocked FROM contacts")).blocked
        assert (await service.tell(sokha.unblock())).status_code == 200
        assert not (await service.row("SELECT blocked FROM contacts")).blocked
        stranger = service.person("វណ្ណា")
        service.telegram.chat(stranger.private)
        assert (await service.tell(stranger.block())).status_code == 200
        assert (await service.row("SELECT count(*) AS n FROM contacts")).n == 1


@only_sqlite
@pytest.mark.parametrize("secret", ["", "wrong", "ខុស"])
async def test_a_forged_update_is_refused_counted_and_not_told_of(
    database_url: str, library: Library, secret: str
) -> None:
    async with serving(database_url, library) as service:
        sokha, before = service.person(), counted("forged_telegram")
        with capture_logs() as logs:
            response = await service.tell(sokha.text("0 12 345 678"), secret=secret)
        assert response.status_code == 403
        assert counted("forged_telegram") == before + 1
        assert noted(logs) == [{"event": "forged_webhook", "channel": "telegram", "log_level": "warning"}]
        assert await service.rows("SELECT message FROM inbox") == []
        assert sokha.heard == []


@only_sqlite
async def test_what_is_no_update_is_not_asked_for_again(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        for body in (b"", b"[]", b"{}", b"nonsense", b'{"update_id": "x", "message": 5}', b"\xff"):
            with capture_logs() as logs:
                response = await service.client.post(
                    "/telegram/webhook", content=body, headers=service.trusted
                )
            assert response.status_code == 200
            assert [log["event"] for log in noted(logs)] == ["unreadable_update"]
        assert (await service.client.get("/telegram/webhook")).status_code == 405


@only_sqlite
async def test_a_megabyte_is_too_much(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        body = b'{"update_id": 1, "x": "' + b"x" * 1_000_000 + b'"}'
        response = await service.client.post("/telegram/webhook", content=body, headers=service.trusted)
        assert response.status_code == 413
