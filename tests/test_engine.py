"""The engine: a flow is a coroutine that awaits questions, and its memory is the answers, by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot import catalogues
from flows import engine
from flows.channel import TELEGRAM
from flows.engine import Conversation, FlowError
from flows.gazetteer import Gazetteer
from flows.library import Library
from flows.outcomes import Done
from flows.questions import (
    MISSED,
    Choice,
    Comment,
    Fact,
    Given,
    Option,
    Remark,
    Said,
    Say,
    Scale,
    numeral,
)
from flows.rate import SCALE
from flows.text import words
from flows.world import Contact, World

WORLD = World(Contact(), TELEGRAM, Library(Gazetteer([]), [], []), lambda _facility: 0)
CHAINS = list(catalogues.load().values())


def text(said: str) -> Any:
    return words({"en": said})


FRUIT = (Option("mango", text("Mango")), Option("durian", text("Durian")))


async def breakfast(world: World) -> Any:
    await Say(text("Good morning."))
    fruit = await Choice(key="fruit", text=text("Which fruit?"), options=FRUIT)
    await Say(text("Good choice."))
    taste = await Scale(key="taste", text=text("How was it?"), options=SCALE).or_skip()
    remark = await Comment(key="remark", text=text("Anything else?")).or_skip()
    return [fruit, taste, remark]


def resume(flow: Any, turn: engine.Turn, said: Said, world: World = WORLD) -> engine.Turn:
    stored = json.loads(json.dumps(dict(turn.conversation.answers)))
    conversation = Conversation(flow.__name__, stored, turn.conversation.misses, turn.conversation.tag)
    return engine.resume(flow, conversation, said, world, CHAINS)


def key(turn: engine.Turn) -> str | None:
    return turn.question.key if turn.question else None


def said(turn: engine.Turn) -> list[str]:
    return [reply.text.in_language("en") for reply in turn.replies if isinstance(reply, Say)]  # type: ignore[union-attr]


def test_a_flow_asks_one_question_after_the_other_and_ends_in_its_outcome() -> None:
    first = engine.start(breakfast, WORLD)
    assert (said(first), key(first)) == (["Good morning."], "fruit")
    second = resume(breakfast, first, Said(text="2"))
    assert (said(second), key(second)) == (["Good choice."], "taste")
    third = resume(breakfast, second, Said(tap=("taste", "5")))
    assert key(third) == "remark"
    last = resume(breakfast, third, Said(text="ឆ្ងាញ់"))
    assert last.outcome == ["durian", 5, Remark("ឆ្ងាញ់")]
    assert last.question is None


def test_what_was_said_before_a_known_answer_is_old_news() -> None:
    turn = engine.start(breakfast, WORLD, {"fruit": "mango"})
    assert said(turn) == ["Good choice."]


def test_answers_may_be_filled_in_and_what_is_missing_is_asked() -> None:
    turn = engine.start(breakfast, WORLD, {"fruit": "mango", "remark": {"text": "more"}})
    assert key(turn) == "taste"
    last = resume(breakfast, turn, Said(text="៣"))
    assert last.outcome == ["mango", 3, Remark("more")]


def test_an_answer_that_no_longer_fits_is_asked_again() -> None:
    assert key(engine.start(breakfast, WORLD, {"fruit": "apple"})) == "fruit"


def test_skipping_is_an_answer() -> None:
    turn = engine.start(breakfast, WORLD, {"fruit": "mango"})
    skipped = resume(breakfast, turn, Said(text="-"))
    assert skipped.conversation.answers["taste"] is None
    assert key(skipped) == "remark"


def test_what_is_no_answer_changes_nothing_but_the_count() -> None:
    turn = engine.start(breakfast, WORLD, {"fruit": "mango"})
    missed = resume(breakfast, turn, Said(text="good"))
    assert not missed.understood
    assert (missed.conversation.misses, key(missed)) == (1, "taste")
    assert missed.conversation.answers == {"fruit": "mango"}
    again = resume(breakfast, missed, Said(text="6"))
    assert again.conversation.misses == 2
    assert resume(breakfast, again, Said(text="4")).conversation.misses == 0


def test_back_drops_the_last_answer() -> None:
    turn = engine.start(breakfast, WORLD, {"fruit": "mango"})
    turn = resume(breakfast, turn, Said(text="4"))
    undone = engine.back(breakfast, turn.conversation, WORLD)
    assert undone is not None
    assert (key(undone), undone.conversation.answers) == ("taste", {"fruit": "mango"})
    first = engine.back(breakfast, undone.conversation, WORLD)
    assert first is not None and key(first) == "fruit"
    assert engine.back(breakfast, first.conversation, WORLD) is None


def test_an_edited_flow_asks_only_what_is_new() -> None:
    async def longer(world: World) -> Any:
        fruit = await Choice(key="fruit", text=text("Which fruit?"), options=FRUIT)
        drink = await Choice(key="drink", text=text("Tea?"), options=(Option("tea", text("Tea")),))
        taste = await Scale(key="taste", text=text("How was it?"), options=SCALE).or_skip()
        return [fruit, drink, taste]

    met = engine.start(breakfast, WORLD, {"fruit": "mango", "taste": 2}).conversation
    turn = engine.again(longer, met, WORLD)
    assert key(turn) == "drink"
    assert engine.resume(longer, turn.conversation, Said(text="1"), WORLD, CHAINS).outcome == [
        "mango",
        "tea",
        2,
    ]


def test_an_answer_is_kept_through_a_rename() -> None:
    async def renamed(world: World) -> Any:
        return await Choice(key="breakfast", was=("fruit",), text=text("Which fruit?"), options=FRUIT)

    assert engine.start(renamed, WORLD, {"fruit": "mango"}).outcome == "mango"
    # A button that was sent before the rename has the earlier key behind it.
    turn = resume(renamed, engine.start(renamed, WORLD), Said(tap=("fruit", "mango")))
    assert turn.outcome == "mango"


def test_a_fact_is_looked_up_once_and_never_asked_back_to() -> None:
    asked = []

    async def looks(world: World) -> Any:
        await Choice(key="fruit", text=text("Which fruit?"), options=FRUIT)
        found = await Fact("price", lambda: asked.append(1) or len(asked))
        await Choice(key="buy", text=text("Buy?"), options=FRUIT)
        return found

    turn = resume(looks, engine.start(looks, WORLD), Said(text="1"))
    assert key(turn) == "buy"
    assert resume(looks, turn, Said(text="1")).outcome == 1
    undone = engine.back(looks, turn.conversation, WORLD)
    assert undone is not None and key(undone) == "fruit"
    assert len(asked) == 1


def test_a_given_answer_is_never_asked_for() -> None:
    async def linked(world: World) -> Any:
        return await Given("facility")

    assert engine.start(linked, WORLD).outcome is None
    assert engine.start(linked, WORLD, {"facility": "hc080101"}).outcome == "hc080101"


async def twice(world: World) -> Any:
    for _time in range(2):
        await Choice(key="fruit", text=text("Which?"), options=FRUIT)


async def stranger(world: World) -> Any:
    await Stranger()


class Stranger:
    def __await__(self) -> Any:
        yield 42


async def broken(world: World) -> Any:
    raise KeyError("nothing")


@pytest.mark.parametrize(("flow", "why"), [(twice, "twice"), (stranger, "no question"), (broken, "KeyError")])
def test_what_no_flow_may_do(flow: Any, why: str) -> None:
    with pytest.raises(FlowError, match=why):
        engine.start(flow, WORLD, {"fruit": "mango"})


def test_the_same_input_gives_the_same_turn() -> None:
    conversation = Conversation("breakfast", {"fruit": "mango"}, tag="abcd")
    turns = [engine.resume(breakfast, conversation, Said(text="៤"), WORLD, CHAINS) for _time in range(2)]
    assert turns[0] == turns[1]
    assert conversation.answers == {"fruit": "mango"}


@pytest.mark.parametrize(
    ("typed", "score"),
    [
        ("4", 4),
        ("៤", 4),
        (" ៤ ", 4),
        ("4.", 4),
        ("(៤)", 4),
        ("4️⃣", 4),
        ("\u200b៤\u200f", 4),
        ("ពេញចិត្ត", 4),
        ("ពេញ\u200bចិត្ត", 4),
        ("Satisfied", 4),
        ("very  SATISFIED", 5),
        ("មិនពេញចិត្ត", 2),
        ("បួន", 4),
        ("ប្រាំ", 5),
        ("buon", 4),
        ("four", 4),
        ("4/5", 4),
        ("៤/៥", 4),
        ("4/10", MISSED),
        ("0", None),
        ("-", None),
        ("០", None),
        ("រំលង", None),
        ("skip", None),
        ("ល្អ", MISSED),  # near "ល្អណាស់" and near "មិនល្អ": a scale is never met by a resemblance
        ("មិនល្អ", MISSED),
        ("6", MISSED),
        ("-4", MISSED),
        ("4 5", MISSED),
        ("44", MISSED),
        ("4a", MISSED),
        ("", MISSED),
        ("😊", MISSED),
        ("٤", MISSED),
        ("٤" * 5000, MISSED),
    ],
)
def test_a_score_is_a_number_or_its_exact_name(typed: str, score: Any) -> None:
    question = Scale(key="taste", text=text("?"), options=SCALE).or_skip()
    assert (
        question.read(Said(text=typed), CHAINS) is score or question.read(Said(text=typed), CHAINS) == score
    )


@pytest.mark.parametrize("typed", ["១២៣៤", "1e3", "4 5", "4/5", "-4", "½", "²", "一"])
def test_only_plain_digits_are_numbers(typed: str) -> None:
    assert numeral(typed) is None


def test_a_choice_has_one_to_ten_options() -> None:
    with pytest.raises(ValueError, match="1 to 10"):
        Choice(key="none", text=text("?"), options=())


def test_a_comment_takes_ten_thousand_letters_whole_and_a_voice_note() -> None:
    question = Comment(key="remark", text=text("?"))
    long = "ទឹក" * 3333
    assert question.read(Said(text=long), CHAINS) == {"text": long}
    assert question.read(Said(text="5"), CHAINS) is MISSED
    assert question.read(Said(other="sticker"), CHAINS) is MISSED


async def nothing(world: World) -> Done:
    return Done()


def test_a_flow_may_end_without_a_question() -> None:
    assert engine.start(nothing, WORLD).outcome == Done()


def test_what_is_typed_never_answers_a_question_that_was_not_seen_yet() -> None:
    async def longer(world: World) -> Any:
        smell = await Scale(key="smell", text=text("How did it smell?"), options=SCALE)
        taste = await Scale(key="taste", text=text("How was it?"), options=SCALE)
        return [smell, taste]

    met = Conversation("longer", {}, asked="taste")
    turn = engine.resume(longer, met, Said(text="1"), WORLD, CHAINS)
    assert (key(turn), turn.conversation.answers, turn.understood) == ("smell", {}, True)
    tapped = engine.resume(longer, met, Said(tap=("smell", "3")), WORLD, CHAINS)
    assert (key(tapped), tapped.conversation.answers) == ("taste", {"smell": 3})
    seen = engine.resume(longer, turn.conversation, Said(text="2"), WORLD, CHAINS)
    assert seen.conversation.answers == {"smell": 2}
