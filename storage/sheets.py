"""Reading a table out of a CSV or XLSX file that somebody else made: bounded, and clear about what is wrong with it."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_BYTES = 20_000_000
UNPACKED_BYTES = 64_000_000  # four times what a full table of facilities needs
MEMBERS = 1_000  # files inside an .xlsx
#: In all of its XML: a full table of 50,000 rows has some two million. An empty tag of four bytes takes some hundreds
#: in memory, but those of a row or of a text are forgotten when it ends; attributes take as much, and are counted.
TAGS = 3_000_000
#: Of tags and attributes that are in memory at once: those of one row or text, of all that is neither.
AT_ONCE = 300_000
ROWS = 50_000
COLUMNS = 50  # further ones are not read
LAST_ROW = 1_048_576  # of any .xlsx; a damaged file may claim more

_SEPARATORS = ",;\t"
_SAMPLE = 20  # lines that tell which separator a file has
_ENOUGH = 4  # separators a line of the table has, so that a list inside one cell does not outvote the table


class Unreadable(Exception):
    """The file as a whole can't be used. Says what to do, in two languages."""

    def __init__(self, english: str, khmer: str) -> None:
        super().__init__(english)
        self.english = english
        self.khmer = khmer


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row as text, with the number a spreadsheet program shows beside it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows that are not blank. `unread` names the other sheets of the workbook."""

    rows: tuple[Row, ...]
    unread: tuple[str, ...] = ()


def read_sheet(path: Path) -> Sheet:
    """The table in a .csv (UTF-8 or UTF-16; comma, semicolon or tab) or the first visible sheet of an .xlsx."""
    suffix = path.suffix.lower()
    if suffix in (".xlsm", ".xltm", ".xlsb"):
        raise _macros()
    if suffix not in (".csv", ".xlsx"):
        raise Unreadable(
            f"Only .csv and .xlsx files can be read, not {suffix or path.name}. Save the table as .xlsx or as CSV UTF-8.",
            f"អាចអានបានតែឯកសារ .csv និង .xlsx ប៉ុណ្ណោះ មិនមែន {suffix or path.name} ទេ។ សូមរក្សាទុកតារាងជា .xlsx ឬជា CSV UTF-8។",
        )
    content = content_of(path)
    sheet = _read_csv(content) if suffix == ".csv" else _read_xlsx(content)
    if not sheet.rows:
        raise Unreadable(
            "The file holds no table: every cell is empty. Write the table on the first sheet and save it again.",
            "ឯកសារនេះគ្មានតារាងទេ៖ ក្រឡាទាំងអស់ទទេ។ សូមសរសេរតារាងនៅសន្លឹកទីមួយ រួចរក្សាទុកម្ដងទៀត។",
        )
    return sheet


def content_of(path: Path) -> bytes:
    """What is in a file that is there and not too large; else Unreadable."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES + 1)
    except FileNotFoundError:
        raise Unreadable(
            f"There is no file {path}. Check its name and folder.",
            f"រកមិនឃើញឯកសារ {path} ទេ។ សូមពិនិត្យឈ្មោះ និងថតរបស់វា។",
        ) from None
    except OSError as error:
        raise Unreadable(
            f"The file {path} can't be opened: {error.strerror}. Close it in other programs and try again.",
            f"មិនអាចបើកឯកសារ {path} បានទេ ({error.strerror})។ សូមបិទវានៅក្នុងកម្មវិធីផ្សេង រួចសាកល្បងម្ដងទៀត។",
        ) from None
    if len(content) > FILE_BYTES:
        raise Unreadable(
            "The file is larger than 20 MB. Copy the table alone into a new file, or split it.",
            "ឯកសារធំជាង ២០ MB។ សូមចម្លងតែតារាងទៅឯកសារថ្មី ឬបំបែកវាជាឯកសារច្រើន។",
        )
    return content


def _gather(rows: Iterable[tuple[int, Iterable[str]]]) -> tuple[Row, ...]:
    gathered: list[Row] = []
    for number, cells in rows:
        kept = list(cells)[:COLUMNS]
        while kept and not kept[-1].strip():
            kept.pop()
        if not kept:
            continue
        if len(gathered) == ROWS:
            raise Unreadable(
                "The table has more than 50,000 rows. Split it into several files.",
                "តារាងមានលើសពី ៥០.០០០ ជួរដេក។ សូមបំបែកវាជាឯកសារច្រើន។",
            )
        gathered.append(Row(number, tuple(kept)))
    return tuple(gathered)


# -- CSV --------------------------------------------------------------------------------------------------


def _read_csv(content: bytes) -> Sheet:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable(
            "The file is named .csv but is an Excel file. Open it and save it as CSV UTF-8, or name it .xlsx.",
            "ឯកសារនេះមានឈ្មោះ .csv ប៉ុន្តែវាជាឯកសារ Excel។ សូមបើកវា រួចរក្សាទុកជា CSV UTF-8 ឬប្ដូរឈ្មោះជា .xlsx។",
        )
    text = _decoded(content)
    separator = None
    if text[:4].lower() == "sep=" and text[5:6] in ("\r", "\n"):
        # Excel's own first line: it is not shown, and not counted.
        separator, text = text[4], text[5:].removeprefix("\r").removeprefix("\n")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator or _separator(text), strict=True)
    return Sheet(_gather(_records(reader)))


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    # A spreadsheet counts records, not lines: a line break inside quotation marks is no new row.
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, cells
    except csv.Error:
        raise Unreadable(
            f'Row {number + 1}: a quotation mark is opened and not closed rightly. Write it twice ("") inside a text, or remove it.',
            f'ជួរដេកទី {number + 1}៖ សញ្ញាសម្រង់បើកហើយមិនបានបិទត្រឹមត្រូវ។ សូមសរសេរវាពីរដង ("") នៅក្នុងអត្ថបទ ឬលុបវាចេញ។',
        ) from None


def _decoded(content: bytes) -> str:
    encoding = "utf-8-sig"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif zeros := content[:4000].count(0):
        # UTF-16 without its mark: separators and Latin letters have a zero byte first or second.
        encoding = "utf-16-be" if content[:4000:2].count(0) * 2 > zeros else "utf-16-le"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"Line {line} is not in UTF-8. In the spreadsheet program, save the table as CSV UTF-8, or as .xlsx.",
            f"បន្ទាត់ទី {line} មិនមែនជា UTF-8 ទេ។ ក្នុងកម្មវិធីតារាង សូមរក្សាទុកជា CSV UTF-8 ឬជា .xlsx។",
        ) from None


def _separator(text: str) -> str:
    sample = io.StringIO(text[:100_000])
    lines = [line for line, _count in zip(filter(str.strip, sample), range(_SAMPLE), strict=False)]
    return max(_SEPARATORS, key=lambda mark: sum(min(line.count(mark), _ENOUGH) for line in lines))


# -- XLSX -------------------------------------------------------------------------------------------------


def _read_xlsx(content: bytes) -> Sheet:
    with opened(content) as workbook:
        return _first_sheet(workbook)


@contextmanager
def opened(content: bytes, tags: int = TAGS, large: Unreadable | None = None) -> Iterator[Any]:
    """The workbook that these bytes are, judged before it is unpacked; Unreadable for whatever is wrong with it, also
    while it is read. `tags`: how many it may have; `large`: what is said of one that has more."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(
            "The file is an old Excel file or has a password. Save it as Excel Workbook (.xlsx), without a password.",
            "ឯកសារនេះជា Excel ជំនាន់ចាស់ ឬមានពាក្យសម្ងាត់។ សូមរក្សាទុកជា Excel Workbook (.xlsx) ដោយគ្មានពាក្យសម្ងាត់។",
        )
    if not content.startswith(b"PK"):
        raise _no_spreadsheet()
    from openpyxl import load_workbook  # slow to import, and no process that serves messages needs it

    try:
        _inspect(content, tags, large or _bomb())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about charts, styles and the like, which nobody asked for
            workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            try:
                yield workbook
            finally:
                workbook.close()
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever a damaged part leads to
        raise Unreadable(
            "The file is damaged. Open it in a spreadsheet program and save it again as .xlsx.",
            "ឯកសារនេះខូច។ សូមបើកវាក្នុងកម្មវិធីតារាង រួចរក្សាទុកម្ដងទៀតជា .xlsx។",
        ) from error


def _inspect(content: bytes, tags: int, large: Unreadable) -> None:
    """Judge the file by its directory before anything is unpacked (no member yields more than is written there),
    and by its size in tags before anything is built from it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if len(members) > MEMBERS or sum(member.file_size for member in members) > UNPACKED_BYTES:
            raise _bomb()
        names = {member.filename.lower() for member in members}
        if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
            raise _no_spreadsheet()
        kinds = archive.read("[Content_Types].xml").lower()
        if b"macroenabled" in kinds or any(name.endswith("vbaproject.bin") for name in names):
            raise _macros()
        sizes = [_size(archive, member) for member in members]
        if (
            sum(size.tags for size in sizes) > tags
            or max(size.at_once for size in sizes) > AT_ONCE
            or max(size.rows for size in sizes) > LAST_ROW
        ):
            raise large


@dataclass(frozen=True, slots=True)
class _Size:
    """What a file inside the workbook asks of the memory. `tags`: in all; `at_once`: with attributes, of those that are
    there at the same time; `rows`, or texts: something small is left of each."""

    tags: int
    at_once: int
    rows: int


def _size(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Size:
    # The library makes an object of every tag of the styles, which takes some eight times as long.
    weight = 8 if member.filename == "xl/styles.xml" else 1
    flows = member.filename.startswith("xl/worksheets/") or member.filename == "xl/sharedStrings.xml"
    tags = run = longest = rows = 0
    with archive.open(member) as file:
        for piece in iter(lambda: file.read(1_000_000), b""):
            tags += piece.count(b"<")
            *ended, rest = _ENDS.split(piece) if flows else (piece,)
            rows += len(ended)
            for part in ended:
                longest = max(longest, run + _things(part))
                run = 0
            run += _things(rest)
    return _Size(weight * tags, max(longest, run) if flows else weight * run, rows)


#: Where a row of a sheet ends, or one of the texts that rows refer to.
_ENDS = re.compile(rb"</(?:\w+:)?(?:row|si)>|<(?:\w+:)?row\b[^<>]*/>")


def _things(part: bytes) -> int:
    return part.count(b"<") + part.count(b'="') + part.count(b"='")


def _first_sheet(workbook: Any) -> Sheet:
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"] or workbook.worksheets
    if not sheets:
        raise _no_spreadsheet()
    rows = sheets[0].iter_rows(min_row=1, max_row=LAST_ROW, min_col=1, max_col=COLUMNS, values_only=True)
    return Sheet(
        _gather((number, map(as_text, cells)) for number, cells in enumerate(rows, 1)),
        tuple(sheet.title for sheet in sheets[1:]),
    )


def as_text(value: object) -> str:
    """A cell as its text: a whole number without the decimals a spreadsheet gives it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _no_spreadsheet() -> Unreadable:
    return Unreadable(
        "The file is named .xlsx but is no spreadsheet. Save the table as Excel Workbook (.xlsx); if it is text, name it .csv.",
        "ឯកសារនេះមានឈ្មោះ .xlsx ប៉ុន្តែវាមិនមែនជាតារាង Excel ទេ។ សូមរក្សាទុកតារាងជា Excel Workbook (.xlsx) បើវាជាអត្ថបទ សូមប្ដូរឈ្មោះជា .csv។",
    )


def _bomb() -> Unreadable:
    return Unreadable(
        "Unpacked, the file is too large: more than 64 MB or three million tags. Copy the table alone into a new workbook.",
        "ពេលពន្លា ឯកសារនេះធំពេក៖ លើសពី ៦៤ MB ឬ ៣ លានស្លាក (tag)។ សូមចម្លងតែតារាងទៅសៀវភៅ Excel ថ្មី។",
    )


def _macros() -> Unreadable:
    return Unreadable(
        "The workbook may contain macros. Save it as Excel Workbook (.xlsx), without macros.",
        "សៀវភៅ Excel នេះអាចមានម៉ាក្រូ (macro)។ សូមរក្សាទុកជា Excel Workbook (.xlsx) ដោយគ្មានម៉ាក្រូ។",
    )
