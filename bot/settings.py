"""Settings: environment variables named SAMLENG_…, read once. Every wrong or missing one is named, all at once."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.database import read_url

TELEGRAM_API = "https://api.telegram.org"
SMS_API = "https://api.twilio.com"
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
    sms_account_sid: str = ""
    sms_auth_token: str = ""
    sms_from: str = ""
    sms_api: str = SMS_API
    demo: bool | None = None

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        read_url(value)
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

    @field_validator("secret_key")
    @classmethod
    def _key(cls, value: str) -> str:
        if value and len(value) < 16:
            raise ValueError("needs at least 16 characters; make one with: openssl rand -hex 32")
        return value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        sms = {
            "SMS_ACCOUNT_SID": self.sms_account_sid,
            "SMS_AUTH_TOKEN": self.sms_auth_token,
            "SMS_FROM": self.sms_from,
        }
        missing = [name for name, value in sms.items() if not value]
        if missing and len(missing) < len(sms):
            raise ValueError(
                f"{PREFIX}{missing[0]} is missing; SMS needs all of {', '.join(PREFIX + name for name in sms)}"
            )
        if self.sms_on and self.sms_receives and not self.public_url:
            raise ValueError(
                f"{PREFIX}PUBLIC_URL is missing; SMS services sign the public address they call, "
                "so write the one they are given, as in https://samleng.example.org"
            )
        if not self.secret_key and (self.public_url or not self.database_url.startswith("sqlite")):
            raise ValueError(
                f"{PREFIX}SECRET_KEY is missing; a service in public or on a shared database needs one that "
                "all its processes know. Make one with: openssl rand -hex 32"
            )
        return self

    @property
    def telegram_on(self) -> bool:
        return bool(self.telegram_token)

    @property
    def sms_on(self) -> bool:
        return bool(self.sms_account_sid)

    @property
    def sms_receives(self) -> bool:
        """An alphanumeric sender (SAMLENG) cannot be answered: outbound only."""
        return not any(c.isalpha() for c in self.sms_from)

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
            try:
                with open(file, "x", opener=_private) as out:
                    out.write(secrets.token_hex(32))
            except FileExistsError:  # another process was quicker
                pass
        return file.read_text().strip()


def _private(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, 0o600)


def read_settings(**given: object) -> Settings:
    """The settings of the environment, or BadSettings that names each wrong one and what to write."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "".join(PREFIX + str(part).upper() for part in problem["loc"])
            said = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name} {said}".strip())
        raise BadSettings("\n".join(lines)) from None
