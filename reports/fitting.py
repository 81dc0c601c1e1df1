"""How large the letters of a page can be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from flows import khmer

#: For the tables of a service's page, below its head.
_ROOM = 232


def size(service: Mapping[str, Any]) -> float:
    """What the letters of a service's page are multiplied with so that it is one page: 1 to 1.2. Reckoned in
    millimetres from how much there is to read, since setting a page to see takes long; what does not fit flows on."""
    for scale in (1.2, 1.16, 1.12, 1.08, 1.04):
        names = 54 - 33 * (scale - 1)  # the width of a criterion's name beside its figures
        cell = (139 - 12 * scale) / max(5, len(service["criteria"]))
        tall = 9 * scale
        for one in service["criteria"]:
            said = _lines(one.get("stands", ""), names / (2.1 * scale))
            tall += scale * (4.6 + 5.3 * _lines(one["name"], names / (2.6 * scale)) + 4.2 * said)
        for rows in (service["groups"], service["villages"]):
            if rows:
                heads = max(_lines(one["name"], cell / (1.9 * scale)) for one in service["criteria"])
                tall += 15 + scale * (2.5 + 4 * heads)
                tall += sum(scale * (2.2 + 4.6 * _lines(row["name"], 36 / (2.3 * scale))) for row in rows)
        if tall < _ROOM:
            return scale
    return 1.0


def _lines(text: str, letters: float) -> int:
    """About how many lines a text takes where so many letters fit on one."""
    return math.ceil(len(khmer.clusters(text)) / letters)
