"""The dashboard and the public pages over HTTP, on both databases: who sees what, and what is said to everybody else."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from bot.app import web
from flows.meetings import Meeting
from flows.world import Grant
from handlers.desk import Desk
from storage import attachments, comments, notices, responses, roles
from storage.database import Away, Connection, Database
from tests.dashboards import (
    ADDRESS,
    CAF,
    COUNCIL,
    DISTRICT,
    DISTRICT_VIEWER,
    HC,
    HOME,
    NASTY,
    NATION_VIEWER,
    STAFF,
    Board,
    board,
    comment,
    fill,
    read,
)
from tests.person import Person
from web.site import LANGUAGE, SESSION

pytestmark = pytest.mark.anyio
LARGEST = 100_000  # bytes of a page, without letters
NEIGHBOUR, SILENT = "080304", "010201"  # in the same district; where nobody has rated
ROUNDS = ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4")
EVERY_PAGE = (
    "/",
    "/?q=zzz",
    "/in",
    f"/c/{HOME}",
    f"/c/{SILENT}",
    f"/d/c/{HOME}",
    f"/d/c/{SILENT}",
    f"/d/f/{HC}",
    f"/d/p/{DISTRICT}",
    "/d/p/08",
    "/d/p/nation",
    f"/d/c/{HOME}/comments",
    "/nothing",
)


@pytest.fixture
async def empty(database: Database, desk: Desk) -> AsyncIterator[Board]:
    """Nobody has rated yet."""
    made = board(database, desk)
    yield made
    await made.app.close()


@pytest.fixture
async def full(empty: Board) -> Board:
    """A district with scores, comments, a meeting and readers."""
    vault = empty.app.desk.vault
    library = empty.app.desk.library
    held = Meeting("village", HOME, "commune", "2026-12-01", "08:30", "<b>សាលាឃុំ</b>")

    def work(connection: Connection) -> None:
        fill(connection, library, [place.code for place in library.gazetteer.below(DISTRICT)], ROUNDS)
        comment(connection, vault, "ខ្វះថ្នាំញឹកញាប់ សូមទូរស័ព្ទ 012 345 678")
        comment(connection, vault, NASTY, 2, days_ago=3)
        comment(connection, vault, "នៅឃុំជិតខាង", 3, commune=NEIGHBOUR)
        notices.add(connection, held, None, empty.clock())
        read(connection, random.Random(1))

    await empty.database.transact(work)
    return empty


def text(response: httpx.Response) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"<(title|style|svg)\b.*?</\1>", " ", response.text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


# -- For everybody ----------------------------------------------------------------------------------------


async def test_a_commune_has_a_public_page_in_khmer_and_english(full: Board) -> None:
    async with full.browser("") as browser:
        page = await browser.get(f"/c/{HOME}")
        assert page.status_code == 200 and '<html lang="km">' in page.text
        assert "ឃុំកំពង់ចំលង" in page.text and "មណ្ឌលសុខភាព" in page.text and "ទិន្នន័យគំរូ" in page.text
        english = await browser.post("/language/en", data={"to": f"/c/{HOME}?round=2026-Q3"})
        assert str(english.url) == f"{ADDRESS}/c/{HOME}?round=2026-Q3"
        assert "Kampong Chamlang commune" in english.text and "quarter 3 of 2026" in english.text
        assert '<html lang="en">' in (await browser.get("/")).text


async def test_what_is_public_has_no_comment_and_no_village(full: Board) -> None:
    async with full.browser("km") as browser:
        page = text(await browser.get(f"/c/{HOME}"))
    assert "ខ្វះថ្នាំ" not in page and "script" not in page and "មតិយោបល់" not in page
    assert "តាមភូមិ" not in page and "តាមក្រុម" not in page


async def test_every_page_is_small_and_fetches_nothing_from_elsewhere(full: Board) -> None:
    async with full.signed_in(COUNCIL, NATION_VIEWER) as browser:
        for path in EVERY_PAGE:
            page = await browser.get(path)
            assert page.status_code == (404 if path == "/nothing" else 200), path
            assert len(page.content) <= LARGEST, path
            assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:", page.text), path
            links = re.findall(r'(?:src|href|action)="(?!/|#)([^"]*)"', page.text)
            assert all(link.startswith("https://t.me/samleng_bot") for link in links), (path, links)
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
            assert page.headers["referrer-policy"] == "no-referrer"
            assert page.headers["x-frame-options"] == "DENY"
            assert page.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("language", ["km", "en"])
async def test_every_page_is_whole_in_each_language(language: str, full: Board) -> None:
    async with full.signed_in(COUNCIL, NATION_VIEWER, language=language) as browser:
        for path in EVERY_PAGE:
            page = await browser.get(path)
            assert f'<html lang="{language}">' in page.text
            said = text(page).replace("{{ 7*7 }} {% raw %}", "")
            assert "{" not in said, path
            if language == "km":
                assert not re.search(r"\b(the|and|of|to|is|for|comments|round|commune)\b", said), (path, said)


async def test_the_style_sheet_and_the_letters_are_kept_for_ever(full: Board) -> None:
    async with full.browser() as browser:
        page = await browser.get("/")
        [sheet] = re.findall(r'href="(/static/site-\w+\.css)"', page.text)
        for path, kind in (
            (sheet, "text/css"),
            ("/static/khmer.ttf", "font/ttf"),
            ("/static/icon.svg", "image/svg"),
        ):
            served = await browser.get(path)
            assert served.status_code == 200 and kind in served.headers["content-type"], path
            assert "immutable" in served.headers["cache-control"]
        assert "https://" not in (await browser.get(sheet)).text
        for name in ("site.css", "../site.py", "%2e%2e%2fsite.py", "base.html"):
            assert (await browser.get(f"/static/{name}")).status_code == 404


async def test_what_has_not_changed_is_not_sent_again(full: Board) -> None:
    async with full.browser("km") as browser:
        first = await browser.get(f"/c/{HOME}")
        again = await browser.get(f"/c/{HOME}", headers={"If-None-Match": first.headers["etag"]})
        other = await browser.get(f"/c/{NEIGHBOUR}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


async def test_a_commune_without_ratings_has_a_page_that_says_so(full: Board) -> None:
    async with full.browser() as browser:
        page = await browser.get(f"/c/{SILENT}")
    assert page.status_code == 200 and "No scores to show yet" in page.text
    assert f"https://t.me/samleng_bot?start=r_hc{SILENT}" in page.text


@pytest.mark.parametrize(
    "path", ["/c/999999", "/c/08", "/c/x", "/c/' OR 1=1", "/c/08030301", "/c/", "/x/y/z"]
)
async def test_what_does_not_exist_is_said_kindly(path: str, full: Board) -> None:
    async with full.browser() as browser:
        page = await browser.get(path)
    assert page.status_code == 404 and "This page does not exist" in page.text


@pytest.mark.parametrize(
    "path", [f"/c/{HOME}", f"/d/c/{HOME}", f"/d/f/{HC}", f"/d/p/{DISTRICT}", "/d/p/nation"]
)
async def test_a_round_that_does_not_exist_leads_to_those_that_do(path: str, full: Board) -> None:
    async with full.signed_in(COUNCIL, NATION_VIEWER) as browser:
        page = await browser.get(path, params={"round": "2019-Q1<script>"})
        assert page.status_code == 404
        assert "There is no such round here" in page.text and "<script" not in page.text
        for code in ROUNDS:
            there = await browser.get(f"{path}?round={code}")
            assert f'href="{path}?round={code}"' in page.text and there.status_code == 200


async def test_a_commune_is_found_by_its_name_and_its_code(full: Board) -> None:
    async with full.browser() as browser:
        assert str((await browser.get("/", params={"q": "080303"})).url) == f"{ADDRESS}/c/080303"
        many = await browser.get("/", params={"q": "ភូមិធំ"})
        assert len(re.findall(r'href="/c/\d{6}"', many.text)) > 1
        none = await browser.get("/", params={"q": "<img src=x onerror=alert(1)>"})
        assert "No commune found" in none.text and "<img" not in none.text


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "/\r\nX: y", "x"]
)
async def test_the_language_switch_leads_nowhere_else(to: str, full: Board) -> None:
    async with full.browser() as browser:
        page = await browser.post("/language/km", data={"to": to})
    assert str(page.url) == f"{ADDRESS}/"


async def test_other_systems_are_answered_beside_the_pages(full: Board) -> None:
    async with full.browser() as browser:
        assert (await browser.get("/api/v1/places")).status_code == 401
        assert (await browser.get("/healthz")).json() == {"database": "here"}


async def test_a_database_that_is_away_is_said_so(full: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_arguments: Any) -> None:
        raise Away("gone")

    async with full.browser() as browser:
        monkeypatch.setattr(full.database, "read", away)
        page = await browser.get(f"/c/{HOME}")
    assert page.status_code == 503 and "Please try again in a moment" in page.text
    assert page.headers["retry-after"] == "5"


async def test_a_mistake_of_ours_is_a_page_without_details(
    full: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_arguments: Any) -> None:
        raise RuntimeError("secret")

    async with full.browser() as browser:
        monkeypatch.setattr(full.database, "read", broken)
        page = await browser.get(f"/c/{HOME}")
    assert page.status_code == 500 and "Something went wrong on our side" in page.text
    assert "secret" not in page.text


# -- Through the door -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "address", "line"),
    [
        ("telegram", "700112233", "ផ្ទាំងទិន្នន័យ"),
        ("telegram", "700112233", "/dashboard"),
        ("sms", "+85512345678", "DASHBOARD"),
        ("sms", "+85512345678", "ផ្ទាំង​គ្រប់គ្រង"),
    ],
)
async def test_a_council_member_asks_the_bot_for_her_link(
    channel: str, address: str, line: str, full: Board
) -> None:
    person = Person(full.database, full.app.desk, channel, address)
    await person.says("MENU")
    known = (await person.conversation()) is not None
    assert known

    def grant(connection: Connection) -> None:
        from storage import contacts

        found = contacts.find(connection, full.app.desk.vault, channel, address, full.clock().date(), "km")
        roles.grant(connection, found.id, COUNCIL, full.clock().date(), actor=None, now=full.clock())

    await full.database.transact(grant)
    [link] = re.findall(rf"{ADDRESS}(/in/\w+)", await person.sees(line))
    async with full.browser("") as browser:
        for _look in range(3):  # what shows a preview of links opens it first
            shown = await browser.get(link)
            assert shown.status_code == 200 and "no-store" in shown.headers["cache-control"]
            assert not browser.cookies.get(SESSION)
        home = await browser.post(link)
        assert str(home.url) == f"{ADDRESS}/d/c/{HOME}" and '<html lang="km">' in home.text


async def test_who_has_no_role_gets_no_link(full: Board) -> None:
    person = Person(full.database, full.app.desk)
    assert ADDRESS not in await person.sees("DASHBOARD")
    assert (await full.database.transact(_count, "codes")) == 0


def _count(connection: Connection, table: str) -> int:
    import sqlalchemy as sa

    return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


async def test_a_link_works_once_and_says_so_afterwards(full: Board) -> None:
    link = await full.link(await full.official(COUNCIL))
    async with full.browser() as mine, full.browser() as another:
        assert (await mine.post(link)).status_code == 200
        for page in (await another.get(link), await another.post(link)):
            assert page.status_code == 410 and "This link no longer works" in page.text
            assert "DASHBOARD" in page.text
        assert not another.cookies.get(SESSION)


async def test_a_link_that_is_too_old_mistyped_or_made_up_opens_nothing(full: Board) -> None:
    link = await full.link(await full.official(COUNCIL))
    async with full.browser("km") as browser:
        for wrong in (link[:-1], link.upper(), "/in/x", "/in/" + "a" * 20, "/in/%00", "/in/'--"):
            page = await browser.post(wrong)
            assert page.status_code in {404, 410}, wrong
        full.clock.passes(minutes=15)
        page = await browser.post(link)
        assert page.status_code == 410 and "តំណនេះប្រើលែងបានហើយ" in page.text
        assert (await browser.get("/d")).status_code == 401


async def test_another_persons_link_makes_nobody_somebody_else(full: Board) -> None:
    theirs = await full.link(await full.official(NATION_VIEWER))
    async with full.signed_in(COUNCIL) as browser, full.browser() as owner:
        for page in (await browser.get(theirs), await browser.post(theirs)):
            assert page.status_code == 403 and "another person" in page.text
        assert str((await browser.get("/d")).url) == f"{ADDRESS}/d/c/{HOME}"
        assert str((await owner.post(theirs)).url) == f"{ADDRESS}/d/p/nation"  # nobody used it up


async def test_a_role_that_is_taken_back_opens_nothing_at_the_next_request(full: Board) -> None:
    contact = await full.official(COUNCIL)
    async with full.browser() as browser:
        assert (await browser.post(await full.link(contact))).status_code == 200
        await full.database.transact(roles.revoke, contact, None, actor=None, now=full.clock())
        page = await browser.get(f"/d/c/{HOME}")
    assert page.status_code == 401 and "Please sign in again" in page.text


async def test_a_session_ends_after_twelve_hours_and_by_signing_out(full: Board) -> None:
    async with full.signed_in(COUNCIL) as one, full.signed_in(COUNCIL) as other:
        kept = one.cookies[SESSION]
        assert (await one.post("/out")).status_code == 200
        one.cookies.set(SESSION, kept, domain="dashboard.test")
        assert (await one.get("/d")).status_code == 401
        assert (await other.get("/d")).status_code == 200
        full.clock.passes(hours=12)
        assert (await other.get("/d")).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": f"{ADDRESS}.evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_of_another_site_does_nothing(headers: dict[str, str], full: Board) -> None:
    link = await full.link(await full.official(COUNCIL))
    async with full.browser() as browser:
        assert (await browser.post(link, headers=headers)).status_code == 403
        ours = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}  # as a browser sends it from our pages
        assert (await browser.post(link, headers=ours)).status_code == 200
        assert (await browser.post("/out", headers=headers)).status_code == 403
        assert (await browser.get("/d")).status_code == 200


@pytest.mark.parametrize(("site", "secure"), [(ADDRESS, False), ("https://dashboard.test", True)])
async def test_the_cookie_is_kept_from_scripts_and_other_sites(site: str, secure: bool, full: Board) -> None:
    full.app.desk.site = site
    link = await full.link(await full.official(COUNCIL))
    async with full.browser() as browser:
        entered = await browser.post(link, follow_redirects=False)
    [cookie] = entered.headers.get_list("set-cookie")
    assert cookie.startswith(f"{SESSION}=") and "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert ("Secure" in cookie) == secure and entered.status_code == 303


async def test_who_tries_one_link_after_the_other_has_to_wait(full: Board) -> None:
    link = await full.link(await full.official(COUNCIL))
    async with full.browser() as browser:
        tried = [(await browser.post(f"/in/{number:020}")).status_code for number in range(22)]
        assert tried == [410] * 20 + [429] * 2
        late = await browser.post(link)
        assert late.status_code == 429 and int(late.headers["retry-after"]) <= 600
        elsewhere = await browser.get(link, headers={"X-Forwarded-For": "10.0.0.1, 198.51.100.4"})
        assert elsewhere.status_code == 200
        full.clock.passes(minutes=10)
        link = await full.link(await full.official(COUNCIL))
        assert (await browser.post(link)).status_code == 200


# -- Who sees what ----------------------------------------------------------------------------------------

OTHER_STAFF = Grant("staff", NEIGHBOUR, f"ps{NEIGHBOUR}")


@pytest.mark.parametrize(
    ("grants", "seen", "refused"),
    [
        (
            (COUNCIL,),
            (f"/d/c/{HOME}", f"/d/f/{HC}", f"/d/c/{HOME}/comments", f"/d/c/{HOME}/scores.json"),
            (f"/d/c/{NEIGHBOUR}", f"/d/f/hc{NEIGHBOUR}", f"/d/p/{DISTRICT}", "/d/p/08", "/d/p/nation",
             f"/d/c/{NEIGHBOUR}/comments", f"/d/c/{NEIGHBOUR}/scores.json", f"/d/p/{DISTRICT}/scores.json"),
        ),
        (
            (CAF,),
            (f"/d/c/{HOME}", f"/d/f/{HC}"),
            (f"/d/c/{HOME}/comments", f"/d/c/{NEIGHBOUR}", f"/d/p/{DISTRICT}"),
        ),
        (
            (STAFF,),
            (f"/d/f/{HC}", f"/d/f/{HC}/comments", f"/d/f/{HC}/scores.json"),
            (f"/d/c/{HOME}", f"/d/f/ps{HOME}", f"/d/f/hc{NEIGHBOUR}", f"/d/f/ps{HOME}/comments",
             f"/d/c/{HOME}/scores.json"),
        ),
        (
            (DISTRICT_VIEWER,),
            (f"/d/p/{DISTRICT}", f"/d/c/{HOME}", f"/d/c/{NEIGHBOUR}", f"/d/f/{HC}"),
            ("/d/p/08", "/d/p/nation", "/d/p/0804", f"/d/c/{SILENT}", f"/d/c/{HOME}/comments", f"/d/f/{HC}/comments"),
        ),
        (
            (NATION_VIEWER,),
            ("/d/p/nation", "/d/p/01", f"/d/p/{DISTRICT}", f"/d/c/{SILENT}"),
            (f"/d/c/{HOME}/comments",),
        ),
        (
            (Grant("admin", "08"),),
            ("/d/p/08", f"/d/p/{DISTRICT}", f"/d/c/{HOME}/comments"),
            ("/d/p/nation", "/d/p/01", f"/d/c/{SILENT}/comments"),
        ),
    ],
    ids=["council", "facilitator", "staff", "district", "nation", "administrator"],
)  # fmt: skip
async def test_roles_decide_what_is_seen(
    grants: tuple[Grant, ...], seen: tuple[str, ...], refused: tuple[str, ...], full: Board
) -> None:
    async with full.signed_in(*grants) as browser:
        for path in seen:
            assert (await browser.get(path)).status_code == 200, path
        for path in refused:
            page = await browser.get(path)
            assert page.status_code == 403, path
            assert "This is not open to your role" in page.text
            assert "ខ្វះថ្នាំ" not in page.text
            assert "no-store" in page.headers["cache-control"]
    async with full.browser() as stranger:
        for path in (*seen, *refused):
            assert (await stranger.get(path)).status_code == 401, path


async def test_refused_a_commune_one_is_led_to_its_public_page(full: Board) -> None:
    async with full.signed_in(COUNCIL) as browser:
        page = await browser.get(f"/d/c/{NEIGHBOUR}")
    assert f'href="/c/{NEIGHBOUR}"' in page.text


@pytest.mark.parametrize("path", ["/d/c/999999", "/d/c/08", "/d/f/hc999999", "/d/p/99", "/d/p/x", "/d/x/1/comments",
                                  "/d/c/%27/comments", f"/d/c/{HOME}/scores.exe", f"/d/p/{DISTRICT}?sort=password",
                                  f"/d/c/{HOME}/attachments/x"])  # fmt: skip
async def test_behind_the_door_too_what_does_not_exist_is_said(path: str, full: Board) -> None:
    async with full.signed_in(COUNCIL, NATION_VIEWER) as browser:
        page = await browser.get(path)
    assert page.status_code == 404 and "This page does not exist" in page.text


async def test_who_has_several_places_chooses_and_who_has_one_is_led_there(full: Board) -> None:
    async with full.signed_in(COUNCIL, DISTRICT_VIEWER) as browser:
        page = await browser.get("/d")
        assert f'href="/d/c/{HOME}"' in page.text and f'href="/d/p/{DISTRICT}"' in page.text
    async with full.signed_in(STAFF) as browser:
        assert str((await browser.get("/d")).url) == f"{ADDRESS}/d/f/{HC}"


# -- What is seen -----------------------------------------------------------------------------------------


async def test_a_commune_shows_groups_villages_others_meetings_and_readers(full: Board) -> None:
    async with full.signed_in(COUNCIL) as browser:
        page = await browser.get(f"/d/c/{HOME}")
    said = text(page)
    for heading in ("By group", "By village", "Beside other communes", "By theme", "Meetings announced"):
        assert heading in said, heading
    assert "Women" in said and "Youth" in said
    assert "&lt;b&gt;សាលាឃុំ&lt;/b&gt;" in page.text
    assert "2 comments" in said and "2 wait for an answer" in said
    assert "Prices" in said and "11/2026" in said


async def test_charts_say_in_words_what_they_show(full: Board) -> None:
    async with full.signed_in(COUNCIL) as browser:
        page = await browser.get(f"/d/c/{HOME}")
    drawn = re.findall(
        r'<svg class="(bar|trend|span|share)" role="img"[^>]*>(.*?)</svg>', page.text, flags=re.S
    )
    assert {kind for kind, _inside in drawn} == {"bar", "trend", "span"}
    for kind, inside in drawn:
        title = re.search(r"<title>([^<]+)</title>", inside)
        assert title is not None and title[1].strip(), kind
    assert page.text.count("As a table") == 3


async def test_a_table_of_communes_is_sorted_by_any_column(full: Board) -> None:
    async with full.signed_in(DISTRICT_VIEWER) as browser:
        for column in ("name", "ca", "hc", "ps", "all", "satisfied", "people", "change"):
            up = _order((await browser.get(f"/d/p/{DISTRICT}?sort={column}")).text)
            down = _order((await browser.get(f"/d/p/{DISTRICT}?sort={column}&down=1")).text)
            assert len(up) == 12 and sorted(up) == sorted(down), column
            assert up[0] == down[-1] or column in {"hc", "change"}, column  # without any they stay last
        page = await browser.get(f"/d/p/{DISTRICT}?sort=hc&down=1")
    assert page.text.count("aria-sort") == 1 and 'aria-sort="descending"' in page.text
    means = [float(mean) for mean in re.findall(r"Health centre</span><b>([\d.]+)</b>", page.text)]
    assert len(means) > 5 and means == sorted(means, reverse=True)


def _order(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/d/c/(\d{6})"', page)


async def test_wider_places_count_the_communes_without_ratings(full: Board) -> None:
    async with full.signed_in(NATION_VIEWER) as browser:
        assert "Communes with ratings: 12 of 127" in text(await browser.get("/d/p/08"))
        nation = text(await browser.get("/d/p/nation"))
    assert "Communes with ratings: 12 of 1,652" in nation and "no scores to show yet" in nation


async def test_where_nothing_is_published_every_page_says_so(empty: Board) -> None:
    async with empty.signed_in(COUNCIL, NATION_VIEWER) as browser:
        for path in (f"/c/{HOME}", f"/d/c/{HOME}", f"/d/f/{HC}", f"/d/p/{DISTRICT}", "/d/p/nation"):
            page = await browser.get(path)
            assert page.status_code == 200, path
            assert "no scores to show yet" in text(page).lower(), path
            assert "Sample data" not in page.text


async def test_only_what_was_made_up_says_so(full: Board) -> None:
    async with full.signed_in(COUNCIL) as browser:
        for path in (f"/c/{HOME}", f"/d/c/{HOME}", f"/d/f/{HC}"):
            assert "Sample data" in (await browser.get(path)).text, path
        assert "Sample data" not in (await browser.get(f"/c/{SILENT}")).text


# -- Comments ---------------------------------------------------------------------------------------------


async def test_a_council_reads_what_was_said_masked_and_as_text_alone(full: Board) -> None:
    async with full.signed_in(COUNCIL) as browser:
        page = await browser.get(f"/d/c/{HOME}/comments")
    assert "ខ្វះថ្នាំញឹកញាប់" in page.text and "345" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text and "<script" not in page.text
    assert "{{ 7*7 }}" in page.text  # nor is it a template
    assert "នៅឃុំជិតខាង" not in page.text
    assert "20/11/2026" in page.text and not re.search(r"\d\d:\d\d", page.text)


async def test_a_council_marks_a_comment_as_answered(full: Board) -> None:
    async with full.signed_in(COUNCIL) as browser:
        page = await browser.get(f"/d/c/{HOME}/comments?waiting=1")
        key = re.findall(r'name="key" value="([^"]+)"', page.text)[0]
        sent = {"key": key, "page": "1", "waiting": "1"}
        after = await browser.post(f"/d/c/{HOME}/comments", data=sent)
        assert str(after.url).endswith(f"/d/c/{HOME}/comments?page=1&waiting=1")
        assert key not in after.text and "Not answered 1" in text(after)
        assert "Answered on 22/11/2026" in (await browser.get(f"/d/c/{HOME}/comments")).text
        again = await browser.post(f"/d/c/{HOME}/comments", data=sent)  # pressed twice
        assert again.status_code == 200
        assert (await browser.post(f"/d/c/{HOME}/comments", data={"key": "nonsense"})).status_code == 404


@pytest.mark.parametrize("grant", [CAF, STAFF, DISTRICT_VIEWER, NATION_VIEWER, Grant("council", NEIGHBOUR)])
async def test_nobody_else_does(grant: Grant, full: Board) -> None:
    def listed(connection: Connection) -> list[comments.Comment]:
        vault, today = full.app.desk.vault, full.clock().date()
        return comments.listed(connection, vault, [HC], HOME, today, limit=10)

    found = await full.database.transact(listed)
    async with full.signed_in(grant) as browser:
        for one in found:
            for path in (f"/d/c/{HOME}/comments", f"/d/f/{HC}/comments"):
                assert (await browser.post(path, data={"key": one.key})).status_code == 403, path
    async with full.browser() as stranger:
        assert (await stranger.post(f"/d/c/{HOME}/comments", data={"key": found[0].key})).status_code == 401
    assert all(one.answered_on is None for one in await full.database.transact(listed))


async def test_comments_come_in_pages(full: Board) -> None:
    def many(connection: Connection) -> None:
        for number in range(30):
            comment(connection, full.app.desk.vault, f"មតិទី {number}", 100 + number, days_ago=5)

    await full.database.transact(many)
    async with full.signed_in(COUNCIL) as browser:
        shown: list[str] = []
        for number in ("1", "2"):
            page = await browser.get(f"/d/c/{HOME}/comments", params={"page": number})
            shown += re.findall(r'<p class="said">(.*?)</p>', page.text, flags=re.S)
        assert len(shown) == len(set(shown)) == 32
        for odd in ("0", "-1", "x", "9" * 40, "٣", "99"):
            assert (await browser.get(f"/d/c/{HOME}/comments", params={"page": odd})).status_code == 200


async def test_a_voice_note_is_heard_by_whoever_may_read_it(full: Board) -> None:
    vault, store = full.app.desk.vault, full.app.store
    sound = b"OggS of a voice"

    def said(connection: Connection) -> bytes:
        number = attachments.add(connection, vault, "voice", "telegram", "file", full.clock())
        attachments.kept(connection, number, len(sound), full.clock())
        rater = vault.rater(b"%016d" % 77, 1, HC, "2026-Q4")
        responses.rate(
            connection, vault, rater, facility=HC, round_code="2026-Q4", scores={"hc-price": 1}, groups=[],
            comment={"text": "", "kind": "voice", "number": number.hex(), "seconds": 4}, commune=HOME,
            shared=False, keep_comment=False, today=full.clock().date().replace(day=18),
        )  # fmt: skip
        return number

    number = await full.database.transact(said)
    store.write(number, sound)
    try:
        async with full.signed_in(COUNCIL) as browser, full.signed_in(CAF) as other:
            page = await browser.get(f"/d/c/{HOME}/comments")
            [source] = re.findall(r'<audio [^>]*src="([^"]+)"', page.text)
            heard = await browser.get(source)
            assert (heard.content, heard.headers["content-type"]) == (sound, "audio/ogg")
            assert number.hex() not in page.text
            assert (await other.get(source)).status_code == 403
            assert (await browser.get(source.replace(HOME, NEIGHBOUR))).status_code == 403
    finally:
        store.remove(number)


# -- Files ------------------------------------------------------------------------------------------------


async def test_what_is_shown_can_be_taken_away(full: Board) -> None:
    async with full.signed_in(COUNCIL, DISTRICT_VIEWER) as browser:
        for base in (f"/d/c/{HOME}", f"/d/f/{HC}", f"/d/p/{DISTRICT}"):
            files = {
                form: await browser.get(f"{base}/scores.{form}?round=2026-Q3")
                for form in ("pdf", "xlsx", "csv", "json")
            }
            assert all(file.status_code == 200 for file in files.values()), base
            assert files["pdf"].content.startswith(b"%PDF-")
            assert load_workbook(io.BytesIO(files["xlsx"].content)).sheetnames
            assert json.loads(files["json"].content)["rounds"] == ["2026-Q3"]
            assert b"2026-Q3" in files["csv"].content
            for form, file in files.items():
                name = file.headers["content-disposition"]
                assert re.fullmatch(rf'attachment; filename="samleng-\w+-2026-Q3\.{form}"', name), name
                assert file.headers["cache-control"] == "no-store"


async def test_a_file_of_a_place_without_ratings_is_no_error(empty: Board) -> None:
    async with empty.signed_in(COUNCIL) as browser:
        for form in ("pdf", "xlsx", "csv", "json"):
            assert (await browser.get(f"/d/c/{HOME}/scores.{form}")).status_code == 200, form


# -- Below a path, and without a bot ----------------------------------------------------------------------


async def test_pages_may_lie_below_a_path(full: Board) -> None:
    """As when a proxy serves https://example.org/samleng/… from here."""
    full.app.desk.site = "http://dashboard.test/samleng"
    link = await full.link(await full.official(COUNCIL))
    async with full.browser() as browser:
        page = await browser.get(f"/c/{HOME}")
        assert not re.findall(r'(?:href|action)="/(?!samleng/)[^"]*"', page.text)
        entered = await browser.post(link, follow_redirects=False)
    assert entered.headers["location"] == "/samleng/d"
    assert "Path=/samleng" in entered.headers["set-cookie"]


async def test_without_a_bot_a_public_page_offers_none(full: Board) -> None:
    full.app.desk = replace(full.app.desk, number="")
    full.app.username = ""
    transport = httpx.ASGITransport(web(full.app, clock=False))
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, cookies={LANGUAGE: "en"}) as browser:
        page = await browser.get(f"/c/{HOME}")
    assert "t.me" not in page.text and "By SMS" not in page.text and 'href="/phone"' in page.text
