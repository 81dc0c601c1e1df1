"""Many meetings from one table: every bad row is named, and nothing of a list with a bad row is announced."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from broadcasts import mistakes, notices
from broadcasts.press import Press
from broadcasts.schedule import LOCAL
from flows import dates, khmer
from flows.dates import Unclear
from flows.library import Library
from flows.meetings import Meeting
from flows.notices import LONGEST_NOTE, LONGEST_PLACE
from storage.columns import Columns, compared, place_code, shown
from storage.complaints import Problem
from storage.database import Connection, Database
from storage.localtime import instant
from storage.sheets import Sheet, Unreadable, read_sheet

#: The columns, by the headings they may have; case, spaces and punctuation don't count.
HEADINGS = {
    "commune": "commune|commune code|ឃុំ|ឃុំ/សង្កាត់|លេខកូដឃុំ|លេខកូដឃុំ/សង្កាត់",
    "kind": "kind|kind of meeting|meeting|type|ប្រភេទ|ប្រភេទកិច្ចប្រជុំ|កិច្ចប្រជុំ",
    "date": "date|day|on|ថ្ងៃ|ថ្ងៃខែ|ថ្ងៃខែឆ្នាំ|កាលបរិច្ឆេទ",
    "time": "time|at|ម៉ោង|ពេលវេលា",
    "place": "place|where|venue|ទីកន្លែង|កន្លែង|កន្លែងប្រជុំ",
    "villages": "villages|village|village codes|ភូមិ|លេខកូដភូមិ",
    "facility": "facility|facility code|អង្គភាព|លេខកូដអង្គភាព",
    "note": "note|notes|កំណត់ចំណាំ|ចំណាំ|សម្គាល់",
}
OPTIONAL = frozenset({"villages", "facility", "note"})

#: What the column `kind` may say, compared in the same way.
KIND_WORDS = {
    "village": "village|village meeting|ប្រជុំភូមិ|កិច្ចប្រជុំភូមិ|ភូមិ",
    "i4c": "i4c|information|information session|information for citizens|ព័ត៌មាន|ផ្សព្វផ្សាយព័ត៌មាន|ព័ត៌មានសម្រាប់ប្រជាពលរដ្ឋ",
    "scorecard": "scorecard|scorecard meeting|community scorecard|ដាក់ពិន្ទុ|ប័ណ្ណដាក់ពិន្ទុ|ប្រជុំដាក់ពិន្ទុ|កិច្ចប្រជុំដាក់ពិន្ទុ",
    "interface": "interface|interface meeting|ប្រជុំរួម|កិច្ចប្រជុំរួម",
    "jaap": "jaap|jaap follow-up|follow-up|ផ.ស.រ.គ.|ផសរគ|តាមដាន|តាមដាន ផ.ស.រ.គ.",
    "other": "other|ផ្សេង|ផ្សេងៗ",
}
_KINDS = {compared(word): kind for kind, words in KIND_WORDS.items() for word in words.split("|")}
_BETWEEN = re.compile(r"[,;|/\n]+")
_CODES = re.compile(r"[0-9\s,;|/.']+")
_MIDNIGHT = re.compile(r"[ T]00:00(?::00)?$")  # of a day, in a spreadsheet
_SECONDS = re.compile(r"^([0-9]{2}:[0-9]{2}):[0-9]{2}$")


@dataclass(frozen=True, slots=True)
class Report:
    """What a list led to, or would: the new meetings by row, with their numbers once they are announced; how many were
    announced before; people and SMS segments of the first notices. Nothing when there are problems."""

    meetings: tuple[tuple[int, int | None, Meeting], ...] = ()
    unchanged: int = 0
    people: int = 0
    segments: int = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


async def import_list(database: Database, press: Press, path: Path, now: datetime, *, check: bool) -> Report:
    """Announce every meeting of a .csv or .xlsx file, or none. `check`: only report."""
    try:
        sheet = await asyncio.to_thread(read_sheet, path)
    except Unreadable as error:
        return Report(problems=(Problem(None, "", error.english, error.khmer),))
    if check:
        return await database.read(announce_list, press, sheet, now, check=True)
    return await database.transact(announce_list, press, sheet, now)


def announce_list(
    connection: Connection, press: Press, sheet: Sheet, now: datetime, *, check: bool = False
) -> Report:
    """Announce the meetings of a sheet, all of them or none, in the caller's transaction."""
    listed = Meetings(sheet, press.library, now)
    known = {_same(meeting): number for number, meeting in notices.upcoming(connection, now)}
    fresh: list[tuple[int, Meeting]] = []
    needed: dict[str, int] = {}
    people = unchanged = 0
    for row, meeting in listed.meetings:
        number = known.get(_same(meeting))
        if number is not None:
            unchanged += 1
            listed.warn(row, "", mistakes.ANNOUNCED, number=number)
            continue
        plan = notices.plan(connection, press, meeting, now)
        needed[meeting.commune] = needed.get(meeting.commune, 0) + plan.segments
        values = {"commune": meeting.commune, "segments": needed[meeting.commune], "left": plan.left}
        if values["segments"] > plan.left:  # type: ignore[operator]
            listed.refuse(row, "commune", mistakes.OVER_CAP, **values)
        elif plan.trouble in {"late", "nobody"}:
            listed.warn(row, "date", mistakes.LATE if plan.trouble == "late" else mistakes.NOBODY)
        people += plan.people
        fresh.append((row, meeting))
    warnings = tuple(sorted(listed.warnings, key=_position))
    if listed.problems:
        return Report(problems=tuple(sorted(listed.problems, key=_position)), warnings=warnings)
    numbers = [None if check else notices.announce(connection, press, m, None, now) for _row, m in fresh]
    made = tuple((row, number, m) for (row, m), number in zip(fresh, numbers, strict=True))
    return Report(made, unchanged, people, sum(needed.values()), warnings=warnings)


def _same(meeting: Meeting) -> Meeting:
    """What makes two announcements the same one."""
    return replace(meeting, note="", attachment=None, villages=tuple(sorted(meeting.villages)))


def _position(problem: Problem) -> tuple[int, int]:
    columns = list(HEADINGS)
    return problem.row or 0, columns.index(problem.column) if problem.column in columns else len(columns)


class Meetings(Columns):
    """One pass over a sheet. `meetings`, by row, may be used only when there are no `problems`."""

    def __init__(self, sheet: Sheet, library: Library, now: datetime) -> None:
        super().__init__(sheet, HEADINGS, optional=OPTIONAL, no_rows=mistakes.NO_ROWS)
        self.meetings: list[tuple[int, Meeting]] = []
        self._library = library
        self._now = now
        self._row_of: dict[Meeting, int] = {}
        for row, cells in self.cells():
            meeting = self._read(row, cells)
            if meeting is not None:
                first = self._row_of.setdefault(_same(meeting), row)
                if first != row:
                    self.refuse(row, "", mistakes.TWICE, first=first)
                self.meetings.append((row, meeting))

    def _read(self, row: int, cells: Mapping[str, str]) -> Meeting | None:
        commune = self._commune(row, cells["commune"])
        kind = self._kind(row, cells["kind"])
        on = self._day(row, cells["date"])
        at = self._time(row, cells["time"])
        place = self._line(row, "place", cells["place"], LONGEST_PLACE)
        note = self._line(row, "note", cells.get("note", ""), LONGEST_NOTE)
        if cells.get("villages") and cells.get("facility"):
            self.refuse(row, "facility", mistakes.BOTH)
            return None
        wanted = len(self.problems)
        villages = self._villages(row, cells.get("villages", ""), commune) if commune else ()
        facility = self._facility(row, cells.get("facility", ""), commune) if commune else None
        if on and at and instant(on, at) <= self._now:
            self.refuse(row, "date", mistakes.PASSED, on=on, at=at)
        if len(self.problems) > wanted or not (commune and kind and on and at and place):
            return None
        scope = "villages" if villages else "facility" if facility else "commune"
        return Meeting(kind, commune, scope, on, at, place, note, villages, facility)

    def _commune(self, row: int, text: str) -> str:
        gazetteer = self._library.gazetteer
        code = place_code(khmer.ascii_digits(khmer.canonical(text)))
        place = gazetteer.place(code)
        if place is None:
            code = gazetteer.current(code) or code
            place = gazetteer.place(code)
        if text and (place is None or len(code) != 6):
            self.refuse(row, "commune", mistakes.UNKNOWN_COMMUNE, value=shown(text))
        return code if place is not None and len(code) == 6 else ""

    def _kind(self, row: int, text: str) -> str:
        kind = _KINDS.get(compared(text), "")
        if text and not kind:
            self.refuse(row, "kind", mistakes.UNKNOWN_KIND, value=shown(text))
        return kind

    def _day(self, row: int, text: str) -> str:
        today: date = self._now.astimezone(LOCAL).date()
        on = dates.day(_MIDNIGHT.sub("", text), today) if text else Unclear("not understood")
        if not isinstance(on, Unclear):
            return on.isoformat()
        if text:
            self.refuse(row, "date", mistakes.DATES[on.reason], value=shown(text))
        return ""

    def _time(self, row: int, text: str) -> str:
        at = dates.clock(_SECONDS.sub(r"\1", text)) if text else Unclear("not understood")
        if not isinstance(at, Unclear):
            return f"{at.hour:02}:{at.minute:02}"
        if text:
            self.refuse(row, "time", mistakes.TIMES[at.reason], value=shown(text))
        return ""

    def _line(self, row: int, column: str, text: str, most: int) -> str:
        line = " ".join(khmer.visible(text).split())
        if len(line) > most:
            self.refuse(row, column, mistakes.LONG, length=len(line), most=most)
            return ""
        return line

    def _villages(self, row: int, text: str, commune: str) -> tuple[str, ...]:
        digits = khmer.ascii_digits(khmer.canonical(text))
        parts = re.split(r"[\s,;|/]+", digits) if _CODES.fullmatch(digits) else _BETWEEN.split(text)
        found: set[str] = set()
        for part in parts:
            if part.strip():
                found |= self._village(row, part.strip(), commune)
        return tuple(sorted(found))

    def _village(self, row: int, text: str, commune: str) -> set[str]:
        gazetteer = self._library.gazetteer
        code = place_code(khmer.ascii_digits(khmer.canonical(text)))
        values = {"value": shown(text), "commune": commune}
        if len(code) == 8 and gazetteer.place(code):
            if code[:6] == commune:
                return {code}
            self.refuse(row, "villages", mistakes.VILLAGE_ELSEWHERE, other=code[:6], **values)
            return set()
        wanted = compared(text)
        named = [
            village.code
            for village in gazetteer.below(commune)
            if wanted in {compared(village.km), compared(village.latin)}
        ]
        if len(named) != 1:
            says = mistakes.TWO_VILLAGES if named else mistakes.UNKNOWN_VILLAGE
            self.refuse(row, "villages", says, **values)
        return set(named[:1])

    def _facility(self, row: int, text: str, commune: str) -> str | None:
        facility = self._library.facility(text.strip()) if text else None
        if text and (facility is None or facility.retired):
            self.refuse(row, "facility", mistakes.UNKNOWN_FACILITY, value=shown(text))
        elif facility is not None and commune not in facility.communes:
            served = ", ".join(facility.communes)
            values = {"value": shown(text), "commune": commune, "communes": served}
            self.refuse(row, "facility", mistakes.FACILITY_ELSEWHERE, **values)
        return facility.code if facility is not None else None
