"""The engine: drives a flow over the answers it already has, to the first question it has no answer for.

A flow is a coroutine that awaits questions; its memory is the answers, by
name. Each turn replays it from the top. No event loop is involved, and the
same input gives the same turn.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flows.questions import JSON, MISSED, Fact, Given, Question, Said, Say
from flows.text import Catalogue
from flows.world import World

Flow = Callable[[World], Coroutine[Any, Any, Any]]
Reply = Say | Question[Any]

#: After so many things in a row that were no answer, the person is shown the way out.
LOST_AFTER = 3


class FlowError(Exception):
    """A flow did what no flow may: awaited a stranger, asked a key twice, or raised."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a person is: the flow's name, the answers by key, and what was not understood in a row.

    `tag` tells the buttons of this conversation from those of an earlier one. `asked` is the key of the question
    that was put last: what is typed answers that one, and no other that an edited flow asks before it.
    This *is* the database row; `answers` is JSON.
    """

    flow: str
    answers: Mapping[str, JSON] = field(default_factory=dict)
    misses: int = 0
    tag: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one step gave: the conversation to store, what to say, and an outcome when the flow ended.

    `question` is the one now open. `trail` has the keys answered by the
    person, in the order they were asked: *back* drops the last.
    """

    conversation: Conversation
    replies: tuple[Reply, ...]
    outcome: Any = None
    question: Question[Any] | None = None
    trail: tuple[str, ...] = ()
    understood: bool = True


def start(
    flow: Flow, world: World, given: Mapping[str, JSON] | None = None, *, name: str = "", tag: str = ""
) -> Turn:
    """Begin a flow, perhaps with answers filled in."""
    name = name or flow.__name__
    return _walk(flow, Conversation(name, dict(given or {}), tag=tag), world, None, ())


def resume(
    flow: Flow, conversation: Conversation, said: Said, world: World, languages: Sequence[Catalogue]
) -> Turn:
    """One thing said, in a conversation under way. `languages` are the catalogues whose labels count."""
    return _walk(flow, conversation, world, said, languages)


def again(flow: Flow, conversation: Conversation, world: World) -> Turn:
    """The open question once more, without anything said."""
    return _walk(flow, conversation, world, None, ())


def back(flow: Flow, conversation: Conversation, world: World) -> Turn | None:
    """Drop the person's last answer and ask that question again; None at the first question."""
    here = _walk(flow, conversation, world, None, ())
    if not here.trail:
        return None
    last = here.trail[-1]
    answers = dict(here.conversation.answers)
    keys = list(answers)
    for key in keys[keys.index(last) :]:
        del answers[key]
    return _walk(flow, replace(conversation, answers=answers, misses=0), world, None, ())


def _walk(
    flow: Flow,
    conversation: Conversation,
    world: World,
    said: Said | None,
    languages: Sequence[Catalogue],
) -> Turn:
    stored = conversation.answers
    answers: dict[str, JSON] = {}  # in the order asked
    trail: list[str] = []
    replies: list[Reply] = []
    seen: set[str] = set()
    coroutine = flow(world)
    value: Any = None
    try:
        while True:
            try:
                step = coroutine.send(value)
            except StopIteration as stop:
                ended = Conversation(conversation.flow, answers, tag=conversation.tag)
                return Turn(ended, tuple(replies), stop.value, trail=tuple(trail))
            except Exception as error:
                raise FlowError(f"{conversation.flow} raised {type(error).__name__}: {error}") from error
            value = None
            if isinstance(step, Say):
                replies.append(step)
                continue
            if not isinstance(step, (Question, Given, Fact)):
                raise FlowError(f"{conversation.flow} awaited {step!r}, which is no question")
            if step.key in seen:
                raise FlowError(f"{conversation.flow} asked {step.key} twice")
            seen.add(step.key)
            if isinstance(step, Given):
                if step.key in stored:
                    value = answers[step.key] = stored[step.key]
                continue
            if isinstance(step, Fact):
                value = stored[step.key] if step.key in stored else step.lookup()
                answers[step.key] = value
                continue
            answer = _known(step, stored)
            if answer is MISSED and said is not None and not _was_put(step, conversation, said):
                said = None
            if answer is MISSED and said is not None:
                answer = step.read(said, languages)
                if answer is MISSED:
                    return _missed(conversation, step, said, stored, answers, trail, replies)
                said = None
            if answer is MISSED:
                replies.append(step)
                left = {key: kept for key, kept in stored.items() if key not in seen and key not in answers}
                open_at = replace(conversation, answers={**answers, **left}, misses=0, asked=step.key)
                return Turn(open_at, tuple(replies), question=step, trail=tuple(trail))
            answers[step.key] = answer
            trail.append(step.key)
            replies.clear()  # said before a known answer: old news
            value = step.value(answer)
    finally:
        coroutine.close()


def _known(question: Question[Any], stored: Mapping[str, JSON]) -> JSON:
    for key in (question.key, *question.was):
        if key in stored and question.accepts(stored[key]):
            return stored[key]
    return MISSED


def _was_put(question: Question[Any], conversation: Conversation, said: Said) -> bool:
    """Whether the person has seen this question: an edited flow may ask a new one before the one she answers.
    A button says itself what it answers."""
    return said.tap is not None or conversation.asked in {"", question.key, *question.was}


def _missed(
    conversation: Conversation,
    question: Question[Any],
    said: Said,
    stored: Mapping[str, JSON],
    answers: dict[str, JSON],
    trail: list[str],
    replies: list[Reply],
) -> Turn:
    """Nothing changes but the count; a kind word, then the question again (without what led up to it)."""
    left = {key: kept for key, kept in stored.items() if key not in answers and key != question.key}
    stay = replace(conversation, answers={**answers, **left}, misses=conversation.misses + 1)
    said_back = (Say(question.hint(said)), question)
    return Turn(stay, said_back, question=question, trail=tuple(trail), understood=False)
