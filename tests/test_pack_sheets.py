"""Packs out of workbooks and YAML: the same pack, or every problem, in two languages, in bounded time and memory."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from flows.library import SERVICES
from flows.packs import BLOCKS, Budget, Pack, Performance, Price, same
from flows.text import words
from reports.template import EXAMPLE_ROW, write_template
from storage import sheets, workbook
from storage.packcheck import Checked, check
from storage.packlayout import ABOUT, FORMS, MOST, form_of
from storage.packyaml import BYTES
from tests.conftest import CONTENT
from tests.packfiles import (
    FACILITY,
    TODAY,
    YAML,
    Registry,
    filled,
    head,
    judged,
    only,
    place,
    rewritten,
    tell,
    write,
)

ROW = EXAMPLE_ROW + 1  # of the first item
PRICES = form_of("prices").km


def pack_of(checked: Checked) -> Pack:
    assert checked.pack is not None, checked.problems
    return checked.pack


def yaml_checked(text: str) -> Checked:
    return check(text.encode(), "pack.yaml", Registry(), TODAY)


# -- What is right ----------------------------------------------------------------------------------------


def test_a_filled_template_is_a_pack(tmp_path: Path) -> None:
    checked = judged(filled(tmp_path))
    pack = pack_of(checked)
    assert not checked.warnings
    assert (pack.subject, pack.service, pack.state, pack.sample) == (FACILITY, "hc", "draft", False)
    assert pack.blocks == BLOCKS
    says = words({"km": "មណ្ឌលសុខភាព", "en": "The health centre"})
    assert {(item.source, item.true_on) for item in pack.items} == {(says, "2026-01-31")}
    performance, budget = pack.of("performance")[0], pack.of("budget")[0]
    assert isinstance(performance, Performance) and isinstance(budget, Budget)
    assert (performance.target, performance.actual, performance.year) == (8.0, 7.5, 2025)
    assert (budget.planned, budget.spent, budget.year) == (120_886_800, 88_000_000, 2026)
    first, second = pack.of("prices")
    assert isinstance(first, Price) and isinstance(second, Price)
    assert (first.key, first.riel, first.days, first.keywords) == ("prices-1", 2000, 0, ("ឈឺ", "check-up"))
    assert (second.riel, second.days, second.documents) == (0, None, None)


def test_yaml_and_a_workbook_are_the_same_pack(tmp_path: Path) -> None:
    checked = yaml_checked(YAML)
    assert same(pack_of(checked), pack_of(judged(filled(tmp_path))))
    assert not checked.warnings


@pytest.mark.parametrize("file", sorted((CONTENT / "i4c").glob("*.yaml")), ids=lambda file: file.stem)
def test_the_packs_of_this_release_are_good(file: Path) -> None:
    registry = Registry()
    found = file.read_bytes().replace(b"080303", b"080399")
    checked = check(found, file.name, registry, TODAY, general=True)
    pack = pack_of(checked)
    assert not checked.warnings
    assert pack.sample is not pack.general
    for item in pack.items:
        source = item.source.in_language("km")
        assert ("ត្រូវបញ្ជាក់នៅមូលដ្ឋាន" if pack.general else "គំរូ") in source
        assert dict(item.text.by_language).keys() == {"km", "en"}
        if pack.general and isinstance(item, Price):
            assert item.riel == 0  # only a provider says what it charges
    if pack.subject == "hc":
        assert not pack.of("prices")


@pytest.mark.parametrize("service", SERVICES)
def test_an_empty_template_lacks_only_what_the_first_sheet_asks_for(tmp_path: Path, service: str) -> None:
    path = tmp_path / "template.xlsx"
    write_template(service, path)
    found = judged(path).problems
    assert [problem.column for problem in found] == ["លេខកូដអង្គភាព", "ពិតនៅថ្ងៃទី", "ប្រភព"]
    assert {problem.sheet for problem in found} == {ABOUT.km}


def test_the_template_has_drop_downs_notes_and_an_example_on_every_sheet(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template("ca", path, "ca080399")
    book = load_workbook(path)
    assert book.sheetnames == [ABOUT.km, *(form.km for form in FORMS)]
    offered = {
        sheet.title: [v.formula1 for v in sheet.data_validations.dataValidation if v.type == "list"]
        for sheet in book.worksheets
    }
    assert offered[form_of("rights").km] == ['"សិទ្ធិ,កាតព្វកិច្ច"']
    assert offered[form_of("part").km] == ['"កិច្ចប្រជុំ,ទំនាក់ទំនង,បណ្តឹង"']
    assert offered[ABOUT.km] == ['"ខ្មែរ,ខ្មែរ និងអង់គ្លេស"']
    for sheet in book.worksheets:
        assert any(v.prompt for v in sheet.data_validations.dataValidation)
        assert not sheet.merged_cells.ranges
    for form in FORMS:
        assert book[form.km].cell(EXAMPLE_ROW, 1).value == "ឧទាហរណ៍"
        assert book[form.km].cell(EXAMPLE_ROW, place(form.block, "text_km")).value
    assert book[ABOUT.km]["B4"].value == "ca080399"


@pytest.mark.parametrize("service", SERVICES)
def test_the_example_itself_would_be_right(tmp_path: Path, service: str) -> None:
    """Who takes the word away and leaves the rest has a pack."""
    path = tmp_path / "template.xlsx"
    write_template(service, path, f"{service}080399")
    book = load_workbook(path)
    book[ABOUT.km]["B5"], book[ABOUT.km]["B6"] = date(2026, 1, 31), "ឃុំ"
    for form in FORMS:
        book[form.km].cell(EXAMPLE_ROW, 1).value = 1
    book.save(path)
    checked = judged(path)
    assert len(pack_of(checked).items) == len(FORMS)
    assert not checked.warnings


# -- Amounts, numbers, dates ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "riel"),
    [
        (5000, 5000),
        (5000.0, 5000),
        ("5000", 5000),
        ("5,000", 5000),
        ("5.000", 5000),
        ("5 000", 5000),
        ("៥.០០០ រៀល", 5000),
        ("៥០០០៛", 5000),
        ("120,886,800", 120_886_800),
        ("5,000 Riels", 5000),
        (0, 0),
        ("free", 0),
        ("Free of charge", 0),
        ("ឥតគិតថ្លៃ", 0),
        ("មិនគិតថ្លៃ", 0),
    ],
)
def test_amounts_as_clerks_write_them(tmp_path: Path, said: Any, riel: int) -> None:
    price = pack_of(judged(filled(tmp_path, write("prices", "riel", said)))).of("prices")[0]
    assert isinstance(price, Price)
    assert price.riel == riel


@pytest.mark.parametrize("said", ["ច្រើន", "$5", "5 USD", -500, "-500", "5000.5", 1.125, "5,00", "1e9", True])
def test_text_in_an_amount_is_refused(tmp_path: Path, said: Any) -> None:
    problem = only(judged(filled(tmp_path, write("prices", "riel", said))).problems)
    assert (problem.sheet, problem.row) == (PRICES, ROW)
    assert problem.column == "D · តម្លៃ (រៀល)"
    assert "is no amount in riel. Write digits alone, for example 5000" in problem.english
    assert "មិនមែនជាចំនួនទឹកប្រាក់រៀលទេ" in problem.khmer


def test_an_amount_of_a_few_riel_is_doubted(tmp_path: Path) -> None:
    checked = judged(filled(tmp_path, write("prices", "riel", 5)))
    assert "Is it in dollars" in only(checked.warnings).english
    assert pack_of(checked)


@pytest.mark.parametrize(
    ("said", "target"),
    [(95.125, 95.125), ("95,5", 95.5), ("៩៥.៥", 95.5), ("95 %", 95.0), ("1,500", 1500.0), ("២១១", 211.0)],
)
def test_figures_may_have_fractions(tmp_path: Path, said: Any, target: float) -> None:
    performance = pack_of(judged(filled(tmp_path, write("performance", "target", said)))).of("performance")[0]
    assert isinstance(performance, Performance)
    assert performance.target == target


def test_a_fraction_in_yaml_is_no_thousands() -> None:
    performance = pack_of(yaml_checked(YAML.replace("7.5", "95.125"))).of("performance")[0]
    assert isinstance(performance, Performance)
    assert performance.actual == 95.125


def test_a_share_is_what_the_cell_shows(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        cell = book[form_of("performance").km].cell(ROW, place("performance", "target"))
        cell.value, cell.number_format = 0.95, "0%"

    performance = pack_of(judged(filled(tmp_path, change))).of("performance")[0]
    assert isinstance(performance, Performance)
    assert performance.target == 95.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (write("performance", "target", "ល្អ"), "“ល្អ” is no number"),
        (write("performance", "year", 2569), "2569 is a year of the Buddhist era. Write the common year, 2025 or 2026"),
        (write("performance", "year", "ឆ្នាំមុន"), "is no year of a pack. Write it as 2026"),
        (write("budget", "year", 1999), "“1999” is no year of a pack"),
        (write("prices", "days", "យូរ"), "“យូរ” is no number of working days"),
        (write("prices", "days", 400), "“400” is no number of working days"),
        (write("budget", "planned", "មិនដឹង"), "is no amount in riel. Write digits alone, for example 120000000"),
        (write("rights", "kind", "ផ្សេង"), "can't stand here. Write សិទ្ធិ (right) / កាតព្វកិច្ច (duty)"),
        (write("prices", "riel", None), "The cell is empty. Write the តម្លៃ (រៀល)"),
        (write("rights", "kind", None), "The cell is empty. Write the ប្រភេទ"),
        (write("prices", "riel", "#N/A"), "#N/A is an error of the spreadsheet"),
        (write("prices", "keywords", ", ".join("ក" * n for n in range(1, 30))), "Write at most 20 words"),
        (write("standards", "text_km", "ក" * 601), "The text has 601 characters. Write at most 600"),
        (write("prices", "text_km", "ក" * 161), "The text has 161 characters. Write at most 160"),
        (write("standards", "text_km", "ក\ue000ខ"), "a character that can't be shown"),
        (tell("facility", "hc999999"), "There is no facility hc999999"),
        (tell("facility", 80399), "080399 is the code of a place. Write that of the facility: ca080399"),
        (tell("facility", "hc"), "hc is a service. Its general standards come with each release"),
        (tell("facility", "hc080398"), "Facility hc080398 is retired"),
        (tell("facility", None), "The cell is empty. Write the លេខកូដអង្គភាព"),
        (tell("source_km", None), "The cell is empty. Write the ប្រភព"),
        (tell("language", "ថៃ"), "“ថៃ” can't stand here. Write ខ្មែរ (km)"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_what_to_write(
    tmp_path: Path, change: Callable[[Workbook], object], said: str
) -> None:
    checked = judged(filled(tmp_path, change))
    problem = only(checked.problems)
    assert checked.pack is None
    assert said in problem.english
    assert problem.sheet and problem.row and problem.column
    assert re.search("[ក-អ]", problem.khmer) and problem.khmer != problem.english


def test_khmer_digits_in_the_code_and_a_days_word(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        tell("facility", "HC០៨០៣៩៩")(book)
        write("prices", "days", "៣ ថ្ងៃ")(book)
        write("performance", "year", "២០២៥")(book)

    pack = pack_of(judged(filled(tmp_path, change)))
    price = pack.of("prices")[0]
    assert isinstance(price, Price)
    assert (pack.subject, price.days) == ("hc080399", 3)


@pytest.mark.parametrize(
    "said",
    [datetime(2026, 1, 31), date(2026, 1, 31), "2026-01-31", "31/1/2026", "៣១-០១-២០២៦", "ថ្ងៃទី៣១ ខែមករា ឆ្នាំ២០២៦", "31 January 2026"],
)  # fmt: skip
def test_a_date_may_be_a_text(tmp_path: Path, said: Any) -> None:
    assert pack_of(judged(filled(tmp_path, tell("true_on", said)))).items[0].true_on == "2026-01-31"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("មិនដឹង", "is no date that can be read. Write it as 2026-01-31"),
        ("46053", "is no date that can be read"),
        ("31/02/2026", "There is no day 31/02/2026"),
        ("2027-01-01", "2027-01-01 is still to come"),
        ("1999-01-01", "is no date that can be read"),
    ],
)
def test_a_bad_date_is_refused(tmp_path: Path, said: str, why: str) -> None:
    problem = only(judged(filled(tmp_path, tell("true_on", said))).problems)
    assert why in problem.english
    assert (problem.sheet, problem.row, problem.column) == (ABOUT.km, 5, "ពិតនៅថ្ងៃទី")


def test_what_is_older_than_a_year_is_taken_with_a_warning(tmp_path: Path) -> None:
    checked = judged(filled(tmp_path, tell("true_on", "2025-11-21")))
    assert "more than twelve months ago" in only(checked.warnings).english
    assert pack_of(checked)


def test_an_item_may_have_its_own_source_and_day(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        write("prices", "source_km", "ក្រសួង")(book)
        write("prices", "true_on", "2026-06-01")(book)

    first, second = pack_of(judged(filled(tmp_path, change))).of("prices")
    assert (first.source, first.true_on) == (words({"km": "ក្រសួង"}), "2026-06-01")
    assert second.true_on == "2026-01-31"


# -- Words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["<b>ក</b> <script>alert(1)</script>", "**ក** [ខ](http://x) _គ_", "ក &amp; ខ\nគ"]
)
def test_html_and_markdown_are_texts(tmp_path: Path, said: str) -> None:
    item = pack_of(judged(filled(tmp_path, write("standards", "text_km", said)))).of("standards")[0]
    assert item.text.in_language("km") == said


@pytest.mark.parametrize("mark", "=+-@")
@pytest.mark.parametrize("block", ["standards", "prices"])
def test_a_text_that_begins_like_a_formula_is_refused(tmp_path: Path, mark: str, block: str) -> None:
    def change(book: Workbook) -> None:
        cell = book[form_of(block).km].cell(ROW, place(block, "text_km"))
        cell.value, cell.data_type = f"{mark}ឯកសារ", "s"

    problem = only(judged(filled(tmp_path, change)).problems)
    assert f"The text begins with “{mark}”" in problem.english


@pytest.mark.parametrize("mark", "=+-@")
def test_so_it_is_in_yaml(mark: str) -> None:
    checked = yaml_checked(YAML.replace("- text: មានបុគ្គលិកប្រចាំការ ២៤ ម៉ោង។", f"- text: '{mark}ឯកសារ'"))
    assert f"The text begins with “{mark}”" in only(checked.problems).english


def test_columns_of_languages_that_are_swapped_are_doubted(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        write("rights", "text_km", "A receipt")(book)
        write("rights", "text_en", "វិក្កយបត្រ")(book)

    checked = judged(filled(tmp_path, change))
    assert [warning.column for warning in checked.warnings] == ["C · ខ្លឹមសារ", "D · ខ្លឹមសារ (អង់គ្លេស)"]


def test_a_pack_in_two_languages_has_both_everywhere(tmp_path: Path) -> None:
    checked = judged(filled(tmp_path, tell("language", "ខ្មែរ និងអង់គ្លេស")))
    said = {(problem.sheet, problem.column) for problem in checked.problems}
    assert (PRICES, "C · សេវា (អង់គ្លេស)") in said
    assert (form_of("rights").km, "D · ខ្លឹមសារ (អង់គ្លេស)") not in said


def test_the_same_line_twice_and_too_much_spent_are_doubted(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        write("prices", "text_km", "ពិនិត្យជំងឺ", ROW + 1)(book)
        write("budget", "spent", 200_000_000)(book)

    said = [warning.english for warning in judged(filled(tmp_path, change)).warnings]
    assert [f"Row {ROW} says the same" in said[0], "More was spent" in said[1]] == [True, True]


def test_a_facility_that_another_took_the_place_of_is_doubted(tmp_path: Path) -> None:
    checked = judged(filled(tmp_path, tell("facility", "hc080397")))
    assert "Citizens are shown kdl-hc-01 instead of hc080397" in only(checked.warnings).english


# -- Sheets and columns -----------------------------------------------------------------------------------


def renamed(name: str, other: str) -> Callable[[Workbook], None]:
    def change(book: Workbook) -> None:
        book[name].title = other

    return change


def test_every_problem_is_listed_in_the_order_of_the_sheets(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        write("part", "kind", "x")(book)
        write("prices", "riel", "x", ROW + 1)(book)
        write("prices", "days", "x")(book)
        tell("true_on", "x")(book)

    found = judged(filled(tmp_path, change)).problems
    assert [(problem.sheet, problem.row) for problem in found] == [
        (ABOUT.km, 5),
        (PRICES, ROW),
        (PRICES, ROW + 1),
        (form_of("part").km, ROW),
    ]


@pytest.mark.parametrize("name", ["តារាងតម្លៃសេវារ", "តារាងតម្លៃ", "តារាង​តំលៃសេវា", "Price lists"])
def test_a_wrong_name_of_a_sheet_gets_the_nearest_right_one(tmp_path: Path, name: str) -> None:
    problem = only(judged(filled(tmp_path, renamed(PRICES, name))).problems)
    assert f"Did you mean “{PRICES}”?" in problem.english
    assert PRICES in problem.khmer


def test_english_names_and_those_of_the_template_are_right(tmp_path: Path) -> None:
    assert pack_of(judged(filled(tmp_path, renamed(PRICES, "Prices")))).of("prices")


def test_a_strange_sheet_is_refused_unless_it_is_empty(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book.create_sheet("Sheet1")
        book.create_sheet("កំណត់ត្រា")["B2"] = "x"

    problem = only(judged(filled(tmp_path, change)).problems)
    assert problem.sheet == "កំណត់ត្រា"
    assert "There is no sheet of this name in a pack" in problem.english


def test_a_sheet_may_be_missing_but_not_the_first(tmp_path: Path) -> None:
    assert "prices" not in pack_of(judged(filled(tmp_path, lambda book: book.remove(book[PRICES])))).blocks
    problem = only(judged(filled(tmp_path, lambda book: book.remove(book[ABOUT.km]))).problems)
    assert f"There is no sheet “{ABOUT.km}”" in problem.english


def test_a_block_on_two_sheets_and_a_hidden_one_are_refused(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book.create_sheet("prices")["A1"] = "x"
        book[form_of("part").km].sheet_state = "hidden"

    said = sorted(problem.english for problem in judged(filled(tmp_path, change)).problems)
    assert ["This and the sheet" in said[0], "This sheet is hidden" in said[1]] == [True, True]


def test_merged_cells_are_refused_by_their_range(tmp_path: Path) -> None:
    problem = only(judged(filled(tmp_path, lambda book: book[PRICES].merge_cells("B10:C12"))).problems)
    assert (problem.sheet, problem.row) == (PRICES, 10)
    assert "The cells B10:C12 are merged" in problem.english
    assert pack_of(judged(filled(tmp_path, lambda book: book[PRICES].merge_cells("A1:F1"))))


def test_a_formula_is_refused_and_what_it_came_to_is_not_taken(tmp_path: Path) -> None:
    path = filled(tmp_path, write("prices", "riel", "=1000*2"))
    member = "xl/worksheets/sheet5.xml"
    rewritten(path, member, lambda xml: xml.replace(b"<f>1000*2</f><v />", b"<f>1000*2</f><v>2000</v>"))
    with zipfile.ZipFile(path) as archive:
        assert b"<v>2000</v>" in archive.read(member)
    problem = only(judged(path).problems)
    assert (problem.sheet, problem.row, problem.column) == (PRICES, ROW, "D · តម្លៃ (រៀល)")
    assert problem.english == f"Cell D{ROW} holds a formula, =1000*2. Write the value itself."


def test_a_formula_on_the_first_sheet_is_refused(tmp_path: Path) -> None:
    problem = only(judged(filled(tmp_path, tell("true_on", "=TODAY()"))).problems)
    assert problem.english.startswith("Cell B5 holds a formula, =TODAY().")
    assert problem.column == "ពិតនៅថ្ងៃទី"


def test_a_formula_of_many_cells_is_not_worked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One long formula that is shared by thousands of cells."""
    from openpyxl.formula.translate import Translator

    monkeypatch.setattr(Translator, "translate_formula", lambda *_: pytest.fail("worked out"))
    cells = b"".join(
        b'<row r="%d"><c r="B%d"><f t="shared" si="0" ref="B20:B3000">%s</f><v>1</v></c></row>'
        % (row, row, b"A1+" * 2000 + b"1" if row == 20 else b"")
        for row in range(20, 3000)
    )
    path = rewritten(
        filled(tmp_path),
        "xl/worksheets/sheet5.xml",
        lambda xml: xml.replace(b"</sheetData>", cells + b"</sheetData>"),
    )
    found = judged(path).problems
    assert len(found) == 20
    assert all("holds a formula" in problem.english for problem in found)


def test_headings(tmp_path: Path) -> None:
    """A column may have another of its names, may not be missing or be there twice; a strange one is not read."""
    assert pack_of(judged(filled(tmp_path, head("prices", "riel", "Price (Riel)")))).of("prices")
    problem = only(judged(filled(tmp_path, head("prices", "riel", "xyz"))).problems)
    assert "There is no column តម្លៃ (រៀល)" in problem.english
    problem = only(judged(filled(tmp_path, head("prices", "days", "តម្លៃ"))).problems)
    assert "both mean តម្លៃ (រៀល)" in problem.english
    checked = judged(filled(tmp_path, head("prices", "days", "កំណត់សម្គាល់")))
    assert "These columns are not read" in only(checked.warnings).english


def test_an_example_that_was_overwritten_is_not_passed_over(tmp_path: Path) -> None:
    problem = only(judged(filled(tmp_path, write("prices", "text_km", "របស់ខ្ញុំ", EXAMPLE_ROW))).problems)
    assert (problem.row, problem.sheet) == (EXAMPLE_ROW, PRICES)
    assert "an example is not read" in problem.english


def test_a_pack_that_says_nothing_is_refused(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        for form in FORMS:
            book[form.km].delete_rows(ROW, 10)

    assert "The pack says nothing" in only(judged(filled(tmp_path, change)).problems).english


def test_a_strange_line_on_the_first_sheet_is_told_and_one_there_twice_refused(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book[ABOUT.km]["A12"], book[ABOUT.km]["B12"] = "ទូរសព្ទ", "012"
        book[ABOUT.km]["A13"], book[ABOUT.km]["B13"] = "ប្រភព", "x"

    checked = judged(filled(tmp_path, change))
    assert "“ទូរសព្ទ” is no line of this sheet" in only(checked.warnings).english
    assert "is there twice" in only(checked.problems).english


# -- Files that are large, or no files of packs -----------------------------------------------------------


def with_rows(path: Path, count: int) -> Path:
    rows = b"".join(
        b'<row r="%d"><c r="B%d" t="inlineStr"><is><t>x</t></is></c><c r="D%d"><v>5000</v></c></row>'
        % (row, row, row)
        for row in range(50, 50 + count)
    )
    return rewritten(
        path, "xl/worksheets/sheet5.xml", lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>")
    )


def test_fifty_thousand_rows_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_rows(filled(tmp_path), 50_000)
    monkeypatch.setattr(workbook, "_page", lambda *_: pytest.fail("read"))
    problem = only(judged(path).problems)
    assert "The workbook has far more cells than are needed" in problem.english
    assert "Delete the rows below the table" in problem.english


def test_some_thousand_rows_are_refused_without_reading_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_rows(filled(tmp_path), 5_000)
    read = 0
    text = workbook._text

    def counted(sheet: Any, cell: dict[str, Any]) -> str:
        nonlocal read
        read += 1
        return text(sheet, cell)

    monkeypatch.setattr(workbook, "_text", counted)
    problem = only(judged(path).problems)
    assert problem.sheet == PRICES
    assert f"There are more than {MOST} rows" in problem.english
    assert read < 5_000


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = rewritten(
        filled(tmp_path),
        "xl/worksheets/sheet5.xml",
        lambda xml: xml.replace(b"</row>", b"<c/>" * workbook.TAGS + b"</row>", 1),
    )
    assert path.stat().st_size < 60_000
    assert "far more cells" in only(judged(path).problems).english


def test_styles_that_would_take_long_are_refused(tmp_path: Path) -> None:
    more = b'<xf numFmtId="0"/>' * (workbook.TAGS // 8) + b"</cellXfs>"
    path = rewritten(filled(tmp_path), "xl/styles.xml", lambda xml: xml.replace(b"</cellXfs>", more))
    assert "far more cells" in only(judged(path).problems).english


def test_one_row_too_many_is_refused_and_as_many_as_may_be_are_not(tmp_path: Path) -> None:
    def rows(count: int) -> Callable[[Workbook], None]:
        def change(book: Workbook) -> None:
            for row in range(ROW, ROW + count):
                book[form_of("standards").km].cell(row, 2).value = f"ចំណុច {row}"

        return change

    assert len(pack_of(judged(filled(tmp_path, rows(MOST)))).of("standards")) == MOST
    assert f"at most {MOST}" in only(judged(filled(tmp_path, rows(MOST + 1))).problems).english


def test_a_row_far_below_is_read_without_those_between(tmp_path: Path) -> None:
    far = b'<row r="1048576"><c r="B1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    path = rewritten(
        filled(tmp_path), "xl/worksheets/sheet3.xml", lambda xml: xml.replace(b"</sheetData>", far)
    )
    checked = judged(path)
    assert pack_of(checked).of("standards")[-1].text.in_language("km") == "x"


def test_many_merged_ranges_are_told_in_part(tmp_path: Path) -> None:
    merged = b"<mergeCells>" + b'<mergeCell ref="A1:XFD1048576"/>' * 5000 + b"</mergeCells>"
    path = rewritten(
        filled(tmp_path),
        "xl/worksheets/sheet5.xml",
        lambda xml: xml.replace(b"</sheetData>", b"</sheetData>" + merged),
    )
    assert len(judged(path).problems) == 20


def test_a_workbook_of_many_sheets_is_refused(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        for number in range(30):
            book.create_sheet(f"s{number}")

    assert "more than 20 sheets" in only(judged(filled(tmp_path, change)).problems).english


def test_macros_are_refused(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert "macros" in only(judged(path).problems).english
    assert "macros" in only(judged(path.rename(tmp_path / "pack.xlsm")).problems).english


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)
    monkeypatch.setattr(sheets, "UNPACKED_BYTES", 2_000_000)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", bytes(2_000_001))
    assert path.stat().st_size < 60_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    assert "too large" in only(judged(path).problems).english


def test_entities_that_multiply_are_refused(tmp_path: Path) -> None:
    entities = b'<!ENTITY a0 "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10)
    )

    def change(xml: bytes) -> bytes:
        xml = xml.replace(b"<worksheet", b"<!DOCTYPE worksheet [" + entities + b"]><worksheet")
        more = b'<row r="60"><c r="B60" t="inlineStr"><is><t>&a9;</t></is></c></row></sheetData>'
        return xml.replace(b"</sheetData>", more)

    path = rewritten(filled(tmp_path), "xl/worksheets/sheet3.xml", change)
    assert "damaged" in only(judged(path).problems).english


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"", "is no spreadsheet"),
        ("a.xlsx", b"<html><table></table></html>", "is no spreadsheet"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(100), "old Excel file or has a password"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(100), "old Excel file or has a password"),
        ("a.xlsx", b"PK\x03\x04" + bytes(100), "damaged"),
        ("a.docx", b"PK\x03\x04", "Only .xlsx and .yaml files can be read, not a.docx"),
        ("a.csv", b"a,b", "Only .xlsx and .yaml files can be read"),
        ("a", b"", "Only .xlsx and .yaml files can be read"),
        ("a.yaml", b"", "Line 1: The file is no YAML here: names and values are missing"),
        ("a.yaml", b"- a", "names and values are missing"),
        ("a.yaml", b"a: [", "The file is no YAML here"),
        ("a.yaml", b"a: \xff", "Line 1: The file is no YAML here: it is not in UTF-8"),
        ("a.yaml", b"a: \x00", "The file is no YAML here"),
        ("a.yaml", b"a: " + b"[" * 50_000, "nested too deeply"),
        ("a.yaml", b"a: " + b"x" * BYTES, "larger than 400 kB"),
        ("a.yaml", b"a: &x [1]\nb: *x", "Line 2: Anchors (&) and aliases (*) are not read"),
        ("a.yaml", b"a: !!python/object/apply:os.system [ls]", "There is no a here"),
    ],
)
def test_what_is_no_file_of_a_pack(name: str, content: bytes, said: str) -> None:
    checked = check(content, name, Registry(), TODAY)
    assert checked.pack is None
    assert said in checked.problems[0].english
    assert re.search("[ក-អ]", checked.problems[0].khmer)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.text(max_size=200))
def test_whatever_the_file_it_is_a_pack_or_a_list_of_problems(content: bytes, text: str) -> None:
    for name, said in (
        ("a.yaml", content),
        ("a.xlsx", b"PK\x03\x04" + content),
        ("a.yaml", text.encode("utf-8", "replace")),
        ("a.yaml", (YAML + text).encode("utf-8", "replace")),
    ):
        checked = check(said, name, Registry(), TODAY)
        assert (checked.pack is None) == bool(checked.problems)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    st.sampled_from([(form.block, column.name) for form in FORMS for column in form.columns]),
    st.one_of(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30),
        st.integers(-(10**15), 10**15),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.datetimes(datetime(1901, 1, 1), datetime(2100, 1, 1)),
    ),
)
def test_whatever_is_in_a_cell(tmp_path: Path, cell: tuple[str, str], said: Any) -> None:
    checked = judged(filled(tmp_path, write(*cell, said)))
    assert (checked.pack is None) == bool(checked.problems)


# -- YAML -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "row", "said"),
    [
        ("riel: 2000", "riels: 2000", 13, "There is no riels here. Did you mean riel?"),
        ("prices:", "price:", 12, "There is no price here. Did you mean prices?"),
        ("source: {", "zzzz: 1\nsource: {", 4, "There is no zzzz here. Write one of facility, true_on"),
        ("riel: 2000", "riel: [1]", 13, "Write riel: … here"),
        ("riel: 2000", "riel: 1, riel: 2", 13, "“riel” is there twice"),
        ("{km: អ្នកជំងឺ", "{fr: x, km: អ្នកជំងឺ", 7, "There is no fr here"),
        ("facility: hc080399", "facility: [a]", 2, "Write facility: … here"),
        ("facility: hc080399", "facility: hc080399\nsample: ប្រហែល", 3, "Write true / false here"),
        ("{kind: complaint,", "{kind: other,", 18, "“other” can't stand here"),
    ],
)
def test_a_mistake_in_yaml_is_named_by_its_line(old: str, new: str, row: int, said: str) -> None:
    assert old in YAML
    found = yaml_checked(YAML.replace(old, new)).problems
    problem = next(problem for problem in found if said in problem.english)
    assert problem.row == row


def test_a_block_that_is_no_list() -> None:
    checked = yaml_checked(YAML.split("rights:")[0] + "rights: {a: 1}\nprices: [1]\nbudget:\n")
    assert [problem.english for problem in checked.problems] == ["Write - text: … here."] * 2


def test_a_sample_is_marked() -> None:
    assert pack_of(yaml_checked(YAML + "sample: true\n")).sample


def test_the_example_of_the_handbook_is_right() -> None:
    handbook = (CONTENT.parent / "docs" / "i4c.md").read_text(encoding="utf-8")
    example = handbook.split("```yaml\n")[1].split("```")[0]
    pack = pack_of(yaml_checked(example.replace("hc080303", FACILITY)))
    assert pack.blocks == BLOCKS
