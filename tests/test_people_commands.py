"""What the operator types about people: invitations, who has which role, taking one back, the log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import people
from flows.library import Library
from handlers.desk import Desk
from storage.database import connect
from tests.conftest import SECRET
from tests.person import Person

Samleng = Callable[..., Result]
CODE = re.compile(r"^SL-\w{4}-\w{4}", re.MULTILINE)
WELCOME, WRONG = "ឥឡូវអ្នកជា", "ប្រើមិនបាន"


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings of a service on a database of its own."""
    monkeypatch.setenv("SAMLENG_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMLENG_SECRET_KEY", SECRET)
    monkeypatch.setenv("SAMLENG_TELEGRAM_USERNAME", "samleng_bot")
    monkeypatch.setenv("COLUMNS", "200")
    return database_url


@pytest.fixture
def samleng(url: str, library: Library, monkeypatch: pytest.MonkeyPatch) -> Samleng:
    """The command, as typed; with the country at hand, which takes most of a second to read."""
    monkeypatch.setattr(people, "library", lambda _settings: library)
    return typed


def typed(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


def codes_of(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return CODE.findall(result.output)


def sent(desk: Desk, url: str, **codes: str) -> list[str]:
    """Codes by who sends them to the bot; what it says to each."""

    async def talk() -> list[str]:
        database = connect(url)
        try:
            return [await Person(database, desk, address=who).sees(code) for who, code in codes.items()]
        finally:
            await database.close()

    return asyncio.run(talk())


# -- Inviting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("caf 080303", "អ្នកសម្របសម្រួល"),
        ("council 080303", "ក្រុមប្រឹក្សា"),
        ("staff 080303 --facility hc080303", "មណ្ឌលសុខភាព"),
        ("viewer 08", "ខេត្តកណ្តាល"),
        ("admin 0", "ទូទាំងប្រទេស"),
        ("viewer nation", "ទូទាំងប្រទេស"),
        ("caf ព្រែកអំពិល", "ព្រែកអំពិល"),
    ],
)
def test_a_code_gives_the_role(samleng: Samleng, url: str, desk: Desk, line: str, says: str) -> None:
    result = samleng(f"invite {line}")
    [code] = codes_of(result)
    assert f"https://t.me/samleng_bot?start=i_{code.replace('-', '')}" in result.output
    [seen] = sent(desk, url, dara=code)
    assert WELCOME in seen and says in seen


def test_an_empty_database_is_migrated_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMLENG_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    for line in ("audit", "revoke 1"):
        assert "Run: samleng migrate" in str(typed(line).exception)
    assert codes_of(typed("invite caf 080303"))
    assert "Nobody has a role." in typed("people").output


def test_several_codes_are_each_for_one_person(samleng: Samleng, url: str, desk: Desk) -> None:
    codes = codes_of(samleng("invite caf 080303 --count 3"))
    assert len(set(codes)) == 3
    seen = sent(desk, url, dara=codes[0], sopheap=codes[1], bopha=codes[1], vanna=codes[2])
    assert [WELCOME in text for text in seen] == [True, True, False, True]


def test_the_text_to_send_by_sms_has_the_code_and_the_ways(
    samleng: Samleng, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "SMS_ACCOUNT_SID": "AC1",
        "SMS_AUTH_TOKEN": "x",
        "SMS_FROM": "+85510555777",
        "PUBLIC_URL": "https://samleng.example.org",
    }.items():
        monkeypatch.setenv(f"SAMLENG_{name}", value)
    result = samleng("invite caf 080303")
    [code] = codes_of(result)
    [text] = [line for line in result.output.splitlines() if line.startswith("  SMS:")]
    assert code in text and "+85510555777" in text and "t.me/samleng_bot" in text


def test_without_the_bots_name_there_is_no_link(samleng: Samleng, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMLENG_TELEGRAM_USERNAME", "")
    result = samleng("invite caf 080303")
    assert codes_of(result) and "t.me" not in result.output
    assert "SAMLENG_TELEGRAM_USERNAME" in result.output


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("mayor 080303", "There is no role mayor. Write one of: caf, council, staff, viewer, admin."),
        ("caf 08", "can't hold in a province. Write a commune"),
        ("caf 0803", "can't hold in a district. Write a commune"),
        ("caf 08030301", "can't hold in a village. 08030301 lies in 080303. Write a commune"),
        ("council 0", "can't hold in the nation. Write a commune"),
        ("viewer 08030301", "can't hold in a village"),
        ("staff 080303", "staff needs a facility. Write"),
        ("staff 080303 --facility nope", "There is no facility nope."),
        ("staff 080101 --facility hc080303", "Write: samleng invite staff 080303 --facility hc080303"),
        ("caf 080303 --facility hc080303", "caf has no facility."),
        ("caf 999999", "Nothing is called 999999."),
        ("caf ភូមិធំ", "080208"),
        ("caf 080303 --count 0", "--count"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(samleng: Samleng, line: str, says: str) -> None:
    result = samleng(f"invite {line}")
    assert result.exit_code != 0
    assert says in result.output
    assert not CODE.findall(result.output)
    assert "Nothing has been written yet." in samleng("audit").output


# -- Looking after them -----------------------------------------------------------------------------------


def test_people_are_shown_without_their_addresses(samleng: Samleng, url: str, desk: Desk) -> None:
    assert "Nobody has a role." in samleng("people").output
    [caf] = codes_of(samleng("invite caf 080303"))
    [viewer] = codes_of(samleng("invite viewer 0"))
    sent(desk, url, dara=caf, sopheap=viewer)
    shown = samleng("people").output
    assert "caf" in shown and "080303" in shown and "telegram" in shown and "ឃុំកំពង់ចំលង" in shown
    assert "dara" not in shown and "sopheap" not in shown
    assert "viewer" not in samleng("people 0803").output
    assert "Nobody has a role in 12." in samleng("people 12").output


def test_a_role_is_taken_back_at_once(samleng: Samleng, url: str, desk: Desk) -> None:
    [code] = codes_of(samleng("invite council 080303"))
    sent(desk, url, clerk=code)
    found = re.search(r"^\s*(\d+)\s+council", samleng("people").output, re.MULTILINE)
    assert found is not None
    result = samleng(f"revoke {found[1]}")
    assert result.exit_code == 0
    assert "no longer council member, ឃុំកំពង់ចំលង" in result.output
    assert "Nobody has a role." in samleng("people").output
    [seen] = sent(desk, url, clerk="INVITE")
    assert "មានតែក្រុមប្រឹក្សា" in seen


def test_a_number_that_is_nobodys_is_told(samleng: Samleng) -> None:
    result = samleng("revoke 12")
    assert result.exit_code == 1
    assert "There is no number 12. See: samleng people" in result.output


def test_the_log_shows_who_did_what(samleng: Samleng, url: str, desk: Desk) -> None:
    assert "Nothing has been written yet." in samleng("audit").output
    [code] = codes_of(samleng("invite caf 080303"))
    sent(desk, url, dara=code)
    samleng("revoke 1")
    shown = samleng("audit").output
    assert [shown.index(word) for word in ("invited", "granted", "revoked")] == sorted(
        shown.index(word) for word in ("invited", "granted", "revoked")
    )
    assert "operator" in shown and "contact 1" in shown and "place 080303" in shown
    assert code not in shown and "dara" not in shown
    assert "invited" not in samleng("audit --last 1").output
