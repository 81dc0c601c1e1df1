"""SMS through real HTTP: signed forms in, TwiML out, and what is stored."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from flows.channel import SMS
from flows.library import Library
from tests.served import FACILITY, ROUND, Answered, Service, counted, noted, only_sqlite, serving
from tests.sms_server import Phone

pytestmark = pytest.mark.anyio

SCORES = {"hc-presence": 4, "hc-attitude": 3, "hc-medicine": 5, "hc-hygiene": 5, "hc-price": 2}


async def to_the_scores(service: Service, sokha: Phone) -> Answered:
    for body in ("វាយតម្លៃ", "២"):
        await service.text(sokha.text(body))
    return await service.text(sokha.text("ព្រែកអំពិល"))


async def test_a_health_centre_is_rated_by_numbers(database_url: str) -> None:
    async with serving(database_url) as service:
        sokha = service.phone()
        answered = await to_the_scores(service, sokha)
        for body in ("៤", "3", "៥.", " 5 ", "2️⃣"):
            assert answered.response.status_code == 200
            assert "?" in answered.text
            answered = await service.text(sokha.text(body))
        stored = await service.rating()
        assert stored.pop("reference") in answered.text
        assert stored == {
            "facility": FACILITY,
            "round": ROUND,
            "commune": "081303",
            "shared": False,
            "scores": SCORES,
            "groups": [],
            "comment": None,
            "rated_on": service.clock().date(),
            "village": None,
            "earlier": None,
            "answered_on": None,
        }
        await service.text(sokha.text("ថ្នាំតិចពេក"))
        assert (await service.rating())["comment"] == {"text": "ថ្នាំតិចពេក"}
        assert await service.histogram() == {
            (criterion, "all"): [int(score == number) for number in range(1, 6)]
            for criterion, score in SCORES.items()
        }
        # All of it was said in the answers to her messages: nothing was sent beside them, though it counts.
        assert service.app.sender.shares["sms"].replied > 0
        await service.settled()
        assert service.sms.asked == 0
        assert {row.state for row in await service.rows("SELECT state FROM outbox")} == {"sent"}


async def test_a_text_that_comes_twice_gets_the_same_answer(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        await to_the_scores(service, sokha)
        form = sokha.text("៤")
        first = await service.text(form)
        assert (await service.text(form)).messages == first.messages
        at_once = sokha.text("៥")
        answers = await asyncio.gather(*(service.text(at_once) for _ in range(4)))
        assert len({answer.messages for answer in answers}) == 1
        assert answers[0].text != first.text
        assert (await service.row("SELECT count(*) AS n FROM inbox")).n == 5
        for body in ("5", "5", "2"):
            await service.text(sokha.text(body))
        assert (await service.rating())["scores"] == {**SCORES, "hc-attitude": 5}


async def test_texts_of_one_person_at_once_all_count(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        await to_the_scores(service, sokha)
        await asyncio.gather(*(service.rows("SELECT 1") for _ in range(5)))  # connections that are ready
        await asyncio.gather(*(service.text(sokha.text(str(score))) for score in (1, 2, 3, 4, 5)))
        assert sorted((await service.rating())["scores"].values()) == [1, 2, 3, 4, 5]


@only_sqlite
@pytest.mark.parametrize("body", ["", "   ", "\u200b", "😀", "\u200f\u202e", "???", "99", "ក" * 10_000])
async def test_whatever_is_texted_gets_a_short_answer(database_url: str, library: Library, body: str) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        for start in ("", "MENU", "RATE", f"/start r_{FACILITY}"):
            if start:
                await service.text(sokha.text(start))
            answered = await service.text(sokha.text(body))
            assert answered.response.status_code == 200
            assert len(answered.messages) == 1
            assert 0 < len(answered.text) <= 300
        assert (await service.row("SELECT count(*) AS n FROM parked")).n == 0


@only_sqlite
async def test_ten_thousand_letters_are_kept_as_a_comment(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        await to_the_scores(service, sokha)
        for _criterion in SCORES:
            await service.text(sokha.text("4"))
        long = "ថ្នាំ " * 1_666 + "អស់"
        answered = await service.text(sokha.text(long))
        assert answered.text == service.words("Your comment is added. Thank you!", SMS)
        assert (await service.rating())["comment"] == {"text": long}


@only_sqlite
async def test_a_picture_is_no_answer(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        question = await to_the_scores(service, sokha)
        answered = await service.text(sokha.picture())
        hint = service.words("I can't read that here. Please write, or choose an answer.", SMS)
        assert answered.text.startswith(hint)
        assert answered.text.splitlines()[-1].partition("?")[0] == question.text.partition("?")[0]


async def test_who_opts_out_with_her_service_is_left_alone(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        await service.text(sokha.text("ចុះឈ្មោះ"))
        await service.text(sokha.text("សូមឈប់", OptOutType="STOP"))
        row = await service.row("SELECT stopped, joined FROM contacts")
        assert (bool(row.stopped), bool(row.joined)) == (True, False)
        await service.text(sokha.text("START", OptOutType="START"))
        assert not (await service.row("SELECT stopped FROM contacts")).stopped


@pytest.mark.parametrize("word", ["ឈប់", "STOP", "chhob"])
@only_sqlite
async def test_stop_is_ours_in_khmer_too(database_url: str, library: Library, word: str) -> None:
    async with serving(database_url, library) as service:
        sokha = service.phone()
        answered = await service.text(sokha.text(word))
        assert answered.text == service.words(
            "You will get no more messages from us. To come back, send START.", SMS
        )
        assert (await service.row("SELECT stopped FROM contacts")).stopped


@only_sqlite
async def test_nothing_is_asked_where_nobody_can_answer(database_url: str, library: Library) -> None:
    """An alphanumeric sender only sends. What comes all the same (a stop, forwarded by hand) is heard."""
    async with serving(database_url, library, sender="SAMLENG") as service:
        sokha = service.phone()
        for body in ("RATE", "", "4", "HELP", "ឈប់"):
            answered = await service.text(sokha.text(body))
            assert (answered.response.status_code, answered.messages) == (200, ())
        assert (await service.row("SELECT stopped FROM contacts")).stopped
        assert await service.rows("SELECT id FROM outbox") == []


@pytest.mark.parametrize("signature", ["", "wrong", "ខុស"])
@pytest.mark.parametrize("path", ["/sms/webhook", "/sms/status"])
@only_sqlite
async def test_a_forged_form_is_refused_counted_and_not_told_of(
    database_url: str, library: Library, path: str, signature: str
) -> None:
    async with serving(database_url, library) as service:
        form, before = service.phone().text("RATE"), counted("forged_sms")
        with capture_logs() as logs:
            response = await service.knock(path, form, signature)
        assert response.status_code == 403
        assert counted("forged_sms") == before + 1
        assert noted(logs) == [{"event": "forged_webhook", "channel": "sms", "log_level": "warning"}]
        assert await service.rows("SELECT message FROM inbox") == []


@only_sqlite
async def test_a_signature_is_over_the_address_and_every_field(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        form = service.phone().text("RATE")
        url = f"{service.app.settings.public_url}/sms/webhook"
        signature = service.sms.signature(url, form)
        assert (await service.knock("/sms/webhook", {**form, "Body": "STOP"}, signature)).status_code == 403
        assert (await service.knock("/sms/webhook?n=1", form, signature)).status_code == 403
        assert (await service.knock("/sms/status", form, signature)).status_code == 403
        elsewhere = service.sms.signature("https://samleng.example/sms/webhook", form)
        assert (await service.knock("/sms/webhook", form, elsewhere)).status_code == 403
        assert (await service.knock("/sms/webhook", form, signature)).status_code == 200


@only_sqlite
async def test_what_is_no_form_of_the_service_is_refused(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        large = urlencode({"Body": "x" * 1_000_001}).encode()
        assert (await service.client.post("/sms/webhook", content=large)).status_code == 413
        assert (await service.client.post("/sms/webhook", content=b"\xff\xfe")).status_code == 403
        many = "&".join(f"f{number}=1" for number in range(1000)).encode()
        assert (await service.client.post("/sms/webhook", content=many)).status_code == 403
        form = service.phone().text("RATE")
        del form["MessageSid"]
        assert (await service.text(form)).response.status_code == 400
