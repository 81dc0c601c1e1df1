"""Who was told of which meeting, and what was under way when a worker died: the checks of the kill test of delivery."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks import office
from benchmarks.eyes import Eyes
from benchmarks.fakes import Heard, StrictTelegram
from benchmarks.servers import KEY
from benchmarks.strict_botapi import Rules
from storage.vault import Vault

Told = tuple[int, int]  # chat, number of a meeting


@dataclass
class Book:
    """Who was told of what, and what was under way when somebody died."""

    chats: dict[int, int]  # contact to chat
    meetings: dict[int, int] = field(default_factory=dict)  # a broadcast's id to the number of the meeting
    received: Counter[Told] = field(default_factory=Counter)
    in_flight: Counter[Told] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    _numbers: list[int | None] = field(default_factory=list)  # text to the number of the meeting

    def read(self, telegram: StrictTelegram) -> Counter[Told]:
        """What arrived since it was read last."""
        heard = telegram.log_of(self.calls)
        self.calls += len(heard)
        self._numbers += [_meeting(text) for text in telegram.texts(len(self._numbers))]
        arrived = self._told(heard)
        self.received += arrived
        return arrived

    def _told(self, heard: Heard) -> Counter[Told]:
        found: Counter[Told] = Counter()
        for (chat, text), times in heard.received().items():
            number = self._numbers[text]
            if number is not None:
                found[chat, number] += times
        return found

    def look(self, eyes: Eyes, telegram: StrictTelegram) -> str:
        """After a kill: what was in flight, and which phases were under way."""
        eyes.settle()
        time.sleep(telegram.rules.delay)
        arrived = self.read(telegram)
        for broadcast, number in eyes.rows("SELECT id, notice FROM broadcasts WHERE kind = 'notice'"):
            self.meetings[broadcast] = self._by_notice[number]
        waiting = {}
        for contact, broadcast, state in eyes.rows(
            "SELECT contact, broadcast, state FROM outbox "
            "WHERE broadcast IS NOT NULL AND state IN ('queued', 'sending')"
        ):
            waiting[self.chats[contact], self.meetings[broadcast]] = state
        unmarked = Counter({told: 1 for told in arrived if told in waiting})
        self.in_flight += unmarked
        states = Counter(
            state for (state,) in eyes.rows("SELECT state FROM broadcasts WHERE kind = 'notice'")
        )
        leased = sum(state == "sending" for state in waiting.values())
        here = {
            "firing": states["due"],
            "queueing": states["queueing"],
            "sending": leased - unmarked.total(),
            "marking": unmarked.total(),
        }
        self.phases.update(name for name, count in here.items() if count > 0)
        if not any(count > 0 for count in here.values()):
            self.phases["idle"] += 1
        return " · ".join(f"{name} {count}" for name, count in here.items() if count > 0) or "idle"

    _by_notice: dict[int, int] = field(default_factory=dict)

    def announced(self, notice: int, number: int) -> None:
        self._by_notice[notice] = number

    def missed(self, rules: Rules) -> list[Told]:
        """Who can be reached and was not told."""
        reachable = [chat for chat in self.chats.values() if not rules.is_blocked(chat)]
        return [
            (chat, number)
            for number in self._by_notice.values()
            for chat in reachable
            if not self.received[chat, number]
        ]

    def repeated(self) -> Counter[Told]:
        """How often more than once."""
        return Counter({told: times - 1 for told, times in self.received.items() if times > 1})

    def verdict(self, rules: Rules) -> tuple[str, bool]:
        """Both counts in words, and whether they are as they must be."""
        missed, repeated = self.missed(rules), self.repeated()
        unexplained = repeated - self.in_flight
        said = (
            f"{len(missed)} people missed · {repeated.total()} messages repeated, "
            f"{self.in_flight.total()} were in flight at the kills"
        )
        if unexplained:
            said += f" · {unexplained.total()} repeated that were NOT in flight"
        return said, not missed and not unexplained


def _meeting(text: str) -> int | None:
    """The number of the meeting that a text is about."""
    _before, found, after = text.partition(office.place(0).partition("0")[0])
    return int(after.partition("-")[0]) if found else None


def chats_of(eyes: Eyes) -> dict[int, int]:
    """Contact to chat, of everybody."""
    vault = Vault(KEY)
    rows = eyes.rows("SELECT id, address FROM contacts WHERE channel = 'telegram'")
    return {contact: int(vault.open(bytes(address))) for contact, address in rows}
