"""What everybody may read: the start, the search for a commune, and the public part of its scores. No free text ever."""

from __future__ import annotations

import gzip
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import cache
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from flows.library import SERVICES, Library
from reports import letters, reading, trends
from storage.database import Connection
from web.press import STATIC
from web.site import LANGUAGE, LANGUAGE_LASTS, Refusal, Site, form, page, to

KEEP = {"Cache-Control": "public, max-age=31536000, immutable"}
LONGEST = 100  # characters of a search
MOST = 10  # places found

Routes = Iterable[tuple[str, Callable[..., Awaitable[Response]], tuple[str, ...]]]


def routes(made: Site) -> Routes:
    """Path, what answers it, and by which methods."""
    pages = Public(made)
    return (
        ("/", pages.start, ("GET",)),
        ("/c/{code}", pages.commune, ("GET",)),
        ("/language/{code}", pages.speak, ("POST",)),
        ("/static/{name}", pages.static, ("GET",)),
    )


class Public:
    def __init__(self, made: Site) -> None:
        self.site = made

    async def start(self, request: Request) -> Response:
        """What this is, and the way to a commune's page."""
        asked = request.query_params.get("q", "")[:LONGEST].strip()
        found = self._found(asked) if asked else []
        if len(found) == 1 and len(found[0]) == 6:
            return to(self.site, f"/c/{found[0]}")
        return page(self.site, request, "start.html", {"asked": asked, "found": found})

    def _found(self, asked: str) -> list[str]:
        """Codes of communes, nearest first; of a district or province all that lie in it."""
        library = self.site.library()
        answer = library.finder.find(asked)
        if answer.accepted:
            return [answer.accepted[:6]]
        codes: dict[str, None] = {}
        for candidate in answer.candidates:
            for code in candidate.codes:
                codes |= dict.fromkeys(_communes(code, library))
        return list(codes)[:MOST]

    async def commune(self, request: Request) -> Response:
        """The public part of a commune's scores, for its notice board and for everybody."""
        code = request.path_params["code"]
        library = self.site.library()
        place = library.place(code)
        if place is None or len(code) != 6:
            now = library.gazetteer.current(code)
            if now and len(now) == 6:
                return to(self.site, f"/c/{now}")
            raise Refusal(404, "missing.html", {"asked": code})
        data = await self.site.database.read(self._of, library, code, request.query_params.get("round", ""))
        link = f"{self.site.address}/c/{code}"
        data |= {
            "link": link,
            "code": await _qr(link),
            "bot": self.site.username(),
            "number": self.site.number,
        }
        return page(self.site, request, "public.html", data)

    def _of(self, connection: Connection, library: Library, code: str, asked: str) -> dict[str, Any]:
        rounds = chosen(reading.rounds(connection, library, code), asked)
        card = reading.of_place(connection, library, code, rounds[:1], compared=False)
        serving = [facility for service in SERVICES for facility in library.facilities(code, service)]
        all_rounds = reading.rounds(connection, library, code)
        return {
            "card": card,
            "rounds": all_rounds,
            "trends": trends.of_facilities(connection, serving, all_rounds),
            "facilities": serving,
        }

    async def speak(self, request: Request) -> Response:
        """Another language, on the page she was on."""
        sent = await form(self.site, request)
        code = request.path_params["code"]
        if code not in dict(self.site.languages):
            raise Refusal(404, "missing.html")
        path = sent.get("to", "/")
        # Only a path of ours: //elsewhere.example and /\\elsewhere.example are addresses of others.
        response = to(
            self.site,
            path if path[:1] == "/" and path[1:2] not in {"/", "\\"} and path.isprintable() else "/",
        )
        response.set_cookie(
            LANGUAGE,
            code,
            max_age=LANGUAGE_LASTS,
            path=self.site.root or "/",
            secure=self.site.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def static(self, request: Request) -> Response:
        """The style sheet, the icon and the letters, which never change under their names."""
        name = request.path_params["name"]
        if name == self.site.press.sheet:
            return Response((STATIC / "site.css").read_bytes(), 200, KEEP, "text/css")
        if name == "icon.svg":
            return Response((STATIC / name).read_bytes(), 200, KEEP, "image/svg+xml")
        if name == "khmer.ttf":
            packed = "gzip" in request.headers.get("accept-encoding", "")
            headers = {**KEEP, "Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if packed else {})
            return Response(_letters(packed), 200, headers, "font/ttf")
        raise Refusal(404, "missing.html")


def chosen(there: list[str], asked: str) -> list[str]:
    """The rounds from the one that was asked for on; the newest first. One that has nothing is not there."""
    if not asked:
        return there
    if asked not in there:
        raise Refusal(404, "no_round.html", {"asked": asked, "rounds": there})
    return there[there.index(asked) :]


def _communes(code: str, library: Library) -> list[str]:
    """What a place found leads to: itself or its commune, or the communes that lie in it."""
    if len(code) >= 6:
        return [code[:6]]
    below = library.gazetteer.children(code)
    return [found for part in below for found in _communes(part.code, library)]


async def _qr(link: str) -> Markup:
    """The code of an address, as large as the page makes it."""
    from reports import typesetting  # with all that sets type: only where somebody reads such a page

    drawn = re.sub(r'width="(\d+)" height="(\d+)"', r'viewBox="0 0 \1 \2"', typesetting.code(link), count=1)
    return Markup(drawn)  # noqa: S704  # drawn by us, of an address of ours


@cache
def _letters(packed: bool) -> bytes:
    whole = letters.KHMER.read_bytes()
    return gzip.compress(whole, 9) if packed else whole
