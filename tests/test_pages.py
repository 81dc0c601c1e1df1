"""Long texts in pages: each fits, nothing is lost, none is cut inside a Khmer cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import catalogues
from bot.channels.sms import Sms
from flows import engine, khmer
from flows.channel import SMS
from flows.gazetteer import Gazetteer, Place
from flows.library import Facility, Library
from flows.packsearch import Hit
from flows.pages import MORE, MOST_ENTRIES, Entry, Page, Pages, Start, fits_a_text_message, next_page
from flows.questions import MISSED, Option, Said
from flows.registry import FLOWS
from flows.segments import measure
from flows.text import spoken
from flows.world import Contact, World
from tests.packs import pack

FOOT = "(តារាងតម្លៃនៅសាលា… ១/២០២៦)"
WAYS = "១ ផ្សេងទៀត, ០ ម៉ឺនុយ"


def compose(page: Sequence[Entry], number: str) -> str:
    feet = dict.fromkeys(entry.foot for entry in page)
    return "\n".join([f"តម្លៃសេវា {number}", *(entry.text for entry in page), *feet, WAYS])


def paged(texts: Sequence[str], feet: Sequence[str] = (FOOT,)) -> list[list[Entry]]:
    entries = [Entry(text, feet[n % len(feet)], n) for n, text in enumerate(texts)]
    pages: list[list[Entry]] = []
    start: Start | None = Start()
    while start is not None:
        page, start = next_page(
            entries, start, str(len(pages) + 1), compose, fits_a_text_message, MOST_ENTRIES
        )
        pages.append(page)
    return pages


words = st.text(st.sampled_from("កខគ្រ្តាិីុ័ំ ab\n@€😀"), min_size=1, max_size=400)


@given(st.lists(words, min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_every_page_fits_and_nothing_is_lost(texts: list[str]) -> None:
    pages = paged(texts, (FOOT, "(ឃុំ ២/២០២៦)"))
    for number, page in enumerate(pages, 1):
        shown = compose(page, str(number))
        assert measure(shown).count <= 2 or all(len(khmer.clusters(entry.text)) == 1 for entry in page)
    kept: dict[int, str] = {}
    for page in pages:
        for entry in page:
            kept[entry.item] = kept.get(entry.item, "") + entry.text
    bare = ["".join(text.split()) for text in texts]
    assert ["".join(kept.get(n, "").split()) for n in range(len(texts))] == bare


def test_short_ones_share_a_page_and_their_source() -> None:
    pages = paged(["ខ្លី", "ខ្លីដែរ", "x" * 3])
    assert [[entry.item for entry in page] for page in pages] == [[0, 1, 2]]
    assert compose(pages[0], "").count(FOOT) == 1


def test_one_that_fits_a_page_is_not_cut() -> None:
    text = "អត្តសញ្ញាណប័ណ្ណ និងសៀវភៅគ្រួសារទាំងសងខាង"
    pages = paged([text] * 5)
    assert [entry.text for page in pages for entry in page] == [text] * 5


def test_what_is_cut_is_cut_between_words_where_it_can_be() -> None:
    pages = paged(["ពាក្យ " * 40])
    assert len(pages) > 1
    assert all(entry.text.endswith("ពាក្យ") for page in pages for entry in page)


def test_the_number_of_the_page_is_counted_in_its_size() -> None:
    pages = paged(["ក" * 90] * 120)
    assert len(pages) >= 100
    assert all(measure(compose(page, str(n))).count <= 2 for n, page in enumerate(pages, 1))


class Counted(list[Entry]):
    """Entries that know which of them were looked at."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(entries)
        self.seen: set[int] = set()

    def __getitem__(self, place: Any) -> Any:
        self.seen.add(place)
        return super().__getitem__(place)


def test_only_the_pages_that_are_asked_for_are_made() -> None:
    entries = Counted([Entry("ក" * 50, FOOT, n) for n in range(200)])
    pages = Pages(entries, compose, fits_a_text_message, MOST_ENTRIES)
    text, shown, more = pages.page(1)
    assert (shown, more) == ((0,), True) and text.startswith("តម្លៃសេវា 1\n")
    assert entries.seen == {0, 1}
    assert pages.page(3)[1] == (2,) and entries.seen == {0, 1, 2, 3}
    assert pages.page(1) == (text, shown, more)


@given(st.lists(words, min_size=1, max_size=12), st.integers(1, 30))
@settings(deadline=None, max_examples=60)
def test_a_page_is_the_same_whether_those_before_it_were_read_or_not(texts: list[str], number: int) -> None:
    entries = [Entry(text, FOOT, n) for n, text in enumerate(texts)]
    read = Pages(entries, compose, fits_a_text_message, MOST_ENTRIES)
    one_by_one = [read.page(n) for n in range(1, number + 1)]
    at_once = Pages(entries, compose, fits_a_text_message, MOST_ENTRIES)
    assert at_once.page(number) == one_by_one[-1]
    first_last = next((n for n, (_text, _shown, more) in enumerate(one_by_one) if not more), None)
    if first_last is not None:
        assert all(page == one_by_one[first_last] for page in one_by_one[first_last:])


def test_what_stands_on_one_page_has_no_number() -> None:
    entries = [Entry("ក", FOOT, 0), Entry("ខ", FOOT, 1)]
    pages = Pages(entries, compose, fits_a_text_message, MOST_ENTRIES)
    assert pages.page(1) == (compose(entries, ""), (0, 1), False)


@pytest.mark.parametrize(
    ("typed", "answer"), [("1", "more"), ("១", "more"), ("0", "menu"), ("០", "menu"), ("2", None)]
)
def test_ways_on_a_page_are_numbers(typed: str, answer: str | None) -> None:
    page = Page(key="page.1", text=MORE.label, options=(MORE,))
    assert page.read(Said(text=typed), []) == (MISSED if answer is None else answer)
    assert page.accepts("menu") and page.accepts("more") and not page.accepts("gone")


def test_buttons_lead_out_as_well() -> None:
    page = Page(key="page.1", text=MORE.label, options=(Option("blocks", MORE.label),))
    assert page.read(Said(tap=("page.1", "menu")), []) == "menu"
    assert page.read(Said(tap=("page.1", "more")), []) is MISSED


@pytest.mark.parametrize("name", ["មណ្ឌលសុខភាពមិត្តភាព" * 8, "Health Centre of Long Names " * 8])
def test_a_facility_of_a_long_name_leaves_room_for_what_it_says(name: str) -> None:
    places = [Place("08", "province", "ក", "k"), Place("0803", "district", "ខ", "kh")]
    gazetteer = Gazetteer([*places, Place("080303", "commune", "គ", "ko")])
    facility = Facility("kdl-hc-01", "hc", name, name, ("080303",))
    made = replace(pack("hc080303"), subject=facility.code)
    chain = catalogues.load()["km", "sms"]
    world = World(
        Contact(commune="080303"),
        SMS,
        Library(gazetteer, [facility], []),
        lambda code: 0,
        pack=lambda subject: made if subject == facility.code else None,
        search=lambda commune, query: [Hit(facility.code, "rights-1", 1.0)],
        speak=lambda said: spoken(said, chain),
    )
    for turn in (
        engine.start(FLOWS["ask"], world, {"query": "x", "commune": "080303"}, name="ask"),
        engine.start(FLOWS["read"], world, {"facility": facility.code}, name="read"),
        engine.start(FLOWS["read"], replace(world, pack=lambda subject: None), {"facility": facility.code}),
    ):
        [part] = Sms().render(turn.replies, chain, "", [])
        assert measure(part["text"]).count <= 2, part["text"]
    [part] = Sms().render(
        engine.start(FLOWS["ask"], world, {"query": "x", "commune": "080303"}, name="ask").replies,
        chain,
        "",
        [],
    )
    assert "ប្រជាពលរដ្ឋ" in part["text"]
