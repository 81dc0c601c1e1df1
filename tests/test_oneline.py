"""A whole rating in one line: what is understood is right, what is not is asked, nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows import khmer, oneline
from flows.library import Library

HC = ("hc-presence", "hc-attitude", "hc-medicine", "hc-hygiene", "hc-price")

#: The line; what it must be understood as: commune (or "home" when none is named), scores, comment.
UNDERSTOOD = [
    ("HC 080303 43554", "080303", "43554", ""),
    ("hc 080303 43554", "080303", "43554", ""),
    ("Hc080303 43554", "080303", "43554", ""),
    ("HC, 080303, 43554", "080303", "43554", ""),
    ("HC:080303:43554", "080303", "43554", ""),
    ("HC/080303/43554", "080303", "43554", ""),
    ("HC-080303-43554", "080303", "43554", ""),
    ("HC 080303 4 3 5 5 4", "080303", "43554", ""),
    ("HC 080303 4,3,5,5,4", "080303", "43554", ""),
    ("HC 080303 4, 3, 5, 5, 4", "080303", "43554", ""),
    ("HC 080303 4.3.5.5.4", "080303", "43554", ""),
    ("HC 080303 4-3-5-5-4", "080303", "43554", ""),
    ("HC 080303 4/3/5/5/4", "080303", "43554", ""),
    ("HC 080303 4+3+5+5+4", "080303", "43554", ""),
    ("HC 080303 43 55 4", "080303", "43554", ""),
    ("HC 080303 43 554", "080303", "43554", ""),
    ("HC 08030343554", "080303", "43554", ""),
    ("HC 080303 43554.", "080303", "43554", ""),
    ("HC 080303 43554!!", "080303", "43554", ""),
    ("HC 080303 40554", "080303", "40554", ""),
    ("HC 080303 4-554", "080303", "40554", ""),
    ("HC 080303 -3554", "080303", "03554", ""),
    ("HC 080303 4 - 5 5 4", "080303", "40554", ""),
    ("HC 080303 4355-", "080303", "43550", ""),
    ("HC 080303 00004", "080303", "00004", ""),
    ("HC 080303 43554 no medicine", "080303", "43554", "no medicine"),
    ("HC 080303 43554, no medicine", "080303", "43554", "no medicine"),
    ("HC 080303 43554 2 times no medicine", "080303", "43554", "2 times no medicine"),
    ("HC 080303 4 3 5 5 4 2 nurses only", "080303", "43554", "2 nurses only"),
    ("HC 080303 43554 call 012 345 678", "080303", "43554", "call 012 345 678"),
    ("HC 080303 43554 អត់មានថ្នាំ", "080303", "43554", "អត់មានថ្នាំ"),
    ("HC\n080303\n43554", "080303", "43554", ""),
    ("  HC   080303   43554  ", "080303", "43554", ""),
    ("HC 43554", "home", "43554", ""),
    ("HC 4 3 5 5 4", "home", "43554", ""),
    ("hc43554", "home", "43554", ""),
    ("HC 43554 no medicine", "home", "43554", "no medicine"),
    ("RATE HC 080303 43554", "080303", "43554", ""),
    ("rate hc 080303 43554", "080303", "43554", ""),
    ("វាយតម្លៃ HC 080303 43554", "080303", "43554", ""),
    ("ដាក់ពិន្ទុ សុខភាព 080303 43554", "080303", "43554", ""),
    ("health 080303 43554", "080303", "43554", ""),
    ("Health centre 080303 43554", "080303", "43554", ""),
    ("health center 080303 43554", "080303", "43554", ""),
    ("sokhapheap 080303 43554", "080303", "43554", ""),
    ("mondol sokhapheap 080303 43554", "080303", "43554", ""),
    ("peth 080303 43554", "080303", "43554", ""),
    ("សុខភាព 080303 43554", "080303", "43554", ""),
    ("សុខភាព ០៨០៣០៣ ៤៣៥៥៤", "080303", "43554", ""),
    ("សុខភាព ០៨០៣០៣ 4៣5៥4", "080303", "43554", ""),
    ("មណ្ឌលសុខភាព ០៨០៣០៣ ៤៣៥៥៤", "080303", "43554", ""),
    ("មណ្ឌល​សុខភាព ០៨០៣០៣ ៤៣៥៥៤", "080303", "43554", ""),
    ("ពេទ្យ ០៨០៣០៣ ៤៣៥៥៤", "080303", "43554", ""),
    ("សុខភាព ព្រែកអំពិល ៤៣៥៥៤", "081303", "43554", ""),
    ("សុខភាពព្រែកអំពិល៤៣៥៥៤", "081303", "43554", ""),
    ("សុខភាព សង្កាត់ព្រែកអំពិល ៤៣៥៥៤", "081303", "43554", ""),
    ("HC ព្រែកអំពិល ៤ ៣ ៥ ៥ ៤", "081303", "43554", ""),
    ("HC ព្រែកអំពិល ៤៣៥៥៤ អត់មានថ្នាំ", "081303", "43554", "អត់មានថ្នាំ"),
    ("HC ស្ដៅ កងមាស ៤៣៥៥៤", "030710", "43554", ""),
    ("HC Sdau Kang Meas 43554", "030710", "43554", ""),
    ("HC ផ្សារដេប៉ូទី២ 43554", "120402", "43554", ""),
    ("HC ផ្សារដេប៉ូទី ២ 43554", "120402", "43554", ""),
    ("HC ផ្សារដេប៉ូទី ២ 4 3 5 5 4", "120402", "43554", ""),
    ("មណ្ឌលសុខភាព៖ ព្រែកអំពិល៖ ៤៣៥៥៤", "081303", "43554", ""),
    ("HC 080303 (43554)", "080303", "43554", ""),
    ("HC 080303 *43554*", "080303", "43554", ""),
]

#: Lines of which something must be asked, and never taken: the line, the communes it may be, the scores it may give.
ASKED = [
    ("HC 080303 4355", "080303", "4355?"),
    ("HC 080303 435", "080303", "435??"),
    ("HC 080303 4355 no medicine", "080303", "4355?"),
    ("HC 080303 435545", "080303", "?????"),
    ("HC 080303 4 3 5 5 4 5", "080303", "?????"),
    ("HC 080303 43954", "080303", "43?54"),
    ("HC 080303 99999", "080303", "?????"),
    ("HC 080303", "080303", "?????"),
    ("HC 80303 43554", "080303", "43554"),
    ("HC", "home", "?????"),
    ("សុខភាព", "home", "?????"),
    ("HC Sdau 43554", "020701|030710|130604|190105", "43554"),
    ("HC ស្ដៅ 43554", "020701|030710|130604|190105", "43554"),
    ("HC Xyzzy 43554", "none", "43554"),
    ("HC 999999 43554", "none", "43554"),
    ("HC Singapore 43554", "none", "43554"),
    ("HC 10203", "010203", "?????"),
    ("HC 43554 43554", "none|home", "?????"),
    ("HC four three five five four", "none|home", "?????"),
    ("HC 012345678", "none|home", "?????"),
    ("HC 080303 4½554", "080303", "?????"),
    ("HC 080303 4 3 5", "080303", "435??"),
    ("HC 080303 4355 2 nurses", "080303", "4355?"),
    ("HC 080303 4355th day", "080303", "?????"),
]

#: What is no rating at all.
NOT_A_LINE = [
    "",
    "43554",
    "080303 43554",
    "hello",
    "peter 080303 43554",
    "cameras are broken 1 2 3 4 5",
    "ទឹកខ្វះញឹកញាប់",
    "the school has no water",
    "ព្រែកអំពិល",
    "012 345 678",
    "😀😀😀",
    "HC " + "4" * 5000,
]


def scores_of(found: dict[str, Any]) -> str:
    """The scores as a string of digits; ? where one will be asked."""
    return "".join("?" if f"score.{code}" not in found else str(found[f"score.{code}"] or 0) for code in HC)


@pytest.mark.parametrize(("line", "commune", "scores", "comment"), UNDERSTOOD)
def test_is_understood(line: str, commune: str, scores: str, comment: str, library: Library) -> None:
    read = oneline.read(line, library)
    assert read is not None and read.complete
    assert scores_of(read.given) == scores
    said = read.given["comment"]
    assert (said["text"] if said else "") == comment
    where = read.given.get("commune") or read.given.get("facility", "hchome")[2:]
    assert (where, "heard" in read.given) == (commune, False)


@pytest.mark.parametrize(("line", "communes", "scores"), ASKED)
def test_is_asked(line: str, communes: str, scores: str, library: Library) -> None:
    read = oneline.read(line, library)
    assert read is not None
    found = read.given
    may_be = set(communes.split("|"))
    if "commune" in found:
        assert {found["commune"]} == may_be
    elif "heard" in found:
        assert set(found["heard"]) <= may_be - {"home"} or "none" in may_be
    else:
        assert "home" in may_be
    for told, right in zip(scores_of(found), scores, strict=True):
        assert told in {right, "?"}
    asks_place = "heard" in found
    assert asks_place or "?" in scores_of(found)


@pytest.mark.parametrize("line", NOT_A_LINE)
def test_is_no_line(line: str, library: Library) -> None:
    assert oneline.read(line, library) is None


def test_the_commune_office_and_the_school_are_told_apart(library: Library) -> None:
    for line, service in (
        ("សាលាឃុំ 080303 11111", "ca"),
        ("ឃុំ 080303 11111", "ca"),
        ("ឃុំព្រែកអំពិល 11111", "ca"),
        ("សាលា 080303 11111", "ps"),
        ("សាលាបឋមសិក្សា 080303 11111", "ps"),
        ("sala khum 080303 11111", "ca"),
        ("sala 080303 11111", "ps"),
        ("CA 080303 11111", "ca"),
        ("PS 080303 11111", "ps"),
    ):
        read = oneline.read(line, library)
        assert read is not None and read.given["service"] == service, line


SERVICES = ("HC", "hc", "សុខភាព", "មណ្ឌលសុខភាព", "health", "ពេទ្យ", "sokhapheap")
BETWEEN = (" ", "  ", ", ", "\n", " - ", ": ", "/")
COMMENTS = (
    "",
    "",
    "no medicine",
    "អត់មានថ្នាំ",
    "2 nurses only",
    "please come at 7",
    "ថ្នាំអស់ ៣ ថ្ងៃហើយ",
    "thank you :)",
)
JOINS = ("", "", " ", ",", ", ", ".", "/", "-")


@st.composite
def lines(draw: st.DrawFn, library: Library) -> tuple[str, str, str, str]:
    """A line as a person may type it, and the truth: commune, scores, comment."""
    communes = [place for place in library.gazetteer.places if len(place.code) == 6]
    place = draw(st.sampled_from(communes))
    district = library.gazetteer.place(place.code[:4])
    assert district is not None
    named = draw(
        st.sampled_from(
            (
                place.code,
                place.km,
                place.latin,
                f"{place.km} {district.km}",
                f"{place.latin} {district.latin}",
                "",
            )
        )
    )
    digits = draw(st.lists(st.integers(0, 5), min_size=5, max_size=5).filter(any))
    join = draw(st.sampled_from(JOINS))
    typed = join.join(
        "-" if not digit and join != "-" and draw(st.booleans()) else str(digit) for digit in digits
    )
    if draw(st.booleans()):
        typed = khmer.khmer_digits(typed)
        named = khmer.khmer_digits(named)
    comment = draw(st.sampled_from(COMMENTS))
    parts = [draw(st.sampled_from(SERVICES)), named, typed, comment]
    line = ""
    for part in filter(None, parts):
        line += (draw(st.sampled_from(BETWEEN[:3] if part is comment else BETWEEN)) if line else "") + part
    return line, place.code if named else "", "".join(map(str, digits)), comment


@settings(max_examples=2000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_is_silently_wrong(data: st.DataObject, library: Library) -> None:
    """Whatever is taken without asking is what was meant."""
    line, commune, scores, comment = data.draw(lines(library))
    read = oneline.read(line, library)
    assert read is not None, line
    found = read.given
    if "commune" in found:
        assert found["commune"] == commune, line
    elif "heard" not in found and "facility" not in found:
        assert commune == "", line  # home is taken only when no place was named
    for told, meant in zip(scores_of(found), scores, strict=True):
        assert told in {meant, "?"}, line
    if read.complete:
        said = found["comment"]["text"] if found["comment"] else ""
        assert khmer.key(said) == khmer.key(comment), line
