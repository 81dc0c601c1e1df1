"""The files of a scorecard, as officials take them away from the dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from flows.library import Library
from flows.text import Catalogue
from reports import reading
from reports.scorecard import Scorecard, Standing
from storage import scores
from storage.database import Connection
from storage.signin import Visitor
from web.public import chosen
from web.site import Refusal, Site, language

if TYPE_CHECKING:
    from web.official import Official

NATION = "nation"  # in addresses, where a code of no digits would be nothing
KINDS = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


class Downloads:
    """The files of a commune `c`, a facility `f`, or a wider place `p`."""

    def __init__(self, made: Site, pages: Official) -> None:
        self.site = made
        self.pages = pages

    async def file(self, request: Request) -> Response:
        """What a page shows, as PDF, XLSX, CSV or JSON."""
        kind, code, form = (request.path_params[name] for name in ("kind", "code", "form"))
        if form not in KINDS or kind not in {"c", "f", "p"}:
            raise Refusal(404, "missing.html")
        library = self.site.library()
        asked = request.query_params.get("round", "")
        visitor, (card, parts) = await self.pages.behind(
            request, self._scores, library, kind, "" if code == NATION else code, asked
        )
        catalogue = self.site.catalogue(language(self.site, request, visitor))
        content = await run_in_threadpool(self._printed, form, card, parts, library, catalogue)
        # No letter of what was asked for but of a place or facility that there is.
        name = f"samleng-{card.facility or card.place or NATION}-{'-'.join(card.rounds) or 'empty'}.{form}"
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, 200, headers, KINDS[form])

    def _scores(
        self, connection: Connection, visitor: Visitor, library: Library, kind: str, code: str, asked: str
    ) -> tuple[Scorecard, Standing | None]:
        if kind == "f":
            facility = self.pages.allowed_facility(visitor, library, code)
            there = reading.newest_first(scores.rounds_of(connection, [facility.code]), library)
            return reading.of_facility(connection, library, facility.code, chosen(there, asked)[:1]), None
        self.pages.allowed(visitor, library, code, *((6,) if kind == "c" else (0, 2, 4)))
        if kind == "c":
            there = reading.rounds(connection, library, code)
            return reading.of_place(connection, library, code, chosen(there, asked)[:1]), None
        there = self.pages.memory.rounds(connection, library, code)
        wide = self.pages.memory.wide(connection, library, code, chosen(there, asked)[:1])
        return wide.card, wide.standing

    def _printed(
        self, form: str, card: Scorecard, parts: Standing | None, library: Library, catalogue: Catalogue
    ) -> bytes:
        """The file. What makes them is loaded with the first one: it is large, and most processes never make any."""
        from reports import pages, tables
        from reports.poster import Reach

        match form:
            case "pdf":
                bot = self.site.username()
                reach = Reach(f"https://t.me/{bot}", self.site.number or None) if bot else None
                return pages.pdf(card, library, catalogue, parts, pages.Links(self.site.address, reach))
            case "xlsx":
                return tables.xlsx(card, library, catalogue, parts)
            case "csv":
                return tables.csv(card, library, catalogue)
            case _:
                return tables.json(card, library, parts)
