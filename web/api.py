"""Scores for other systems, as JSON under /api/v1. Only what is published, and never a word that anybody wrote."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Path, Query

from flows.counts import VILLAGE
from flows.library import SERVICES, Library
from flows.scoretext import theme_name
from flows.text import Catalogue
from reports import reading
from reports.scorecard import Scorecard
from storage import exports, scores
from storage.database import Connection, Database
from storage.vault import Vault
from web import api_models as said
from web.api_access import Parts, Reader, no_place, reader
from web.api_answers import Words, brief, row
from web.api_problems import Refused, documented, install

_ABOUT = """Scores that citizens gave their commune office, health centre and primary school.

Codes of places are NCDD's and are strings. Only what may be shown is there: where fewer than five people said
something, or one could tell from the rest what they said, there is null or no row. Figures move once a day. Every
answer but this document needs a key.
"""

_LEVELS = {"province": 2, "district": 4, "commune": 6, "village": 8}

T = TypeVar("T")
Asker = Annotated[Reader, Depends(reader)]

routes = APIRouter()


def api(
    database: Database,
    vault: Vault,
    library: Callable[[], Library],
    catalogues: Mapping[str, Catalogue],
    clock: Callable[[], datetime],
) -> FastAPI:
    """The API as an application, to be mounted. `library`: the newest snapshot at each call; `catalogues` by language,
    km and en."""
    app = FastAPI(
        title="Samleng",
        version=version("samleng"),
        description=_ABOUT,
        docs_url=None,  # it would load scripts of somebody else's
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.parts = Parts(database, vault, library, dict(catalogues), clock)
    install(app)
    app.include_router(routes)
    return app


# -- Reference data -----------------------------------------------------------------------------------------


@routes.get("/places", responses=documented(404), tags=["reference"])
async def places(asked: Annotated[said.PlacesAsked, Query()], asker: Asker) -> said.Places:
    """Provinces, districts, communes and villages, by what their code begins with."""
    (after,) = _cursor(asked.cursor, 1)
    digits = _LEVELS[asked.level] if asked.level else 0
    found = [
        brief(place)
        for place in asker.library.gazetteer.places
        if place.code.startswith(asked.prefix)
        and place.code > after
        and (not digits or len(place.code) == digits)
    ]
    page, following = _page(found, asked.limit, lambda last: (last.code,))
    return said.Places(items=page, next=following)


@routes.get("/places/{code}", responses=documented(404), tags=["reference"])
async def place(code: Annotated[str, Path(pattern=said.ANY_PLACE)], asker: Asker) -> said.Place:
    """A place with what it lies in and what lies in it."""
    gazetteer = asker.library.gazetteer
    lineage = gazetteer.lineage(code)
    if not lineage:
        raise no_place(code, asker.library)
    return said.Place(
        **brief(lineage[0]).model_dump(),
        lies_in=[brief(above) for above in lineage[1:]],
        contains=[brief(below) for below in gazetteer.below(code)],
        former_codes=list(gazetteer.formerly(code)),
    )


@routes.get("/facilities", responses=documented(404), tags=["reference"])
async def facilities(asked: Annotated[said.FacilitiesAsked, Query()], asker: Asker) -> said.Facilities:
    """Commune offices, health centres and primary schools, with the communes that they serve."""
    (after,) = _cursor(asked.cursor, 1)
    found = [
        facility
        for facility in asker.library.every_facility()
        if facility.code > after
        and (asked.retired or not facility.retired)
        and (asked.service is None or facility.service == asked.service)
        and (not asked.prefix or any(commune.startswith(asked.prefix) for commune in facility.communes))
    ]
    page, following = _page(found, asked.limit, lambda last: (last.code,))
    words = _words(asker)
    return said.Facilities(items=[words.facility(facility) for facility in page], next=following)


@routes.get("/facilities/{code}", responses=documented(404), tags=["reference"])
async def facility(code: Annotated[str, Path(pattern=said.FACILITY)], asker: Asker) -> said.Facility:
    """One facility."""
    found = asker.library.facility(code)
    if found is None:
        raise Refused(
            404, "no_facility", f"There is no facility {code}.", "GET /facilities lists them by place."
        )
    return _words(asker).facility(found)


@routes.get("/criteria", responses=documented(), tags=["reference"])
async def criteria(asker: Asker) -> said.Criteria:
    """What citizens score, service by service in the order it is asked; then what is no longer asked."""
    words = _words(asker)
    return said.Criteria(
        items=[
            said.Criterion(
                **found | {"label": words.of(found["label"]), "question": words.of(found["question"])}
            )
            for found in await asker.read(exports.all_criteria)
        ]
    )


@routes.get("/themes", responses=documented(), tags=["reference"])
async def themes(asker: Asker) -> said.Themes:
    """The themes that criteria of all services belong to."""
    words = _words(asker)
    of: dict[str, list[str]] = {}
    for service in SERVICES:
        for criterion in asker.library.criteria(service):
            of.setdefault(criterion.theme, []).append(criterion.code)
    return said.Themes(
        items=[
            said.Theme(code=theme, name=words.of(theme_name(theme)), criteria=codes)
            for theme, codes in of.items()
        ]
    )


@routes.get("/rounds", responses=documented(), tags=["reference"])
async def rounds(asker: Asker) -> said.Rounds:
    """The current round and all of which there are scores, the newest first."""
    library, words = asker.library, _words(asker)
    published = await asker.read(exports.rounds)
    return said.Rounds(
        items=[
            said.Round(
                code=code,
                name=words.of(library.round_name(code)),
                first_day=library.round_begins(code),
                last_day=library.round_ends(code),
                current=code == asker.current,
                published=code in published,
            )
            for code in reading.newest_first({*published, asker.current}, library)
        ]
    )


# -- Scores -------------------------------------------------------------------------------------------------


@routes.get("/scorecards/places/{code}", responses=documented(403, 404), tags=["scores"])
async def card_of_place(
    code: Annotated[str, Path(pattern=said.PLACE)], asked: Annotated[said.CardAsked, Query()], asker: Asker
) -> said.Card:
    """The scorecard of a commune, district, province or the nation (0). A round without scores gives null."""
    known = asker.place(code)

    def work(connection: Connection) -> Scorecard:
        chosen = asker.rounds(connection, asked.round)
        return reading.of_place(connection, asker.library, known, chosen)

    return _words(asker).card(await asker.read(work))


@routes.get("/scorecards/facilities/{code}", responses=documented(403, 404), tags=["scores"])
async def card_of_facility(
    code: Annotated[str, Path(pattern=said.FACILITY)], asked: Annotated[said.CardAsked, Query()], asker: Asker
) -> said.Card:
    """The scorecard of one facility."""
    known = asker.facility(code)

    def work(connection: Connection) -> Scorecard:
        chosen = asker.rounds(connection, asked.round)
        return reading.of_facility(connection, asker.library, known.code, chosen)

    return _words(asker).card(await asker.read(work))


@routes.get("/scores", responses=documented(403, 404), tags=["scores"])
async def score_rows(asked: Annotated[said.ScoresAsked, Query()], asker: Asker) -> said.ScoreRows:
    """Every counter: facility, round, criterion, and group or village. For loading in bulk, page by page."""
    within = asker.place(asked.place)
    chosen = [asker.facility(code).code for code in asked.facility]
    facility, round_code, criterion, group = _cursor(asked.cursor, 4)

    def work(connection: Connection) -> said.ScoreRows:
        for code in asked.criterion:
            if code not in {found["code"] for found in exports.all_criteria(connection)}:
                raise Refused(
                    404, "no_criterion", f"There is no criterion {code}.", "GET /criteria lists them."
                )
        cells = exports.rows(
            connection,
            within=within,
            facilities=chosen,
            rounds=asker.rounds(connection, asked.round),
            criteria=asked.criterion,
            groups=[VILLAGE if name == "village" else name for name in asked.group],
            after=(facility, round_code, criterion, group),
            most=asked.limit + 1,
        )
        page, following = _page(cells, asked.limit, lambda last: last[:4])
        samples = exports.samples(connection, {cell.facility for cell in page})
        return said.ScoreRows(items=[row(cell, cell.facility in samples) for cell in page], next=following)

    return await asker.read(work)


@routes.get("/completeness", responses=documented(403, 404), tags=["scores"])
async def completeness(asked: Annotated[said.CompletenessAsked, Query()], asker: Asker) -> said.Completeness:
    """Every commune of a place: whether there are scores, and of how many people. A facility that serves several
    communes counts in each."""
    within = asker.place(asked.place)
    words = _words(asker)

    def work(connection: Connection) -> said.Completeness:
        chosen = asker.rounds(connection, asked.round)
        chosen = chosen or reading.rounds(connection, asker.library, within)[:1]
        summed = scores.summed(connection, within, 6, chosen)
        sample = scores.is_sample_within(connection, within)
        return words.completeness(within, chosen, summed, asker.until, sample)

    return await asker.read(work)


# -- Pages --------------------------------------------------------------------------------------------------


def _words(asker: Reader) -> Words:
    return Words(asker.parts.catalogues, asker.library)


def _page(found: Sequence[T], limit: int, key: Callable[[T], tuple[str, ...]]) -> tuple[list[T], str | None]:
    """The first of what was found, and the cursor of what follows; None where nothing does."""
    page = list(found[:limit])
    if len(found) <= limit:
        return page, None
    return page, base64.urlsafe_b64encode("\n".join(key(page[-1])).encode()).decode().rstrip("=")


def _cursor(cursor: str | None, parts: int) -> tuple[str, ...]:
    """What a page ended with; the beginning without a cursor."""
    if cursor is None:
        return ("",) * parts
    try:
        found = tuple(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("\n"))
    except (binascii.Error, ValueError):
        found = ()
    if len(found) != parts or not all(part and part.isprintable() for part in found):
        raise Refused(
            404,
            "no_page",
            "No page of this address begins at this cursor.",
            "Give `next` of the page before, as it is; or begin without a cursor.",
        )
    return found
