"""What a channel can do, as data. Nobody asks which channel it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """Capabilities and limits of one way to reach a person.

    `wording` names the catalogue to look in before `messages`. `brief` says
    that each message costs its reader or us money: flows then ask less and
    join more. `text_limit` is in characters of one message (see the limits of
    the provider), None where a message may be any length.
    """

    name: str
    wording: str = "messages"
    can_receive: bool = True
    buttons: bool = False
    brief: bool = False
    voice: bool = False
    images: bool = False
    delivery_reports: bool = False
    documents: bool = False
    text_limit: int | None = None


TELEGRAM = Channel(
    "telegram", buttons=True, voice=True, images=True, documents=True, text_limit=4096
)  # Telegram Bot API: 4,096 characters after entities
SMS = Channel(
    "sms", wording="sms", brief=True, delivery_reports=True, text_limit=1600
)  # Twilio-compatible services take 1,600 characters
