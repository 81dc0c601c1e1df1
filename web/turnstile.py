"""Slows down whoever tries one link after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

WRONG, WITHIN = 20, timedelta(minutes=10)
MOST = 10_000  # places remembered; beyond that the first are forgotten


class Turnstile:
    """In the memory of one process: a link has a hundred bits, this only keeps noise from the database."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[datetime, int]] = {}

    def waits(self, where: str) -> int:
        """Seconds until somebody is let try again; 0: now."""
        since, times = self._seen.get(where, (None, 0))
        if since is None or times < WRONG:
            return 0
        left = since + WITHIN - self._clock()
        return max(0, -(-left // timedelta(seconds=1)))

    def wrong(self, where: str) -> None:
        """Count a link that opened nothing."""
        now = self._clock()
        since, times = self._seen.pop(where, (now, 0))
        if now - since >= WITHIN:
            since, times = now, 0
        self._seen[where] = (since, times + 1)
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]
