"""A Bot API that is as strict as the real one, remembers who was told what, and fails as often as it is told to.

It refuses what is too long (4,096 characters, captions 1,024, callback data 64 bytes), more than so many messages
in any second and more than so many a second in a chat, with 429 and `retry_after`; and by a seed some calls with
403 (a chat always or never), 429 or 500. A call that is refused delivers nothing.

    python -m benchmarks.strict_botapi PORT --per-second 30 --per-chat 1 --blocked 0.01 --busy 0.005 --broken 0.001

Its own addresses, for whoever measures: /counts, /ledger, /texts, /waits and /log (see fakes.py), and /rules?busy=0 to
change a rule while it runs.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import json
import math
import random
import time
from array import array
from collections import Counter, deque
from dataclasses import asdict, dataclass, fields
from typing import Any, cast
from urllib.parse import parse_qsl, unquote_plus

import uvloop

LONGEST, LONGEST_CAPTION, LONGEST_DATA = 4096, 1024, 64
SECOND = 1.0
GRACE = 0.1  # seconds after a 429 in which calls that were under way may still arrive
REMEMBERED = 4096  # encoded texts and keyboards that need not be looked at again
PACED = {"sendMessage": "text", "sendPhoto": "caption", "sendVoice": "caption"}
ME = {"id": 1_000_000, "is_bot": True, "first_name": "Samleng", "username": "samleng_bot"}

ACCEPTED, BAD, GONE, BUSY, BROKEN = 200, 400, 403, 429, 500


@dataclass
class Rules:
    """0 means: not at all; for the paces, no limit. Rates are shares of the calls, `blocked` one of the chats."""

    per_second: float = 0.0
    per_second_paid: float = 0.0  # of those with `allow_paid_broadcast`
    per_chat: float = 0.0
    blocked: float = 0.0
    busy: float = 0.0
    broken: float = 0.0
    retry_after: int = 1  # seconds, of an injected 429
    delay: float = 0.0  # seconds until an answer leaves: the way to Telegram and back
    seed: int = 1

    def is_blocked(self, chat: int) -> bool:
        """The same answer for a chat each time, and for whoever asks with the same seed."""
        if not self.blocked:
            return False
        digest = hashlib.blake2b(b"%d:%d" % (self.seed, chat), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64 < self.blocked


class Refusal(Exception):
    """What the Bot API answers instead of a result."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after


class Telegram:
    """What all connections share: the rules, and what arrived."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.counts: Counter[str] = Counter()
        # The log, a column each: 22 bytes a call.
        self.chats, self.times, self.texts = array("q"), array("d"), array("i")
        self.outcomes = array("h")
        self.said: dict[str, int] = {}  # text to its number, in the order they came
        self._chance = random.Random(rules.seed)
        self._numbers = itertools.count(1)
        self._recent: deque[float] = deque()  # when the calls of the last second came
        self._paid: deque[float] = deque()  # of those that are paid for
        self._last: dict[int, float] = {}  # when a chat last got something
        self.waits: list[tuple[float, float]] = []  # from each 429 until it allows more
        self._quiet = (0.0, 0.0)
        self._values: dict[bytes, str] = {}
        self._keyboards: set[str] = set()

    def call(self, method: str, body: bytes, multipart: bytes) -> bytes:
        """The result of a call as JSON, or Refusal."""
        if method == "getMe":
            return json.dumps(ME).encode()
        caption = PACED.get(method)
        if caption is None and method != "editMessageText":
            return b"true"
        form = _parts(body, multipart) if multipart else self._form(body)
        chat, text = _number(form.get("chat_id", "")), form.get(caption or "text", "")
        if caption is None:  # an edit
            self._check(text, LONGEST, form)
        else:
            self._send(chat, text, caption, form)
        return (
            b'{"message_id":%d,"from":{"id":1000000,"is_bot":true,"first_name":"Samleng"},"chat":{"id":%d,'
            b'"type":"private","first_name":"Sokha"},"date":%d,"text":"\\u2026"}'
            % (next(self._numbers), chat, time.time())
        )

    def _send(self, chat: int, text: str, caption: str, form: dict[str, str]) -> None:
        now = time.monotonic()
        outcome = ACCEPTED
        try:
            self._judge(chat, text, caption, form, now)
        except Refusal as refusal:
            outcome = refusal.code
            raise
        finally:
            self.chats.append(chat)
            self.times.append(now)
            self.texts.append(self.said.setdefault(text, len(self.said)))
            self.outcomes.append(outcome)
            self.counts[str(outcome)] += 1
        self._last[chat] = now

    def _judge(self, chat: int, text: str, caption: str, form: dict[str, str], now: float) -> None:
        rules = self.rules
        if self._quiet[0] < now < self._quiet[1]:
            self.counts["came although told to wait"] += 1
        if caption == "text" and not text:
            raise Refusal(BAD, "Bad Request: message text is empty")
        self._check(text, LONGEST if caption == "text" else LONGEST_CAPTION, form)
        if chat == 0:
            raise Refusal(BAD, "Bad Request: chat not found")
        paid = form.get("allow_paid_broadcast") == "true"
        recent = self._paid if paid else self._recent
        most = rules.per_second_paid if paid else rules.per_second
        while recent and recent[0] <= now - SECOND:
            recent.popleft()
        if most and len(recent) >= most:
            self.counts["429 by the rule of all"] += 1
            raise self._busy(now, math.ceil(recent[0] + SECOND - now))
        if rules.per_chat and now - self._last.get(chat, -SECOND) < 1 / rules.per_chat:
            self.counts["429 by the rule of a chat"] += 1
            self.waits.append((now, now + 1))
            raise Refusal(BUSY, "Too Many Requests: retry after 1", 1)
        recent.append(now)
        if rules.is_blocked(chat):
            raise Refusal(GONE, "Forbidden: bot was blocked by the user")
        drawn = self._chance.random()
        if drawn < rules.busy:
            self.counts["429 injected"] += 1
            raise self._busy(now, rules.retry_after)
        if drawn < rules.busy + rules.broken:
            raise Refusal(BROKEN, "Internal Server Error")

    def _busy(self, now: float, seconds: int) -> Refusal:
        self.waits.append((now, now + seconds))
        self._quiet = (now + GRACE, now + seconds - 0.01)
        return Refusal(BUSY, f"Too Many Requests: retry after {seconds}", seconds)

    def _check(self, text: str, longest: int, form: dict[str, str]) -> None:
        """Letters count as UTF-16 has them, as Telegram counts."""
        if len(text) * 2 > longest and len(text.encode("utf-16-le")) // 2 > longest:
            what = "message is too long" if longest == LONGEST else "message caption is too long"
            raise Refusal(BAD, f"Bad Request: {what}")
        keyboard = form.get("reply_markup")
        if keyboard is None or keyboard in self._keyboards:
            return
        try:
            rows = json.loads(keyboard).get("inline_keyboard", [])
            data = [button["callback_data"] for row in rows for button in row if "callback_data" in button]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Refusal(BAD, "Bad Request: can't parse reply keyboard markup JSON object") from None
        if any(not 1 <= len(made.encode()) <= LONGEST_DATA for made in data):
            raise Refusal(BAD, "Bad Request: BUTTON_DATA_INVALID")
        if len(self._keyboards) > REMEMBERED:
            self._keyboards.clear()
        self._keyboards.add(keyboard)

    def _form(self, body: bytes) -> dict[str, str]:
        """The fields of an encoded form. A broadcast says the same to everybody, so long values are remembered."""
        form = {}
        for field in body.split(b"&"):
            name, _equals, value = field.partition(b"=")
            if len(value) < 24:
                form[name.decode()] = unquote_plus(value.decode())
                continue
            said = self._values.get(value)
            if said is None:
                if len(self._values) > REMEMBERED:
                    self._values.clear()
                said = self._values[value] = unquote_plus(value.decode())
            form[name.decode()] = said
        return form

    # -- For whoever measures ------------------------------------------------------------------------------

    def told(self, path: str, query: dict[str, str]) -> bytes:
        after = int(query.get("after", 0))
        match path:
            case "/healthz":
                return b"{}"
            case "/counts":
                return json.dumps(self.counts | {"calls": len(self.chats)}).encode()
            case "/log":
                columns = (self.chats, self.times, self.texts, self.outcomes)
                return b"".join(column[after:].tobytes() for column in columns)
            case "/waits":
                return json.dumps(self.waits).encode()
            case "/texts":
                return json.dumps(list(self.said)[after:], ensure_ascii=False).encode()
            case "/ledger":
                return json.dumps({"texts": list(self.said), "chats": self._ledger()}).encode()
            case "/rules":
                known = {field.name for field in fields(Rules)}
                for name in query.keys() & known:
                    setattr(self.rules, name, type(getattr(Rules, name))(float(query[name])))
                return json.dumps(asdict(self.rules)).encode()
        return b"null"

    def _ledger(self) -> dict[int, dict[int, int]]:
        """Chat to number of a text to how often it was received."""
        chats: dict[int, dict[int, int]] = {}
        for chat, text, outcome in zip(self.chats, self.texts, self.outcomes, strict=True):
            if outcome == ACCEPTED:
                received = chats.setdefault(chat, {})
                received[text] = received.get(text, 0) + 1
        return chats


def _number(chat: str) -> int:
    try:
        return int(chat)
    except ValueError:
        return 0


def _parts(body: bytes, boundary: bytes) -> dict[str, str]:
    """The fields of a form in parts, without its files."""
    form = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _blank, value = part.partition(b"\r\n\r\n")
        if b"filename" in head:
            continue
        _before, named, name = head.partition(b'name="')
        if named:
            form[name.partition(b'"')[0].decode()] = value.removesuffix(b"\r\n").decode()
    return form


class Caller(asyncio.Protocol):
    """One connection of the Bot API's caller, one call at a time."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end]
            _before, named, length = head.lower().partition(b"content-length:")
            until = end + 4 + (int(length.partition(b"\r\n")[0]) if named else 0)
            if len(self._buffer) < until:
                return
            body, self._buffer = self._buffer[end + 4 : until], self._buffer[until:]
            self._hear(head, body)

    def _hear(self, head: bytes, body: bytes) -> None:
        address = head.split(b" ", 2)[1].decode()
        path, _mark, query = address.partition("?")
        if not path.startswith("/bot"):
            self._write(200, self._telegram.told(path, dict(parse_qsl(query))))
            return
        method = path.rpartition("/")[2]
        if method == "getUpdates":  # nothing ever comes; whoever asks, waits
            asyncio.get_running_loop().call_later(5, self._write, 200, b'{"ok":true,"result":[]}')
            return
        boundary = b""
        if b"multipart/form-data" in head:
            boundary = head.partition(b"boundary=")[2].partition(b"\r\n")[0].strip(b'"')
        status, said = ACCEPTED, b""
        try:
            said = b'{"ok":true,"result":%b}' % self._telegram.call(method, body, boundary)
        except Refusal as refusal:
            status = refusal.code
            answer: dict[str, Any] = {"ok": False, "error_code": status, "description": refusal.description}
            if refusal.retry_after is not None:
                answer["parameters"] = {"retry_after": refusal.retry_after}
            said = json.dumps(answer).encode()
        delay = self._telegram.rules.delay
        if delay:
            asyncio.get_running_loop().call_later(delay, self._write, status, said)
        else:
            self._write(status, said)

    def _write(self, status: int, said: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(
            b"HTTP/1.1 %d .\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
            % (status, len(said), said)
        )


async def serve(port: int, rules: Rules) -> None:
    telegram = Telegram(rules)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Caller(telegram), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    for field in fields(Rules):
        kind = type(field.default)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, default=field.default)
    given = vars(parser.parse_args())
    uvloop.run(serve(given.pop("port"), Rules(**given)))


if __name__ == "__main__":
    main()
