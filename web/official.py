"""What officials see when they are signed in: their places, communes, facilities, and tables of wider places."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Concatenate, ParamSpec, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from flows import khmer
from flows.library import SERVICES, Facility, Library
from flows.world import Grant
from reports import reading, trends
from storage import scores, signin
from storage.database import Connection
from storage.localtime import day_and_time
from storage.signin import Visitor
from web import access, remarks, shown
from web.around import meetings, reads
from web.downloads import NATION, Downloads
from web.memory import Memory
from web.public import Routes, chosen
from web.remarks import Remarks
from web.site import SESSION, Refusal, Site, language, page, to

P = ParamSpec("P")
R = TypeVar("R")
#: What templates ask of what is shown.
SHOWN = {"by_group": shown.by_group, "by_village": shown.by_village, "compared": shown.compared}


def routes(made: Site) -> Routes:
    """Path, what answers it, and by which methods."""
    pages = Official(made)
    files, said = Downloads(made, pages), Remarks(made, pages)
    return (
        ("/d", pages.home, ("GET",)),
        ("/d/c/{code}", pages.commune, ("GET",)),
        ("/d/{kind}/{code}/comments", said.show, ("GET",)),
        ("/d/{kind}/{code}/comments", said.answer, ("POST",)),
        ("/d/{kind}/{code}/attachments/{key}", said.attachment, ("GET",)),
        ("/d/f/{code}", pages.facility, ("GET",)),
        ("/d/p/{code}", pages.place, ("GET",)),
        ("/d/{kind}/{code}/scores.{form}", files.file, ("GET",)),
    )


class Official:
    """The pages behind the door. Each asks anew who is there, and whether she may see the place."""

    def __init__(self, made: Site) -> None:
        self.site = made
        self.memory = Memory(made.clock)

    async def behind(
        self,
        request: Request,
        work: Callable[Concatenate[Connection, Visitor, P], R],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[Visitor, R]:
        """Who is signed in, and what `work` finds for her, in one transaction that reads."""
        return await self.site.database.read(self._behind, request, work, *args, **kwargs)

    def _behind(
        self,
        connection: Connection,
        request: Request,
        work: Callable[Concatenate[Connection, Visitor, P], R],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[Visitor, R]:
        visitor = signin.whose(
            connection, self.site.vault, request.cookies.get(SESSION, ""), self.site.clock()
        )
        if visitor is None:
            raise Refusal(
                401, "how.html", {"bot": self.site.username(), "number": self.site.number, "signed_out": True}
            )
        return visitor, work(connection, visitor, *args, **kwargs)

    @property
    def today(self) -> date:
        return date.fromisoformat(day_and_time(self.site.clock())[0])

    # -- Her places ------------------------------------------------------------------------------------

    async def home(self, request: Request) -> Response:
        """Her roles, and where each leads. Who has one place only is led there."""
        visitor, _nothing = await self.behind(request, lambda _connection, _visitor: None)
        ways = {self.way(grant): grant for grant in visitor.roles}
        if len(ways) == 1:
            return to(self.site, next(iter(ways)))
        return page(self.site, request, "home.html", {"ways": ways}, visitor=visitor)

    def way(self, grant: Grant) -> str:
        """The page of a role."""
        if grant.role == "staff":
            return f"/d/f/{grant.facility}"
        return f"/d/c/{grant.place}" if len(grant.place) == 6 else f"/d/p/{grant.place or NATION}"

    # -- A commune -------------------------------------------------------------------------------------

    async def commune(self, request: Request) -> Response:
        """All there is to know of a commune."""
        code, library = request.path_params["code"], self.site.library()
        visitor, data = await self.behind(
            request, self._commune, library, code, request.query_params.get("round", "")
        )
        return page(self.site, request, "commune.html", data, visitor=visitor)

    def _commune(
        self, connection: Connection, visitor: Visitor, library: Library, code: str, asked: str
    ) -> dict[str, Any]:
        self.allowed(visitor, library, code, 6)
        there = reading.rounds(connection, library, code)
        serving = serving_of(library, code)
        return {
            "card": reading.of_place(connection, library, code, chosen(there, asked)[:1]),
            "rounds": there,
            "trends": trends.of_facilities(connection, serving, there),
            "facilities": serving,
            "comments": remarks.counted(connection, visitor, library, code, self),
            "meetings": meetings(connection, code),
            "reads": reads(connection, serving),
            "wider": {above: access.sees(visitor.roles, above) for above in (code[:4], code[:2], "")},
        } | SHOWN

    # -- A facility ------------------------------------------------------------------------------------

    async def facility(self, request: Request) -> Response:
        """One office, centre or school."""
        code, library = request.path_params["code"], self.site.library()
        visitor, data = await self.behind(
            request, self._facility, library, code, request.query_params.get("round", "")
        )
        return page(self.site, request, "facility.html", data, visitor=visitor)

    def _facility(
        self, connection: Connection, visitor: Visitor, library: Library, code: str, asked: str
    ) -> dict[str, Any]:
        facility = self.allowed_facility(visitor, library, code)
        there = reading.newest_first(scores.rounds_of(connection, [facility.code]), library)
        return {
            "card": reading.of_facility(connection, library, facility.code, chosen(there, asked)[:1]),
            "facility": facility,
            "rounds": there,
            "trends": trends.of_facilities(connection, [facility], there),
            "reads": reads(connection, [facility]),
            "comments": remarks.counted(connection, visitor, library, facility.code, self),
            "ours": [place for place in facility.communes if access.sees(visitor.roles, place)],
        } | SHOWN

    # -- Wider places ----------------------------------------------------------------------------------

    async def place(self, request: Request) -> Response:
        """The communes of a district, the districts of a province, the provinces of the nation."""
        code = "" if request.path_params["code"] == NATION else request.path_params["code"]
        if len(code) == 6:
            return to(self.site, f"/d/c/{code}")
        by = request.query_params.get("sort", "name")
        if by not in shown.COLUMNS:
            raise Refusal(404, "missing.html")
        down = request.query_params.get("down", "") == "1"
        library = self.site.library()
        visitor, data = await self.behind(
            request, self._place, library, code, request.query_params.get("round", "")
        )
        tongue = self.site.press.tongues[language(self.site, request, visitor)]
        rows = data["standing"].rows
        names = {row.place: khmer.collation(tongue.name(row.place)) for row in rows}
        data |= {"rows": shown.ordered(rows, by, names, down=down), "by": by, "down": down}
        return page(self.site, request, "place.html", data, visitor=visitor)

    def _place(
        self, connection: Connection, visitor: Visitor, library: Library, code: str, asked: str
    ) -> dict[str, Any]:
        self.allowed(visitor, library, code, 0, 2, 4)
        there = self.memory.rounds(connection, library, code)
        rounds = chosen(there, asked)[:1]
        wide = self.memory.wide(connection, library, code, rounds)
        return {
            "card": wide.card,
            "standing": wide.standing,
            "counted": wide.counted,
            "communes": (
                sum(n for n, _all in wide.counted.values()),
                sum(n for _n, n in wide.counted.values()),
            ),
            "rounds": there,
            "slug": code or NATION,
            "wider": [above for above in _above(code) if access.sees(visitor.roles, above)],
        } | SHOWN

    # -- What she may ----------------------------------------------------------------------------------

    def allowed(self, visitor: Visitor, library: Library, code: str, *digits: int) -> None:
        """Refuses a place that there is not, and one outside of her roles."""
        if len(code) not in digits or (code and library.place(code) is None):
            raise Refusal(404, "missing.html", {"asked": code})
        if not access.sees(visitor.roles, code):
            raise Refusal(403, "refused.html", {"why": "place", "place": code, "visitor": visitor})

    def allowed_facility(self, visitor: Visitor, library: Library, code: str) -> Facility:
        """The same of a facility."""
        facility = library.facility(code)
        if facility is None:
            raise Refusal(404, "missing.html", {"asked": code})
        if not access.sees_facility(visitor.roles, facility):
            refused = {"why": "facility", "place": facility.communes[0], "visitor": visitor}
            raise Refusal(403, "refused.html", refused)
        return facility


def serving_of(library: Library, commune: str) -> list[Facility]:
    """Every facility that serves a commune."""
    return [facility for service in SERVICES for facility in library.facilities(commune, service)]


def _above(code: str) -> list[str]:
    return [code[:digits] for digits in range(len(code) - 2, -1, -2)]
