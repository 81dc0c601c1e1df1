"""Saying where one lives: a commune, a wider place that it lies in, a list, a name on another page of it."""

from __future__ import annotations

import pytest

from flows.gazetteer import Gazetteer
from flows.library import Library
from flows.places import hear
from flows.questions import Choice, Option, Said, Scale
from flows.segments import measure
from flows.text import Catalogue, words
from handlers.desk import Desk
from storage.database import Database
from tests.person import Person

ASKED = "តើអ្នករស់នៅឃុំ ឬសង្កាត់ណា?"


@pytest.mark.parametrize(
    ("typed", "communes", "wider"),
    [
        ("ស្រុកខ្សាច់កណ្តាល", (), ("0803",)),
        ("ខ្សាច់កណ្ដាល", (), ("0803",)),
        ("srok khsach kandal", (), ("0803",)),
        ("khsach kandal district", (), ("0803",)),
        ("0803", (), ("0803",)),
        ("ខេត្តកំពត", (), ("07",)),
        ("kandal", (), ("08",)),
        ("រាជធានីភ្នំពេញ", (), ("12",)),
        ("phnom penh", (), ("12",)),
        # A town in the province of its name, and a commune that is called like a province far away.
        ("battambang", (), ("0203", "02")),
        ("ភ្នំពេញ", ("130404",), ("12",)),
        ("កំពង់ត្រាច", ("200408",), ("0706",)),
        # Two digits answer a question more often than they are a province.
        ("08", (), ()),
        ("ព្រែកអំពិល", ("081303",), ()),
        ("ខ្ញុំមិនដឹងទេ", (), ()),
    ],
)
def test_who_names_only_her_district_or_province_means_it(
    typed: str, communes: tuple[str, ...], wider: tuple[str, ...], library: Library
) -> None:
    heard = hear(library, typed)
    assert (heard.communes, heard.wider) == (communes, wider)


@pytest.mark.anyio
@pytest.mark.parametrize("channel", ["telegram", "sms"])
async def test_a_district_leads_to_its_communes(channel: str, sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk, channel)
    await sokha.says("HC")
    said = await sokha.sees("ស្រុកខ្សាច់កណ្តាល")
    assert "ឃុំ/សង្កាត់ណា?" in said
    # On another page of the list; and as one hears it said.
    assert "រកាជន្លឹង" in str(sokha.parts)
    said = await sokha.sees("វិហារសួគ៌")
    assert "វត្តមានគ្រូពេទ្យ" in said


@pytest.mark.anyio
async def test_a_commune_and_a_province_of_one_name_are_both_offered(sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk)
    await sokha.says("/rate", "មណ្ឌលសុខភាព")
    await sokha.says("ភ្នំពេញ")
    assert sokha.button("ឃុំភ្នំពេញ, ស្រុកគូលែន, ខេត្តព្រះវិហារ")
    said = await sokha.sees("រាជធានី")  # what the button begins with
    assert "ខណ្ឌណា?" in said
    await sokha.says("ទួលគោក")
    assert "បឹងសាឡាង" in str(sokha.parts)
    assert ASKED in await sokha.sees("ថយក្រោយ", "ថយក្រោយ", "ថយក្រោយ")


@pytest.mark.anyio
async def test_a_service_and_a_place_begin_a_rating_where_a_place_was_asked_for(
    sqlite: Database, desk: Desk
) -> None:
    sokha = Person(sqlite, desk)
    assert ASKED in await sokha.sees("/join")
    assert "មណ្ឌលសុខភាព កំពង់ចំលង" in await sokha.sees("HC 080303")


@pytest.mark.anyio
async def test_every_list_of_places_fits_two_segments(sqlite: Database, desk: Desk, library: Library) -> None:
    """In some districts eight names are too long for one message."""
    long = ["0702", "0706", "1204"]
    for district in (*long, *_districts(library.gazetteer)[::10]):
        sokha = Person(sqlite, desk, "sms", f"+855120{district}")
        await sokha.says("HC", district)
        seen: set[str] = set()
        while True:
            text = str(sokha.parts[-1]["text"])
            assert measure(text).count <= 2, text
            lines = text.splitlines()[1:]
            seen |= {line.split(" ", 1)[1] for line in lines}
            if "បន្ទាប់" not in lines[-1]:
                break
            await sokha.says("បន្ទាប់")
        assert {place.km for place in library.gazetteer.children(district)} <= seen


def _districts(gazetteer: Gazetteer) -> list[str]:
    return [
        district.code for province in gazetteer.children("") for district in gazetteer.children(province.code)
    ]


OPTIONS = (
    Option("hc", words({"km": "មណ្ឌលសុខភាព", "en": "Health centre"})),
    Option("help", words({"km": "ជំនួយ", "en": "Help"})),
    Option("ps", words({"km": "សាលាបឋមសិក្សា", "en": "Primary school"})),
    Option("ca", words({"km": "សាលាឃុំ/សង្កាត់", "en": "Commune office"})),
)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("primary", "ps"),
        ("PRIM", "ps"),
        ("សាលាឃុំ", "ca"),
        ("សាលាបឋម", "ps"),
        ("heal", "hc"),
        ("help", "help"),
        ("he", None),  # too short
        ("hel", "help"),
        ("សាលា", None),  # two of them
        ("school", None),
        ("commune office please", None),
    ],
)
def test_a_label_is_known_by_a_beginning_that_no_other_has(
    typed: str, answer: str | None, desk: Desk
) -> None:
    asked = Choice(key="service", text=words({"en": "?"}), options=OPTIONS[:2], beyond=OPTIONS[2:])
    found = asked.read(Said(typed), _languages(desk))
    assert (found if asked.accepts(found) else None) == answer
    # A scale is not: the beginning of "very bad" is "very".
    scale = Scale(
        key="score",
        text=words({"en": "?"}),
        options=(Option(1, words({"en": "Very bad"})), Option(5, words({"en": "Good"}))),
    )
    assert not scale.accepts(scale.read(Said("very"), _languages(desk)))


def _languages(desk: Desk) -> list[Catalogue]:
    return list(desk.labels(desk.media["telegram"].channel))


@pytest.mark.anyio
@pytest.mark.parametrize("word", ["ពេទ្យ", "hc", "hospital", "មន្ទីរពេទ្យ", "មណ្ឌល", "Health"])
async def test_a_service_is_chosen_by_whatever_it_is_called(word: str, sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk)
    await sokha.says("/rate")
    assert ASKED in await sokha.sees(word)
    assert (await sokha.sees("កំពង់ចំលង")).startswith("អ្នកកំពុងដាក់ពិន្ទុ៖ មណ្ឌលសុខភាព")
