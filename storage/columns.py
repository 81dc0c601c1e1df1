"""The columns of a table that somebody else made, by what stands above them; and what is wrong with it, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from flows import khmer
from storage import complaints
from storage.complaints import Problem, Says
from storage.sheets import Row, Sheet

_PUNCTUATION = re.compile(r"[\s_/().,:;*\\-]+")
_SHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")
#: A whole number as a spreadsheet may write it.
DECIMALS = re.compile(r"(\d+)\.0+")
_HEADING_WITHIN = 10  # rows: a title may stand above the headings


class Columns:
    """One pass over a sheet. `headings`: a column's name to the headings it may have, separated by |; those in
    `optional` may be missing, and their cells empty."""

    def __init__(
        self,
        sheet: Sheet,
        headings: Mapping[str, str],
        *,
        optional: frozenset[str] = frozenset(),
        no_rows: Says = complaints.NO_ROWS,
    ) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._headings = headings
        self._optional = optional
        self._names = {compared(word): name for name, words in headings.items() for word in words.split("|")}
        self._rows: Sequence[Row] = ()
        self._places: dict[str, int] = {}
        if sheet.unread:
            self.warn(None, "", complaints.OTHER_SHEETS, names=", ".join(map(shown, sheet.unread)))
        heading = self._heading(sheet.rows)
        rows = sheet.rows[heading + 1 :]
        if not rows:
            self.refuse(None, "", no_rows)
            return
        places = self._columns(sheet.rows[heading], rows)
        if places is not None:
            self._rows, self._places = rows, places

    def cells(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Each row's number and its cells by column, with what is wrong with any cell noted; none where the columns
        are not as they must be."""
        for row in self._rows:
            cells = {name: _cell(row, place) for name, place in self._places.items()}
            for name, text in cells.items():
                if not text:
                    if name not in self._optional:
                        self.refuse(row.number, name, complaints.MISSING, name=name)
                elif _SHEET_ERROR.fullmatch(text):
                    self.refuse(row.number, name, complaints.ERROR_CELL, value=text)
                    cells[name] = ""
                elif text[0] in "=+-@":
                    self.suspect(row.number, name, text)
            yield row.number, cells

    def suspect(self, row: int, column: str, text: str) -> None:
        """Note a text that looks like a formula."""
        self.warn(row, column, complaints.FORMULA, value=shown(text))

    def refuse(self, row: int | None, column: str, says: Says, **values: object) -> None:
        """Note what keeps the table from being used."""
        self.problems.append(Problem(row, column, *(words.format(**values) for words in says)))

    def warn(self, row: int | None, column: str, says: Says, **values: object) -> None:
        """Note what somebody should look at."""
        self.warnings.append(Problem(row, column, *(words.format(**values) for words in says)))

    def _heading(self, rows: Sequence[Row]) -> int:
        """Which of the first rows has the most headings; the first when none has two."""
        known = [
            len({self._names.get(compared(cell)) for cell in row.cells} - {None})
            for row in rows[:_HEADING_WITHIN]
        ]
        return known.index(max(known)) if known and max(known) > 1 else 0

    def _columns(self, heading: Row, rows: Sequence[Row]) -> dict[str, int] | None:
        """Where each column is; None when one is missing or there twice."""
        found: dict[str, int] = {}
        unnamed: list[str] = []
        unread: list[str] = []
        for place in range(max(len(row.cells) for row in (heading, *rows))):
            text = _cell(heading, place)
            name = self._names.get(compared(text))
            if not text:
                if any(_cell(row, place) for row in rows):
                    unnamed.append(letter(place))
            elif name is None:
                unread.append(shown(text))
            elif name in found:
                one, two = letter(found[name]), letter(place)
                self.refuse(heading.number, name, complaints.COLUMN_TWICE, name=name, one=one, two=two)
            else:
                found[name] = place
        says = complaints.COLUMN_UNNAMED if unnamed else complaints.COLUMN_MISSING
        for name in self._headings.keys() - found.keys() - self._optional:
            self.refuse(heading.number, name, says, name=name, letters=", ".join(unnamed))
        if self.problems:
            return None
        if unread or unnamed:
            self.warn(heading.number, "", complaints.COLUMNS_UNREAD, names=", ".join(unread + unnamed))
        return found


def compared(text: str) -> str:
    """A heading or a word of a list as it is compared: case, spaces and punctuation don't count."""
    return _PUNCTUATION.sub("", khmer.key(text))


def shown(text: str) -> str:
    """What a cell says, short and safe to print."""
    words = " ".join(khmer.canonical(text).split())
    words = "".join(mark if mark.isprintable() else "\ufffd" for mark in words)
    return words if len(words) <= 40 else words[:40] + "…"


def place_code(text: str) -> str:
    """An NCDD code as a spreadsheet may have spoilt it: taken for a number, it lost its zero."""
    code = text.strip("'")
    code = DECIMALS.sub(r"\1", code) if DECIMALS.fullmatch(code) else code
    return f"0{code}" if len(code) in (5, 7) and code.isdigit() else code


def _cell(row: Row, place: int) -> str:
    """The text of a cell; nothing where there is nothing to be seen."""
    text = row.cells[place].strip() if place < len(row.cells) else ""
    return text if khmer.canonical(text) else ""


def letter(place: int) -> str:
    """A column as a spreadsheet names it: A, B … Z, AA."""
    return (chr(64 + place // 26) if place >= 26 else "") + chr(65 + place % 26)
