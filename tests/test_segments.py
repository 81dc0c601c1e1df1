"""What an SMS costs; a split never cuts a cluster and never exceeds a part."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.khmer import clusters, visible
from flows.segments import Segments, measure, split

TRICKY = "កដត្រាិុំ៉ៃ ណ\n\u200baé[]€😀👩🏽\u200d🇰1។"
texts = st.lists(st.text(st.sampled_from(TRICKY), max_size=40) | st.text(max_size=20), max_size=20).map(
    "".join
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("[]" * 40, Segments("GSM-7", 160, 1)),
        ("€" * 81, Segments("GSM-7", 162, 2)),
        # 152 septets and an escape pair: the pair goes to the next part.
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),
        ("ñ\n@", Segments("GSM-7", 3, 1)),
        ("ê", Segments("UCS-2", 1, 1)),
        ("ក" * 70, Segments("UCS-2", 70, 1)),
        ("ក" * 71, Segments("UCS-2", 71, 2)),
        ("ក" * 134, Segments("UCS-2", 134, 2)),
        ("ក" * 135, Segments("UCS-2", 135, 3)),
        ("😀" * 35, Segments("UCS-2", 70, 1)),
        # 66 units and a surrogate pair: the pair goes to the next part.
        ("ក" * 66 + "😀" + "ក" * 66, Segments("UCS-2", 134, 3)),
        ("a\u200b", Segments("UCS-2", 2, 1)),
    ],
)
def test_measure(text: str, expected: Segments) -> None:
    assert measure(text) == expected


@settings(deadline=None)
@given(texts)
def test_units_are_those_of_the_encoding(text: str) -> None:
    measured = measure(text)
    if measured.encoding == "UCS-2":
        assert measured.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
    else:
        assert len(text) <= measured.units <= 2 * len(text)


@settings(deadline=None)
@given(texts, st.integers(1, 3), st.booleans(), st.booleans())
def test_a_split_keeps_its_promises(text: str, parts_max: int, numbered: bool, khmer: bool) -> None:
    parts = split(text, parts_max, numbered=numbered, khmer=khmer)
    assert all(measure(part).count <= parts_max for part in parts)
    assert not any(character in part for part in parts for character in "\u200b\u200c\ufeff")
    bodies = parts
    if numbered and len(parts) > 1:
        assert all(part.endswith(")") for part in parts)
        bodies = [part.rpartition(" (")[0] for part in parts]
    # Nothing is lost but blanks.
    assert "".join("".join(bodies).split()) == "".join(visible(text).split())
    # No cluster is cut: the clusters of the parts are those of the text.
    whole = [cluster for cluster in clusters(visible(text).strip()) if len(cluster) < 30]
    pieces = [cluster for body in bodies for cluster in clusters(body)]
    if len(whole) == len(clusters(visible(text).strip())):
        assert [one for one in pieces if not one.isspace()] == [one for one in whole if not one.isspace()]


def test_a_split_falls_on_a_line_or_a_space() -> None:
    lines = "\n".join(f"line {number} of the price list" for number in range(30))
    assert all(part.rpartition(" (")[0].endswith("list") for part in split(lines, khmer=False))
    words = "សេវា " * 60
    assert all(part.rpartition(" (")[0].endswith("សេវា") for part in split(words))


def test_numbers() -> None:
    parts = split("ក" * 150)
    assert [part[-6:] for part in parts] == [" (១/៣)", " (២/៣)", " (៣/៣)"]
    assert [part[-6:] for part in split("a" * 400, khmer=False)] == [" (1/3)", " (2/3)", " (3/3)"]
    assert split("ក" * 1000)[-1].endswith("(១៧/១៧)")
    assert split("សួស្តី") == ["សួស្តី"]
    assert split(" \u200b ") == []


def test_a_cluster_longer_than_a_part_is_still_sent() -> None:
    parts = split("ក" + "្រ" * 200)
    assert len(parts) > 1
    assert all(measure(part).count == 1 for part in parts)


def test_a_part_is_at_least_one_segment() -> None:
    with pytest.raises(ValueError, match="at least one"):
        split("ក", 0)
