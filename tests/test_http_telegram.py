"""Telegram through real HTTP: Telegram's knock, our answer through its API, and what is stored."""

from __future__ import annotations

import pytest

from bot.channels.telegram import COMMANDS
from bot.polling import KINDS
from flows.library import Library
from flows.text import spoken
from tests.served import COMMUNE, FACILITY, ROUND, Service, only_sqlite, serving
from tests.telegram_people import Person

pytestmark = pytest.mark.anyio

SCORES = {"hc-presence": 4, "hc-attitude": 3, "hc-medicine": 5, "hc-hygiene": 5, "hc-price": 2}
BUTTONS = {1: "១ 😢", 2: "២ 😞", 3: "៣ 😐", 4: "៤ 😊", 5: "៥ 😄"}


async def to_the_comment(service: Service, person: Person, start: str = "/rate") -> None:
    """From the first word to the last score."""
    await service.tell(person.text(start))
    if not person.newest.labels[0].startswith("១"):
        await service.tell(person.tap(service.words("Health centre")))
        await service.tell(person.text(COMMUNE))
    for score in SCORES.values():
        await service.tell(person.tap(BUTTONS[score]))


async def test_a_health_centre_is_rated_by_buttons(database_url: str) -> None:
    async with serving(database_url) as service:
        sokha, words = service.person(), service.words
        await service.tell(sokha.text("/start"))
        await service.tell(sokha.tap(words("Rate a service")))
        await to_the_comment(service, sokha, COMMUNE)
        assert sokha.newest.text == words("What should be better? Write, or send a voice note or a photo.")
        await service.tell(sokha.text("ថ្នាំតិចពេក"))
        assert "ថ្នាំតិចពេក" in sokha.newest.text
        await service.tell(sokha.tap(words("Send my rating")))
        thanks = sokha.newest.text
        await service.tell(sokha.tap(words("Yes, ask")))
        for label in ("Female", "15 to 30", "No", "No", "Yes"):
            await service.tell(sokha.tap(words(label)))
        stored = await service.rating()
        assert stored.pop("reference") in thanks
        assert stored == {
            "facility": FACILITY,
            "round": ROUND,
            "commune": "081303",
            "shared": False,
            "scores": SCORES,
            "groups": ["poor", "women", "youth"],
            "comment": {"text": "ថ្នាំតិចពេក"},
            "rated_on": service.clock().date(),
            "village": None,
            "earlier": None,
            "answered_on": None,
        }
        one = {score: [int(number == score) for number in range(1, 6)] for score in range(1, 6)}
        assert await service.histogram() == {
            (criterion, group): one[score]
            for criterion, score in SCORES.items()
            for group in ("all", "poor", "women", "youth")
        }
        # Every button's clock was stopped, and every tapped question shows its answer and no buttons.
        assert all(service.telegram.queries.values())
        assert not [message for message in sokha.heard if "➜" in message.text and message.keyboard]
        await service.settled()
        assert await service.rows("SELECT state FROM outbox WHERE state != 'sent'") == []


@only_sqlite
@pytest.mark.parametrize("way", ["voice", "photo"])
async def test_a_comment_may_be_heard_or_seen(database_url: str, library: Library, way: str) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await to_the_comment(service, sokha, f"/start r_{FACILITY}")
        said = sokha.voice(7) if way == "voice" else sokha.photo("បង្គន់")
        await service.tell(said)
        await service.tell(sokha.tap(service.words("Send my rating")))
        comment = (await service.rating())["comment"]
        assert comment["kind"] == way
        if way == "voice":
            assert (comment["text"], comment["size"], comment["seconds"]) == ("", 1004, 7)
        else:
            assert (comment["text"], comment["size"]) == ("បង្គន់", 902)
        # The provider's name of the file is kept apart from the rating, until the file was fetched.
        row = await service.row("SELECT number, kind, channel, state, file FROM attachments")
        assert (row.number.hex(), row.kind, row.channel) == (comment["number"], way, "telegram")
        bot = service.app.bot
        assert bot is not None and "file" not in comment
        file = await bot.get_file(service.app.desk.vault.open(row.file).decode())
        assert len(await file.download_as_bytearray()) == comment["size"]


@only_sqlite
async def test_a_deep_link_goes_straight_to_the_scores(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await service.tell(sokha.text(f"/start r_{FACILITY}"))
        assert "ព្រែកអំពិល" in sokha.newest.text
        assert sokha.newest.labels[:5] == list(BUTTONS.values())
        stranger = service.person("វណ្ណា")
        await service.tell(stranger.text("/start r_hc999999"))
        assert service.words("Rate a service") in stranger.newest.labels


@only_sqlite
async def test_english_is_one_tap_away(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        visitor = service.person("Ann", "en")
        await service.tell(visitor.text("/language"))
        await service.tell(visitor.tap("English"))
        assert "Rate a service" in visitor.newest.labels


@only_sqlite
async def test_telegram_is_told_commands_and_where_we_listen(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        telegram, app = service.telegram, service.app
        khmer, english = (
            app.desk.catalogue(code, app.desk.media["telegram"].channel) for code in ("km", "en")
        )
        assert telegram.commands == {
            language: [{"command": name, "description": spoken(label, catalogue)} for name, label in COMMANDS]
            for language, catalogue in (("", khmer), ("en", english))
        }
        [webhook] = telegram.called("setWebhook")
        assert webhook["url"] == f"{app.settings.public_url}/telegram/webhook"
        assert webhook["secret_token"] == app.telegram_secret
        assert webhook["allowed_updates"] == KINDS
        assert app.username == "samleng_test_bot"  # learnt from the token
