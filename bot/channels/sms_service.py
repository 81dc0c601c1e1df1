"""Sending through a Twilio-compatible service. Apart from `sms`, since only a process that sends needs its library."""

from __future__ import annotations

from typing import Any

import structlog
from aiohttp import encode_basic_auth
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from bot.channels.sms import meaning
from bot.sender import Refused
from flows.medium import Part
from flows.segments import measure
from handlers.deliveries import AGAIN, SLOW

log = structlog.get_logger(__name__)

OFFICIAL = "https://api.twilio.com"
SECONDS = 20  # for an answer of the service

SLOW_FOR = 5.0  # seconds of quiet when the service takes no more; it does not say how many
LOCKED_FOR = 60.0  # seconds of quiet when it does not know us: until somebody has mended the settings


class ElsewhereHttpClient(AsyncTwilioHttpClient):
    """The library's client, for any service that speaks Twilio's API at another address."""

    def __init__(self, root: str) -> None:
        super().__init__()
        self._root = root

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        # The library would wait for ever, and name who we are in a way that aiohttp gives up.
        kwargs["timeout"] = SECONDS
        auth = kwargs.pop("auth", None)
        if auth:
            kwargs["headers"] = {**(kwargs.get("headers") or {}), "Authorization": encode_basic_auth(*auth)}
        return await super().request(method, url.replace(OFFICIAL, self._root, 1), *args, **kwargs)


class SmsTransport:
    """Sends through the service's API and says what a refusal means."""

    def __init__(self, account: str, token: str, sender: str, root: str, callback: str = "") -> None:
        self.http = ElsewhereHttpClient(root)
        self.client = Client(account, token, http_client=self.http)
        self.sender = sender
        self.callback = callback

    def weigh(self, part: Part) -> int:
        """The pace of SMS is in segments."""
        return measure(str(part["text"])).count

    async def send(self, address: str, part: Part, number: int, *, bulk: bool = False) -> str | None:
        given = {"status_callback": self.callback} if self.callback else {}
        try:
            sent = await self.client.messages.create_async(
                to=address, from_=self.sender, body=part["text"], **given
            )
        except TwilioRestException as error:
            reason = f"{error.status}/{error.code or 0}"
            if error.status == 401:
                log.error(
                    "sms_account_refused", next="see SAMLENG_SMS_ACCOUNT_SID and SAMLENG_SMS_AUTH_TOKEN"
                )
                raise Refused(reason, AGAIN, after=LOCKED_FOR) from error
            means = meaning(error.code or 0, error.status)
            raise Refused(reason, means, after=SLOW_FOR if means == SLOW else None) from error
        except Exception as error:  # the client lets aiohttp's errors through
            raise Refused(type(error).__name__) from error
        return str(sent.sid)

    async def close(self) -> None:
        await self.http.close()
