"""Information for citizens on paper: posters that can be read, codes that lead where they say, texts that stay texts."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from bot import catalogues
from bot.cli import app
from bot.commands import posters
from flows import oneline
from flows.library import SERVICES, Facility, Library
from flows.packs import BLOCKS, Item, Pack, Performance, Price, Text
from flows.text import words
from reports.bars import MOST, performance_alt, performance_png
from reports.poster import PLACEHOLDER, Board, Press, Reach, rating_line
from reports.stickers import stickers_pdf
from storage import packs
from storage.database import connect
from tests.packs import pack as made_up

TODAY = date(2026, 11, 22)
BOT = Reach("https://t.me/samleng_bot", "+85512345678")
A3 = (842, 1191)  # points
SOURCE = words({"km": "មណ្ឌលសុខភាព", "en": "The health centre"})
CATALOGUES = catalogues.load()


@pytest.fixture(scope="session")
def published(sqlite_template: Path) -> dict[str, Pack]:
    """What this release shows in demo mode: general standards and the worked example."""

    async def read() -> dict[str, Pack]:
        database = connect(f"sqlite:///{sqlite_template}")
        try:
            return await database.transact(
                lambda connection: {pack.subject: pack for pack in packs.all_published(connection, True)}
            )
        finally:
            await database.close()

    return asyncio.run(read())


@pytest.fixture
def press(library: Library) -> Press:
    return Press(library, CATALOGUES["en", "messages"], BOT, TODAY)


def board(library: Library, pack: Pack, code: str = "hc080303") -> Board:
    facility = library.facility(code)
    assert facility is not None
    return Board(facility, pack)


def pack_of(*items: Item, sample: bool = False) -> Pack:
    return Pack("hc080303", "hc", items, 1, "published", sample, "2026-11-01")


def right(text: str, number: int = 1, true_on: str = "2026-10-01") -> Text:
    return Text(f"rights-{number}", words({"km": text, "en": text}), SOURCE, true_on, "right")


def codes(picture: Image.Image) -> list[str]:
    return sorted(found.text for found in zxingcpp.read_barcodes(picture))


def pages(pdf: bytes) -> Iterator[pypdfium2.PdfPage]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield from document
    finally:
        document.close()


def seen_codes(pdf: bytes) -> list[list[str]]:
    """What a reader finds on each page, at 108 dots an inch."""
    return [codes(page.render(scale=1.5).to_pil()) for page in pages(pdf)]


def texts(pdf: bytes) -> list[str]:
    """The text of each page, in which a line's end is a space."""
    return [
        " ".join(page.get_textpage().get_text_range().replace("\u200b", "").split()) for page in pages(pdf)
    ]


def outside(pdf: bytes) -> list[str]:
    """The letters that are not wholly on their page."""
    found = []
    for page in pages(pdf):
        wide, high = page.get_size()
        text = page.get_textpage()
        for n in range(text.count_chars()):
            left, bottom, right_, top = text.get_charbox(n)
            if left < -1 or bottom < -1 or right_ > wide + 1 or top > high + 1:
                found.append(text.get_text_range(n, 1))
    return found


# -- The worked example -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["a3", "a4"])
def test_the_example_as_a_picture_leads_to_its_rating(
    library: Library, published: dict[str, Pack], size: str
) -> None:
    khmer = Press(library, CATALOGUES["km", "messages"], BOT, TODAY, size)
    for service in SERVICES:
        example = published[f"{service}080303"]
        assert example.sample
        [picture] = khmer.png([board(library, example, example.subject)])
        seen = Image.open(io.BytesIO(picture))
        assert seen.height > seen.width > 500
        assert codes(seen) == [f"https://t.me/samleng_bot?start=r_{service}080303"]


def test_the_example_as_pdf_is_one_page_that_says_it_is_a_sample(
    press: Press, library: Library, published: dict[str, Pack]
) -> None:
    pdf = press.pdf([board(library, published["hc080303"])])
    [page] = texts(pdf)
    assert "Sample data: none of this is real" in page
    for said in (
        "Information for citizens",
        "Health centre",
        "Kampong Chamlang commune, Khsach Kandal district, Kandal province",
        "HC 080303 43554",
        "+85512345678",
        "t.me/samleng_bot",
        "Rights and duties",
        "Service standards",
        "Standard and actual performance",
        "Prices",
        "Budget and spending",
        "How to take part and complain",
        "Free",
        "2,000 riel",
        "Sources:",
    ):
        assert said in page, said
    assert "Last updated" not in page
    assert [tuple(map(round, page.get_size())) for page in pages(pdf)] == [A3]


def test_general_standards_say_whose_they_are(
    press: Press, library: Library, published: dict[str, Pack]
) -> None:
    for service in SERVICES:
        [page] = texts(press.pdf([board(library, published[service], f"{service}080304")]))
        assert "General standards of this service. This place has not published its own yet." in page
        assert "Sample" not in page


def test_the_same_pack_gives_the_same_bytes(
    press: Press, library: Library, published: dict[str, Pack]
) -> None:
    boards = [board(library, published["hc080303"])]
    assert press.pdf(boards) == press.pdf(boards)


# -- Texts ------------------------------------------------------------------------------------------------

MARKUP = (
    '#import "poster.typ": *',
    "#panic()",
    "*bold* _thin_",
    "$x^2$ = 5",
    "<b>b</b> <end>",
    "= Heading",
    "- list / term: x",
    "\\ \\u{1F600} `raw`",
    "@ref // comment",
    "#text(red)[x]",
    '"]) }} %>',
)


def test_markup_is_text(press: Press, library: Library) -> None:
    items = [right(text, number) for number, text in enumerate(MARKUP, 1)]
    source = replace(items[0], source=words({"km": "#eval(1)", "en": "#eval(1)"}))
    odd = replace(library.facility("hc080303"), km="#v(1)*", latin="#v(1)* [x]", provisional=False)  # type: ignore[type-var]
    [page] = texts(press.pdf([Board(odd, pack_of(source, *items[1:]))]))
    for said in (*MARKUP, "#eval(1)", "#v(1)* [x]"):
        assert said in page, said


def test_markup_is_text_in_every_kind_of_item(press: Press, library: Library) -> None:
    pdf = press.pdf([board(library, made_up())])
    text = " ".join(texts(pdf))
    assert "<b>*" in text
    assert not outside(pdf)


@pytest.mark.parametrize(
    "text", ["W" * 400, "ក" * 400, "ស្ត្រី" * 200, "x" * 60 + "/" + "y" * 60, "១២៣៤៥៦៧៨៩" * 20]
)
def test_a_run_that_has_no_words_stays_on_the_page(press: Press, library: Library, text: str) -> None:
    words_ = words({"km": text, "en": text})
    price = Price("prices-1", words_, words_, "2026-10-01", 10**12, 3, words_, words_)
    bar = Performance("performance-1", words_, words_, "2026-10-01", 3.5, 1.0, words_, 2025)
    long_name = replace(library.facility("hc080303"), km=text, latin=text, provisional=False)  # type: ignore[type-var]
    pdf = press.pdf([Board(long_name, pack_of(right(text), right("Short", 2), bar, price))])
    assert not outside(pdf)
    assert "Short" in " ".join(texts(pdf))
    sheet = stickers_pdf([long_name], library, press.catalogue, BOT)
    assert not outside(sheet)


def test_a_long_pack_flows_on_and_loses_nothing(press: Press, library: Library) -> None:
    rights = [right(f"Right number {n:03} of this health centre", n) for n in range(120)]
    prices = [
        Price(f"prices-{n}", words({"km": f"Price number {n:03}"}), SOURCE, "2026-10-01", n * 100, n or None)
        for n in range(120)
    ]
    pdf = press.pdf([board(library, pack_of(*rights, *prices))])
    text = texts(pdf)
    assert 2 <= len(text) <= 5
    for n in range(120):
        assert any(f"Right number {n:03}" in page for page in text)
        assert any(f"Price number {n:03}" in page for page in text)
    assert f"1 / {len(text)}" in text[0]
    assert not outside(pdf)
    [first, *others] = seen_codes(pdf)
    assert first == [BOT.link(board(library, made_up()).facility)]
    assert not any(others)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 21, 34, 55])
def test_a_pack_of_any_length_is_on_the_page(press: Press, library: Library, count: int) -> None:
    items = [right(f"Item {n:02} of {count}, with some words to it", n) for n in range(count)]
    pdf = press.pdf([board(library, pack_of(*items))])
    assert len(texts(pdf)) <= 1 + count // 50
    assert not outside(pdf)


@pytest.mark.parametrize("left_out", BLOCKS)
def test_an_empty_block_is_left_out(
    press: Press, library: Library, published: dict[str, Pack], left_out: str
) -> None:
    headings = dict(
        zip(
            BLOCKS,
            (
                "Rights and duties",
                "Service standards",
                "Standard and actual performance",
                "Longest time",
                "Budget and spending",
                "How to take part",
            ),
            strict=True,
        )
    )
    example = published["hc080303"]
    less = replace(example, items=tuple(item for item in example.items if item.block != left_out))
    [page] = texts(press.pdf([board(library, less)]))
    for block, heading in headings.items():
        assert (heading in page) == (block != left_out)


def test_what_is_old_says_so(press: Press, library: Library) -> None:
    last_day, day_before = right("Fresh", 1, "2025-11-22"), right("Stale", 2, "2025-11-21")
    [page] = texts(press.pdf([board(library, pack_of(last_day, day_before))]))
    assert page.count("Last updated: 21 November 2025") == 1
    assert re.search(r"Stale ?2 ?Last updated", page)
    [page] = texts(press.pdf([board(library, pack_of(day_before))]))
    assert page.count("Last updated: 21 November 2025") == 1
    [page] = texts(press.pdf([board(library, pack_of(last_day))]))
    assert "Last updated" not in page
    assert "The health centre, true on 22 November 2025" in page


# -- The line by text message, the code -------------------------------------------------------------------


def test_the_line_on_the_poster_is_understood(library: Library) -> None:
    for service in SERVICES:
        facility = library.facility(f"{service}080303")
        assert facility is not None
        line, scores = rating_line(facility, library) or ("", "")
        assert line == f"{service.upper()} 080303 43554"
        understood = oneline.read(line, library)
        assert understood is not None and understood.complete
        assert len(scores) == len(library.criteria(service))


def test_one_of_several_schools_is_named_by_its_own_code(library: Library) -> None:
    schools = [Facility(f"ps-0803-{n}", "ps", f"សាលា {n}", f"School {n}", ("080303",)) for n in (1, 2)]
    two = Library(library.gazetteer, schools, library.criteria("ps"), finder=library.finder)
    line, _scores = rating_line(schools[1], two) or ("", "")
    assert line == "PS-0803-2 43554"
    assert rating_line(replace(schools[0], retired=True, code="gone"), two) is None


@pytest.mark.parametrize(
    ("number", "said"), [("+85512345678", "to the number +85512345678"), ("", "to the number …"), (None, "")]
)
def test_where_text_messages_go(press: Press, library: Library, number: str | None, said: str) -> None:
    reached = replace(press, reach=Reach(BOT.address, number))
    [page] = texts(reached.pdf([board(library, pack_of(right("Something")))]))
    assert said in page
    assert ("HC 080303" in page) == (number is not None)


def test_a_poster_without_a_bot_is_a_sample(press: Press, library: Library) -> None:
    reached = replace(press, reach=Reach(PLACEHOLDER))
    [page] = texts(reached.pdf([board(library, pack_of(right("Something")))]))
    assert "Sample poster: its code leads nowhere yet" in page
    assert "Sample data" not in page


def test_stickers_lead_to_their_facilities(library: Library, press: Press) -> None:
    facilities = [facility for service in SERVICES for facility in library.facilities("080303", service)]
    pdf = stickers_pdf(facilities * 4, library, press.catalogue, BOT)
    first, second = seen_codes(pdf)
    assert len(first) == 9 and len(second) == 3
    assert set(first) == {BOT.link(facility) for facility in facilities}
    assert "Primary school Kampong Chamlang" in texts(pdf)[0]


# -- Bars -------------------------------------------------------------------------------------------------


def bars(*pairs: tuple[float, float | None]) -> list[Performance]:
    return [
        Performance(
            f"performance-{n}", words({"km": "ថ្ងៃបើកទ្វារ", "en": "Days open"}), SOURCE, "2026-10-01",
            target, actual, words({"km": "ថ្ងៃ", "en": "days"}), 2025,
        )
        for n, (target, actual) in enumerate(pairs)
    ]  # fmt: skip


def test_performance_as_a_picture_fits_a_phone() -> None:
    for language in ("km", "en"):
        picture = Image.open(io.BytesIO(performance_png(bars((211, 205.5), (0, None), (0, 3)), language)))
        assert picture.format == "PNG" and picture.width == 720 and picture.height < 720
    many = performance_png(bars(*[(10, n) for n in range(40)]), "km", sample=True)
    assert many == performance_png(bars(*[(10, n) for n in range(MOST)]), "km", sample=True)
    assert Image.open(io.BytesIO(many)).height <= 1280


def test_a_longer_bar_is_longer() -> None:
    picture = Image.open(io.BytesIO(performance_png(bars((100, 50)), "en"))).convert("RGB")
    columns: dict[tuple[int, ...], set[int]] = {}
    for x in range(picture.width):
        for y in range(picture.height):
            columns.setdefault(picture.getpixel((x, y)), set()).add(x)  # type: ignore[arg-type]
    target, actual = len(columns[(0xCD, 0xBF, 0xE3)]), len(columns[(0x6D, 0x3F, 0xA0)] - set(range(147)))
    assert target > 500
    assert abs(actual / target - 0.5) < 0.35  # the title is of the same colour


def test_performance_in_words() -> None:
    assert performance_alt(bars((211, 205.5), (1200, None)), "en") == (
        "Days open, 2025: target 211 days, actual 205.5 days\n"
        "Days open, 2025: target 1,200 days, actual Not known yet"
    )
    assert performance_alt(bars((211, 205.5)), "km") == (
        "ថ្ងៃបើកទ្វារ ឆ្នាំ២០២៥៖ គោលដៅ ២១១ ថ្ងៃ អនុវត្តបាន ២០៥.៥ ថ្ងៃ"
    )


# -- The command ------------------------------------------------------------------------------------------

Samleng = Callable[..., Result]


@pytest.fixture
def samleng(
    sqlite_template: Path, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Samleng:
    """The command as typed, in a folder of its own, with the country at hand."""
    shutil.copy(sqlite_template, tmp_path / "samleng.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMLENG_DATABASE_URL", f"sqlite:///{tmp_path / 'samleng.db'}")
    monkeypatch.setenv("SAMLENG_TELEGRAM_USERNAME", "samleng_bot")
    monkeypatch.setenv("SAMLENG_DEMO", "true")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(posters, "library", lambda _settings: library)

    def typed(*words_: str) -> Result:
        return CliRunner().invoke(app, ["i4c", *words_])

    return typed


def test_a_poster_as_typed(samleng: Samleng, tmp_path: Path) -> None:
    done = samleng("poster", "HC080303", "--size", "A4", "-o", "board.pdf")
    assert done.exit_code == 0, done.output
    assert "Written to board.pdf: 1 poster, 1 with sample data." in done.output
    [seen] = seen_codes((tmp_path / "board.pdf").read_bytes())
    assert seen == ["https://t.me/samleng_bot?start=r_hc080303"]


def test_all_of_a_commune_in_one_file(samleng: Samleng, tmp_path: Path) -> None:
    done = samleng("poster", "--commune", "080303", "--language", "en", "-o", "commune.pdf")
    assert done.exit_code == 0, done.output
    assert seen_codes((tmp_path / "commune.pdf").read_bytes()) == [
        [f"https://t.me/samleng_bot?start=r_{service}080303"] for service in SERVICES
    ]
    assert samleng("stickers", "--commune", "080303", "-o", "stickers.pdf").exit_code == 0
    [seen] = seen_codes((tmp_path / "stickers.pdf").read_bytes())
    assert len(seen) == 3


def test_each_commune_of_a_province(samleng: Samleng, library: Library, tmp_path: Path) -> None:
    done = samleng("poster", "--each-commune-of", "23", "-o", "kep")
    assert done.exit_code == 0, done.output
    communes = [place.code for place in library.gazetteer.places if re.fullmatch("23....", place.code)]
    files = {file.stem: file.read_bytes() for file in (tmp_path / "kep").iterdir()}
    assert sorted(files) == sorted(communes)
    assert f"Written to kep: {3 * len(communes)} posters" in done.output
    assert all(len(texts(pdf)) == 3 for pdf in files.values())


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("poster", "hc999999"), "There is no facility hc999999"),
        (("poster",), "Write one of: the code of a facility, --commune"),
        (("poster", "hc080303", "--commune", "080303"), "Write one of: the code of a facility, --commune"),
        (("poster", "hc080303", "--size", "a5"), "Write one of: a3, a4"),
        (("poster", "--commune", "999999"), "Which commune is 999999"),
        (("poster", "--commune", "08"), "Which commune is 08"),
        (("poster", "--each-commune-of", "080303"), "Which province is 080303"),
        (("poster", "hc080303", "--language", "xx"), "There is no language xx"),
        (("poster", "hc080303", "--link-base", "javascript:x"), "opens no bot"),
        (("poster", "hc080303", "-o", "no/such/folder.pdf"), "no/such/folder.pdf can't be written"),
        (("stickers", "--commune", "nowhere at all"), "Which commune is nowhere at all"),
    ],
)
def test_what_can_not_be_printed(samleng: Samleng, tmp_path: Path, typed: tuple[str, ...], says: str) -> None:
    done = samleng(*typed)
    assert done.exit_code == 1
    assert says in done.output
    assert not list(tmp_path.glob("*.pdf"))


def test_without_a_bot_only_a_demo_prints(samleng: Samleng, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAMLENG_TELEGRAM_USERNAME")
    assert "A sample: the code leads nowhere" in samleng("poster", "hc080303").output
    monkeypatch.setenv("SAMLENG_DEMO", "false")
    done = samleng("poster", "hc080303")
    assert done.exit_code == 1
    assert "SAMLENG_TELEGRAM_USERNAME" in done.output
    assert samleng("poster", "hc080303", "--link-base", "https://t.me/other_bot").exit_code == 0


def test_samples_are_printed_in_a_demo_only(samleng: Samleng, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMLENG_DEMO", "false")
    done = samleng("poster", "hc080303")
    assert "1 with the general standards of the service" in done.output
    assert "sample" not in done.output
