"""Whatever the API's document allows to be asked, and much that it doesn't: no answer is our fault, and each is of the
shape that the document promises."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import settings
from schemathesis.checks import CHECKS

from flows.library import Library
from storage import apikeys, demo, makebelieve
from storage.database import Database, connect
from storage.vault import Vault
from tests.conftest import DIALECTS, _admin, _named
from tests.test_api import CATALOGUES, NOW, TODAY
from web.api import api
from web.api_access import Buckets

DISTRICT = "0803"
HOME = "http://samleng/api/v1"
Answer = Callable[[Any], httpx.Response]


def document() -> dict[str, Any]:
    """What the API says of itself, without a database."""
    nothing: Any = None
    said: dict[str, Any] = api(nothing, nothing, nothing, {}, nothing).openapi()
    return said


schema = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="module", params=DIALECTS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of its own for all of these tests."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("schema") / "samleng.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: str = request.getfixturevalue("postgres")
    asyncio.run(_admin(server, "CREATE DATABASE samleng_schema TEMPLATE template_samleng"))
    yield _named(server, "samleng_schema")
    asyncio.run(_admin(server, "DROP DATABASE samleng_schema WITH (FORCE)"))


@pytest.fixture(scope="module")
def answer(url: str, library: Library, vault: Vault) -> Iterator[Answer]:
    """Asks the API, which has made-up ratings of a district and runs in a loop of its own."""

    async def opened() -> tuple[Database, httpx.AsyncClient, str]:
        database = connect(url)
        communes = [place.code for place in library.gazetteer.below(DISTRICT)]
        beds = makebelieve.beds(library, communes, 600, TODAY)
        await demo.plant(database, vault, library, beds, TODAY)
        _number, key = await database.transact(apikeys.make, vault, "M&E", DISTRICT, TODAY)
        made = api(database, vault, lambda: library, CATALOGUES, lambda: NOW)
        made.state.parts.buckets = Buckets(itertools.count(0, 1000).__next__)  # as if each asked much later
        transport = httpx.ASGITransport(made, raise_app_exceptions=False, root_path="/api/v1")
        return database, httpx.AsyncClient(transport=transport), key

    async def closed(database: Database, client: httpx.AsyncClient) -> None:
        await client.aclose()
        await database.close()

    with start_blocking_portal() as portal:
        database, client, key = portal.call(opened)

        def ask(case: Any) -> httpx.Response:
            given = case.as_transport_kwargs(base_url=HOME)
            asked = requests.Request(**given).prepare()
            assert asked.method
            assert asked.url
            headers = dict(asked.headers)
            if not schema.is_security_param_negated(
                case
            ):  # else it is tried what comes of a question without a key
                headers["Authorization"] = f"Bearer {key}"
            sent = client.build_request(asked.method, asked.url, headers=headers, content=asked.body)
            return portal.call(client.send, sent)

        yield ask
        portal.call(closed, database, client)


@schema.parametrize()
@settings(max_examples=15, derandomize=True, deadline=None, database=None)
def test_every_answer_is_one_that_the_document_promises(case: Any, answer: Answer) -> None:
    response = answer(case)
    # That without a key nothing is said is in tests/test_api.py; this check would ask by itself.
    case.validate_response(response, excluded_checks=CHECKS.get_by_names(["ignored_auth"]))
    assert response.status_code < 500
