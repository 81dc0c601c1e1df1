"""Simulated citizens: who rates what, and each of their messages as Telegram or an SMS service would post it.

A person's number decides everything about her, so that a server, a checker
and the load client agree without telling each other.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flows import khmer
from storage.reference import read_criteria

CONTENT = Path(__file__).resolve().parent.parent / "content"
SERVICES = ("ca", "hc", "ps")
STEPS = 16  # update ids are person * STEPS + step
TOKEN = "1000000:benchmarks"
SECRET = "a-secret-of-the-benchmarks"
SMS_TOKEN = "token-of-the-benchmarks"


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def communes() -> tuple[tuple[str, str], ...]:
    """(code, Khmer name) of communes whose name nothing else has or had, and long enough to be like no
    other: typing it needs no further question."""
    folder = CONTENT / "gazetteer"
    places = [(row["code"], row["kind"], row["name_km"]) for row in _rows(folder / "places.csv")]
    named = Counter(khmer.key(name) for _code, _kind, name in places)
    named.update(khmer.key(row["name"]) for row in _rows(folder / "names.csv"))
    named.update(khmer.key(row["name_km"]) for row in _rows(folder / "changes.csv"))
    return tuple(
        (code, name)
        for code, kind, name in places
        if kind in {"commune", "sangkat"}
        and named[khmer.key(name)] == 1
        and " " not in name
        and len(name) > 7
    )


@cache
def criteria(service: str) -> tuple[tuple[str, str], ...]:
    """(code, Khmer question) of what is scored at a service."""
    rows = read_criteria(CONTENT / "criteria.yaml")
    return tuple((row["code"], row["question"]["km"]) for row in rows if row["service"] == service)


@dataclass(frozen=True, slots=True)
class Person:
    """One citizen with a phone of her own."""

    number: int

    @property
    def service(self) -> str:
        return SERVICES[self.number % 3]

    @property
    def commune(self) -> tuple[str, str]:
        listed = communes()
        return listed[self.number * 7 % len(listed)]

    @property
    def facility(self) -> str:
        return self.service + self.commune[0]

    @property
    def scores(self) -> dict[str, int]:
        return {
            code: (self.number // 5**n + n) % 5 + 1 for n, (code, _asked) in enumerate(criteria(self.service))
        }

    @property
    def chat(self) -> int:
        return 100_000_000 + self.number

    @property
    def phone(self) -> str:
        return f"+8551{self.number:07d}"

    def telegram(self) -> list[bytes]:
        """Her updates: she types the command and the commune, and taps the rest."""
        keyboard = [[("១ 😢", "1"), ("២ 😞", "2"), ("៣ 😐", "3"), ("៤ 😊", "4"), ("៥ 😄", "5")]]
        said: list[dict[str, object]] = [
            self._typed(0, "/rate"),
            self._tapped(1, "service", self.service, "តើអ្នកចង់ដាក់ពិន្ទុសេវាណា?", [[(s, s) for s in SERVICES]]),
            self._typed(2, self.commune[1]),
        ]
        for (code, score), (_code, asked) in zip(self.scores.items(), criteria(self.service), strict=True):
            said.append(self._tapped(len(said), f"score.{code}", str(score), asked, keyboard))
        said.append(self._tapped(len(said), "comment", "", "តើអ្វីគួរកែលម្អ?", [[("រំលង", "")]]))
        review = [[("ផ្ញើពិន្ទុរបស់ខ្ញុំ", "send")], [("កែចម្លើយ", "change")]]
        said.append(self._tapped(len(said), "review.1", "send", "ពិន្ទុរបស់អ្នក", review))
        about = [[("បាទ/ចាស", "yes"), ("ទេ អរគុណ", "no")]]
        said.append(self._tapped(len(said), "willing", "no", "សូមសួរ ៥ សំណួរខ្លីអំពីអ្នក", about))
        return [json.dumps(update, ensure_ascii=False).encode() for update in said]

    def sms(self) -> list[dict[str, str]]:
        """Her text messages as forms; the rating is stored with the last."""
        said = ["វាយតម្លៃ", str(SERVICES.index(self.service) + 1), self.commune[1]]
        said += [str(score) for score in self.scores.values()]
        return [
            {
                "MessageSid": f"SM{self.number * STEPS + step:032x}",
                "AccountSid": "AC" + "0" * 32,
                "From": self.phone,
                "To": "+85500000000",
                "Body": body,
                "NumMedia": "0",
                "NumSegments": "1",
            }
            for step, body in enumerate(said)
        ]

    def _who(self) -> dict[str, object]:
        return {"id": self.chat, "is_bot": False, "first_name": "Sokha", "language_code": "km"}

    def _message(self, step: int, text: str) -> dict[str, object]:
        return {
            "message_id": self.number * STEPS + step + 1,
            "chat": {"id": self.chat, "first_name": "Sokha", "type": "private"},
            "date": 1_795_000_000 + step,
            "text": text,
        }

    def _typed(self, step: int, text: str) -> dict[str, object]:
        message = self._message(step, text) | {"from": self._who()}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        return {"update_id": self.number * STEPS + step, "message": message}

    def _tapped(
        self, step: int, key: str, value: str, asked: str, keyboard: list[list[tuple[str, str]]]
    ) -> dict[str, object]:
        buttons = [
            [{"text": label, "callback_data": f"{key}={tapped}"} for label, tapped in row] for row in keyboard
        ]
        bot = {"id": 1_000_000, "is_bot": True, "first_name": "Samleng", "username": "samleng_bot"}
        message = self._message(step, asked) | {"from": bot, "reply_markup": {"inline_keyboard": buttons}}
        query = {
            "id": str(self.number * STEPS + step),
            "from": self._who(),
            "message": message,
            "chat_instance": str(self.chat),
            "data": f"{key}={value}",
        }
        return {"update_id": self.number * STEPS + step, "callback_query": query}


def request(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes of a POST on a connection that is kept."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def telegram_request(update: bytes) -> bytes:
    headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET}
    return request("/telegram/webhook", update, headers)
