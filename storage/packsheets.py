"""A pack out of a workbook: one sheet a block, and a first one about the pack."""

from __future__ import annotations

import re
from collections.abc import Sequence

from storage import complaints, packwords
from storage.columns import Columns, compared, letter, shown
from storage.complaints import Says
from storage.entered import Entered, Line, nearest
from storage.packlayout import ABOUT, EXAMPLE, FORMS, MOST, ROWS, Form
from storage.sheets import Row, Sheet, Unreadable
from storage.workbook import Page, read_workbook

_ALL = (ABOUT, *FORMS)
_TITLES = {compared(word): form for form in _ALL for word in (form.km, *form.also.split("|"))}
_EXAMPLES = {compared(word) for word in (EXAMPLE, "ឧ", "example")}
_LAST_ROW = re.compile(r"(\d+)$")
#: A sheet may be empty. Never printed.
_NOTHING: Says = ("", "")


def read(content: bytes) -> Entered:
    """What the workbook says; Unreadable where it can't be opened."""
    if not content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise Unreadable(*packwords.NO_WORKBOOK)
    book = read_workbook(content, ROWS)
    entered = Entered(sheets=True)
    found = _sheets(book.pages, entered)
    for name in book.hidden:
        if compared(name) in _TITLES:
            entered.refuse(shown(name), None, "", packwords.HIDDEN)
    if ABOUT.block in found:
        _about(found[ABOUT.block], entered)
    else:
        entered.refuse(ABOUT.block, None, "", packwords.NO_ABOUT, name=ABOUT.km)
    for form in FORMS:
        if form.block in found:
            _block(form, found[form.block], entered)
    return entered


def _sheets(pages: Sequence[Page], entered: Entered) -> dict[str, Page]:
    """Each block's sheet. One that belongs to none is refused, unless it is empty."""
    found: dict[str, Page] = {}
    strange: list[Page] = []
    for page in pages:
        form = _TITLES.get(compared(page.name))
        if form is None:
            if page.rows or page.formulas:
                strange.append(page)
        elif form.block in found:
            first = shown(found[form.block].name)
            entered.refuse(shown(page.name), None, "", packwords.SHEET_TWICE, first=first, name=form.km)
        else:
            found[form.block] = page
            entered.name(form.block, shown(page.name))
    missing = [form for form in _ALL if form.block not in found]
    meant = {word: form.km for form in missing for word in (form.km, *form.also.split("|"))}
    for page in strange:
        near = nearest(page.name, meant)
        if near:
            entered.refuse(shown(page.name), None, "", packwords.SHEET_NEAR, near=meant[near])
        else:
            names = ", ".join(f"“{form.km}”" for form in missing or _ALL)
            entered.refuse(shown(page.name), None, "", packwords.SHEET_UNKNOWN, names=names)
    return found


def _about(page: Page, entered: Entered) -> None:
    """The first sheet: what a line is about in column A, what it says in column B."""
    names = {compared(w): c.name for c in ABOUT.columns for w in (c.km, c.name, *c.also.split("|")) if w}
    cells: dict[str, str] = {}
    rows: dict[str, int] = {}
    for row in page.rows:
        heading, said = (*row.cells, "", "")[:2]
        name = names.get(compared(heading))
        if name is None:
            if said.strip() and row.number > 2:
                entered.warn(ABOUT.block, row.number, "", packwords.LINE_UNREAD, value=shown(heading or said))
        elif name in rows:
            entered.refuse(ABOUT.block, row.number, name, packwords.LINE_TWICE, name=shown(heading))
        else:
            cells[name], rows[name] = said.strip(), row.number
    by_row = {number: name for name, number in rows.items()}
    _refuse_merged(ABOUT.block, page, 0, entered)
    for number, column, formula in page.formulas:
        entered.refuse(
            ABOUT.block,
            number,
            by_row.get(number, ""),
            packwords.FORMULA,
            cell=f"{column}{number}",
            value=shown(formula),
        )
    entered.lines.append(Line(ABOUT.block, 1, cells, rows))


def _block(form: Form, page: Page, entered: Entered) -> None:
    if page.more:
        entered.refuse(form.block, None, "", packwords.TOO_MANY, most=MOST)
        return
    table = _Table(form, page, entered)
    for row, cells in table.cells():
        if any(cells[name] for name in cells if name != "number"):
            entered.lines.append(Line(form.block, row, cells))


def _refuse_merged(block: str, page: Page, heading: int, entered: Entered) -> None:
    """Merged cells, but for a title above the headings."""
    for cells in page.merged:
        last = _LAST_ROW.search(cells)
        if not last or int(last[1]) >= heading:
            number = re.search(r"\d+", cells)
            entered.refuse(block, int(number[0]) if number else None, "", packwords.MERGED, cells=cells)


class _Table(Columns):
    """A block's sheet: its columns by their Khmer headings, without the example row."""

    def __init__(self, form: Form, page: Page, entered: Entered) -> None:
        self._form = form
        self._entered = entered
        super().__init__(
            Sheet(page.rows),
            {c.name: "|".join(filter(None, (c.km, c.name, c.also))) for c in form.columns},
            optional=frozenset(c.name for c in form.columns if not c.required),
            no_rows=_NOTHING,
        )
        for name, place in self._places.items():
            entered.name(form.block, f"{letter(place)} · {form.column(name).km}", name)
        heading = page.rows[self._heading(page.rows)].number if page.rows else 0
        _refuse_merged(form.block, page, heading, entered)
        self._refuse_formulas(page)
        examples = [row for row in self._rows if compared(row.cells[0]) in _EXAMPLES]
        self._rows = [row for row in self._rows if row not in examples]
        for row in examples:
            if not self._untouched(row):
                self.refuse(row.number, "number", packwords.EXAMPLE_CHANGED, mark=shown(row.cells[0]))

    def refuse(self, row: int | None, column: str, says: Says, **values: object) -> None:
        # Whether a cell may be empty is judged later, for YAML as well.
        if says is _NOTHING or says is complaints.MISSING:
            return
        super().refuse(row, column, says, **values)
        if "name" in values:
            values["name"] = self._form.column(str(values["name"])).km
        self._entered.refuse(self._form.block, row, column, says, **values)

    def warn(self, row: int | None, column: str, says: Says, **values: object) -> None:
        self._entered.warn(self._form.block, row, column, says, **values)

    def suspect(self, row: int, column: str, text: str) -> None:
        """Judged later, for YAML as well."""

    def _refuse_formulas(self, page: Page) -> None:
        names = {letter(place): name for name, place in self._places.items()}
        for number, column, formula in page.formulas:
            name = names.get(column, "")
            self.refuse(number, name, packwords.FORMULA, cell=f"{column}{number}", value=shown(formula))

    def _untouched(self, row: Row) -> bool:
        """Whether an example row says what the template says in it, or nothing."""
        says = {
            name: compared(row.cells[place])
            for name, place in self._places.items()
            if name != "number" and place < len(row.cells) and row.cells[place].strip()
        }
        written = (
            {name: compared(str(value)) for name, value in example.items()}
            for example in self._form.examples.values()
        )
        return not says or says in written
