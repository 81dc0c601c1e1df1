"""The routes that providers call: verify, read, receive, and only after the commit acknowledge."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

from bot.channels import sms
from bot.intake import Failed
from flows.channel import SMS
from storage.database import Away, alive

if TYPE_CHECKING:
    from bot.app import App
    from handlers.desk import Incoming
    from handlers.receive import Received

log = structlog.get_logger(__name__)

LARGEST = 1_000_000  # bytes; an update or form is a few thousand
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
SIGNATURE_HEADER = "X-Twilio-Signature"


def routes(app: App) -> list[Route]:
    """What is served for this configuration."""
    hooks = Hooks(app)
    served = [Route("/healthz", hooks.health), Route("/metrics", hooks.metrics)]
    if app.settings.telegram_on:
        served.append(Route("/telegram/webhook", hooks.telegram, methods=["POST"]))
    if app.settings.sms_on:
        served.append(Route("/sms/webhook", hooks.sms, methods=["POST"]))
        served.append(Route("/sms/status", hooks.sms_status, methods=["POST"]))
    return served


class Hooks:
    def __init__(self, app: App) -> None:
        self.app = app
        self.validator = RequestValidator(app.settings.sms_auth_token or "none")
        self.secret = app.telegram_secret.encode()

    # -- Telegram --------------------------------------------------------------------------------------

    async def telegram(self, request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self.secret):
            return self._forged("telegram")
        body = await self._body(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        try:
            await self.app.telegram_raw(json.loads(body))
        except ValueError as error:
            # Nothing that Telegram sends; it would bring it for a day if we refused it.
            log.warning("unreadable_update", error=type(error).__name__)
            return PlainTextResponse("unreadable", 200)
        except Away:
            return self._away()
        except Failed:
            return PlainTextResponse("again, please", 500)
        return Response(status_code=200)

    # -- SMS -------------------------------------------------------------------------------------------

    async def sms(self, request: Request) -> Response:
        form = await self._signed(request)
        if isinstance(form, Response):
            return form
        if not form.get("MessageSid") or not form.get("From"):
            return PlainTextResponse("MessageSid and From are needed", 400)
        incoming = sms.read(form)
        try:
            received = await self.app.intake.take_persistently(incoming, form)
        except Away:
            return self._away()
        answer = MessagingResponse()
        if received is None:
            answer.message(self.app.sorry(SMS))
            return _twiml(answer)
        # Where somebody opted out, the service has answered itself and would refuse ours (21610).
        for part in () if "OptOutType" in form else received.parts:
            if self.app.settings.public_url:
                # The receipt names the row, since the service tells us no id for what we answer with.
                answer.message(
                    part["text"], action=f"{self.app.settings.public_url}/sms/status?n={received.number}"
                )
            else:
                answer.message(part["text"])
        number = received.number
        done = BackgroundTask(self._said, number, incoming, received) if number is not None else None
        return _twiml(answer, done)

    async def _said(self, number: int, incoming: Incoming, received: Received) -> None:
        """The answer has left. A coroutine: a plain function would be run in a thread, without our event loop."""
        self.app.sender.sent(number, channel=SMS.name)
        self.app.sender.left(SMS.name, incoming.address, received.parts)

    async def sms_status(self, request: Request) -> Response:
        form = await self._signed(request)
        if isinstance(form, Response):
            return form
        reported = sms.reported(form)
        if reported is not None:
            sid, state, error = reported
            number = request.query_params.get("n", "")
            try:
                await self.app.receipt(sid, state, error, int(number) if number.isdigit() else None)
            except Away:
                return self._away()
        return Response(status_code=204)

    async def _signed(self, request: Request) -> dict[str, str] | Response:
        """The form of a request that the service signed over our public address, or the refusal."""
        body = await self._body(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        try:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200))
        except ValueError:  # no form that the service could have signed
            return self._forged("sms")
        url = self.app.settings.public_url + request.url.path
        if request.url.query:
            url += f"?{request.url.query}"
        if not self.validator.validate(url, form, request.headers.get(SIGNATURE_HEADER, "")):
            return self._forged("sms")
        return form

    # -- For the operator ------------------------------------------------------------------------------

    async def health(self, request: Request) -> Response:
        try:
            await self.app.database.read(alive)
        except Away:
            return JSONResponse({"database": "away"}, 503)
        return JSONResponse({"database": "here"})

    async def metrics(self, request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    # -- Shared ----------------------------------------------------------------------------------------

    async def _body(self, request: Request) -> bytes | None:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                return None
        return bytes(body)

    def _forged(self, channel: str) -> Response:
        """Counted and logged without anything that came with it."""
        self.app.desk.heard(f"forged_{channel}")
        log.warning("forged_webhook", channel=channel)
        return PlainTextResponse("not for you", 403)

    def _away(self) -> Response:
        log.error("database_away")
        return PlainTextResponse("try again", 503, headers={"Retry-After": "5"})


def _twiml(answer: MessagingResponse, done: BackgroundTask | None = None) -> Response:
    return Response(str(answer), media_type="application/xml", background=done)
