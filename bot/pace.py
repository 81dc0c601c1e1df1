"""How quickly a channel and each of its chats may be sent to. Pure: whoever asks says what time it is, in seconds
of a clock that only moves forward.

A provider counts what arrives, and sees neither our clock nor our good will. Of each message it is therefore known
when it has arrived at the latest (`Slot.arrived`); it takes up its place until a second later, and one leaves only
when a place is free. Bulk is evenly spaced within that; replies go as soon as there is room, and bulk gives way.

Where several processes send, each has some of the places (`bot.share`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice

SECOND = 1.0
GUARD = 0.01  # seconds beyond the second in which the provider counts
#: Of bulk, in shares of what the rate alone would ask for: so that mostly a place is free when somebody asks for one.
SPACING = 1.02
CATCH_UP = 0.2  # seconds that bulk may be late by and make good; more was a pause
NEARER = 0.005  # it does so by so many seconds less from one to the next, so that no bunches form
LOST = 1.0  # seconds after which what was not answered has arrived or never will
SLOWED = 30.0  # seconds until what was slowed goes twice as fast again
BURST = 3  # replies to one chat that may follow each other closely; the Bot API puts up with short bursts
STEP = 0.05  # seconds to wait at most before asking again: an answer may have come and made room
LEARNT = 100  # answers by which the quickest way there and back is known


@dataclass(slots=True, eq=False)
class Slot:
    """One message that left. `arrived`: the latest moment at which the provider may have counted it."""

    left: float
    arrived: float


class Pace:
    """Of one channel: `rate` in a second, of whatever it counts (messages, or segments of an SMS), and one message
    a second to a chat. Somebody who answers quickly is answered quickly: up to three replies in three seconds.

    `share`: how many of the `rate` places this process may use, and `until` when; all, where it sends alone.
    """

    def __init__(self, rate: int) -> None:
        if rate < 1:
            raise ValueError("a channel sends at least one a second")
        self.rate = rate
        self.share = rate
        self.until = float("inf")
        self.waiting = 0  # places that replies wait for
        self._taken: deque[Slot] = deque()  # whose place is not free again, oldest first; once for each place
        self._chats: dict[str, tuple[Slot, ...]] = {}  # the last ones to each, oldest first
        self._order: deque[tuple[Slot, str]] = deque()  # whose chats to forget, oldest first
        self._next = float("-inf")  # when bulk is due, had it never been late
        self._last = float("-inf")  # when anything left
        self._slower = 1.0  # of the rate, what bulk may take after it was told to slow down
        self._slowed = 0.0
        self._quickest = [0.0, float("inf")]  # answers of the hundred before, and of those since
        self._answers = 0

    # -- When ------------------------------------------------------------------------------------------

    def reply(self, now: float, chat: str, weight: int = 1) -> float:
        """Seconds until a reply may leave; 0.0 for at once, infinity where it takes more places than we have."""
        return max(0.0, self._room(now, weight) - now, self.patience(now, chat))

    def patience(self, now: float, chat: str) -> float:
        """Seconds until a chat may get a reply, as far as it alone goes; 0.0 for at once."""
        slots = self._chats.get(chat)
        if slots is None or len(slots) < BURST:
            return 0.0
        return max(0.0, slots[0].arrived + BURST * SECOND + GUARD - now)

    def bulk(self, now: float, weight: int = 1) -> float:
        """Seconds until one of many may leave, as far as the channel goes; 0.0 for at once."""
        if self.waiting:
            return self._interval(now)
        due_at = max(self._next, self._last + self._interval(now) - NEARER)
        return max(0.0, due_at - now, self._room(now, weight) - now)

    def chat(self, now: float, chat: str) -> float:
        """Seconds until a chat may get one of many, as far as it alone goes; 0.0 for at once."""
        slots = self._chats.get(chat)
        rested = slots[-1].arrived + SECOND + GUARD - now if slots else 0.0
        return max(0.0, rested, self.patience(now, chat))

    def taken(self, now: float) -> int:
        """How many places are taken up by what left of late."""
        while self._taken and self._taken[0].arrived + SECOND + GUARD <= now:
            self._taken.popleft()
        return len(self._taken)

    def _room(self, now: float, weight: int) -> float:
        """The moment from which `weight` more fit into every second."""
        lacking = self.taken(now) + min(weight, self.rate) - self.share
        if now >= self.until or lacking > len(self._taken):
            return float("inf")
        if lacking <= 0:
            return now
        # What left first holds up what left after it, even where that arrived before.
        return max(slot.arrived for slot in islice(self._taken, lacking)) + SECOND + GUARD

    def _interval(self, now: float) -> float:
        """Seconds from one of bulk to the next."""
        while self._slower < 1 and now >= self._slowed + SLOWED:
            self._slower, self._slowed = min(1.0, self._slower * 2), self._slowed + SLOWED
        return SPACING / (max(1, self.share) * self._slower)

    # -- What happened ---------------------------------------------------------------------------------

    def leaves(self, now: float, chat: str, weight: int = 1) -> Slot:
        """One leaves now; to be told when it is answered. Bulk waits its time, whichever it was."""
        slot = Slot(now, now + LOST)
        self._taken.extend([slot] * min(weight, self.rate))
        self._chats[chat] = (*self._chats.get(chat, ())[1 - BURST :], slot)
        self._order.append((slot, chat))
        while self._order and self._order[0][0].left < now - (BURST + 2) * SECOND:
            old, whose = self._order.popleft()
            slots = self._chats.get(whose)
            if slots and slots[-1] is old:
                del self._chats[whose]
        self._last = now
        due_at = self._next if self._next > now - CATCH_UP else now
        self._next = due_at + weight * self._interval(now)
        return slot

    def answered(self, slot: Slot, now: float) -> None:
        """It was answered, in whatever way: it had arrived by now, less the quickest way back and there."""
        took = now - slot.left
        self._answers += 1
        if self._answers % LEARNT == 0:
            self._quickest = [self._quickest[1], took]
        else:
            self._quickest[1] = min(self._quickest[1], took)
        slot.arrived = min(slot.arrived, now - min(took, *self._quickest))

    def waits(self, more: int) -> None:
        """Replies wait for so many more places, or fewer."""
        self.waiting += more

    def slow_down(self, now: float) -> None:
        """The provider said it is too much, and no more than that: bulk goes half as fast, for a while."""
        self._slower, self._slowed = max(self._slower / 2, 1 / 16), now
