"""Scorecards as tables: the figures of the scorecard as numbers, no formula anywhere, nothing of what may not be shown."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import openpyxl
import pytest

from bot import catalogues
from flows.counts import ALL, NOBODY, Counts
from flows.library import SERVICES, Facility, Library
from reports import reading, tables
from reports.scorecard import Scorecard, Standing
from tests.test_reports import COMMUNE, DISTRICT, EMPTY, FACILITY, Read, commune, facility, read

__all__ = ("commune", "facility", "read")  # fixtures

KM, EN = (catalogues.load()[language, "messages"] for language in ("km", "en"))


def opened(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each sheet, as values."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def cells(content: bytes) -> list[Any]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]


def lines(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


# -- The workbook -----------------------------------------------------------------------------------------


def test_the_workbook_has_the_figures_as_numbers(commune: Scorecard, library: Library) -> None:
    sheets = opened(tables.xlsx(commune, library, EN))
    assert list(sheets) == ["Summary", "Criteria", "By group", "By village"]
    heading, *rows = sheets["Criteria"]
    assert heading[:3] == ("Service", "Criterion", "People")
    every = [line for section in commune.sections for line in section.lines]
    for row, line in zip(rows, every, strict=True):
        assert row[2:8] == (line.counts.n, *line.counts.five)
        assert all(isinstance(value, int | float) for value in row[2:13])
        assert row[8] == line.counts.median
        assert row[9] == pytest.approx(line.counts.mean, abs=1e-4)
        assert row[10] == pytest.approx(line.counts.satisfied, abs=1e-4)
        assert row[12] == pytest.approx(line.change, abs=1e-4)
    assert len(sheets["By group"]) - 1 == sum(len(line.groups) for line in every)
    assert len(sheets["By village"]) - 1 == sum(len(line.villages) for line in every)
    assert {row[2] for row in sheets["By village"][1:]} == set(commune.villages)


def test_headings_stay_in_sight_and_columns_are_wide_enough(commune: Scorecard, library: Library) -> None:
    book = openpyxl.load_workbook(io.BytesIO(tables.xlsx(commune, library, KM)))
    for sheet in book.worksheets:
        first = int(sheet.freeze_panes[1:])
        headings = [cell.value for cell in sheet[first - 1]]
        assert all(isinstance(value, str) for value in headings)
        assert all("ក" <= value[0] <= "៩" for value in headings if value)
        for cell in sheet[first]:
            width = sheet.column_dimensions[cell.column_letter].width
            assert width >= len(str(cell.value)) * 0.6
            assert width <= 60


def test_a_wide_place_has_its_parts(read: Read, library: Library) -> None:
    card, parts = read(reading.of_place, DISTRICT), read(reading.of_parts, DISTRICT)
    heading, *rows = opened(tables.xlsx(card, library, EN, parts))["Places"]
    assert heading[:3] == ("NCDD code", "Place", "Ratings")
    assert [row[0] for row in rows] == [row.place for row in parts.rows]
    for row, part in zip(rows, parts.rows, strict=True):
        for value, service in zip(row[3:6], SERVICES, strict=True):
            assert value == (
                pytest.approx(part.services[service].mean, abs=1e-4) if part.services[service] else None
            )


def test_an_empty_workbook_says_why(read: Read, library: Library) -> None:
    card: Scorecard = read(reading.of_place, EMPTY)
    sheets = opened(tables.xlsx(card, library, EN))
    assert any("There are no scores to show yet" in str(row[0]) for row in sheets["Summary"])
    assert {value for row in sheets["Criteria"][1:] for value in row[2:]} <= {None, ""}


def test_a_sample_says_so(commune: Scorecard, library: Library) -> None:
    sample = replace(commune, sample=True)
    assert opened(tables.xlsx(sample, library, EN))["Summary"][1][:1] == (
        "Sample data: none of this is real",
    )
    assert {row["sample"] for row in lines(tables.csv(sample, library, EN))} == {"1"}
    assert json.loads(tables.json(sample, library))["sample"] is True


# -- Text that would be a formula -------------------------------------------------------------------------

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\n@x",
    '=HYPERLINK("http://x","y")',
    "＝1",
)


@pytest.mark.parametrize("name", FORMULAS)
def test_no_text_is_a_formula(facility: Scorecard, library: Library, name: str) -> None:
    odd = Facility(FACILITY, "hc", name, name, (COMMUNE,))
    criteria = [
        replace(c, label=replace(c.label, by_language=(("km", name),))) for c in library.criteria("hc")
    ]
    other = Library(library.gazetteer, [odd], criteria, finder=library.finder)
    content = tables.xlsx(facility, other, KM)
    shown = [cell for cell in cells(content) if isinstance(cell.value, str)]
    assert any(name.strip() in cell.value for cell in shown)
    for cell in shown:
        assert cell.data_type == "s"
        assert not cell.value.lstrip().startswith(("=", "+", "-", "@"))
    for row in lines(tables.csv(facility, other, KM)):
        assert row["criterion_name"].startswith("'")
    for row in lines(tables.csv(facility, other, KM)):
        float(row["mean"])
        assert row["change"] == "" or row["change"].lstrip("-")[0].isdigit()


def test_what_no_workbook_can_hold_is_left_out(facility: Scorecard, library: Library) -> None:
    odd = Facility(FACILITY, "hc", "a\x00b\x0bc", "a\x00b\x0bc", (COMMUNE,))
    other = Library(library.gazetteer, [odd], library.criteria("hc"), finder=library.finder)
    assert any("abc" in str(cell.value) for cell in cells(tables.xlsx(facility, other, EN)))


def test_plain_text_stays_as_it_is() -> None:
    for text in ("ម៉ោងធ្វើការ", "A-B", "5 = 5", "a@b", "", "2026-Q4"):
        assert tables.defused(text) == text


# -- Values separated by commas, JSON ---------------------------------------------------------------------


def test_the_separated_values_have_every_figure(commune: Scorecard, library: Library) -> None:
    content = tables.csv(commune, library, KM)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = lines(content)
    assert tuple(rows[0]) == tables.COLUMNS
    found = {(row["criterion"], row["group"]): row for row in rows}
    assert len(found) == len(rows)
    for section in commune.sections:
        for line in section.lines:
            for group, counts in ((ALL, line.counts), *line.groups.items(), *line.villages.items()):
                row = found[line.code, group]
                assert Counts(tuple(int(row[f"gave_{score}"]) for score in range(1, 6))) == counts  # type: ignore[arg-type]
                assert (int(row["n"]), float(row["median"])) == (counts.n, counts.median)
    assert {row["place"] for row in rows} == {COMMUNE}


def test_parts_follow_the_criteria(read: Read, library: Library) -> None:
    card: Scorecard = read(reading.of_place, DISTRICT)
    parts: Standing = read(reading.of_parts, DISTRICT)
    rows = [row for row in lines(tables.csv(card, library, EN, parts)) if not row["criterion"]]
    assert {row["place"] for row in rows} == {row.place for row in parts.rows}
    for row in rows:
        part = next(part for part in parts.rows if part.place == row["place"])
        assert row["mean"] == (str(round(part.services[row["service"]].mean, 4)) if part.raters else "")


def test_json_has_lasting_keys_and_codes(commune: Scorecard, library: Library) -> None:
    made = json.loads(tables.json(commune, library))
    assert (made["place"], made["rounds"], made["before"], made["until"]) == (
        COMMUNE, ["2026-Q4"], "2026-Q3", "2026-11-19",
    )  # fmt: skip
    assert made["name"] == {"km": "កំពង់ចំលង", "en": "Kampong Chamlang"}
    for section, told in zip(commune.sections, made["services"], strict=True):
        assert told["service"] == section.service
        for line, criterion in zip(section.lines, told["criteria"], strict=True):
            assert (criterion["criterion"], criterion["counts"]) == (line.code, list(line.counts.five))
            assert criterion["median"] == line.counts.median
            assert criterion["groups"].keys() == line.groups.keys()
            assert criterion["villages"].keys() == line.villages.keys()
            assert line.district is not None
            assert criterion["district"]["stands"] == line.district.stands(line.counts.mean)


def test_what_may_not_be_shown_is_in_no_file(commune: Scorecard, library: Library) -> None:
    section = commune.sections[0]
    hidden = replace(section.lines[0], counts=NOBODY, before=NOBODY, groups={}, villages={})
    card = replace(
        commune, sections=(replace(section, lines=(hidden, *section.lines[1:])), *commune.sections[1:])
    )
    [row] = [row for row in lines(tables.csv(card, library, EN)) if row["criterion"] == hidden.code]
    assert {row[key] for key in tables.COLUMNS[12:]} == {""}
    told = json.loads(tables.json(card, library))["services"][0]["criteria"][0]
    assert (told["n"], told["counts"], told["mean"], told["groups"]) == (0, None, None, {})
    assert opened(tables.xlsx(card, library, EN))["Criteria"][1][2:13] == (None,) * 11
