"""Sending through a Twilio-compatible service. Apart from `sms`, since only a process that sends needs its library."""

from __future__ import annotations

from typing import Any

from aiohttp import encode_basic_auth
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from bot.sender import Refused
from handlers.desk import Part

OFFICIAL = "https://api.twilio.com"
SECONDS = 20  # for an answer of the service

#: The service's error codes that no repetition mends (opted out, no mobile number, carrier refuses), and of
#: these the ones that mean that this person can't be reached any more.
FINAL = frozenset({21211, 21408, 21610, 21612, 21614, 30004, 30005, 30006, 30007})
GONE = frozenset({21610, 21614, 30005, 30006})


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

    async def send(self, address: str, part: Part, number: int) -> str | None:
        given = {"status_callback": self.callback} if self.callback else {}
        try:
            sent = await self.client.messages.create_async(
                to=address, from_=self.sender, body=part["text"], **given
            )
        except TwilioRestException as error:
            code = error.code or 0
            if error.status == 429 or code in {20429, 429}:
                raise Refused(f"slow down ({code})", after=5) from error
            final = code in FINAL or error.status in {400, 404}
            raise Refused(f"{error.status}/{code}", gone=code in GONE, final=final) from error
        except Exception as error:  # the client lets aiohttp's errors through
            raise Refused(type(error).__name__) from error
        return str(sent.sid)

    async def close(self) -> None:
        await self.http.close()
