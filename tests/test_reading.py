"""Reading what facilities publish, through the real handlers: what is shown, what is counted, what is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.packs import Pack, Text
from handlers.desk import Desk
from storage import contacts, packs
from storage.database import Connection, Database
from tests.packs import LONG_AGO, SOURCE, TRUE_ON, general, pack, said
from tests.person import MENU, Clock, Person, question, text_of

pytestmark = pytest.mark.anyio
HC, CA = "hc080304", "ca080304"  # nothing is published of these but what a test publishes
BLOCKS, PRICES = "តើអ្នកចង់អានអ្វី?", "[តារាងតម្លៃសេវា]"
WHAT = "តើអ្នកចង់ដឹងពីអ្វី"
SAMPLE = "ទិន្នន័យគំរូ"


@pytest.fixture
def dara(database: Database, desk: Desk) -> Person:
    desk.clock = Clock()
    return Person(database, desk)


@pytest.fixture
def mom(database: Database, desk: Desk) -> Person:
    desk.clock = Clock()
    return Person(database, desk, "sms", "+85512345678")


async def publish(person: Person, made: Pack) -> int:
    def work(connection: Connection) -> int:
        now = person.desk.clock()
        version = packs.keep(connection, made, None, now)
        assert packs.publish(connection, made.subject, version, now)
        return version

    return await person.database.transact(work)


async def read_of(person: Person, subject: str) -> dict[tuple[str, str], int]:
    return await person.database.transact(packs.read_of, subject)


async def home(person: Person) -> str | None:
    def work(connection: Connection) -> str | None:
        today = person.desk.clock().date()
        known = contacts.find(connection, person.desk.vault, person.channel, person.address, today, "km")
        return known.contact.commune

    return await person.database.transact(work)


# -- What is shown ----------------------------------------------------------------------------------------


async def test_a_deep_link_leads_to_the_blocks_of_a_facility(dara: Person) -> None:
    await publish(dara, pack(HC))
    assert BLOCKS in await dara.sees(f"/start p_{HC}")
    shown = await dara.sees(PRICES)
    assert "១,២០៤,០០០ រៀល — ១០ ថ្ងៃធ្វើការ" in shown
    assert "ប្រភព៖ តារាងតម្លៃនៅសាលាឃុំ (៣១/១/២០២៦)" in shown


async def test_what_was_true_long_ago_says_so(dara: Person) -> None:
    await publish(dara, pack(HC))
    shown = await dara.sees(f"/start p_{HC}", PRICES)
    assert LONG_AGO == "2025-03-02" and "ធ្វើបច្ចុប្បន្នភាពចុងក្រោយ ២/៣/២០២៥" in shown


@pytest.mark.parametrize("text", ["<b>ថ្លៃ</b>", "*ថ្លៃ* _ណាស់_", "[ថ្លៃ](http://x.example)", "{price} %s"])
async def test_markup_in_a_text_is_shown_as_it_is(text: str, dara: Person) -> None:
    item = Text("rights-1", said(text), SOURCE, TRUE_ON, "right")
    await publish(dara, Pack(HC, "hc", (item,)))
    assert text in await dara.sees(f"/start p_{HC}", "[សិទ្ធិ និងកាតព្វកិច្ច]")


async def test_samples_are_shown_in_demo_mode_only(dara: Person) -> None:
    assert SAMPLE in await dara.sees("/start p_hc080303")
    dara.desk.samples = False
    assert SAMPLE not in await dara.sees("/start p_hc080303")


async def test_every_page_of_a_sample_says_so(dara: Person) -> None:
    shown = await dara.sees("/start p_hc080303", PRICES)
    assert SAMPLE in shown.splitlines()


async def test_where_nothing_is_published_the_general_standards_are_offered(dara: Person) -> None:
    await publish(dara, general("hc"))
    assert "មិនទាន់" in await dara.sees(f"/start p_{HC}")
    assert "ស្តង់ដារទូទៅ" in await dara.sees("[អានស្តង់ដារទូទៅ]")
    assert "មានបុគ្គលិកប្រចាំការ" in await dara.sees("[ស្តង់ដារសេវា]")


async def test_a_new_version_is_read_at_once(dara: Person) -> None:
    await publish(dara, pack(HC))
    await dara.says(f"/start p_{HC}", PRICES)
    newer = replace(pack(HC), items=(Text("part-1", said("ថ្មី"), SOURCE, TRUE_ON, "contact"),))
    await publish(dara, newer)
    # The block she was in is gone: the blocks that there are.
    received = await dara.says("[ព័ត៌មានផ្សេងទៀត]")
    assert "[" not in text_of(received) and dara.button("ការចូលរួម និងការប្តឹងតវ៉ា")


async def test_a_page_that_is_no_more_leads_back_to_the_blocks(mom: Person) -> None:
    await publish(mom, pack(HC))
    await mom.says(f"INFO {HC}", "4", "1", "1")
    await publish(mom, replace(pack(HC), items=pack(HC).of("part")))
    assert "អានអ្វី" in await mom.sees("1")


async def test_pages_by_text_message_go_on_with_1_and_out_with_0(mom: Person) -> None:
    await publish(mom, pack(HC))
    assert "១ បន្ត, ០ ម៉ឺនុយ" in await mom.sees(f"INFO {HC}", "4")
    assert "តម្លៃសេវា ២" in await mom.sees("1")
    assert "តម្លៃសេវា ១" in await mom.sees("ថយ")
    assert "វាយតម្លៃ" in await mom.sees("0")


# -- Ways in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["INFO", "info", "/info", "ព័ត៌មាន", "ពត៌មាន", "Information"])
async def test_one_word_leads_to_information(line: str, dara: Person) -> None:
    assert WHAT in await dara.sees(line)


@pytest.mark.parametrize(
    "line", ["INFO HC 080304", "/info hc 080304", "ព័ត៌មាន hc080304", "ព័ត៌មាន មណ្ឌលសុខភាព 080304", "info HC080304"]
)
async def test_a_service_and_place_may_follow_it(line: str, dara: Person) -> None:
    await publish(dara, pack(HC))
    assert BLOCKS in await dara.sees(line)


@pytest.mark.parametrize(
    "line",
    [
        "INFO birth certificate",
        "ព័ត៌មាន សំបុត្រកំណើត",
        "ព័ត៌មានសំបុត្រកំណើត",
        "សំបុត្រកំណើតថ្លៃប៉ុន្មាន",
        "how much is a birth certificate",
    ],
)
async def test_words_may_follow_it_and_a_question_needs_none(line: str, dara: Person) -> None:
    await publish(dara, pack(CA))
    shown = await dara.sees("/menu", line, "080304")
    assert "ចុះបញ្ជីកំណើតក្នុងរយៈពេល ៣០ ថ្ងៃ — ឥតគិតថ្លៃ" in shown


async def test_words_may_be_written_instead_of_choosing(dara: Person) -> None:
    await publish(dara, pack(CA))
    assert "ឥតគិតថ្លៃ" in await dara.sees("INFO", "សំបុត្រកំណើត", "080304")


async def test_a_facility_that_is_not_there_leads_to_the_menu(dara: Person) -> None:
    assert MENU in await dara.sees("/start p_hc999999")


async def test_an_old_menu_leads_there_too(dara: Person) -> None:
    await dara.says("/menu")
    [button] = [dara.button("អានព័ត៌មានសេវា")]
    await dara.says("INFO HC 080304")
    assert button.endswith("menu=read")
    assert WHAT in await dara.sees("/menu", "[អានព័ត៌មានសេវា]")


async def test_after_a_rating_one_may_read_on(dara: Person, desk: Desk) -> None:
    await dara.says("/start r_hc080303", "4", "4", "4", "4", "4", "0", "[ផ្ញើពិន្ទុរបស់ខ្ញុំ]")
    assert "កំពង់ចំលង" in await dara.sees("[ទេ អរគុណ]")
    assert BLOCKS in await dara.sees("[អាន]")


# -- What is left alone -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "comment", ["ព័ត៌មានមិនបានបិទផ្សាយ", "information is missing", "សំបុត្រកំណើតថ្លៃប៉ុន្មាន", "ថ្លៃណាស់"]
)
async def test_a_comment_is_a_comment(comment: str, dara: Person) -> None:
    await dara.says("/start r_hc080303", "4", "4", "4", "4", "4")
    assert comment in await dara.sees(comment)


async def test_a_rating_line_that_speaks_of_prices_is_a_rating(mom: Person) -> None:
    received = await mom.says("HC 080303 43554 ថ្លៃពេក")
    assert [type(outcome).__name__ for outcome in received.outcomes] == ["Rated"]


async def test_information_may_be_asked_for_in_the_middle_of_a_rating(dara: Person, desk: Desk) -> None:
    assert question(desk, 0) in await dara.sees("/start r_hc080303")
    assert BLOCKS in await dara.sees("INFO HC 080303")


# -- What is remembered and counted -----------------------------------------------------------------------


async def test_a_commune_that_was_said_is_remembered_and_none_replaced(dara: Person) -> None:
    await dara.says("INFO HC", "080304")
    assert await home(dara) == "080304"
    await dara.says("INFO HC 080303")
    assert await home(dara) == "080304"


async def test_each_page_that_is_shown_counts_once(mom: Person) -> None:
    await publish(mom, pack(HC))
    await mom.says(f"INFO {HC}", "4")
    assert await read_of(mom, HC) == {("2026-11", "prices"): 1}
    await mom.says("what?", "9", "ថយ", "4")
    assert await read_of(mom, HC) == {("2026-11", "prices"): 2}
    await mom.says("1")
    assert await read_of(mom, HC) == {("2026-11", "prices"): 3}


async def test_back_and_repeated_do_not_count(dara: Person) -> None:
    await publish(dara, pack(HC))
    await dara.says(f"/start p_{HC}", "[ស្តង់ដារសេវា]", "[បន្ទាប់ →]")
    assert await read_of(dara, HC) == {("2026-11", "standards"): 2}
    await dara.says("[← ថយក្រោយ]", "hello")
    assert await read_of(dara, HC) == {("2026-11", "standards"): 2}


async def test_general_standards_count_for_the_service(dara: Person) -> None:
    await dara.says(f"/start p_{HC}", "[អានស្តង់ដារទូទៅ]", "[ស្តង់ដារសេវា]")
    assert await read_of(dara, "hc") == {("2026-11", "standards"): 1}
    assert await read_of(dara, HC) == {}


async def test_a_wish_is_counted_without_who(dara: Person, mom: Person) -> None:
    await dara.says(f"/start p_{HC}", "[ប្រាប់ឃុំថាមានគេសួររក]")
    await mom.says(f"INFO {HC}", "2")
    assert await dara.database.transact(packs.wishes_of, HC) == {"2026-11": 2}


async def test_what_was_found_and_is_no_more_is_not_found(dara: Person) -> None:
    await publish(dara, pack(CA))
    await dara.says("INFO 080304", "លិខិតបញ្ជាក់ទីលំនៅ")
    await publish(dara, replace(pack(CA), items=pack(CA).of("part")))
    assert WHAT in text_of(await dara.says("[លិខិតបញ្ជាក់ទីលំនៅ, ៤,០០០ រៀល]"))
