"""Texts that wait for their language.

A flow never holds a finished sentence: it holds a `Text` (a message of the
catalogue with its values) or `Words` (content in several languages). The
channel turns either into a string with the catalogue of the person it is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from flows import khmer


class Catalogue(Protocol):
    """One language in one channel's wording."""

    @property
    def language(self) -> str: ...

    def gettext(self, msgid: str) -> str:
        """The translation, or the msgid itself."""
        ...

    def number(self, value: int) -> str:
        """A whole number with the digits of the language."""
        ...

    def day(self, on: str) -> str:
        """The day 2026-12-01 as it is written, with its weekday."""
        ...


class Source:
    """The language of the source, as it is written here."""

    language = "en"

    def gettext(self, msgid: str) -> str:
        return msgid

    def number(self, value: int) -> str:
        return str(value)

    def day(self, on: str) -> str:
        return on


@dataclass(frozen=True, slots=True)
class Text:
    """A message of the catalogue and the values of its placeholders."""

    msgid: str
    values: tuple[tuple[str, Phrase | str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """Content that carries its own translations, keyed by language code."""

    by_language: tuple[tuple[str, str], ...]

    def in_language(self, language: str) -> str:
        """The words in `language`, else in the first language that there is."""
        for code, words in self.by_language:
            if code == language and words:
                return words
        return next(words for _, words in self.by_language if words)


@dataclass(frozen=True, slots=True)
class Joined:
    """Phrases one after the other."""

    parts: tuple[Phrase | str | int, ...]
    separator: str = " "


@dataclass(frozen=True, slots=True)
class Day:
    """A local day, as 2026-12-01."""

    on: str


Phrase = Text | Words | Joined | Day


def _(msgid: str, /, **values: Phrase | str | int) -> Text:
    """A message to be translated later. Babel collects the literal."""
    return Text(msgid, tuple(values.items()))


def words(by_language: Mapping[str, str]) -> Words:
    """Content words; the first language listed is the one to fall back on."""
    return Words(tuple(by_language.items()))


def joined(*parts: Phrase | str | int, separator: str = " ") -> Joined:
    return Joined(parts, separator)


def decimal(value: float) -> Joined:
    """A number with one decimal, in the digits of the language: ៣.៥."""
    tenths = round(abs(value) * 10)
    number = joined(tenths // 10, tenths % 10, separator=".")
    return joined("-", number, separator="") if value < 0 and tenths else number


def spoken(phrase: Phrase | str | int, catalogue: Catalogue) -> str:
    """The phrase in the catalogue's language. Strings are what a person or a place is called: as they are."""
    match phrase:
        case str():
            return phrase
        case int():
            return catalogue.number(phrase)
        case Text(msgid, values):
            said = catalogue.gettext(msgid)
            if values:
                said = said.format(**{name: spoken(value, catalogue) for name, value in values})
            return said
        case Day(on):
            return catalogue.day(on)
        case Words():
            return phrase.in_language(catalogue.language)
        case Joined(parts, separator):
            return separator.join(filter(None, (spoken(part, catalogue) for part in parts)))


def pieces(text: str, longest: int) -> list[str]:
    """The text in pieces of at most `longest` characters: cut at a line or word, never inside a Khmer cluster."""
    cut: list[str] = []
    while len(text) > longest:
        head = text[:longest]
        at = max(head.rfind("\n"), head.rfind(" "))
        if at < longest // 2:
            at = 0
            for cluster in khmer.clusters(head):
                if at + len(cluster) >= longest:
                    break
                at += len(cluster)
        at = at or longest
        cut.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*cut, text] if text else cut
