"""What the strict Bot API of strict_botapi.py has heard, for whoever measures against it."""

from __future__ import annotations

import http.client
import json
from array import array
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.servers import Server
from benchmarks.strict_botapi import ACCEPTED, Rules


@dataclass(frozen=True, slots=True)
class Heard:
    """Calls in the order they came, a column each. `times` are seconds of this machine's monotonic clock."""

    chats: array[int]
    times: array[float]
    texts: array[int]
    outcomes: array[int]

    def __len__(self) -> int:
        return len(self.chats)

    def accepted(self) -> list[tuple[float, int, int]]:
        """Time, chat and text of what was delivered."""
        rows = zip(self.times, self.chats, self.texts, self.outcomes, strict=True)
        return [(at, chat, text) for at, chat, text, outcome in rows if outcome == ACCEPTED]

    def received(self) -> Counter[tuple[int, int]]:
        """How often each chat got each text."""
        return Counter((chat, text) for _at, chat, text in self.accepted())


class StrictTelegram(Server):
    """The fake in a process of its own, and its rules."""

    def __init__(self, log: Path, rules: Rules) -> None:
        given = [
            part
            for name, value in asdict(rules).items()
            for part in (f"--{name.replace('_', '-')}", str(value))
        ]
        super().__init__(["-m", "benchmarks.strict_botapi", "{port}", *given], log)
        self.rules = rules

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set(self, **rules: float) -> None:
        """Change rules while it runs."""
        self.rules = Rules(**json.loads(self._ask("/rules?" + urlencode(rules))))

    def counts(self) -> dict[str, int]:
        """Calls by outcome, with the reasons of the 429s."""
        found: dict[str, int] = json.loads(self._ask("/counts"))
        return found

    def log_of(self, after: int = 0) -> Heard:
        """The calls from number `after` on."""
        raw = self._ask(f"/log?after={after}")
        many = len(raw) // 22
        columns: list[Any] = []
        start = 0
        for kind in "qdih":
            column = array(kind)
            end = start + many * column.itemsize
            column.frombytes(raw[start:end])
            columns.append(column)
            start = end
        return Heard(*columns)

    def waits(self) -> list[tuple[float, float]]:
        """From when until when it asked to wait, in the order it did; they may overlap."""
        return [(since, until) for since, until in json.loads(self._ask("/waits"))]

    def texts(self, after: int = 0) -> list[str]:
        """Every different text, by its number."""
        found: list[str] = json.loads(self._ask(f"/texts?after={after}"))
        return found

    def _ask(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()
