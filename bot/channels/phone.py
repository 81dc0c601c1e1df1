"""The browser phone: Telegram and SMS side by side on a page, for whoever has neither a bot nor a gateway.

A channel like the others: what is typed goes through the same intake, what is
answered comes out of the same outbox. Served in demo mode only.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.sms import Sms
from bot.channels.telegram import LONGEST_DATA, Telegram
from flows.channel import SMS, TELEGRAM, Channel
from flows.questions import RECORDING, Attachment, Said
from flows.segments import measure
from handlers.desk import Incoming, Medium, Part
from storage import outbox, recordings
from storage.database import Away

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

#: The phone's apps, by their place in an address: the real channels under names of their own.
APPS: dict[str, Medium] = {
    TELEGRAM.name: Telegram(replace(TELEGRAM, name=f"phone-{TELEGRAM.name}", documents=False)),
    SMS.name: Sms(replace(SMS, name=f"phone-{SMS.name}")),
}
FILES = {path.name: path for path in (Path(__file__).parent / "phone_page").iterdir()}
COOKIE = "samleng-phone"
DIGITS = 16  # of a phone's number; with a dash and the page's id it fits the inbox's 64
LARGEST = 65_536  # bytes of JSON; 4,096 characters, each escaped as two surrogates, are 49,152
LONGEST_VOICE = 3600  # seconds
#: The page is shown again what was sent to many in this time: it may be older than a reply shown before it.
JUST_SENT = timedelta(minutes=1)
PAGE = 50  # outbox rows in one answer

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def media() -> dict[str, Medium]:
    """The phone's apps by the name of their channel."""
    return {medium.channel.name: medium for medium in APPS.values()}


def routes(app: App) -> list[BaseRoute]:
    """The page, its files, and what it asks for."""
    phone = Phone(app)
    return [
        Route("/phone", _file),
        Route("/phone/{name}", _file),
        Route("/phone/new", _answered(phone.new), methods=["POST"]),
        Route("/phone/sounds/{signed}", _answered(phone.sound)),
        Route("/phone/{app}/messages", _answered(phone.hear), methods=["POST"]),
        Route("/phone/{app}/messages", _answered(phone.show), methods=["GET"]),
    ]


class PhoneTransport:
    """The page asks for what there is: a message has left as soon as it may be seen."""

    def weigh(self, part: Part) -> int:
        return 1

    async def send(self, address: str, part: Part, number: int, *, bulk: bool = False) -> str | None:
        return None


def transports() -> dict[str, PhoneTransport]:
    """By the name of their channel."""
    return dict.fromkeys(media(), PhoneTransport())


class Refusal(Exception):
    """What a request is refused with: a status, a code for the page, a sentence for whoever reads it."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.code = code


class Phone:
    """One a process; whose phone it is stands in the cookie."""

    def __init__(self, app: App) -> None:
        self.app = app
        token = app.desk.vault.token("phone")
        self.signer = Signer(token, salt="phone", digest_method=hashlib.sha256)
        self.sounds = Signer(token, salt="phone-sound", digest_method=hashlib.sha256)

    async def new(self, request: Request) -> Response:
        """Another phone, of somebody who never wrote to us.

        The page asks for it rather than being served with it: a strict cookie
        does not come along when a link on another site leads here.
        """
        _json_only(request)
        number = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        response = Response(status_code=204)
        response.set_cookie(
            COOKIE,
            self.signer.sign(number).decode(),
            path="/phone",
            httponly=True,
            samesite="strict",
            secure=self.app.settings.public_url.startswith("https:"),
        )
        return response

    async def hear(self, request: Request) -> Response:
        """What was typed, tapped or attached; the answer to it. The page's id makes a second try harmless."""
        medium, number = self._whose(request)
        _json_only(request)
        body = await _body(request)
        said = _said(body, medium.channel)
        # Under its own number: no phone gets at another's answer by naming its message.
        incoming = Incoming(medium.channel.name, number, f"{number}-{_id(body)}", said)
        received = await self.app.intake.take_persistently(incoming, body)
        if received is None:
            sorry: Part = {"text": self.app.sorry(medium.channel)}
            return _json({"row": None, "stale": False, "messages": self._shown(None, [sorry], medium)})
        row = received.number
        if row is not None:
            self.app.sender.sent(row, channel=medium.channel.name)
        shown = self._shown(row, received.parts, medium)
        return _json({"row": row and str(row), "stale": received.stale, "messages": shown})

    async def show(self, request: Request) -> Response:
        """What the phone was told since the row `after`: what arrives unasked and, from 0, all there is."""
        medium, number = self._whose(request)
        after = request.query_params.get("after", "0")
        if not re.fullmatch(r"[0-9]{1,19}", after) or int(after) >= 2**63:
            raise Refusal(400, "bad_after", "after is the row of a message")
        vault, channel = self.app.desk.vault, medium.channel.name
        since = self.app.desk.clock() - JUST_SENT
        rows = await self.app.database.read(outbox.shown_to, vault, channel, number, int(after), PAGE, since)
        for row, _parts in rows:
            if row > int(after):
                self.app.sender.sent(row, channel=channel)
        messages = [message for row, parts in rows for message in self._shown(row, parts, medium)]
        last = str(max(int(after), rows[-1][0])) if rows else after
        return _json({"messages": messages, "last": last, "more": len(rows) == PAGE})

    async def sound(self, request: Request) -> Response:
        """A recording, for who was shown the message that it goes with: its address is signed."""
        try:
            number = int(self.sounds.unsign(request.path_params["signed"]))
        except BadSignature:
            raise Refusal(404, "no_such_sound", "the address of a recording comes with a message") from None
        sound = await self.app.database.read(recordings.sound, number)
        if sound is None:
            raise Refusal(404, "no_such_sound", "the recording was deleted")
        return Response(sound, media_type="audio/ogg", headers={"Cache-Control": "private, max-age=3600"})

    def _shown(self, row: int | None, parts: list[Part], medium: Medium) -> list[dict[str, Any]]:
        messages = _shown(row, parts, medium)
        for message, part in zip(messages, parts, strict=True):
            if RECORDING in part:
                signed = self.sounds.sign(str(part[RECORDING])).decode()
                message["sound"] = {"address": f"phone/sounds/{signed}", "seconds": part["seconds"]}
        return messages

    def _whose(self, request: Request) -> tuple[Medium, str]:
        medium = APPS.get(request.path_params["app"])
        if medium is None:
            raise Refusal(404, "no_such_app", f"the phone has {' and '.join(APPS)}")
        try:
            return medium, self.signer.unsign(request.cookies.get(COOKIE, "")).decode()
        except BadSignature:
            raise Refusal(401, "no_phone", "begin with POST /phone/new") from None


# -- What comes from the page -----------------------------------------------------------------------------


def _json_only(request: Request) -> None:
    """A page of another site can't send this type without asking us first."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "not_json", "send application/json")


async def _body(request: Request) -> dict[str, Any]:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST:
            raise Refusal(413, "too_long", f"at most {LARGEST:,} bytes")
    try:
        body = json.loads(raw)
        json.dumps(
            body, ensure_ascii=False
        ).encode()  # JSON can spell half a character, which nothing can keep
    except (ValueError, RecursionError):
        raise Refusal(400, "bad_json", "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "bad_json", "the body is no JSON object")
    return body


def _id(body: dict[str, Any]) -> str:
    made = body.get("id")
    if not isinstance(made, str) or not re.fullmatch(r"[A-Za-z0-9_-]{8,40}", made):
        raise Refusal(400, "bad_id", "id is 8 to 40 of A-Z a-z 0-9 _ -, a new one for each message")
    return made


def _said(body: dict[str, Any], channel: Channel) -> Said:
    """What was said: one of text, tap, voice and photo, of those that the app has."""
    match {kind: body[kind] for kind in ("text", "tap", "voice", "photo") if kind in body}:
        case {"text": str(text), **others} if not others and text.strip():
            if channel.text_limit is not None and len(text) > channel.text_limit:
                raise Refusal(413, "too_long", f"a message has at most {channel.text_limit} characters")
            return Said(text=text)
        case {"tap": str(data), **others} if not others and channel.buttons and data:
            if len(data.encode()) <= LONGEST_DATA:
                key, _equals, value = data.partition("=")
                return Said(tap=(key, value))
        case {"voice": int(seconds), **others} if not others and channel.voice and seconds is not True:
            if 0 < seconds <= LONGEST_VOICE:
                return Said(attachment=Attachment("voice", f"phone-{_id(body)}", 0, seconds))
        case {"photo": True, **others} if not others and channel.images:
            return Said(attachment=Attachment("photo", f"phone-{_id(body)}"))
    raise Refusal(400, "bad_message", "send a text or, where the app has them, one of tap, voice and photo")


# -- What goes to the page --------------------------------------------------------------------------------


def _shown(row: int | None, parts: list[Part], medium: Medium) -> list[dict[str, Any]]:
    """Messages as the page shows them: with their buttons, or with their price."""
    messages = []
    for number, part in enumerate(parts):
        # The row as text: JavaScript's numbers end at 53 bits.
        message: dict[str, Any] = {"row": row and str(row), "part": number, "text": _text(part)}
        if medium.channel.buttons:
            message["keyboard"] = [
                [{"label": label, "data": data} for label, data in line] for line in part.get("keyboard", ())
            ]
        if medium.channel.brief:
            cost = measure(part["text"])
            message |= {"encoding": cost.encoding, "units": cost.units, "segments": cost.count}
        messages.append(message)
    return messages


#: What goes with a message, as the page can show it.
MARKS = {"photo": "🖼", "voice": "🎤", "picture": "📊"}


def _text(part: Part) -> str:
    marks = [mark for kind, mark in MARKS.items() if kind in part]
    return "\n".join([*marks, part["text"]]).strip() if marks else part["text"]


def _json(content: dict[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(content, status, {"Cache-Control": "no-store"})


def _answered(work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """`work`, with what it can't do said in JSON."""

    async def answer(request: Request) -> Response:
        try:
            return await work(request)
        except Refusal as refusal:
            return _json({"error": refusal.code, "message": str(refusal)}, refusal.status)
        except Away:
            log.error("database_away")
            return _json({"error": "away", "message": "the database does not answer; try again"}, 503)

    return answer


async def _file(request: Request) -> Response:
    path = FILES.get(request.path_params.get("name", "phone.html"))
    return FileResponse(path, headers=HEADERS) if path else Response(status_code=404)
