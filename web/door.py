"""Signing in by a link from the bot, and out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from storage import signin
from web.public import Routes
from web.site import SESSION, Refusal, Site, form, page, to
from web.turnstile import Turnstile


def routes(made: Site) -> Routes:
    """Path, what answers it, and by which methods."""
    door = Door(made)
    return (
        ("/in", door.how, ("GET",)),
        ("/in/{token}", door.show, ("GET",)),
        ("/in/{token}", door.enter, ("POST",)),
        ("/out", door.leave, ("POST",)),
    )


class Door:
    """Signing in and out."""

    def __init__(self, made: Site) -> None:
        self.site = made
        self.turnstile = Turnstile(made.clock)

    async def how(self, request: Request) -> Response:
        """How one gets in."""
        return page(self.site, request, "how.html", {"bot": self.site.username(), "number": self.site.number})

    async def show(self, request: Request) -> Response:
        """What opens links beforehand to show what is behind them uses none up: one enters by a button."""
        token = request.path_params["token"]
        self._slowly(request)
        contact = await self.site.database.read(signin.opens, self.site.vault, token, self.site.clock())
        if contact is None:
            raise self._closed(request)
        await self._not_anothers(request, contact)
        return page(self.site, request, "enter.html", {"token": token}, private=True)

    async def enter(self, request: Request) -> Response:
        """Take the link and sign in."""
        await form(self.site, request)
        made, token = self.site, request.path_params["token"]
        self._slowly(request)
        contact = await made.database.read(signin.opens, made.vault, token, made.clock())
        if contact is not None:
            await self._not_anothers(request, contact)
        cookie = await made.database.transact(signin.enter, made.vault, token, made.clock())
        if cookie is None:
            raise self._closed(request)
        made.heard("signed_in")
        response = to(made, "/d")
        response.set_cookie(
            SESSION,
            cookie,
            max_age=int(signin.LASTS.total_seconds()),
            path=made.root or "/",
            secure=made.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def leave(self, request: Request) -> Response:
        """Sign out, here and in the database."""
        await form(self.site, request)
        await self.site.database.transact(signin.leave, self.site.vault, request.cookies.get(SESSION, ""))
        response = to(self.site, "/")
        response.delete_cookie(SESSION, path=self.site.root or "/", secure=self.site.secure, httponly=True)
        return response

    async def _not_anothers(self, request: Request, contact: int) -> None:
        """Somebody signed in may not become somebody else by following a link she was sent."""
        made = self.site
        visitor = await made.database.read(
            signin.whose, made.vault, request.cookies.get(SESSION, ""), made.clock()
        )
        if visitor is not None and visitor.contact != contact:
            raise Refusal(403, "anothers.html")

    def _slowly(self, request: Request) -> None:
        wait = self.turnstile.waits(_where(request))
        if wait:
            self.site.heard("sign_in_refused")
            raise Refusal(429, "closed.html", {"wait": True}, {"Retry-After": str(wait)})

    def _closed(self, request: Request) -> Refusal:
        """Mistyped, used, too old, or void because its role is."""
        self.turnstile.wrong(_where(request))
        self.site.heard("wrong_sign_in")
        return Refusal(410, "closed.html", {"wait": False})


def _where(request: Request) -> str:
    """Where a request comes from, as the proxy before us says if there is one. Kept in memory alone, for minutes."""
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded or (request.client.host if request.client else "")
