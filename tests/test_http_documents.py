"""Files that officials hand in, through real HTTP: fetched from Telegram, judged, drafted, published."""

from __future__ import annotations

from typing import Any

import pytest

from bot import documents
from bot.documents import LARGEST
from flows.world import Grant
from handlers import informing
from storage import codes, packs
from storage.database import Connection
from tests.handedin import file
from tests.served import Service, only_sqlite, serving
from tests.telegram_people import Person
from tests.telegram_rules import broken
from tests.telegram_server import Fault

pytestmark = pytest.mark.anyio
FACILITY = "hc080304"
DRAFT = "ព្រាងរបស់"


async def clerk(service: Service, role: str = "council", facility: str = "") -> Person:
    """Somebody who was invited to a role in the commune of the files."""
    who = service.person()
    desk = service.app.desk

    def invite(connection: Connection) -> str:
        grant = Grant(role, FACILITY[2:], facility)
        return codes.make(connection, desk.vault, codes.ROLE, service.clock(), grant=grant)

    await service.tell(who.text(await service.app.database.transact(invite)))
    return who


async def stored(service: Service) -> list[packs.Kept]:
    found: list[packs.Kept] = await service.app.database.transact(packs.versions, FACILITY)
    return found


async def test_a_pack_with_one_mistake_is_mended_and_published(database_url: str) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service)
        await service.tell(mom.document("តម្លៃ.xlsx", file("hc080304-bad.xlsx")))
        assert "តារាងតម្លៃសេវា, ជួរដេកទី ៥, D" in mom.newest.text
        assert await stored(service) == []
        await service.tell(mom.document("តម្លៃ.xlsx", file("hc080304.xlsx")))
        assert DRAFT in mom.newest.text
        [kept] = await stored(service)
        assert (kept.pack.state, kept.source_name, kept.author is not None) == ("draft", "តម្លៃ.xlsx", True)
        await service.tell(mom.tap(service.words("Prices")))
        assert "ពិនិត្យជំងឺ — ២,០០០ រៀល" in mom.newest.text
        await service.tell(mom.tap(service.words("Back to the draft")))
        await service.tell(mom.tap(service.words("Publish it")))
        [kept] = await stored(service)
        assert kept.pack.state == "published"
        counted = await service.app.database.transact(packs.read_of, FACILITY)
        assert counted == {}, "a look at a draft is no reading"
        audited = await service.rows("SELECT action FROM audit WHERE action = 'published'")
        assert len(audited) == 1


@only_sqlite
async def test_what_is_published_already_is_not_drafted_again(database_url: str) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service, "staff", FACILITY)
        await service.tell(mom.document("a.xlsx", file("hc080304.xlsx")))
        await service.tell(mom.tap(service.words("Publish it")))
        await service.tell(mom.document("a.xlsx", file("hc080304.xlsx")))
        assert len(await stored(service)) == 1
        assert DRAFT not in mom.newest.text


@only_sqlite
async def test_a_button_of_an_older_draft_publishes_nothing_else(database_url: str) -> None:
    async with serving(database_url) as service:
        mom, dara = await clerk(service), await clerk(service)
        await service.tell(mom.document("a.xlsx", file("hc080304.xlsx")))

        def another(connection: Connection) -> None:
            from dataclasses import replace

            draft = packs.draft(connection, FACILITY)
            assert draft is not None
            packs.keep(connection, replace(draft, items=draft.items[:1]), None, service.clock())

        await service.app.database.transact(another)
        await service.tell(mom.tap(service.words("Publish it")))
        assert [kept.pack.state for kept in await stored(service)] == ["draft"]
        assert dara.heard


@only_sqlite
@pytest.mark.parametrize(("role", "facility"), [("caf", ""), ("viewer", ""), ("", ""), ("staff", "hc999999")])
async def test_others_publish_nothing(role: str, facility: str, database_url: str) -> None:
    async with serving(database_url) as service:
        who = await clerk(service, role, facility) if role else service.person()
        await service.tell(who.document("a.xlsx", file("hc080304.xlsx")))
        assert await stored(service) == []
        fetched = service.telegram.called("getFile")
        assert bool(fetched) == (role == "staff"), "only files of those who may publish are fetched"


@only_sqlite
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.docx", b"PK\3\4", ".docx"),
        ("", b"\0", ".xlsx"),
        ("a.xlsx", b"", "xlsx"),
        ("a.xlsx", b"PK\3\4 no more", "xlsx"),
        ("../../etc/passwd.xlsx", b"root", "xlsx"),
        ("a.yaml", b"facility: [", "YAML"),
        ("a.yaml", b"&a [*a, *a]", "បន្ទាត់ទី 1"),
    ],
)
async def test_what_is_no_pack_is_said_and_nothing_stored(
    name: str, content: bytes, said: str, database_url: str
) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service)
        await service.tell(mom.document(name, content))
        assert said in mom.newest.text
        assert "មិនបានរក្សាទុកទេ" in mom.newest.text
        assert await stored(service) == []


@only_sqlite
async def test_a_file_that_is_too_large_is_not_fetched(database_url: str) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service)
        await service.tell(mom.document("a.xlsx", b"x", LARGEST + 1))
        assert "5 MB" in mom.newest.text
        assert not service.telegram.called("getFile")
        await service.tell(mom.document("a.xlsx", b"x" * (LARGEST + 1), 1))
        assert "5 MB" in mom.newest.text


@only_sqlite
async def test_a_file_that_can_not_be_fetched_may_be_sent_again(database_url: str) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service)
        service.telegram.faults.append(Fault("getFile", broken()))
        await service.tell(mom.document("a.xlsx", file("hc080304.xlsx")))
        assert "Telegram" in mom.newest.text
        await service.tell(mom.document("a.xlsx", file("hc080304.xlsx")))
        assert DRAFT in mom.newest.text


@only_sqlite
async def test_a_check_that_fails_leaves_nobody_stuck(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: Any) -> Any:
        raise RecursionError

    async with serving(database_url) as service:
        mom = await clerk(service)
        monkeypatch.setattr(documents, "check", fails)
        await service.tell(mom.document("a.xlsx", file("hc080304.xlsx")))
        assert "មិនអាចអានឯកសារនេះបានទេ" in mom.newest.text


@only_sqlite
async def test_a_file_delivered_twice_is_drafted_once(database_url: str) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service)
        update = mom.document("a.xlsx", file("hc080304.xlsx"))
        await service.tell(update)
        await service.tell(update)
        assert len(await stored(service)) == 1
        assert sum(DRAFT in message.text for message in mom.heard) == 1


@only_sqlite
async def test_a_role_that_was_taken_back_meanwhile_publishes_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service)
        await service.tell(mom.document("a.xlsx", file("hc080304.xlsx")))
        monkeypatch.setattr(informing, "publishes", lambda held, facility: False)
        await service.tell(mom.tap(service.words("Publish it")))
        assert [kept.pack.state for kept in await stored(service)] == ["draft"]
