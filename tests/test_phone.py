"""The browser phone: what it asks the server for, and the page itself in Chromium."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from bot import catalogues
from bot.app import App, web
from bot.channels.phone import APPS, COOKIE, FILES
from bot.settings import Settings
from flows.library import Library
from flows.segments import measure
from handlers.desk import Desk
from storage import inbox, outbox, recordings
from storage.database import Away, connect, sqlite_engine
from storage.soundcheck import check
from storage.vault import Vault
from tests.conftest import SECRET
from tests.sounds import voice_note

SCHOOL = "ps081303"
COMMUNE = "ព្រែកអំពិល"
RATE = "វាយតម្លៃ"
KM = catalogues.load()["km", "messages"]
FACES = ["១ 😢", "២ 😞", "៣ 😐", "៤ 😊", "៥ 😄"]

Answer = dict[str, Any]


def rows(file: Path, sql: str, **values: Any) -> list[Any]:
    """What a query finds in the database, asked from outside of the service."""
    engine = sqlite_engine(sa.make_url(f"sqlite:///{file}"), writes=False)
    try:
        with engine.begin() as connection:
            return list(connection.execute(sa.text(sql), values))
    finally:
        engine.dispose()


def notify(file: Path, vault: Vault, channel: str, *parts: dict[str, Any]) -> int:
    """Put a notice into the outbox for the only contact of a channel; its row."""
    engine = sqlite_engine(sa.make_url(f"sqlite:///{file}"))
    now = datetime.now(UTC)
    number = inbox.message_number(now)
    try:
        with engine.begin() as connection:
            contact = connection.execute(
                sa.text("SELECT id FROM contacts WHERE channel = :channel"), {"channel": channel}
            ).scalar_one()
            outbox.queue(connection, vault, number, contact, channel, list(parts), now, lease=None)
    finally:
        engine.dispose()
    return number


def record(file: Path, key: str, seconds: int) -> bytes:
    """Something that everybody may hear; its sound."""
    engine = sqlite_engine(sa.make_url(f"sqlite:///{file}"))
    sound = check(voice_note(seconds))
    try:
        with engine.begin() as connection:
            recordings.install(connection, key, "km", "", "", sound, datetime.now(UTC), "", key)
    finally:
        engine.dispose()
    return sound.content


LISTEN = ("LISTEN", "សង្កាត់ព្រែកអំពិល", KM.gettext("Khmer"))


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "samleng.db"
    shutil.copy(sqlite_template, copied)
    return copied


# -- Over HTTP --------------------------------------------------------------------------------------------


@pytest.fixture
async def app(file: Path, desk: Desk) -> AsyncIterator[App]:
    url = f"sqlite:///{file}"
    built = App(Settings(database_url=url, secret_key=SECRET, demo=True), connect(url), desk)
    yield built
    await built.close()


@pytest.fixture
async def stranger(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has no phone yet."""
    transport = httpx.ASGITransport(web(app, clock=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://phone.test") as client:
        yield client


@pytest.fixture
async def phone(stranger: httpx.AsyncClient) -> httpx.AsyncClient:
    assert (await stranger.post("/phone/new", json={})).status_code == 204
    return stranger


async def say(phone: httpx.AsyncClient, app: str, message: str, **what: Any) -> Answer:
    response = await phone.post(f"/phone/{app}/messages", json={"id": f"message-{message}", **what})
    assert response.status_code == 200, response.text
    answer: Answer = response.json()
    return answer


async def heard(phone: httpx.AsyncClient, app: str, after: str = "0") -> Answer:
    response = await phone.get(f"/phone/{app}/messages", params={"after": after})
    assert response.status_code == 200, response.text
    answer: Answer = response.json()
    return answer


def button(answer: Answer, label: str) -> str:
    """The callback data of a button."""
    found = {b["label"]: b["data"] for m in answer["messages"] for line in m["keyboard"] for b in line}
    return str(found[label])


@pytest.mark.anyio
async def test_the_page_brings_all_it_needs_and_may_fetch_nothing_else(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/phone")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert '<html lang="km">' in page.text
    assert not re.search(r"<script(?![^>]* src=)|\son\w+=|\sstyle=", page.text)
    for name, path in FILES.items():
        served = await stranger.get(f"/phone/{name}")
        assert served.content == path.read_bytes()
        assert served.headers["x-content-type-options"] == "nosniff"
        kind = {".html": "text/html", ".css": "text/css", ".js": "javascript"}[path.suffix]
        assert kind in served.headers["content-type"]
        links = re.findall(r"https?://[^\s'\"`)]+", served.text)
        assert set(links) <= {"http://www.w3.org/2000/svg"}, name
    for name in ("phone.py", "../phone.py", "%2e%2e%2fphone.py", "new", ""):
        assert (await stranger.get(f"/phone/{name}")).status_code in {307, 404}, name


@pytest.mark.anyio
async def test_there_is_no_phone_outside_of_demo_mode(file: Path, desk: Desk) -> None:
    url = f"sqlite:///{file}"
    app = App(Settings(database_url=url, secret_key=SECRET, demo=False), connect(url), desk)
    try:
        transport = httpx.ASGITransport(web(app, clock=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://phone.test") as client:
            assert (await client.get("/phone")).status_code == 404
            assert (await client.post("/phone/new", json={})).status_code == 404
            assert (await client.get("/phone/sms/messages")).status_code == 404
    finally:
        await app.close()


@pytest.mark.anyio
async def test_whose_phone_it_is_stands_in_a_cookie_that_only_the_server_can_make(
    stranger: httpx.AsyncClient, file: Path
) -> None:
    assert (await stranger.post("/phone/new", content="{}")).status_code == 415
    cookie = (await stranger.post("/phone/new", json={})).headers["set-cookie"]
    value, *flags = [flag.strip().lower() for flag in cookie.split(";")]
    assert {"httponly", "samesite=strict", "path=/phone"} <= set(flags)
    number = value.partition("=")[2].partition(".")[0]
    await say(stranger, "telegram", "1", text="/start")
    assert rows(file, "SELECT channel FROM contacts") == [("phone-telegram",)]

    changed = number[:-1] + str((int(number[-1]) + 1) % 10)
    good = stranger.cookies[COOKIE]
    for forged in ("", "x", number, f"{number}.", good.replace(number, changed), good[:-1], "ក"):
        headers = {b"cookie": f"{COOKIE}={forged}".encode()}
        response = await httpx.AsyncClient(transport=stranger._transport, base_url="http://phone.test").get(
            "/phone/telegram/messages", headers=headers
        )
        assert response.status_code == 401, forged
        assert response.json()["error"] == "no_phone"


@pytest.mark.anyio
async def test_telegram_answers_with_buttons_and_sms_with_its_price(
    phone: httpx.AsyncClient, app: App, file: Path
) -> None:
    answer = await say(phone, "telegram", "1", text=RATE)
    assert not answer["stale"]
    assert "encoding" not in answer["messages"][-1]
    school = button(answer, KM.gettext("Primary school"))
    assert (await say(phone, "telegram", "2", tap=school))["messages"][0]["keyboard"]

    answer = await say(phone, "sms", "1", text=RATE)
    (message,) = answer["messages"]
    cost = measure(message["text"])
    assert (message["encoding"], message["units"], message["segments"]) == ("UCS-2", cost.units, cost.count)
    assert "keyboard" not in message
    assert message["row"] == answer["row"]
    assert int(answer["row"]) > 2**53

    await app.sender.close()
    assert rows(file, "SELECT channel, state FROM outbox WHERE channel = 'phone-sms'") == [
        ("phone-sms", "sent")
    ]


@pytest.mark.anyio
async def test_a_message_sent_twice_is_answered_the_same_and_counts_once(
    phone: httpx.AsyncClient, file: Path
) -> None:
    first = await say(phone, "sms", "twice", text=RATE)
    again = await asyncio.gather(*(say(phone, "sms", "twice", text=RATE) for _ in range(5)))
    assert all(answer == first for answer in again)
    assert rows(file, "SELECT count(*) FROM inbox") == [(1,)]
    assert rows(file, "SELECT count(*) FROM outbox") == [(1,)]


@pytest.mark.anyio
async def test_no_phone_gets_at_what_another_was_told(phone: httpx.AsyncClient) -> None:
    first = await say(phone, "telegram", "same-id", text="/start")
    number = phone.cookies[COOKIE].partition(".")[0]
    await phone.post("/phone/new", json={})
    assert (await heard(phone, "telegram"))["messages"] == []
    assert (await say(phone, "telegram", "same-id", text="/start"))["row"] != first["row"]
    mine = await say(phone, "telegram", f"{number}-same-id"[:30], text="/start")
    assert mine["row"] != first["row"]
    assert first["row"] not in {message["row"] for message in (await heard(phone, "telegram"))["messages"]}


@pytest.mark.anyio
async def test_a_tap_on_an_old_keyboard_is_known_to_be_old(phone: httpx.AsyncClient) -> None:
    first = await say(phone, "telegram", "1", text=RATE)
    await say(phone, "telegram", "2", text="3")
    late = await say(phone, "telegram", "3", tap=button(first, KM.gettext("Health centre")))
    assert late["stale"]


@pytest.mark.anyio
async def test_the_history_can_be_had_again_and_news_are_only_new(
    phone: httpx.AsyncClient, app: App, file: Path, vault: Vault
) -> None:
    told = [m for n in range(4) for m in (await say(phone, "telegram", str(n), text="ម៉ឺនុយ"))["messages"]]
    history = await heard(phone, "telegram")
    assert history["messages"] == told
    assert not history["more"]
    assert (await heard(phone, "telegram", history["last"]))["messages"] == []
    assert (await heard(phone, "sms"))["messages"] == []

    row = notify(file, vault, "phone-telegram", {"text": "កិច្ចប្រជុំ ថ្ងៃស្អែក"})
    news = await heard(phone, "telegram", history["last"])
    assert [(m["row"], m["text"]) for m in news["messages"]] == [(str(row), "កិច្ចប្រជុំ ថ្ងៃស្អែក")]
    assert news["last"] == str(row)
    await app.sender.close()
    assert rows(file, "SELECT state FROM outbox WHERE id = :row", row=row) == [("sent",)]


@pytest.mark.anyio
async def test_a_recording_is_played_by_who_was_shown_it(phone: httpx.AsyncClient, file: Path) -> None:
    content = record(file, "menu", 3)
    for number, text in enumerate(LISTEN):
        answer = await say(phone, "telegram", str(number), text=text)
    [message] = answer["messages"]
    assert message["keyboard"] and message["sound"]["seconds"] == 3
    address = "/" + message["sound"]["address"]
    played = await phone.get(address)
    assert (played.content, played.headers["content-type"]) == (content, "audio/ogg")
    for other in (address + "x", "/phone/sounds/1", "/phone/sounds/1.forged"):
        assert (await phone.get(other)).status_code == 404
    rows_of = rows(file, "SELECT id FROM recordings")
    engine = sqlite_engine(sa.make_url(f"sqlite:///{file}"))
    with engine.begin() as connection:
        assert recordings.refuse(connection, rows_of[0].id, datetime.now(UTC))
    engine.dispose()
    assert (await phone.get(address)).status_code == 404


@pytest.mark.anyio
async def test_a_long_history_comes_in_pages(phone: httpx.AsyncClient, file: Path, vault: Vault) -> None:
    await say(phone, "sms", "1", text="MENU")
    for number in range(70):
        notify(file, vault, "phone-sms", {"text": f"notice {number}"}, {"text": "second part"})
    texts, last, more = [], "0", True
    while more:
        page = await heard(phone, "sms", last)
        texts += [message["text"] for message in page["messages"]]
        last, more = page["last"], page["more"]
    assert len(texts) == 1 + 2 * 70


@pytest.mark.parametrize(("what", "kind"), [({"voice": 7}, "voice"), ({"photo": True}, "photo")])
@pytest.mark.anyio
async def test_a_comment_may_be_a_voice_note_or_a_photo(
    phone: httpx.AsyncClient, file: Path, library: Library, vault: Vault, what: dict[str, Any], kind: str
) -> None:
    answer = await say(phone, "telegram", "1", text=f"/start r_{SCHOOL}")
    for number, _criterion in enumerate(library.criteria("ps")):
        answer = await say(phone, "telegram", f"score-{number}", tap=button(answer, FACES[3]))
    answer = await say(phone, "telegram", "comment", **what)
    await say(phone, "telegram", "send", tap=button(answer, KM.gettext("Send my rating")))
    ((facility, comment),) = rows(file, "SELECT facility, comment FROM responses")
    assert facility == SCHOOL
    assert vault.open_json(comment)["kind"] == kind


@pytest.mark.parametrize(
    ("app_name", "body", "status", "error"),
    [
        ("viber", {"text": "hello"}, 404, "no_such_app"),
        ("telegram", b"{", 400, "bad_json"),
        ("telegram", b"\xff\xfe", 400, "bad_json"),
        ("telegram", b"[" * 60_000, 400, "bad_json"),
        ("telegram", b"[]", 400, "bad_json"),
        ("telegram", b'{"id": "12345678", "text": "half \\ud83d"}', 400, "bad_json"),
        ("telegram", b'{"id": "12345678", "text": "' + b"x" * 70_000 + b'"}', 413, "too_long"),
        ("telegram", {"text": "x" * 4097}, 413, "too_long"),
        ("sms", {"text": "ក" * 1601}, 413, "too_long"),
        ("telegram", {"text": "x", "id": None}, 400, "bad_id"),
        ("telegram", {"text": "x", "id": "short"}, 400, "bad_id"),
        ("telegram", {"text": "x", "id": "x" * 41}, 400, "bad_id"),
        ("telegram", {"text": "x", "id": "spaces are no id"}, 400, "bad_id"),
        ("telegram", {}, 400, "bad_message"),
        ("telegram", {"text": ""}, 400, "bad_message"),
        ("telegram", {"text": " \n "}, 400, "bad_message"),
        ("telegram", {"text": 5}, 400, "bad_message"),
        ("telegram", {"text": "x", "tap": "menu=rate"}, 400, "bad_message"),
        ("telegram", {"tap": ""}, 400, "bad_message"),
        ("telegram", {"tap": "ក" * 30}, 400, "bad_message"),
        ("telegram", {"voice": 0}, 400, "bad_message"),
        ("telegram", {"voice": True}, 400, "bad_message"),
        ("telegram", {"voice": 1e300}, 400, "bad_message"),
        ("telegram", {"voice": 10**9}, 400, "bad_message"),
        ("telegram", {"photo": False}, 400, "bad_message"),
        ("sms", {"tap": "menu=rate"}, 400, "bad_message"),
        ("sms", {"voice": 5}, 400, "bad_message"),
        ("sms", {"photo": True}, 400, "bad_message"),
    ],
)
@pytest.mark.anyio
async def test_what_no_page_sends_is_refused_and_changes_nothing(
    phone: httpx.AsyncClient, file: Path, app_name: str, body: Any, status: int, error: str
) -> None:
    content = body if isinstance(body, bytes) else json.dumps({"id": "message-1", **body})
    response = await phone.post(
        f"/phone/{app_name}/messages", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == status
    assert response.json()["error"] == error
    assert response.json()["message"]
    assert rows(file, "SELECT count(*) FROM inbox") == [(0,)]


@pytest.mark.parametrize("after", ["", "-1", "1.5", "x", "១", str(2**63), "9" * 30])
@pytest.mark.anyio
async def test_only_a_row_can_be_asked_after(phone: httpx.AsyncClient, after: str) -> None:
    response = await phone.get("/phone/telegram/messages", params={"after": after})
    assert (response.status_code, response.json()["error"]) == (400, "bad_after")


@pytest.mark.anyio
async def test_the_longest_message_is_taken(phone: httpx.AsyncClient) -> None:
    assert (await say(phone, "telegram", "1", text="😀" * 4096))["messages"]
    assert (await say(phone, "sms", "2", text="ក" * 1600))["messages"]


@pytest.mark.anyio
async def test_a_database_that_is_away_is_said_so(
    phone: httpx.AsyncClient, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_arguments: Any) -> None:
        raise Away("no answer")

    monkeypatch.setattr(app.database, "turn", away)
    monkeypatch.setattr(app.database, "read", away)
    for response in (
        await phone.post("/phone/sms/messages", json={"id": "message-1", "text": RATE}),
        await phone.get("/phone/sms/messages"),
    ):
        assert (response.status_code, response.json()["error"]) == (503, "away")


@pytest.mark.anyio
async def test_a_message_that_keeps_failing_is_answered_with_an_apology(
    phone: httpx.AsyncClient, app: App, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("bot.intake.receive", broken)
    answer = await say(phone, "sms", "1", text=RATE)
    assert answer["row"] is None
    assert [m["text"] for m in answer["messages"]] == [app.sorry(APPS["sms"].channel)]
    assert rows(file, "SELECT channel, state FROM parked") == [("phone-sms", "parked")]


# -- In a browser -----------------------------------------------------------------------------------------

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def address(file: Path, desk: Desk) -> Iterator[str]:
    """The service as it runs, on a port of its own."""
    url = f"sqlite:///{file}"
    handed: Future[uvicorn.Server] = Future()

    async def serve(listening: socket.socket) -> None:
        try:
            app = App(Settings(database_url=url, secret_key=SECRET, demo=True), connect(url), desk)
            config = uvicorn.Config(web(app, clock=False), log_config=None, access_log=False, ws="none")
            server = uvicorn.Server(config)
        except BaseException as error:
            handed.set_exception(error)
            raise
        handed.set_result(server)
        await server.serve([listening])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: asyncio.run(serve(listening)))
        thread.start()
        server = handed.result()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser(library: Library) -> Iterator[Browser]:
    """Chromium, once. After the library: a loop of Playwright's own runs meanwhile, and two can't."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail(
            "the browser tests need Chromium and a Khmer font: apt-get install chromium fonts-khmeros"
        )
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield launched
        launched.close()


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    """A window on the phone, which fetches from nowhere else and has no mistakes to report."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("request", lambda r: None if ours(r.url, address) else faults.append(r.url))
    opened.goto(f"{address}/phone")
    yield opened
    context.close()
    assert faults == []


def ours(url: str, address: str) -> bool:
    return url.startswith((f"{address}/phone", "data:"))


def write(app: Locator, text: str) -> None:
    expect(app.locator("form [type=submit]")).to_be_enabled()
    app.get_by_role("textbox").fill(text)
    app.get_by_role("textbox").press("Enter")
    expect(app.get_by_role("textbox")).to_have_value("")


def tap(app: Locator, label: str) -> None:
    """Tap a button of the newest message, and see what becomes of that message."""
    message = app.locator(".message").last
    key = message.locator(".keyboard").get_by_role("button", name=label, exact=True)
    expect(key).to_be_enabled()
    asked = app.locator(f"[data-id='{message.get_attribute('data-id')}']")
    key.click()
    expect(asked.locator(".keyboard")).to_have_count(0)


def test_nothing_is_said_before_the_history_is_there(page: Page) -> None:
    telegram = page.locator("#telegram")
    write(telegram, "ម៉ឺនុយ")
    expect(telegram.locator(".theirs")).to_have_count(1)
    held: list[Route] = []
    page.route("**/phone/telegram/messages?*", lambda route: held.append(route), times=1)
    page.reload()
    expect(telegram.locator("[data-does=photo]")).to_be_disabled()
    telegram.get_by_role("textbox").fill(RATE)
    telegram.get_by_role("textbox").press("Enter")
    expect(telegram.get_by_role("textbox")).to_have_value(RATE)
    held[0].continue_()
    expect(telegram.locator(".theirs")).to_have_count(1)
    expect(telegram.locator("form [type=submit]")).to_be_enabled()
    telegram.get_by_role("textbox").press("Enter")
    expect(telegram.locator(".theirs")).to_have_count(2)
    expect(telegram.locator(".mine")).to_have_count(2)


def test_a_school_is_rated_by_tapping(page: Page, file: Path, library: Library) -> None:
    telegram = page.locator("#telegram")
    expect(page.get_by_role("heading", name="ទូរសព្ទសាកល្បង")).to_be_visible()
    write(telegram, RATE)
    expect(telegram.locator(".mine")).to_contain_text(RATE)
    tap(telegram, KM.gettext("Primary school"))
    expect(telegram.locator(".chosen")).to_have_text(f"➜ {KM.gettext('Primary school')}")
    write(telegram, COMMUNE)
    given: dict[str, int] = {}
    for criterion, face in zip(library.criteria("ps"), reversed(FACES), strict=True):
        question = criterion.question.in_language("km")
        asked = telegram.locator(".theirs", has_text=question)
        expect(asked).to_be_visible()
        tap(telegram, face)
        expect(asked.locator(".bubble")).to_contain_text(f"➜ {face}")
        given[criterion.code] = 5 - len(given)
    tap(telegram, KM.gettext("Skip"))
    tap(telegram, KM.gettext("Send my rating"))
    ((reference, facility, scores, comment),) = rows(
        file, "SELECT reference, facility, scores, comment FROM responses"
    )
    expect(telegram.locator(".theirs").last).to_contain_text(reference)
    assert (facility, json.loads(scores), comment) == (SCHOOL, given, None)


def test_a_school_is_rated_by_sms_on_a_small_screen(page: Page, file: Path, library: Library) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    telegram, sms = page.locator("#telegram"), page.locator("#sms")
    expect(telegram).to_be_visible()
    expect(sms).to_be_hidden()
    page.get_by_role("tab", name="Telegram").press("ArrowRight")
    expect(page.get_by_role("tab", name="SMS")).to_be_focused()
    expect(telegram).to_be_hidden()
    sms.get_by_role("button", name=RATE).click()
    expect(sms.locator(".theirs")).to_have_count(1)
    write(sms, "3")
    expect(sms.locator(".theirs")).to_have_count(2)
    write(sms, COMMUNE)
    for number, criterion in enumerate(library.criteria("ps")):
        asked = sms.locator(".theirs").nth(2 + number)
        expect(asked).to_contain_text(criterion.question.in_language("km"))
        expect(asked.locator(".price")).to_have_text(re.compile("^UCS-2 · [០-៩]+ · ១ SMS$"))
        write(sms, "៤")
    expect(sms.locator(".theirs")).to_have_count(3 + 5)
    expect(sms.locator(".mine .price").last).to_have_text("UCS-2 · ១ · ១ SMS")
    ((facility, scores, channels),) = rows(
        file,
        "SELECT facility, scores, (SELECT count(*) FROM contacts WHERE channel = 'phone-sms') FROM responses",
    )
    assert (facility, sorted(json.loads(scores).values()), channels) == (SCHOOL, [4] * 5, 1)

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    box = sms.get_by_role("textbox").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 740
    for bubble in page.locator("#sms .bubble").all():
        inside = bubble.bounding_box()
        assert inside is not None
        assert inside["x"] >= 0
        assert inside["x"] + inside["width"] <= 360
    page.set_viewport_size({"width": 360, "height": 420})
    expect(sms.locator(".theirs .price").last).to_be_in_viewport()


def test_the_keys_of_the_basic_phone_write_and_send(page: Page) -> None:
    sms = page.locator("#sms")
    keys = sms.locator(".keys")
    for key in ("1", "2", "5", "⌫", "4"):
        keys.locator("button").filter(has_text=key).click()
    expect(sms.get_by_role("textbox")).to_have_value("124")
    expect(sms.locator(".cost")).to_have_text("GSM-7 · ៣/១៦០ · ១ SMS")
    keys.locator("button").filter(has_text="✓").click()
    expect(sms.locator(".mine")).to_contain_text("124")
    expect(sms.locator(".theirs")).to_have_count(1)
    expect(sms.locator(".total")).to_have_text(re.compile("^ផ្ញើ ១ · ទទួល [១-៩] SMS$"))


def test_a_reload_brings_everything_back_and_a_new_phone_nothing(page: Page) -> None:
    telegram = page.locator("#telegram")
    telegram.get_by_role("button", name="ចាប់ផ្ដើម").click()
    tap(telegram, KM.gettext("Rate a service"))
    write(telegram, "អត់យល់\nទេ 😀")
    expect(telegram.locator(".theirs")).to_have_count(3)
    telegram.locator("[data-does=photo]").click()
    expect(telegram.locator(".theirs")).to_have_count(4)
    expect(telegram.locator("form [type=submit]")).to_be_enabled()
    before = telegram.locator(".log").inner_text()
    page.reload()
    expect(telegram.locator(".theirs")).to_have_count(4)
    expect(telegram.locator(".mine")).to_have_count(3)
    assert telegram.locator(".log").inner_text() == before
    page.locator("#new").click()
    expect(telegram.locator(".message")).to_have_count(0)
    expect(telegram.get_by_role("button", name="ចាប់ផ្ដើម")).to_be_visible()
    page.reload()
    expect(telegram.get_by_role("button", name="ចាប់ផ្ដើម")).to_be_visible()
    expect(telegram.locator(".message")).to_have_count(0)


def test_what_did_not_arrive_can_be_tried_again_and_counts_once(page: Page, file: Path) -> None:
    sms = page.locator("#sms")
    expect(sms.locator(".note")).to_be_visible()

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    for lose in (lambda route: route.abort(), lose_the_answer):
        page.route("**/phone/sms/messages", lose, times=1)
    sms.get_by_role("button", name=RATE).click()
    for _time in range(2):
        expect(sms.get_by_role("alert")).to_contain_text("ផ្ញើមិនទាន់បានទេ។")
        expect(sms.locator(".theirs")).to_have_count(0)
        sms.get_by_role("button", name="ព្យាយាមម្ដងទៀត").click()
    expect(sms.locator(".theirs")).to_have_count(1)
    expect(sms.get_by_role("alert")).to_have_count(0)
    expect(sms.locator(".mine")).to_have_count(1)
    assert rows(file, "SELECT count(*) FROM inbox") == [(1,)]


def test_one_waits_for_an_answer_before_saying_more(page: Page) -> None:
    telegram = page.locator("#telegram")
    held: list[Route] = []
    page.route("**/phone/telegram/messages", lambda route: held.append(route), times=1)
    telegram.get_by_role("button", name="ចាប់ផ្ដើម").click()
    expect(telegram.locator(".typing")).to_be_visible()
    expect(telegram.locator(".state")).to_have_text("កំពុងសរសេរ…")
    for chip in telegram.locator(".chips button").all():
        expect(chip).to_be_disabled()
    telegram.get_by_role("textbox").fill("ម៉ឺនុយ")
    telegram.get_by_role("textbox").press("Enter")
    expect(telegram.get_by_role("textbox")).to_have_value("ម៉ឺនុយ")
    held[0].continue_()
    expect(telegram.locator(".theirs .keyboard")).to_be_visible()
    expect(telegram.locator(".typing")).to_have_count(0)
    expect(telegram.locator(".mine")).to_have_count(1)


def test_a_notice_that_nobody_asked_for_appears(page: Page, file: Path, vault: Vault) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("tab", name="SMS").click()
    sms = page.locator("#sms")
    write(sms, "MENU")
    expect(sms.locator(".theirs")).to_have_count(1)
    page.get_by_role("tab", name="Telegram").click()
    notify(file, vault, "phone-sms", {"text": "កិច្ចប្រជុំ ថ្ងៃស្អែក"})
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#tab-sms .unread")).to_have_text("1")
    page.get_by_role("tab", name="SMS").click()
    expect(sms.locator(".theirs").last).to_contain_text("កិច្ចប្រជុំ ថ្ងៃស្អែក")
    expect(page.locator("#tab-sms .unread")).to_be_hidden()


def test_words_are_never_taken_for_html_and_a_long_message_stays_whole(page: Page) -> None:
    telegram = page.locator("#telegram")
    nasty = "<b>bold</b><img src=x onerror=alert(1)>\n\n&amp; "
    text = nasty + "ក" * (4096 - len(nasty))
    write(telegram, text)
    expect(telegram.locator(".theirs")).to_have_count(1)
    said = telegram.locator(".mine p").evaluate("p => p.firstChild.data")
    assert said == text
    assert telegram.locator(".log img, .log b").count() == 0
    assert telegram.locator(".log").evaluate("log => log.scrollWidth <= log.clientWidth")


def test_english_is_only_for_the_page(page: Page) -> None:
    telegram = page.locator("#telegram")
    write(telegram, RATE)
    expect(telegram.locator(".theirs")).to_have_count(1)
    before = telegram.locator(".theirs").inner_text()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Demonstration phone")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(telegram.get_by_role("textbox", name="Write a message…")).to_be_visible()
    assert telegram.locator(".theirs").inner_text() == before
    expect(telegram.locator(".theirs p")).to_have_attribute("lang", "km")
    page.reload()
    expect(page.get_by_role("heading", name="Demonstration phone")).to_be_visible()


def test_a_keyboard_is_enough(page: Page) -> None:
    telegram = page.locator("#telegram")
    start = telegram.get_by_role("button", name="ចាប់ផ្ដើម")
    start.focus()
    page.keyboard.press("Enter")
    rate = telegram.get_by_role("button", name=KM.gettext("Rate a service"), exact=True)
    rate.focus()
    page.keyboard.press("Enter")
    expect(telegram.locator(".chosen")).to_have_count(1)
    expect(telegram.locator(".keyboard button").first).to_be_focused()
    page.keyboard.press("Space")
    expect(telegram.locator(".chosen")).to_have_count(2)


def test_a_voice_note_is_pretended(page: Page) -> None:
    telegram = page.locator("#telegram")
    telegram.locator("[data-does=record]").click()
    expect(telegram.get_by_role("timer")).to_have_text("0:00")
    telegram.get_by_role("button", name="បោះបង់").click()
    expect(telegram.locator(".message")).to_have_count(0)
    telegram.locator("[data-does=record]").click()
    telegram.locator("[data-does=sendVoice]").click()
    expect(telegram.get_by_role("img", name="សារជាសំឡេង ១ វិនាទី")).to_be_visible()
    expect(telegram.locator(".theirs")).to_have_count(1)


def test_a_recording_can_be_played(page: Page, file: Path) -> None:
    record(file, "menu", 2)
    app = page.locator("#telegram")
    for text in LISTEN:
        write(app, text)
    sound = app.locator(".message").last.locator("audio")
    expect(sound).to_be_visible()
    length = sound.evaluate(
        "sound => new Promise((done, failed) => { sound.onloadedmetadata = () => done(sound.duration); "
        "sound.onerror = () => failed(sound.error.message); sound.load(); sound.preload = 'metadata'; })"
    )
    assert length > 0, "Chromium understands it"
    expect(app.locator(".message").last.locator(".keyboard button").first).to_be_enabled()


def test_the_page_counts_segments_as_the_server_does(page: Page) -> None:
    texts = ["", "a", "វ", "@£[]{}€^", "x" * 160, "x" * 161, "x" * 306, "x" * 307, "[" * 80, "[" * 81]
    texts += ["x" * 152 + "[" + "y" * 10, "ក" * 70, "ក" * 71, "ក" * 134, "ក" * 135, "😀" * 35, "😀" * 36]
    texts += ["ក" * 66 + "😀" + "ខ" * 66, "tab\t", "a\nb\r\nc", "é", "ç", "\u200bx", "`", "👩‍👩‍👧" * 20]
    counted = page.evaluate(
        "texts => import('/phone/price.js').then(({ measure }) => texts.map(measure))", texts
    )
    for text, cost in zip(texts, counted, strict=True):
        expected = measure(text)
        got = (cost["encoding"], cost["units"], cost["count"])
        assert got == (expected.encoding, expected.units, expected.count), text
