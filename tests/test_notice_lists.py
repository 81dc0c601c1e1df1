"""Many meetings from one table: what is wrong with any row is said, and nothing of a list with a bad row goes out."""

from __future__ import annotations

import csv
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from broadcasts import lists, notices
from broadcasts.lists import Report
from broadcasts.press import Limits
from flows.meetings import Meeting
from handlers.desk import Desk
from storage.database import Database
from storage.vault import Vault
from tests.villagers import COMMUNE, NEIGHBOUR, NOW, VILLAGES, join, states

pytestmark = pytest.mark.anyio

HEADINGS = ["commune", "kind", "date", "time", "place", "villages", "facility", "note"]
ROW = [COMMUNE, "village", "2026-12-01", "08:30", "វត្តព្រែក", "", "", ""]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "meetings.csv"


def write(file: Path, *rows: list[Any], headings: list[str] = HEADINGS) -> Path:
    if file.suffix == ".xlsx":
        workbook = Workbook()
        sheet = workbook.active
        for row in (headings, *rows):
            sheet.append(row)
        workbook.save(file)
    else:
        with file.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines).writerows([headings, *rows])
    return file


def row(**other: Any) -> list[Any]:
    return [other.get(name, cell) for name, cell in zip(HEADINGS, ROW, strict=True)]


async def load(database: Database, desk: Desk, file: Path, check: bool = False) -> Report:
    return await lists.import_list(database, desk, file, NOW, check=check)


async def refused(
    sqlite: Database, desk: Desk, file: Path, *rows: list[Any]
) -> list[tuple[int | None, str, str]]:
    """What is said about the rows, of which none is announced."""
    found = await load(sqlite, desk, write(file, *rows))
    assert found.problems and not found.meetings
    assert await states(sqlite) == {}
    assert all(any("\u1780" <= letter <= "\u17b3" for letter in problem.khmer) for problem in found.problems)
    return [(problem.row, problem.column, problem.english) for problem in found.problems]


# -- What is read -----------------------------------------------------------------------------------------


async def test_a_list_is_announced_row_by_row(
    database: Database, vault: Vault, desk: Desk, file: Path
) -> None:
    await database.transact(join, vault, 3)
    rows = [row(), row(kind="Scorecard", villages=f"{VILLAGES[0]} {VILLAGES[1]}", note="យកប័ណ្ណមក")]
    rows.append(
        row(commune=NEIGHBOUR, kind="កិច្ចប្រជុំរួម", date="២ ធ្នូ ២០២៦", time="ម៉ោង ២ រសៀល", facility="HC080303")
    )
    found = await load(database, desk, write(file, *rows))
    assert found.problems == ()
    assert [(where, number) for where, number, _meeting in found.meetings] == [(2, 1), (3, 2), (4, 3)]
    stored = [meeting for _number, meeting in await database.transact(notices.upcoming, NOW)]
    assert stored == [
        Meeting("village", COMMUNE, "commune", "2026-12-01", "08:30", "វត្តព្រែក"),
        Meeting("scorecard", COMMUNE, "villages", "2026-12-01", "08:30", "វត្តព្រែក", "យកប័ណ្ណមក", VILLAGES[:2]),
        Meeting("interface", NEIGHBOUR, "facility", "2026-12-02", "14:00", "វត្តព្រែក", facility="hc080303"),
    ]
    assert found.people == 6


async def test_a_workbook_with_real_dates_times_and_numbers(
    sqlite: Database, desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "meetings.xlsx"
    rows = [
        row(commune=80302, date=date(2026, 12, 1), time=time(8, 30), villages=8030201),
        row(date=datetime(2026, 12, 2), time="2:00 pm"),
    ]
    found = await load(sqlite, desk, write(file, *rows))
    assert found.problems == ()
    first, second = [meeting for _row, _number, meeting in found.meetings]
    assert (first.commune, first.on, first.at, first.villages) == (
        COMMUNE,
        "2026-12-01",
        "08:30",
        VILLAGES[:1],
    )
    assert (second.on, second.at) == ("2026-12-02", "14:00")


async def test_khmer_headings_and_columns_left_out(sqlite: Database, desk: Desk, file: Path) -> None:
    headings = ["ឃុំ/សង្កាត់", "ប្រភេទ", "កាលបរិច្ឆេទ", "ម៉ោង", "ទីកន្លែង"]
    found = await load(sqlite, desk, write(file, ROW[:5], headings=headings))
    assert len(found.meetings) == 1


async def test_a_village_by_its_name(sqlite: Database, desk: Desk, file: Path) -> None:
    village = desk.library.place(VILLAGES[0])
    assert village is not None
    for name in (village.km, village.latin):
        found = await load(sqlite, desk, write(file, row(villages=name)), check=True)
        ((_row, _number, meeting),) = found.meetings
        assert meeting.villages == VILLAGES[:1]


async def test_only_checked_nothing_is_announced(sqlite: Database, desk: Desk, file: Path) -> None:
    found = await load(sqlite, desk, write(file, row()), check=True)
    assert [(where, number) for where, number, _meeting in found.meetings] == [(2, None)]
    assert await states(sqlite) == {}


async def test_the_same_list_again_announces_nothing_twice(sqlite: Database, desk: Desk, file: Path) -> None:
    write(file, row(), row(date="2026-12-02"))
    await load(sqlite, desk, file)
    again = await load(sqlite, desk, file)
    assert (again.meetings, again.unchanged) == ((), 2)
    assert (await states(sqlite))["notice", "due"] == 2


async def test_where_nobody_has_joined_is_said_and_announced_all_the_same(
    sqlite: Database, desk: Desk, file: Path
) -> None:
    found = await load(sqlite, desk, write(file, row()))
    assert [warning.english for warning in found.warnings] == [
        "Nobody there has joined yet, so nobody is told at once."
    ]
    assert len(found.meetings) == 1


# -- What is wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "column", "said"),
    [
        ({"commune": "999999"}, "commune", "There is no commune 999999"),
        ({"commune": "0803"}, "commune", "There is no commune 0803"),
        ({"commune": ""}, "commune", "The cell is empty"),
        ({"kind": "party"}, "kind", "“party” is no kind of meeting"),
        ({"date": "2026-11-24"}, "date", "2026-11-24 08:30 has passed"),
        ({"date": "24 November"}, "date", "24 November has passed"),
        ({"date": "31/2/2027"}, "date", "There is no day 31/2/2027"),
        ({"date": "wednesday"}, "date", "“wednesday” can mean two days"),
        ({"date": "Monday 1/12/2026"}, "date", "that day is another weekday"),
        ({"date": "soon"}, "date", "“soon” is no date"),
        ({"time": "8:00"}, "time", "can be in the morning or in the afternoon"),
        ({"time": "25:00"}, "time", "There is no time 25:00"),
        ({"time": "early"}, "time", "“early” is no time"),
        ({"date": "2026-11-25", "time": "08:59"}, "date", "2026-11-25 08:59 has passed"),
        ({"place": "វ" * 1000}, "place", "The text has 1000 characters. Write at most 80"),
        ({"note": "វ" * 201}, "note", "The text has 201 characters. Write at most 200"),
        ({"villages": "08030301"}, "villages", "Village 08030301 lies in commune 080303, not in 080302"),
        ({"villages": "08030299"}, "villages", "There is no village 08030299 in commune 080302"),
        ({"villages": "ភូមិណា"}, "villages", "There is no village"),
        ({"facility": "hc999999"}, "facility", "There is no facility hc999999"),
        ({"facility": "hc080303"}, "facility", "does not serve commune 080302"),
        ({"villages": VILLAGES[0], "facility": "hc080302"}, "facility", "not both"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
async def test_a_bad_row_is_named_with_what_to_write(
    sqlite: Database, desk: Desk, file: Path, other: dict[str, str], column: str, said: str
) -> None:
    ((where, named, english),) = await refused(sqlite, desk, file, row(), row(**{"place": "សាលា", **other}))
    assert (where, named) == (3, column)
    assert said in english


async def test_every_bad_row_is_named_at_once(sqlite: Database, desk: Desk, file: Path) -> None:
    rows = [row(kind="party"), row(), row(date="31/2/2027", time="25:00"), row()]
    found = await refused(sqlite, desk, file, *rows)
    assert [(where, column) for where, column, _said in found] == [
        (2, "kind"),
        (4, "date"),
        (4, "time"),
        (5, ""),
    ]
    assert "Row 3 announces the same meeting" in found[-1][2]


async def test_a_missing_column_is_named(sqlite: Database, desk: Desk, file: Path) -> None:
    found = await load(sqlite, desk, write(file, ROW[:4], headings=HEADINGS[:4]))
    assert [(problem.row, problem.column) for problem in found.problems] == [(1, "place")]


async def test_an_empty_list_and_a_file_that_is_none(sqlite: Database, desk: Desk, file: Path) -> None:
    found = await load(sqlite, desk, write(file))
    assert [problem.english for problem in found.problems] == [
        "There is no meeting below the headings. Write one in each row."
    ]
    found = await load(sqlite, desk, file.with_suffix(".docx"))
    assert "Only .csv and .xlsx files can be read" in found.problems[0].english


async def test_meetings_that_are_too_much_for_the_cap_only_together(
    sqlite: Database, vault: Vault, desk: Desk, file: Path
) -> None:
    await sqlite.transact(join, vault, 2, channel="sms")
    one = Meeting("village", COMMUNE, "commune", "2026-12-01", "08:30", "ក")
    price = (await sqlite.transact(notices.plan, desk, one, NOW)).segments
    desk.limits = Limits(2 * price)
    rows = [row(place="ក", date=f"2026-12-0{n}") for n in (1, 2, 3)]
    found = await refused(sqlite, desk, file, *rows)
    assert [(where, column) for where, column, _said in found] == [(4, "commune")]
    assert f"needs {3 * price} SMS segments today and may send {2 * price}" in found[0][2]
