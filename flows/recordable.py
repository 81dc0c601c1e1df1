"""What can be recorded, by permanent keys: questions, the scale, criteria, and the blocks of what is published.

A question's recording holds as long as its key, since a new meaning gets a new key. A block's holds as long as the
block says the same: a new version of the pack that changes it makes the recording out of date.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from flows import about, rate
from flows.assent import YES_NO
from flows.library import SERVICES, Library, service_name
from flows.packs import Item, Pack
from flows.packtext import beneath, block_name, line
from flows.pages import Page
from flows.questions import Question, Scale
from flows.text import Phrase, Words, _, joined

BLOCK = "block"
SCORE = "score"
SCALE = "scale"


@dataclass(frozen=True, slots=True)
class Recordable:
    """Something that can be read out: `text`, then each of `ways`. `says` is a block's fingerprint, else "". `name` is
    what it is called in a list."""

    key: str
    text: Phrase
    ways: tuple[Phrase, ...] = ()
    says: str = ""
    name: Phrase | None = None

    @property
    def whole(self) -> Phrase:
        """All of it, a line for each way."""
        return joined(self.text, *(joined("•", way) for way in self.ways), separator="\n")


def _q(key: str, text: Phrase, *ways: Phrase) -> Recordable:
    return Recordable(key, text, ways)


_SERVICES = tuple(service_name(service) for service in SERVICES)
_YES_NO = tuple(option.label for option in YES_NO)

#: In the order in which a citizen meets them.
FIXED: dict[str, Recordable] = {
    one.key: one
    for one in (
        _q(
            "menu",
            _("What would you like to do?"),
            _("Rate a service"),
            _("Information"),
            _("Get village notices"),
            _("Language"),
            _("My data"),
            _("Help"),
        ),
        _q("service", _("What do you want to rate?"), *_SERVICES),
        _q("place", _("Which commune or sangkat do you live in? Write its name."), _("Choose from a list")),
        _q("place_elsewhere", _("Which commune or sangkat? Write its name."), _("Choose from a list")),
        _q("province", _("Which province?")),
        _q("district", _("Which district?")),
        _q("commune", _("Which commune?")),
        _q("village", _("Which village?")),
        _q("pick", _("Which one?")),
        _q("person", _("Who is rating now?"), _("Me again"), _("Another person on this phone")),
        _q(SCALE, _("How satisfied are you, from 1 to 5?"), *(option.label for option in rate.SCALE)),
        _q("comment", _("What should be better? Write, or send a voice note or a photo.")),
        _q(
            "review",
            _("This is your rating. Send it, or change an answer."),
            _("Send my rating"),
            _("Change an answer"),
        ),
        _q("change", _("Which answer do you want to change?")),
        _q(
            "about",
            _(
                "May I ask five short questions about you? They show whether the service is good for everyone. Skip any you like."
            ),
            _("Yes, ask"),
            _("No, thank you"),
        ),
        _q("gender", _("Are you a woman or a man?"), *(option.label for option in about.GENDERS)),
        _q("age", _("How old are you?"), *(option.label for option in about.AGES)),
        _q("disability", _("Do you have a disability?"), *_YES_NO),
        _q("minority", _("Do you belong to an ethnic minority?"), *_YES_NO),
        _q("poor", _("Does your family hold an ID-Poor card?"), *_YES_NO),
        _q(
            "what",
            _("What do you want to know about? Choose, or write it, such as: birth certificate"),
            *_SERVICES,
        ),
        _q("which", _("Which one do you mean?")),
        _q("blocks", _("What do you want to read?")),
        _q(
            "nothing",
            _("This service has not published its information yet."),
            _("Read the general standards"),
            _("Tell them that people ask"),
        ),
        _q(
            "general",
            _("Do you want to read the general standards of this service?"),
            _("Read"),
            _("Main menu"),
        ),
        _q("on", _("Do you want to read what this service owes you?"), _("Read"), _("Main menu")),
        _q("home", _("Hear of meetings in your commune?"), *_YES_NO),
        _q(
            "scope",
            _("Do you want to choose your village too?"),
            _("No, the whole commune"),
            _("Yes, choose my village"),
        ),
        _q("follow", _("Which service do you want to follow?"), *_SERVICES),
        _q("language", _("Which language?")),
        _q("listen", _("In which language do you want to listen?")),
        _q("privacy", _("What would you like to do?"), _("Main menu"), _("Delete my data")),
        _q(
            "erase",
            _("Delete your place, language and notices? Your scores stay, without any link to you."),
            *_YES_NO,
        ),
    )
}

#: Which question of which conversation each is; "*" of any.
ASKED = {
    "menu.menu": "menu",
    "rate.service": "service",
    "rate.service.elsewhere": "service",
    "*.place": "place",
    "*.where": "place_elsewhere",
    "*.province": "province",
    "*.district": "district",
    "*.commune": "commune",
    "*.village": "village",
    "*.facility.pick": "pick",
    "rate.person": "person",
    "rate.comment": "comment",
    "rate.review": "review",
    "rate.change": "change",
    "correct.change": "change",
    "about.willing": "about",
    "about.gender": "gender",
    "about.age": "age",
    "about.disability": "disability",
    "about.minority": "minority",
    "about.poor": "poor",
    "read.what": "what",
    "ask.hit": "which",
    "read.block": "blocks",
    "read.nothing": "nothing",
    "wished.general": "general",
    "read_on.on": "on",
    "join.home": "home",
    "join.scope": "scope",
    "follow.service": "follow",
    "language.language": "language",
    "listen.hears": "listen",
    "privacy.privacy": "privacy",
    "erase.sure": "erase",
}

_SCORE = re.compile(rf"({SCORE}\.[a-z0-9-]+)(?:\.\d+)?")
_NUMBER = re.compile(r"\.\d+$")


def keys(flow: str, question: Question[Any]) -> tuple[str, ...]:
    """What is to be heard with a question, in this order; of a block's pages with the first."""
    if isinstance(question, Page):
        whole = flow == "read" and question.key == "page.1" and question.subject
        return (block_key(question.subject, question.block),) if whole else ()
    if isinstance(question, Scale):
        found = _SCORE.fullmatch(question.key)
        scale = (SCALE,) if question.legend else ()
        return (found[1], *scale) if found else scale
    name = _NUMBER.sub("", question.key)
    key = ASKED.get(f"{flow}.{name}") or ASKED.get(f"*.{name}")
    return (key,) if key else ()


def questions(library: Library) -> list[Recordable]:
    """All that is asked of citizens: criteria stand behind the scale."""
    scored = [
        Recordable(f"{SCORE}.{criterion.code}", criterion.question)
        for service in SERVICES
        for criterion in library.criteria(service)
    ]
    listed: list[Recordable] = []
    for key, one in FIXED.items():
        listed.append(one)
        if key == SCALE:
            listed += scored
    return listed


# -- Blocks -----------------------------------------------------------------------------------------------


def block_key(subject: str, block: str) -> str:
    return f"{BLOCK}.{subject}.{block}"


def of_block(key: str) -> tuple[str, str] | None:
    """The subject and the block of such a key; None for any other."""
    kind, _dot, rest = key.partition(".")
    subject, _dot, block = rest.rpartition(".")
    return (subject, block) if kind == BLOCK and subject and block else None


def blocks(pack: Pack) -> list[Recordable]:
    """Everything of a pack that can be read out."""
    return [of_pack(pack, block) for block in pack.blocks]


def of_pack(pack: Pack, block: str) -> Recordable:
    """A block as it is read out: without who says so and when it was true, which stand beneath it on the screen."""
    ways: Iterable[Phrase] = (
        joined(line(item), *beneath(item), separator="\n   ") for item in pack.of(block)
    )
    key = block_key(pack.subject, block)
    return Recordable(key, block_name(block), tuple(ways), fingerprint(pack, block), block_name(block))


#: What of an item is not read out.
_UNSAID = frozenset({"key", "source", "true_on", "keywords"})


def fingerprint(pack: Pack, block: str) -> str:
    """Tells what a block says from anything else it may say, in Khmer."""
    said = [_read_out(item) for item in pack.of(block)]
    whole = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _read_out(item: Item) -> dict[str, Any]:
    said = {field.name: getattr(item, field.name) for field in fields(item) if field.name not in _UNSAID}
    return {
        name: value.in_language("km") if isinstance(value, Words) else value for name, value in said.items()
    }


def find(key: str, library: Library, pack: Callable[[str], Pack | None]) -> Recordable | None:
    """What a key stands for, as it is now. `pack`: what is published of a subject."""
    held = of_block(key)
    if held is not None:
        published = pack(held[0])
        return of_pack(published, held[1]) if published and held[1] in published.blocks else None
    if key in FIXED:
        return FIXED[key]
    return next((one for one in questions(library) if one.key == key), None)
