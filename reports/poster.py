"""The poster of a facility for its notice board: what it owes and does, and how to rate it, in one language."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from babel.dates import format_date

from flows import khmer, oneline
from flows.library import Facility, Library, facility_name, full_name, place_with_unit
from flows.packs import BLOCKS, Budget, Item, Pack, Performance, Price, old
from flows.packtext import block_name, days, grouped, price
from flows.rate import SCALE
from flows.text import Catalogue, Phrase, Words, _, joined, spoken
from reports import bars, typesetting
from reports.typesetting import code, line

SIZES = ("a3", "a4")

#: A bot that can't be: names on Telegram don't begin with a line. For trying out, where none is connected.
PLACEHOLDER = "https://t.me/_samleng_sample"

#: The scores of the example on the poster, as many as there are criteria.
_EXAMPLE = "4355443554"
_RATE = "r_"
_BY_HAND = "………………"
_FOOT = 60  # letters


@dataclass(frozen=True, slots=True)
class Reach:
    """How people get to us: the address that opens the bot, as in https://t.me/samleng_bot, and the number for text
    messages: "" is not known yet and left to be written by hand, None is that none are answered."""

    address: str
    number: str | None = ""

    @property
    def placeholder(self) -> bool:
        return self.address == PLACEHOLDER

    def link(self, facility: Facility) -> str:
        """Opens the bot to rate this facility; from there one reads on."""
        return f"{self.address}?start={_RATE}{facility.code}"


@dataclass(frozen=True, slots=True)
class Board:
    """A facility and what is published about it: its own pack, or its service's general one."""

    facility: Facility
    pack: Pack


@dataclass(frozen=True, slots=True)
class Press:
    """What all posters of a print have in common."""

    library: Library
    catalogue: Catalogue
    reach: Reach
    today: date
    size: str = "a3"

    def pdf(self, boards: Iterable[Board]) -> bytes:
        """Every board's poster, one after the other."""
        return typesetting.pdf("poster", self.data(boards))

    def png(self, boards: Iterable[Board], dots: float = 72) -> list[bytes]:
        """The same as pictures, a page each."""
        return typesetting.png("poster", self.data(boards), dots)

    def data(self, boards: Iterable[Board]) -> dict[str, Any]:
        """What the template fills in."""
        posters = [_Poster(self, board).data() for board in boards]
        names = dict.fromkeys(poster["facility"] for poster in posters)
        return {
            "size": self.size,
            "title": " · ".join([self.say(_("Information for citizens")), *list(names)[:3]]),
            "numbers": [self.catalogue.number(n) for n in range(100)],
            "words": self._words(),
            "posters": posters,
        }

    def say(self, phrase: Phrase | str) -> str:
        return line(spoken(phrase, self.catalogue))

    def date(self, on: str) -> str:
        """A day with its year, as in ទី៣១ ខែមករា ឆ្នាំ២០២៦."""
        return dated(date.fromisoformat(on), self.catalogue)

    def _words(self) -> dict[str, str]:
        said = {
            "title": _("Information for citizens"),
            "invitation": _("How good is this service? Give it your score."),
            "scan": _("Scan this code with the camera of your phone: rate, and read on in Telegram."),
            # Translators: before the digits of an example, each with the criterion that it scores
            "digits": _("Each digit is a score:"),
            "private": _("No name is asked. Nobody learns who gave which score."),
            "sources": _("Sources:"),
            "planned": _("Planned"),
            "spent": _("Spent"),
        }
        return {name: self.say(phrase) for name, phrase in said.items()} | bars.wording(
            self.catalogue.language
        )


def dated(on: date, catalogue: Catalogue) -> str:
    """A day with its year, as it is printed."""
    # Translators: a day with its year, in the letters of Unicode's date patterns
    pattern = spoken(_("d MMMM y"), catalogue)
    written = khmer.visible(format_date(on, pattern, locale=catalogue.language))
    return "".join(catalogue.number(int(c)) if c.isdigit() else c for c in written)


def rating_line(facility: Facility, library: Library) -> tuple[str, str] | None:
    """A whole rating by text message, for example, and its scores alone; None where a line can't name the facility.

    The line is tried on the reader of such lines: what stands on a notice board for a year must be understood.
    """
    scores = _EXAMPLE[: len(library.criteria(facility.service))]
    for head in (f"{facility.service.upper()} {facility.communes[0]}", facility.code.upper()):
        understood = oneline.read(f"{head} {scores}", library)
        if understood is None or not understood.complete:
            continue
        meant = understood.given.get("facility")
        if meant is None:
            serving = library.facilities(str(understood.given.get("commune")), facility.service)
            meant = serving[0].code if len(serving) == 1 else None
        if meant == facility.code and scores:
            return f"{head} {scores}", scores
    return None


def group_name(kind: str) -> Phrase | None:
    """What the texts of a kind are called together; None for texts of one kind."""
    match kind:
        case "right":
            return _("Your rights")
        case "duty":
            return _("Your duties")
        case "meeting":
            return _("Meetings")
        case "contact":
            return _("Contact")
        case "complaint":
            return _("Complaints")
        case _:
            return None


def _shortened(text: str) -> str:
    """What fits on one line at the foot of a page; the whole stands in its head."""
    letters = khmer.clusters(text)
    return text if len(letters) <= _FOOT else "".join(letters[:_FOOT]) + "…"


def _size(sections: list[dict[str, Any]]) -> float:
    """About the size of letters with which so much to read fills one page, in millimetres on A3.

    Found by trying packs of 3 to 30 items; the template looks and mends it, so it only saves time.
    """
    much = len(json.dumps(sections, ensure_ascii=False))
    return 500 / math.pow(max(much, 1), 0.57)


@dataclass(frozen=True, slots=True)
class _Poster:
    """One poster in the making. `sources` are numbered as they first appear."""

    press: Press
    board: Board
    sources: dict[str, int] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        facility, pack, press = self.board.facility, self.board.pack, self.press
        for item in pack.items:
            self.sources.setdefault(self._source(item), len(self.sources) + 1)
        name = press.say(facility_name(facility, press.library))
        place = press.say(full_name(facility.communes[0], press.library))
        link = press.reach.link(facility)
        sections = [section for block in BLOCKS if (section := self._section(block)) is not None]
        return {
            "facility": name,
            "place": place,
            "service": facility.service,
            "note": self._note(),
            "sample": self._sample(),
            "watermark": press.say(_("Sample")),
            "sections": sections,
            "guess": _size(sections),
            "sources": [
                f"{press.catalogue.number(number)}. {source}" if self._several else source
                for source, number in self.sources.items()
            ],
            "qr": code(link),
            "link": link,
            "handle": line(link.partition("?")[0].removeprefix("https://")),
            "sms": self._sms(),
            "scale": [press.say(option.label) for option in SCALE],
            "foot": _shortened(f"{name} · {place}"),
        }

    def _note(self) -> str:
        """What must be known before reading: whose standards these are, whom the facility serves."""
        facility, press = self.board.facility, self.press
        notes: list[Phrase] = []
        if self.board.pack.general and self.board.pack.items:
            notes.append(_("General standards of this service. This place has not published its own yet."))
        if len(facility.communes) > 1:
            served = (place_with_unit(press.library.place(commune)) for commune in facility.communes)
            notes.append(_("Serves: {communes}", communes=joined(*served, separator=", ")))
        return press.say(joined(*notes))

    def _sample(self) -> str:
        """Why this poster is not for a real board; "" where it is."""
        why: list[Phrase] = []
        if self.board.pack.sample:
            why.append(_("Sample data: none of this is real"))
        if self.press.reach.placeholder:
            why.append(_("Sample poster: its code leads nowhere yet"))
        return self.press.say(joined(*why, separator=" · "))

    def _sms(self) -> dict[str, Any] | None:
        press, facility = self.press, self.board.facility
        example = rating_line(facility, press.library)
        number = press.reach.number
        if example is None or number is None:
            return None
        whole, scores = example
        criteria = press.library.criteria(facility.service)
        return {
            "intro": press.say(_("Or by text message, for example:")),
            "line": whole,
            "number": press.say(_("to the number {number}", number=number or _BY_HAND)),
            "scores": [
                {"digit": digit, "criterion": line(criterion.label.in_language(press.catalogue.language))}
                for digit, criterion in zip(scores, criteria, strict=False)
            ],
        }

    # -- Sections ---------------------------------------------------------------------------------------------

    def _section(self, block: str) -> dict[str, Any] | None:
        items = self.board.pack.of(block)
        if not items:
            return None
        # What holds for all of a block is said once, by its title.
        aged, refs = {self._old(item) for item in items}, {self._ref(item) for item in items}
        together = {"old": aged.pop() if len(aged) == 1 else "", "ref": refs.pop() if len(refs) == 1 else ""}
        said: dict[str, Any] = {"block": block, "title": self.press.say(block_name(block)), **together}
        shown = [
            {
                **self._item(item),
                "old": "" if together["old"] else self._old(item),
                "ref": "" if together["ref"] else self._ref(item),
            }
            for item in items
        ]
        if block == "prices":
            said["columns"] = self._columns(shown)
        if block in ("prices", "budget", "performance"):
            return {**said, "items": shown}
        kinds = dict.fromkeys(getattr(item, "kind", "") for item in items)
        said["groups"] = [
            {
                "name": self.press.say(group_name(kind) or ""),
                "items": [
                    row for row, item in zip(shown, items, strict=True) if getattr(item, "kind", "") == kind
                ],
            }
            for kind in kinds
        ]
        return said

    def _columns(self, shown: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The columns that any price has something for. `share`: of the width that amounts and times leave."""
        # Translators: headings of the table of prices
        names: dict[str, Phrase] = {
            "text": _("Service"),
            "price": _("Price"),
            "days": _("Longest time"),
            "documents": _("Documents to bring"),
            "exempt": _("Who pays nothing"),
        }
        longest = {key: max(len(row[key]) for row in shown) for key in names}
        return [
            {"key": key, "name": self.press.say(name), "share": min(60, max(18, longest[key]))}
            for key, name in names.items()
            if longest[key]
        ]

    def _item(self, item: Item) -> dict[str, Any]:
        press, language = self.press, self.press.catalogue.language
        common = {"text": self._words(item.text)}
        match item:
            case Performance():
                return bars.bar(item, language, **common)
            case Price():
                return {
                    **common,
                    "free": item.riel == 0,
                    "price": press.say(price(item.riel)),
                    "days": "" if item.days is None else press.say(days(item.days)),
                    "documents": self._words(item.documents),
                    "exempt": self._words(item.exempt),
                }
            case Budget():
                share = (
                    None
                    if item.spent is None
                    else min(1.0, item.spent / item.planned if item.planned else 1.0)
                )
                return {
                    **common,
                    "year": press.catalogue.number(item.year),
                    "planned": self._riel(item.planned),
                    "spent": bars.UNKNOWN.in_language(language)
                    if item.spent is None
                    else self._riel(item.spent),
                    "share": share if share is None else max(0.0, share),
                }
            case _:
                return common

    def _words(self, said: Words | None) -> str:
        return line(said.in_language(self.press.catalogue.language)) if said else ""

    def _riel(self, amount: int) -> str:
        return self.press.say(_("{amount} riel", amount=grouped(amount)))

    def _old(self, item: Item) -> str:
        if not old(item, self.press.today):
            return ""
        return self.press.say(_("Last updated: {day}", day=self.press.date(item.true_on)))

    def _source(self, item: Item) -> str:
        source = self._words(item.source)
        return self.press.say(_("{source}, true on {day}", source=source, day=self.press.date(item.true_on)))

    @property
    def _several(self) -> bool:
        return len(self.sources) > 1

    def _ref(self, item: Item) -> str:
        return self.press.catalogue.number(self.sources[self._source(item)]) if self._several else ""
