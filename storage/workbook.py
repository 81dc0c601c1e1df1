"""All sheets of a workbook that somebody else made: each cell as its text, and what a text can't say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import iterparse

from storage.columns import letter
from storage.sheets import COLUMNS, Row, Unreadable, as_text, opened

SHEETS = 20
#: In all of its XML; a form that is filled in to the last row has some 60,000. What a file costs to read grows with
#: them: at worst some 200 MB and two seconds.
TAGS = 300_000
_TOLD = 20  # merged ranges or formulas of a sheet: who mends them sees the rest

_NAMES = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True, slots=True)
class Page:
    """One visible sheet: the rows that are not blank. `merged` are ranges as C3:D4; `formulas` are cells with their
    row, their column and the formula, and are empty in `rows`: what a formula came to when the file was saved is
    not known to be so. `more`: there are more rows than were asked for, and they were not read."""

    name: str
    rows: tuple[Row, ...]
    merged: tuple[str, ...] = ()
    formulas: tuple[tuple[int, str, str], ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Workbook:
    """The visible sheets in their order, and the names of the others."""

    pages: tuple[Page, ...]
    hidden: tuple[str, ...] = ()


def read_workbook(content: bytes, rows: int) -> Workbook:
    """Every visible sheet, up to `rows` rows of each that are not blank."""
    large = Unreadable(
        f"The workbook has far more cells than are needed; at most {rows} rows of a sheet are read. Delete the rows below the table, or copy it into a new template.",
        f"សៀវភៅ Excel មានក្រឡាច្រើនហួសពេក អានបានយ៉ាងច្រើន {rows} ជួរដេកក្នុងមួយសន្លឹក។ សូមលុបជួរដេកក្រោមតារាង ឬចម្លងវាទៅក្នុងឯកសារគំរូថ្មី។",
    )
    with opened(content, TAGS, large) as workbook:
        if len(workbook.worksheets) > SHEETS:
            raise Unreadable(
                f"The workbook has more than {SHEETS} sheets. Delete those that are not needed.",
                f"សៀវភៅ Excel មានលើសពី {SHEETS} សន្លឹក។ សូមលុបសន្លឹកដែលមិនត្រូវការ។",
            )
        seen = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        hidden = [sheet.title for sheet in workbook.worksheets if sheet.sheet_state != "visible"]
        return Workbook(tuple(_page(sheet, rows) for sheet in seen), tuple(hidden))


def _page(sheet: Any, most: int) -> Page:
    rows: list[Row] = []
    merged: list[str] = []
    formulas: list[tuple[int, str, str]] = []
    more = False
    for number, cells in _rows(sheet, merged):
        texts = [""] * COLUMNS
        for cell in cells:
            if 1 <= cell["column"] <= COLUMNS:
                if cell["data_type"] == "f":
                    if len(formulas) < _TOLD:
                        formulas.append((number, letter(cell["column"] - 1), cell["value"]))
                else:
                    texts[cell["column"] - 1] = _text(sheet, cell)
        while texts and not texts[-1].strip():
            texts.pop()
        if texts and len(rows) == most:
            more = True
            break
        if texts:
            rows.append(Row(number, tuple(texts)))
    return Page(sheet.title, tuple(rows), tuple(merged), tuple(formulas), more)


def _rows(sheet: Any, merged: list[str]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The rows that the sheet has, and none between them: a damaged file may claim a row far below. The library
    would say nothing of merged cells."""
    book = sheet.parent
    with book._archive.open(sheet._worksheet_path) as source:
        parser = _parser()(
            source,
            sheet._shared_strings,
            data_only=False,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for _, element in iterparse(source):  # noqa: S314  what could grow was counted before
            if element.tag == f"{_NAMES}row":
                row = parser.parse_row(element)
                parser.row_dimensions.clear()
                element.clear()
                yield row
            elif element.tag == f"{_NAMES}mergeCell":
                if len(merged) < _TOLD:
                    merged.append(element.get("ref", ""))
                element.clear()


def _parser() -> Any:
    from openpyxl.worksheet._reader import WorkSheetParser

    class Parser(WorkSheetParser):
        """One that leaves a formula as it is written: translating a shared one for each of its cells takes long."""

        def parse_formula(self, element: Any) -> str:
            return "=" + (element.findtext(f"{_NAMES}f") or "")

    return Parser


def _text(sheet: Any, cell: dict[str, Any]) -> str:
    """A cell as a reader sees it: a day as 2026-01-31, a share as 95 where 95 % is shown."""
    value = cell["value"]
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_share(sheet, cell):
        value = round(float(value) * 100, 6)
    text = as_text(value)
    if isinstance(value, float) and len(text.partition(".")[2]) == 3:
        return text + "0"  # 95.125 is a fraction here, and not thousands
    return text


def _is_share(sheet: Any, cell: dict[str, Any]) -> bool:
    from openpyxl.cell.read_only import ReadOnlyCell

    return "%" in (ReadOnlyCell(sheet, **cell).number_format or "")
