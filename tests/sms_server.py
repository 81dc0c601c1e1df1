"""A strict stand-in for a Twilio-compatible service on 127.0.0.1, its signed forms, and phones that text."""

from __future__ import annotations

import base64
import itertools
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from twilio.request_validator import RequestValidator

ACCOUNT = "AC" + "0" * 32
AUTH_TOKEN = "an-auth-token-for-tests-only"
NUMBER = "+85510000000"  # ours
API = "/2010-04-01/Accounts"


class Refusal(Exception):
    """An error as the service answers it: HTTP status, the service's code, what it says."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Dropped(Exception):
    """The connection breaks before anything was answered."""


def opted_out() -> Refusal:
    return Refusal(400, 21610, "Attempt to send to unsubscribed recipient")


def slow_down() -> Refusal:
    return Refusal(429, 20429, "Too Many Requests")


def broken() -> Refusal:
    return Refusal(500, 20500, "Internal Server Error")


@dataclass(frozen=True)
class Text:
    """One message that the service took."""

    sid: str
    to: str
    body: str
    callback: str


class SmsServer:
    """`async with SmsServer() as sms:` listens at `sms.url`. `faults`: what the next sends meet, None for nothing."""

    def __init__(self, account: str = ACCOUNT, token: str = AUTH_TOKEN, sender: str = NUMBER) -> None:
        self.account = account
        self.token = token
        self.sender = sender
        self.url = ""
        self.sent: list[Text] = []
        self.asked = 0
        self.faults: list[Refusal | Dropped | None] = []
        self.opted_out: set[str] = set()
        self._sids = itertools.count(1)

    async def __aenter__(self) -> SmsServer:
        app = web.Application()
        app.router.add_post(API + "/{account}/Messages.json", self._create)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._runner.cleanup()

    def sid(self, kind: str = "SM") -> str:
        return f"{kind}{next(self._sids):032x}"

    def signature(self, url: str, form: dict[str, str]) -> str:
        """What the service writes into X-Twilio-Signature, by its own library."""
        return str(RequestValidator(self.token).compute_signature(url, form))

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            text = self._take(request, form)
        except Refusal as refusal:
            body = {
                "code": refusal.code,
                "message": str(refusal),
                "more_info": f"https://www.twilio.com/docs/errors/{refusal.code}",
                "status": refusal.status,
            }
            return web.json_response(body, status=refusal.status)
        except Dropped:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=500)
        self.sent.append(text)
        return web.json_response(self._resource(text), status=201)

    def _take(self, request: web.Request, form: dict[str, str]) -> Text:
        wanted = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            raise Refusal(401, 20003, "Authenticate")
        if request.match_info["account"] != self.account:
            raise Refusal(404, 20404, "The requested resource was not found")
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        to, body, callback = form.get("To", ""), form.get("Body", ""), form.get("StatusCallback", "")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            raise Refusal(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if form.get("From") != self.sender:
            raise Refusal(
                400, 21606, "The 'From' phone number provided is not a valid, message-capable number"
            )
        if not body:
            raise Refusal(400, 21602, "Message body is required.")
        if len(body) > 1600:
            raise Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        if callback and not urlsplit(callback).hostname:
            raise Refusal(400, 21609, "The 'StatusCallback' URL is not a valid URL.")
        if to in self.opted_out:
            raise opted_out()
        return Text(self.sid(), to, body, callback)

    def _resource(self, text: Text) -> dict[str, Any]:
        """A message as the service describes it."""
        return {
            "sid": text.sid,
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": text.body,
            "date_created": "Sun, 22 Nov 2026 02:00:00 +0000",
            "date_sent": None,
            "date_updated": "Sun, 22 Nov 2026 02:00:00 +0000",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": self.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "status": "queued",
            "subresource_uris": {},
            "to": text.to,
            "uri": f"{API}/{self.account}/Messages/{text.sid}.json",
        }


class Phone:
    """Somebody who texts. Every method is something she does; it returns the form that tells of it."""

    def __init__(self, sms: SmsServer, number: str) -> None:
        self.sms = sms
        self.number = number

    def text(self, body: str, **more: str) -> dict[str, str]:
        sid = self.sms.sid()
        form = {
            "AccountSid": self.sms.account,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": self.number,
            "FromCountry": "KH",
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": self.sms.sender,
            "ToCountry": "KH",
        }
        return form | more

    def picture(self) -> dict[str, str]:
        media = {"MediaContentType0": "image/jpeg", "MediaUrl0": "https://media.example/1"}
        return self.text("", NumMedia="1", **media)


def receipt(sms: SmsServer, sid: str, state: str, to: str, error: str = "") -> dict[str, str]:
    """What the service says of a message that it took."""
    form = {
        "AccountSid": sms.account,
        "ApiVersion": "2010-04-01",
        "From": sms.sender,
        "MessageSid": sid,
        "MessageStatus": state,
        "SmsSid": sid,
        "SmsStatus": state,
        "To": to,
    }
    return form | ({"ErrorCode": error} if error else {})
