"""Asking in words finds the line that is meant, among titles and keywords, however the question is put."""

from __future__ import annotations

import pytest

from flows import packsearch
from flows.library import Library
from flows.packs import Pack, Price, Text
from flows.packsearch import Index, asks_for_a_price, question, wanted
from tests.packs import SOURCE, TRUE_ON, crowded, said

NAMES = {
    "birth": ("ចុះបញ្ជីកំណើតក្នុងរយៈពេល ៣០ ថ្ងៃ", "Birth registration within 30 days", ("សំបុត្រកំណើត", "birth certificate")),
    "marriage": ("សំបុត្រអាពាហ៍ពិពាហ៍", "Marriage certificate", ("រៀបការ", "sombot ka")),
    "death": ("សំបុត្រមរណភាព", "Death certificate", ()),
    "check": ("ពិនិត្យជំងឺទូទៅ", "General consultation", ("ពិនិត្យ", "check-up")),
    "delivery": ("សម្រាលកូន", "Delivery", ("កើតកូន",)),
}  # fmt: skip
PLACES = {name: f"prices-{number}" for number, name in enumerate(NAMES, 1)}
PACK = Pack(
    "ca080303",
    "ca",
    (
        Text("rights-1", said("អ្នកមានសិទ្ធិទទួលសំបុត្រកំណើត", "You have a right to a birth certificate"), SOURCE, TRUE_ON, "right"),
        Text("rights-2", said("ប្រជាពលរដ្ឋអាចចូលរួមកិច្ចប្រជុំ"), SOURCE, TRUE_ON, "right"),
        *(
            Price(PLACES[name], said(km, en), SOURCE, TRUE_ON, 0, keywords=keywords)
            for name, (km, en, keywords) in NAMES.items()
        ),
    ),
)  # fmt: skip
INDEX = Index(PACK)
KEYS = {key: name for name, key in PLACES.items()} | {"rights-1": "right", "rights-2": "attend"}


def found(text: str) -> list[str]:
    return [KEYS[hit.key] for hit in packsearch.find([INDEX], text)]


@pytest.mark.parametrize(
    ("asked", "meant"),
    {
        "សំបុត្រកំណើតថ្លៃប៉ុន្មាន": "birth",
        "តើធ្វើសំបុត្រកំណើតអស់លុយប៉ុន្មាន?": "birth",
        "សំបុត្រកំនើត": "birth",  # another letter that sounds alike
        "ចង់ធ្វើសំបុត្រកំណើតកូន តើត្រូវបង់ប៉ុន្មាន": "birth",
        "សំ\u200bបុត្រ\u200bកំណើត": "birth",
        "birth certificate": "birth",
        "How much is a birth certificate for my second child?": "birth",
        "BIRTH CERTIFCATE": "birth",
        "certificate of birth": "birth",
        "រៀបការថ្លៃប៉ុន្មាន": "marriage",
        "sombot ka": "marriage",
        "កើតកូននៅពេទ្យអស់ប៉ុន្មាន": "delivery",
        "delivery cost": "delivery",
        "ពិនិត្យជំងឺ": "check",
        "check up": "check",
        "ចូលរួមប្រជុំ": "attend",
    }.items(),
)
def test_the_line_that_is_meant(asked: str, meant: str) -> None:
    assert found(asked) == [meant]


def test_several_that_are_as_good_are_all_listed_and_rights_are_not() -> None:
    assert set(found("certificate")) == {"birth", "marriage", "death"}
    assert set(found("សំបុត្រ")) == {"birth", "marriage", "death"}


@pytest.mark.parametrize(
    "asked", ["ចាក់សាំងមួយលីត្រ", "xyzzy", "ប៉ុន្មាន", "ថ្លៃប៉ុន្មាន?", "how much", "?!", "", "ក", "e"]
)
def test_what_is_not_there_is_not_found(asked: str) -> None:
    assert found(asked) == []


def test_a_long_story_takes_no_longer_and_finds_no_nonsense() -> None:
    assert found("ក្រ" * 10_000) == []
    assert found("a b " * 10_000) == []


@pytest.mark.parametrize(
    "text", ["សំបុត្រកំណើតថ្លៃប៉ុន្មាន", "តំលៃ​ព្យាបាល", "how much is it", "School fees?", "sombot ka thlai ponman"]
)
def test_a_line_that_asks_for_a_price(text: str) -> None:
    assert asks_for_a_price(text)


@pytest.mark.parametrize(
    "text", ["HC 080303 43554", "hello", "សួស្តី", "priceless", "ពេលយប់រកពេទ្យមិនឃើញ", "ថ្លៃ" * 200]
)
def test_a_line_that_does_not(text: str) -> None:
    assert not asks_for_a_price(text)


def test_a_question_is_looked_at_without_what_asks() -> None:
    assert question("តើសំបុត្រកំណើតថ្លៃប៉ុន្មាន?").names[0] == packsearch.folded("សំបុត្រកំណើត")
    assert question("how much is a birth certificate").words == ("birth", "certificate")
    assert question("how much is a birth certificate").price


@pytest.mark.parametrize(
    ("rest", "about"),
    [
        ("HC", {"service": "hc"}),
        ("មណ្ឌលសុខភាព", {"service": "hc"}),
        ("school", {"service": "ps"}),
        ("HC 080303", {"service": "hc", "commune": "080303"}),
        ("hc ០៨០៣០៣", {"service": "hc", "commune": "080303"}),
        ("hc080303", {"service": "hc", "facility": "hc080303"}),
        ("080303", {"commune": "080303"}),
        ("birth certificate", {"query": "birth certificate"}),
        ("សំបុត្រកំណើត", {"query": "សំបុត្រកំណើត"}),
        ("school fees", {"query": "school fees"}),
        ("  ", {}),
    ],
)
def test_what_follows_the_word_info(rest: str, about: dict[str, str], library: Library) -> None:
    assert wanted(rest, library) == about


def test_each_of_two_thousand_items_is_found_by_its_own_name() -> None:
    pack = crowded("hc080303", 2000)
    index = Index(pack)
    for item in pack.items[::199]:
        best = packsearch.find([index], item.text.in_language("km"))[0]
        assert best.key == item.key
