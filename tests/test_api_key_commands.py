"""What the operator types about keys of other systems."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import apikeys as words
from flows.library import Library
from storage import apikeys, audit
from storage.apikeys import Key
from storage.database import connect
from storage.vault import Vault
from tests.conftest import SECRET

Samleng = Callable[..., Result]


@pytest.fixture
def samleng(database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch) -> Samleng:
    """The command, as typed; with the country at hand."""
    monkeypatch.setenv("SAMLENG_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMLENG_SECRET_KEY", SECRET)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(words, "library", lambda _settings: library)
    return lambda *typed: CliRunner().invoke(app, ["api-key", *typed])


def looked(url: str, work: Callable[..., Any], *args: Any) -> Any:
    async def look() -> Any:
        database = connect(url)
        try:
            return await database.read(work, *args)
        finally:
            await database.close()

    return asyncio.run(look())


def key_of(done: Result) -> str:
    assert done.exit_code == 0, done.output
    [key] = re.findall(r"^  (samleng_\S{43})$", done.output, re.MULTILINE)
    return str(key)


def test_a_key_is_shown_once_and_taken_back(samleng: Samleng, database_url: str, vault: Vault) -> None:
    key = key_of(samleng("create", "M&E [red]", "--place", "08"))
    nation = key_of(samleng("create", "NCDDS", "--place", "0"))
    found = looked(database_url, apikeys.find, vault, key)
    assert isinstance(found, Key)
    assert (found.id, found.name, found.place) == (1, "M&E [red]", "08")
    assert found.opens("080303")
    assert not found.opens("")
    assert not found.opens("01")
    assert looked(database_url, apikeys.find, vault, nation).opens("")
    assert looked(database_url, apikeys.find, Vault("another secret, of others"), key) is None
    listed = samleng("list").output
    assert "M&E [red]" in listed
    assert "never" in listed
    assert key not in listed
    assert "Taken back: key 1" in samleng("revoke", "1").output
    assert looked(database_url, apikeys.find, vault, key) is None
    again = samleng("revoke", "1")
    assert again.exit_code == 1
    assert "samleng api-key list" in again.output
    noted = looked(database_url, audit.last, 10)
    assert [(entry.action, entry.detail["key"]) for entry in noted] == [
        ("key_made", 1),
        ("key_made", 2),
        ("key_revoked", 1),
    ]
    assert key not in repr(noted)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("create", " ", "--place", "08"), "Write a name of 1 to 80 letters"),
        (("create", "x" * 81, "--place", "08"), "Write a name of 1 to 80 letters"),
        (("create", "M&E", "--place", "99"), "There is no province, district or commune 99."),
        (("create", "M&E", "--place", "08030301"), "There is no province, district or commune 08030301."),
        (("create", "M&E"), "--place"),
        (("revoke", "7"), "There is no key 7"),
    ],
)
def test_a_wrong_line_is_explained(samleng: Samleng, typed: tuple[str, ...], says: str) -> None:
    done = samleng(*typed)
    assert done.exit_code != 0
    assert says in done.output
    assert "There is no key. To make one" in samleng("list").output
