"""Judging what a file says of a pack: all of it is right, or every problem in it, in English and Khmer. Stores nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath
from typing import Protocol

from flows import khmer
from flows.library import SERVICES, Facility
from flows.packs import Budget, Item, Pack, Performance, Price, Text, kind_of
from flows.text import Words, words
from storage import packsheets, packwords, packyaml
from storage.columns import DECIMALS, place_code, shown
from storage.complaints import Problem
from storage.entered import Entered, Line
from storage.packcells import TEXT, Cells
from storage.packlayout import ABOUT, FORMS, MOST, form_of
from storage.sheets import Unreadable, content_of

_COMMUNE = re.compile("[0-9]{6}")


class Registry(Protocol):
    """Where facilities are looked up; the library is one."""

    def facility(self, code: str) -> Facility | None: ...

    def facilities(self, commune: str, service: str) -> tuple[Facility, ...]: ...


@dataclass(frozen=True, slots=True)
class Checked:
    """The pack that a file holds, as a draft; None when there are problems."""

    pack: Pack | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def check_file(path: Path, registry: Registry, today: date) -> Checked:
    """Read and judge a file."""
    try:
        content = content_of(path)
    except Unreadable as error:
        return Checked(None, (Problem(None, "", error.english, error.khmer),))
    return check(content, path.name, registry, today)


def check(content: bytes, name: str, registry: Registry, today: date, *, general: bool = False) -> Checked:
    """Read and judge what is in a file of this name, .xlsx or .yaml. `general`: of a service and not of a facility."""
    try:
        entered = _entered(content, name)
    except Unreadable as error:
        return Checked(None, (Problem(None, "", error.english, error.khmer),))
    pack = _Reading(entered, registry, today, general).pack()
    problems = entered.in_order(entered.problems)
    return Checked(None if problems else pack, problems, entered.in_order(entered.warnings))


def _entered(content: bytes, name: str) -> Entered:
    match PurePath(name).suffix.lower():
        case ".yaml" | ".yml":
            return packyaml.read(content)
        case ".xlsx" | ".xlsm" | ".xltx" | ".xltm" | ".xls":
            return packsheets.read(content)
    raise Unreadable(*(says.format(name=shown(name)) for says in packwords.NO_PACK_FILE))


class _Reading(Cells):
    """One pass over what was entered."""

    def __init__(self, entered: Entered, registry: Registry, today: date, general: bool) -> None:
        super().__init__(entered, today)
        self._registry = registry
        self._general = general
        self._source: Words | None = None
        self._true_on = ""
        self._first: dict[tuple[object, ...], int] = {}

    def pack(self) -> Pack | None:
        lines = self.entered.lines
        subject = service = ""
        for line in lines:
            if line.block == ABOUT.block:
                subject, service = self._about(line)
        items: list[Item] = []
        for form in FORMS:
            listed = [line for line in lines if line.block == form.block]
            if len(listed) > MOST:
                self.entered.refuse(form.block, None, "", packwords.TOO_MANY, most=MOST)
                continue
            for number, line in enumerate(listed, 1):
                item = self._item(line, f"{form.block}-{number}")
                if item is not None:
                    items.append(item)
        if not items and not self.entered.problems:
            self.entered.refuse(ABOUT.block, None, "", packwords.NO_ITEMS)
        if self.entered.problems:
            return None
        return Pack(subject, service, tuple(items), sample=self.entered.sample)

    # -- About ----------------------------------------------------------------------------------------

    def _about(self, line: Line) -> tuple[str, str]:
        self.require(line, ABOUT.columns)
        language = self.choice(line, "language", ABOUT.column("language"))
        source = self.words(line, "source")
        self._source = source
        self._true_on = self.date(line, "true_on")
        self.both = language == "km en"
        return self._subject(line)

    def _subject(self, line: Line) -> tuple[str, str]:
        """The code of the facility and its service; empty when there is none such."""
        code = khmer.ascii_digits(khmer.canonical(line.cells.get("facility", ""))).lower().strip("'")
        code = DECIMALS.sub(r"\1", code) if DECIMALS.fullmatch(code) else code
        if not code:
            return "", ""
        if code in SERVICES:
            if not self._general:
                self.refuse(line, "facility", packwords.GENERAL, value=code)
            return code, code
        facility = self._registry.facility(code)
        if facility is None:
            place = place_code(code)
            if _COMMUNE.fullmatch(place) and self._registry.facilities(place, "ca"):
                own = {service: f"{service}{place}" for service in SERVICES}
                self.refuse(line, "facility", packwords.PLACE_CODE, value=place, **own)
            else:
                self.refuse(line, "facility", packwords.NO_FACILITY, value=shown(code))
            return "", ""
        if facility.retired:
            self.refuse(line, "facility", packwords.RETIRED, value=code)
        elif facility.provisional:
            shown_there = self._registry.facilities(facility.communes[0], facility.service)
            codes = ", ".join(other.code for other in shown_there)
            if shown_there and facility not in shown_there:
                self.warn(line, "facility", packwords.REPLACED, codes=codes, value=code)
        return facility.code, facility.service

    # -- Items ----------------------------------------------------------------------------------------

    def _item(self, line: Line, key: str) -> Item | None:
        form = form_of(line.block)
        self.require(line, form.columns)
        text = self.words(line, "text", TEXT if kind_of(line.block) is Text else None)
        own_source = self.words(line, "source")
        own_day = self.date(line, "true_on")
        source, true_on = own_source or self._source, own_day or self._true_on
        item: Item | None = None
        if text and source:
            item = self._of_block(line, key, text, source, true_on)
        else:
            nothing = words({"km": "?"})
            self._of_block(line, key, text or nothing, source or nothing, true_on)
        if item is not None:
            self._distinguish(line, item)
        return item

    def _of_block(self, line: Line, key: str, text: Words, source: Words, true_on: str) -> Item | None:
        match line.block:
            case "performance":
                target, actual = self.decimal(line, "target"), self.decimal(line, "actual")
                unit, year = self.words(line, "unit"), self.year(line)
                if target is None or unit is None:
                    return None
                return Performance(key, text, source, true_on, target, actual, unit, year)
            case "prices":
                riel, days = self.riel(line, "riel", packwords.NO_AMOUNT), self.days(line)
                documents, exempt = self.words(line, "documents"), self.words(line, "exempt")
                keywords = self.keywords(line)
                if riel is None:
                    return None
                return Price(key, text, source, true_on, riel, days, documents, exempt, keywords)
            case "budget":
                planned = self.riel(line, "planned", packwords.NO_MONEY)
                spent, year = self.riel(line, "spent", packwords.NO_MONEY), self.year(line)
                if planned is None:
                    return None
                if spent is not None and spent > planned:
                    self.warn(line, "spent", packwords.OVERSPENT)
                return Budget(key, text, source, true_on, planned, spent, year)
        form = form_of(line.block)
        kinds = [column for column in form.columns if column.name == "kind"]
        return Text(key, text, source, true_on, self.choice(line, "kind", kinds[0]) if kinds else "")

    def _distinguish(self, line: Line, item: Item) -> None:
        same = (line.block, khmer.key(item.text.in_language("km")), getattr(item, "year", None))
        first = self._first.setdefault(same, line.row)
        if first != line.row:
            self.warn(line, "text_km", packwords.SAME_TEXT, first=first)
