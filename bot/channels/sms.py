"""SMS over any Twilio-compatible service: a turn's replies become one numbered text.

Every segment is paid for, so what is said is joined into one message, without
the invisible U+200B that would cost a unit each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from flows import khmer
from flows.channel import SMS, Channel
from flows.engine import Reply
from flows.pages import Page
from flows.questions import Choice, Open, Option, Question, Said, Say, Scale
from flows.segments import affordable, measure, split
from flows.text import Catalogue, _, spoken
from handlers.deliveries import AGAIN, FINAL, GONE, LATER, SLOW, STOPPED
from handlers.desk import Incoming, Part

if TYPE_CHECKING:
    from bot.channels.sms_service import SmsTransport

#: Segments of one message. Basic phones join a few reliably; ten of Khmer would still be within the 1,600
#: characters that Twilio-compatible services take. A longer text becomes several messages, numbered (១/៣).
MOST_SEGMENTS = 6

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
    if isinstance(question, Page):
        return spoken(question.written, catalogue)
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


#: The service's error codes, whether it refuses a message with one or says it in a receipt. What is not listed
#: here goes by the status of the answer, below.
ERRORS = {
    429: SLOW,
    20429: SLOW,
    21211: FINAL,  # no number at all
    21408: FINAL,  # the account may not send to this country
    21610: STOPPED,  # opted out with the service
    21612: FINAL,  # no way there from our number
    21614: GONE,  # no mobile number
    30003: LATER,  # unreachable: switched off, out of reach
    30004: FINAL,  # blocked on the way
    30005: GONE,  # unknown or no longer in use
    30006: GONE,  # a landline, or a network that can't be reached
    30007: FINAL,  # filtered by a carrier
}
STATUSES = {400: FINAL, 404: FINAL, 429: SLOW}


def meaning(code: int, status: int = 0) -> str:
    """What an error of the service says of trying again, and of whom the message was for."""
    return ERRORS.get(code) or STATUSES.get(status, AGAIN)


def reported(form: Mapping[str, str]) -> tuple[str, str, str | None] | None:
    """A delivery receipt: the message's id, our state, the service's error code; None when it says nothing new."""
    state = STATES.get(form.get("MessageStatus", form.get("SmsStatus", "")).lower())
    sid = form.get("MessageSid") or form.get("SmsSid")
    return (sid, state, form.get("ErrorCode") or None) if state and sid else None


class LateTransport:
    """The service's transport, whose library is loaded when something is first sent: it takes half a second and
    5 MiB, and answers to messages leave in the reply to the webhook without it. `service`: as `SmsTransport` takes it.
    """

    def __init__(self, *service: str) -> None:
        self._service = service
        self._made: SmsTransport | None = None

    def weigh(self, part: Part) -> int:
        """The pace of SMS is in segments."""
        return measure(str(part["text"])).count

    async def send(self, address: str, part: Part, number: int, *, bulk: bool = False) -> str | None:
        if self._made is None:
            module = await asyncio.to_thread(import_module, "bot.channels.sms_service")
            self._made = self._made or module.SmsTransport(*self._service)
        return await self._made.send(address, part, number, bulk=bulk)

    async def close(self) -> None:
        if self._made is not None:
            await self._made.close()
