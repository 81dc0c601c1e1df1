"""Yes and no, a gender, an age: as people say them, and not only as they are written on the button."""

from __future__ import annotations

import pytest

from flows.about import AGES, Age
from flows.engine import Conversation
from flows.questions import Said
from flows.text import words
from handlers.desk import Desk
from storage.database import Database
from tests.person import LINK, SEND, Person

IS_IT = "គឺ ព្រែកអំពិល, អរិយក្សត្រ មែនទេ?"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "said", ["ចាស", "បាទ", "ចាស៎", "មែនហើយ", "yes", "ok", "Chas", "1", "១", "បាទ/ចាស", "👍", "👍🏽"]
)
async def test_a_place_is_confirmed(said: str, sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk, "sms", "+85512000001")
    assert IS_IT in await sokha.sees("HC", "ព្រែកអំពឹល")
    assert "វត្តមានគ្រូពេទ្យ" in await sokha.sees(said)


@pytest.mark.anyio
@pytest.mark.parametrize("said", ["ទេ", "អត់ទេ", "មិនមែន", "no", "te", "2", "👎"])
async def test_and_refused(said: str, sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk, "sms", "+85512000001")
    await sokha.says("HC", "ព្រែកអំពឹល")
    assert "វត្តមានគ្រូពេទ្យ" not in await sokha.sees(said)
    assert "ឧទាហរណ៍" in str(sokha.parts) or "ឧ." in str(sokha.parts)


@pytest.mark.anyio
async def test_a_woman_tells_about_herself_in_words(sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk)
    await sokha.says(LINK, "4", "4", "4", "4", "4", "[រំលង]")
    await sokha.says("ចាស")  # send it
    await sokha.says("ចាស")  # five questions more
    await sokha.says("ស្ត្រី", "៣៨", "អត់ទេ", "ទេ")
    received = await sokha.says("ចាស")
    [described] = [outcome for outcome in received.outcomes if type(outcome).__name__ == "Described"]
    assert described.about == {
        "gender": "female",
        "age": "31-45",
        "disability": "no",
        "minority": "no",
        "poor": "yes",
    }
    assert isinstance(await sokha.conversation(), Conversation)


@pytest.mark.parametrize(
    ("said", "band"),
    [
        ("៣៨", "31-45"),
        ("38", "31-45"),
        ("14", "0-14"),
        ("15", "15-30"),
        ("30", "15-30"),
        ("៦០", "46-60"),
        ("61", "61+"),
        ("99", "61+"),
        ("ម្ភៃ", "15-30"),
        ("1", "15-30"),  # the first on the list
        ("5", "0-14"),
        ("6", "0-14"),
        ("121", None),
        ("0", None),
        ("thirty eight point five", None),
    ],
)
def test_an_age_in_years_is_as_good_as_a_band(said: str, band: str | None, desk: Desk) -> None:
    asked = Age(key="age", text=words({"en": "?"}), options=AGES)
    found = asked.read(Said(said), list(desk.labels(desk.media["sms"].channel)))
    assert (found if asked.accepts(found) else None) == band


@pytest.mark.anyio
async def test_sending_is_agreed_to(sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk)
    await sokha.says(LINK, "4", "4", "4", "4", "4", "[រំលង]")
    assert sokha.button(SEND.strip("[]"))
    assert "សូមអរគុណ" in await sokha.sees("យល់ព្រម")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "nothing", ["គ្មានទេ", "អត់មានមតិ", "No comment", "nothing", "ទេ", "0", "រំលង", "មិនដឹង", "អរគុណ!", "ok"]
)
async def test_nothing_to_say_is_no_comment(nothing: str, sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk)
    said = await sokha.sees(LINK, "4", "មិនដឹង", "don't know", "4", "4", nothing)
    assert "មតិយោបល់៖" not in said
    received = await sokha.says(SEND)
    [rated] = [outcome for outcome in received.outcomes if type(outcome).__name__ == "Rated"]
    assert rated.comment is None
    assert list(rated.scores) == ["hc-presence", "hc-hygiene", "hc-price"]


@pytest.mark.anyio
async def test_nor_is_it_one_by_sms(sqlite: Database, desk: Desk) -> None:
    for number, nothing in enumerate(("គ្មានទេ", "អរគុណច្រើន", "ok"), 5):
        sokha = Person(sqlite, desk, "sms", f"+8551200000{number}")
        await sokha.says("HC 080303 43554")
        received = await sokha.says(nothing)
        assert [type(outcome).__name__ for outcome in received.outcomes] == ["Done"]
        assert not received.parts  # a reply would cost, and say nothing
    # More words are a comment.
    dara = Person(sqlite, desk, "sms", "+85512000002")
    await dara.says("HC 080303 43554")
    received = await dara.says("គ្មានថ្នាំទេ")
    assert [type(outcome).__name__ for outcome in received.outcomes] == ["Commented", "Done"]
