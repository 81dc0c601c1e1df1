"""`samleng report` as typed: the file that was asked for, or what is wrong and what to write instead."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import report
from flows.library import Library
from reports import reading
from storage.database import Connection, connect
from tests.scored import fill
from tests.test_posters import seen_codes, texts

Samleng = Callable[..., Result]
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
KEP = "23"  # a province of five communes


@pytest.fixture(scope="module")
def scored(sqlite_template: Path, library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rounds of a commune, one of a whole province but for a commune."""
    file = tmp_path_factory.mktemp("scored") / "samleng.db"
    shutil.copy(sqlite_template, file)

    def work(connection: Connection) -> None:
        fill(connection, library, ["080303"])
        fill(connection, library, report.below(KEP, 6, library)[1:], rounds=["2026-Q3"])

    async def done() -> None:
        database = connect(f"sqlite:///{file}")
        try:
            await database.transact(work)
        finally:
            await database.close()

    asyncio.run(done())
    return file


@pytest.fixture
def samleng(scored: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Samleng:
    """The command as typed, in a folder of its own, with the country at hand."""
    shutil.copy(scored, tmp_path / "samleng.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMLENG_DATABASE_URL", f"sqlite:///{tmp_path / 'samleng.db'}")
    monkeypatch.setenv("SAMLENG_TELEGRAM_USERNAME", "samleng_bot")
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(report, "library", lambda _settings: library)

    def typed(*words: str) -> Result:
        with time_machine.travel(NOW, tick=False):
            return CliRunner().invoke(app, ["report", *words])

    return typed


def test_a_report_of_the_newest_round(samleng: Samleng, tmp_path: Path) -> None:
    done = samleng("080303")
    assert done.exit_code == 0, done.output
    assert "Written to 080303-2026-Q4.pdf:" in done.output and "round 2026-Q4." in done.output
    content = (tmp_path / "080303-2026-Q4.pdf").read_bytes()
    assert seen_codes(content)[0] == ["https://t.me/samleng_bot"]
    assert len(texts(content)) == 5


@pytest.mark.parametrize("named", ["០៨០៣០៣", "Kampong Chamlang, Khsach Kandal", "ឃុំកំពង់ចំលង ស្រុកខ្សាច់កណ្ដាល"])
def test_a_place_by_its_name(samleng: Samleng, tmp_path: Path, named: str) -> None:
    done = samleng(named, "--language", "en", "-o", "x.pdf")
    assert done.exit_code == 0, done.output
    assert "Kampong Chamlang commune" in texts((tmp_path / "x.pdf").read_bytes())[0]


def test_the_format_is_what_the_file_ends_in(samleng: Samleng, tmp_path: Path) -> None:
    for name, begins in (
        ("a.xlsx", b"PK"),
        ("a.csv", b"\xef\xbb\xbf"),
        ("a.png", b"\x89PNG"),
        ("a.json", b"{"),
    ):
        assert samleng("080303", "-o", name).exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(begins)
    assert samleng("080303", "--format", "JSON", "-o", "a.txt").exit_code == 0
    assert json.loads((tmp_path / "a.txt").read_bytes())["place"] == "080303"


def test_a_facility_and_the_nation(samleng: Samleng, tmp_path: Path) -> None:
    assert samleng("HC080303", "-o", "hc.png").exit_code == 0
    with Image.open(tmp_path / "hc.png") as picture:
        assert picture.width == 900
    assert samleng("nation", "-o", "n.json").exit_code == 0
    assert len(json.loads((tmp_path / "n.json").read_bytes())["parts"]) == 25
    assert samleng("hc080303", "-o", "hc.json").exit_code == 0
    assert json.loads((tmp_path / "hc.json").read_bytes())["facility"] == "hc080303"


def test_an_earlier_round(samleng: Samleng, tmp_path: Path) -> None:
    for typed, rounds in (("2026-Q3", ["2026-Q3"]), ("2026-q3", ["2026-Q3"]), ("2026-Q2", ["2026-Q2"])):
        assert samleng("080303", "--round", typed, "-o", "x.json").exit_code == 0
        assert json.loads((tmp_path / "x.json").read_bytes())["rounds"] == rounds


def test_a_round_without_ratings_is_a_clear_page(samleng: Samleng, tmp_path: Path) -> None:
    done = samleng("080303", "--round", "2026-Q1", "--language", "en", "-o", "x.pdf")
    assert "Written to x.pdf: no scores to show yet." in done.output
    [page] = texts((tmp_path / "x.pdf").read_bytes())
    assert "There are no scores to show yet" in page


def test_one_for_each_commune(samleng: Samleng, library: Library, tmp_path: Path) -> None:
    done = samleng(KEP, "--each", "commune", "-o", "kep", "--language", "en")
    assert done.exit_code == 0, done.output
    communes = report.below(KEP, 6, library)
    files = {file.stem: texts(file.read_bytes()) for file in (tmp_path / "kep").iterdir()}
    assert sorted(files) == sorted(communes)
    assert f"Written to kep: {len(communes)} communes, 1 without scores to show yet." in done.output
    for code, pages in files.items():
        place = library.place(code)
        assert place is not None and place.latin in pages[0]
        assert len(pages) == (1 if code == communes[0] else 5)


def test_one_for_each_district_as_a_table(samleng: Samleng, library: Library, tmp_path: Path) -> None:
    assert samleng(KEP, "--each", "district", "--format", "csv", "-o", "kep").exit_code == 0
    assert {file.name for file in (tmp_path / "kep").iterdir()} == {
        f"{c}.csv" for c in report.below(KEP, 4, library)
    }


def test_many_at_once_are_as_each_alone(scored: Path, library: Library) -> None:
    async def both() -> None:
        database = connect(f"sqlite:///{scored}")
        try:
            communes = [*report.below(KEP, 6, library), "080303"]

            def work(connection: Connection) -> None:
                together = list(reading.of_communes(connection, library, communes))
                assert together == [reading.of_place(connection, library, code) for code in communes]
                assert any(line.province for card in together for line in card.sections[0].lines)

            await database.transact(work)
        finally:
            await database.close()

    asyncio.run(both())


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("080399",), "Nothing is called 080399."),
        (("Kampong Chamlan",), "080303"),
        (("hc999999",), "Nothing is called hc999999."),
        (("080303", "--round", "2026-Q9"), "2026-Q9 is not a round. Rounds with ratings: 2026-Q4, 2026-Q3."),
        (("080303", "--round", "x-Q4"), "x-Q4 is not a round."),
        (("080303", "--round", "2027-Q1"), "2027-Q1 has not begun."),
        (("010201", "--round", "harvest"), "No round has ratings there yet. Write one as in 2026-Q4"),
        (("080303", "--format", "doc"), "Write one of: pdf, png, xlsx, csv, json."),
        (("080303", "--language", "xx"), "There is no language xx. Write one of: km, en."),
        (("08", "--each", "village"), "Write one of: province, district, commune."),
        (("080303", "--each", "district"), "080303 has no districts within."),
        (
            ("080303", "-o", "no/such/folder.pdf"),
            "no/such/folder.pdf can't be written: No such file or directory.",
        ),
        (("2301", "--each", "commune", "-o", "samleng.db"), "samleng.db can't be made: File exists."),
    ],
)
def test_what_can_not_be_made(samleng: Samleng, tmp_path: Path, typed: tuple[str, ...], says: str) -> None:
    done = samleng(*typed)
    assert done.exit_code == 1
    assert says in done.output
    assert {file.name for file in tmp_path.iterdir()} <= {"samleng.db", "samleng.db-wal", "samleng.db-shm"}


def test_a_name_that_several_places_have_is_not_guessed(samleng: Samleng) -> None:
    done = samleng("Kampong Chamlang")
    assert done.exit_code == 1
    assert "Which place is Kampong Chamlang?" in done.output
    assert "080303" in done.output
