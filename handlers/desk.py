"""What whoever receives a message has at hand, apart from the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from broadcasts.press import Limits
from broadcasts.schedule import LOCAL as LOCAL
from broadcasts.schedule import Timing
from flows.channel import Channel
from flows.library import Library
from flows.medium import Medium as Medium
from flows.medium import Part as Part
from flows.questions import Said
from flows.text import Catalogue
from handlers.shelf import Shelf
from storage.codes import drawn
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it arrived. `message` is the provider's id of it, unique on its channel."""

    channel: str
    address: str
    message: str
    said: Said


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
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    username: str = ""  # of the bot, where it is known
    number: str = ""  # that text messages are sent to, where any can be
    draw: Callable[[str], str] = drawn  # a new code for a purpose
    site: str = ""  # the address our pages have, where they have one
    samples: bool = False  # whether made-up packs are shown, as in demo mode
    shelf: Shelf = field(default_factory=Shelf)

    def catalogue(self, language: str, channel: Channel) -> Catalogue:
        """The wording of a channel in a language, or in the default language."""
        found = self.catalogues.get((language, channel.wording))
        return found or self.catalogues[self.languages[0][0], channel.wording]

    def labels(self, channel: Channel) -> list[Catalogue]:
        """Every language's wording: a label counts in any."""
        return [self.catalogue(code, channel) for code, _name in self.languages]

    def page(self, place: str) -> str:
        """The address of what everybody may read of a commune, or where our pages begin; empty where there are none."""
        return f"{self.site}/c/{place}" if self.site and len(place) == 6 else self.site
