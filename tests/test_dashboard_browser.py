"""The dashboard as somebody sees it in Chromium, on a phone of 360 pixels and on a desk. `--pictures` draws docs/."""

from __future__ import annotations

import asyncio
import io
import random
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import uvicorn
from openpyxl import load_workbook
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.app import App, web
from bot.settings import Settings
from flows.library import Library
from flows.world import Grant
from handlers.desk import Desk
from storage import contacts, roles, signin
from storage.database import Connection, connect
from tests.conftest import ROOT, SECRET
from tests.dashboards import (
    COUNCIL,
    DISTRICT,
    DISTRICT_VIEWER,
    HC,
    HOME,
    NATION_VIEWER,
    Clock,
    comment,
    fill,
    read,
)
from tests.test_phone import browser as browser  # the one Chromium of all browser tests

PHONE, DESK = (360, 740), (1280, 900)
KHMER_HOME, KHMER_DISTRICT = "ឃុំកំពង់ចំលង", "ស្រុកខ្សាច់កណ្តាល"
COMMENTS = (
    "ខ្វះថ្នាំញឹកញាប់ណាស់ ពេលទៅដល់គេថាអស់ថ្នាំ។",
    "គ្រូពេទ្យនិយាយស្តីល្អ អរគុណ!",
    "សូមសម្អាតបង្គន់ឱ្យបានញឹកញាប់ជាងនេះ។",
)


@dataclass
class Served:
    """Where the service is, and a link in for each who has one."""

    address: str
    links: dict[Grant, str]


@pytest.fixture
def served(sqlite_template: Path, tmp_path: Path, desk: Desk, library: Library) -> Iterator[Served]:
    """The service as it runs, on a port of its own."""
    file = tmp_path / "samleng.db"
    shutil.copy(sqlite_template, file)
    handed: Future[tuple[uvicorn.Server, dict[Grant, str]]] = Future()
    clock = Clock()

    async def serve(listening: socket.socket) -> None:
        try:
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            desk.clock, desk.site, desk.username = clock, address, "samleng_bot"
            database = connect(f"sqlite:///{file}")
            links = await database.transact(_prepare, desk, library, clock)
            app = App(
                Settings(database_url=f"sqlite:///{file}", secret_key=SECRET, demo=True), database, desk
            )
            app.username = desk.username
            config = uvicorn.Config(web(app, clock=False), log_config=None, access_log=False, ws="none")
            server = uvicorn.Server(config)
        except BaseException as error:
            handed.set_exception(error)
            raise
        handed.set_result((server, links))
        await server.serve([listening])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: asyncio.run(serve(listening)))
        thread.start()
        server, links = handed.result()
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", links)
        server.should_exit = True
        thread.join()


def _prepare(connection: Connection, desk: Desk, library: Library, clock: Clock) -> dict[Grant, str]:
    fill(
        connection,
        library,
        [place.code for place in library.gazetteer.below(DISTRICT)],
        day=date(2026, 11, 22),
    )
    for number, said in enumerate(COMMENTS):
        comment(connection, desk.vault, said, number, days_ago=number + 2)
    read(connection, random.Random(1))
    links = {}
    for number, grant in enumerate((COUNCIL, DISTRICT_VIEWER, NATION_VIEWER)):
        known = contacts.find(connection, desk.vault, "telegram", str(number), clock().date(), "km")
        roles.grant(connection, known.id, grant, clock().date(), actor=None, now=clock())
        links[grant] = f"/in/{signin.link(connection, desk.vault, known.id, clock())}"
    return links


@pytest.fixture
def page(served: Served, browser: Browser) -> Iterator[Page]:
    """A window that fetches from nowhere else and has no mistakes to report, with scripts switched off."""
    faults: list[str] = []
    context: BrowserContext = browser.new_context(
        viewport={"width": DESK[0], "height": DESK[1]}, java_script_enabled=False, accept_downloads=True
    )
    opened = context.new_page()
    opened.on("request", lambda r: None if r.url.startswith(served.address) else faults.append(r.url))
    opened.on("console", lambda m: faults.append(m.text) if "Content Security" in m.text else None)
    yield opened
    context.close()
    assert faults == []


def enter(page: Page, served: Served, grant: Grant) -> None:
    """Open the link and press the button."""
    page.goto(served.address + served.links[grant])
    page.get_by_role("button", name="ចូល", exact=True).click()
    page.wait_for_url("**/d/**")


def fits(page: Page, size: tuple[int, int]) -> None:
    """Nothing stands out at the side: the page is as wide as the screen."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    expect(page.locator("footer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_a_council_signs_in_by_a_link_once(page: Page, served: Served) -> None:
    enter(page, served, COUNCIL)
    expect(page.get_by_role("heading", level=1)).to_have_text(KHMER_HOME)
    page.goto(served.address + served.links[COUNCIL])
    expect(page.get_by_role("heading", level=1)).to_have_text("តំណនេះប្រើលែងបានហើយ")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_commune_is_read_in_khmer(size: tuple[int, int], page: Page, served: Served) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(page, served, COUNCIL)
    fits(page, size)
    expect(page.get_by_role("heading", name="មណ្ឌលសុខភាព").first).to_be_visible()
    for name in ("តាមក្រុម", "តាមភូមិ", "ធៀបនឹងឃុំដទៃ"):
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_role("img", name="ខ្សោយណាស់").first).to_be_visible()
    page.get_by_role("link", name="មតិយោបល់ ៣").click()
    expect(page.get_by_text(COMMENTS[0])).to_be_visible()
    fits(page, size)


def test_a_comment_is_marked_as_answered(page: Page, served: Served) -> None:
    enter(page, served, COUNCIL)
    page.goto(f"{served.address}/d/c/{HOME}/comments")
    page.locator("li", has_text=COMMENTS[0]).get_by_role("button").click()
    answered = page.locator("li", has_text=COMMENTS[0])
    expect(answered.get_by_role("button")).to_have_count(0)
    expect(answered).to_contain_text("២២/១១/២០២៦")


def test_english_is_one_button_away(page: Page, served: Served) -> None:
    enter(page, served, COUNCIL)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kampong Chamlang commune")
    page.get_by_role("link", name="quarter 3 of 2026").click()
    expect(page).to_have_url(re.compile(r"\?round=2026-Q3$"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="ខ្មែរ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(KHMER_HOME)
    expect(page).to_have_url(re.compile(r"\?round=2026-Q3$"))


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_district_is_sorted_by_a_column(size: tuple[int, int], page: Page, served: Served) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(page, served, DISTRICT_VIEWER)
    expect(page.get_by_role("heading", level=1)).to_contain_text("ខ្សាច់")
    fits(page, size)
    heading = page.locator("thead").get_by_role("link", name="មណ្ឌលសុខភាព")
    heading.click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("មណ្ឌលសុខភាព")
    first = page.locator("tbody tr").first.locator("th").inner_text()
    heading.click()
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    assert page.locator("tbody tr").first.locator("th").inner_text() != first


def test_pdf_and_xlsx_are_downloaded(page: Page, served: Served) -> None:
    enter(page, served, COUNCIL)
    for name, begins in (("PDF", b"%PDF-"), ("Excel", b"PK")):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=name).click()
        content = Path(waiting.value.path()).read_bytes()
        assert content.startswith(begins) and waiting.value.suggested_filename.startswith(
            f"samleng-{HOME}-2026-Q4."
        )
    assert load_workbook(io.BytesIO(content)).sheetnames


def test_another_commune_is_refused(page: Page, served: Served) -> None:
    enter(page, served, COUNCIL)
    page.goto(f"{served.address}/d/c/080304")
    expect(page.get_by_role("heading", level=1)).to_have_text("តួនាទីរបស់អ្នកមិនអាចមើលទំព័រនេះបានទេ")
    page.locator("main").get_by_role("link", name="ឃុំ").first.click()
    expect(page).to_have_url(f"{served.address}/c/080304")


def test_a_keyboard_is_enough(page: Page, served: Served) -> None:
    page.goto(served.address)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="ទៅកាន់ខ្លឹមសារ")).to_be_focused()
    page.get_by_label("ឈ្មោះ ឬលេខកូដ").fill("080303")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.address}/c/{HOME}")


@pytest.mark.parametrize("path", ["/", f"/c/{HOME}", "/in", "/c/010201"])
def test_public_pages_fit_a_small_phone(path: str, page: Page, served: Served) -> None:
    page.goto(served.address + path)
    fits(page, PHONE)
    fits(page, (320, 568))


#: name, who looks, at what, how wide and high; 0 high is the whole page
PICTURES = (
    ("dashboard-phone", COUNCIL, f"/d/c/{HOME}", 360, 1480),
    ("dashboard-commune", COUNCIL, f"/d/c/{HOME}", 1280, 1500),
    ("dashboard-facility", COUNCIL, f"/d/f/{HC}", 1280, 0),
    ("dashboard-comments", COUNCIL, f"/d/c/{HOME}/comments", 900, 0),
    ("dashboard-district", DISTRICT_VIEWER, f"/d/p/{DISTRICT}?sort=hc&down=1", 1280, 0),
    ("public-commune", None, f"/c/{HOME}", 1100, 0),
)


def test_pictures_for_the_documentation(
    page: Page, served: Served, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Each page can be drawn; with --pictures into docs/."""
    folder = ROOT / "docs" if request.config.getoption("--pictures") else tmp_path
    last = None
    for name, grant, path, wide, high in PICTURES:
        page.set_viewport_size({"width": wide, "height": high or 800})
        if grant is not None and grant != last:
            page.context.clear_cookies()
            enter(page, served, grant)
            last = grant
        page.goto(served.address + path)
        page.screenshot(path=folder / f"{name}.png", full_page=not high)
        assert (folder / f"{name}.png").stat().st_size > 20_000
