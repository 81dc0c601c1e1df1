"""Recordings of what is asked and published: the languages they are in, and what a conversation may know of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flows.text import Phrase, _

#: What one may listen to, by ISO 639-3 but for Khmer. The others are only spoken: they are heard beside Khmer text.
LANGUAGES = ("km", "cmo", "tpu", "krr", "krv", "jra")
KHMER = LANGUAGES[0]

#: What a recording may be. Telegram takes voice notes of up to 1 MB (limits of the Bot API for `sendVoice`); at the
#: rate of a voice note, three minutes are about 700 kB.
LARGEST = 1_000_000  # bytes
LONGEST = 180  # seconds
SHORTEST = 1

#: What can be wrong with one.
TROUBLES = ("format", "short", "long", "large", "away")


def language_name(code: str) -> Phrase:
    """What a language is called."""
    match code:
        case "km":
            return _("Khmer")
        case "cmo":
            return _("Bunong")
        case "tpu":
            return _("Tampuan")
        case "krr":
            return _("Kreung")
        case "krv":
            return _("Kavet")
        case "jra":
            return _("Jarai")
    raise ValueError(f"there is no language {code!r} to listen to; there are {', '.join(LANGUAGES)}")


@dataclass(frozen=True, slots=True)
class Sound:
    """What a voice note holds, without what else was written into the file; or what is wrong with it, one of
    TROUBLES. `seconds` are whole ones, rounded up."""

    content: bytes = b""
    seconds: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording, without its sound. `commune`: where it was made, "" by the operator for everybody. `says` tells
    one text of a block from another (`flows.recordable.fingerprint`)."""

    number: int
    key: str
    language: str
    commune: str
    says: str
    state: str  # proposed, approved, superseded, refused
    seconds: int
    size: int = 0


class Sounds:
    """What there is to be heard; here, nothing. What knows the stored ones is `handlers.listening`."""

    def languages(self) -> Collection[str]:
        """Those in which this person would hear anything."""
        return ()

    def recorded(self, commune: str, language: str) -> Mapping[str, Sequence[Recording]]:
        """What a commune has recorded in a language, approved or waiting, by key."""
        return {}

    def waiting(self) -> Sequence[Recording]:
        """What waits for this person's approval, the oldest first."""
        return ()

    def of(self, number: int) -> Recording | None:
        """A recording that waits for this person's approval."""
        return None


NO_SOUNDS = Sounds()
