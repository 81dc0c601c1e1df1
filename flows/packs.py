"""What a service owes and does, as its provider says it: rights, standards, performance, prices, budget, taking part.

A pack is of one facility, or of a service (then its subject is the service's code): the general standards that
are shown where no facility has published anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from flows.text import Words, words

if TYPE_CHECKING:
    from datetime import date

#: The blocks of a pack, in the order they are read.
BLOCKS = ("rights", "standards", "performance", "prices", "budget", "part")

#: What kinds of text a block has; the others have one kind, "".
KINDS = {"rights": ("right", "duty"), "part": ("meeting", "contact", "complaint")}

STATES = ("draft", "published", "superseded")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a pack says. `key` is its block and a running number, "prices-3": permanent within the pack.
    `true_on` is the day it was true, 2026-01-31; `source` who says so."""

    key: str
    text: Words
    source: Words
    true_on: str

    @property
    def block(self) -> str:
        return self.key.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Text(Item):
    """A right, a standard, or a way to take part. `kind`: one of KINDS for its block, else ""."""

    kind: str = ""


@dataclass(frozen=True, slots=True)
class Performance(Item):
    """What was to be reached in a year and what was; `actual` None: not known. Both in `unit`."""

    target: float
    actual: float | None
    unit: Words
    year: int


@dataclass(frozen=True, slots=True)
class Price(Item):
    """A service and what it costs: `riel` 0 is free. `days`: the longest it may take, in working days.
    `keywords`: other words by which people ask for it."""

    riel: int
    days: int | None = None
    documents: Words | None = None
    exempt: Words | None = None
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget(Item):
    """A line of the budget, in riel; `spent` None: not known."""

    planned: int
    spent: int | None
    year: int


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything one facility publishes, or a service's general standards. `items` stand in the order of BLOCKS.
    `published_on`: the local day; None for a draft. `sample`: made up, to show what a pack looks like."""

    subject: str
    service: str
    items: tuple[Item, ...]
    version: int = 0
    state: str = "draft"
    sample: bool = False
    published_on: str | None = None

    @property
    def general(self) -> bool:
        """Of the service and not of a facility."""
        return self.subject == self.service

    @property
    def blocks(self) -> tuple[str, ...]:
        """Those that have anything, in their order."""
        there = {item.block for item in self.items}
        return tuple(block for block in BLOCKS if block in there)

    def of(self, block: str) -> tuple[Item, ...]:
        """The items of one block."""
        return tuple(item for item in self.items if item.block == block)


def kind_of(block: str) -> type[Item]:
    """What the items of a block are."""
    return {"performance": Performance, "prices": Price, "budget": Budget}.get(block, Text)


def same(one: Pack, other: Pack) -> bool:
    """Whether both say the same, whatever their version and state."""
    return replace(one, version=0, state="", published_on=None) == replace(
        other, version=0, state="", published_on=None
    )


def old(item: Item, today: date) -> bool:
    """Whether the item was last known to be true more than twelve months ago."""
    return item.true_on < f"{today.year - 1:04}-{today.month:02}-{today.day:02}"


def last_true_on(items: Iterable[Item]) -> str | None:
    """The day of the item that was confirmed last; None when there is none."""
    return max((item.true_on for item in items), default=None)


# -- As JSON ----------------------------------------------------------------------------------------------


def as_json(pack: Pack) -> dict[str, Any]:
    """The pack as a database or a file keeps it."""
    return {
        "subject": pack.subject,
        "service": pack.service,
        "items": [_item_as_json(item) for item in pack.items],
        "version": pack.version,
        "state": pack.state,
        "sample": pack.sample,
        "published_on": pack.published_on,
    }


def from_json(said: Mapping[str, Any]) -> Pack:
    """The inverse of `as_json`."""
    return Pack(**{**said, "items": tuple(map(_item_from_json, said["items"]))})


def _item_as_json(item: Item) -> dict[str, Any]:
    # Left out is what is not there: a pack is read on every page.
    return {
        field.name: _OUT[type(value)](value) if type(value) in _OUT else value
        for field in fields(item)
        if (value := getattr(item, field.name)) not in (None, "", ())
    }


def _item_from_json(said: Mapping[str, Any]) -> Item:
    made = kind_of(said["key"].partition("-")[0])
    absent = _ABSENT.get(made, {})
    return made(**{**absent, **{name: _IN.get(type(value), _as_is)(value) for name, value in said.items()}})


def _as_is(value: Any) -> Any:
    return value


_OUT: dict[type, Callable[[Any], Any]] = {Words: lambda said: dict(said.by_language), tuple: list}
_IN: dict[type, Callable[[Any], Any]] = {dict: words, list: tuple}
_ABSENT: dict[type[Item], dict[str, Any]] = {Performance: {"actual": None}, Budget: {"spent": None}}
