"""How quickly: never more than the provider allows, hardly less, and a person who waits comes first. No time passes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pace import LEARNT, SPACING, STEP, Pace

Arrival = tuple[float, str, int]  # when, to whom, how many


class Line:
    """A provider at the other end of a line that takes its time; what arrived there."""

    def __init__(self, rate: int, seed: int = 1, there: float = 0.02, jitter: float = 0.0) -> None:
        self.pace = Pace(rate)
        self.now = 1000.0
        self.arrived: list[Arrival] = []
        self._chance = random.Random(seed)
        self._there, self._jitter = there, jitter
        self._answers: list[tuple[float, object]] = []

    def send(self, chat: str, weight: int = 1) -> None:
        there = self._there + self._chance.uniform(0, self._jitter)
        slot = self.pace.leaves(self.now, chat, weight)
        self.arrived.append((self.now + there, chat, weight))
        self._answers.append((self.now + there + self._there, slot))

    def passes(self, seconds: float) -> None:
        """Time goes on, and answers come when they are due."""
        until = self.now + seconds
        for at, slot in sorted(self._answers, key=lambda answer: answer[0]):
            if at <= until:
                self.pace.answered(slot, at)  # type: ignore[arg-type]
        self._answers = [answer for answer in self._answers if answer[0] > until]
        self.now = until

    def bulk(self, chat: str, weight: int = 1, late: float = 0.0) -> None:
        """One of many leaves as soon as it may, `late` seconds after."""
        while (wait := max(self.pace.bulk(self.now, weight), self.pace.chat(self.now, chat))) > 0:
            self.passes(min(wait, STEP) + late)
        self.send(chat, weight)

    def reply(self, chat: str) -> float:
        """How long a reply had to wait."""
        began = self.now
        while (wait := self.pace.reply(self.now, chat)) > 0:
            self.passes(min(wait, STEP))
        self.send(chat)
        return self.now - began


def most_in_a_second(arrived: Iterable[Arrival]) -> int:
    """The most that arrived in any second."""
    rows = sorted(arrived)
    most = total = first = 0
    for at, _chat, weight in rows:
        total += weight
        while rows[first][0] <= at - 1:
            total -= rows[first][2]
            first += 1
        most = max(most, total)
    return most


def most_to_a_chat_in(seconds: float, arrived: Iterable[Arrival]) -> int:
    """The most that any chat got in a stretch of so many seconds."""
    by_chat: dict[str, list[float]] = {}
    for at, chat, _weight in sorted(arrived):
        by_chat.setdefault(chat, []).append(at)
    return max(
        (sum(0 <= later - at < seconds for later in times) for times in by_chat.values() for at in times),
        default=0,
    )


# -- Never more -------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    rate=st.sampled_from([1, 2, 10, 30, 200]),
    there=st.floats(0, 0.4),
    jitter=st.floats(0, 0.5),
    seed=st.integers(0, 10_000),
    events=st.lists(
        st.tuples(
            st.sampled_from(["bulk", "bulk", "bulk", "reply", "pause", "share"]),
            st.integers(1, 40),
            st.floats(0, 0.3),
        ),
        max_size=40,
    ),
)
def test_whatever_happens_no_second_sees_too_many(
    rate: int, there: float, jitter: float, seed: int, events: list[tuple[str, int, float]]
) -> None:
    line = Line(rate, seed, there, min(jitter, 0.9 - there))
    chats = 0
    for what, many, late in events:
        for _ in range(many):
            chats += 1
            match what:
                case "bulk":
                    line.bulk(f"chat{chats % 70}", late=late)
                case "reply":
                    line.reply(f"chat{chats % 7}")
        if what == "pause":
            line.passes(late * many)
        elif what == "share":
            line.pace.share = max(1, min(rate, many), line.pace.taken(line.now))
    assert most_in_a_second(line.arrived) <= rate
    assert most_to_a_chat_in(3, line.arrived) <= 3


@settings(max_examples=60, deadline=None)
@given(rate=st.integers(1, 20), weights=st.lists(st.integers(1, 6), min_size=5, max_size=80))
def test_a_message_of_several_segments_takes_as_many_places(rate: int, weights: list[int]) -> None:
    line = Line(rate)
    for number, weight in enumerate(weights):
        line.bulk(f"chat{number}", min(weight, rate))
    assert most_in_a_second(line.arrived) <= rate


def test_what_is_more_than_a_second_may_take_leaves_alone() -> None:
    line = Line(2)
    for number in range(3):
        line.bulk(f"chat{number}", weight=6)
    assert all(
        after[0] - before[0] >= 1 for before, after in zip(line.arrived, line.arrived[1:], strict=False)
    )


def test_what_is_never_answered_holds_the_others_up_for_a_second_only() -> None:
    pace = Pace(2)
    pace.leaves(0.0, "a")
    pace.leaves(0.5, "b")
    assert 1.5 < pace.bulk(0.5) < 1.6
    assert pace.bulk(2.1) == 0


# -- Hardly less ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [0.001, 0.05, 0.15])
@pytest.mark.parametrize("late", [0.0, 0.001, 0.004])
def test_thirty_a_second_are_held(there: float, late: float) -> None:
    line = Line(30, there=there, jitter=0.01)
    for number in range(3000):
        line.bulk(f"chat{number}", late=late)
    took = line.arrived[-1][0] - line.arrived[LEARNT][0]
    assert (3000 - LEARNT - 1) / took >= 28.5
    assert most_in_a_second(line.arrived) <= 30


def test_bulk_is_evenly_spaced() -> None:
    line = Line(30)
    for number in range(200):
        line.bulk(f"chat{number}")
    gaps = [after[0] - before[0] for before, after in zip(line.arrived, line.arrived[1:], strict=False)]
    assert max(gaps) < 0.08
    assert min(gaps) > 0.025


def test_bulk_makes_good_what_it_was_late_but_not_a_long_pause() -> None:
    line = Line(30)
    for number in range(100):
        line.bulk(f"chat{number}")
    line.passes(0.06)
    line.bulk("late")
    assert line.pace.bulk(line.now) < 0.0301
    line.passes(60)
    before = line.now
    for number in range(6):
        line.bulk(f"other{number}")
    assert line.now - before > 0.06  # not all of a minute's at once


def test_a_thousand_a_second_are_held() -> None:
    line = Line(1000, there=0.005)
    for number in range(5000):
        line.bulk(f"chat{number}")
    took = line.arrived[-1][0] - line.arrived[LEARNT][0]
    assert (5000 - LEARNT - 1) / took >= 950


# -- Who waits comes first --------------------------------------------------------------------------------


def test_a_reply_in_the_middle_of_a_broadcast_leaves_at_once() -> None:
    line = Line(30)
    waits = []
    for number in range(2000):
        line.bulk(f"chat{number}")
        if number % 40 == 39:
            waits.append(line.reply(f"person{number}"))
    assert max(waits) <= 0.06
    assert most_in_a_second(line.arrived) <= 30


def test_five_replies_at_once_leave_within_the_fifth_of_a_second() -> None:
    line = Line(30)
    for number in range(500):
        line.bulk(f"chat{number}")
    began = line.now
    for number in range(5):
        line.reply(f"person{number}")
    assert line.now - began <= 0.2


def test_bulk_waits_while_a_reply_waits() -> None:
    pace = Pace(30)
    assert pace.bulk(0.0) == 0
    pace.waits(1)
    assert pace.bulk(0.0) > 0
    pace.waits(-1)
    assert pace.bulk(0.0) == 0


def test_replies_alone_are_not_spaced() -> None:
    line = Line(30)
    assert [line.reply(f"person{number}") for number in range(30)] == [0] * 30
    assert line.reply("one more") > 0


def test_one_person_is_written_to_once_a_second() -> None:
    line = Line(30)
    line.bulk("sokha")
    began = line.now
    line.bulk("sokha")
    assert 1 <= line.now - began < 1.2
    assert line.pace.chat(line.now, "vanna") == 0


def test_who_answers_quickly_is_answered_quickly() -> None:
    line = Line(30)
    assert [line.reply("sokha") for _ in range(3)] == [0, 0, 0]
    assert 2.9 <= line.reply("sokha") < 3.2


def test_bulk_keeps_to_its_share() -> None:
    line = Line(30)
    line.pace.share = 10
    for number in range(300):
        line.bulk(f"chat{number}")
    assert most_in_a_second(line.arrived) <= 10


def test_a_place_is_free_a_second_after_its_message_arrived() -> None:
    pace = Pace(30)
    slot = pace.leaves(0.0, "sokha", 4)
    pace.leaves(0.1, "vanna")
    assert pace.taken(1.9) == 5
    pace.answered(slot, 0.2)
    assert pace.taken(1.9) == 1


def test_places_last_as_long_as_their_owner_was_heard_of() -> None:
    pace = Pace(30)
    pace.until = 10.0
    assert pace.reply(9.9, "sokha") == 0
    assert pace.reply(10.0, "sokha") == pace.bulk(10.0) == float("inf")


def test_what_takes_more_places_than_there_are_waits_for_more() -> None:
    pace = Pace(30)
    pace.share = 2
    assert pace.reply(0.0, "sokha", 3) == float("inf")
    assert pace.reply(0.0, "sokha", 2) == 0


# -- Told to slow down ------------------------------------------------------------------------------------


def test_who_is_told_to_slow_down_goes_half_as_fast_for_a_while() -> None:
    line = Line(10)
    line.pace.slow_down(line.now)
    seconds = Counter()
    began = line.now
    for number in range(600):
        line.bulk(f"chat{number}")
        seconds[int(line.now - began) // 15] += 1
    assert seconds[0] == pytest.approx(75 / SPACING, abs=3)
    assert seconds[3] == pytest.approx(150 / SPACING, abs=3)


def test_a_channel_sends_at_least_one_a_second() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Pace(0)
