"""Khmer text: what looks alike is alike, and no cluster is ever cut."""

import csv
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.khmer import ascii_digits, canonical, clusters, collation, key, khmer_digits, visible

GAZETTEER = Path(__file__).parent.parent / "content" / "gazetteer" / "places.csv"

# Letters that interact: subscripts, halves of vowels, shifters, marks of other scripts, emoji, controls.
TRICKY = "កដតរញអឫឲ\u17a3\u17a4្ាិីុេោែៈះំ៉៊៌៍័\u17dd\u17b4\u200b\u200c\u200d\ufeff\n ៤4aAé\u0301\u0323👩🏽🇰😀ßİ"
texts = st.text(st.sampled_from(TRICKY), max_size=30) | st.text(max_size=15)


def official_names() -> list[str]:
    with GAZETTEER.open(encoding="utf-8", newline="") as file:
        return sorted({row["name_km"] for row in csv.DictReader(file)})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("កា្រំងល្វា", "ក្រាំងល្វា"),  # subscript after the vowel
        ("អង្គរទេ្រត", "អង្គរទ្រេត"),
        ("ដេីមឫស", "ដើមឫស"),  # a vowel in two halves
        ("គេាករកា", "គោករកា"),
        ("េកាះ", "កោះ"),  # the left vowel first
        ("កេេង", "កែង"),
        ("ព្រ្រៃ", "ព្រៃ"),  # doubled marks
        ("បឹឹង", "បឹង"),
        ("បឹងរំាង", "បឹងរាំង"),
        ("ក្រ្តា", "ក្ត្រា"),  # RO is the last subscript
        ("ព\u200bន្លៃ\u200d", "ពន្លៃ"),
        ("\ufeffឲ្យ\u00ad", "ឱ្យ"),
        ("\u17a3ង្គ \u17a4ង", "អង្គ អាង"),
        ("ក\u17b4\u17b5", "ក"),
        ("ក្ ", "ក"),  # a subscript of nothing
        ("  a \t b \r\n\n c ", "a b\nc"),
        ("e\u0301", "é"),
        ("👩\u200d👧 ក\u200d", "👩\u200d👧 ក"),
        ("ឃុំ ៤", "ឃុំ ៤"),
        ("\ud800x", "x"),
    ],
)
def test_canonical(typed: str, meant: str) -> None:
    assert canonical(typed) == meant


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("កណ្តាល", "កណ្ដាល"),  # subscript TA and DA are drawn the same
        ("ឃុំ ៤", "ឃុំ  4"),
        ("សុីម", "ស៊ីម"),  # a shifter under a high vowel is drawn as ុ
        ("Takéo", "TAKE\u0301O"),
        ("S’ang", "s'ang"),
        ("ក\nខ", "ក ខ"),
    ],
)
def test_look_alikes_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), [("កក", "គក"), ("ប៉ា", "បា"), ("កិ", "កី"), ("ល្អ", "លអ"), ("១", "២")])
def test_what_looks_different_has_another_key(one: str, other: str) -> None:
    assert key(one) != key(other)


def variants(name: str, dice: random.Random) -> list[str]:
    """Ways to type `name` that show the same: junk, swapped marks, split vowels, DA for TA."""
    junk = list(name)
    for _ in range(3):
        junk.insert(dice.randrange(len(junk) + 1), dice.choice("\u200b\u200c\u200d\u2060\u00ad"))
    shuffled = []
    for cluster in clusters(name):
        units = [cluster[0]]
        for mark in cluster[1:]:
            if units[-1] == "\u17d2":
                units[-1] += mark
            else:
                units.append(mark)
        marks = units[1:]
        # Two different subscripts, or two of the same mark, show which comes first; other orders do not.
        if sum(mark[0] == "\u17d2" and mark != "\u17d2រ" for mark in marks) < 2:
            dice.shuffle(marks)
        shuffled.append(units[0] + "".join(marks))
    return [
        "".join(junk),
        "".join(shuffled),
        name.replace("ើ", "េី").replace("ោ", "េា"),
        name.replace("្ដ", "្ត"),
        name.replace("្ត", "្ដ"),
        khmer_digits(name),
        ascii_digits(name),
        name.replace(" ", " \u00a0"),
    ]


def test_look_alikes_of_every_official_name_are_equal() -> None:
    dice = random.Random(1)
    names = official_names()
    assert len(names) > 9_000
    for name in names:
        expected = key(name)
        for variant in variants(name, dice):
            assert key(variant) == expected, (name, variant)


@settings(deadline=None)
@given(texts)
def test_canonical_and_key_are_idempotent(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)
    assert key(key(text)) == key(text)
    assert key(canonical(text)) == key(text)


@settings(deadline=None)
@given(texts)
def test_clusters_joined_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


@settings(deadline=None)
@given(texts)
def test_no_cluster_begins_with_what_belongs_to_the_one_before(text: str) -> None:
    for before, cluster in zip(clusters(text), clusters(text)[1:], strict=False):
        if before[-1] not in "\n\u200b":
            assert not "\u17b6" <= cluster[0] <= "\u17d3"
            assert cluster[0] not in "\u200d\u0301\u0323🏽"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ក្រុមប្រឹក្សា", ["ក្រុ", "ម", "ប្រឹ", "ក្សា"]),
        ("កា្រំង", ["កា្រំ", "ង"]),
        ("é😀", ["é", "😀"]),
        ("👨\u200d👩\u200d👧👍🏽🇰🇭🇫🇷", ["👨\u200d👩\u200d👧", "👍🏽", "🇰🇭", "🇫🇷"]),
        ("1\ufe0f\u20e3\r\n", ["1\ufe0f\u20e3", "\r\n"]),
        ("ក\u200bខ", ["ក", "\u200b", "ខ"]),
        ("", []),
    ],
)
def test_clusters(text: str, expected: list[str]) -> None:
    assert clusters(text) == expected


@settings(deadline=None)
@given(texts)
def test_visible_drops_only_what_cannot_be_seen(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not set(shown) & set("\u200b\u200c\ufeff\u202e\u2066\u00ad\u17b4")
    assert canonical(shown) == canonical(text)


def test_digits_only() -> None:
    assert ascii_digits("ទី១០ ខែ៣") == "ទី10 ខែ3"
    assert khmer_digits("12:30 am") == "១២:៣០ am"


def test_alphabetical_order() -> None:
    order = ["១", "២", "១០", "កក", "កា", "កី", "កែ", "កំ", "ការ", "ក្រ", "ខ", "រ", "ឫ", "ល", "អ", "ឧ"]
    expected = ["១", "២", "១០", "កក", "កា", "ការ", "កី", "កែ", "កំ", "ក្រ", "ខ", "រ", "ឫ", "ល", "អ", "ឧ"]
    assert sorted(order, key=collation) == expected
    provinces = [
        "ប៉ៃលិន",
        "ស្វាយរៀង",
        "កំពត",
        "សៀមរាប",
        "កណ្តាល",
        "ត្បូងឃ្មុំ",
        "តាកែវ",
        "ឧត្តរមានជ័យ",
        "ពោធិ៍សាត់",
        "ភ្នំពេញ",
    ]
    assert sorted(provinces, key=collation) == [
        "កណ្តាល",
        "កំពត",
        "តាកែវ",
        "ត្បូងឃ្មុំ",
        "ប៉ៃលិន",
        "ពោធិ៍សាត់",
        "ភ្នំពេញ",
        "សៀមរាប",
        "ស្វាយរៀង",
        "ឧត្តរមានជ័យ",
    ]


@settings(deadline=None)
@given(texts)
def test_look_alikes_sort_together(text: str) -> None:
    assert collation(text)[0] == collation(key(text))[0]
