"""Takes every answer of every question of a flow, as any person could.

Two places in a flow are the same when the same question is open with the same
options and the same kinds of questions were answered before it: what number a
score was does not lead anywhere else, so not all 6^5 ways of scoring are taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows import engine
from flows.engine import Conversation, Flow, Turn
from flows.pages import Page
from flows.questions import MISSED, Attachment, Choice, Comment, Line, Open, Place, Question, Said
from flows.record import Voice
from flows.sound import Sound
from flows.text import Catalogue
from flows.when import When
from flows.world import World

MOST_PLACES = 3000  # in one flow; more means that it does not end


@dataclass(frozen=True)
class Step:
    """One turn on the way: what was said before it, and what it led to."""

    before: Conversation | None
    said: Said | None
    turn: Turn


def explore(
    flow: Flow, name: str, world: World, given: Mapping[str, Any], languages: Sequence[Catalogue]
) -> Iterator[Step]:
    """Every turn that a person can bring about in this flow."""
    first = engine.start(flow, world, given, name=name, tag="tags")
    yield Step(None, None, first)
    waiting = [first]
    seen = {_place(first)}
    while waiting:
        here = waiting.pop()
        if here.question is None:
            continue
        before = _through_json(here.conversation)
        for said in answers(here.question):
            turn = engine.resume(flow, before, said, world, languages)
            yield Step(before, said, turn)
            if turn.question is not None and _place(turn) not in seen:
                seen.add(_place(turn))
                assert len(seen) < MOST_PLACES, f"{name} does not end"
                waiting.append(turn)


def answers(question: Question[Any]) -> Iterator[Said]:
    """Everything that this question understands, once."""
    if isinstance(question, Choice):
        for option in question.options:
            yield Said(tap=(question.key, str(option.value)))
    if isinstance(question, Open):
        for way in question.ways:
            yield Said(tap=(question.key, way.value))
    if isinstance(question, Comment):
        yield Said(text="ទឹកខ្វះញឹកញាប់")
        yield Said(attachment=Attachment("voice", "file", 1000, 5))
    if isinstance(question, Voice):
        yield Said(attachment=Attachment("voice", "file", 1000, 5), sound=Sound(b"OggS", 5))
    if isinstance(question, Line):
        yield Said(text="សាលាបុណ្យវត្តព្រែកអំពិល")
    if isinstance(question, When):
        for moment in ("ថ្ងៃទី១ ខែធ្នូ ម៉ោង ៨ ព្រឹក", "ថ្ងៃទី២ ខែធ្នូ", "ម៉ោង ២:៣០ រសៀល"):
            if question.worded(Said(text=moment)) is not MISSED:
                yield Said(text=moment)
    if isinstance(question, Place):
        for query in ("ព្រែកអំពិល", "ព្រែកអំពឹល", "ភូមិធំ", "ព្រែក"):
            yield Said(text=query)
    if question.skippable or isinstance(question, Page):
        yield Said(text="0")


#: What no question understands, or only an open one does.
NONSENSE = (
    Said(other="sticker"),
    Said(other="edited"),
    Said(text=""),
    Said(text="\u200b\u200f"),
    Said(text="999"),
    Said(tap=("no.such.question", "1")),
)


def _place(turn: Turn) -> tuple[Any, ...]:
    question = turn.question
    kinds = frozenset(_kind(key) for key in turn.trail)
    if question is None:
        return (None, kinds, repr(turn.outcome))
    options: tuple[Any, ...] = ()
    if isinstance(question, Choice):
        options = tuple(option.value for option in question.options)
    elif isinstance(question, Open):
        options = tuple(way.value for way in question.ways)
    return (_kind(question.key), options, kinds)


def _kind(key: str) -> str:
    """score.hc-price.2, an answer changed the second time, is of the kind score.n."""
    return re.sub(r"(\.[a-z-]+)?\.\d+$", ".n", key)


def _through_json(conversation: Conversation) -> Conversation:
    answers = json.loads(json.dumps(dict(conversation.answers)))
    return Conversation(conversation.flow, answers, conversation.misses, conversation.tag)
