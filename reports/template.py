"""The workbook in which a clerk enters a pack: a sheet a block, Khmer headings, drop-downs, notes, an example row."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from storage.packlayout import ABOUT, EXAMPLE, FORMS, MOST, WHOLE, YEAR_PATTERN, Column, Form

_FONT = "Khmer OS Siemreap"  # on the computers of communes; another is taken where it is missing
_TITLE = Font(name=_FONT, size=14, bold=True, color="1F4E5F")
_NOTE = Font(name=_FONT, size=10, italic=True, color="595959")
_HEADING = Font(name=_FONT, size=11, bold=True, color="FFFFFF")
_PLAIN = Font(name=_FONT, size=11)
_SHADE = PatternFill("solid", fgColor="1F4E5F")
_OPTIONAL = PatternFill("solid", fgColor="6B8E9B")
_FAINT = PatternFill("solid", fgColor="F2F2F2")
_THIN = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_WRAP = Alignment(wrap_text=True, vertical="top")
_MIDDLE = Alignment(wrap_text=True, vertical="center", horizontal="center")

#: Where the headings and the example stand on a block's sheet, and the first line of the sheet about the pack.
HEADINGS, EXAMPLE_ROW, ABOUT_ROW = 3, 4, 4
_DRAWN = 40  # rows with borders; drop-downs go as far as rows are read


def write_template(service: str, file: Path | IO[bytes], facility: str = "") -> None:
    """Write the template of a service to a file; `facility`: a code to fill in."""
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    _about(first, facility)
    for form in FORMS:
        _block(book.create_sheet(form.km), form, service)
    book.save(file)


def _about(sheet: Worksheet, facility: str) -> None:
    sheet.title = ABOUT.km
    _head(sheet, "កញ្ចប់ព័ត៌មានសម្រាប់ប្រជាពលរដ្ឋ", ABOUT.note)
    for letter, width in (("A", 24), ("B", 44), ("C", 70)):
        sheet.column_dimensions[letter].width = width
    for row, column in enumerate(ABOUT.columns, ABOUT_ROW):
        heading = sheet.cell(row, 1, column.km)
        heading.font, heading.fill, heading.border = _HEADING, _shade(column), _BOX
        heading.alignment = _WRAP
        said = sheet.cell(row, 2)
        said.font, said.border, said.alignment = _PLAIN, _BOX, _WRAP
        said.number_format = column.pattern or "@"
        note = sheet.cell(row, 3, column.note)
        note.font, note.alignment = _NOTE, _WRAP
        _offer(sheet, column, f"B{row}")
    if facility:
        sheet.cell(ABOUT_ROW, 2).value = facility
    languages = next(row for row, c in enumerate(ABOUT.columns, ABOUT_ROW) if c.name == "language")
    sheet.cell(languages, 2).value = ABOUT.column("language").choices[0].km


def _block(sheet: Worksheet, form: Form, service: str) -> None:
    _head(sheet, form.km, form.note)
    example = {"number": EXAMPLE, **form.examples[service]}
    for place, column in enumerate(form.columns, 1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = column.width
        heading = sheet.cell(HEADINGS, place, column.km)
        heading.font, heading.fill, heading.border = _HEADING, _shade(column), _BOX
        heading.alignment = _MIDDLE
        for row in range(EXAMPLE_ROW, EXAMPLE_ROW + _DRAWN):
            cell = sheet.cell(row, place)
            cell.font, cell.border, cell.alignment = _PLAIN, _BOX, _WRAP
            cell.number_format = column.pattern or "@"  # text as it is typed: no formula, no lost zero
        said = sheet.cell(EXAMPLE_ROW, place)
        said.value = example.get(column.name)
        said.font, said.fill = _NOTE, _FAINT
        _offer(sheet, column, f"{letter}{EXAMPLE_ROW}:{letter}{EXAMPLE_ROW + MOST}")
    sheet.row_dimensions[HEADINGS].height = 48
    sheet.freeze_panes = f"A{HEADINGS + 1}"
    sheet.sheet_properties.tabColor = "1F4E5F"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{HEADINGS}:{HEADINGS}"


def _head(sheet: Worksheet, title: str, note: str) -> None:
    sheet["A1"] = title
    sheet["A1"].font = _TITLE
    sheet["A2"] = note
    sheet["A2"].font = _NOTE
    sheet.sheet_view.zoomScale = 110


def _shade(column: Column) -> PatternFill:
    """Darker where something must be written."""
    return _SHADE if column.required else _OPTIONAL


def _offer(sheet: Worksheet, column: Column, cells: str) -> None:
    """A drop-down, or the note of a column while its cell is being filled in."""
    if column.choices:
        entries = ",".join(choice.km for choice in column.choices)
        offered = DataValidation("list", formula1=f'"{entries}"', allow_blank=True)
        offered.error, offered.errorTitle = "សូមជ្រើសរើសពីបញ្ជី។", column.km
        offered.showErrorMessage = True
    elif column.note:
        offered = DataValidation(allow_blank=True)
    else:
        return
    if column.pattern in (WHOLE, YEAR_PATTERN) and not column.choices:
        offered.showErrorMessage = False  # ឥតគិតថ្លៃ is written too: the check says what is wrong
    offered.prompt, offered.promptTitle = column.note, column.km[:32]
    offered.showInputMessage = True
    offered.add(cells)
    sheet.add_data_validation(offered)
