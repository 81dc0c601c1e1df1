"""What a file says of a pack, before it is judged: its lines, where they stand, and what kept some from being read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from storage.columns import compared
from storage.complaints import Problem, Says
from storage.packlayout import ABOUT, FORMS


@dataclass(frozen=True, slots=True)
class Line:
    """One item, or what the first sheet says, by the names of fields. `row` is the spreadsheet's, or the line of the
    file; `rows` those of single fields that stand elsewhere."""

    block: str
    row: int
    cells: Mapping[str, str]
    rows: Mapping[str, int] = field(default_factory=dict)


class Entered:
    """What was read. `named` says how the reader of a problem knows a block and a field."""

    def __init__(self, *, sheets: bool) -> None:
        self.lines: list[Line] = []
        self.sample = False
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._sheets = sheets
        self._names: dict[tuple[str, str], str] = {}
        self._said: set[tuple[str, int | None, str]] = set()
        self._order = {form.block: at for at, form in enumerate((ABOUT, *FORMS))}

    def name(self, block: str, shown: str, column: str = "") -> None:
        """A block, or a field of it, is called so in this file."""
        self._names[block, column] = shown

    def refuse(self, block: str, row: int | None, column: str, says: Says, **values: object) -> None:
        """Note what keeps the pack from being used. A field of which something was said is not said to be empty."""
        self._said.add((block, row, column))
        self.problems.append(self._problem(block, row, column, says, values))

    def warn(self, block: str, row: int | None, column: str, says: Says, **values: object) -> None:
        """Note what somebody should look at."""
        self.warnings.append(self._problem(block, row, column, says, values))

    def spoken_of(self, block: str, row: int | None, column: str) -> bool:
        """Whether something was said of this field already."""
        return (block, row, column) in self._said

    def label(self, block: str, column: str) -> str:
        """What a field is called: in a workbook by its heading, in YAML by its name."""
        if not self._sheets:
            return column
        form = next((form for form in (ABOUT, *FORMS) if form.block == block), None)
        return next((c.km for c in form.columns if c.name == column), column) if form else column

    def in_order(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """By sheet and row, as they are mended."""
        sheets = {self._shown(block): at for block, at in self._order.items()}
        return tuple(sorted(problems, key=lambda one: (sheets.get(one.sheet, 99), one.row or 0)))

    def _shown(self, block: str) -> str:
        return self._names.get((block, ""), block)

    def _problem(
        self, block: str, row: int | None, column: str, says: Says, values: Mapping[str, object]
    ) -> Problem:
        english, native = (words.format(**values) for words in says)
        named = self._names.get((block, column), self.label(block, column)) if column else ""
        return Problem(row, named, english, native, self._shown(block))


def nearest(text: str, names: Iterable[str]) -> str | None:
    """The one of `names` that was probably meant; None when none is near."""
    wanted = compared(text)
    best, near = None, 0.6
    for name in names:
        known = compared(name)
        inside = min(len(wanted), len(known)) >= 4 and (wanted in known or known in wanted)
        similar = 0.8 if inside else OSA.normalized_similarity(wanted, known)
        if similar >= near:
            best, near = name, similar
    return best
