"""The rows of a registry as facilities, and every problem in them, in English and Khmer. Pure: looks nothing up but what it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flows import khmer
from flows.gazetteer import Gazetteer
from flows.library import SERVICES, Facility
from storage import complaints
from storage.columns import DECIMALS, Columns, compared, place_code, shown
from storage.sheets import Sheet

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
_BETWEEN_COMMUNES = re.compile(r"[\s,;|/]+")
_HTML = re.compile(r"[<>]|&(?:#\d+|#x[0-9a-f]+|[a-z]+);", re.IGNORECASE)
_KHMER_LETTER = re.compile("[\u1780-\u17b3]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SERVICES = {compared(word): code for code, words in SERVICE_WORDS.items() for word in words.split("|")}


class Listing(Columns):
    """One pass over a sheet. `facilities` may be used only when there are no `problems`.

    `services` are those of the codes that are stored already: a code keeps its service.
    """

    def __init__(self, sheet: Sheet, gazetteer: Gazetteer, services: Mapping[str, str]) -> None:
        super().__init__(sheet, HEADINGS)
        self.facilities: list[Facility] = []
        self._gazetteer = gazetteer
        self._stored = services
        # Where a code, an office's commune, or a name in a commune was first met.
        self._row_of: dict[str | tuple[str, ...], int] = {}
        for row, cells in self.cells():
            self._read(row, cells)

    def _read(self, row: int, cells: dict[str, str]) -> None:
        code = self._code(row, cells["code"])
        service = self._service(row, cells["service"])
        km = self._name(row, "name_km", cells["name_km"])
        latin = self._name(row, "name_en", cells["name_en"])
        communes = self._communes(row, cells["communes"])
        if code and service:
            self._agree(row, code, service, communes)
        if service == "ca" and len(communes) > 1:
            self.refuse(row, "communes", complaints.OFFICE_OF_MANY, communes=", ".join(communes))
        if code and service and km and latin and communes:
            self.facilities.append(Facility(code, service, km, latin, communes))
            self._distinguish(row, service, km, communes)

    def _code(self, row: int, text: str) -> str:
        code = khmer.ascii_digits(khmer.canonical(text)).lower()
        code = DECIMALS.sub(r"\1", code) if DECIMALS.fullmatch(code) else code
        if not code:
            return ""
        if not _CODE.fullmatch(code) or code in SERVICES:
            better = re.sub(r"[^a-z0-9]+", "-", code).strip("-")
            fits = _CODE.fullmatch(better) and better not in SERVICES and not better.isdigit()
            self.refuse(
                row, "code", complaints.BAD_CODE, value=shown(text), example=better if fits else "kdl-hc-01"
            )
            return ""
        first = self._row_of.setdefault(code, row)
        if first != row:
            self.refuse(row, "code", complaints.CODE_TWICE, code=code, first=first)
        elif code.isdigit():
            if self._gazetteer.place(code):
                self.refuse(row, "code", complaints.CODE_OF_PLACE, code=code)
            else:
                self.warn(row, "code", complaints.CODE_OF_DIGITS, code=code)
        return code

    def _service(self, row: int, text: str) -> str:
        service = _SERVICES.get(compared(text), "")
        if text and not service:
            self.refuse(row, "service", complaints.UNKNOWN_SERVICE, value=shown(text))
        return service

    def _name(self, row: int, column: str, text: str) -> str:
        name = khmer.canonical(text)
        if _CONTROL.search(text) or not name.isprintable():
            self.refuse(row, column, complaints.UNSHOWN)
        if _HTML.search(name):
            self.refuse(row, column, complaints.MARKUP)
        if len(name) > NAME_LENGTH:
            self.refuse(row, column, complaints.LONG, length=len(name), most=NAME_LENGTH)
        if name and (column == "name_km") != bool(_KHMER_LETTER.search(name)):
            says = complaints.NOT_KHMER if column == "name_km" else complaints.NOT_LATIN
            self.warn(row, column, says, value=shown(text))
        return name

    def _communes(self, row: int, text: str) -> tuple[str, ...]:
        """Today's codes in their order; none when one of them is wrong."""
        found: set[str] = set()
        unknown: list[str] = []
        wrong = False
        codes = khmer.canonical(khmer.ascii_digits(text).replace("\u200b", " "))
        parts = [part for part in _BETWEEN_COMMUNES.split(codes) if part]
        for part in parts or [text]:
            code = place_code(part)
            place = self._gazetteer.place(code)
            current = self._gazetteer.current(code) or ""
            if place and len(code) == 6:
                found.add(code)
            elif place and len(code) == 8:
                wrong = True
                self.refuse(row, "communes", complaints.VILLAGE, code=code, commune=code[:6])
            elif len(current) == 6:
                found.add(current)
                self.warn(row, "communes", complaints.OLD_COMMUNE, old=code, new=current)
            elif part:
                unknown.append(shown(part))
        if unknown:
            self.refuse(row, "communes", complaints.UNKNOWN_COMMUNE, values=", ".join(unknown))
        return () if unknown or wrong else tuple(sorted(found))

    def _agree(self, row: int, code: str, service: str, communes: tuple[str, ...]) -> None:
        """A code keeps its service, and the code of a commune's own facility stays that commune's."""
        own = OWN.fullmatch(code)
        kept = own[1] if own else self._stored.get(code, service)
        if kept != service:
            english, native = SERVICE_NAMES[kept]
            values = {"code": code, "english": english, "khmer": native, "service": kept}
            self.refuse(row, "code", complaints.CODE_OF_SERVICE, **values)
        elif own and communes and own[2] not in communes:
            self.refuse(row, "code", complaints.CODE_OF_COMMUNE, code=code, commune=own[2])

    def _distinguish(self, row: int, service: str, name: str, communes: tuple[str, ...]) -> None:
        for commune in communes:
            office = service == "ca"
            first = self._row_of.setdefault((service, commune, "" if office else khmer.key(name)), row)
            if first != row:
                says = complaints.SECOND_OFFICE if office else complaints.SAME_NAME
                self.warn(row, "communes" if office else "name_km", says, commune=commune, first=first)
                return
