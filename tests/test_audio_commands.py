"""What the operator types about recordings."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread
import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import audio as commands
from flows.library import Library
from flows.packs import Pack
from storage import contacts, packs, recordings
from storage.database import Connection, Database
from storage.soundcheck import check
from storage.vault import Vault
from tests.conftest import SECRET
from tests.packs import pack
from tests.sounds import voice_note

Samleng = Callable[..., str]
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOME = "080303"


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


def put(folder: Path, *names: str, content: bytes | None = None) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(voice_note(2) if content is None else content)
    return folder


def row(said: str, key: str) -> list[str]:
    return next(line.split() for line in said.splitlines() if line.startswith(f" {key} "))


def test_the_table_shows_which_keys_have_none(samleng: Samleng, tmp_path: Path) -> None:
    said = samleng("audio list")
    assert "✓" not in "".join(row(said, "menu"))
    count = next(line for line in said.splitlines() if "without a recording" in line)
    assert "Khmer" in count and "Jarai" in count
    samleng(f"audio import {put(tmp_path / 'files', 'km/menu.ogg', 'jra/score.hc-medicine.ogg')}")
    said = samleng("audio list")
    assert row(said, "menu").count("✓") == 1
    assert row(said, "score.hc-medicine").count("✓") == 1
    said = samleng("audio list --language km --missing")
    assert " menu " not in said and " score.hc-medicine " in said
    assert " block.hc.standards " in said, "the general standards of a service as well"
    assert "Write one of" in samleng("audio list --language xx", code=1)


def test_an_import_is_all_or_nothing(samleng: Samleng, tmp_path: Path) -> None:
    tmp_path /= "files"
    put(tmp_path, "km/menu.ogg", "km/menue.ogg", "en/menu.ogg", "km/notes.txt")
    put(tmp_path, ".DS_Store", "README.md", "km/.hidden.ogg")
    put(tmp_path, "km/gender.ogg", content=b"no sound")
    put(tmp_path, "km/age.ogg", content=voice_note(20 * 60))
    put(tmp_path, "km/poor.ogg", content=b"OggS" + b"\0" * 10_000_000)
    put(tmp_path, "km/block.hc080303.poems.ogg")
    said = samleng(f"audio import {tmp_path}", code=1)
    for name, why in {
        "km/menue.ogg": "nothing with the key menue",
        "en/menu.ogg": "no language en",
        "km/notes.txt": "no .ogg file",
        "km/gender.ogg": "ffmpeg",
        "km/age.ogg": "180 seconds",
        "km/poor.ogg": "1,000,000",
        "km/block.hc080303.poems.ogg": "samleng audio list",
    }.items():
        assert any(line.startswith(f"{name}: ") and why in line for line in said.splitlines()), name
    assert "7 of 8 files can't be taken: nothing was stored" in said
    assert "✓" not in samleng("audio list")
    assert "no file there" in samleng(f"audio import {put(tmp_path / 'empty', '.gitkeep')}", code=1)


def test_one_file_is_imported_for_one_commune(samleng: Samleng, tmp_path: Path) -> None:
    put(tmp_path, "desk/menu.ogg")
    assert "no language desk" in samleng(f"audio import {tmp_path}/desk/menu.ogg", code=1)
    said = samleng(f"audio import {tmp_path}/desk/menu.ogg --language tpu --commune {HOME}")
    assert "1 recordings are heard" in said
    assert "0 recordings are heard from now on, 1 were before" in samleng(
        f"audio import {tmp_path}/desk/menu.ogg --language tpu --commune {HOME}"
    )
    assert "1" in row(samleng("audio list"), "menu"), "in one commune"
    assert "✓" in row(samleng(f"audio list --commune {HOME}"), "menu")
    assert "✓" not in row(samleng("audio list --commune 080304"), "menu")
    assert "imported" in samleng("audit")


@pytest.mark.anyio
async def test_what_was_changed_since_is_old_until_somebody_says_that_it_holds(
    samleng: Samleng, database: Database, tmp_path: Path
) -> None:
    def publish(connection: Connection, made: Pack) -> None:
        packs.publish(connection, made.subject, packs.keep(connection, made, None, NOW), NOW)

    def cell() -> list[str]:
        return row(samleng("audio list"), "block.hc080303.prices")

    await database.transact(publish, pack())
    files = put(tmp_path / "files", "km/block.hc080303.prices.ogg")
    await anyio.to_thread.run_sync(lambda: samleng(f"audio import {files}"))
    assert "✓" in await anyio.to_thread.run_sync(cell)
    await database.transact(publish, replace(pack(), items=pack().of("prices")[:2]))
    assert "old" in await anyio.to_thread.run_sync(cell)
    said = await anyio.to_thread.run_sync(lambda: samleng(f"audio import {files}"))
    assert "0 recordings are heard from now on" in said, "nobody read it out anew"
    [one] = await database.transact(recordings.listed, ["approved"])
    assert "approved, old" in await anyio.to_thread.run_sync(
        lambda: samleng("audio show block.hc080303.prices")
    )
    await anyio.to_thread.run_sync(lambda: samleng(f"audio approve {one.id}"))
    assert "✓" in await anyio.to_thread.run_sync(cell)


async def proposed(database: Database, vault: Vault, key: str = "menu") -> int:
    def work(connection: Connection) -> int:
        who = contacts.find(connection, vault, "telegram", "sopheap", NOW.date(), "km").id
        sound = check(voice_note(4))
        return recordings.propose(connection, key, "cmo", HOME, "", sound, who, NOW)

    return await database.transact(work)


@pytest.mark.anyio
async def test_the_operator_listens_and_decides(
    samleng: Samleng, database: Database, vault: Vault, tmp_path: Path
) -> None:
    number = await proposed(database, vault)
    other = await proposed(database, vault, "gender")

    def types() -> None:
        said = samleng("audio show")
        assert f" {number} " in said and "contact" in said and "sopheap" not in said
        file = tmp_path / "menu.ogg"
        samleng(f"audio export {number} -o {file}")
        assert file.read_bytes() == check(voice_note(4)).content
        assert "is there already" in samleng(f"audio export {number} -o {file}", code=1)
        assert "…" in row(samleng("audio list"), "menu")
        samleng(f"audio approve {number}")
        samleng(f"audio refuse {other}")
        assert "1" in row(samleng("audio list"), "menu")
        assert "no recording" in samleng(f"audio approve {other}", code=1)
        assert "no recording" in samleng("audio refuse 999", code=1)
        assert "no recording" in samleng(f"audio export {other} -o {tmp_path}/x.ogg", code=1)
        assert "Nothing waits" in samleng("audio show")
        said = samleng("audio show menu")
        assert "តើអ្នកចង់ធ្វើអ្វី?" in said and "approved" in said
        assert "refused" in samleng("audio show gender --every")
        assert "no recording" not in samleng("audio show gender")
        assert "nothing with the key" in samleng("audio show menue", code=1)

    await anyio.to_thread.run_sync(types)
