"""Telegram through real HTTP: Telegram's knock, our answer through its API, and what is stored."""

from __future__ import annotations

import re

import pytest

from flows.library import Library
from tests.served import COMMUNE, FACILITY, ROUND, Service, serving
from tests.telegram_people import Person

pytestmark = pytest.mark.anyio

SCORES = {"hc-presence": 4, "hc-attitude": 3, "hc-medicine": 5, "hc-hygiene": 5, "hc-price": 2}
BUTTONS = {1: "១ 😢", 2: "២ 😞", 3: "៣ 😐", 4: "៤ 😊", 5: "៥ 😄"}


async def to_the_scores(service: Service, person: Person) -> None:
    """From the first word to the first score's question."""
    words = service.words
    await service.tell(person.text("/start"))
    await service.tell(person.tap(words("Rate a service")))
    await service.tell(person.tap(words("Health centre")))
    await service.tell(person.text(COMMUNE))


def reference(person: Person) -> str:
    """The number that the thanks name."""
    for message in reversed(person.heard):
        if found := re.search(r"[2-9A-HJ-NP-Z]{8}", message.text):
            return found[0]
    raise AssertionError("\n---\n".join(m.text for m in person.heard))


async def test_a_health_centre_is_rated_by_buttons(database_url: str) -> None:
    async with serving(database_url) as service:
        sokha, words = service.person(), service.words
        await to_the_scores(service, sokha)
        for score in SCORES.values():
            await service.tell(sokha.tap(BUTTONS[score]))
        assert sokha.newest.text == words("What should be better? Write, or send a voice note or a photo.")
        await service.tell(sokha.text("ថ្នាំតិចពេក"))
        assert "ថ្នាំតិចពេក" in sokha.newest.text
        await service.tell(sokha.tap(words("Send my rating")))
        await service.tell(sokha.tap(words("Yes, ask")))
        for label in ("Female", "15 to 30", "No", "No", "Yes"):
            await service.tell(sokha.tap(words(label)))
        stored = await service.rating(reference(sokha))
        assert stored == {
            "facility": FACILITY,
            "round": ROUND,
            "reference": reference(sokha),
            "commune": "081303",
            "shared": False,
            "scores": SCORES,
            "groups": ["poor", "women", "youth"],
            "comment": {"text": "ថ្នាំតិចពេក"},
            "rated_on": service.clock().date(),
        }
        one = [[int(number == score) for number in range(1, 6)] for score in range(6)]
        assert await service.histogram() == {
            (criterion, group): one[score]
            for criterion, score in SCORES.items()
            for group in ("all", "poor", "women", "youth")
        }
        # Every button's clock was stopped; only the newest question can still be tapped.
        assert all(service.telegram.queries.values())
        assert [bool(message.keyboard) for message in sokha.heard] == [False] * (len(sokha.heard) - 1) + [
            True
        ]
        await service.settled()
        assert await service.rows("SELECT state FROM outbox WHERE state != 'sent'") == []


async def test_app(database_url: str, library: Library) -> None:
    async with serving(database_url, library) as service:
        sokha = service.person()
        await to_the_scores(service, sokha)
