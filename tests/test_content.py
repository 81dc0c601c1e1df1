"""What is said about a content file that can't be loaded: which file, where in it, and what to write."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from storage import migrate
from storage.content import BadContent, read_criteria, read_rounds
from storage.database import Database
from storage.tables import criteria, library
from tests.conftest import CONTENT

GOOD = yaml.safe_load((CONTENT / "criteria.yaml").read_text(encoding="utf-8"))
ROUND = """
rounds:
  - {code: 2027-harvest, name: {km: ជុំច្រូតកាត់}, from: 2026-12-01, to: 2027-02-15}
  - {code: 2027-rain, name: {km: ជុំវស្សា}, from: 2027-06-01, to: 2027-08-01}
"""


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


# -- Criteria ---------------------------------------------------------------------------------------------


def test_the_criteria_of_this_release_are_good() -> None:
    rows = read_criteria(CONTENT / "criteria.yaml")
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))


def hc(change: Callable[[dict[str, Any]], object]) -> Callable[[Any], object]:
    """A change of the second criterion of the health centre."""
    return lambda said: change(said["hc"][1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda said: said.update(xx=[]), "there is no service 'xx'; write one of ca, hc, ps"),
        (lambda said: said.pop("ps"), "ps has no criteria; write a list, each with - code:"),
        (lambda said: said.update(ps=None), "ps has no criteria; write a list, each with - code:"),
        (lambda said: said.update(ps={"code": "x"}), "ps has no criteria; write a list, each with - code:"),
        (lambda said: said.update(ps=said["ps"] * 2), "ps has 10 criteria; 9 fit"),
        (lambda said: said["hc"].insert(0, "hc-x"), "hc, criterion 6 (without a code) lacks code, theme, qu"),
        (hc(lambda one: one.pop("code")), "hc, criterion 7 (without a code) lacks code"),
        (hc(lambda one: one.pop("theme")), "hc, criterion 7 (hc-attitude) lacks theme"),
        (
            hc(lambda one: one.update(question="?")),
            "(hc-attitude): question has no Khmer; write it after km:",
        ),
        (hc(lambda one: one["label"].pop("km")), "(hc-attitude): label has no Khmer; write it after km:"),
        (hc(lambda one: one["label"].update(en=True)), "label: put the words of en: in quotation marks"),
        (hc(lambda one: one.update(code="HC Attitude")), "write the code in at most 40 of a-z, 0-9 and -"),
        (hc(lambda one: one.update(code="x" * 41)), "write the code in at most 40 of a-z, 0-9 and -"),
        (hc(lambda one: one.update(code="ca-hours")), "ca-hours: the code is there twice"),
    ],
)
def test_a_wrong_criterion_is_named(tmp_path: Path, change: Callable[[Any], object], said: str) -> None:
    content = copy.deepcopy(GOOD)
    change(content)
    file = written(tmp_path, "criteria.yaml", yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    with pytest.raises(BadContent) as refused:
        read_criteria(file)
    assert str(refused.value).startswith("criteria.yaml: ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ca:\n  - code: x\n   theme: y\n", "criteria.yaml, line 3: "),
        ("ca: [\n", "criteria.yaml, line 2: "),
        ("ca:\n\t- code: x\n", "criteria.yaml, line 2: "),
        ("- ca\n- hc\n", "criteria.yaml: write names and values"),
        ("only words", "criteria.yaml: write names and values"),
        ("", "criteria.yaml: write names and values"),
    ],
)
def test_a_file_that_is_no_yaml_is_named_with_the_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadContent) as refused:
        read_criteria(written(tmp_path, "criteria.yaml", text))
    assert str(refused.value).startswith(said)


def test_a_file_in_another_encoding_is_told_which_to_use(tmp_path: Path) -> None:
    file = tmp_path / "criteria.yaml"
    file.write_bytes("ca: ម៉ោង".encode("utf-16"))
    with pytest.raises(BadContent, match=r"criteria\.yaml: save it as UTF-8"):
        read_criteria(file)


# -- Rounds -----------------------------------------------------------------------------------------------


def test_rounds_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    first, second = ROUND.strip().splitlines()[1:]
    file = written(tmp_path, "programme.yaml", f"rounds:\n{second}\n{first}\n")
    assert [row["code"] for row in read_rounds(file)] == ["2027-harvest", "2027-rain"]


def test_a_calendar_without_rounds_is_good(tmp_path: Path) -> None:
    assert read_rounds(written(tmp_path, "programme.yaml", "timezone: Asia/Phnom_Penh\nrounds:\n")) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("code: 2027-harvest, ", "", "round 1 lacks code"),
        ("name: {km: ជុំច្រូតកាត់}, ", "", "round 2027-harvest lacks name"),
        ("name: {km: ជុំច្រូតកាត់}", "name: harvest", "round 2027-harvest: name has no Khmer; write it after km:"),
        ("from: 2026-12-01, ", "", "round 2027-harvest lacks from"),
        (", to: 2027-02-15", "", "round 2027-harvest lacks to"),
        ("2026-12-01", "1 December", "round 2027-harvest: write from: and to: as dates"),
        ("2026-12-01", "2026-12-01 10:00:00", "round 2027-harvest: write from: and to: as dates"),
        ("2026-12-01", "2027-12-01", "the earlier first, as in 2026-12-01"),
        ("2027-02-15", "2027-06-01", "rounds 2027-harvest and 2027-rain overlap"),
        ("2027-rain", "2027-harvest", "round 2027-harvest: the code is there twice"),
        ("2027-harvest", "2027-harvest-of-the-year", "write the code in at most 20 letters"),
        ("  - {code: 2027-rain", "  - rain\n  - {code: 2027-rain", "round 2 lacks code, name, from, to"),
        ("rounds:\n", "rounds: none\nx:\n", "rounds: write a list, each with - code:"),
    ],
)
def test_a_wrong_round_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in ROUND
    file = written(tmp_path, "programme.yaml", ROUND.replace(before, after, 1))
    with pytest.raises(BadContent) as refused:
        read_rounds(file)
    assert str(refused.value).startswith("programme.yaml: ")
    assert said in str(refused.value)


# -- Nothing is half-loaded -------------------------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize("missing", ["criteria.yaml", "programme.yaml", "gazetteer/places.csv"])
async def test_a_file_that_is_not_there_is_named(sqlite: Database, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / missing).unlink()
    with pytest.raises(BadContent) as refused:
        await migrate.migrate(sqlite, folder)
    assert str(refused.value) == f"{missing} is not in {folder}"


@pytest.mark.anyio
async def test_with_one_bad_file_no_other_is_loaded(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    criteria_file = folder / "criteria.yaml"
    text = criteria_file.read_text(encoding="utf-8").replace("hc-presence", "hc-here")
    criteria_file.write_text(text, encoding="utf-8")
    written(folder, "programme.yaml", ROUND.replace("2026-12-01", "soon"))
    with pytest.raises(BadContent, match="round 2027-harvest"):
        await migrate.migrate(database, folder)
    codes, version = await database.transact(
        lambda connection: (
            set(connection.execute(sa.select(criteria.c.code)).scalars()),
            connection.execute(sa.select(library.c.version)).scalar(),
        )
    )
    assert "hc-presence" in codes
    assert "hc-here" not in codes
    assert version == 1
