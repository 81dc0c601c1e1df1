"""What whoever receives a message has at hand, apart from the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol

from flows.channel import Channel
from flows.engine import Reply
from flows.library import Library
from flows.questions import Said
from flows.text import Catalogue
from storage.vault import Vault

#: Phnom Penh, all year: Cambodia has no daylight saving.
LOCAL = timezone(timedelta(hours=7), "Asia/Phnom_Penh")

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it arrived. `message` is the provider's id of it, unique on its channel."""

    channel: str
    address: str
    message: str
    said: Said


class Medium(Protocol):
    """A channel's way of putting replies into messages."""

    channel: Channel

    def render(
        self, replies: Sequence[Reply], catalogue: Catalogue, tag: str, nav: Sequence[str]
    ) -> list[Part]:
        """Messages to send, as JSON. `nav`: which ways out to offer, of "back" and "menu"."""
        ...


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Desk:
    """`library` is replaced when the reference data changed; everything else stays as it was built."""

    vault: Vault
    library: Library
    media: Mapping[str, Medium]
    catalogues: Mapping[tuple[str, str], Catalogue]  # (language, wording)
    languages: tuple[tuple[str, str], ...]  # (code, own name), the first is the default
    clock: Callable[[], datetime] = utc_now
    heard: Callable[[str], None] = field(default=lambda event: None)  # counts, without who

    def catalogue(self, language: str, channel: Channel) -> Catalogue:
        """The wording of a channel in a language, or in the default language."""
        found = self.catalogues.get((language, channel.wording))
        return found or self.catalogues[self.languages[0][0], channel.wording]

    def labels(self, channel: Channel) -> list[Catalogue]:
        """Every language's wording: a label counts in any."""
        return [self.catalogue(code, channel) for code, _name in self.languages]
