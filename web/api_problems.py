"""What the API says when there is no answer: the cause and the next step, as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from storage.database import Away
from web.api_models import Problem

log = structlog.get_logger(__name__)

PATH = "/api/v1"  # where the API lies
MEDIA = "application/problem+json"
AGAIN = 5  # seconds after which it is worth asking again while the database is away
_REF = {"$ref": "#/components/schemas/Problem"}


class Refused(Exception):
    """There is no answer. `code` is permanent, for programs; `detail` the cause, `next` what to do."""

    def __init__(self, status: int, code: str, detail: str, next_: str, **headers: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.next = next_
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Unchanged(Exception):
    """The asker has this answer already."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.headers = headers


def documented(*more: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: what else an endpoint may answer."""
    said = {
        304: "You have it already: it has not changed since the answer with this ETag.",
        401: "No key, or one that is not valid (any more).",
        403: "The key is for another place.",
        404: "There is no such thing; the detail says which there are.",
        422: "Something in the question is not right; the detail says what.",
        429: "Too many questions; see Retry-After.",
        503: "The database does not answer; see Retry-After.",
    }
    made: dict[int | str, dict[str, Any]] = {}
    for status in sorted({304, 401, 422, 429, 503, *more}):
        made[status] = {"description": said[status]}
        if status != 304:
            made[status]["content"] = {MEDIA: {"schema": _REF}}
        if status in (429, 503):
            seconds = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
            made[status]["headers"] = {"Retry-After": seconds}
    return made


def install(app: FastAPI) -> None:
    """Let every error be a problem."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Unchanged, _unchanged)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Away, _away)
    app.add_exception_handler(Exception, _failed)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                servers=[{"url": PATH}],
            )
            schemas = made["components"]["schemas"]
            schemas["Problem"] = Problem.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # the way FastAPI documents


def _problem(
    status: int, code: str, detail: str, next_: str, headers: Mapping[str, str] | None = None
) -> Response:
    title = HTTPStatus(status).phrase
    said = Problem(title=title, status=status, code=code, detail=detail, next=next_)
    return JSONResponse(
        said.model_dump(), status, {"Cache-Control": "no-store", **(headers or {})}, media_type=MEDIA
    )


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 # for the type checker
    return _problem(error.status, error.code, error.detail, error.next, error.headers)


async def _unchanged(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Unchanged)  # noqa: S101
    return Response(status_code=304, headers=dict(error.headers))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    said = []
    for problem in error.errors()[:5]:
        where = ".".join(str(part) for part in problem["loc"][1:]) or "the question"
        unknown = problem["type"] == "extra_forbidden"
        said.append(f"{where}: {'there is no such parameter' if unknown else problem['msg']}")
    return _problem(
        422, "invalid", "; ".join(said), "Correct these parameters; openapi.json says what each may be."
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    match error.status_code:
        case 404:
            detail, next_ = "There is nothing at this address.", "openapi.json lists every address."
        case 405:
            detail, next_ = "The API only answers GET.", "Ask with GET."
        case _:
            detail, next_ = str(error.detail), "openapi.json says how to ask."
    code = HTTPStatus(error.status_code).name.lower()
    return _problem(error.status_code, code, detail, next_, error.headers)


async def _away(_request: Request, _error: Exception) -> Response:
    log.error("database_away")
    return _problem(
        503,
        "away",
        "The database does not answer.",
        "Ask again in some seconds; if it stays so, tell who runs the service.",
        {"Retry-After": str(AGAIN)},
    )


async def _failed(_request: Request, error: Exception) -> Response:
    """Starlette raises it again after this answer, and the server logs it."""
    log.error("api_failed", error=type(error).__name__)
    return _problem(500, "failed", "Something went wrong on our side.", "Tell who runs the service.")
