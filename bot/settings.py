"""Settings: environment variables named SAMLENG_…, read once. Every wrong or missing one is named, all at once."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from broadcasts.press import SEGMENTS_A_DAY, Limits
from broadcasts.schedule import Timing
from flows.channel import SMS, TELEGRAM
from storage.attachments import usable
from storage.database import read_url

TELEGRAM_API = "https://api.telegram.org"
SMS_API = "https://api.twilio.com"
#: Messages a second that Telegram takes from a bot, for nothing and paid for (limits of the Bot API).
TELEGRAM_FREE, TELEGRAM_PAID = 30, 1000
PREFIX = "SAMLENG_"
VAR = Path("var")


class BadSettings(Exception):
    """One line a setting: its name, what is wrong, what to write."""


class NotReady(Exception):
    """The process can't start; the message says what to do."""


class Settings(BaseSettings):
    """What an operator decides. An empty variable counts as absent."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str = f"sqlite:///{VAR}/samleng.db"
    secret_key: str = ""
    public_url: str = ""
    port: int = Field(default=8000, ge=1, le=65535)
    host: str = "127.0.0.1"
    telegram_token: str = ""
    telegram_username: str = ""
    telegram_api: str = TELEGRAM_API
    telegram_secret: str = ""
    telegram_paid: bool = False
    telegram_pace: int = Field(default=TELEGRAM_FREE, ge=1, le=100_000)  # messages a second
    sms_account_sid: str = ""
    sms_auth_token: str = ""
    sms_from: str = ""
    sms_api: str = SMS_API
    sms_pace: int = Field(default=10, ge=1, le=10_000)  # segments a second
    demo: bool | None = None
    quiet_hours: str = "20:00-07:00"
    evening_reminder: str = "18:00"
    last_reminder_hours: int = Field(default=2, ge=0, le=12)
    sms_cap: int = Field(default=SEGMENTS_A_DAY, ge=0)
    attachments: str = f"{VAR}/attachments"

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        read_url(value)
        return value

    @field_validator("attachments")
    @classmethod
    def _attachments(cls, value: str) -> str:
        usable(value)
        return value

    @field_validator("public_url", "telegram_api", "sms_api")
    @classmethod
    def _address(cls, value: str) -> str:
        value = value.rstrip("/")
        if value and not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", value):
            raise ValueError("write an address as in https://samleng.example.org")
        return value

    @field_validator("telegram_token")
    @classmethod
    def _token(cls, value: str) -> str:
        if value and not re.fullmatch(r"\d+:[A-Za-z0-9_-]+", value):
            raise ValueError("write the token as BotFather gave it: digits, a colon, letters")
        return value

    @field_validator("telegram_username")
    @classmethod
    def _username(cls, value: str) -> str:
        value = value.removeprefix("@")
        if value and not re.fullmatch(r"[A-Za-z0-9_]{3,32}", value):
            raise ValueError("write the bot's user name as in samleng_bot")
        return value

    @field_validator("telegram_secret")
    @classmethod
    def _secret(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value):
            raise ValueError("use 1 to 256 of A-Z a-z 0-9 _ -, as Telegram wants it")
        return value

    @field_validator("telegram_pace")
    @classmethod
    def _pace(cls, value: int, given: ValidationInfo) -> int:
        if given.data.get("telegram_api") != TELEGRAM_API:
            return value  # what a server of one's own takes is for its owner to know
        if value > TELEGRAM_PAID:
            raise ValueError(f"is more than Telegram takes; write at most {TELEGRAM_PAID}")
        if value > TELEGRAM_FREE and not given.data.get("telegram_paid"):
            raise ValueError(
                f"is more than the {TELEGRAM_FREE} a second that Telegram takes for nothing; write at most "
                f"{TELEGRAM_FREE}, or SAMLENG_TELEGRAM_PAID=true to pay for more"
            )
        return value

    @field_validator("secret_key")
    @classmethod
    def _key(cls, value: str) -> str:
        if value and len(value) < 16:
            raise ValueError("needs at least 16 characters; make one with: openssl rand -hex 32")
        return value

    @field_validator("quiet_hours")
    @classmethod
    def _quiet(cls, value: str) -> str:
        _quiet_hours(value)
        return value

    @field_validator("evening_reminder")
    @classmethod
    def _evening(cls, value: str, given: ValidationInfo) -> str:
        if not _CLOCK.fullmatch(value):
            raise ValueError("is no time of day; write it as in 18:00")
        quiet = given.data.get("quiet_hours")
        if quiet and _within(value, *_quiet_hours(quiet)):
            raise ValueError(f"is in the quiet hours {quiet}; write a time outside of them")
        return value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        missing = _missing(self.model_dump())
        if missing:
            raise ValueError("\n".join(missing))
        return self

    @property
    def timing(self) -> Timing:
        """When people are told of meetings, and when nobody is."""
        start, end = _quiet_hours(self.quiet_hours)
        last = timedelta(hours=self.last_reminder_hours)
        return Timing(
            time.fromisoformat(start),
            time.fromisoformat(end),
            time.fromisoformat(self.evening_reminder),
            last,
        )

    @property
    def limits(self) -> Limits:
        """How much may be sent."""
        return Limits(self.sms_cap, {TELEGRAM.name: self.telegram_pace, SMS.name: self.sms_pace})

    @property
    def site(self) -> str:
        """The address of our pages: the public one, or in demo mode that of this machine; empty where there is none
        that anybody else could open."""
        if self.public_url or not self.demo_on:
            return self.public_url
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}"  # noqa: S104

    @property
    def telegram_on(self) -> bool:
        return bool(self.telegram_token)

    @property
    def sms_on(self) -> bool:
        return bool(self.sms_account_sid)

    @property
    def sms_receives(self) -> bool:
        """An alphanumeric sender (SAMLENG) cannot be answered: outbound only."""
        return _answerable(self.sms_from)

    @property
    def sms_number(self) -> str:
        """What text messages are sent to; empty where none can be."""
        return self.sms_from if self.sms_on and self.sms_receives else ""

    @property
    def demo_on(self) -> bool:
        """The browser phone: unless decided, on where no real channel is connected."""
        if self.demo is not None:
            return self.demo
        return not (self.telegram_on or self.sms_on or self.public_url)

    def secret(self) -> str:
        """The secret key; on one machine without one it is made once and kept beside the database."""
        if self.secret_key:
            return self.secret_key
        folder = Path(str(read_url(self.database_url).database)).parent
        file = folder / "secret.key"
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            # Whole or not at all: another process may be reading it, or this one may die.
            with tempfile.NamedTemporaryFile("w", dir=folder, prefix="secret.") as out:  # mode 0600
                out.write(secrets.token_hex(32))
                out.flush()
                os.fsync(out.fileno())
                with suppress(FileExistsError):  # another process was quicker
                    os.link(out.name, file)
        return file.read_text().strip()


_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


def _quiet_hours(value: str) -> tuple[str, str]:
    """When they begin and end."""
    start, _dash, end = value.replace(" ", "").partition("-")
    if not (_CLOCK.fullmatch(start) and _CLOCK.fullmatch(end)):
        raise ValueError("are no hours; write them as in 20:00-07:00, or 00:00-00:00 for none")
    return start, end


def _within(clock: str, start: str, end: str) -> bool:
    return start <= clock < end if start <= end else clock >= start or clock < end


SMS_NEEDS = ("sms_account_sid", "sms_auth_token", "sms_from")


def _answerable(sender: str) -> bool:
    return not any(c.isalpha() for c in sender)


def _missing(given: Mapping[str, Any]) -> list[str]:
    """One line for each setting that others need."""
    lines = []
    absent = [name for name in SMS_NEEDS if not given.get(name)]
    sms_on = len(absent) < len(SMS_NEEDS)
    if sms_on:
        needs = ", ".join(PREFIX + name.upper() for name in SMS_NEEDS)
        lines += [f"{PREFIX}{name.upper()} is missing; SMS needs all of {needs}" for name in absent]
    sender = str(given.get("sms_from") or "")
    if sender and _answerable(sender) and not given.get("public_url"):
        lines.append(
            f"{PREFIX}PUBLIC_URL is missing; SMS services sign the public address they call, "
            "so write the one they are given, as in https://samleng.example.org"
        )
    shared = str(given.get("database_url") or "").startswith("postgres")
    if not given.get("secret_key") and (given.get("public_url") or shared):
        lines.append(
            f"{PREFIX}SECRET_KEY is missing; a service in public or on a shared database needs one that "
            "all its processes know. Make one with: openssl rand -hex 32"
        )
    return lines


#: What to write where the type alone decides.
_WRITE = {
    "port": "is no port; write a number from 1 to 65535",
    "demo": "is no yes or no; write true or false",
    "telegram_paid": "is no yes or no; write true or false",
    "sms_pace": "is no number of SMS segments a second; write 1 to 10000, as many as your provider takes",
    "last_reminder_hours": "is no number of hours; write 0 (no reminder) to 12",
    "sms_cap": "is no number of SMS segments a day; write 0 or more",
}


def read_settings(**given: object) -> Settings:
    """The settings of the environment, or BadSettings that names each wrong one and what to write."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "".join(str(part) for part in problem["loc"])
            said = _WRITE.get(name)
            if name == "telegram_pace" and problem["type"] != "value_error":
                said = f"is no number of messages a second; write 1 to {TELEGRAM_FREE}"
            said = said or problem["msg"].removeprefix("Value error, ")
            lines.append(f"{PREFIX}{name.upper()} {said}" if name else said)
        if all(
            problem["loc"] for problem in error.errors()
        ):  # one was wrong, so what is missing was not looked at
            lines += _missing({**EnvSettingsSource(Settings)(), **given})
        raise BadSettings("\n".join(lines)) from None
