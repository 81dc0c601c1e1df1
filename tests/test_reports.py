"""Reports on paper and pictures for a chat: the figures of the scorecard, texts that stay texts, as approved."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from bot import catalogues
from flows import scoretext
from flows.counts import NOBODY, Counts
from flows.library import SERVICES, Facility, Library
from flows.text import Catalogue, spoken
from reports import card as cards
from reports import pages, reading
from reports.card import card_alt, card_png
from reports.figures import Writing
from reports.pages import Links
from reports.poster import PLACEHOLDER, Reach
from reports.scorecard import Scorecard, Standing
from storage.database import Connection, connect
from tests import looks
from tests.scored import fill
from tests.test_posters import outside, seen_codes, texts

CATALOGUES = catalogues.load()
KM, EN = CATALOGUES["km", "messages"], CATALOGUES["en", "messages"]
COMMUNE, DISTRICT, FACILITY, EMPTY = "080303", "0803", "hc080303", "010201"
VILLAGES = ("v:08030301", "v:08030302", "v:08030303")
LINKS = Links("https://samleng.example.org", Reach("https://t.me/samleng_bot"))

Read = Callable[..., Any]


@pytest.fixture(scope="session")
def read(sqlite_template: Path, library: Library, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """What is published of a district in two rounds, as a reader of scorecards sees it."""
    file = tmp_path_factory.mktemp("scored") / "samleng.db"
    shutil.copy(sqlite_template, file)

    def run(work: Callable[..., Any], *arguments: Any) -> Any:
        async def done() -> Any:
            database = connect(f"sqlite:///{file}")
            try:
                return await database.transact(work, *arguments)
            finally:
                await database.close()

        return asyncio.run(done())

    def scored(connection: Connection) -> None:
        others = [place.code for place in library.gazetteer.below(DISTRICT) if place.code != COMMUNE]
        fill(connection, library, others[:-2])
        fill(connection, library, [COMMUNE], groups=("women", "men", "youth", "poor", *VILLAGES), seed=7)

    run(scored)
    return lambda work, *arguments: run(work, library, *arguments)


@pytest.fixture
def commune(read: Read) -> Scorecard:
    return read(reading.of_place, COMMUNE)  # type: ignore[no-any-return]


@pytest.fixture
def facility(read: Read) -> Scorecard:
    return read(reading.of_facility, FACILITY)  # type: ignore[no-any-return]


@pytest.fixture
def district(read: Read) -> tuple[Scorecard, Standing]:
    return read(reading.of_place, DISTRICT), read(reading.of_parts, DISTRICT)


@pytest.fixture
def empty(read: Read) -> Scorecard:
    return read(reading.of_place, EMPTY)  # type: ignore[no-any-return]


def score(value: float) -> str:
    return spoken(scoretext.shown(value), EN)


# -- The figures ------------------------------------------------------------------------------------------


def test_each_service_has_a_page_with_the_figures_of_the_scorecard(
    commune: Scorecard, library: Library
) -> None:
    cover, *services, reading_ = texts(pages.pdf(commune, library, EN, links=LINKS))
    assert len(services) == len(SERVICES)
    for page, section in zip(services, commune.sections, strict=True):
        assert f"Mean {section.counts.mean:.1f} Satisfied {section.counts.satisfied * 100:.0f}%" in page
        assert f"{section.raters} people" in page
        for line in section.lines:
            counts = line.counts
            five = " ".join(map(str, counts.five))
            assert line.district is not None
            stands = spoken(scoretext.stands_name(line.district.stands(counts.mean)), EN)
            row = (
                f"{spoken(scoretext.label(line.code, library), EN)} In the district: {stands} {score(counts.median)} "
                f"{counts.mean:.1f} {counts.n} {five} {counts.satisfied * 100:.0f}%"
            )
            assert row in page, row
        for group, name in (("women", "Women"), ("youth", "Youth"), ("poor", "ID-Poor card holders")):
            cells = " ".join(score(line.groups[group].median) for line in section.lines)
            assert f"{name} {section.raters_of(group)} {cells}" in page
        for code in commune.villages:
            place = library.place(code)
            assert place is not None
            cells = " ".join(score(line.villages[code].median) for line in section.lines)
            assert f"{cells}" in page.partition(place.latin)[2]
    for section in commune.sections:
        assert f"{section.counts.mean:.1f} mean, of 5" in cover
    assert "19 November 2026" in cover and "quarter 4 of 2026" in cover
    assert "The score of a criterion is the median" in reading_


def test_a_group_that_may_not_be_shown_is_a_dash(commune: Scorecard, library: Library) -> None:
    section = commune.sections[0]
    first, *others = section.lines
    less = replace(first, groups={g: c for g, c in first.groups.items() if g != "women"})
    card = replace(commune, sections=(replace(section, lines=(less, *others)), *commune.sections[1:]))
    page = texts(pages.pdf(card, library, EN))[1]
    cells = " ".join(score(line.groups["women"].median) for line in others)
    assert f"Women {max(line.groups['women'].n for line in others)} – {cells}" in page


def test_a_criterion_with_too_few_ratings_says_so(commune: Scorecard, library: Library) -> None:
    section = commune.sections[0]
    hidden = replace(section.lines[0], counts=NOBODY, groups={}, villages={})
    card = replace(
        commune, sections=(replace(section, lines=(hidden, *section.lines[1:])), *commune.sections[1:])
    )
    page = texts(pages.pdf(card, library, EN))[1]
    assert "Opening hours Too few ratings to show" in page
    assert "Opening hours: too few ratings to show" in card_alt(card, library, EN, "ca")


def test_a_wide_place_has_a_table_of_its_parts(
    district: tuple[Scorecard, Standing], library: Library
) -> None:
    card, parts = district
    page = texts(pages.pdf(card, library, EN, parts, LINKS))[4]
    assert len(parts.rows) == len(library.gazetteer.below(DISTRICT))
    for row in parts.rows:
        place = library.place(row.place)
        assert place is not None
        means = " ".join(f"{row.services[s].mean:.1f}" if row.services[s] else "–" for s in SERVICES)
        shown = f"{row.counts.satisfied * 100:.0f}%" if row.counts else "–"
        assert f"{place.latin} commune {means} {shown}" in page
    cover = texts(pages.pdf(card, library, EN, parts, LINKS))[0]
    assert f"{card.rated} of {card.communes}" in cover
    assert card.rated == card.communes - 2


def test_a_facility_has_its_own_report(facility: Scorecard, library: Library) -> None:
    cover, page, _reading = texts(pages.pdf(facility, library, EN, links=LINKS))
    assert cover.startswith("Community scorecard Health centre Kampong Chamlang")
    assert "In the district" not in page


# -- What there is not ------------------------------------------------------------------------------------


def test_a_report_without_ratings_is_one_clear_page(empty: Scorecard, library: Library) -> None:
    assert not empty
    pdf = pages.pdf(empty, library, EN, links=LINKS)
    [page] = texts(pdf)
    assert "There are no scores to show yet: a score is shown once 5 people or more have given it." in page
    assert "0.0" not in page and "0%" not in page
    assert seen_codes(pdf) == [["https://t.me/samleng_bot"]]


def test_before_the_first_night_there_is_no_day(empty: Scorecard, library: Library) -> None:
    [page] = texts(pages.pdf(replace(empty, as_of=None), library, EN))
    assert "until" not in page
    assert card_png(replace(empty, as_of=None), library, KM)


def test_a_service_that_nobody_rated_is_named_all_the_same(commune: Scorecard, library: Library) -> None:
    section = commune.sections[1]
    nobody = replace(
        section, lines=tuple(replace(line, counts=NOBODY, groups={}, villages={}) for line in section.lines)
    )
    card = replace(commune, sections=(commune.sections[0], nobody, commune.sections[2]))
    cover, _office, page, *_rest = texts(pages.pdf(card, library, EN))
    assert "Health centre Too few ratings to show" in cover
    assert "Too few ratings to show" in page and "Mean 0" not in page


# -- Codes ------------------------------------------------------------------------------------------------


def test_the_code_leads_to_the_public_page_else_to_the_bot(
    commune: Scorecard, facility: Scorecard, library: Library
) -> None:
    bot = Reach("https://t.me/samleng_bot")
    for card, links, code in (
        (commune, LINKS, ["https://samleng.example.org/c/080303"]),
        (commune, Links(reach=bot), ["https://t.me/samleng_bot"]),
        (facility, LINKS, [f"https://t.me/samleng_bot?start=r_{FACILITY}"]),
        (commune, Links(), []),
        (commune, Links(reach=Reach(PLACEHOLDER)), []),
    ):
        first, *others = seen_codes(pages.pdf(card, library, KM, links=links))
        assert first == code
        assert not any(others)


# -- Texts ------------------------------------------------------------------------------------------------

MARKUP = '#panic() *b* _i_ $x$ <b>h</b> = \\ `r` @ref // [x] "]) }}'


def test_markup_in_names_is_text(facility: Scorecard, library: Library) -> None:
    odd = Facility(FACILITY, "hc", MARKUP, MARKUP, (COMMUNE,))
    other = Library(
        library.gazetteer, [odd], [c for s in SERVICES for c in library.criteria(s)], finder=library.finder
    )
    for page in texts(pages.pdf(facility, other, EN))[:2]:
        assert MARKUP in page
    assert MARKUP in card_alt(facility, other, EN)
    assert card_png(facility, other, EN) != card_png(facility, library, EN)


@pytest.mark.parametrize("name", ["W" * 60, "ស្ត្រី" * 30, "មណ្ឌលសុខភាព " * 8])
def test_a_long_name_stays_on_the_page(facility: Scorecard, library: Library, name: str) -> None:
    odd = Facility(FACILITY, "hc", name, name, (COMMUNE,))
    other = Library(
        library.gazetteer, [odd], [c for s in SERVICES for c in library.criteria(s)], finder=library.finder
    )
    for catalogue in (KM, EN):
        assert not outside(pages.pdf(facility, other, catalogue))
        picture = Image.open(io.BytesIO(card_png(facility, other, catalogue)))
        assert picture.width == 900 and picture.height <= 1280


def test_many_villages_flow_on_and_none_is_lost(commune: Scorecard, library: Library) -> None:
    codes = [place.code for place in library.gazetteer.places if len(place.code) == 8][:60]
    sections = tuple(
        replace(
            section,
            lines=tuple(
                replace(line, villages={code: Counts((1, 2, 3, 4, 5)) for code in codes})
                for line in section.lines
            ),
        )
        for section in commune.sections
    )
    pdf = pages.pdf(replace(commune, sections=sections), library, EN)
    whole = " ".join(texts(pdf))
    for code in codes:
        place = library.place(code)
        assert place is not None and place.latin in whole
    assert not outside(pdf)


def test_all_pages_of_a_sample_say_so(commune: Scorecard, library: Library) -> None:
    sample = replace(commune, sample=True)
    for page in texts(pages.pdf(sample, library, EN)):
        assert "Sample data: none of this is real" in page
    assert "Sample data" in card_alt(sample, library, EN)
    for page in texts(pages.pdf(commune, library, EN)):
        assert "Sample" not in page


# -- The picture ------------------------------------------------------------------------------------------


def test_the_picture_fits_a_phone(
    commune: Scorecard,
    facility: Scorecard,
    district: tuple[Scorecard, Standing],
    empty: Scorecard,
    library: Library,
) -> None:
    for catalogue in (KM, EN):
        for card in (commune, facility, district[0], empty):
            picture = Image.open(io.BytesIO(card_png(card, library, catalogue)))
            assert picture.format == "PNG"
            assert 720 <= picture.width <= 1080 and picture.height <= 1280
    assert card_png(commune, library, KM, "hc") != card_png(commune, library, KM)


def test_the_picture_says_what_the_words_say(commune: Scorecard, library: Library) -> None:
    filled = cards.data(commune, library, EN)
    words = card_alt(commune, library, EN)
    for section, drawn in zip(commune.sections, filled["services"], strict=True):
        assert (
            f"{drawn['name']}: {drawn['shown']} of 5 · {drawn['satisfied'].replace('%', '% satisfied')}"
            in words
        )
        assert drawn["face"] == scoretext.nearest(section.counts.mean)
        assert sum(part["share"] for part in drawn["bar"]) == pytest.approx(1)
        assert drawn["people"] in words


def test_which_way_it_moves_is_drawn(library: Library) -> None:
    ways = {
        None: {"way": "", "by": ""},
        0.04: {"way": "same", "by": ""},
        0.26: {"way": "up", "by": "0.3"},
        -1.0: {"way": "down", "by": "1.0"},
    }
    for change, drawn in ways.items():
        assert Writing(library, EN).change(change) == drawn


# -- As approved ------------------------------------------------------------------------------------------


def views(
    read: Read, library: Library, rounds: Sequence[str] = ()
) -> dict[str, Callable[[], list[Image.Image]]]:
    """What is kept as a picture, by name."""

    def place(code: str) -> Scorecard:
        return read(reading.of_place, code, rounds)  # type: ignore[no-any-return]

    def paper(card: Scorecard, catalogue: Catalogue, parts: Standing | None = None) -> list[Image.Image]:
        return looks.pages(pages.pdf(card, library, catalogue, parts, LINKS))

    return {
        "commune.km": lambda: paper(place(COMMUNE), KM),
        "commune.en": lambda: paper(replace(place(COMMUNE), sample=True), EN),
        "district.km": lambda: paper(place(DISTRICT), KM, read(reading.of_parts, DISTRICT, rounds)),
        "facility.km": lambda: paper(read(reading.of_facility, FACILITY, rounds), KM),
        "empty.km": lambda: paper(place(EMPTY), KM),
        "card.commune.km": lambda: looks.small(card_png(place(COMMUNE), library, KM)),
        "card.facility.en": lambda: looks.small(
            card_png(read(reading.of_facility, FACILITY, rounds), library, EN)
        ),
    }


@pytest.mark.parametrize(
    "name",
    [
        "commune.km",
        "commune.en",
        "district.km",
        "facility.km",
        "empty.km",
        "card.commune.km",
        "card.facility.en",
    ],
)
def test_looks_as_approved(name: str, read: Read, library: Library, request: pytest.FixtureRequest) -> None:
    update = request.config.getoption("--update")
    assert looks.differ(views(read, library)[name](), name, update) <= looks.FEW


def test_other_figures_would_be_noticed(read: Read, library: Library) -> None:
    for name in ("commune.km", "card.commune.km"):
        assert looks.differ(views(read, library, ["2026-Q3"])[name](), name, False) > looks.FEW


def test_the_code_is_read_from_the_approved_size(commune: Scorecard, library: Library) -> None:
    [first, *_rest] = pages.png(commune, library, KM, links=LINKS)
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(first)))
    assert [one.text for one in found] == ["https://samleng.example.org/c/080303"]
