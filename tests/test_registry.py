"""Importing a registry of facilities: what a file may look like, what is said about bad rows, what is stored."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from flows import khmer
from flows.gazetteer import Gazetteer, Place
from flows.library import Facility
from storage import reference, sheets
from storage.complaints import Problem
from storage.database import Database
from storage.listing import Listing
from storage.registry import Plan, Report, apply, import_registry, plan
from storage.sheets import Row, Sheet, Unreadable, read_sheet
from storage.tables import facilities, facility_communes, histograms, library, responses

HEADINGS = ["code", "service", "name_km", "name_en", "communes"]
CENTRE = ["kdl-hc-01", "hc", "មណ្ឌលសុខភាពអំពៅព្រៃ", "Ampov Prey Health Centre", "080101 080102"]
SCHOOL = ["kdl-ps-01", "ps", "សាលាបឋមសិក្សាអំពៅព្រៃ", "Ampov Prey Primary School", "080101"]
OFFICE = ["kdl-ca-01", "ca", "រដ្ឋបាលឃុំអំពៅព្រៃ", "Ampov Prey Commune Office", "080101"]

GAZETTEER = Gazetteer(
    [
        Place("08", "province", "កណ្ដាល", "Kandal"),
        Place("0801", "district", "កណ្ដាលស្ទឹង", "Kandal Stueng"),
        Place("080101", "commune", "អំពៅព្រៃ", "Ampov Prey"),
        Place("080102", "commune", "អន្លង់រមៀត", "Anlong Romiet"),
        Place("080103", "commune", "បារគូ", "Barku"),
        Place("08010101", "village", "ព្រៃទទឹង", "Prey Totueng"),
        Place("120802", "sangkat", "ទឹកថ្លា", "Tuek Thla"),
    ],
    changes=[("081199", "081198"), ("081198", "080103"), ("081197", "")],
)


def row(of: Sequence[str] = CENTRE, **cells: Any) -> list[Any]:
    """A good row with some cells replaced."""
    return [cells.get(column, text) for column, text in zip(HEADINGS, of, strict=True)]


def listing(*rows: Sequence[str], headings: Sequence[str] = HEADINGS, **stored: str) -> Listing:
    numbered = (Row(number, tuple(cells)) for number, cells in enumerate((headings, *rows), 1))
    return Listing(
        Sheet(tuple(numbered)), GAZETTEER, {code.replace("_", "-"): of for code, of in stored.items()}
    )


def csv_file(folder: Path, *rows: Sequence[str], headings: Sequence[str] = HEADINGS) -> Path:
    path = folder / "facilities.csv"
    path.write_text("\n".join(",".join(cells) for cells in (headings, *rows)), encoding="utf-8")
    return path


def xlsx_file(folder: Path, *rows: Sequence[Any], name: str = "facilities.xlsx") -> Path:
    workbook = Workbook()
    for cells in rows:
        workbook.worksheets[0].append(list(cells))
    workbook.save(folder / name)
    return folder / name


def members(**files: bytes) -> bytes:
    """A zip archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return archive.getvalue()


def rewrite(book: Path, *changes: tuple[bytes, bytes]) -> None:
    """Change what is written in the first sheet of a workbook."""
    with zipfile.ZipFile(book) as pack:
        files = {name: pack.read(name) for name in pack.namelist()}
    for before, after in changes:
        assert before in files["xl/worksheets/sheet1.xml"]
        files["xl/worksheets/sheet1.xml"] = files["xl/worksheets/sheet1.xml"].replace(before, after)
    book.write_bytes(members(**files))


def both(problem: Problem) -> str:
    return problem.english + problem.khmer


# -- Files ------------------------------------------------------------------------------------------------

ROWS = [HEADINGS, CENTRE, SCHOOL]
CELLS = [tuple(cells) for cells in ROWS]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_is_read_however_it_was_saved(tmp_path: Path, separator: str, encoding: str, end: str) -> None:
    path = tmp_path / "facilities.CSV"
    path.write_bytes(end.join(separator.join(cells) for cells in ROWS).encode(encoding))
    assert [line.cells for line in read_sheet(path).rows] == CELLS


def test_the_separator_of_the_table_is_not_outvoted_by_lists_in_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "facilities.csv"
    served = "080101,080102,080103,080104,080105,080106"
    path.write_text(
        "\n".join(["Centres, of Kandal, in 2026", ";".join(HEADINGS), *[";".join(row(communes=served))] * 3])
    )
    assert read_sheet(path).rows[2].cells == tuple(row(communes=served))


def test_excel_says_its_separator_in_a_line_that_it_does_not_show(tmp_path: Path) -> None:
    path = tmp_path / "facilities.csv"
    path.write_bytes("\r\n".join(["sep=;", ";".join(HEADINGS), ";".join(CENTRE)]).encode("utf-8-sig"))
    assert [(line.number, line.cells) for line in read_sheet(path).rows] == [(1, CELLS[0]), (2, CELLS[1])]


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    path = tmp_path / "facilities.csv"
    path.write_text('code,name\n\n"a","two\nlines"\n,,,\nb,"said ""b"""\n', encoding="utf-8")
    assert [(line.number, line.cells) for line in read_sheet(path).rows] == [
        (1, ("code", "name")),
        (3, ("a", "two\nlines")),
        (5, ("b", 'said "b"')),
    ]
    book = xlsx_file(tmp_path, HEADINGS, [], CENTRE, [None, " "], SCHOOL)
    assert [line.number for line in read_sheet(book).rows] == [1, 3, 5]


def test_an_xlsx_is_read_as_text(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, [*HEADINGS, "phone"], [12, "hc", None, 1.5, 80101.0, True])
    assert read_sheet(path).rows[1].cells == ("12", "hc", "", "1.5", "80101", "True")


def test_formulas_count_by_their_value_and_a_lying_dimension_hides_nothing(tmp_path: Path) -> None:
    book = xlsx_file(tmp_path, HEADINGS, [0, *CENTRE[1:]])
    rewrite(
        book,
        (b'<dimension ref="A1:E2" />', b'<dimension ref="A1" />'),
        (b'<c r="A2" t="n"><v>0</v></c>', b'<c r="A2" t="str"><f>"t"&amp;"wo"</f><v>two</v></c>'),
    )
    assert read_sheet(book).rows[1].cells == ("two", *CENTRE[1:])


def test_the_first_visible_sheet_is_read_and_others_are_named(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.worksheets[0].append(["hidden"])
    workbook.worksheets[0].sheet_state = "hidden"
    for title in ("centres", "notes"):
        workbook.create_sheet(title).append([title])
    workbook.save(tmp_path / "book.xlsx")
    assert read_sheet(tmp_path / "book.xlsx") == Sheet((Row(1, ("centres",)),), ("notes",))


CONTENT_TYPES = "[Content_Types].xml"
NO_FILES: list[tuple[str, bytes, str]] = [
    ("a.xlsx", b"code,service\nx,hc\n", "is no spreadsheet"),
    ("a.xlsx", b"", "is no spreadsheet"),
    ("a.xlsx", members(**{"a.txt": b"x"}), "is no spreadsheet"),
    ("a.xlsx", members(**{CONTENT_TYPES: b"<Types/>", "word/document.xml": b"<x/>"}), "is no spreadsheet"),
    ("a.xlsx", members(**{CONTENT_TYPES: b"<Types/>", "xl/workbook.xml": b"<x/>"}), "damaged"),
    ("a.xlsx", members(**{CONTENT_TYPES: b"x"})[:-9] + b"123456789", "damaged"),
    ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
    ("a.xlsx", members(**{CONTENT_TYPES: b"", "xl/vbaProject.bin": b""}), "macros"),
    (
        "a.xlsx",
        members(**{CONTENT_TYPES: b'"application/vnd.ms-excel.sheet.macroEnabled.main+xml"', "xl/a": b""}),
        "macros",
    ),
    ("a.xlsm", b"", "macros"),
    ("a.xlsb", b"", "macros"),
    ("a.xls", b"", "Only .csv and .xlsx"),
    ("a.ods", b"", "Only .csv and .xlsx"),
    ("facilities", b"", "Only .csv and .xlsx"),
    ("a.csv", b"PK\x03\x04", "is an Excel file"),
    ("a.csv", b"", "every cell is empty"),
    ("a.csv", b"\xef\xbb\xbf\n,,,\n", "every cell is empty"),
    ("a.csv", b"code,name\nb,caf\xe9\n", "Line 2 is not in UTF-8"),
    ("a.csv", b'code,name\nb,"open\nc,d\n', "Row 2: a quotation mark"),
    ("a.csv", b'code,name\nb,"a" b\n', "Row 2: a quotation mark"),
    ("a.csv", b'code,name\n"' + b"x" * 140_000, "Row 2: a quotation mark"),
]


@pytest.mark.parametrize(("name", "content", "said"), NO_FILES)
def test_a_file_that_is_no_table_is_refused_clearly(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match=said) as refused:
        read_sheet(tmp_path / name)
    assert khmer.khmer_digits(refused.value.khmer) != refused.value.english
    assert "\u1780" <= refused.value.khmer[0] <= "\u17b3"


def test_a_missing_file_and_a_folder_are_refused_clearly(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="There is no file"):
        read_sheet(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(Unreadable, match="can't be opened"):
        read_sheet(tmp_path / "folder.csv")


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(sheets.FILE_BYTES + 1)
    with pytest.raises(Unreadable, match="20 MB"):
        read_sheet(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "UNPACKED_BYTES", 1_000_000)
    path = xlsx_file(tmp_path, *ROWS)
    bomb = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("xl/media/image1.png", bytes(1_000_001))
    assert len(bomb.getvalue()) < 20_000
    path.write_bytes(bomb.getvalue())
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(Unreadable, match="Unpacked"):
        read_sheet(path)


def test_a_zip_of_many_small_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "many.xlsx").write_bytes(members(**{f"xl/{number}": b"" for number in range(1001)}))
    with pytest.raises(Unreadable, match="Unpacked"):
        read_sheet(tmp_path / "many.xlsx")


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, *ROWS)
    rewrite(path, (b"</row>", b"<c/>" * 1_000_001 + b"</row>"))
    assert path.stat().st_size < 50_000
    with pytest.raises(Unreadable, match="too large"):
        read_sheet(path)


@pytest.mark.parametrize(
    ("after", "more"),
    [
        (b"</row>", b"<c/>" * 300_001 + b"</row>"),
        (b"</row>", b'<c a=""/>' * 150_001 + b"</row>"),
        (b"</sheetData>", b"<row/>" * 1_050_000 + b"</sheetData>"),
        (b"</sheetData>", b"</sheetData>" + b"<x/>" * 300_001),
    ],
    ids=["a long row", "attributes", "empty rows", "behind the table"],
)
def test_what_would_be_in_memory_at_once_is_bounded(tmp_path: Path, after: bytes, more: bytes) -> None:
    path = xlsx_file(tmp_path, *ROWS)
    rewrite(path, (after, more))
    with pytest.raises(Unreadable, match="too large"):
        read_sheet(path)


def test_many_rows_of_which_each_is_short_are_read(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, *ROWS)
    rewrite(
        path, (b"</sheetData>", b'<row><c r="A1"><v/></c></row>' * 30_000 + b"<row/>" * 9 + b"</sheetData>")
    )
    assert read_sheet(path) == read_sheet(xlsx_file(tmp_path, *ROWS))


def test_a_member_larger_than_its_directory_says_yields_no_more(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, *ROWS)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as pack:
        true = pack.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    start = 0
    while (start := content.find(b"xl/worksheets/sheet1.xml", start)) >= 0:
        for at in range(start - 46, start):
            if content[at : at + 4] == true:
                content[at : at + 4] = (10).to_bytes(4, "little")
        start += 1
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="damaged"):
        read_sheet(path)


def test_entities_that_multiply_are_refused(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, *ROWS)
    entities = b'<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)
    )
    rewrite(
        path, (b"<worksheet", b"<!DOCTYPE worksheet [" + entities + b"]><worksheet"), (b">hc<", b">&a9;<")
    )
    with pytest.raises(Unreadable, match="damaged"):
        read_sheet(path)


def test_more_than_fifty_thousand_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "facilities.csv"
    path.write_text("a,b\n" * 50_000)
    assert len(read_sheet(path).rows) == 50_000
    path.write_text("a,b\n" * 50_001)
    with pytest.raises(Unreadable, match="more than 50,000 rows"):
        read_sheet(path)
    monkeypatch.setattr(sheets, "ROWS", 3)
    assert len(read_sheet(xlsx_file(tmp_path, *ROWS)).rows) == 3
    with pytest.raises(Unreadable, match="more than 50,000 rows"):
        read_sheet(xlsx_file(tmp_path, *ROWS, OFFICE))


@given(st.binary(max_size=300))
def test_whatever_the_bytes_they_are_read_or_refused(tmp_path_factory: Any, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.csv", "a.xlsx"):
        (folder / name).write_bytes(content if name == "a.csv" else b"PK\x03\x04" + content)
        try:
            assert read_sheet(folder / name).rows
        except Unreadable as refused:
            assert refused.english
            assert refused.khmer


# -- Headings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headings",
    [
        [" Code ", "SERVICE", "Name_KM", "Name_EN", "Communes"],
        ["Facility code", "Service type", "Name (Khmer)", "Name (Latin)", "Commune codes"],
        ["លេខកូដ", "សេវា", "ឈ្មោះជាភាសាខ្មែរ", "ឈ្មោះជាភាសាអង់គ្លេស", "លេខកូដឃុំ/សង្កាត់"],
        ["កូដ", "ប្រភេទ\u200bសេវា", "ឈ្មោះ", "ឈ្មោះ ឡាតាំង", "ឃុំ / សង្កាត់"],
    ],
)
def test_headings_may_be_english_or_khmer_in_any_order(headings: list[str]) -> None:
    read = listing(CENTRE[::-1], headings=headings[::-1])
    assert not read.problems
    assert not read.warnings
    assert [f.code for f in read.facilities] == ["kdl-hc-01"]


def test_a_title_may_stand_above_the_headings() -> None:
    read = listing([], ["", "2026"], HEADINGS, CENTRE, headings=["Health centres of Kandal"])
    assert not read.problems
    assert len(read.facilities) == 1


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        (HEADINGS[:4], [("communes", "no column communes, and column E has no heading (merged cells?)")]),
        (["x", *HEADINGS[1:]], [("code", "There is no column code. Write the heading code")]),
        (
            ["code", "service", "ឈ្មោះ", "", "communes"],
            [("name_en", "column D has no heading (merged cells?)")],
        ),
        (["code", *HEADINGS], [("code", "Columns A and B both mean code")]),
        (CENTRE, [(column, f"no column {column}") for column in HEADINGS]),
    ],
)
def test_headings_that_are_not_there_are_named(headings: list[str], said: list[tuple[str, str]]) -> None:
    read = listing(CENTRE, headings=headings)
    assert not read.facilities
    found = sorted(read.problems, key=lambda problem: HEADINGS.index(problem.column))
    assert [(problem.row, problem.column) for problem in found] == [(1, column) for column, _words in said]
    for problem, (_column, words) in zip(found, said, strict=True):
        assert words in problem.english
        assert "ជួរឈរ" in problem.khmer


def test_columns_and_sheets_that_are_not_read_are_named() -> None:
    read = listing([*CENTRE, "012 345 678", "x"], headings=[*HEADINGS, "phone"])
    assert [both(warning).count("phone, G") for warning in read.warnings] == [2]
    assert not read.problems
    assert len(read.facilities) == 1
    rows = (Row(1, tuple(HEADINGS)), Row(2, tuple(CENTRE)))
    (warning,) = Listing(Sheet(rows, ("Sheet2",)), GAZETTEER, {}).warnings
    assert both(warning).count("Sheet2") == 2


def test_headings_alone_are_no_registry() -> None:
    for rows in ((), (Row(1, tuple(HEADINGS)),)):
        read = Listing(Sheet(rows), GAZETTEER, {})
        assert ["no facility" in problem.english for problem in read.problems] == [True]


# -- Rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("hc", ["hc", "HC", " Hc ", "Health Centre", "health center", "មណ្ឌលសុខភាព", "មណ្ឌល\u200bសុខភាព"]),
        ("ps", ["ps", "Primary School", "សាលាបឋមសិក្សា", "បឋមសិក្សា", "សាលា បឋមសិក្សា"]),
        ("ca", ["ca", "Commune office", "រដ្ឋបាលឃុំ", "រដ្ឋបាលឃុំ/សង្កាត់", "រដ្ឋបាលឃុំ / សង្កាត់", "រដ្ឋបាល ឃុំសង្កាត់"]),
    ],
)
def test_a_service_is_known_by_its_names(service: str, words: list[str]) -> None:
    for word in words:
        read = listing(row(service=word, communes="080101"))
        assert [facility.service for facility in read.facilities] == [service], word


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("080101", ["080101"]),
        ("80101", ["080101"]),
        ("80101.0", ["080101"]),
        ("'080101", ["080101"]),
        ("០៨០១០១ ៨០១០២", ["080101", "080102"]),
        ("080102, 080101;120802 | 080101", ["080101", "080102", "120802"]),
        ("080101\n080102\u200b080103\u00a0120802", ["080101", "080102", "080103", "120802"]),
        ("080101/080102", ["080101", "080102"]),
    ],
)
def test_communes_are_read_however_they_are_written(written: str, codes: list[str]) -> None:
    read = listing(row(communes=written))
    assert not read.problems + read.warnings
    assert read.facilities[0].communes == tuple(codes)


def test_an_old_commune_code_is_translated_with_a_warning() -> None:
    read = listing(row(communes="81199 080101"))
    assert not read.problems
    assert read.facilities[0].communes == ("080101", "080103")
    (warning,) = read.warnings
    assert (warning.row, warning.column) == (2, "communes")
    for words in (warning.english, warning.khmer):
        assert "081199" in words
        assert "080103" in words


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("KDL-HC-01", "kdl-hc-01"),
        ("hc១២", "hc12"),
        ("x" * 24, "x" * 24),
        ("ab", "ab"),
        ("80101123.0", "80101123"),
    ],
)
def test_a_code_is_lower_case(written: str, code: str) -> None:
    read = listing(row(code=written))
    assert not read.problems
    assert read.facilities[0].code == code


def test_names_are_stored_in_their_one_spelling() -> None:
    read = listing(row(name_km="មណ្ឌល\u200bសុខភាព  អំពៅព្រៃ ", name_en=" O'Smach  H.C. & maternity"))
    assert not read.problems
    assert (read.facilities[0].km, read.facilities[0].latin) == (
        "មណ្ឌលសុខភាព អំពៅព្រៃ",
        "O'Smach H.C. & maternity",
    )


LONG = "ក" * 61
BAD_ROWS: list[tuple[dict[str, str], str, str]] = [
    *(({column: empty}, column, f"Write the {column}") for column in HEADINGS for empty in ("", " \u200b ")),
    *(({column: "#REF!"}, column, "#REF! is an error") for column in HEADINGS),
    ({"code": "x"}, "code", "“x” can't be a code"),
    ({"code": "x" * 25}, "code", "2 to 24 letters"),
    ({"code": "KDL HC 02"}, "code", "for example kdl-hc-02."),
    (
        {"code": "កខ"},
        "code",
        "“កខ” can't be a code. Write 2 to 24 letters a-z, digits 0-9 or hyphens, for example kdl",
    ),
    ({"code": "-ab"}, "code", "for example ab."),
    ({"code": "hc"}, "code", "can't be a code"),
    ({"code": "8.0101E+10"}, "code", "can't be a code"),
    ({"code": "2026-01-02 00:00:00"}, "code", "can't be a code"),
    ({"code": "080102"}, "code", "080102 is the code of a place"),
    ({"code": "ps080101"}, "code", "kept for a primary school (ps)"),
    ({"code": "hc080103"}, "code", "kept for a facility of commune 080103"),
    ({"code": "hc999999"}, "code", "kept for a facility of commune 999999"),
    ({"code": "known-ps"}, "code", "kept for a primary school (ps)"),
    ({"service": "clinic"}, "service", "“clinic” is no service"),
    ({"service": "ca"}, "communes", "serves one commune, not 080101, 080102"),
    ({"name_km": LONG}, "name_km", "has 61 characters. Write at most 60"),
    ({"name_en": "x" * 61}, "name_en", "has 61 characters"),
    ({"name_km": "<b>មណ្ឌល</b>"}, "name_km", "HTML"),
    ({"name_en": "A &lt; B"}, "name_en", "HTML"),
    ({"name_en": "A&#60;"}, "name_en", "HTML"),
    *(
        ({"name_en": f"Health{mark}Centre"}, "name_en", "line break or a character that can't be shown")
        for mark in "\n\a\0\x9b\u202e\u2069\ud800\ue000\u0378"
    ),
    ({"communes": "080199"}, "communes", "no commune 080199."),
    ({"communes": "080101 080199, 0801 x"}, "communes", "no commune 080199, 0801, x."),
    ({"communes": "081197"}, "communes", "no commune 081197."),
    ({"communes": "80101080102"}, "communes", "no commune 80101080102."),
    ({"communes": "8010101"}, "communes", "08010101 is a village. Write its commune, 080101"),
    ({"communes": ";"}, "communes", "no commune ;."),
    ({"communes": "{x}"}, "communes", "no commune {x}."),
]


@pytest.mark.parametrize(("cells", "column", "said"), BAD_ROWS)
def test_a_bad_row_is_reported_with_what_to_write(cells: dict[str, str], column: str, said: str) -> None:
    read = listing(SCHOOL, row(**cells), known_ps="ps")
    (problem,) = read.problems
    assert (problem.row, problem.column) == (3, column)
    assert said in problem.english
    assert "សូម" in problem.khmer
    assert not any(mark in both(problem) for mark in "\a\u202e\0\ud800")


def test_every_problem_of_a_row_is_reported() -> None:
    read = listing(["?", "?", "<", "", "?"])
    assert [problem.column for problem in read.problems] == [
        "name_en",
        "code",
        "service",
        "name_km",
        "communes",
    ]


def test_a_code_may_be_there_once() -> None:
    read = listing(CENTRE, SCHOOL, row(code="KDL-HC-01", communes="080103"))
    (problem,) = read.problems
    assert (problem.row, problem.column) == (4, "code")
    assert "already in row 2" in problem.english
    assert "ជួរដេកទី 2" in problem.khmer


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"name_km": "=មណ្ឌល"}, "name_km", "“=មណ្ឌល” looks like a formula"),
        ({"name_en": "+Health"}, "name_en", "looks like a formula"),
        ({"name_en": "-Health"}, "name_en", "looks like a formula"),
        ({"name_en": '@SUM("x")'}, "name_en", "looks like a formula"),
        ({"name_km": "Health Centre"}, "name_km", "has no Khmer letters"),
        ({"name_en": "មណ្ឌលសុខភាព"}, "name_en", "has Khmer letters"),
        ({"code": "12345678901"}, "code", "f-12345678901"),
        ({"name_km": SCHOOL[2], "service": "ps"}, "name_km", "Row 2 has the same name in commune 080101"),
    ],
)
def test_what_looks_odd_is_taken_with_a_warning(cells: dict[str, str], column: str, said: str) -> None:
    read = listing(SCHOOL, row(**cells))
    assert not read.problems
    (warning,) = read.warnings
    assert (warning.row, warning.column) == (3, column)
    assert said in warning.english
    taken = read.facilities[1]
    for name, value in (("name_km", taken.km), ("name_en", taken.latin)):
        assert cells.get(name, value) == value


def test_a_second_office_of_a_commune_is_odd() -> None:
    read = listing(OFFICE, row(OFFICE, code="kdl-ca-02", name_km="រដ្ឋបាលឃុំអន្លង់រមៀត"))
    assert ["has an office in row 2" in warning.english for warning in read.warnings] == [True]


TEXT = st.one_of(
    st.text(max_size=12), st.sampled_from([*CENTRE, *SCHOOL, *OFFICE, "", "\u200b", ";", "80101"])
)


@given(st.tuples(*[TEXT] * 5))
def test_no_row_is_lost_in_silence(cells: tuple[str, ...]) -> None:
    read = listing(cells)
    assert len(read.facilities) + len(read.problems) > 0
    for problem in read.problems + read.warnings:
        assert problem.row == 2
        assert both(problem).isprintable()
    for facility in read.facilities:
        assert facility.km
        assert facility.latin
        assert facility.communes


def test_the_documentation_says_the_truth() -> None:
    page = (Path(__file__).parent.parent / "docs" / "facilities.md").read_text(encoding="utf-8")
    tables = [
        [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in block.splitlines()
            if line[:2] == "| "
        ]
        for block in page.split("\n\n")
        if block.startswith("| ")
    ]
    columns, example, problems = tables
    khmer_headings = [heading for _column, heading, _what in columns[1:]]
    assert listing(*example[1:], headings=khmer_headings).facilities == listing(*example[1:]).facilities
    assert len(listing(*example[1:]).facilities) == 3
    said = [
        *listing(CENTRE, headings=["code", "service", "name_km", "", "communes"]).problems,
        *listing(*[SCHOOL] * 5, row(communes="080199")).problems[-1:],
        *listing(CENTRE, *[SCHOOL] * 6, CENTRE).problems[-1:],
    ]
    assert [[str(p.row), p.column, f"{p.english}<br>{p.khmer}"] for p in said] == problems[1:]


# -- In the database --------------------------------------------------------------------------------------


async def stored(database: Database) -> dict[str, Facility]:
    """The facilities that are not provisional."""
    return await database.read(_stored)


def _stored(connection: sa.Connection) -> dict[str, Facility]:
    serving: dict[str, list[str]] = {}
    for served in connection.execute(sa.select(facility_communes).order_by(facility_communes.c.commune)):
        serving.setdefault(served.facility, []).append(served.commune)
    return {
        row.code: Facility(
            row.code, row.service, row.name_km, row.name_latin, tuple(serving[row.code]), retired=row.retired
        )
        for row in connection.execute(sa.select(facilities).where(facilities.c.provisional.is_(False)))
    }


async def version(database: Database) -> int:
    return int(
        await database.read(lambda connection: connection.execute(sa.select(library.c.version)).scalar_one())
    )


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.retired


@pytest.mark.anyio
async def test_a_registry_takes_the_place_of_provisional_facilities(
    database: Database, tmp_path: Path
) -> None:
    before = await version(database)
    path = xlsx_file(
        tmp_path, HEADINGS, row(CENTRE, communes="80101 80102"), row(SCHOOL, communes=80101), OFFICE
    )
    report = await import_registry(database, path, dry_run=True)
    assert (counts(report), await stored(database), await version(database)) == ((3, 0, 0, 0), {}, before)

    report = await import_registry(database, path)
    assert (counts(report), report.problems, report.warnings) == ((3, 0, 0, 0), [], [])
    known = await database.read(reference.read)
    assert known.version == before + 1
    centre = Facility(CENTRE[0], "hc", CENTRE[2], CENTRE[3], ("080101", "080102"))
    assert known.facilities("080101", "hc") == known.facilities("080102", "hc") == (centre,)
    assert [f.code for f in known.facilities("080101", "ps")] == ["kdl-ps-01"]
    assert [f.code for f in known.facilities("080103", "hc")] == ["hc080103"]

    report = await import_registry(database, path)
    assert (counts(report), await version(database)) == ((0, 0, 3, 0), before + 1)


@pytest.mark.anyio
async def test_with_one_bad_row_nothing_is_loaded(database: Database, tmp_path: Path) -> None:
    before = await version(database)
    path = csv_file(tmp_path, CENTRE, row(SCHOOL, communes="999999"), row(OFFICE, service="?"))
    for dry_run in (True, False):
        report = await import_registry(database, path, dry_run=dry_run)
        assert counts(report) == (0, 0, 0, 0)
        assert [(problem.row, problem.column) for problem in report.problems] == [
            (3, "communes"),
            (4, "service"),
        ]
    assert (await stored(database), await version(database)) == ({}, before)
    with pytest.raises(ValueError, match="never applied"):
        await database.transact(apply, Plan(problems=tuple(report.problems)))
    report = await import_registry(database, tmp_path / "none.csv")
    assert [(problem.row, problem.column) for problem in report.problems] == [(None, "")]


@pytest.mark.anyio
async def test_a_failure_half_way_leaves_nothing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_connection: sa.Connection) -> None:
        raise RuntimeError("half-way")

    with monkeypatch.context() as patch:
        patch.setattr("storage.registry.raise_version", fail)
        with pytest.raises(RuntimeError, match="half-way"):
            await import_registry(database, csv_file(tmp_path, CENTRE))
    assert await stored(database) == {}


@pytest.mark.anyio
async def test_a_changed_row_changes_and_a_missing_one_is_retired_only_when_asked(
    database: Database, tmp_path: Path
) -> None:
    other = row(CENTRE, code="kdl-hc-02", name_km="មណ្ឌលសុខភាពបារគូ", communes="080103")
    await import_registry(database, csv_file(tmp_path, CENTRE, other, SCHOOL))
    moved = row(CENTRE, name_en="Ampov Prey HC", communes="080102 080104")
    path = csv_file(tmp_path, moved)
    assert counts(await import_registry(database, path)) == (0, 1, 0, 0)
    kept = await stored(database)
    assert kept["kdl-hc-01"].latin == "Ampov Prey HC"
    assert kept["kdl-hc-01"].communes == ("080102", "080104")
    assert not any(facility.retired for facility in kept.values())

    # A list of health centres says nothing about schools.
    assert counts(await import_registry(database, path, retire_missing=True)) == (0, 0, 1, 1)
    known = await database.read(reference.read)
    assert {code for code, f in (await stored(database)).items() if f.retired} == {"kdl-hc-02"}
    assert [f.code for f in known.facilities("080103", "hc")] == ["hc080103"]
    assert counts(await import_registry(database, path, retire_missing=True)) == (0, 0, 1, 0)

    # A retired facility that is listed again is there again.
    assert counts(await import_registry(database, csv_file(tmp_path, moved, other))) == (0, 1, 1, 0)
    assert not (await stored(database))["kdl-hc-02"].retired


@pytest.mark.anyio
async def test_a_provisional_facility_can_be_registered_under_its_code(
    database: Database, tmp_path: Path
) -> None:
    """Its ratings stay with it; and when it leaves the registry, the commune has its own again."""
    own = row(CENTRE, code="HC080101")
    assert counts(await import_registry(database, csv_file(tmp_path, own))) == (0, 1, 0, 0)
    known = await database.read(reference.read)
    assert known.facilities("080101", "hc") == known.facilities("080102", "hc")
    assert known.facilities("080101", "hc")[0].latin == CENTRE[3]

    report = await import_registry(
        database, csv_file(tmp_path, row(code="other", communes="080103")), retire_missing=True
    )
    assert counts(report) == (1, 0, 0, 1)
    known = await database.read(reference.read)
    assert known.facilities("080101", "hc") == (
        Facility("hc080101", "hc", "", "", ("080101",), provisional=True),
    )
    assert [f.code for f in known.facilities("080102", "hc")] == ["hc080102"]


@pytest.mark.anyio
async def test_a_code_keeps_its_service(database: Database, tmp_path: Path) -> None:
    await import_registry(database, csv_file(tmp_path, CENTRE))
    report = await import_registry(database, csv_file(tmp_path, row(SCHOOL, code=CENTRE[0])))
    assert ["kept for a health centre" in problem.english for problem in report.problems] == [True]


@pytest.mark.anyio
async def test_ratings_outlive_a_retired_facility(database: Database, tmp_path: Path) -> None:
    await import_registry(database, csv_file(tmp_path, CENTRE))
    rating = {
        "rater": b"0" * 16,
        "facility": CENTRE[0],
        "round": "2026-Q4",
        "reference": "R1",
        "shared": False,
        "scores": {},
        "groups": [],
        "rated_on": date(2026, 11, 22),
    }

    def rate(connection: sa.Connection) -> None:
        connection.execute(sa.insert(responses).values(rating))
        connection.execute(
            sa.insert(histograms).values(facility=CENTRE[0], round="2026-Q4", criterion="c", grp="all", s5=1)
        )

    def rated(connection: sa.Connection) -> list[str]:
        return list(connection.execute(sa.select(responses.c.facility)).scalars())

    await database.transact(rate)
    await import_registry(
        database, csv_file(tmp_path, row(code="other", communes="080103")), retire_missing=True
    )
    assert await database.read(rated) == [CENTRE[0]]
    assert (await stored(database))[CENTRE[0]].retired


@pytest.mark.anyio
async def test_a_large_registry_is_imported(database: Database, tmp_path: Path) -> None:
    rows = [row(code=f"f-{number}", name_km=f"មណ្ឌល {number}") for number in range(8_000)]
    path = csv_file(tmp_path, *rows)
    assert counts(await import_registry(database, path)) == (8_000, 0, 0, 0)
    assert counts(await import_registry(database, path)) == (0, 0, 8_000, 0)


@pytest.mark.anyio
async def test_two_imports_at_once_come_one_after_the_other(database: Database, tmp_path: Path) -> None:
    path = csv_file(tmp_path, CENTRE, SCHOOL)
    reports = await asyncio.gather(import_registry(database, path), import_registry(database, path))
    assert sorted(map(counts, reports)) == [(0, 0, 2, 0), (2, 0, 0, 0)]


@pytest.mark.anyio
async def test_a_plan_changes_nothing(database: Database, tmp_path: Path) -> None:
    sheet = read_sheet(csv_file(tmp_path, CENTRE))
    planned = await database.read(plan, sheet)
    assert [facility.code for facility in planned.added] == [CENTRE[0]]
    assert await stored(database) == {}
