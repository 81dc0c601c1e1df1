"""Questions: what a flow awaits. `await Choice(...)` is the person's answer, typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

from flows import khmer, numbers
from flows.sound import Sound
from flows.text import Catalogue, Phrase, Text, _, spoken

JSON = Any
T = TypeVar("T")
S = TypeVar("S", bound=str | int)

#: Not an answer. (None is one: the person skipped.)
MISSED: Any = type("Missed", (), {"__repr__": lambda self: "MISSED"})()

RECORDING = "recording"  # the kind of an attachment that we keep ourselves

LONGEST_NUMBER = 40  # characters, in words
SHORTEST_BEGINNING = 3  # letters of a label by which it is known
LONGEST_COMMENT = 20_000  # characters; a message of ten thousand is kept whole


@dataclass(frozen=True, slots=True)
class Attachment:
    """A voice note, photo or document, by the provider's id; or a recording of ours, by its number (RECORDING).
    `size` in bytes, `seconds` of sound, `name` of a file."""

    kind: str
    file: str
    size: int = 0
    seconds: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said: typed text, a tapped button (key, value), something attached, or `other`.

    `other` names what nobody here can read: "sticker", "location", "edited" …
    `document`: what was found in a file that was handed in (`flows.publishing`), where she may hand one in.
    `sound`: what a voice note holds, where she is asked to record (`flows.record`).
    """

    text: str = ""
    tap: tuple[str, str] | None = None
    attachment: Attachment | None = None
    other: str = ""
    document: JSON = None
    sound: Sound | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Something said without asking. `budget`: the most SMS segments a message that ends with it may cost.

    `attachment`: a photo or voice note that goes with it, where the channel has such.
    """

    text: Phrase
    budget: int = 1
    attachment: Attachment | None = None

    def __await__(self) -> Generator[Say, None, None]:
        yield self


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that a conversation may be started with, and is never asked for."""

    key: str

    def __await__(self) -> Generator[Given, JSON, JSON]:
        return (yield self)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something looked up once and then remembered with the answers, so that a replay stays the same and cheap."""

    key: str
    lookup: Callable[[], JSON]

    def __await__(self) -> Generator[Fact, JSON, JSON]:
        return (yield self)


@dataclass(frozen=True, kw_only=True)
class Question(Generic[T]):
    """Something asked. `key` is permanent: answers are stored under it. `was` names its earlier keys.

    `budget`: the most SMS segments that a message asking it may cost, with what is said before it.
    """

    key: str
    text: Phrase
    skippable: bool = False
    was: tuple[str, ...] = ()
    budget: int = 1

    def __await__(self) -> Generator[Question[T], T, T]:
        return (yield self)

    def or_skip(self) -> Question[T | None]:
        """The same question, which may be left unanswered (None)."""
        return cast("Question[T | None]", replace(self, skippable=True))

    def read(self, said: Said, languages: Sequence[Catalogue]) -> JSON:
        """The answer in what was said, as JSON to store, or MISSED."""
        if said.tap is not None:
            key, value = said.tap
            if key not in {self.key, *self.was}:
                return MISSED
            return None if value == "" and self.skippable else self.tapped(value)
        if said.other:
            return MISSED
        if self.skippable and not said.attachment and self.left_out(said.text, languages):
            return None
        return self.heard(said, languages)

    def accepts(self, answer: JSON) -> bool:
        """Whether a stored answer still answers this question."""
        return self.skippable if answer is None else self.fits(answer)

    def value(self, answer: JSON) -> T:
        """What the flow gets for a stored answer."""
        return cast("T", answer)

    def hint(self, said: Said) -> Phrase:
        """Said before asking again, after something that was no answer."""
        if said.other == "edited":
            return _("An edited message does not change an answer. Go back to change it.")
        if said.attachment or said.other:
            return _("I can't read that here. Please write, or choose an answer.")
        return self.unclear()

    # What each kind of question decides for itself.
    def left_out(self, text: str, languages: Sequence[Catalogue]) -> bool:
        """Whether what was typed means to leave the question out, where it may be."""
        return is_skip(text, languages)

    def tapped(self, value: str) -> JSON:
        return MISSED

    def heard(self, said: Said, languages: Sequence[Catalogue]) -> JSON:
        return MISSED

    def fits(self, answer: JSON) -> bool:
        return False

    def unclear(self) -> Phrase:
        return _("I did not understand.")


@dataclass(frozen=True, slots=True)
class Option(Generic[S]):
    """One answer of a Choice. `value` is a permanent code; `face` goes before the label on a button; `called` are other
    names of it, as `khmer.key` has them."""

    value: S
    label: Phrase
    face: str = ""
    called: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Choice(Question[S]):
    """One of up to ten options, met by a tap, its number in either script, or its label in any language: the whole of
    it, or a beginning that no other has. `beyond` are options of a list's other pages, met by their labels alone."""

    options: tuple[Option[S], ...]
    beyond: tuple[Option[S], ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.options) <= 10:
            raise ValueError(f"{self.key}: a choice has 1 to 10 options, not {len(self.options)}")

    def tapped(self, value: str) -> JSON:
        return next((option.value for option in self.options if str(option.value) == value), MISSED)

    def heard(self, said: Said, languages: Sequence[Catalogue]) -> JSON:
        number = numeral(said.text)
        if number is not None:
            return self.numbered(number)
        return _labelled(said.text, (*self.options, *self.beyond), languages, begun=True)

    def numbered(self, number: int) -> JSON:
        return self.options[number - 1].value if 1 <= number <= len(self.options) else MISSED

    def fits(self, answer: JSON) -> bool:
        return any(option.value == answer for option in (*self.options, *self.beyond))

    def unclear(self) -> Phrase:
        return _("Please answer with a number from 1 to {last}.", last=len(self.options))


def _labelled(
    text: str, options: Sequence[Option[S]], languages: Sequence[Catalogue], *, begun: bool = False
) -> JSON:
    """The value of the option that is called so in any language or, `begun`, the only one whose label begins so."""
    heard = khmer.key(plain(text)) or _TONES.sub("", text).strip()
    if not heard:
        return MISSED
    beginnings = set()
    for option in options:
        if heard.replace(" ", "") in option.called:
            return option.value
        for catalogue in languages:
            label = khmer.key(plain(spoken(option.label, catalogue)))
            if label == heard:
                return option.value
            if begun and len(heard) >= SHORTEST_BEGINNING and label.startswith(heard):
                beginnings.add(option.value)
    return beginnings.pop() if len(beginnings) == 1 else MISSED


@dataclass(frozen=True, kw_only=True)
class Scale(Choice[int]):
    """A score from 1 to 5. A scale is never met by a resemblance: WRatio thinks "not good" is 90 % "good".

    `legend`: say what the numbers mean; asked for once in a conversation.
    """

    legend: bool = False

    def heard(self, said: Said, languages: Sequence[Catalogue]) -> JSON:
        # "4/5" is a score and no number; "4/10" is on another scale, and asked again.
        score = numbers.score(_bare(said.text)) if len(said.text) <= LONGEST_NUMBER else None
        if score is not None:
            return score
        number = numeral(said.text)
        return _labelled(said.text, self.options, languages) if number is None else self.numbered(number)

    def numbered(self, number: int) -> JSON:
        return number if self.fits(number) else MISSED


@dataclass(frozen=True, slots=True)
class Way:
    """The person took a way out of an open question instead of answering it in words."""

    code: str


@dataclass(frozen=True, kw_only=True)
class Open(Question[T]):
    """A question answered in the person's own words, with ways beside it that are met like a Choice; by a beginning of
    a label only where her words say nothing else."""

    ways: tuple[Option[str], ...] = ()

    def tapped(self, value: str) -> JSON:
        return {"way": value} if any(way.value == value for way in self.ways) else MISSED

    def heard(self, said: Said, languages: Sequence[Catalogue]) -> JSON:
        if self.ways and not said.attachment:
            number = numeral(said.text)
            if number is None:
                way = _labelled(said.text, self.ways, languages)
            else:
                way = self.ways[number - 1].value if 1 <= number <= len(self.ways) else MISSED
            if way is not MISSED:
                return {"way": way}
        answer = self.worded(said)
        if answer is MISSED and not said.attachment:
            way = _labelled(said.text, self.ways, languages, begun=True)
            return MISSED if way is MISSED else {"way": way}
        return answer

    def fits(self, answer: JSON) -> bool:
        if isinstance(answer, dict) and "way" in answer:
            return any(way.value == answer["way"] for way in self.ways)
        return self.worth(answer)

    def value(self, answer: JSON) -> T:
        if isinstance(answer, dict) and "way" in answer:
            return cast("T", Way(answer["way"]))
        return self.meaning(answer)

    # What each kind of open question decides for itself.
    def worded(self, said: Said) -> JSON:
        return MISSED

    def worth(self, answer: JSON) -> bool:
        return False

    def meaning(self, answer: JSON) -> T:
        return cast("T", answer)


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment: text, or a voice note or photo with perhaps a caption."""

    text: str = ""
    attachment: Attachment | None = None


@dataclass(frozen=True, kw_only=True)
class Comment(Open[Remark | Way]):
    """Free words of at most `longest` characters, a voice note or a photo."""

    longest: int = LONGEST_COMMENT

    def left_out(self, text: str, languages: Sequence[Catalogue]) -> bool:
        return is_skip(text, languages) or says_nothing(text)

    def worded(self, said: Said) -> JSON:
        text = khmer.visible(said.text).strip()
        if len(text) > self.longest or not (text or said.attachment):
            return MISSED
        if not said.attachment and numeral(text) is not None:
            return MISSED  # a bare number answers something else: a way that is not there, an earlier scale
        answer: dict[str, JSON] = {"text": text}
        if said.attachment:
            a = said.attachment
            answer["attachment"] = [a.kind, a.file, a.size, a.seconds]
        return answer

    def worth(self, answer: JSON) -> bool:
        return isinstance(answer, dict) and isinstance(answer.get("text"), str)

    def meaning(self, answer: JSON) -> Remark | Way:
        if answer is None:
            return cast("Remark", None)
        attachment = answer.get("attachment")
        return Remark(answer["text"], Attachment(*attachment) if attachment else None)

    def hint(self, said: Said) -> Phrase:
        if self.longest < len(khmer.visible(said.text).strip()) <= LONGEST_COMMENT:
            return too_long(self.longest)
        return super().hint(said)

    def unclear(self) -> Phrase:
        return _("Please write what you want to say.")


def too_long(most: int) -> Phrase:
    return _("That is too long. At most {most} letters, please.", most=most)


@dataclass(frozen=True, kw_only=True)
class Line(Open[str | Way]):
    """A few words on one line, at most `longest` characters."""

    longest: int

    def worded(self, said: Said) -> JSON:
        line = " ".join(khmer.visible(said.text).split())
        if not line or len(line) > self.longest or said.attachment or numeral(line) is not None:
            return MISSED
        return line

    def worth(self, answer: JSON) -> bool:
        return isinstance(answer, str) and 0 < len(answer) <= self.longest

    def hint(self, said: Said) -> Phrase:
        if len(" ".join(khmer.visible(said.text).split())) > self.longest:
            return too_long(self.longest)
        return super().hint(said)


@dataclass(frozen=True, slots=True)
class Heard:
    """The communes that a typed place may be; `sure` when it can only be the one. `wider` are the districts and
    provinces that it names: her commune lies in one of them."""

    communes: tuple[str, ...]
    sure: bool = False
    wider: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.communes or self.wider)

    @property
    def codes(self) -> tuple[str, ...]:
        """All that it may be."""
        return (*self.communes, *self.wider)

    @classmethod
    def one_of(cls, codes: Sequence[str]) -> Heard:
        """What was heard before it was asked for."""
        communes = tuple(code for code in codes if len(code) == 6)
        return cls(communes, wider=tuple(code for code in codes if len(code) < 6))


@dataclass(frozen=True, kw_only=True)
class Place(Open[Heard | Way]):
    """Where it is, in the person's own spelling. The answer holds the codes it was understood as, not the words."""

    find: Callable[[str], Heard]

    def worded(self, said: Said) -> JSON:
        line = khmer.visible(said.text).strip()
        if not line or said.attachment:
            return MISSED
        heard = self.find(line)
        if not heard:
            return MISSED
        answer = {"communes": list(heard.communes), "sure": heard.sure}
        return answer | ({"wider": list(heard.wider)} if heard.wider else {})

    def worth(self, answer: JSON) -> bool:
        return isinstance(answer, dict) and bool(answer.get("communes") or answer.get("wider"))

    def meaning(self, answer: JSON) -> Heard | Way:
        return Heard(tuple(answer["communes"]), bool(answer["sure"]), tuple(answer.get("wider", ())))

    def unclear(self) -> Phrase:
        return _("I could not find that place. Write the commune, or commune and district.")


_TONES = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")  # of an emoji: its style, its skin


def plain(text: str) -> str:
    """What was typed without the marks people put around an answer: "(ខ)", "2.", "« yes »", emoji, keycaps."""
    return "".join(
        c for c in khmer.visible(text) if c.isalnum() or c.isspace() or unicodedata.category(c)[0] == "M"
    ).strip()


def numeral(text: str) -> int | None:
    """The whole number below 1,000 that a short answer consists of, in digits of either script or in words; None
    when it is anything else. "4", "៤", "4.", "(៤)", "4️⃣", "បួន" are 4; "4 5", "4a", "-4" and "4/5" are no number."""
    found = numbers.number(_bare(text)) if len(text) <= LONGEST_NUMBER else None
    return found if found is not None and found < 1000 else None


def _bare(text: str) -> str:
    """A short answer without the marks people put around it."""
    text = khmer.visible(text).replace("\ufe0f", "").replace("\u20e3", "")
    return text.strip().strip("().[]។៕!,«»\"' ").strip()


SKIP: Text = _("Skip")
_SKIPS = frozenset({"0", "-", "–", "—"})


def _folded(text: str) -> str:
    return khmer.key(plain(text)).replace(" ", "")


def _keys(words: str) -> frozenset[str]:
    return frozenset(map(_folded, words.split("|")))


#: To leave a question out; and to say that there is nothing to say.
_UNKNOWN = _keys(
    "skip|pass|don't know|dk|idk|not sure|min doeng|min deng|ot doeng|ot deng|"
    "រំលង|មិនដឹង|មិនដឹងទេ|អត់ដឹង|អត់ដឹងទេ|មិនប្រាកដ"
)
_NOTHING = _keys(
    "no|none|nothing|nothing else|no comment|te|ot te|ot mean|ទេ|អត់|អត់ទេ|គ្មាន|គ្មានទេ|គ្មានមតិ|គ្មានអ្វីទេ|មិនមាន|មិនមានទេ|"
    "អត់មាន|អត់មានទេ|អត់មានមតិ|អត់មានមតិទេ|អត់មានអីទេ|អត់មានអ្វីទេ|"
    # Nor is thanks something to improve.
    "thanks|thank you|thx|ok|okay|orkun|arkun|orkoun|អរគុណ|អរគុណច្រើន|អរគុណបាទ|អរគុណចាស|បាទអរគុណ|ចាសអរគុណ|សូមអរគុណ|អូខេ|បាទ|ចាស"
)


def says_nothing(text: str) -> bool:
    """Whether somebody who may say something says that there is nothing to say."""
    return len(text) <= LONGEST_NUMBER and _folded(text) in _NOTHING


def is_skip(text: str, languages: Sequence[Catalogue]) -> bool:
    """Whether a typed line means "leave this out": 0, -, "don't know", or the word for it in any language."""
    line = khmer.ascii_digits(khmer.visible(text)).strip().strip(".។").lower()
    if line in _SKIPS or (len(line) <= LONGEST_NUMBER and _folded(line) in _UNKNOWN):
        return True
    if len(line) > 40:
        return False
    return any(khmer.key(spoken(SKIP, catalogue)) == khmer.key(line) for catalogue in languages if line)
