"""HTTP for python-telegram-bot on aiohttp: its own client falls to a quarter of the speed as more is under way."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus
from urllib.request import getproxies

import aiohttp
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

READ, CONNECT, POOL = 20.0, 10.0, 10.0  # seconds, where a call does not say


class AiohttpRequest(BaseRequest):
    """One pool of at most `connections`; made when first used, in the event loop that uses it."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return READ

    async def initialize(self) -> None:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30)
            # Where no proxy is set, aiohttp need not look for one at each request.
            self._session = aiohttp.ClientSession(
                connector=connector, trust_env=bool(getproxies()), headers={"User-Agent": self.USER_AGENT}
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            await asyncio.sleep(0)  # its sockets close in the next round of the loop
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body. A timeout is TimedOut, anything else that breaks NetworkError: both may be tried again."""
        await self.initialize()
        assert self._session is not None
        timeout = aiohttp.ClientTimeout(
            connect=_seconds(pool_timeout, POOL) + _seconds(connect_timeout, CONNECT),
            sock_connect=_seconds(connect_timeout, CONNECT),
            sock_read=_seconds(read_timeout, READ),
        )
        try:
            async with self._session.request(
                method, url, data=_body(request_data), headers=_kind(request_data), timeout=timeout
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            # Not its words: the address in them holds the bot's token.
            raise NetworkError(type(error).__name__) from error


def _seconds(given: Any, default: float) -> float:
    return default if isinstance(given, DefaultValue) or given is None else float(given)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
#: What many are told is the same text and keyboard, and in Khmer it is dear to encode.
_quoted = lru_cache(maxsize=64)(quote_plus)


def _kind(data: RequestData | None) -> dict[str, str] | None:
    """The header that says what the body is, where we encode it."""
    return FORM if data is not None and not data.contains_files else None


def _body(data: RequestData | None) -> aiohttp.FormData | bytes | None:
    """The form as Telegram takes it; in parts where a file is among it."""
    if data is None:
        return None
    if not data.contains_files:
        pairs = data.json_parameters.items()
        return "&".join(f"{name}={_encoded(value)}" for name, value in pairs).encode()
    form = aiohttp.FormData(data.json_parameters)
    for name, (filename, content, kind) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form


def _encoded(value: str) -> str:
    return _quoted(value) if len(value) > 30 else quote_plus(value)
