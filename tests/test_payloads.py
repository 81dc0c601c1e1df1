"""What providers send, and what it means to us: one file of tests/payloads each, `payload` and `means`."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
import telegram

from bot.channels import sms
from bot.channels import telegram as telegram_channel
from bot.channels.telegram import Blocked, Elsewhere
from handlers.desk import Incoming

FOLDER = Path(__file__).parent / "payloads"
FILES = {file.stem: file for file in sorted(FOLDER.glob("*.json"))}


def described(what: Incoming | Blocked | Elsewhere | None) -> dict[str, Any] | None:
    """What was read, as the files write it: only what was said."""
    match what:
        case Incoming(channel, address, message, said):
            found = {"channel": channel, "address": address, "message": message}
            found |= {"text": said.text, "other": said.other, "tap": said.tap and list(said.tap)}
            # Only a file has a name.
            found["attachment"] = said.attachment and [
                part for part in astuple(said.attachment) if part != ""
            ]
            return {name: value for name, value in found.items() if value}
        case Blocked(address, blocked):
            return {"address": address, "blocked": blocked}
        case Elsewhere(chat):
            return {"elsewhere": chat}
    return None


def payloads(provider: str) -> list[Any]:
    chosen = [pytest.param(file, id=stem) for stem, file in FILES.items() if stem.startswith(provider)]
    assert chosen
    return chosen


def read(file: Path) -> tuple[dict[str, Any], Any]:
    found = json.loads(file.read_text(encoding="utf-8"))
    return found["payload"], found["means"]


@pytest.mark.parametrize("file", payloads("telegram."))
def test_an_update_of_telegram(file: Path) -> None:
    payload, means = read(file)
    update = telegram.Update.de_json(payload, None)
    assert described(telegram_channel.read(update)) == means


@pytest.mark.parametrize("file", payloads("sms."))
def test_a_form_of_the_sms_service(file: Path) -> None:
    payload, means = read(file)
    assert described(sms.read(payload)) == means


@pytest.mark.parametrize("file", payloads("receipt."))
def test_a_receipt_of_the_sms_service(file: Path) -> None:
    payload, means = read(file)
    reported = sms.reported(payload)
    assert (list(reported) if reported else None) == means


@pytest.mark.parametrize("file", payloads("telegram."))
def test_the_quick_reading_is_the_same(file: Path) -> None:
    """Private texts and taps are read without the library; whatever else is left to it."""
    payload, _means = read(file)
    quick = telegram_channel.quick(payload)
    update = telegram.Update.de_json(payload, None)
    assert quick is None or quick == telegram_channel.read(update)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"update_id": 1},
        {"message": {"text": "hello", "chat": {"id": 5, "type": "private"}}},
        {"update_id": "x", "message": {"text": "hello", "chat": {"id": 5, "type": "private"}}},
        {"update_id": 1, "message": {"text": 5, "chat": {"id": 5, "type": "private"}}},
        {"update_id": 1, "message": {"text": "hello", "chat": {"id": -5, "type": "group"}}},
        {"update_id": 1, "callback_query": {"data": "a=b"}},
    ],
)
def test_what_is_not_plain_is_not_read_quickly(raw: dict[str, Any]) -> None:
    assert telegram_channel.quick(raw) is None


def test_the_label_of_a_tapped_button_is_known() -> None:
    payload, _means = read(FILES["telegram.tap"])
    assert telegram_channel.quick(payload) is not None
    assert telegram_channel.tapped_label(payload["callback_query"]) == "មណ្ឌលសុខភាព"
    payload, _means = read(FILES["telegram.tap_on_a_message_long_gone"])
    assert telegram_channel.tapped_label(payload["callback_query"]) is None
