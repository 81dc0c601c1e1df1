"""A scorecard as a workbook of Excel: a sheet each for the services, criteria, groups, villages and parts of a place."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell import Cell as Drawn
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.properties import PageSetupProperties

from flows import khmer, scoretext
from flows.counts import Counts
from flows.library import SERVICES, Library, place_name, service_name
from flows.text import Catalogue, Phrase, _, joined, spoken
from reports.scorecard import Scorecard, Standing
from reports.summary import last_day, told
from reports.tables import Cell, defused, in_columns, measures, moved

_FONT = "Khmer OS Siemreap"  # on the computers of communes; another is taken where it is missing
_TITLE = Font(name=_FONT, size=14, bold=True, color="0D3B66")
_HEADING = Font(name=_FONT, size=11, bold=True, color="FFFFFF")
_NAME = Font(name=_FONT, size=11, bold=True)
_PLAIN = Font(name=_FONT, size=11)
_SHADE = PatternFill("solid", fgColor="0D3B66")
_WARNING = PatternFill("solid", fgColor="FFC93C")
_TOP = Alignment(vertical="top", wrap_text=True)
_MIDDLE = Alignment(vertical="center", horizontal="center", wrap_text=True)
_NARROWEST, _WIDEST = 9, 46  # in letters

# How a number is shown: the cell holds all of it.
_TEXT, _PLAIN_FORM, _NUMBER, _MEAN, _MEDIAN, _SHARE, _MOVE = (
    "@", "General", "#,##0", "0.00", "0.0", "0%", "+0.00;-0.00;0.00",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Column:
    heading: Phrase
    form: str = _PLAIN_FORM


def made(card: Scorecard, library: Library, catalogue: Catalogue, parts: Standing | None = None) -> bytes:
    """The file; sheets of which there is nothing are left out."""
    book = Workbook(write_only=True)
    sheets = _Sheets(book, card, library, catalogue)
    sheets.summary()
    sheets.criteria()
    if card.groups:
        sheets.groups()
    if card.villages:
        sheets.villages()
    if parts is not None:
        sheets.places(parts)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _steps() -> list[_Column]:
    return [_Column(joined(score, scoretext.scale_name(score)), _NUMBER) for score in range(1, 6)]


def _measured() -> list[_Column]:
    return [
        _Column(_("People"), _NUMBER),
        *_steps(),
        _Column(_("Score (median)"), _MEDIAN),
        _Column(_("Mean"), _MEAN),
        _Column(_("Satisfied"), _SHARE),
    ]


@dataclass(frozen=True, slots=True)
class _Sheets:
    """The sheets of one workbook."""

    book: Workbook
    card: Scorecard
    library: Library
    catalogue: Catalogue

    def say(self, phrase: Phrase | str | int) -> str:
        return spoken(phrase, self.catalogue)

    def summary(self) -> None:
        """Whose scores these are, and each service as a whole."""
        card = self.card
        about: list[tuple[Phrase, Cell]] = [
            (_("Place"), self.say(scoretext.subject(told(card), self.library))),
            (_("NCDD code"), card.place),
            (_("Round"), self.say(scoretext.rounds_name(card.rounds, self.library))),
            (_("Compared with"), self.say(self.library.round_name(card.before)) if card.before else None),
            (_("Ratings until"), last_day(card)),
        ]
        if card.communes > 1:
            about += [(_("Communes with ratings"), card.rated), (_("Communes"), card.communes)]
        columns = [
            _Column(_("Service")),
            _Column(_("Ratings"), _NUMBER),
            *_steps(),
            _Column(_("Mean"), _MEAN),
            _Column(_("Satisfied"), _SHARE),
            _Column(_("Moved"), _MOVE),
        ]
        rows: list[list[Cell]] = []
        for section in card.sections:
            known = measures(section.counts)
            five = known["counts"] or (None,) * 5
            name = self.say(service_name(section.service))
            rows.append(
                [
                    name,
                    section.raters or None,
                    *five,
                    known["mean"],
                    known["satisfied"],
                    moved(section.change),
                ]
            )
        self._sheet(_("Summary"), columns, rows, [(self.say(name), value) for name, value in about])

    def criteria(self) -> None:
        columns = [
            _Column(_("Service")),
            _Column(_("Criterion")),
            *_measured(),
            _Column(_("Mean of the last round"), _MEAN),
            _Column(_("Moved"), _MOVE),
            _Column(_("Beside other communes")),
        ]
        rows: list[list[Cell]] = []
        for section in self.card.sections:
            for line in section.lines:
                spread = line.district or line.province
                stands = (
                    scoretext.stands_name(spread.stands(line.counts.mean)) if spread and line.counts else ""
                )
                rows.append(
                    [
                        self.say(service_name(section.service)),
                        self.say(scoretext.label(line.code, self.library)),
                        *in_columns(line.counts).values(),
                        measures(line.before)["mean"],
                        moved(line.change),
                        self.say(stands),
                    ]
                )
        self._sheet(_("Criteria"), columns, rows)

    def groups(self) -> None:
        rows = [
            [*named, self.say(scoretext.group_name(group)), *in_columns(counts).values()]
            for named, groups, _villages in self._lines()
            for group, counts in groups
        ]
        columns = [_Column(_("Service")), _Column(_("Criterion")), _Column(_("Group")), *_measured()]
        self._sheet(_("By group"), columns, rows)

    def villages(self) -> None:
        rows = [
            [*named, village, self.say(place_name(self.library.place(village))), *in_columns(counts).values()]
            for named, _groups, villages in self._lines()
            for village, counts in villages
        ]
        columns = [
            _Column(_("Service")),
            _Column(_("Criterion")),
            _Column(_("NCDD code"), _TEXT),
            _Column(_("Village")),
            *_measured(),
        ]
        self._sheet(_("By village"), columns, rows)

    def _lines(self) -> Iterable[tuple[list[Cell], list[tuple[str, Counts]], list[tuple[str, Counts]]]]:
        for section in self.card.sections:
            for line in section.lines:
                named: list[Cell] = [
                    self.say(service_name(section.service)),
                    self.say(scoretext.label(line.code, self.library)),
                ]
                yield named, list(line.groups.items()), list(line.villages.items())

    def places(self, parts: Standing) -> None:
        columns = [
            _Column(_("NCDD code"), _TEXT),
            _Column(_("Place")),
            _Column(_("Ratings"), _NUMBER),
            *(_Column(service_name(service), _MEAN) for service in SERVICES),
            _Column(_("Mean"), _MEAN),
            _Column(_("Satisfied"), _SHARE),
            _Column(_("Moved"), _MOVE),
        ]
        rows: list[list[Cell]] = []
        for row in parts.rows:
            whole = measures(row.counts)
            rows.append(
                [
                    row.place,
                    self.say(place_name(self.library.place(row.place))),
                    row.raters or None,
                    *(measures(row.services[service])["mean"] for service in SERVICES),
                    whole["mean"],
                    whole["satisfied"],
                    moved(row.change),
                ]
            )
        self._sheet(_("Places"), columns, rows)

    # -- Cells --------------------------------------------------------------------------------------------

    def _sheet(
        self,
        title: Phrase,
        columns: Sequence[_Column],
        rows: Sequence[Sequence[Cell]],
        about: Sequence[tuple[str, Cell]] = (),
    ) -> None:
        """A table below its frozen headings; above them, on the first sheet, what it is `about`."""
        sheet = self.book.create_sheet(self.say(title)[:31])
        headings = [self.say(column.heading) for column in columns]
        above: list[list[Drawn]] = []
        if about:
            above.append([self._cell(sheet, self.say(_("Scores from citizens")), _TITLE)])
            if self.card.sample:
                said = self._cell(sheet, self.say(_("Sample data: none of this is real")), _NAME)
                said.fill = _WARNING
                above.append([said])
            above += [
                [self._cell(sheet, name, _NAME), self._cell(sheet, value, _PLAIN, _TEXT)]
                for name, value in about
                if value not in (None, "")
            ]
            if not self.card:
                above.append([self._cell(sheet, self.say(scoretext.nothing()), _NAME)])
            above.append([])
        # What stands in a file that is written as it goes must be said before its rows.
        for number, heading in enumerate(headings):
            longest = max((_width(row[number]) for row in rows), default=0)
            if about and number == 0:
                longest = max(longest, *(_width(name) for name, _value in about))
            words = max(_width(word) for word in heading.split() or [""])
            width = min(_WIDEST, max(_NARROWEST, longest, words, _width(heading) / 2) + 3)
            sheet.column_dimensions[get_column_letter(number + 1)].width = width
        sheet.freeze_panes = f"A{len(above) + 2}"
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        for line in above:
            sheet.append(line)
        sheet.append([self._heading(sheet, heading) for heading in headings])
        for row in rows:
            sheet.append(
                [
                    self._cell(sheet, value, _PLAIN, column.form)
                    for value, column in zip(row, columns, strict=True)
                ]
            )

    def _heading(self, sheet: WriteOnlyWorksheet, said: str) -> Drawn:
        cell = self._cell(sheet, said, _HEADING)
        cell.fill, cell.alignment = _SHADE, _MIDDLE
        return cell

    def _cell(self, sheet: WriteOnlyWorksheet, value: Cell, font: Font, form: str = _PLAIN_FORM) -> Drawn:
        cell: Drawn = WriteOnlyCell(sheet, defused(value) if isinstance(value, str) else value)
        if isinstance(value, str):
            cell.data_type = "s"  # never a formula, whatever it begins with
            cell.alignment = _TOP
        elif form != _TEXT:
            cell.number_format = form
        cell.font = font
        return cell


def _width(value: Cell) -> float:
    """About how wide a value is, in letters: a Khmer cluster is wider than a Latin letter."""
    if isinstance(value, str):
        return sum(1.0 if cluster.isascii() else 1.25 for cluster in khmer.clusters(value))
    return 7.0
