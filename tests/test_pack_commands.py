"""What the operator types about packs, and what a release brings: general standards, and samples."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import i4c as commands
from flows.library import SERVICES, Library
from storage import migrate, packcontent, packs
from storage.content import BadContent
from storage.database import Connection, Database
from tests.conftest import CONTENT, SECRET
from tests.packfiles import YAML, filled, tell, write

Samleng = Callable[..., str]

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CODE = "hc080302"  # a facility without a pack
SAMPLES = ("ca080303", "hc080303", "ps080303")


@pytest.fixture
def samleng(database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch) -> Samleng:
    monkeypatch.setenv("SAMLENG_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMLENG_SECRET_KEY", SECRET)
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setattr(commands, "library", lambda _settings: library)
    monkeypatch.setattr(commands, "utc_now", lambda: NOW)

    def typed(line: str, code: int = 0) -> str:
        result: Result = CliRunner().invoke(app, shlex.split(line))
        assert result.exit_code == code, result.output
        return result.output

    return typed


def in_yaml(folder: Path, text: str = YAML) -> Path:
    path = folder / "pack.yaml"
    path.write_text(text.replace("hc080399", CODE), encoding="utf-8")
    return path


# -- The template -----------------------------------------------------------------------------------------


def test_a_template_is_written_filled_in_and_checked(samleng: Samleng, tmp_path: Path) -> None:
    path = tmp_path / "hc.xlsx"
    assert str(path) in samleng(f"i4c template hc -o {path}").replace("\n", "")
    said = samleng(f"i4c check {path}", code=1)
    assert "sheet អំពីកញ្ចប់, row 4, លេខកូដអង្គភាព: The cell is empty." in said
    assert "ក្រឡានេះទទេ។ សូមសរសេរ លេខកូដអង្គភាព។" in said
    assert said.rstrip().endswith("3 problems: nothing was stored. Mend them and try again.")
    said = samleng(f"i4c check {filled(tmp_path, tell('facility', CODE))}")
    assert said.startswith(
        f"Nothing is wrong: {CODE}, 7 items (rights 1, standards 1, performance 1, prices 2"
    )


def test_a_template_may_be_for_one_facility_and_overwrites_nothing(samleng: Samleng, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    samleng(f"i4c template {CODE} -o {path}")
    before = path.read_bytes()
    assert "is there already" in samleng(f"i4c template hc -o {path}", code=1)
    assert path.read_bytes() == before
    assert "There is no service xx" in samleng(f"i4c template xx -o {path}", code=1)
    assert "Write: -o" in samleng(f"i4c template hc -o {tmp_path / 'x.csv'}", code=1)


# -- Importing --------------------------------------------------------------------------------------------


def test_a_pack_is_imported_looked_at_and_published(samleng: Samleng, tmp_path: Path) -> None:
    path = in_yaml(tmp_path)
    said = samleng(f"i4c import {path}")
    assert said.startswith(f"Draft: {CODE}, 7 items") and f"samleng i4c publish {CODE}" in said
    assert "Still a draft" in samleng(f"i4c import {path}")
    assert samleng("i4c list 080302").split("\n")[1].split()[3:5] == ["draft", "1"]
    assert "draft, version 1" in samleng(f"i4c show {CODE}")

    assert samleng(f"i4c publish {CODE}") == samleng_published(1)
    assert "There is no draft" in samleng(f"i4c publish {CODE}", code=1)
    said = samleng(f"i4c show {CODE}")
    assert "ពិនិត្យជំងឺ: 2,000 ៛, ≤ 0 d · ប័ណ្ណ · អ្នកកាន់ប័ណ្ណសមធម៌ [ឈឺ, check-up]" in said
    assert "បុគ្គលិក: 7.5 / 8 នាក់, 2025" in said
    assert "ថ្នាំ: 88,000,000 / 120,886,800 ៛, 2026" in said
    assert "complaint: ប្រអប់សំបុត្រ" in said
    assert "pack.yaml" in said and "the command line" in said

    assert "As before, published" in samleng(f"i4c import {path} --publish")
    newer = in_yaml(tmp_path, YAML.replace("2000", "៣.០០០"))
    assert "Published: " in samleng(f"i4c import {newer} --publish")
    said = samleng(f"i4c show {CODE}")
    assert "3,000 ៛" in said and "2,000 ៛" not in said
    assert "superseded" in said


def samleng_published(version: int) -> str:
    counts = "rights 1, standards 1, performance 1, prices 2, budget 1, part 1"
    return f"Published: {CODE}, 7 items ({counts}), version {version}.\n"


def test_who_published_is_noted(samleng: Samleng, tmp_path: Path) -> None:
    path = in_yaml(tmp_path)
    samleng(f"i4c import {path}")
    assert "published" not in samleng("audit")
    samleng(f"i4c publish {CODE}")
    samleng(f"i4c import {in_yaml(tmp_path, YAML.replace('2000', '3000'))} --publish")
    samleng(f"i4c import {path} --publish")  # as before
    lines = [line for line in samleng("audit").splitlines() if "published" in line]
    assert [f"subject {CODE}, version {version}" in line for version, line in enumerate(lines, 1)] == [
        True
    ] * 2
    assert all("operator" in line for line in lines)


def test_with_one_mistake_nothing_is_stored(samleng: Samleng, tmp_path: Path) -> None:
    path = filled(tmp_path, write("prices", "riel", "ច្រើន"))
    said = samleng(f"i4c import {path} --publish", code=1)
    assert "1 problems: nothing was stored" in samleng(
        f"i4c import {in_yaml(tmp_path, YAML.replace('2000', 'ច្រើន'))} --publish", code=1
    )
    assert "sheet តារាងតម្លៃសេវា, row 5, D · តម្លៃ (រៀល): “ច្រើន” is no amount in riel." in said
    assert f"{CODE} has no pack." in samleng(f"i4c show {CODE}")


def test_a_warning_does_not_keep_a_pack_away(samleng: Samleng, tmp_path: Path) -> None:
    said = samleng(f"i4c import {in_yaml(tmp_path, YAML.replace('2026-01-31', '2025-01-31'))}")
    assert "more than twelve months ago" in said and "Draft: " in said
    assert "old" in samleng("i4c list 080302")
    assert "old: 2025-01-31" in samleng(f"i4c show {CODE}")


def test_a_long_list_of_problems_ends(samleng: Samleng, tmp_path: Path) -> None:
    lines = "prices:\n" + "".join(f"  - {{text: សេវា {number}, riel: ច្រើន}}\n" for number in range(150))
    path = in_yaml(tmp_path, YAML.split("rights:")[0] + lines)
    said = samleng(f"i4c check {path}", code=1)
    assert "and 50 more." in said and "150 problems" in said


# -- Looking ----------------------------------------------------------------------------------------------


def test_what_a_release_brings_is_listed(samleng: Samleng) -> None:
    said = samleng("i4c list")
    for code in (*SERVICES, *SAMPLES):
        assert f" {code} " in said
    assert said.count("sample") == said.count("general") == 3
    said = samleng("i4c list 080303")
    assert [code in said for code in SAMPLES] == [True] * 3 and "general" not in said
    assert "There is no pack in 080302." in samleng("i4c list 080302")
    assert "this release" in samleng("i4c show hc") and "i4c/default-hc.yaml" in samleng("i4c show hc")
    assert "There is no facility hc999999" in samleng("i4c show hc999999", code=1)


@pytest.mark.anyio
async def test_what_was_read_and_wished_for_is_shown(database: Database, samleng: Samleng) -> None:
    import asyncio

    def work(connection: Connection) -> None:
        packs.read(connection, "hc080303", "prices", "2026-11")
        packs.wish(connection, CODE, "2026-11")

    await database.transact(work)
    said = await asyncio.to_thread(samleng, "i4c show hc080303")
    assert "read in" in said and "2026-11" in said
    assert "has no pack. Wished for: 2026-11 1" in await asyncio.to_thread(samleng, f"i4c show {CODE}")


# -- What a release brings --------------------------------------------------------------------------------


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The packs of this release, to be edited."""
    shutil.copytree(CONTENT / packcontent.FOLDER, tmp_path / packcontent.FOLDER)
    return tmp_path


def versions(connection: Connection, subject: str) -> list[tuple[int, str]]:
    return [(kept.pack.version, kept.pack.state) for kept in packs.versions(connection, subject)]


@pytest.mark.anyio
async def test_general_standards_are_shown_and_samples_only_where_samples_are(database: Database) -> None:
    def work(connection: Connection) -> None:
        for service in SERVICES:
            pack = packs.published(connection, service, samples=False)
            assert pack is not None and pack.general and not pack.sample
            assert pack.published_on == "2026-11-22"
        for code in SAMPLES:
            assert packs.published(connection, code, samples=False) is None
            pack = packs.published(connection, code, samples=True)
            assert pack is not None and pack.sample and len(pack.blocks) == 6
        assert [pack.subject for pack in packs.all_published(connection, samples=False)] == [
            *sorted(SERVICES)
        ]
        assert len(list(packs.all_published(connection, samples=True))) == 6

    await database.transact(work)


@pytest.mark.anyio
async def test_loading_again_changes_nothing_and_a_change_is_a_new_version(
    database: Database, content: Path
) -> None:
    file = content / "i4c" / "default-ps.yaml"

    def work(connection: Connection) -> None:
        assert not packcontent.load(connection, content)
        file.write_text(file.read_text(encoding="utf-8") + "# seen\n", encoding="utf-8")
        assert not packcontent.load(connection, content)
        file.write_text(file.read_text(encoding="utf-8").replace("៣៥", "៣៤"), encoding="utf-8")
        assert packcontent.load(connection, content)
        assert not packcontent.load(connection, content)
        assert versions(connection, "ps") == [(1, "superseded"), (2, "published")]

    await database.transact(work)


@pytest.mark.anyio
async def test_a_pack_that_left_the_release_is_no_longer_shown_until_it_comes_back(
    database: Database, content: Path
) -> None:
    file = content / "i4c" / "sample-hc080303.yaml"
    before = file.read_bytes()

    def work(connection: Connection) -> None:
        file.unlink()
        assert packcontent.load(connection, content)
        assert packs.published(connection, "hc080303", samples=True) is None
        file.write_bytes(before)
        assert packcontent.load(connection, content)
        assert packs.published(connection, "hc080303", samples=True) is not None

    await database.transact(work)


@pytest.mark.anyio
async def test_a_release_leaves_a_providers_pack_and_draft_alone(database: Database, content: Path) -> None:
    file = content / "i4c" / "sample-hc080303.yaml"

    def work(connection: Connection) -> None:
        sample = packs.published(connection, "hc080303", samples=True)
        assert sample is not None
        real = packs.Pack("hc080303", "hc", sample.items[:4])
        packs.enter(connection, real, None, NOW, "ours.xlsx", show=True)
        packs.enter(connection, packs.Pack("hc080303", "hc", sample.items[:5]), None, NOW, "ours.xlsx")
        file.write_text(file.read_text(encoding="utf-8").replace("2000", "2500"), encoding="utf-8")
        assert packcontent.load(connection, content)
        shown = packs.published(connection, "hc080303", samples=True)
        assert shown is not None and not shown.sample and len(shown.items) == 4
        draft = packs.draft(connection, "hc080303")
        assert draft is not None and len(draft.items) == 5

    await database.transact(work)


@pytest.mark.anyio
async def test_a_sample_of_a_place_that_is_not_there_is_passed_over(
    database: Database, content: Path
) -> None:
    file = content / "i4c" / "sample-hc080303.yaml"
    other = file.with_name("sample-elsewhere.yaml")
    other.write_text(file.read_text(encoding="utf-8").replace("hc080303", "hc999999"), encoding="utf-8")
    assert not await database.transact(packcontent.load, content)
    file.with_name("ours.yaml").write_bytes(other.read_bytes())
    with pytest.raises(BadContent, match=r"^i4c/ours.yaml, line 4, facility: There is no facility hc999999"):
        await database.transact(packcontent.load, content)


@pytest.mark.anyio
async def test_a_bad_file_is_named_and_a_release_without_packs_is_possible(
    sqlite: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    file = folder / "i4c" / "default-ps.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("riel: 0", "riel: x"), encoding="utf-8")
    with pytest.raises(BadContent, match=r"^i4c/default-ps.yaml, line \d+, riel: “x” is no amount in riel"):
        await migrate.migrate(sqlite, folder)
    shutil.rmtree(folder / "i4c")
    assert (await migrate.migrate(sqlite, folder)).changed
    assert await sqlite.read(lambda connection: list(packs.all_published(connection, samples=True))) == []
