"""docs/api.md: every example is run as it is written, and what comes of it is as it says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.library import Library
from storage import apikeys, demo, makebelieve
from tests.served import Service, only_sqlite, serving
from tests.test_api import TODAY

pytestmark = [pytest.mark.anyio, only_sqlite]

PAGE = Path(__file__).parent.parent / "docs" / "api.md"
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELIDED = "…"
#: What is compared word for word; of figures only that they are.
EXACT = ("code", "detail", "status", "sample", "rounds", "before", "as_of", "communes", "km", "en")


@dataclass(frozen=True)
class Example:
    """A command, and what it prints: as JSON, as a head of HTTP, or as text; None where the page doesn't say."""

    command: str
    kind: str
    prints: str | None


def examples() -> list[Example]:
    found = []
    fenced = _FENCED.findall(PAGE.read_text(encoding="utf-8"))
    for (kind, text), (next_kind, next_text) in zip(fenced, [*fenced[1:], ("", "")], strict=True):
        if kind == "sh":
            said = next_kind in ("json", "http", "text")
            found.append(Example(text.strip(), next_kind if said else "", next_text if said else None))
    return found


async def curl(command: str, environment: dict[str, str]) -> str:
    """Run in a shell, as somebody would."""
    process = await asyncio.create_subprocess_shell(
        command, env=os.environ | environment | {"NO_PROXY": "*"}, stdout=asyncio.subprocess.PIPE
    )
    printed, _nothing = await process.communicate()
    assert process.returncode == 0
    return printed.decode()


async def read(command: str, environment: dict[str, str]) -> str:
    """What curl would print, for a machine that has none."""
    filled = re.sub(r"\$(\w+)", lambda name: environment[name[1]].replace('"', '\\"'), command)
    words = iter(shlex.split(filled)[1:])
    url, headers, prints = "", {}, "body"
    for word in words:
        match word:
            case "-s":
                pass
            case "-H":
                name, _colon, value = next(words).partition(": ")
                headers[name] = value
            case "-o":
                assert next(words) == "/dev/null"
            case "-D":
                assert next(words) == "-"
                prints = "head"
            case "-w":
                assert next(words) == "%{http_code}"
                prints = "code"
            case _:
                url = word
    async with httpx.AsyncClient() as client:
        response = await client.get(url, headers=headers)
    if prints == "code":
        return str(response.status_code)
    if prints == "head":
        named = "".join(f"{name}: {value}\n" for name, value in response.headers.items())
        return f"HTTP/1.1 {response.status_code} {response.reason_phrase}\n{named}"
    return response.text


@pytest.fixture
async def service(database_url: str, library: Library) -> AsyncIterator[Service]:
    """The web process on a port of its own, with made-up ratings of a district."""
    async with serving(database_url, library) as opened:
        database, vault = opened.app.database, opened.app.desk.vault
        beds = makebelieve.beds(library, ["080302", "080303", "080304"], 2500, TODAY)
        await demo.plant(database, vault, library, beds, TODAY)
        yield opened


@pytest.mark.parametrize("way", [curl, read])
async def test_every_example_does_what_the_page_says(service: Service, way: Any) -> None:
    if way is curl and shutil.which("curl") is None:
        pytest.skip("no curl on this machine; the other way runs the same lines")
    database, vault = service.app.database, service.app.desk.vault
    _number, key = await database.transact(apikeys.make, vault, "M&E", "08", TODAY)
    environment = {"SAMLENG": str(service.client.base_url).rstrip("/"), "KEY": key}
    ran = examples()
    assert len(ran) == 9
    for example in ran:
        printed = await way(example.command, environment)
        match example.kind:
            case "json":
                answer = json.loads(printed)
                assert example.prints is not None
                alike(json.loads(example.prints), answer, example.command)
                if answer.get("next") and "items" in answer:
                    environment["NEXT"] = answer["next"]
            case "http":
                assert example.prints is not None
                status, *headers = example.prints.strip().splitlines()
                assert printed.splitlines()[0] == status
                got = dict(line.partition(": ")[::2] for line in printed.splitlines()[1:] if line)
                for name, _colon, value in (header.partition(": ") for header in headers):
                    assert re.fullmatch(
                        re.escape(value) if name != "etag" else r'W/"[0-9a-f]{24}"', got[name]
                    )
                environment["ETAG"] = got["etag"]
            case "text":
                assert printed == (example.prints or "").strip()
            case _:
                assert json.loads(printed)["items"], example.command
    assert {"NEXT", "ETAG"} <= environment.keys()


def alike(said: Any, got: Any, where: str) -> None:
    """The same names, and under each the same kind of thing. What is elided is not looked at."""
    if said == ELIDED:
        return
    if isinstance(said, dict):
        assert isinstance(got, dict), where
        if ELIDED not in said.values():
            assert said.keys() == got.keys(), where
        for name, value in said.items():
            if name != ELIDED:
                assert name in got, f"{where} {name}"
                if name in EXACT and value != ELIDED and not isinstance(value, dict):
                    assert value == got[name], f"{where} {name}"
                alike(value, got[name], f"{where} {name}")
    elif isinstance(said, list):
        assert isinstance(got, list), where
        assert got, where
        alike(said[0], got[0], where)
    elif said is None or got is None:
        assert said is got, where
    else:
        assert type(said) is type(got), where


async def test_every_address_of_the_page_is_there(service: Service) -> None:
    _number, key = await service.app.database.transact(
        apikeys.make, service.app.desk.vault, "M&E", "08", TODAY
    )
    table = PAGE.read_text(encoding="utf-8")
    addresses = re.findall(r"`(/[a-z][^`]*)`", "\n".join(re.findall(r"^\| `/.*$", table, re.MULTILINE)))
    assert len(addresses) == 12
    for address in addresses:
        response = await service.client.get(f"/api/v1{address}", headers={"Authorization": f"Bearer {key}"})
        assert response.status_code == 200, address
    document = (await service.client.get("/api/v1/openapi.json")).json()
    assert len(document["paths"]) == len(addresses) - 1
    assert document["servers"] == [{"url": "/api/v1"}]
