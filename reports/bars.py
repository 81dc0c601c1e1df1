"""Performance against standard as bars, for a phone and for the poster: what was to be reached, what was."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from flows import khmer
from flows.packs import Performance
from flows.text import words
from reports import typesetting
from reports.typesetting import line

#: Bars in one picture. Telegram shrinks what is taller than 1,280 dots, and then nobody can read it.
MOST = 8

TITLE = words({"km": "ស្តង់ដារ និងការអនុវត្តជាក់ស្តែង", "en": "Standard and actual performance"})
TARGET = words({"km": "គោលដៅ", "en": "Target"})
ACTUAL = words({"km": "អនុវត្តបាន", "en": "Actual"})
UNKNOWN = words({"km": "មិនទាន់មានទិន្នន័យ", "en": "Not known yet"})
SAMPLE = words({"km": "ទិន្នន័យគំរូ", "en": "Sample data"})
_ALT = words(
    {
        "km": "{text} ឆ្នាំ{year}៖ គោលដៅ {target} អនុវត្តបាន {actual}",
        "en": "{text}, {year}: target {target}, actual {actual}",
    }
)


def performance_png(items: Iterable[Performance], language: str, *, sample: bool = False) -> bytes:
    """A picture 720 dots wide, with two bars an item. Of more than MOST items the first; page them before.

    `sample`: made-up figures, and the picture says so, since pictures are passed on without their message.
    """
    shown = list(items)[:MOST]
    data = {
        "title": TITLE.in_language(language),
        "sample": SAMPLE.in_language(language) if sample else "",
        "words": wording(language),
        "items": [bar(item, language) for item in shown],
    }
    return typesetting.png("performance", data)[0]


def performance_alt(items: Iterable[Performance], language: str) -> str:
    """The same in words, a line an item, for who can't see the picture."""
    said = []
    for item in list(items)[:MOST]:
        actual = (
            UNKNOWN.in_language(language) if item.actual is None else _measure(item.actual, item, language)
        )
        said.append(
            _ALT.in_language(language).format(
                text=item.text.in_language(language),
                year=_digits(str(item.year), language),
                target=_measure(item.target, item, language),
                actual=actual,
            )
        )
    return "\n".join(said)


def wording(language: str) -> dict[str, str]:
    """What the bars are called."""
    named = {"target": TARGET, "actual": ACTUAL, "unknown": UNKNOWN}
    return {name: said.in_language(language) for name, said in named.items()}


def bar(item: Performance, language: str, **more: str) -> dict[str, Any]:
    """An item as the template draws it: what is shown, and the share of the longer bar, 0 to 1."""
    longest = max(item.target, item.actual or 0)
    return {
        "text": line(item.text.in_language(language)),
        "year": _digits(str(item.year), language),
        "target": line(_measure(item.target, item, language)),
        "actual": None if item.actual is None else line(_measure(item.actual, item, language)),
        "target_share": _share(item.target, longest),
        "actual_share": _share(item.actual or 0, longest),
        "ref": "",
        "old": "",
        **more,
    }


def _share(value: float, longest: float) -> float:
    share = value / longest if longest > 0 else 0.0
    return min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0


def _measure(value: float, item: Performance, language: str) -> str:
    """A value with its unit: ២១១ ថ្ងៃ, 97.5 %."""
    number = f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{_digits(number, language)} {item.unit.in_language(language)}"


def _digits(number: str, language: str) -> str:
    return khmer.khmer_digits(number) if language == "km" else number
