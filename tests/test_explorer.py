"""Whatever a person answers: every flow ends, speaks her language whole, fits its channel, and can be taken back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot import catalogues
from bot.channels.sms import Sms
from bot.channels.telegram import LONGEST, LONGEST_CAPTION, LONGEST_DATA, Telegram
from flows import engine
from flows.board import Board, Part
from flows.channel import SMS, TELEGRAM, Channel
from flows.comments import Comment, scope
from flows.counts import NOBODY, Counts
from flows.gazetteer import Gazetteer
from flows.library import SERVICES, Library
from flows.meetings import Meeting
from flows.outcomes import Goto, Outcome
from flows.packs import as_json
from flows.packsearch import Hit
from flows.questions import Open
from flows.registry import FLOWS
from flows.scoretext import Score, Service, Told
from flows.segments import measure
from flows.sound import Recording, Sounds
from flows.text import spoken
from flows.world import Contact, Grant, World
from tests.explorer import NONSENSE, Step, explore
from tests.packs import general, pack

HOME = "080303"
FACILITY = "hc080303"
SCORES = {"hc-presence": 4, "hc-medicine": 1}

#: Something wrong with a file: sheet, row, column, in English and in Khmer.
PROBLEM = [
    "តារាងតម្លៃសេវា",
    5,
    "D · តម្លៃ (រៀល)",
    "“two” is no amount in riel. Write digits alone, for example 5000.",
    "«ពីរ» មិនមែនជាចំនួនទឹកប្រាក់រៀលទេ។ សូមសរសេរតែលេខ ឧទាហរណ៍ 5000។",
]

#: How a code gets to us, where that is known and where it is not.
WAYS: tuple[dict[str, Any], ...] = (
    {"code": "SL-7K3M-9QX2", "number": "", "link": ""},
    {"code": "SL-7K3M-9QX2", "number": "+85512345678", "link": "t.me/samleng_bot?start=i_SL7K3M9QX2"},
)

#: What citizens wrote: something short, something long, and what was sent along and is kept, waits or is lost.
SAID = [
    Comment("a1", FACILITY, "2026-Q4", date(2026, 11, 21), "ទឹកខ្វះញឹកញាប់"),
    Comment("a2", FACILITY, "2026-Q4", date(2026, 11, 20), "ពេលយប់រកពេទ្យមិនឃើញ។ " * 20),
    Comment("a3", FACILITY, "2026-Q4", date(2026, 11, 20), "", "voice", b"\1" * 16, 75, None, "kept"),
    Comment("a4", FACILITY, "2026-Q4", date(2026, 11, 19), "បង្គន់", "photo", None, 0, None, "waiting"),
    Comment(
        "a5", "ps080303", "2026-Q4", date(2026, 11, 9), "", "voice", None, 3, date(2026, 11, 20), "refused"
    ),
]
FOUND = [[said.facility, said.key] for said in SAID]


def told(subject: str, library: Library) -> Told | None:
    """Scores of every place and facility but one commune, where too few rated, and one service."""
    facility = library.facility(subject)
    services = [facility.service] if facility else SERVICES
    silent = subject.endswith("080304")
    made = []
    for service in services:
        counts = NOBODY if silent or (service == "ps" and not facility) else Counts((12, 30, 41, 55, 9))
        change = {"ca": -0.24, "hc": None}.get(service, 0.01)
        criteria = tuple(Score(one.code, counts, change) for one in library.criteria(service))
        made.append(Service(service, counts, change, counts.n, criteria))
    place = facility.communes[0] if facility else subject
    return Told(
        place,
        facility and facility.code,
        ("2026-Q4",),
        "2026-Q3",
        tuple(made),
        "2026-11-19",
        9,
        4,
        not silent,
    )


def board(library: Library, roles: tuple[Grant, ...]) -> Board:
    def parts(place: str) -> list[Part]:
        below = library.gazetteer.below(place)
        counts = {service: Counts((1, 2, 3, 4, 5)) for service in SERVICES}
        return [Part(part.code, counts if number % 3 else {}, 45) for number, part in enumerate(below)]

    def comments(subject: str, unanswered: bool) -> list[Comment]:
        if scope(roles, subject, library) is None or subject == "080304":
            return []
        return [said for said in SAID if not (unanswered and said.answered_on)]

    def counted(subject: str) -> tuple[int, int] | None:
        return None if scope(roles, subject, library) is None else (1284, 12)

    return Board(lambda subject: told(subject, library), parts, comments, counted)


#: What each flow is started with, besides nothing.
GIVEN: dict[str, list[dict[str, Any]]] = {
    "menu": [{}, {"welcome": True}],
    "work": [{}],
    "rate": [
        {},
        {"facility": FACILITY},
        {"facility": "gone"},
        {"commune": HOME},
        {"facility": FACILITY, "score.hc-presence": 9},
    ],
    "thanks": [
        {"facility": FACILITY, "person": 1, "reference": "ABC234", "scores": SCORES, "commented": commented}
        for commented in (False, True)
    ],
    "became": [
        {
            "facility": FACILITY,
            "reference": "ABC234",
            "day": "2026-11-22",
            "comment": comment,
            "answered": day,
        }
        for comment, day in (("", None), ("waits", None), ("read", None), ("read", "2026-11-29"))
    ],
    "no_such_number": [{"reference": "ABC234"}],
    "correct": [{"facility": FACILITY, "person": 1, "scores": SCORES}],
    "about": [{"facility": FACILITY, "person": 1}],
    "announce": [
        {},
        {"commune": HOME, "kind": "village", "scope": "villages", "village.1": {"villages": []}},
    ],
    "announced": [
        {"notice": 12, "people": 120_000},
        {"notice": 12, "people": 120_000, "told": 9_000},
        {"notice": 12, "people": 120_000, "told": 0},
    ],
    "not_possible": [{"trouble": trouble} for trouble in ("past", "cap", "gone")],
    "change": [{}, {"notice": 12}, {"notice": 13}],
    "changed": [{"people": 3}, {"people": 120_000, "cancelled": True}],
    "follow": [{}, {"facility": FACILITY}],
    "followed": [{"facility": FACILITY}],
    "welcomed": [
        {"role": "caf", "place": HOME, "facility": ""},
        {"role": "council", "place": HOME, "facility": ""},
        {"role": "staff", "place": HOME, "facility": FACILITY},
        {"role": "viewer", "place": "08", "facility": ""},
        {"role": "admin", "place": "", "facility": ""},
    ],
    "invitation": [{"commune": HOME, "days": 30, **way} for way in WAYS],
    "link_code": [{"minutes": 15, **way} for way in WAYS],
    "linked": [{"other": 2}],
    "dashboard_link": [
        {"minutes": 15, "link": ""},
        {"minutes": 15, "link": "https://samleng.example.org/in/abcdefghijkmnpqrstuv"},
    ],
    "told": [{"here": True}, {"here": False}],
    "unlinked": [{"was": True}, {"was": False}],
    "read": [
        {},
        {"facility": FACILITY},
        {"facility": "ca080303", "block": "prices"},
        {"facility": "ps080303"},
        {"facility": "ps080303", "nothing": "general"},
        {"service": "hc"},
        {"service": "hc", "heard": ["080303", "080304"]},
        {"commune": HOME},
    ],
    "ask": [{"query": query, "commune": HOME} for query in ("one", "two", "many", "nothing", "gone")]
    + [{"query": "one"}],
    "not_found": [{"commune": HOME}],
    "wished": [{"facility": FACILITY}, {"facility": "ps080303"}, {"facility": "ca080303"}],
    "read_on": [{"facility": FACILITY}, {"facility": "ps080303"}, {}],
    "scores": [
        {},
        {"place": HOME},
        {"place": HOME, "service": "hc"},
        {"place": FACILITY},
        {"place": "080304"},
        {"place": "ps080304"},
        {"place": "0803"},
        {"place": "08"},
        {"place": "nation"},
        {"service": "ps"},
        {"heard": []},
        {"heard": ["080303", "080304"]},
        {"elsewhere": True},
    ],
    "scores_within": [{"place": "0803"}, {"place": "08"}, {"place": "nation"}, {}],
    "comments": [
        {"subject": HOME},
        {"subject": HOME, "unanswered": True},
        {"subject": HOME, "found": FOUND[:2], "at": 1, "done": True},
        {"subject": HOME, "found": FOUND, "at": 9, "done": False},
        {"subject": FACILITY},
        {"subject": "080304"},
        {},
    ],
    "handed_in": [
        {},
        {"document": {"problems": [PROBLEM] * 10, "more": 190}},
        {"document": {"problems": [[None, None, "", "No workbook.", "មិនមែនតារាងទេ។"]], "more": 0}},
        {"document": {"name": "a.xlsx", "pack": as_json(pack()), "warnings": [PROBLEM]}},
        {"document": {"name": "a.xlsx", "pack": as_json(pack("hc080304")), "warnings": []}},
    ],
    "drafted": [
        {"subject": FACILITY, "version": 2},
        {"subject": FACILITY, "version": 2, "warnings": [PROBLEM] * 7},
        {"subject": FACILITY, "version": 1},
        {"subject": FACILITY, "version": 99},
    ],
    "published": [{"subject": FACILITY, "done": True}, {"subject": FACILITY, "done": False}, {}],
    "listening": [{"language": "cmo"}, {"language": None}],
    "record": [{}, {"commune": HOME, "spoken": "jra", "about": "hc"}, {"commune": "080304"}],
    "recorded": [{"given": {"commune": HOME, "spoken": "cmo", "about": "questions"}}, {"changed": True}],
    "recordings": [{}, {"number": 2}, {"after": 2}, {"after": 3}, {"number": 99}],
    "judged": [{"done": done, "after": 2} for done in ("approved", "refused", "changed", None)],
}

#: Flows whose pages are made for the person's language, and so explored in each.
SPOKEN = frozenset(
    {"read", "ask", "not_found", "wished", "read_on", "drafted", "publish", "template", "record"}
    | {"scores", "scores_within", "comments"}
)
#: What is published: one facility's pack is a sample, one has nothing but the general standards of its service.
PACKS = {
    "hc080303": pack("hc080303"),
    "ca080303": pack("ca080303", sample=True),
    "ps": general("ps"),
}
VERSIONS = {1: pack(), 2: replace(pack(), state="draft", version=2)}
HITS = {
    "one": [Hit("hc080303", "prices-2", 1.0)],
    "two": [Hit("hc080303", "prices-3", 1.0), Hit("hc080303", "prices-4", 0.9)],
    "many": [Hit(code, f"prices-{n}", 0.9) for n in (1, 2, 3, 4) for code in ("hc080303", "ca080303")],
    "gone": [Hit("hc080303", "prices-99", 1.0)],
}

#: What was recorded: of a question and of a block, one of them as it was before the pack was changed.
RECORDINGS = [
    Recording(1, "menu", "cmo", "", "", "approved", 4),
    Recording(2, "score.hc-medicine", "krr", HOME, "", "proposed", 5),
    Recording(3, "block.hc080303.rights", "km", HOME, "before", "proposed", 170),
]


class SomeSounds(Sounds):
    def languages(self) -> list[str]:
        return ["km", "cmo"]

    def recorded(self, commune: str, language: str) -> dict[str, list[Recording]]:
        return {one.key: [one] for one in RECORDINGS}

    def waiting(self) -> list[Recording]:
        return RECORDINGS[1:]

    def of(self, number: int) -> Recording | None:
        return next((one for one in RECORDINGS[1:] if one.number == number), None)


#: Flows that know of recordings, and so are explored with some as well as without.
SOUNDS: dict[str, list[Sounds]] = {
    flow: [Sounds(), SomeSounds()] for flow in ("work", "language", "listen", "record", "recordings")
}

#: Drafts that wait: none, one, more than stand on a page, and one of a facility that is no more.
DRAFTS: list[list[tuple[str, int]]] = [
    [],
    [("hc080303", 2)],
    [(f"{service}{commune}", 2) for commune in (HOME, "080304", "080301") for service in SERVICES],
    [("gone", 1)],
]

#: What an official may do; everybody else may nothing.
CAF = (Grant("caf", HOME),)
ROLES: dict[str, list[tuple[Grant, ...]]] = {
    "menu": [(), CAF],
    "work": [(), CAF, (Grant("council", HOME),), (Grant("staff", HOME, FACILITY),), (Grant("admin", "08"),)],
    "dashboard": [(), CAF],
    "announce": [(), CAF, (*CAF, Grant("council", "080304")), (Grant("admin", "08"),)],
    "meetings": [(), CAF],
    "change": [CAF],
    "handed_in": [(), CAF, (Grant("council", HOME),), (Grant("staff", HOME, FACILITY),)],
    "record": [(), CAF, (*CAF, Grant("caf", "080304")), (Grant("admin", "08"),)],
    "recordings": [(), CAF, (Grant("council", HOME),)],
    "publish": [(), CAF, (Grant("council", HOME),), (Grant("staff", HOME, FACILITY),)],
    "template": [
        (),
        (Grant("council", HOME),),
        (Grant("staff", HOME, FACILITY),),
        (Grant("staff", HOME, "gone"),),
        (Grant("council", HOME), Grant("council", "080304")),
        (Grant("admin", "08"),),
    ],
    "scores": [
        (),
        CAF,
        (Grant("council", HOME),),
        (Grant("staff", HOME, FACILITY), Grant("council", "080304")),
        (Grant("viewer", ""),),
    ],
    "scores_within": [(), (Grant("viewer", "08"),), (Grant("admin", ""),)],
    "comments": [(), (Grant("council", HOME),), (Grant("staff", HOME, FACILITY),)],
    "invite": [
        (),
        CAF,
        (Grant("council", HOME),),
        (Grant("council", HOME), Grant("council", "080304")),
        (Grant("admin", "08"),),
    ],
}
NOTE = "សូមយកប័ណ្ណក្រីក្រ និងសៀវភៅគ្រួសារមកជាមួយ។"
MEETING = Meeting("jaap", HOME, "commune", "2026-12-01", "14:30", "សាលាបុណ្យវត្តព្រែកអំពិល", NOTE)
PLAN = {
    "people": 12_480,
    "segments": 4_860,
    "left": 5_000,
    "out_at": "2026-11-22T09:00",
    "later": False,
    "seconds": 431,
    "told": 12_480,
    "villages": [],
    "shown": [[False, "📣 …"], [True, "…"]],
    "trouble": "",
}
PLANS = [
    PLAN,
    {**PLAN, "segments": 0, "later": True, "trouble": "late", "told": 9_000, "villages": ["08030301"]},
    {**PLAN, "trouble": "late", "told": 0},
    {**PLAN, "trouble": "cap"},
]
CONTACTS = (
    Contact(),
    Contact(commune=HOME, joined=True),
    Contact(commune=HOME, village="08030301", people=3, asked=(1,), hears="cmo"),
)
RENDERERS = {"telegram": Telegram(), "sms": Sms()}


class Whole:
    """A catalogue that minds when something has no translation."""

    def __init__(self, chain: catalogues.Chain) -> None:
        self.language = chain.language
        self.chain = chain

    def gettext(self, msgid: str) -> str:
        if self.language != catalogues.SOURCE:
            assert msgid in self.chain.texts, f"{self.language}: untranslated: {msgid!r}"
        return self.chain.gettext(msgid)

    def number(self, value: int) -> str:
        return self.chain.number(value)

    def day(self, on: str) -> str:
        return self.chain.day(on)


CHAINS = {key: Whole(chain) for key, chain in catalogues.load().items()}
LANGUAGES = [code for code, _name in catalogues.languages()]


#: Two provinces and some of their districts: every way through them is taken, with lists of several pages.
DISTRICTS = ("0803", "0810", "0813", "2005")


@pytest.fixture(scope="module")
def part(library: Library) -> Library:
    whole = library.gazetteer
    wanted = {*DISTRICTS, *(code[:2] for code in DISTRICTS)}
    places = [p for p in whole.places if p.code in wanted or p.code[:4] in DISTRICTS]
    communes = {p.code for p in places if len(p.code) == 6}
    facilities = [
        facility
        for commune in sorted(communes)
        for service in SERVICES
        for facility in library.facilities(commune, service)
    ]
    criteria = [criterion for service in SERVICES for criterion in library.criteria(service)]
    return Library(Gazetteer(places), facilities, criteria)


def worlds(library: Library, channel: Channel, flow: str) -> list[World]:
    rated = (0, 1) if flow == "rate" else (0,)
    asks = flow in {"announce", "change"}
    return [
        World(
            replace(contact, language=language),
            channel,
            library,
            lambda _facility, n=n: n,
            "2026-Q4",
            roles=roles,
            today=date(2026, 11, 22),
            now="2026-11-22T09:00",
            upcoming=lambda: [(12, MEETING)],
            plan=lambda meeting, notice, plan=plan: plan,
            pack=PACKS.get,
            version=lambda subject, number: VERSIONS.get(number),
            search=lambda commune, query: HITS.get(query, []),
            speak=lambda said, language=language: spoken(said, CHAINS[language, channel.wording]),
            sounds=sounds,
            drafts=lambda drafts=drafts: drafts,
            board=board(library, roles),
        )
        for language in (LANGUAGES if flow in SPOKEN else LANGUAGES[:1])
        for contact in (CONTACTS[:1] if asks else CONTACTS)
        for n in rated
        for roles in ROLES.get(flow, [()])
        for plan in (PLANS if asks else PLANS[:1])
        for sounds in SOUNDS.get(flow, [Sounds()])
        for drafts in (DRAFTS if flow in {"work", "publish"} else DRAFTS[:1])
    ]


def steps(library: Library, channel: Channel, flow: str) -> list[tuple[Step, list[str]]]:
    """Every step, with the languages in which it is to fit."""
    labels = [CHAINS[code, channel.wording] for code in LANGUAGES]
    return [
        (step, [world.contact.language] if flow in SPOKEN else LANGUAGES)
        for world in worlds(library, channel, flow)
        for given in GIVEN.get(flow, [{}])
        for step in explore(FLOWS[flow], flow, world, given, labels)
    ]


@pytest.mark.parametrize("channel", [TELEGRAM, SMS], ids=lambda channel: channel.name)
@pytest.mark.parametrize("flow", FLOWS)
def test_every_answer(flow: str, channel: Channel, part: Library) -> None:
    taken = steps(part, channel, flow)
    ended = Counter(type(step.turn.outcome).__name__ for step, _in in taken if step.turn.outcome is not None)
    assert ended, "no way leads to an end"
    for step, languages in taken:
        assert step.turn.understood, (step.before, step.said)
        outcome = step.turn.outcome
        assert outcome is None or isinstance(outcome, Outcome)
        if isinstance(outcome, Goto):
            assert outcome.flow in FLOWS
        if not step.turn.replies:
            continue
        for language in languages:
            _fits(step, channel, language)


def _fits(step: Step, channel: Channel, language: str) -> None:
    catalogue = CHAINS[language, channel.wording]
    nav = ["back", "menu"]
    parts = RENDERERS[channel.name].render(step.turn.replies, catalogue, "tags", nav)
    assert parts
    for message in parts:
        text = message["text"]
        assert text.strip() or "recording" in message
        assert "{" not in text and "\u200b" not in text.replace("\n", ""), text
        if channel is TELEGRAM:
            assert len(text) <= LONGEST
            if "picture" in message or "recording" in message:
                assert len(text.encode("utf-16-le")) // 2 <= LONGEST_CAPTION
            for row in message.get("keyboard", ()):
                for label, data in row:
                    assert label.strip() and 1 <= len(data.encode()) <= LONGEST_DATA, (label, data)
        else:
            cost = measure(text)
            budget = step.turn.replies[-1].budget
            assert cost.count <= budget, f"{cost.count} segments of {budget}, {cost.units} units:\n{text}"


@pytest.mark.parametrize("channel", [TELEGRAM, SMS], ids=lambda channel: channel.name)
@pytest.mark.parametrize("flow", FLOWS)
def test_back_undoes(flow: str, channel: Channel, part: Library) -> None:
    for world in worlds(part, channel, flow):
        for given in GIVEN.get(flow, [{}]):
            for step in explore(FLOWS[flow], flow, world, given, list(CHAINS.values())):
                if step.before is None or step.turn.question is None:
                    continue
                undone = engine.back(FLOWS[flow], step.turn.conversation, world)
                assert undone is not None
                here = engine.again(FLOWS[flow], step.before, world)
                assert undone.question is not None and here.question is not None
                assert undone.question.key == here.question.key


@pytest.mark.parametrize("channel", [TELEGRAM, SMS], ids=lambda channel: channel.name)
@pytest.mark.parametrize("flow", FLOWS)
def test_nonsense_changes_nothing(flow: str, channel: Channel, part: Library) -> None:
    labels = [CHAINS[code, channel.wording] for code in LANGUAGES]
    world = worlds(part, channel, flow)[0]
    for given in GIVEN.get(flow, [{}]):
        for step in explore(FLOWS[flow], flow, world, given, labels):
            question = step.turn.question
            if question is None:
                continue
            conversation = step.turn.conversation
            for said in NONSENSE:
                turn = engine.resume(FLOWS[flow], conversation, said, world, labels)
                assert not turn.understood, (question.key, said)
                assert turn.conversation == replace(conversation, misses=conversation.misses + 1)
                assert turn.question is not None and turn.question.key == question.key
                if channel is SMS and not isinstance(question, Open):
                    cost = measure(Sms().render(turn.replies, CHAINS["km", "sms"], "", [])[0]["text"])
                    assert cost.count <= question.budget + 1


def test_questions_of_the_rating_cost_one_segment_for_every_commune(library: Library) -> None:
    """The longest names of the country included, in both languages."""
    for place in library.gazetteer.places:
        if place.kind not in {"commune", "sangkat"}:
            continue
        contact = Contact(commune=place.code)
        world = World(contact, SMS, library, lambda _facility: 0, "2026-Q4")
        given = {
            "facility": f"hc{place.code}",
            "person": 1,
            "reference": "ABC234",
            "scores": {criterion.code: 4 for criterion in library.criteria("hc")},
        }
        for turn in (
            engine.start(FLOWS["rate"], world, name="rate"),
            engine.start(FLOWS["thanks"], world, given, name="thanks"),
        ):
            for language in LANGUAGES:
                [part] = Sms().render(turn.replies, CHAINS[language, "sms"], "", [])
                assert measure(part["text"]).count == 1, part["text"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_scores_cost_two_segments_for_every_commune(library: Library, language: str) -> None:
    """Sample data, of a council that has many comments: the most that stands in one message."""
    chain = CHAINS[language, SMS.wording]
    for place in library.gazetteer.places:
        if place.kind not in {"commune", "sangkat"}:
            continue
        roles = (Grant("council", place.code),)
        world = World(
            Contact(language=language),
            SMS,
            library,
            lambda _facility: 0,
            "2026-Q4",
            roles=roles,
            speak=lambda said: spoken(said, chain),
            board=board(library, roles),
        )
        for given in ({}, {"service": "hc"}, {"place": f"hc{place.code}"}):
            turn = engine.start(FLOWS["scores"], world, given, name="scores")
            [part] = Sms().render(turn.replies, chain, "", [])
            assert measure(part["text"]).count <= 2, part["text"]
