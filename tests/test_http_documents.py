"""Files that officials hand in, through real HTTP: fetched from Telegram, judged, drafted, published."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from bot import documents
from bot.channels import telegram
from bot.documents import LARGEST
from flows.world import Grant
from handlers import informing
from reports.template import ABOUT_ROW
from storage import audit, codes, packs
from storage.database import Connection
from storage.packlayout import ABOUT, FORMS
from tests.handedin import file
from tests.packs import pack
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


# -- The template, and drafts that wait -------------------------------------------------------------------


async def test_the_template_is_sent_and_can_be_handed_in(database_url: str) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service, "staff", FACILITY)
        await service.tell(mom.tap(service.words("My tasks")))
        await service.tell(mom.tap(service.words("Publish information")))
        await service.tell(mom.tap(service.words("Get the empty template (Excel)")))
        [given] = service.telegram.called("sendDocument")
        assert mom.newest.body["document"]["file_name"] == f"{FACILITY}.xlsx"
        assert "សូមបំពេញឯកសារគំរូរបស់" in mom.newest.body["caption"]
        assert mom.newest.labels  # the menu
        book = load_workbook(BytesIO(service.telegram.files[given["document"]]))
        assert [sheet.title for sheet in book] == [form.km for form in (ABOUT, *FORMS)]
        assert book[ABOUT.km].cell(ABOUT_ROW, 2).value == FACILITY
        await service.settled()
        assert await service.rows("SELECT state FROM outbox WHERE state != 'sent'") == []


@only_sqlite
async def test_a_template_that_can_not_be_written_leaves_the_words(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_wanted: dict[str, Any]) -> bytes:
        raise OSError("no room")

    async with serving(database_url) as service:
        mom = await clerk(service, "staff", FACILITY)
        monkeypatch.setattr(telegram, "blank", fails)
        await service.tell(mom.text("ឯកសារគំរូ"))
        assert "សូមបំពេញឯកសារគំរូរបស់" in mom.newest.text
        assert service.telegram.called("sendDocument") == []


@only_sqlite
async def test_a_draft_waits_for_who_may_publish_it_and_nobody_else(database_url: str) -> None:
    async with serving(database_url) as service:
        mom = await clerk(service)
        await service.tell(mom.document("a.xlsx", file("hc080304.xlsx")))
        await service.tell(mom.tap(service.words("Leave it as a draft")))
        await service.tell(mom.tap(service.words("My tasks")))
        waiting = service.words("Drafts to publish ({count})").format(count="១")
        assert waiting in mom.newest.labels
        for role, facility in (("staff", "ps080304"), ("viewer", "")):
            other = await clerk(service, role, facility)
            await service.tell(other.text("ម៉ឺនុយ"))
            await service.tell(other.tap(service.words("My tasks")))
            assert waiting not in other.newest.labels
            await service.tell(other.text("ព្រាង"))
            assert "កោះចូរ៉ាម" not in other.newest.text
            assert not any("មណ្ឌលសុខភាព" in label for label in other.newest.labels)
        await service.tell(mom.tap(waiting))
        await service.tell(mom.tap("មណ្ឌលសុខភាព កោះចូរ៉ាម"))
        assert DRAFT in mom.newest.text
        await service.tell(mom.tap(service.words("Publish it")))
        assert [kept.pack.state for kept in await stored(service)] == ["published"]
        await service.tell(mom.tap(service.words("My tasks")))
        assert waiting not in mom.newest.labels


async def test_a_draft_from_the_command_line_is_published_by_text_message(database_url: str) -> None:
    async with serving(database_url) as service:
        desk, mom = service.app.desk, service.phone()

        def work(connection: Connection) -> str:
            made = replace(pack(FACILITY), items=pack(FACILITY).of("part"))
            packs.keep(connection, made, None, service.clock(), "pack.yaml")
            return codes.make(
                connection, desk.vault, codes.ROLE, service.clock(), grant=Grant("council", FACILITY[2:])
            )

        await service.text(mom.text(await service.app.database.transact(work)))
        await service.text(mom.text("MENU"))
        assert "ព្រាង ១" in (await service.text(mom.text("ការងាររបស់ខ្ញុំ"))).text
        assert "មណ្ឌលសុខភាព" in (await service.text(mom.text("DRAFTS"))).text
        assert DRAFT in (await service.text(mom.text("1"))).text
        await service.text(mom.text("2"))
        [kept] = await stored(service)
        assert kept.pack.state == "published"
        last = (await service.app.database.transact(audit.last, 1))[0]
        assert (last.action, last.detail) == ("published", {"subject": FACILITY, "version": 1})
        assert last.actor is not None


@only_sqlite
async def test_citizens_get_no_template(database_url: str) -> None:
    async with serving(database_url) as service:
        sokha = service.person()
        await service.tell(sokha.text("ឯកសារគំរូ"))
        assert "មានតែក្រុមប្រឹក្សា" in sokha.newest.text
        assert service.words("Publish information") not in sokha.newest.labels
        assert service.telegram.called("sendDocument") == []
