"""Files of packs as clerks hand them in: the template filled in, and the same in YAML."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from flows.library import Facility
from reports.template import ABOUT_ROW, EXAMPLE_ROW, HEADINGS, write_template
from storage.complaints import Problem
from storage.packcheck import Checked, check
from storage.packlayout import ABOUT, FORMS, form_of

TODAY = date(2026, 11, 22)
FACILITY = "hc080399"

#: One item of each block, or two, by the columns of the form.
ITEMS: dict[str, list[dict[str, Any]]] = {
    "rights": [{"kind": "សិទ្ធិ", "text_km": "អ្នកជំងឺមានសិទ្ធិសុំវិក្កយបត្រ។", "text_en": "A patient may ask for a receipt."}],
    "standards": [{"text_km": "មានបុគ្គលិកប្រចាំការ ២៤ ម៉ោង។"}],
    "performance": [{"text_km": "បុគ្គលិក", "target": 8, "actual": 7.5, "unit_km": "នាក់", "year": 2025}],
    "prices": [
        {
            "text_km": "ពិនិត្យជំងឺ",
            "riel": 2000,
            "days": 0,
            "documents_km": "ប័ណ្ណ",
            "exempt_km": "អ្នកកាន់ប័ណ្ណសមធម៌",
            "keywords": "ឈឺ, check-up",
        },
        {"text_km": "ចាក់វ៉ាក់សាំង", "riel": "ឥតគិតថ្លៃ"},
    ],
    "budget": [{"text_km": "ថ្នាំ", "planned": 120886800, "spent": 88000000, "year": 2026}],
    "part": [{"kind": "បណ្តឹង", "text_km": "ប្រអប់សំបុត្រនៅមុខមណ្ឌលសុខភាព។"}],
}  # fmt: skip

YAML = """
facility: hc080399
true_on: 2026-01-31
source: {km: មណ្ឌលសុខភាព, en: The health centre}
rights:
  - kind: right
    text: {km: អ្នកជំងឺមានសិទ្ធិសុំវិក្កយបត្រ។, en: A patient may ask for a receipt.}
standards:
  - text: មានបុគ្គលិកប្រចាំការ ២៤ ម៉ោង។
performance:
  - {text: បុគ្គលិក, target: 8, actual: 7.5, unit: នាក់, year: 2025}
prices:
  - {text: ពិនិត្យជំងឺ, riel: 2000, days: 0, documents: ប័ណ្ណ, exempt: អ្នកកាន់ប័ណ្ណសមធម៌, keywords: [ឈឺ, check-up]}
  - {text: ចាក់វ៉ាក់សាំង, riel: free}
budget:
  - {text: ថ្នាំ, planned: 120886800, spent: 88000000, year: 2026}
part:
  - {kind: complaint, text: ប្រអប់សំបុត្រនៅមុខមណ្ឌលសុខភាព។}
"""


class Registry:
    """A commune with its own three facilities, one that is retired, and one that another took the place of."""

    def facility(self, code: str) -> Facility | None:
        if code[:2] in ("ca", "hc", "ps") and code[2:] in ("080399", "080398", "080397"):
            return Facility(
                code, code[:2], "", "", (code[2:],), provisional=True, retired=code.endswith("98")
            )
        return None

    def facilities(self, commune: str, service: str) -> tuple[Facility, ...]:
        if commune == "080397":
            return (Facility("kdl-hc-01", service, "ក", "K", (commune,)),)
        found = self.facility(f"{service}{commune}")
        return (found,) if found else ()


def filled(folder: Path, change: Callable[[Workbook], object] = lambda book: None) -> Path:
    """A template that a clerk filled in, and what else she did to it."""
    path = folder / "pack.xlsx"
    path.unlink(missing_ok=True)
    write_template("hc", path)
    book = load_workbook(path)
    first = book[ABOUT.km]
    for row, said in enumerate((FACILITY, date(2026, 1, 31), "មណ្ឌលសុខភាព", "The health centre"), ABOUT_ROW):
        first.cell(row, 2).value = said
    for form in FORMS:
        for row, item in enumerate(ITEMS[form.block], EXAMPLE_ROW + 1):
            for name, said in item.items():
                book[form.km].cell(row, place(form.block, name)).value = said
    change(book)
    book.save(path)
    return path


def place(block: str, name: str) -> int:
    """The column of a field, from 1."""
    return [column.name for column in form_of(block).columns].index(name) + 1


def write(block: str, name: str, said: Any, row: int = EXAMPLE_ROW + 1) -> Callable[[Workbook], None]:
    """A clerk writes something else into a cell of the first item."""

    def change(book: Workbook) -> None:
        book[form_of(block).km].cell(row, place(block, name)).value = said

    return change


def tell(name: str, said: Any) -> Callable[[Workbook], None]:
    """A clerk writes something else on the first sheet."""
    rows = [column.name for column in ABOUT.columns]

    def change(book: Workbook) -> None:
        book[ABOUT.km].cell(ABOUT_ROW + rows.index(name), 2).value = said

    return change


def head(block: str, name: str, said: Any) -> Callable[[Workbook], None]:
    """A clerk changes a heading."""
    return write(block, name, said, HEADINGS)


def judged(path: Path) -> Checked:
    return check(path.read_bytes(), path.name, Registry(), TODAY)


def only(problems: tuple[Problem, ...]) -> Problem:
    """The one problem there is."""
    assert len(problems) == 1, problems
    return problems[0]


def rewritten(path: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """The file with one of its members changed, as no spreadsheet program would."""
    before = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(before) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == member else old.read(name))
    return path
