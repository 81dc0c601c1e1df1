"""Scores for other systems: who may ask what, what is answered, and what is said where nothing can be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Mount

from bot import catalogues
from flows.counts import Counts
from flows.library import Library
from reports import reading
from storage import apikeys, daily, reference
from storage.database import Away, Connection, Database
from storage.tables import api_keys, criteria, sampled
from storage.vault import Vault
from tests import scored
from tests.served import only_sqlite
from web import api_access
from web.api import api

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
DISTRICT = "0803"
COMMUNE, FACILITY = "080303", "hc080303"
ELSEWHERE = "010203"
chains = catalogues.load()
CATALOGUES = {language: chains[language, catalogues.MESSAGES] for language in ("km", "en")}


@dataclass
class Service:
    """The API as the web process mounts it, and a client with a key."""

    database: Database
    vault: Vault
    library: Library
    client: httpx.AsyncClient
    now: datetime = NOW
    key: str = ""

    async def asked(self, path: str, key: str | None = None, **headers: str) -> httpx.Response:
        """The answer to a question."""
        key = self.key if key is None else key
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return await self.client.get(f"/api/v1{path}", headers=headers)

    async def found(self, path: str) -> Any:
        response = await self.asked(path)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, status: int, path: str, key: str | None = None) -> dict[str, Any]:
        """The problem that is the answer."""
        response = await self.asked(path, key)
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = response.json()
        assert problem["status"] == status
        assert problem["detail"]
        assert problem["next"]
        return problem

    async def written(self, statement: sa.Executable) -> None:
        def work(connection: Connection) -> None:
            connection.execute(statement)

        await self.database.transact(work)

    async def opened(self, place: str) -> str:
        """A key for a place."""
        _number, key = await self.database.transact(apikeys.make, self.vault, "M&E", place, TODAY)
        return key


def filled(connection: Connection, library: Library) -> None:
    scored.fill(connection, library, [COMMUNE, "080304", ELSEWHERE])
    scored.put(connection, FACILITY, "2026-Q4", "hc-medicine", Counts((1, 2, 3, 4, 5)), "v:08030301")


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock by which it is counted how often a key asks: it stands still."""
    now = [1000.0]
    monkeypatch.setattr(api_access, "Buckets", partial(api_access.Buckets, lambda: now[0]))
    return now


@asynccontextmanager
async def serving(database: Database, library: Library, vault: Vault) -> AsyncIterator[Service]:
    made = api(database, vault, lambda: service.library, CATALOGUES, lambda: service.now)
    app = Starlette(routes=[Mount("/api/v1", made)])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://samleng") as client:
        service = Service(database, vault, library, client)
        service.key = await service.opened(DISTRICT)
        yield service


@pytest.fixture
async def service(database: Database, library: Library, vault: Vault) -> AsyncIterator[Service]:
    await database.transact(filled, library)
    async with serving(database, library, vault) as opened:
        yield opened


# -- What is answered -------------------------------------------------------------------------------------


@only_sqlite
async def test_a_place_knows_what_it_lies_in_and_what_lies_in_it(service: Service) -> None:
    district = await service.found("/places/0803")
    assert district["name"] == {"km": "ខ្សាច់កណ្ដាល", "en": "Khsach Kandal"}
    assert [above["code"] for above in district["lies_in"]] == ["08"]
    assert COMMUNE in [below["code"] for below in district["contains"]]
    listed = await service.found("/places?prefix=0803&level=commune")
    assert listed["items"] == district["contains"]
    assert listed["next"] is None


@only_sqlite
async def test_pages_follow_one_another_and_miss_nothing(service: Service) -> None:
    whole = await service.found("/places?prefix=0803&limit=1000")
    assert whole["next"] is None
    pages, cursor = [], ""
    while True:
        page = await service.found(f"/places?prefix=0803&limit=37{cursor}")
        pages += page["items"]
        if page["next"] is None:
            break
        assert len(page["items"]) == 37
        cursor = f"&cursor={page['next']}"
    assert pages == whole["items"]


@only_sqlite
async def test_facilities_by_place_and_service(service: Service) -> None:
    found = await service.found("/facilities?prefix=0803&service=hc")
    assert {one["service"] for one in found["items"]} == {"hc"}
    assert all(one["communes"][0].startswith("0803") for one in found["items"])
    one = await service.found(f"/facilities/{FACILITY.upper()}")
    assert one in found["items"]
    assert one["name"]["en"] == "Health centre Kampong Chamlang"


async def test_the_words_of_criteria_themes_and_rounds_are_in_both_languages(service: Service) -> None:
    asked = (await service.found("/criteria"))["items"]
    assert [one["code"] for one in asked if one["service"] == "hc"][:2] == ["hc-presence", "hc-attitude"]
    assert all(one["label"]["km"] and one["question"]["en"] for one in asked)
    themes = (await service.found("/themes"))["items"]
    assert {code for theme in themes for code in theme["criteria"]} == {one["code"] for one in asked}
    [newest, before] = (await service.found("/rounds"))["items"]
    assert (newest["code"], newest["current"], newest["published"]) == ("2026-Q4", True, True)
    assert (newest["first_day"], newest["last_day"]) == ("2026-10-01", "2026-12-31")
    assert (before["code"], before["current"]) == ("2026-Q3", False)


async def test_a_criterion_that_is_no_longer_asked_is_still_named(service: Service) -> None:
    await service.written(sa.update(criteria).where(criteria.c.code == "hc-price").values(retired=True))
    said = {one["code"]: one["retired"] for one in (await service.found("/criteria"))["items"]}
    assert said["hc-price"]
    assert not said["hc-presence"]


@pytest.mark.parametrize("place", [COMMUNE, DISTRICT, "08", "0"])
async def test_a_scorecard_says_what_every_other_view_says(service: Service, place: str) -> None:
    service.key = await service.opened("")
    said = await service.found(f"/scorecards/places/{place}")
    card = await service.database.read(reading.of_place, service.library, "" if place == "0" else place)
    assert (said["place"]["code"], said["rounds"], said["before"]) == (place, ["2026-Q4"], "2026-Q3")
    assert (said["as_of"], said["communes_rated"]) == ("2026-11-20", card.rated)
    for section, service_said in zip(card.sections, said["services"], strict=True):
        for line, line_said in zip(section.lines, service_said["criteria"], strict=True):
            assert line_said["scores"]["counts"] == list(line.counts.five)
            assert line_said["scores"]["median"] == line.counts.median
            assert line_said["before"]["n"] == line.before.n
            assert set(line_said["groups"]) == {"women", "men", "youth"}
    medicine = next(one for one in said["services"][1]["criteria"] if one["code"] == "hc-medicine")
    assert list(medicine["villages"]) == (["08030301"] if place == COMMUNE else [])
    assert [theme["code"] for theme in said["themes"]] == [line.code for line in card.themes]


async def test_one_facility_and_several_rounds(service: Service) -> None:
    newest = await service.found(f"/scorecards/facilities/{FACILITY}")
    both = await service.found(f"/scorecards/facilities/{FACILITY}?round=2026-Q4&round=2026-Q3")
    assert newest["facility"]["code"] == FACILITY
    assert [one["service"] for one in newest["services"]] == ["hc"]
    assert both["rounds"] == ["2026-Q4", "2026-Q3"]
    assert both["services"][0]["raters"] > newest["services"][0]["raters"]


async def test_where_too_few_rated_there_is_null(service: Service) -> None:
    card = await service.found("/scorecards/places/080302")
    assert card["rounds"] == []
    assert all(one["scores"] is None and one["change"] is None for one in card["services"])
    current = await service.found("/scorecards/places/080302?round=2026-Q4")
    assert current["rounds"] == ["2026-Q4"]
    assert current["communes_rated"] == 0


async def test_every_counter_is_loaded_once_page_by_page(service: Service) -> None:
    rows, cursor = [], ""
    while True:
        page = await service.found(f"/scores?limit=71{cursor}")
        rows += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    facilities = [f"{kind}{commune}" for kind in ("ca", "hc", "ps") for commune in (COMMUNE, "080304")]
    assert {row["facility"] for row in rows} == set(facilities)
    # 6 facilities, 2 rounds, 5 criteria, everybody and three groups; and one village.
    assert len(rows) == 6 * 2 * 5 * 4 + 1
    assert len({(r["facility"], r["round"], r["criterion"], r["group"], r["village"]) for r in rows}) == len(
        rows
    )
    assert all(sum(row["counts"]) == row["n"] and row["as_of"] == "2026-11-20" for row in rows)
    [village] = [row for row in rows if row["group"] == "village"]
    assert village["village"] == "08030301"


@pytest.mark.parametrize(
    ("narrowed", "left"),
    [
        ("group=all", 6 * 2 * 5),
        ("group=women&group=men", 6 * 2 * 5 * 2),
        ("group=village", 1),
        ("group=village&group=all", 6 * 2 * 5 + 1),
        (f"place={COMMUNE}&group=all", 3 * 2 * 5),
        ("round=2026-Q3&group=all", 6 * 5),
        (f"facility={FACILITY}&facility=ca080304&group=all", 2 * 2 * 5),
        ("criterion=hc-medicine&criterion=ca-hours&group=all", 4 * 2),
    ],
)
async def test_the_counters_that_are_asked_for(service: Service, narrowed: str, left: int) -> None:
    assert len((await service.found(f"/scores?{narrowed}"))["items"]) == left


async def test_which_communes_have_ratings(service: Service) -> None:
    found = await service.found("/completeness")
    assert (found["place"]["code"], found["rounds"]) == (DISTRICT, ["2026-Q4"])
    assert found["communes"] == len(found["items"]) == 12
    rated = {one["commune"]["code"]: one for one in found["items"] if one["rated"]}
    assert set(rated) == {COMMUNE, "080304"}
    assert found["communes_rated"] == 2
    card = await service.found(f"/scorecards/places/{COMMUNE}")
    assert rated[COMMUNE]["raters"] == {one["service"]: one["raters"] for one in card["services"]}


async def test_made_up_ratings_are_said_to_be(service: Service) -> None:
    for path in (f"/scorecards/places/{COMMUNE}", f"/scorecards/facilities/{FACILITY}", "/completeness"):
        assert (await service.found(path))["sample"] is False
    await service.written(sa.insert(sampled).values(facility=FACILITY))
    for path in (f"/scorecards/places/{COMMUNE}", f"/scorecards/facilities/{FACILITY}", "/completeness"):
        assert (await service.found(path))["sample"] is True
    rows = (await service.found("/scores"))["items"]
    assert {row["facility"] for row in rows if row["sample"]} == {FACILITY}


@only_sqlite
async def test_the_document_needs_no_key_and_names_every_address(service: Service) -> None:
    response = await service.asked("/openapi.json", key="")
    document = response.json()
    assert len(document["paths"]) == 11
    assert "Problem" in document["components"]["schemas"]
    for path in document["paths"].values():
        assert path["get"]["security"]
        assert "application/problem+json" in path["get"]["responses"]["401"]["content"]


# -- Who may ask what -------------------------------------------------------------------------------------


@only_sqlite
async def test_without_a_key_nothing_is_said(service: Service) -> None:
    assert (await service.refused(401, "/places", key=""))["code"] == "no_key"
    assert (await service.refused(401, "/places", key="samleng_wrong"))["code"] == "wrong_key"
    basic = await service.client.get("/api/v1/places", headers={"Authorization": "Basic eDp5"})
    assert basic.status_code == 401
    assert basic.headers["www-authenticate"] == "Bearer"


async def test_a_key_that_was_taken_back_opens_nothing_more(service: Service) -> None:
    number, key = await service.database.transact(apikeys.make, service.vault, "x", "", TODAY)
    assert (await service.asked("/places", key)).status_code == 200
    assert await service.database.transact(apikeys.revoke, number, TODAY)
    await service.refused(401, "/places", key)
    assert not await service.database.transact(apikeys.revoke, number, TODAY)


async def test_a_key_is_kept_as_a_hash_and_its_use_by_the_day(service: Service) -> None:
    await service.found("/places")
    service.now += timedelta(hours=3)
    await service.found("/places")
    [row] = await service.database.read(lambda c: list(c.execute(sa.select(api_keys))))
    assert row.used_on == TODAY
    assert service.key.encode() not in row.hash
    assert service.key[8:] not in repr(row)
    service.now += timedelta(days=1)
    await service.found("/places")
    [key] = await service.database.read(apikeys.listed)
    assert key.used_on == TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    "path",
    [
        f"/scorecards/places/{ELSEWHERE}",
        "/scorecards/places/08",
        "/scorecards/places/0",
        f"/scorecards/facilities/hc{ELSEWHERE}",
        "/scores?place=08",
        f"/scores?facility=hc{ELSEWHERE}",
        "/completeness?place=0",
    ],
)
async def test_a_key_opens_its_place_and_no_other(service: Service, path: str) -> None:
    problem = await service.refused(403, path)
    assert problem["code"] == "other_place"
    assert DISTRICT in problem["detail"]
    nation = await service.opened("")
    assert (await service.asked(path, nation)).status_code == 200


async def test_whatever_a_key_lists_lies_in_its_place(service: Service) -> None:
    rows = (await service.found("/scores?limit=5000"))["items"]
    assert {row["facility"][2:6] for row in rows} == {DISTRICT}
    nation = await service.opened("")
    everything = (await service.asked("/scores?limit=5000", nation)).json()["items"]
    assert {row["facility"][2:8] for row in everything} == {COMMUNE, "080304", ELSEWHERE}


# -- What is not right ------------------------------------------------------------------------------------


@only_sqlite
@pytest.mark.parametrize(
    ("path", "code", "names"),
    [
        ("/places/0899", "no_place", "/places"),
        ("/scorecards/places/080399", "no_place", "/places"),
        ("/completeness?place=0899", "no_place", "/places"),
        ("/facilities/hc999999", "no_facility", "/facilities"),
        ("/scorecards/facilities/nowhere", "no_facility", "/facilities"),
        (f"/scorecards/places/{COMMUNE}?round=2026-Q9", "no_round", "2026-Q4, 2026-Q3"),
        (f"/scorecards/facilities/{FACILITY}?round=x", "no_round", "2026-Q4, 2026-Q3"),
        ("/scores?round=2026-Q4&round=2025", "no_round", "2026-Q4, 2026-Q3"),
        ("/completeness?round=now", "no_round", "2026-Q4, 2026-Q3"),
        ("/scores?criterion=hc-beds", "no_criterion", "/criteria"),
        ("/scores?cursor=x", "no_page", "Give `next`"),
        ("/scores?cursor=MDgwMw", "no_page", "Give `next`"),
        ("/places?cursor=AAAA", "no_page", "Give `next`"),
        ("/no/such/address", "not_found", "openapi.json"),
    ],
)
async def test_what_is_not_there_is_said_with_what_is(
    service: Service, path: str, code: str, names: str
) -> None:
    problem = await service.refused(404, path)
    assert problem["code"] == code
    assert names in problem["detail"] + problem["next"]


@only_sqlite
async def test_an_old_code_leads_to_todays(service: Service) -> None:
    gazetteer = service.library.gazetteer
    old = next(
        old
        for old in gazetteer._successor
        if len(old) == 6 and gazetteer.place(old) is None and gazetteer.current(old)
    )
    service.key = await service.opened("")
    problem = await service.refused(404, f"/scorecards/places/{old}")
    assert gazetteer.current(old) in problem["detail"]


@only_sqlite
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/places?limit=0", "limit"),
        ("/places?limit=ten", "limit"),
        ("/places?level=street", "level"),
        ("/places/8", "code"),
        ("/places/%00", "code"),
        ("/scorecards/places/0803034", "code"),
        ("/scores?rounds=2026-Q4", "rounds: there is no such parameter"),
        ("/scores?round=%00", "round"),
        ("/scores?group=children", "group"),
        ("/scores?cursor=1+1", "cursor"),
        ("/scores?facility=' OR 1=1", "facility"),
    ],
)
async def test_what_is_wrong_with_a_question_is_named(service: Service, path: str, says: str) -> None:
    problem = await service.refused(422, path)
    assert says in problem["detail"]


@only_sqlite
async def test_only_get_is_answered(service: Service) -> None:
    response = await service.client.post("/api/v1/places", headers={"Authorization": f"Bearer {service.key}"})
    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"


@only_sqlite
async def test_an_absent_database_and_our_own_faults_are_problems_too(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(error: Exception) -> Callable[..., Any]:
        def look(*_args: Any) -> Any:
            raise error

        return look

    with monkeypatch.context() as patch:
        patch.setattr(api_access, "_look", broken(Away("no route to 10.0.0.7")))
        problem = await service.refused(503, "/places")
        assert (await service.asked("/places")).headers["retry-after"] == "5"
        assert "10.0.0.7" not in str(problem)
    with monkeypatch.context() as patch:
        patch.setattr(api_access, "_look", broken(ValueError("secret")))
        problem = await service.refused(500, "/places")
        assert "secret" not in str(problem)


# -- How often ----------------------------------------------------------------------------------------------


async def test_who_has_the_answer_is_told_that_nothing_changed(service: Service) -> None:
    path = f"/scorecards/places/{COMMUNE}"
    first = await service.asked(path)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    again = await service.asked(path, **{"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    several = await service.asked(path, **{"If-None-Match": f'"x", {etag.removeprefix("W/")}'})
    assert several.status_code == 304
    for other in (f"{path}?round=2026-Q3", "/scorecards/places/080304"):
        assert (await service.asked(other, **{"If-None-Match": etag})).status_code == 200
    for nothing in ("*", '"x"'):
        assert (await service.asked(path, **{"If-None-Match": nothing})).status_code == 200
    await service.refused(401, path, key="samleng_wrong")


async def test_a_new_day_a_new_library_and_another_key_have_another_answer(service: Service) -> None:
    path = "/completeness"
    etag = (await service.asked(path)).headers["etag"]

    async def same(key: str | None = None) -> bool:
        response = await service.asked(path, key, **{"If-None-Match": etag})
        return response.status_code == 304

    assert await same()
    assert not await same(await service.opened("08"))
    assert await same(await service.opened(DISTRICT))
    await service.database.transact(daily.done, daily.PUBLISHING, TODAY)
    assert not await same()
    etag = (await service.asked(path)).headers["etag"]
    assert await same()
    await service.database.transact(reference.raise_version)
    service.library = await service.database.transact(reference.read)
    assert not await same()


@only_sqlite
async def test_who_asks_too_often_waits(seconds: list[float], service: Service) -> None:
    for _each in range(api_access.BURST):
        await service.found("/rounds")
    refused = await service.asked("/rounds")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["code"] == "too_often"
    # Another key is none the worse for it.
    other = await service.opened(DISTRICT)
    assert (await service.asked("/rounds", other)).status_code == 200
    for passes, allowed in ((1, api_access.RATE), (3600, api_access.BURST)):
        seconds[0] += passes
        for _each in range(allowed):
            await service.found("/rounds")
        assert (await service.asked("/rounds")).status_code == 429
