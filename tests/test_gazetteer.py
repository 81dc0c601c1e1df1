"""The gazetteer: what the files hold, and who is above and below whom."""

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from flows.gazetteer import Gazetteer, Place
from flows.khmer import collation, visible

FOLDER = Path(__file__).parent.parent / "content" / "gazetteer"


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def cambodia() -> Gazetteer:
    """The whole gazetteer of content/, read once."""
    return Gazetteer(
        (Place(row["code"], row["kind"], row["name_km"], row["name_latin"]) for row in rows("places.csv")),  # type: ignore[arg-type]
        ((row["code"], row["name"]) for row in rows("names.csv")),
        ((row["old_code"], row["new_code"]) for row in rows("changes.csv")),
    )


def test_every_place_is_there_once_in_order() -> None:
    codes = [row["code"] for row in rows("places.csv")]
    assert Counter(map(len, codes)) == {2: 25, 4: 210, 6: 1652, 8: 14578}
    assert codes == sorted(set(codes))
    assert all(code.isdigit() and code.isascii() for code in codes)


def test_kinds_keep_their_unit_words() -> None:
    kinds = Counter((len(row["code"]), row["kind"]) for row in rows("places.csv"))
    assert kinds == {
        (2, "province"): 24,
        (2, "capital"): 1,
        (4, "district"): 163,
        (4, "town"): 33,
        (4, "khan"): 14,
        (6, "commune"): 1378,
        (6, "sangkat"): 274,
        (8, "village"): 14578,
    }


def test_names_are_complete_and_clean() -> None:
    nameless = [row["code"] for row in rows("places.csv") if not row["name_km"] or not row["name_latin"]]
    assert nameless == ["02010508"]
    for row in (*rows("places.csv"), *rows("names.csv")):
        assert all(value == visible(value).strip() for value in row.values()), row


def test_aliases_and_changes_point_to_places() -> None:
    assert all(cambodia().place(row["code"]) for row in rows("names.csv"))
    for row in rows("changes.csv"):
        assert row["old_code"] or row["new_code"]
        if row["old_code"] and row["new_code"]:
            now = cambodia().current(row["old_code"])
            assert now and cambodia().place(now), row


def test_lineage_and_children_agree() -> None:
    gazetteer = cambodia()
    for place in gazetteer.places:
        line = gazetteer.lineage(place.code)
        assert line[0] == place
        assert [len(one.code) for one in line] == list(range(len(place.code), 0, -2))
        assert place in gazetteer.below(place.code[:-2])
        assert bool(gazetteer.children(place.code)) == (len(place.code) < 8)


@pytest.mark.parametrize("parent", ["", "08", "0803", "080318"])
def test_children_come_in_alphabetical_order(parent: str) -> None:
    children = cambodia().children(parent)
    assert set(children) == set(cambodia().below(parent))
    assert [collation(place.km) for place in children] == sorted(collation(place.km) for place in children)


def test_provinces_begin_with_ka_and_end_with_the_independent_vowels() -> None:
    provinces = [place.km for place in cambodia().children("")]
    assert provinces[0] == "កណ្តាល"
    assert provinces[-1] == "ឧត្តរមានជ័យ"
    assert provinces.index("កំពង់ចាម") < provinces.index("ក្រចេះ") < provinces.index("តាកែវ")


def test_unknown_codes_have_nothing() -> None:
    gazetteer = cambodia()
    for code in ("99", "0799", "x", "000000", "1"):
        assert gazetteer.place(code) is None
        assert gazetteer.children(code) == ()
        assert gazetteer.lineage(code) == ()
        assert gazetteer.commune_of(code) is None
        assert gazetteer.current(code) is None


def test_commune_of() -> None:
    assert cambodia().commune_of("01020101") == "010201"
    assert cambodia().commune_of("010201") == "010201"
    assert cambodia().commune_of("0102") is None
    assert cambodia().commune_of("01020199") is None


def small(*changes: tuple[str, str]) -> Gazetteer:
    return Gazetteer([Place("01", "province", "ក", "Ka"), Place("0101", "khan", "ខ", "Kha")], changes=changes)


@pytest.mark.parametrize(
    ("changes", "old", "now"),
    [
        ((("09", "01"),), "09", "01"),
        ((("09", "08"), ("08", "01")), "09", "01"),  # moved twice
        ((("09", ""),), "09", None),  # abolished
        ((("09", "08"),), "09", None),  # its successor is gone
        ((("09", "08"), ("08", "09")), "09", None),  # a circle
        ((("01", "0101"),), "01", "0101"),  # a code given to another place
        ((("", "01"),), "", None),  # a new place
    ],
)
def test_current(changes: tuple[tuple[str, str], ...], old: str, now: str | None) -> None:
    assert small(*changes).current(old) == now


def test_formerly_and_reused() -> None:
    gazetteer = small(("09", "01"), ("08", "09"), ("0101", "01"))
    assert gazetteer.formerly("01") == ("09", "08", "0101")
    assert gazetteer.formerly("0101") == ()
    assert gazetteer.reused("0101")
    assert not gazetteer.reused("01")
    assert not gazetteer.reused("09")
