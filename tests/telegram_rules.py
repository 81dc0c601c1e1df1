"""What Telegram's Bot API refuses, in its words, as far as the public documentation tells."""

from __future__ import annotations

import itertools
import json
import re
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit


class Refusal(Exception):
    """An error as Telegram answers it. `parameters` as in {"retry_after": 7}."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class Dropped(Exception):
    """The connection breaks before anything was answered."""


def bad(description: str) -> Refusal:
    return Refusal(400, f"Bad Request: {description}")


def too_many(seconds: int) -> Refusal:
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def broken() -> Refusal:
    return Refusal(500, "Internal Server Error")


#: What arrives as a number, or as JSON, in a form.
NUMBERS = {"chat_id", "message_id", "offset", "timeout", "limit"}
OBJECTS = {"reply_markup", "commands", "allowed_updates"}


def read(form: dict[str, str]) -> dict[str, Any]:
    """A form, as the library makes it."""
    return {name: json.loads(text) if name in NUMBERS | OBJECTS else text for name, text in form.items()}


def text(given: dict[str, Any]) -> str:
    """The text of a message, as it is shown."""
    shown = str(given.get("text", "")).strip()
    if not shown:
        raise bad("message text is empty")
    if len(shown) > 4096:
        raise bad("message is too long")
    return shown


def caption(given: dict[str, Any]) -> str:
    """The caption of a photo or voice note, as it is shown; it may be empty."""
    shown = str(given.get("caption", "")).strip()
    if len(shown.encode("utf-16-le")) // 2 > 1024:
        raise bad("message caption is too long")
    return shown


def voice(content: bytes) -> None:
    """A voice note: Ogg with Opus, of at most 1 MB; a larger one is shown as a file."""
    if not content.startswith(b"OggS") or b"OpusHead" not in content[:64] or len(content) > 1_000_000:
        raise bad("wrong type of the web page content")


def photo(content: bytes) -> None:
    """A picture: JPEG or PNG, of at most 10 MB; a PNG's sides no longer than 10,000 together, nor 20 to 1."""
    if not content.startswith((b"\xff\xd8", b"\x89PNG\r\n\x1a\n")) or len(content) > 10_000_000:
        raise bad("IMAGE_PROCESS_FAILED")
    if content.startswith(b"\x89PNG"):
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        if width + height > 10_000 or max(width, height) > 20 * min(width, height):
            raise bad("PHOTO_INVALID_DIMENSIONS")


class Strictness:
    """At most so many messages in any second, and one a second to a chat. `now`: the clock it goes by."""

    def __init__(self, rate: int, now: Callable[[], float]) -> None:
        self.rate = rate
        self.now = now
        self.times: deque[float] = deque()
        self.chats: dict[int, float] = {}

    def judge(self, chat: int) -> None:
        """Count a message that arrives now, or refuse it."""
        now = self.now()
        while self.times and self.times[0] <= now - 1:
            self.times.popleft()
        if len(self.times) >= self.rate or now - self.chats.get(chat, -1.0) < 1:
            raise too_many(1)
        self.times.append(now)
        self.chats[chat] = now


def markup(given: dict[str, Any]) -> dict[str, Any]:
    """A keyboard; one without buttons is none."""
    for button in itertools.chain(*given["inline_keyboard"]):
        if not button["text"].strip():
            raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
        if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")
    return given if any(given["inline_keyboard"]) else {}


def rows(given: dict[str, Any] | None) -> tuple[tuple[dict[str, str], ...], ...]:
    """The rows of buttons of a keyboard."""
    return tuple(tuple(row) for row in (given or {}).get("inline_keyboard", ()))


def commands(given: Any, language: str) -> list[dict[str, str]]:
    """A menu of commands."""
    if not isinstance(given, list) or len(given) > 100:
        raise bad("can't parse commands JSON object")
    for command in given:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    if not re.fullmatch(r"([a-z]{2})?", language):
        raise bad("invalid language code specified")
    return given


def webhook(url: str, secret: str) -> None:
    """An address to be told at; one of this machine may do without TLS, as with a Bot API server of one's own."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if parts.scheme == "https" and parts.port not in {None, 443, 80, 88, 8443}:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad("secret token contains unallowed characters")
