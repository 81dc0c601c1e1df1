"""SMS over any Twilio-compatible service: a turn's replies become one numbered text.

Every segment is paid for, so what is said is joined into one message, without
the invisible U+200B that would cost a unit each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import encode_basic_auth
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from bot.sender import Refused
from flows import khmer
from flows.channel import SMS, Channel
from flows.engine import Reply
from flows.questions import Choice, Open, Option, Question, Said, Say, Scale
from flows.segments import affordable, split
from flows.text import Catalogue, _, spoken
from handlers.desk import Incoming, Part

OFFICIAL = "https://api.twilio.com"
#: Segments of one message. Basic phones join a few reliably; ten of Khmer would still be within the 1,600
#: characters that Twilio-compatible services take. A longer text becomes several messages, numbered (១/៣).
MOST_SEGMENTS = 6
SECONDS = 20  # for an answer of the service

#: Beside a score's question: the first time with what the ends mean, later only the range.
#: Translators: after a question scored from 1 to 5, in a text message; as short as can be
LEGEND = _("(1 very dissatisfied - 5 very satisfied)")
RANGE = _("(1-5)")
SKIP_HINT = _("0 = skip")


class Sms:
    """Renders for any channel that has only text."""

    def __init__(self, channel: Channel = SMS) -> None:
        self.channel = channel

    def render(
        self, replies: Sequence[Reply], catalogue: Catalogue, tag: str, nav: Sequence[str]
    ) -> list[Part]:
        """One message; a long text becomes several, numbered, none cut inside a Khmer cluster."""
        texts = [
            spoken(reply.text, catalogue) if isinstance(reply, Say) else asked(reply, catalogue)
            for reply in replies
        ]
        whole = affordable(khmer.visible("\n".join(texts)).strip())
        khmer_numbers = catalogue.number(1) != "1"
        return [{"text": part} for part in split(whole, MOST_SEGMENTS, khmer=khmer_numbers)]


def asked(question: Question[Any], catalogue: Catalogue) -> str:
    """A question with its numbered options."""
    text = spoken(question.text, catalogue)
    if isinstance(question, Scale):
        ends = LEGEND if question.legend else RANGE
        return f"{text} {spoken(ends, catalogue)}"
    options: Sequence[Option[Any]] = ()
    if isinstance(question, Choice):
        options = question.options
    elif isinstance(question, Open):
        options = question.ways
    lines = [text]
    lines += [
        f"{catalogue.number(number)} {spoken(option.label, catalogue)}"
        for number, option in enumerate(options, 1)
    ]
    if question.skippable:
        lines.append(spoken(SKIP_HINT, catalogue))
    return "\n".join(lines)


def read(form: Mapping[str, str], name: str = SMS.name) -> Incoming:
    """A form as the service posts it: MessageSid, From, Body; OptOutType when the service handled a stop itself."""
    body = form.get("Body", "")
    if form.get("OptOutType", "").upper() == "STOP":
        body = "STOP"
    media = form.get("NumMedia", "0")
    other = "media" if not body.strip() and media.isdigit() and int(media) > 0 else ""
    return Incoming(name, form["From"].strip(), form["MessageSid"], Said(text=body, other=other))


#: The service's word for a message's state, and ours. What is not listed changes nothing.
STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "cancelled",
}


def reported(form: Mapping[str, str]) -> tuple[str, str, str | None] | None:
    """A delivery receipt: the message's id, our state, the service's error code; None when it says nothing new."""
    state = STATES.get(form.get("MessageStatus", form.get("SmsStatus", "")).lower())
    sid = form.get("MessageSid") or form.get("SmsSid")
    return (sid, state, form.get("ErrorCode") or None) if state and sid else None


# -- What leaves ------------------------------------------------------------------------------------------

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
