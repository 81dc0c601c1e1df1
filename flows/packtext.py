"""What a pack says, in words: names of its blocks, its items long for a screen and short for a text message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows import khmer
from flows.packs import Budget, Item, Pack, Performance, Price, Text, old
from flows.text import Phrase, _, joined

if TYPE_CHECKING:
    from datetime import date

MOST_SOURCE = 18  # letters of a source where each is paid for

SAMPLE = _("Sample data")


def block_name(block: str) -> Phrase:
    """What a block is called."""
    match block:
        case "rights":
            return _("Rights and duties")
        case "standards":
            return _("Service standards")
        case "performance":
            return _("Standard and actual performance")
        case "prices":
            return _("Prices")
        case "budget":
            return _("Budget and spending")
        case _:
            return _("How to take part and complain")


def kind_name(kind: str) -> Phrase:
    """What a text of a block is, where the block has several kinds."""
    match kind:
        case "right":
            return _("Right")
        case "duty":
            return _("Duty")
        case "meeting":
            return _("Meetings")
        case "contact":
            return _("Contact")
        case _:
            return _("Complaints")


# -- Numbers ----------------------------------------------------------------------------------------------


#: A whole number as it is read, without the zeros before it, which stand for themselves; and what is between two.
_FIGURES = re.compile(r"[1-9][0-9]*|0|[^0-9]")


def grouped(amount: int) -> Phrase:
    """A whole number with its thousands apart: 120,886,800."""
    return _figures(f"{amount:,}")


def decimal(value: float) -> Phrase:
    """A measure, with two decimals at most: 211, 97.5."""
    written = f"{value:,.2f}".rstrip("0").rstrip(".")
    return _figures(written)


def day(on: str) -> Phrase:
    """The day 2026-01-31 with its year, as short as it is understood in any language: 31/1/2026."""
    year, month, of_month = (int(part) for part in on.split("-"))
    return joined(of_month, month, year, separator="/")


def _figures(written: str) -> Phrase:
    return joined(*(int(c) if c.isdigit() else c for c in _FIGURES.findall(written)), separator="")


def price(riel: int) -> Phrase:
    """What a service costs."""
    return _("{amount} riel", amount=grouped(riel)) if riel else _("Free")


def days(longest: int) -> Phrase:
    """How long it may take, in working days."""
    match longest:
        case 0:
            return _("the same day")
        case 1:
            return _("1 working day")
        case _:
            return _("{days} working days", days=longest)


# -- Items ------------------------------------------------------------------------------------------------


def line(item: Item, between: str = " — ") -> Phrase:
    """The item itself, on a line. `between`: what parts a service from its price and time."""
    match item:
        case Price():
            parts = [item.text, price(item.riel)]
            if item.days is not None:
                parts.append(days(item.days))
            return joined(*parts, separator=between)
        case Performance():
            measured: dict[str, Phrase | int] = {
                "text": item.text,
                "year": item.year,
                "unit": item.unit,
                "target": decimal(item.target),
            }
            if item.actual is None:
                return _("{text} {year}: target {target} {unit}, actual not known yet", **measured)
            return _(
                "{text} {year}: target {target}, actual {actual} {unit}",
                actual=decimal(item.actual),
                **measured,
            )
        case Budget():
            told: dict[str, Phrase | int] = {
                "text": item.text,
                "year": item.year,
                "planned": grouped(item.planned),
            }
            if item.spent is None:
                return _("{text} {year}: planned {planned} riel, spent not known yet", **told)
            return _(
                "{text} {year}: planned {planned}, spent {spent} riel", spent=grouped(item.spent), **told
            )
        case Text() if item.kind:
            return _("{kind}: {text}", kind=kind_name(item.kind), text=item.text)
        case _:
            return item.text


def beneath(item: Item) -> Sequence[Phrase]:
    """What else there is to know of a price: what to bring, who pays nothing."""
    if not isinstance(item, Price):
        return ()
    said: list[Phrase] = []
    if item.documents:
        said.append(_("To bring: {documents}", documents=item.documents))
    if item.exempt:
        said.append(_("Free for: {whom}", whom=item.exempt))
    return said


def source(item: Item, today: date | None) -> Phrase:
    """Who says so and when it was true; or, when that is long ago, when it was last updated."""
    if today is not None and old(item, today):
        return _("Source: {source}. Last updated {day}", source=item.source, day=day(item.true_on))
    return _("Source: {source}, {day}", source=item.source, day=day(item.true_on))


def source_in_short(item: Item, today: date | None, said: str) -> Phrase:
    """The same where each letter is paid for. `said`: the source in the person's language."""
    year, month, _day = (int(part) for part in item.true_on.split("-"))
    told: dict[str, Phrase | str] = {
        "source": shortened(said, MOST_SOURCE),
        "month": joined(month, year, separator="/"),
    }
    if today is not None and old(item, today):
        return _("({source}, last updated {month})", **told)
    return _("({source}, {month})", **told)


def shortened(said: str, most: int) -> str:
    """What was said in at most so many letters, cut between two Khmer clusters."""
    if len(said) <= most:
        return said
    short = ""
    for cluster in khmer.clusters(said):
        if len(short) + len(cluster) >= most:
            break
        short += cluster
    return short.rstrip() + "…"


def banner(pack: Pack) -> Phrase | str:
    """Said above everything that was made up."""
    return SAMPLE if pack.sample else ""
