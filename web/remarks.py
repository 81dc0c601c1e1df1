"""The comments of citizens, as those who can act on them read them: masked, by the day, without who."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from flows.comments import Scope, scope
from flows.library import Library
from flows.officials import may
from flows.world import Grant
from storage import comments
from storage.comments import Comment
from storage.database import Connection
from storage.signin import Visitor
from web.site import Refusal, Site, form, page, to

if TYPE_CHECKING:
    from web.official import Official

PAGE = 20  # comments on a page
#: What a browser is told that it gets; everything that is kept was made so when it was fetched.
TYPES = {"voice": "audio/ogg", "photo": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose comments: of a commune `c` or of a facility `f`, by code."""

    kind: str
    code: str

    @property
    def path(self) -> str:
        return f"/d/{self.kind}/{self.code}"


class Remarks:
    """The pages about them."""

    def __init__(self, made: Site, pages: Official) -> None:
        self.site = made
        self.pages = pages

    async def show(self, request: Request) -> Response:
        """A page of them, the newest day first."""
        subject, library = _subject(request), self.site.library()
        waiting = request.query_params.get("waiting", "") == "1"
        number = _number(request.query_params.get("page", ""))
        visitor, data = await self.pages.behind(request, self._listed, library, subject, number, waiting)
        return page(self.site, request, "comments.html", data, visitor=visitor)

    def _listed(
        self,
        connection: Connection,
        visitor: Visitor,
        library: Library,
        subject: Subject,
        number: int,
        waiting: bool,
    ) -> dict[str, Any]:
        read = self._scope(visitor, library, subject)
        today = self.pages.today
        found = comments.listed(
            connection,
            self.site.vault,
            read.facilities,
            read.commune,
            today,
            limit=PAGE + 1,
            offset=PAGE * (number - 1),
            unanswered=waiting,
        )
        there, unanswered = comments.counted(connection, read.facilities, read.commune, today)
        return {
            "subject": subject,
            "number": number,
            "waiting": waiting,
            "comments": found[:PAGE],
            "more": len(found) > PAGE,
            "all": there,
            "unanswered": unanswered,
            "may_answer": answers(visitor.roles, subject, library),
        }

    async def answer(self, request: Request) -> Response:
        """Mark one as answered."""
        subject, library = _subject(request), self.site.library()
        sent = await form(self.site, request)
        _visitor, found = await self.pages.behind(
            request, self._to_answer, library, subject, sent.get("key", "")
        )
        done = await self.site.database.transact(
            comments.answer, self.site.vault, found.facility, found.key, self.pages.today
        )
        if done:
            self.site.heard("comment_answered")
        waiting = "&waiting=1" if sent.get("waiting", "") == "1" else ""
        return to(self.site, f"{subject.path}/comments?page={_number(sent.get('page', ''))}{waiting}")

    def _to_answer(
        self, connection: Connection, visitor: Visitor, library: Library, subject: Subject, key: str
    ) -> Comment:
        if not answers(visitor.roles, subject, library):
            raise _refused(visitor, library, subject)
        return self._one(connection, visitor, library, subject, key)

    async def attachment(self, request: Request) -> Response:
        """The voice note or photo of one, by its key: who may read the comment may hear it."""
        subject, library, key = _subject(request), self.site.library(), request.path_params["key"]
        _visitor, found = await self.pages.behind(request, self._one, library, subject, key)
        store, number = self.site.store, found.attachment
        kept = None
        if store is not None and number is not None and found.kind in TYPES:
            kept = await run_in_threadpool(store.read, number)
        if kept is None:
            raise Refusal(404, "missing.html")
        headers = {"Cache-Control": "private, no-store", "Content-Disposition": "inline"}
        return Response(kept, 200, headers, TYPES[str(found.kind)])

    def _one(
        self, connection: Connection, visitor: Visitor, library: Library, subject: Subject, key: str
    ) -> Comment:
        read = self._scope(visitor, library, subject)
        found = comments.one(
            connection, self.site.vault, read.facilities, read.commune, self.pages.today, key
        )
        if found is None:
            raise Refusal(404, "missing.html")
        return found

    def _scope(self, visitor: Visitor, library: Library, subject: Subject) -> Scope:
        read = scope(visitor.roles, subject.code, library)
        if read is None:
            raise _refused(visitor, library, subject)
        return read


def counted(
    connection: Connection, visitor: Visitor, library: Library, code: str, pages: Official
) -> tuple[int, int] | None:
    """How many comments somebody may read of a commune or facility, and how many of them wait for an answer; None
    where she may read none."""
    read = scope(visitor.roles, code, library)
    if read is None:
        return None
    return comments.counted(connection, read.facilities, read.commune, pages.today)


def answers(roles: tuple[Grant, ...], subject: Subject, library: Library) -> bool:
    """Whether somebody marks these comments as answered: the council. The staff reads what is said of it."""
    facility = library.facility(subject.code)
    communes = facility.communes if facility else (subject.code,)
    return any(may(roles, "comments", commune) for commune in communes)


def _subject(request: Request) -> Subject:
    return Subject(request.path_params["kind"], request.path_params["code"])


def _refused(visitor: Visitor, library: Library, subject: Subject) -> Refusal:
    """There is no such place, or its comments are not hers to read."""
    facility = library.facility(subject.code) if subject.kind == "f" else None
    place = facility.communes[0] if facility else subject.code
    if subject.kind not in {"c", "f"} or len(place) != 6 or library.place(place) is None:
        return Refusal(404, "missing.html")
    return Refusal(403, "refused.html", {"why": "comments", "place": place, "visitor": visitor})


def _number(text: str) -> int:
    """The page that was asked for, from 1."""
    return (
        min(int(text), 10_000) if text.isascii() and text.isdigit() and 0 < len(text) < 9 and int(text) else 1
    )
