"""What goes out by SMS: one message a turn, nothing paid for that can't be seen, long content numbered."""

from __future__ import annotations

from typing import Any

import pytest

from bot import catalogues
from bot.channels.sms import MOST_SEGMENTS, Sms
from flows import khmer
from flows.questions import Choice, Option, Say
from flows.segments import measure
from flows.text import words

CHAINS = catalogues.load()


def render(*replies: Any, language: str = "km") -> list[str]:
    return [part["text"] for part in Sms().render(replies, CHAINS[language, "sms"], "", [])]


def said(text: str) -> Say:
    return Say(words({"km": text}))


def test_what_is_said_in_a_turn_is_one_message() -> None:
    question = Choice(key="k", text=words({"km": "មួយណា?"}), options=(Option("a", words({"km": "ក"})),))
    assert render(said("សូមអរគុណ!"), question) == ["សូមអរគុណ!\nមួយណា?\n១ ក"]


def test_invisible_letters_are_not_paid_for() -> None:
    assert render(said("តើ\u200bអ្នក\u200bពេញចិត្ត\u200bទេ?")) == ["តើអ្នកពេញចិត្តទេ?"]


def test_accents_do_not_make_an_english_message_dearer() -> None:
    assert render(said("Chambâk – “open”"), language="en") == ['Chambak - "open"']
    assert render(said("Chambâk និង"), language="en") == ["Chambâk និង"]


@pytest.mark.parametrize(("language", "first"), [("km", "(១/"), ("en", "(1/")])
def test_long_content_is_cut_between_clusters_and_numbered(language: str, first: str) -> None:
    text = "ស្ត្រីម្នាក់ៗមានសិទ្ធិដឹងព័ត៌មានអំពីថវិកាឃុំ។ " * 40
    parts = render(said(text), language=language)
    assert len(parts) > 1
    assert first in parts[0] and parts[0].endswith(")")
    whole = ""
    for part in parts:
        assert measure(part).count <= MOST_SEGMENTS
        body = part.rpartition(" (")[0]
        whole += body
        # A cut inside a cluster would leave a piece that begins with a mark.
        assert khmer.clusters(body)[0][0] >= "\u1780" and khmer.clusters(body)[0][0] <= "\u17b3"
    assert whole.replace(" ", "") == text.replace(" ", "")
