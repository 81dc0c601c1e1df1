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
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.sms import Sms
from bot.channels.telegram import Telegram
from flows.channel import SMS, TELEGRAM, Channel
from flows.questions import Attachment, Said
from flows.segments import measure
from handlers.desk import Incoming, Medium, Part
from storage import outbox
from storage.database import Away

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

#: The apps of the phone, by their place in an address: real channels under another name.
APPS: dict[str, Medium] = {
    TELEGRAM.name: Telegram(replace(TELEGRAM, name=f"phone-{TELEGRAM.name}")),
    SMS.name: Sms(replace(SMS, name=f"phone-{SMS.name}")),
}
HERE = Path(__file__).parent
COOKIE = "samleng-phone"
DIGITS = 16  # of a phone's number; with a dash and the page's id it fits the inbox's 64
LARGEST = 65_536  # bytes of JSON; 4,096 characters, each escaped as two surrogates, are 49,152
LONGEST_VOICE = 3600  # seconds
PAGE = 50  # outbox rows in one answer

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # ask, by its ETag, whether it changed
}


def media() -> dict[str, Medium]:
    """The phone's apps by the name of their channel."""
    return {medium.channel.name: medium for medium in APPS.values()}


def routes(app: App) -> list[BaseRoute]:
    """The page, its two files, and what it asks for."""
    phone = Phone(app)
    return [
        Route("/phone", _file("phone.html")),
        Route("/phone/phone.css", _file("phone.css")),
        Route("/phone/phone.js", _file("phone.js")),
        Route("/phone/new", phone.answered(phone.new), methods=["POST"]),
        Route("/phone/{app}/messages", phone.answered(phone.hear), methods=["POST"]),
        Route("/phone/{app}/messages", phone.answered(phone.show), methods=["GET"]),
    ]


class Refused(Exception):
    """A request that is answered with a 4xx: a code for the page, a sentence for whoever reads it."""

    def __init__(self, status: HTTPStatus, code: str, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.code = code


class Phone:
    """One a process; whose phone it is stands in the cookie."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.signer = Signer(app.desk.vault.token("phone"), salt="phone", digest_method=hashlib.sha256)

    def answered(self, work: Callable[[Request], Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
        """`work`, with what it can't do said in JSON."""

        async def answer(request: Request) -> Response:
            try:
                return await work(request)
            except Refused as refused:
                return _error(refused.status, refused.code, str(refused))
            except Away:
                log.error("database_away")
                return _error(
                    HTTPStatus.SERVICE_UNAVAILABLE, "away", "the database does not answer; try again"
                )

        return answer

    async def new(self, request: Request) -> Response:
        """Another phone, of somebody who never wrote to us.

        A page asks for it, no link leads to it: a cookie that is strict about
        its site is missing when somebody comes from another one.
        """
        _json_only(request)
        number = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        response = Response(status_code=HTTPStatus.NO_CONTENT)
        response.set_cookie(
            COOKIE,
            self.signer.sign(number).decode(),
            path="/phone",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https" or self.app.settings.public_url.startswith("https:"),
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
            return JSONResponse({"number": None, "stale": False, "messages": _shown(None, [sorry], medium)})
        if received.number is not None:
            self.app.sender.sent(received.number)
        return JSONResponse(
            {
                # As text: JavaScript's numbers end at 53 bits.
                "number": None if received.number is None else str(received.number),
                "stale": received.stale,
                "messages": _shown(received.number, received.parts, medium),
            }
        )

    async def show(self, request: Request) -> Response:
        """What the phone was told since `after`: what arrived unasked and, from 0, all of it."""
        medium, number = self._whose(request)
        after = request.query_params.get("after", "0")
        if not re.fullmatch(r"[0-9]{1,19}", after) or int(after) >= 2**63:
            raise Refused(HTTPStatus.BAD_REQUEST, "bad_after", "after is the number of a message")
        rows = await self.app.database.read(
            outbox.shown_to, self.app.desk.vault, medium.channel.name, number, int(after), PAGE
        )
        for row, _parts in rows:
            self.app.sender.sent(row)
        messages = [message for row, parts in rows for message in _shown(row, parts, medium)]
        last = str(rows[-1][0]) if rows else after
        return JSONResponse({"messages": messages, "last": last, "more": len(rows) == PAGE})

    def _whose(self, request: Request) -> tuple[Medium, str]:
        medium = APPS.get(request.path_params["app"])
        if medium is None:
            raise Refused(HTTPStatus.NOT_FOUND, "no_such_app", f"the phone has {' and '.join(APPS)}")
        try:
            number = self.signer.unsign(request.cookies.get(COOKIE, "")).decode()
        except BadSignature:
            raise Refused(HTTPStatus.UNAUTHORIZED, "no_phone", "begin with POST /phone/new") from None
        return medium, number


# -- What comes from the page -----------------------------------------------------------------------------


def _json_only(request: Request) -> None:
    """A form of another site can't send this type without asking us first."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "send application/json")


async def _body(request: Request) -> dict[str, Any]:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long", f"at most {LARGEST} bytes")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(HTTPStatus.BAD_REQUEST, "bad_json", "the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "bad_json", "the body is no JSON object")
    return body


def _id(body: dict[str, Any]) -> str:
    made = body.get("id")
    if not isinstance(made, str) or not re.fullmatch(r"[A-Za-z0-9_-]{8,40}", made):
        raise Refused(
            HTTPStatus.BAD_REQUEST, "bad_id", "id is 8 to 40 of A-Z a-z 0-9 _ -, new for each message"
        )
    return made


def _said(body: dict[str, Any], channel: Channel) -> Said:
    """What was said: one of text, tap, voice and photo, as far as the app has it."""
    match {kind: body[kind] for kind in ("text", "tap", "voice", "photo") if kind in body}:
        case {"text": str(text), **others} if not others and text.strip():
            _sound(text)
            if channel.text_limit is not None and len(text) > channel.text_limit:
                raise Refused(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    "too_long",
                    f"a message has at most {channel.text_limit} characters",
                )
            return Said(text=text)
        case {"tap": str(data), **others} if not others and channel.buttons and 0 < len(data) <= 64:
            _sound(data)
            key, _equals, value = data.partition("=")
            return Said(tap=(key, value))
        case {"voice": int(seconds), **others} if not others and channel.voice and seconds is not True:
            if 0 < seconds <= LONGEST_VOICE:
                return Said(attachment=Attachment("voice", f"phone-{_id(body)}", 0, seconds))
        case {"photo": True, **others} if not others and channel.images:
            return Said(attachment=Attachment("photo", f"phone-{_id(body)}"))
    kinds = [
        '"text"',
        *['"tap"'][: channel.buttons],
        *['"voice"'][: channel.voice],
        *['"photo"'][: channel.images],
    ]
    raise Refused(HTTPStatus.BAD_REQUEST, "bad_message", f"send one of {', '.join(kinds)} that is not empty")


def _sound(text: str) -> None:
    """JSON can spell half a surrogate pair, which no encoding can write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused(HTTPStatus.BAD_REQUEST, "bad_text", "the text has half a character") from None


# -- What goes to the page --------------------------------------------------------------------------------


def _shown(row: int | None, parts: list[Part], medium: Medium) -> list[dict[str, Any]]:
    """Messages as the page shows them: with their buttons, or with their price."""
    messages = []
    for number, part in enumerate(parts):
        message: dict[str, Any] = {
            "row": None if row is None else str(row),
            "part": number,
            "text": part["text"],
        }
        if medium.channel.buttons:
            message["keyboard"] = [
                [{"label": label, "data": data} for label, data in buttons]
                for buttons in part.get("keyboard", ())
            ]
        if medium.channel.brief:
            cost = measure(part["text"])
            message |= {"encoding": cost.encoding, "units": cost.units, "segments": cost.count}
        messages.append(message)
    return messages


def _error(status: HTTPStatus, code: str, why: str) -> JSONResponse:
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse({"error": code, "message": why}, status, headers)


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_request: Request) -> Response:
        return FileResponse(HERE / name, headers=HEADERS)

    return serve
