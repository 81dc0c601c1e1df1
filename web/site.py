"""The pages: what they need, how they are wired, and what every answer of theirs has in common."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from flows.library import Library
from flows.text import Catalogue
from storage.attachments import Store
from storage.database import Away, Database
from storage.signin import Visitor
from storage.vault import Vault
from web.press import Press
from web.tongue import Tongue

log = structlog.get_logger(__name__)

SESSION, LANGUAGE = "samleng-session", "samleng-language"
LANGUAGE_LASTS = 365 * 24 * 3600  # seconds
LARGEST = 4096  # bytes of a form; the longest has a key and a page

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass
class Site:
    """What pages are made of. `address` is where they are, as in https://samleng.example.org, empty where that is not
    known; `username` of the bot and `number` for text messages, as far as there are any. `store` has the voice notes and
    photos of comments. `demo`: the browser phone is served too. `heard` counts what happens, without who."""

    database: Database
    vault: Vault
    library: Callable[[], Library]
    catalogue: Callable[[str], Catalogue]  # of a language
    languages: tuple[tuple[str, str], ...]  # (code, own name), the first is the default
    clock: Callable[[], datetime]
    address: str = ""
    username: Callable[[], str] = lambda: ""
    number: str = ""
    store: Store | None = None
    demo: bool = False
    heard: Callable[[str], None] = field(default=lambda event: None)

    @cached_property
    def root(self) -> str:
        """What stands before every path where a service lies below a path of its address; else empty."""
        return urlsplit(self.address).path.rstrip("/")

    @cached_property
    def secure(self) -> bool:
        return self.address.startswith("https:")

    @cached_property
    def press(self) -> Press:
        return Press(
            {code: Tongue(self.catalogue(code), self.library) for code, _name in self.languages}, self.root
        )


class Refusal(Exception):
    """A page that says why something is not shown, and where to go from there. `template`: which one; `data`: what it
    is filled in with, and the `visitor` whom it is for."""

    def __init__(
        self,
        status: int,
        template: str,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, template)
        self.status = status
        self.template = template
        self.data = dict(data or {})
        self.headers = dict(headers or {})


Handler = Callable[[Request], Awaitable[Response]]


def site(made: Site) -> Starlette:
    """All pages as one application."""
    from web import door, official, public

    routes = [
        Route(path, _answered(made, work), methods=list(methods))
        for path, work, methods in (*public.routes(made), *door.routes(made), *official.routes(made))
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)],
        exception_handlers={404: _answered(made, _nowhere), 405: _answered(made, _nowhere)},
    )


async def _nowhere(request: Request, _error: Exception | None = None) -> Response:
    raise Refusal(404, "missing.html")


def _answered(made: Site, work: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """`work`, with what it refuses said as a page, and with the headers that every answer has."""

    async def answer(request: Request, *more: Any) -> Response:
        try:
            response = await work(request, *more)
        except Refusal as refusal:
            data = dict(refusal.data)
            visitor = data.pop("visitor", None)
            response = page(made, request, refusal.template, data, status=refusal.status, visitor=visitor)
            response.headers.update(refusal.headers)
        except Away:
            log.error("database_away")
            response = page(made, request, "away.html", {}, status=503)
            response.headers["Retry-After"] = "5"
        except Exception as error:
            log.error("page_failed", error=type(error).__name__, where=_where(error))
            response = page(made, request, "failed.html", {}, status=500)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answer


def _where(error: BaseException) -> str:
    """The module and line. Not what was raised: a person's words may be in it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"


# -- Pages ------------------------------------------------------------------------------------------------


def page(
    made: Site,
    request: Request,
    template: str,
    data: Mapping[str, Any],
    *,
    status: int = 200,
    visitor: Visitor | None = None,
    private: bool = False,
) -> Response:
    """A page in the reader's language. What only an official sees is kept nowhere (`private`: although nobody is
    signed in); the rest is asked for again, and sent again only where it changed."""
    spoken = language(made, request, visitor)
    query = f"?{request.url.query}" if request.url.query else ""
    common = {
        "here": request.url.path.removeprefix(made.root) + query,
        "languages": made.languages,
        "visitor": visitor,
        "demo": made.demo,
    }
    body = made.press.print(spoken, template, {**common, **data}).encode()
    headers = {"Cache-Control": "no-store", "Vary": "Cookie"}
    if visitor is None and not private and status == 200 and request.method in {"GET", "HEAD"}:
        tag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
        headers |= {"Cache-Control": "no-cache", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
    return Response(body, status, headers, "text/html")


def language(made: Site, request: Request, visitor: Visitor | None = None) -> str:
    """The one she chose here, or speaks with the bot, or the first there is."""
    known = [code for code, _name in made.languages]
    wishes = (request.cookies.get(LANGUAGE, ""), visitor.language if visitor else "")
    return next((wish for wish in wishes if wish in known), known[0])


def to(made: Site, path: str) -> Response:
    """Go on with another page, after a form was sent."""
    return RedirectResponse(made.root + path, 303, {"Cache-Control": "no-store"})


# -- Forms ------------------------------------------------------------------------------------------------


async def form(made: Site, request: Request) -> dict[str, str]:
    """What a form of ours says. One that another site sent is refused: beside the cookie, which does not come along
    from there, what the browser says of where it came from."""
    origin, fetched = (
        request.headers.get("origin", "null"),
        request.headers.get("sec-fetch-site", "same-origin"),
    )
    ours = {request.headers.get("host", ""), urlsplit(made.address).netloc}
    # Browsers say "null" of a page that tells nobody where it is (Referrer-Policy), as all of ours.
    if fetched not in {"same-origin", "none"} or (origin != "null" and urlsplit(origin).netloc not in ours):
        made.heard("forged_form")
        raise Refusal(403, "refused.html", {"why": "elsewhere"})
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST:
            raise Refusal(413, "missing.html")
    try:
        return dict(parse_qsl(raw.decode("ascii"), max_num_fields=10))
    except ValueError:
        raise Refusal(400, "missing.html") from None
