"""What became of a rating: whoever gave it asks by its number, and nobody else learns anything."""

from __future__ import annotations

import pytest

from flows.world import Grant
from handlers.desk import Desk
from handlers.references import is_no_word, number
from storage.database import Database
from storage.vault import reference
from tests.person import FACILITY, MENU, ROUND, SEND, Person

RATING = "HC 080303 43554 ទឹកខ្វះ"
NONE = "គ្មានពិន្ទុពីទូរសព្ទនេះមានលេខ"


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("MBR75L", "MBR75L"),
        ("mbr75l", "MBR75L"),
        (" #MBR75L. ", "MBR75L"),
        ("លេខ MBR៧៥L", "MBR75L"),
        ("លេខMBR75L។", "MBR75L"),
        ("Number MBR75L", "MBR75L"),
        ("no. mbr75l", "MBR75L"),
        ("thanks", "THANKS"),
        ("234567", None),
        ("MBR75", None),
        ("MBR75L2", None),
        ("MBR70L", None),  # no 0 in it
        ("SL-5CJJ-PX5Y", None),
        ("", None),
        ("MBR75L " * 500, None),
    ],
)
def test_a_number_is_read_however_it_is_typed(text: str, called: str | None) -> None:
    assert number(text) == called


def test_a_word_is_told_from_a_number() -> None:
    assert is_no_word("MBR75L")
    assert not is_no_word("THANKS")


async def _rated(someone: Person) -> str:
    await someone.says(RATING)
    if someone.channel == "telegram":
        await someone.says(SEND)
    vault = someone.desk.vault
    whose = vault.address_hash(someone.channel, someone.address)
    return reference(vault.rater(whose, 1, FACILITY, ROUND))


@pytest.mark.anyio
@pytest.mark.parametrize("channel", ["telegram", "sms"])
async def test_who_gave_it_learns_where_it_is(channel: str, database: Database, desk: Desk) -> None:
    sokha = Person(database, desk, channel, "+85512000001")
    called = await _rated(sokha)
    said = await sokha.sees(called.lower())
    assert called in said
    assert "ស្អែក" in said  # nobody reads it before tomorrow
    assert "43554" not in said
    assert "ទឹកខ្វះ" not in said


@pytest.mark.anyio
async def test_nobody_else_learns_anything(database: Database, desk: Desk) -> None:
    """The number in other hands, those of the council too, says that there is none."""
    sokha = Person(database, desk, address="700000001")
    called = await _rated(sokha)
    for grants in ((), (Grant("council", "080303"), Grant("staff", "080303", FACILITY))):
        dara = Person(database, desk, address=f"70000000{2 + len(grants)}")
        await dara.says("/menu")
        said = await dara.sees(f"#{called}")
        assert "កំពង់ចំលង" not in said
        if is_no_word(called):
            assert NONE in said


@pytest.mark.anyio
async def test_a_second_person_of_the_phone_learns_of_hers_and_so_does_who_erased_her_data(
    sqlite: Database, desk: Desk
) -> None:
    sokha = Person(sqlite, desk, address="700000001")
    first = await _rated(sokha)
    whose = desk.vault.address_hash(sokha.channel, sokha.address)
    second = reference(desk.vault.rater(whose, 2, FACILITY, ROUND))
    assert "កំពង់ចំលង" not in await sokha.sees("/menu", second)
    await sokha.says("/start r_hc080303", "[អ្នកផ្សេងប្រើទូរសព្ទនេះ]", "4", "4", "4", "4", "4", "[រំលង]", SEND)
    assert second in await sokha.sees(second)
    assert first in await sokha.sees(first)
    await sokha.says("លុបទិន្នន័យ", "[បាទ/ចាស]")
    assert "កំពង់ចំលង" in await sokha.sees(first)


@pytest.mark.anyio
async def test_a_word_of_six_letters_is_a_word(sqlite: Database, desk: Desk) -> None:
    sokha = Person(sqlite, desk)
    assert MENU in await sokha.sees("thanks")
    # What looks like a number is an answer where words are waited for.
    assert "មតិយោបល់៖ ABC234" in await sokha.sees("/start r_hc080303", "4", "4", "4", "4", "4", "ABC234")
