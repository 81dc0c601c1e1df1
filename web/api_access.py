"""Who may ask what, how often, and whether there is anything new: all that comes before an answer."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.metadata import version
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from fastapi import Header, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from flows.library import Facility, Library
from flows.text import Catalogue
from storage import apikeys, daily, exports
from storage.apikeys import Key
from storage.database import Connection, Database
from storage.localtime import LOCAL
from storage.vault import Vault
from web.api_problems import Refused, Unchanged

P = ParamSpec("P")
T = TypeVar("T")

#: How often one key may ask: this many at once, and as many a second in the long run.
BURST, RATE = 50, 10
NATION = "0"
_RELEASE = version("samleng")
_HOW = "Send the header Authorization: Bearer KEY, with a key that `samleng api-key create` has made."

_bearer = HTTPBearer(auto_error=False, description="A key that `samleng api-key create` has made.")


class Buckets:
    """How often each key may still ask, in this process. `ticks`: seconds that only go forward."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._left: dict[int, tuple[float, float]] = {}  # by key: how many questions, and when that was

    def take(self, key: int) -> float:
        """Count a question; the seconds to wait where it is one too many, 0 where not."""
        now = self._ticks()
        left, at = self._left.get(key, (float(BURST), now))
        left = min(BURST, left + (now - at) * RATE)
        taken = left >= 1
        self._left[key] = (left - 1 if taken else left, now)
        return 0 if taken else (1 - left) / RATE


@dataclass
class Parts:
    """What the API is made of. `library` is called anew for each question: it is replaced when it changed."""

    database: Database
    vault: Vault
    library: Callable[[], Library]
    catalogues: dict[str, Catalogue]  # by language
    clock: Callable[[], datetime]
    buckets: Buckets = field(default_factory=lambda: Buckets())

    @property
    def today(self) -> date:
        return self.clock().astimezone(LOCAL).date()


@dataclass(frozen=True, slots=True)
class Reader:
    """One question of somebody who may ask."""

    parts: Parts
    library: Library
    key: Key
    until: date | None  # all ratings before this day were looked at

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.parts.database.read(work, *args, **kwargs)

    def place(self, code: str | None) -> str:
        """The code of a place that exists and that the key opens, "" for the nation; by default the key's own."""
        if code is None:
            return self.key.place
        known = "" if code == NATION else code
        if known and self.library.place(known) is None:
            raise no_place(known, self.library)
        if not self.key.opens(known):
            raise self._closed(f"{code} does not lie in it")
        return known

    def facility(self, code: str) -> Facility:
        """A facility that serves any place that the key opens."""
        facility = self.library.facility(code)
        if facility is None:
            raise Refused(
                404, "no_facility", f"There is no facility {code}.", "GET /facilities lists them by place."
            )
        if not any(self.key.opens(commune) for commune in facility.communes):
            raise self._closed(f"{facility.code} serves {', '.join(facility.communes)}")
        return facility

    def rounds(self, connection: Connection, chosen: list[str]) -> list[str]:
        """Those asked for, if any: rounds that exist are the current one, and those of which anything is published."""
        if not chosen:
            return []
        published = exports.rounds(connection)
        known = sorted({*published, self.current}, key=self.library.round_begins, reverse=True)
        for code in chosen:
            if code not in known:
                raise Refused(
                    404,
                    "no_round",
                    f"There is no round {code}. There are: {', '.join(known)}.",
                    "GET /rounds says when each begins and ends.",
                )
        return list(dict.fromkeys(chosen))

    @property
    def current(self) -> str:
        """The round of today."""
        return self.library.round_on(self.parts.today.isoformat())

    def _closed(self, why: str) -> Refused:
        return Refused(
            403,
            "other_place",
            f"This key is for {self.key.place or 'the nation'}, and {why}.",
            "Ask for a place that lies in it, or ask who runs the service for a key of a larger one.",
        )


def no_place(code: str, library: Library) -> Refused:
    """There is no such place; it may have had this code once."""
    now = library.gazetteer.current(code)
    return Refused(
        404,
        "no_place",
        f"There is no place {code}." + (f" Its code is {now} today." if now else ""),
        f"Ask for {now}." if now else "GET /places?prefix= lists places by what their code begins with.",
    )


async def reader(
    request: Request,
    response: Response,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    if_none_match: Annotated[
        str | None, Header(max_length=1000, description="ETag of the answer you have.")
    ] = None,
) -> Reader:
    """Let in who has a key, not too often; and tell who has the answer already that nothing has changed."""
    parts: Parts = request.app.state.parts
    if credentials is None or not credentials.credentials:
        raise Refused(401, "no_key", "This address needs a key.", _HOW, WWW_Authenticate="Bearer")
    key, until, samples = await parts.database.read(_look, parts.vault, credentials.credentials)
    if key is None:
        raise Refused(
            401,
            "wrong_key",
            "There is no such key, or it was taken back.",
            "Ask who runs the service for a new one. " + _HOW,
            WWW_Authenticate='Bearer error="invalid_token"',
        )
    wait = parts.buckets.take(key.id)
    if wait:
        raise Refused(
            429,
            "too_often",
            f"More than {RATE} questions a second, {BURST} at once, are too many.",
            "Wait as long as Retry-After says. GET /scores gives up to 5000 rows at once, and with "
            "If-None-Match what has not changed costs little.",
            Retry_After=str(max(1, math.ceil(wait))),
        )
    today = parts.today
    if key.used_on != today:
        await parts.database.transact(apikeys.used, key.id, today)
    library = parts.library()
    seen = (
        _RELEASE,
        library.version,
        until,
        samples,
        library.round_on(today.isoformat()),
        key.place,
        request.url.path,
        request.url.query,
    )
    etag = f'W/"{hashlib.sha256(repr(seen).encode()).hexdigest()[:24]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if if_none_match and _opaque(etag) in {_opaque(one) for one in if_none_match.split(",")}:
        raise Unchanged(headers)
    response.headers.update(headers)
    return Reader(parts, library, key, until)


def _look(connection: Connection, vault: Vault, key: str) -> tuple[Key | None, date | None, int]:
    """What a key is for, and by what one tells whether anything was published since."""
    return (
        apikeys.find(connection, vault, key),
        daily.until(connection, daily.PUBLISHING),
        exports.how_many_samples(connection),
    )


def _opaque(etag: str) -> str:
    return etag.strip().removeprefix("W/")
