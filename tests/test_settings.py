"""Settings: whatever is wrong or missing is named at once, with what to write, and nobody needs to set anything."""

from __future__ import annotations

import os
import stat
import threading
from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.settings import PREFIX, BadSettings, Settings, read_settings
from broadcasts.schedule import Timing
from storage.vault import Vault

KEY = "0123456789abcdef"
TOKEN = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
HERE = "https://samleng.example.org"
SMS = {"SMS_ACCOUNT_SID": "AC1", "SMS_AUTH_TOKEN": "t", "SMS_FROM": "+85512998877"}
PUBLIC = {"PUBLIC_URL": HERE, "SECRET_KEY": KEY}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def read(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(PREFIX + name, value)
    return read_settings()


def refused(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    """What is said, line by line."""
    with pytest.raises(BadSettings) as bad:
        read(monkeypatch, **environment)
    return str(bad.value).splitlines()


# -- What is wrong ----------------------------------------------------------------------------------------

ADDRESS = "write an address as in https://samleng.example.org"
SMS_NEEDS = "is missing; SMS needs all of SAMLENG_SMS_ACCOUNT_SID, SAMLENG_SMS_AUTH_TOKEN, SAMLENG_SMS_FROM"
KEY_NEEDED = (
    "SAMLENG_SECRET_KEY is missing; a service in public or on a shared database needs one that all its "
    "processes know. Make one with: openssl rand -hex 32"
)
URL_NEEDED = (
    "SAMLENG_PUBLIC_URL is missing; SMS services sign the public address they call, so write the one they "
    "are given, as in https://samleng.example.org"
)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "mysql://root@localhost/x", "names mysql; Samleng works on sqlite and postgresql"),
        ("DATABASE_URL", "var", "is no database address; write sqlite:///var/samleng.db or postgresql://…"),
        ("DATABASE_URL", "sqlite://", "needs a file, as in sqlite:///var/samleng.db"),
        ("SECRET_KEY", "short", "needs at least 16 characters; make one with: openssl rand -hex 32"),
        ("PORT", "eighty", "is no port; write a number from 1 to 65535"),
        ("PORT", "0", "is no port; write a number from 1 to 65535"),
        ("PORT", "65536", "is no port; write a number from 1 to 65535"),
        ("TELEGRAM_API", "api.telegram.org", ADDRESS),
        ("TELEGRAM_API", "ftp://api.telegram.org", ADDRESS),
        ("SMS_API", "https://", ADDRESS),
        ("SMS_API", "https://sms.example.org?x=1", ADDRESS),
        ("TELEGRAM_TOKEN", "my bot", "write the token as BotFather gave it: digits, a colon, letters"),
        ("TELEGRAM_USERNAME", "Samleng Bot", "write the bot's user name as in samleng_bot"),
        ("TELEGRAM_SECRET", "a secret!", "use 1 to 256 of A-Z a-z 0-9 _ -, as Telegram wants it"),
        ("TELEGRAM_SECRET", "x" * 257, "use 1 to 256 of A-Z a-z 0-9 _ -, as Telegram wants it"),
        ("DEMO", "maybe", "is no yes or no; write true or false"),
        ("TELEGRAM_PAID", "maybe", "is no yes or no; write true or false"),
        ("TELEGRAM_PACE", "quick", "is no number of messages a second; write 1 to 30"),
        ("TELEGRAM_PACE", "0", "is no number of messages a second; write 1 to 30"),
        (
            "TELEGRAM_PACE",
            "31",
            "is more than the 30 a second that Telegram takes for nothing; write at most 30, or "
            "SAMLENG_TELEGRAM_PAID=true to pay for more",
        ),
        ("TELEGRAM_PACE", "1001", "is more than Telegram takes; write at most 1000"),
        (
            "SMS_PACE",
            "0",
            "is no number of SMS segments a second; write 1 to 10000, as many as your provider takes",
        ),
        ("QUIET_HOURS", "at night", "are no hours; write them as in 20:00-07:00, or 00:00-00:00 for none"),
        ("QUIET_HOURS", "20:00-25:00", "are no hours; write them as in 20:00-07:00, or 00:00-00:00 for none"),
        ("EVENING_REMINDER", "6 pm", "is no time of day; write it as in 18:00"),
        ("EVENING_REMINDER", "21:00", "is in the quiet hours 20:00-07:00; write a time outside of them"),
        ("LAST_REMINDER_HOURS", "two", "is no number of hours; write 0 (no reminder) to 12"),
        ("LAST_REMINDER_HOURS", "13", "is no number of hours; write 0 (no reminder) to 12"),
        ("SMS_CAP", "-1", "is no number of SMS segments a day; write 0 or more"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_write(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    assert refused(monkeypatch, **{name: value}) == [f"SAMLENG_{name} {said}"]


def test_a_wrong_public_address_is_named_with_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = refused(monkeypatch, PUBLIC_URL="samleng.example.org", SECRET_KEY=KEY)
    assert lines == [f"SAMLENG_PUBLIC_URL {ADDRESS}"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"PUBLIC_URL": HERE}, [KEY_NEEDED]),
        ({"DATABASE_URL": "postgresql://localhost/samleng"}, [KEY_NEEDED]),
        ({**PUBLIC, "SMS_FROM": "SAMLENG"}, ["ACCOUNT_SID", "AUTH_TOKEN"]),
        ({**PUBLIC, **SMS, "SMS_AUTH_TOKEN": ""}, ["AUTH_TOKEN"]),
        ({**PUBLIC, "SMS_ACCOUNT_SID": "AC1"}, ["AUTH_TOKEN", "FROM"]),
        (SMS, [URL_NEEDED]),
    ],
)
def test_a_missing_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: list[str]
) -> None:
    expected = [line if " " in line else f"SAMLENG_SMS_{line} {SMS_NEEDS}" for line in said]
    assert refused(monkeypatch, **given) == expected


def test_everything_that_is_wrong_or_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or an operator would start the service once for each."""
    lines = refused(
        monkeypatch,
        PORT="eighty",
        TELEGRAM_TOKEN="my bot",
        DATABASE_URL="postgresql://localhost/samleng",
        SMS_FROM="+85512998877",
    )
    assert [line.split()[0] for line in lines] == [
        "SAMLENG_PORT",
        "SAMLENG_TELEGRAM_TOKEN",
        "SAMLENG_SMS_ACCOUNT_SID",
        "SAMLENG_SMS_AUTH_TOKEN",
        "SAMLENG_PUBLIC_URL",
        "SAMLENG_SECRET_KEY",
    ]


def test_what_was_written_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be a token with one letter wrong, and what is said goes to a log."""
    said = "\n".join(refused(monkeypatch, TELEGRAM_TOKEN="123456-AAHdqTcvCH1", SECRET_KEY="s3cr3t"))
    assert "AAHdqTcvCH1" not in said
    assert "s3cr3t" not in said


# -- What is right ----------------------------------------------------------------------------------------


def test_nothing_has_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert settings.database_url == "sqlite:///var/samleng.db"
    assert settings.port == 8000
    assert settings.host == "127.0.0.1"
    assert not settings.telegram_on
    assert not settings.sms_on


def test_an_empty_setting_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("DATABASE_URL", "PORT", "TELEGRAM_TOKEN", "TELEGRAM_API", "SMS_FROM", "DEMO")
    assert read(monkeypatch, **dict.fromkeys(names, "")) == Settings()


def test_a_whole_configuration_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        **PUBLIC,
        **SMS,
        DATABASE_URL="postgresql://samleng:secret@db.example.org/samleng",
        PORT="80",
        TELEGRAM_TOKEN=TOKEN,
        TELEGRAM_USERNAME="@samleng_bot",
        TELEGRAM_SECRET="a-secret_1",
    )
    assert settings.telegram_on
    assert settings.sms_on
    assert settings.telegram_username == "samleng_bot"
    assert settings.port == 80


def test_the_official_services_are_meant_where_no_other_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert (settings.telegram_api, settings.sms_api) == ("https://api.telegram.org", "https://api.twilio.com")


@pytest.mark.parametrize("name", ["PUBLIC_URL", "TELEGRAM_API", "SMS_API"])
def test_a_slash_at_the_end_of_an_address_does_not_matter(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings = read(monkeypatch, **{**PUBLIC, name: "https://example.org/bot/"})
    assert getattr(settings, name.lower()) == "https://example.org/bot"


@pytest.mark.parametrize(
    ("sender", "receives"),
    [("+85512998877", True), ("1294", True), ("SAMLENG", False), ("Samleng2", False), ("សំឡេង", False)],
)
def test_a_sender_that_is_a_name_cannot_be_answered(
    monkeypatch: pytest.MonkeyPatch, sender: str, receives: bool
) -> None:
    settings = read(monkeypatch, **PUBLIC, **{**SMS, "SMS_FROM": sender})
    assert settings.sms_receives is receives


def test_who_only_sends_needs_no_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, **{**SMS, "SMS_FROM": "SAMLENG"}).sms_on


@pytest.mark.parametrize(
    ("given", "on"),
    [
        ({}, True),
        ({"TELEGRAM_TOKEN": TOKEN}, False),
        ({**SMS, "SMS_FROM": "SAMLENG"}, False),
        (PUBLIC, False),
        ({"TELEGRAM_TOKEN": TOKEN, "DEMO": "true"}, True),
        ({**PUBLIC, "DEMO": "1"}, True),
        ({"DEMO": "false"}, False),
    ],
)
def test_the_browser_phone_is_on_where_no_real_channel_is(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], on: bool
) -> None:
    assert read(monkeypatch, **given).demo_on is on


# -- The secret key ---------------------------------------------------------------------------------------


def at(folder: Path, **given: str) -> Settings:
    return Settings(database_url=f"sqlite:///{folder}/samleng.db", **given)


def test_the_key_that_is_set_is_used_and_none_is_made(tmp_path: Path) -> None:
    assert at(tmp_path / "var", secret_key=KEY).secret() == KEY
    assert not (tmp_path / "var").exists()


def test_without_one_a_key_is_made_once_and_kept_beside_the_database(tmp_path: Path) -> None:
    made = at(tmp_path / "var").secret()
    Vault(made)  # long enough
    assert at(tmp_path / "var").secret() == made
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["secret.key"]


def test_another_database_gets_another_key(tmp_path: Path) -> None:
    assert at(tmp_path / "one").secret() != at(tmp_path / "two").secret()


def test_only_its_owner_can_read_the_key(tmp_path: Path) -> None:
    at(tmp_path).secret()
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_an_operator_may_write_the_key_file_with_an_editor(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text(f"{KEY}\n")
    assert at(tmp_path).secret() == KEY


def test_processes_that_start_together_agree_on_a_key(tmp_path: Path) -> None:
    """The web process and the worker: two keys would mean contacts that one of them can't read."""
    start = threading.Barrier(8)
    keys: list[str] = []

    def process() -> None:
        start.wait()
        keys.append(at(tmp_path).secret())

    threads = [threading.Thread(target=process) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert set(keys) == {(tmp_path / "secret.key").read_text()}


# -- When people are told ---------------------------------------------------------------------------------


def test_quiet_hours_reminders_and_the_cap_are_as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        QUIET_HOURS="21:00 - 06:30",
        EVENING_REMINDER="17:30",
        LAST_REMINDER_HOURS="0",
        SMS_CAP="100",
    )
    assert settings.timing == Timing(time(21), time(6, 30), time(17, 30), timedelta())
    assert settings.limits.segments_a_day == 100


def test_unless_set_they_are_what_people_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch).timing == Timing()


def test_what_is_paid_for_may_be_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, TELEGRAM_PACE="1000", TELEGRAM_PAID="true").limits.pace["telegram"] == 1000


def test_a_server_of_ones_own_takes_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    given = read(monkeypatch, TELEGRAM_API="http://127.0.0.1:8081", TELEGRAM_PACE="5000")
    assert given.limits.pace == {"telegram": 5000, "sms": 10}
