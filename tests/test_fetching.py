"""Voice notes and photos of comments: fetched from Telegram alone, kept sealed, sent to who may hear them, deleted."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from mutagen.oggopus import OggOpus

from bot import attachments as fetching
from bot import worker as worker_process
from bot.attachments import Attachments, fetches
from bot.settings import BadSettings, read_settings
from flows.world import Grant
from storage import attachments, codes, comments
from storage.attachments import AGAIN, KEEP, Opened, Store
from storage.comments import Comment
from storage.database import Connection, Database
from storage.vault import Unreadable, Vault
from tests import phonefiles
from tests.person import Clock
from tests.served import Service, only_sqlite, serving
from tests.telegram_people import Person
from tests.telegram_rules import Dropped, bad, broken
from tests.telegram_server import PATIENCE, Fault

pytestmark = pytest.mark.anyio
FACILITY = "hc080303"
COMMUNE = "080303"


# -- What is to be fetched, and what became of it ---------------------------------------------------------


async def test_each_is_taken_once_then_put_off(database: Database, vault: Vault) -> None:
    now = Clock()()

    def work(connection: Connection) -> None:
        number = attachments.add(connection, vault, "voice", "telegram", "file-1", now)
        assert attachments.take(connection, vault, [], now) is None
        assert attachments.take(connection, vault, ["phone"], now) is None
        at = now
        for tries, pause in enumerate(AGAIN, 1):
            due = attachments.take(connection, vault, ["telegram"], at)
            assert due is not None
            assert (due.number, due.kind, due.file, due.last) == (
                number,
                "voice",
                "file-1",
                tries == len(AGAIN),
            )
            assert attachments.take(connection, vault, ["telegram"], at) is None
            at += pause
        assert attachments.states(connection, [number]) == {number: "waiting"}
        attachments.refused(connection, number, "gone", at)
        assert attachments.take(connection, vault, ["telegram"], at + KEEP) is None
        assert attachments.states(connection, [number]) == {number: "refused"}
        assert attachments.kind(connection, number) is None
        assert not attachments.kept(connection, number, 1, at)

    await database.transact(work)


async def test_what_is_kept_is_deleted_after_two_years_or_with_its_comment(
    database: Database, vault: Vault
) -> None:
    now = Clock()()

    def work(connection: Connection) -> None:
        old, new, dropped = (
            attachments.add(connection, vault, "photo", "telegram", f"file-{n}", now) for n in range(3)
        )
        assert attachments.kept(connection, old, 10, now)
        assert attachments.kept(connection, new, 10, now + timedelta(days=2))
        assert attachments.kind(connection, old) == "photo"
        assert attachments.past(connection, now) == []
        attachments.drop(connection, dropped)
        assert not attachments.kept(connection, dropped, 10, now)
        assert attachments.past(connection, now) == [dropped]
        assert sorted(attachments.past(connection, now + KEEP)) == sorted([old, dropped])
        attachments.forget(connection, [old, dropped])
        assert attachments.past(connection, now + KEEP) == []
        assert attachments.states(connection, [old, new, dropped]) == {new: "kept"}

    await database.transact(work)


def test_a_store_holds_nothing_that_can_be_read(tmp_path: Path, vault: Vault) -> None:
    store = Store(str(tmp_path / "kept"), vault)
    number = b"\x0a" * 16
    assert store.read(number) is None
    store.remove(number)
    store.write(number, b"first")
    store.write(number, b"the voice of Sokha")
    assert store.read(number) == b"the voice of Sokha"
    [file] = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    assert file.name == number.hex()
    assert b"Sokha" not in file.read_bytes()
    with pytest.raises(Unreadable):
        Store(str(tmp_path / "kept"), Vault("another secret key")).read(number)
    store.remove(number)
    assert store.read(number) is None


def test_any_store_that_fsspec_knows_will_do(vault: Vault) -> None:
    store = Store("memory://samleng/kept", vault)
    store.write(b"\x0b" * 16, b"sound")
    assert store.read(b"\x0b" * 16) == b"sound"
    store.remove(b"\x0b" * 16)
    assert store.read(b"\x0b" * 16) is None


@pytest.mark.parametrize(
    ("address", "says"),
    [("s3://bucket/samleng", "Install s3fs"), ("cupboard://upstairs", "Protocol not known")],
)
def test_a_store_whose_driver_is_not_there_is_said_at_the_start(address: str, says: str) -> None:
    with pytest.raises(BadSettings, match="SAMLENG_ATTACHMENTS can't be used") as caught:
        read_settings(attachments=address)
    assert says in str(caught.value)


# -- From Telegram ----------------------------------------------------------------------------------------


def worker(service: Service) -> Attachments:
    app = service.app
    return Attachments(app.database, app.desk, app.store, fetches(app.bot, app.settings.telegram_api, {}))


async def rate(
    service: Service, person: Person, *, voice: bytes | None = None, photo: bytes | None = None
) -> None:
    """She rates, and sends a voice note or photo with it."""
    await service.tell(person.text(f"/start r_{FACILITY}"))
    for score in "43554":
        await service.tell(person.text(score))
    said = person.voice(7, content=voice) if voice is not None else person.photo("បង្គន់", content=photo or b"")
    await service.tell(said)
    await service.tell(person.tap(service.words("Send my rating")))


async def read(service: Service) -> list[Comment]:
    """What the council reads on the next day."""

    def work(connection: Connection) -> list[Comment]:
        tomorrow = service.clock().date() + timedelta(days=1)
        return comments.listed(connection, service.app.desk.vault, [FACILITY], None, tomorrow, limit=10)

    return await service.app.database.transact(work)


@only_sqlite
@pytest.mark.parametrize("kind", ["voice", "photo"])
async def test_it_is_fetched_stripped_and_kept_sealed(database_url: str, tmp_path: Path, kind: str) -> None:
    async with serving(database_url, attachments=str(tmp_path / "kept")) as service:
        content = phonefiles.voice() if kind == "voice" else phonefiles.photo()
        await rate(service, service.person(), **{kind: content})
        row = await service.row("SELECT file, state FROM attachments")
        assert row.state == "waiting" and not any(
            name.encode() in bytes(row.file) for name in service.telegram.files
        )
        [said] = await read(service)
        assert (said.kind, said.attachment, said.state) == (kind, None, "waiting")
        work = worker(service)
        assert await work.step()
        assert not await work.step()
        [said] = await read(service)
        assert said.attachment is not None and said.state == "kept"
        number, store = said.attachment, service.app.store
        opened: Opened | None = await service.app.database.read(attachments.opened, store, number)
        assert opened is not None and opened.kind == kind
        assert opened.content.startswith(b"OggS" if kind == "voice" else b"\xff\xd8")
        assert b"Sokha" not in opened.content
        for file in (tmp_path / "kept").rglob("*"):
            assert file.is_dir() or opened.content[:40] not in file.read_bytes()
        row = await service.row("SELECT file, size FROM attachments")
        assert (bytes(row.file), row.size) == (b"", len(opened.content))
        rating = await service.row("SELECT comment FROM responses")
        assert number not in bytes(rating.comment)


@only_sqlite
async def test_it_comes_from_telegram_and_from_nowhere_else(database_url: str, tmp_path: Path) -> None:
    """Whatever Telegram's answer says, and wherever it leads."""
    asked: list[str] = []

    async def lure(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=phonefiles.voice())

    elsewhere = web.Application()
    elsewhere.router.add_get("/{path:.*}", lure)
    runner = web.AppRunner(elsewhere, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    trap = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with serving(database_url, attachments=str(tmp_path)) as service:
            paths = [
                f"{trap}/x.ogg",
                "/etc/passwd",
                "../../secret.key",
                "files/../../x",
                "a?b=c",
                "//127.0.0.1/x",
                "",
            ]
            for number, path in enumerate([*paths, None]):
                person = service.person(f"ជន{number}")
                await rate(service, person, voice=phonefiles.voice())
                name = next(name for name in service.telegram.files if name.startswith(f"voice-{person.id}"))
                if path is None:
                    service.telegram.redirects[name] = f"{trap}/redirected.ogg"
                else:
                    service.telegram.paths[name] = path
                assert await worker(service).step()
            rows = await service.rows("SELECT state, error FROM attachments ORDER BY error")
            assert [row.state for row in rows] == ["refused"] * (len(paths) + 1)
            assert {row.error for row in rows} == {"no path of Telegram's", "sent elsewhere"}
            assert asked == []
            assert len(service.telegram.downloads) == 1
    finally:
        await runner.cleanup()


@only_sqlite
@pytest.mark.parametrize("told", [True, False], ids=["said so", "did not say"])
async def test_what_is_too_large_is_refused(
    database_url: str, tmp_path: Path, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fetching.LARGEST, "voice", 20_000)
    async with serving(database_url, attachments=str(tmp_path)) as service:
        await rate(service, service.person(), voice=phonefiles.voice(100, 4000))
        if not told:
            whole = service.telegram._get_file
            service.telegram._methods["getFile"] = lambda given: {**whole(given), "file_size": 10}
        assert await worker(service).step()
        row = await service.row("SELECT state, error FROM attachments")
        assert tuple(row) == ("refused", "too large")
        assert len(service.telegram.downloads) == (0 if told else 1)


@only_sqlite
async def test_what_is_no_voice_note_is_refused(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, attachments=str(tmp_path)) as service:
        await rate(service, service.person(), voice=b"<html>hello</html>")
        assert await worker(service).step()
        row = await service.row("SELECT state, error FROM attachments")
        assert tuple(row) == ("refused", "no Ogg file")
        [said] = await read(service)
        assert (said.attachment, said.state) == (None, "refused")
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix == ""]


@only_sqlite
@pytest.mark.parametrize("how", ["500", "breaks", "no store"])
async def test_it_is_tried_again_and_in_the_end_given_up(
    database_url: str, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(database_url, attachments=str(tmp_path / "kept")) as service:
        await rate(service, service.person(), voice=phonefiles.voice())
        work = worker(service)
        if how == "no store":
            (tmp_path / "kept").write_text("a file where the folder should be")
        else:
            error = broken() if how == "500" else Dropped()
            service.telegram.faults.append(Fault("getFile", error, times=100))
        for pause in AGAIN[:-1]:
            assert await work.step()
            assert not await work.step()
            service.clock.passes(seconds=pause.total_seconds())
        row = await service.row("SELECT state, tries FROM attachments")
        assert tuple(row) == ("waiting", len(AGAIN) - 1)
        if how == "no store":
            (tmp_path / "kept").unlink()
            assert await work.step()
            assert (await service.row("SELECT state FROM attachments")).state == "kept"
        else:
            assert await work.step()
            assert (await service.row("SELECT state FROM attachments")).state == "refused"
            service.clock.passes(days=30)
            assert not await work.step()


@only_sqlite
async def test_what_telegram_has_no_more_is_given_up_at_once(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, attachments=str(tmp_path)) as service:
        await rate(service, service.person(), voice=phonefiles.voice())
        service.telegram.faults.append(
            Fault("getFile", bad("wrong file_id or the file is temporarily unavailable"))
        )
        assert await worker(service).step()
        row = await service.row("SELECT state, error FROM attachments")
        assert tuple(row) == ("refused", "Telegram has it no more")


@only_sqlite
async def test_with_a_new_rating_the_old_voice_note_goes(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, attachments=str(tmp_path / "kept")) as service:
        sokha, work = service.person(), worker(service)
        await rate(service, sokha, voice=phonefiles.voice())
        assert await work.step()
        await service.tell(sokha.text(f"/start r_{FACILITY}"))
        await service.tell(sokha.tap(service.words("Me again")))
        for score in "11111":
            await service.tell(sokha.text(score))
        await service.tell(sokha.tap(service.words("Skip")))
        await service.tell(sokha.tap(service.words("Send my rating")))
        assert await read(service) == []
        await work.tidy()
        assert await service.rows("SELECT * FROM attachments") == []
        assert not [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]


@only_sqlite
async def test_the_browser_phone_has_sent_nothing(database_url: str, tmp_path: Path, vault: Vault) -> None:
    async with serving(database_url, attachments=str(tmp_path)) as service:
        app = service.app
        await app.database.transact(
            attachments.add, app.desk.vault, "voice", "phone-telegram", "phone-1", service.clock()
        )
        ways = fetches(app.bot, app.settings.telegram_api, {"phone-telegram": None})
        assert await Attachments(app.database, app.desk, app.store, ways).step()
        assert (await service.row("SELECT error FROM attachments")).error == "only pretended"


@only_sqlite
async def test_the_worker_fetches_it_and_stops_at_once(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, attachments=str(tmp_path / "kept")) as service:
        await rate(service, service.person(), voice=phonefiles.voice())
        kept = asyncio.Event()
        service.app.desk.heard = lambda event: kept.set() if event == "attachment_kept" else None
        working = worker_process.start(service.app)
        try:
            async with asyncio.timeout(PATIENCE):
                await kept.wait()
        finally:
            await working.stop()
        assert (await service.row("SELECT state FROM attachments")).state == "kept"


# -- To the council ---------------------------------------------------------------------------------------


async def council(service: Service, role: str = "council") -> Person:
    who = service.person("ម៉ុម")

    def invite(connection: Connection) -> str:
        return codes.make(
            connection, service.app.desk.vault, codes.ROLE, service.clock(), grant=Grant(role, COMMUNE)
        )

    await service.tell(who.text(await service.app.database.transact(invite)))
    return who


async def to_the_comments(service: Service, who: Person) -> None:
    await service.tell(who.text("/scores"))
    [label] = [label for label in who.newest.labels if label.startswith("មតិយោបល់")]
    await service.tell(who.tap(label))


@only_sqlite
@pytest.mark.parametrize("kind", ["voice", "photo"])
async def test_the_council_hears_and_sees_it(database_url: str, tmp_path: Path, kind: str) -> None:
    async with serving(database_url, attachments=str(tmp_path)) as service:
        content = phonefiles.voice() if kind == "voice" else phonefiles.photo()
        await rate(service, service.person(), **{kind: content})
        await worker(service).step()
        service.clock.passes(days=1)
        mom = await council(service)
        await to_the_comments(service, mom)
        body = mom.newest.body
        assert body[kind] and "មតិយោបល់ ១/១" in body["caption"]
        assert ("បង្គន់" in body["caption"]) == (kind == "photo")
        [sent] = service.telegram.called("sendVoice" if kind == "voice" else "sendPhoto")
        uploaded = service.telegram.files[sent[kind]]
        assert b"Sokha" not in uploaded and uploaded != content
        if kind == "voice":
            assert OggOpus(str(_written(tmp_path / "heard.ogg", uploaded))).info.length > 0
        # The second time Telegram is told which file it was.
        await to_the_comments(service, mom)
        first, second = service.telegram.called("sendVoice" if kind == "voice" else "sendPhoto")
        assert first[kind] == second[kind]
        await service.tell(mom.tap(service.words("Mark as answered")))
        [said] = await read(service)
        assert said.answered_on is not None
        await service.settled()
        assert await service.rows("SELECT state FROM outbox WHERE state != 'sent'") == []


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@only_sqlite
async def test_without_the_file_the_words_come_alone(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, attachments=str(tmp_path / "kept")) as service:
        await rate(service, service.person(), photo=phonefiles.photo())
        await worker(service).step()
        for file in (tmp_path / "kept").rglob("*"):
            if file.is_file():
                file.unlink()
        service.clock.passes(days=1)
        mom = await council(service)
        await to_the_comments(service, mom)
        assert "បង្គន់" in mom.newest.text and mom.newest.keyboard


@only_sqlite
async def test_a_viewer_and_a_citizen_read_no_comments(database_url: str, tmp_path: Path) -> None:
    async with serving(database_url, attachments=str(tmp_path)) as service:
        await rate(service, service.person(), voice=phonefiles.voice())
        await worker(service).step()
        service.clock.passes(days=1)
        for who in (await council(service, "viewer"), await council(service, "caf"), service.person("ដារ៉ា")):
            await service.tell(who.text(f"/scores {COMMUNE}"))
            assert not [label for label in who.newest.labels if label.startswith("មតិយោបល់")]
        assert service.telegram.called("sendVoice") == []
