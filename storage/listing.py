"""The rows of a registry as facilities, and every problem in them, in English and Khmer. Pure: looks nothing up but what it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flows import khmer
from flows.gazetteer import Gazetteer
from flows.library import SERVICES, Facility
from storage import complaints
from storage.complaints import Problem, Says
from storage.sheets import Row, Sheet

NAME_LENGTH = 60  # a name must leave room for the rest of an SMS

#: The columns, by the headings they may have; case, spaces and punctuation don't count.
HEADINGS = {
    "code": "code|facility code|លេខកូដ|កូដ|លេខកូដអង្គភាព",
    "service": "service|service type|សេវា|ប្រភេទសេវា",
    "name_km": "name_km|Khmer name|name (Khmer)|name in Khmer|ឈ្មោះ|ឈ្មោះខ្មែរ|ឈ្មោះជាភាសាខ្មែរ",
    "name_en": "name_en|name_latin|English name|Latin name|name (English)|name (Latin)|name in English"
    "|ឈ្មោះអង់គ្លេស|ឈ្មោះឡាតាំង|ឈ្មោះជាភាសាអង់គ្លេស|ឈ្មោះជាអក្សរឡាតាំង",
    "communes": "communes|commune|commune code|commune codes|communes served|ឃុំ|ឃុំ/សង្កាត់|លេខកូដឃុំ|លេខកូដឃុំ/សង្កាត់",
}

#: What the column `service` may say, compared in the same way.
SERVICE_WORDS = {
    "ca": "ca|commune|sangkat|commune office|sangkat office|commune/sangkat office"
    "|commune administration|sangkat administration|commune/sangkat administration"
    "|រដ្ឋបាលឃុំ|រដ្ឋបាលសង្កាត់|រដ្ឋបាលឃុំ/សង្កាត់|សាលាឃុំ|សាលាសង្កាត់|សាលាឃុំ/សង្កាត់|ឃុំ|សង្កាត់|ឃុំ/សង្កាត់",
    "hc": "hc|health centre|health center|health centres|health centers|មណ្ឌលសុខភាព",
    "ps": "ps|primary school|primary schools|សាលាបឋមសិក្សា|សាលាបឋម|បឋមសិក្សា",
}
SERVICE_NAMES = {
    "ca": ("commune office", "រដ្ឋបាលឃុំ/សង្កាត់"),
    "hc": ("health centre", "មណ្ឌលសុខភាព"),
    "ps": ("primary school", "សាលាបឋមសិក្សា"),
}

#: The code of a commune's own facility, provisional until it is registered.
OWN = re.compile(rf"({'|'.join(SERVICES)})([0-9]{{6}})")

_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])")
_PUNCTUATION = re.compile(r"[\s_/().,:;*\\-]+")
_BETWEEN_COMMUNES = re.compile(r"[\s,;|/]+")
_DECIMALS = re.compile(r"(\d+)\.0+")
_HTML = re.compile(r"[<>]|&(?:#\d+|#x[0-9a-f]+|[a-z]+);", re.IGNORECASE)
_SHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")
_KHMER_LETTER = re.compile("[\u1780-\u17b3]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_HEADING_WITHIN = 10  # rows: a title may stand above the headings


def _compared(text: str) -> str:
    return _PUNCTUATION.sub("", khmer.key(text))


_HEADINGS = {_compared(word): column for column, words in HEADINGS.items() for word in words.split("|")}
_SERVICES = {_compared(word): code for code, words in SERVICE_WORDS.items() for word in words.split("|")}


class Listing:
    """One pass over a sheet. `facilities` may be used only when there are no `problems`.

    `services` are those of the codes that are stored already: a code keeps its service.
    """

    def __init__(self, sheet: Sheet, gazetteer: Gazetteer, services: Mapping[str, str]) -> None:
        self.facilities: list[Facility] = []
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._gazetteer = gazetteer
        self._stored = services
        # Where a code, an office's commune, or a name in a commune was first met.
        self._row_of: dict[str | tuple[str, ...], int] = {}
        if sheet.unread:
            self._warn(None, "", complaints.OTHER_SHEETS, names=", ".join(map(_shown, sheet.unread)))
        heading = _heading(sheet.rows)
        rows = sheet.rows[heading + 1 :]
        if not rows:
            self._refuse(None, "", complaints.NO_ROWS)
            return
        columns = self._columns(sheet.rows[heading], rows)
        if columns:
            for row in rows:
                self._read(row.number, {name: _cell(row, place) for name, place in columns.items()})

    def _columns(self, heading: Row, rows: Sequence[Row]) -> dict[str, int] | None:
        """Where each column is; None when one is missing or there twice."""
        found: dict[str, int] = {}
        unnamed: list[str] = []
        unread: list[str] = []
        for place in range(max(len(row.cells) for row in (heading, *rows))):
            text = _cell(heading, place)
            name = _HEADINGS.get(_compared(text))
            if not text:
                if any(_cell(row, place) for row in rows):
                    unnamed.append(_letter(place))
            elif name is None:
                unread.append(_shown(text))
            elif name in found:
                one, two = _letter(found[name]), _letter(place)
                self._refuse(heading.number, name, complaints.COLUMN_TWICE, name=name, one=one, two=two)
            else:
                found[name] = place
        says = complaints.COLUMN_UNNAMED if unnamed else complaints.COLUMN_MISSING
        for name in HEADINGS.keys() - found.keys():
            self._refuse(heading.number, name, says, name=name, letters=", ".join(unnamed))
        if self.problems:
            return None
        if unread or unnamed:
            self._warn(heading.number, "", complaints.COLUMNS_UNREAD, names=", ".join(unread + unnamed))
        return found

    def _read(self, row: int, cells: dict[str, str]) -> None:
        for column, text in cells.items():
            if not text:
                self._refuse(row, column, complaints.MISSING, name=column)
            elif _SHEET_ERROR.fullmatch(text):
                self._refuse(row, column, complaints.ERROR_CELL, value=text)
                cells[column] = ""
            elif text[0] in "=+-@":
                self._warn(row, column, complaints.FORMULA, value=_shown(text))
        code = self._code(row, cells["code"])
        service = self._service(row, cells["service"])
        km = self._name(row, "name_km", cells["name_km"])
        latin = self._name(row, "name_en", cells["name_en"])
        communes = self._communes(row, cells["communes"])
        if code and service:
            self._agree(row, code, service, communes)
        if service == "ca" and len(communes) > 1:
            self._refuse(row, "communes", complaints.OFFICE_OF_MANY, communes=", ".join(communes))
        if code and service and km and latin and communes:
            self.facilities.append(Facility(code, service, km, latin, communes))
            self._distinguish(row, service, km, communes)

    def _code(self, row: int, text: str) -> str:
        code = khmer.ascii_digits(khmer.canonical(text)).lower()
        code = _DECIMALS.sub(r"\1", code) if _DECIMALS.fullmatch(code) else code
        if not code:
            return ""
        if not _CODE.fullmatch(code) or code in SERVICES:
            better = re.sub(r"[^a-z0-9]+", "-", code).strip("-")
            fits = _CODE.fullmatch(better) and better not in SERVICES and not better.isdigit()
            self._refuse(
                row, "code", complaints.BAD_CODE, value=_shown(text), example=better if fits else "kdl-hc-01"
            )
            return ""
        first = self._row_of.setdefault(code, row)
        if first != row:
            self._refuse(row, "code", complaints.CODE_TWICE, code=code, first=first)
        elif code.isdigit():
            if self._gazetteer.place(code):
                self._refuse(row, "code", complaints.CODE_OF_PLACE, code=code)
            else:
                self._warn(row, "code", complaints.CODE_OF_DIGITS, code=code)
        return code

    def _service(self, row: int, text: str) -> str:
        service = _SERVICES.get(_compared(text), "")
        if text and not service:
            self._refuse(row, "service", complaints.UNKNOWN_SERVICE, value=_shown(text))
        return service

    def _name(self, row: int, column: str, text: str) -> str:
        name = khmer.canonical(text)
        if _CONTROL.search(text) or not name.isprintable():
            self._refuse(row, column, complaints.UNSHOWN)
        if _HTML.search(name):
            self._refuse(row, column, complaints.MARKUP)
        if len(name) > NAME_LENGTH:
            self._refuse(row, column, complaints.LONG, length=len(name), most=NAME_LENGTH)
        if name and (column == "name_km") != bool(_KHMER_LETTER.search(name)):
            says = complaints.NOT_KHMER if column == "name_km" else complaints.NOT_LATIN
            self._warn(row, column, says, value=_shown(text))
        return name

    def _communes(self, row: int, text: str) -> tuple[str, ...]:
        """Today's codes in their order; none when one of them is wrong."""
        found: set[str] = set()
        unknown: list[str] = []
        wrong = False
        codes = khmer.canonical(khmer.ascii_digits(text).replace("\u200b", " "))
        parts = [part for part in _BETWEEN_COMMUNES.split(codes) if part]
        for part in parts or [text]:
            code = _commune_code(part)
            place = self._gazetteer.place(code)
            current = self._gazetteer.current(code) or ""
            if place and len(code) == 6:
                found.add(code)
            elif place and len(code) == 8:
                wrong = True
                self._refuse(row, "communes", complaints.VILLAGE, code=code, commune=code[:6])
            elif len(current) == 6:
                found.add(current)
                self._warn(row, "communes", complaints.OLD_COMMUNE, old=code, new=current)
            elif part:
                unknown.append(_shown(part))
        if unknown:
            self._refuse(row, "communes", complaints.UNKNOWN_COMMUNE, values=", ".join(unknown))
        return () if unknown or wrong else tuple(sorted(found))

    def _agree(self, row: int, code: str, service: str, communes: tuple[str, ...]) -> None:
        """A code keeps its service, and the code of a commune's own facility stays that commune's."""
        own = OWN.fullmatch(code)
        kept = own[1] if own else self._stored.get(code, service)
        if kept != service:
            english, native = SERVICE_NAMES[kept]
            values = {"code": code, "english": english, "khmer": native, "service": kept}
            self._refuse(row, "code", complaints.CODE_OF_SERVICE, **values)
        elif own and communes and own[2] not in communes:
            self._refuse(row, "code", complaints.CODE_OF_COMMUNE, code=code, commune=own[2])

    def _distinguish(self, row: int, service: str, name: str, communes: tuple[str, ...]) -> None:
        for commune in communes:
            office = service == "ca"
            first = self._row_of.setdefault((service, commune, "" if office else khmer.key(name)), row)
            if first != row:
                says = complaints.SECOND_OFFICE if office else complaints.SAME_NAME
                self._warn(row, "communes" if office else "name_km", says, commune=commune, first=first)
                return

    def _refuse(self, row: int | None, column: str, says: Says, **values: object) -> None:
        self.problems.append(Problem(row, column, *(words.format(**values) for words in says)))

    def _warn(self, row: int | None, column: str, says: Says, **values: object) -> None:
        self.warnings.append(Problem(row, column, *(words.format(**values) for words in says)))


def _heading(rows: Sequence[Row]) -> int:
    """Which of the first rows has the most headings; the first when none has two."""
    known = [
        len({_HEADINGS.get(_compared(cell)) for cell in row.cells} - {None}) for row in rows[:_HEADING_WITHIN]
    ]
    return known.index(max(known)) if known and max(known) > 1 else 0


def _cell(row: Row, place: int) -> str:
    """The text of a cell; nothing where there is nothing to be seen."""
    text = row.cells[place].strip() if place < len(row.cells) else ""
    return text if khmer.canonical(text) else ""


def _commune_code(part: str) -> str:
    code = part.strip("'")
    code = _DECIMALS.sub(r"\1", code) if _DECIMALS.fullmatch(code) else code
    # Five or seven digits: a spreadsheet took the code for a number and dropped its zero.
    return f"0{code}" if len(code) in (5, 7) and code.isdigit() else code


def _letter(place: int) -> str:
    """A column as a spreadsheet names it: A, B … Z, AA."""
    return (chr(64 + place // 26) if place >= 26 else "") + chr(65 + place % 26)


def _shown(text: str) -> str:
    """What a cell says, short and safe to print."""
    words = " ".join(khmer.canonical(text).split())
    words = "".join(mark if mark.isprintable() else "\ufffd" for mark in words)
    return words if len(words) <= 40 else words[:40] + "…"
