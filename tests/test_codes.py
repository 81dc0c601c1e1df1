"""Codes: understood however they are typed, good once, and not to be had by guessing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from flows.world import Grant
from handlers.codes import deep_link, read
from handlers.desk import Desk
from storage import codes, roles
from storage.codes import ALPHABET, LINK, ROLE, Made, drawn
from storage.database import Connection, Database
from storage.tables import audit, contacts, guesses
from storage.tables import codes as rows
from storage.vault import Vault
from tests.person import Clock, Person

CAF = Grant("caf", "080303")
CODE = "SL-7K3M-9QX2"
OTHER = "SL-5CJJ-PX5Y"
WRONG, LATER, HALF = "ប្រើមិនបានទេ", "ក្រោយ", "មិនគ្រប់ទេ"
WELCOME = "ឥឡូវអ្នកជា"


# -- What is a code ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "SL-7K3M-9QX2",
        "sl-7k3m-9qx2",
        " SL 7K3M 9QX2 ",
        "sl7k3m9qx2",
        "SL-7K3M-9QX2.",
        "«SL-7K3M-9QX2»",
        "sl-៧k៣m-៩qx២។",
        "SL – 7K3M – 9QX2",
        "SL‑7K3M‑9QX2",  # hyphens that do not break
        "SL_7K3M_9QX2",
        "s l 7k 3m 9q x2",
        "S\u200bL-7K3M-\u200b9QX2",
        "7K3M-9QX2",
        "7k3m9qx2",
        "សូមផ្ញើ SL-7K3M-9QX2 មកលេខ 1294",
        "Facilitator of Kampong Chamlang: send SL-7K3M-9QX2 to +85512345678 or open https://t.me/x",
        "https://t.me/samleng_bot?start=i_SL7K3M9QX2",
    ],
)
def test_an_invitation_is_understood_however_it_is_typed(text: str) -> None:
    assert read(text) == "SL7K3M9QX2"


@pytest.mark.parametrize(
    "text", ["LN-482913", "ln 482913", "ln482 913", "LN-៤៨២៩១៣", "LN.482-913.", "l n 4 8 2 9 1 3"]
)
def test_a_link_is_understood_however_it_is_typed(text: str) -> None:
    assert read(text) == "LN482913"


def test_the_digits_of_a_link_may_be_typed_as_the_letters_they_look_like() -> None:
    assert read("LN-4O29iL") == "LN402911"


@pytest.mark.parametrize(
    "text", ["SL-7K3M", "sl-", "SL-7K3M-9QX2-5", "LN-48291", "ln-4829134", "SL-7K3M-9QX", "LN-48A913"]
)
def test_a_part_of_a_code_is_told_from_something_else(text: str) -> None:
    assert read(text) == ""


@pytest.mark.parametrize("text", ["SL-7K3M-9QO2", "sl 7k3m 9qi2", "SL-ABCD-EFGH"])
def test_a_letter_that_no_code_has_makes_it_a_wrong_one(text: str) -> None:
    assert read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4",
        "080303",
        "482913",
        "KH080303",
        "HC 080303 43554",
        "hc080303",
        "sleeps well",
        "Slow 10 days",
        "SL",
        "slow",
        "slowly done",
        "LN",
        "hospital",
        "12345678",
        "ABCDEFGH",
        "012 345 678",
        "2026-2027",
        "test 2345",
        "ឃុំព្រែកអំពិល",
        "គ្រូសាលាមិនមក",
        "SL គ្រូសាលាមិនមក 12345678",
        "the nurse came at 7 and left at 9 o'clock",
        "x" * 20_000,
        "SL-" * 10_000,
    ],
)
def test_what_is_no_code(text: str) -> None:
    assert read(text) is None


def test_what_is_drawn_is_understood_and_has_no_look_alikes() -> None:
    for _time in range(200):
        code = drawn(ROLE)
        assert set(code[3:].replace("-", "")) <= set(ALPHABET)
        assert any(c.isdigit() for c in code)
        assert read(code) == read(code.lower().replace("-", " ")) == codes.plain(code)
        assert read(drawn(LINK)) is not None
    assert not set(ALPHABET) & set("0O1ILU")


def test_a_deep_link_fits_what_telegram_takes() -> None:
    link = deep_link("samleng_bot", CODE)
    assert link == "t.me/samleng_bot?start=i_SL7K3M9QX2"
    assert deep_link("", CODE) == ""


# -- Keeping them -----------------------------------------------------------------------------------------

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock(desk: Desk) -> Clock:
    clock = Clock()
    desk.clock = clock
    return clock


@pytest.fixture
def dara(database: Database, desk: Desk, clock: Clock) -> Person:
    return Person(database, desk)


@pytest.fixture
def events(desk: Desk) -> list[str]:
    heard: list[str] = []
    desk.heard = heard.append
    return heard


def dealing(*those: str) -> Callable[[str], str]:
    """Instead of chance: these, one after the other."""
    waiting = iter(those)
    return lambda _purpose: next(waiting)


async def make(person: Person, code: str = CODE, grant: Grant = CAF) -> str:
    """An invitation of the operator's."""
    made: str = await person.database.transact(
        codes.make, person.desk.vault, ROLE, person.desk.clock(), grant=grant, draw=lambda _purpose: code
    )
    return made


async def held(person: Person) -> tuple[Grant, ...]:
    def work(connection: Connection) -> tuple[Grant, ...]:
        whose = person.desk.vault.address_hash(person.channel, person.address)
        contact = connection.execute(
            sa.select(contacts.c.id).where(contacts.c.address_hash == whose)
        ).scalar()
        return roles.of(connection, contact) if contact else ()

    return await person.database.transact(work)


async def kept(database: Database, table: sa.Table) -> list[object]:
    return await database.transact(lambda connection: list(connection.execute(sa.select(table))))


async def test_a_code_is_kept_as_a_keyed_hash_only(database: Database, vault: Vault) -> None:
    code = await database.transact(codes.make, vault, ROLE, Clock()(), grant=CAF)
    [row] = await kept(database, rows)
    assert code not in repr(row) and codes.plain(code) not in repr(row)
    assert row.hash == vault.code(codes.plain(code))  # type: ignore[attr-defined]
    assert row.hash != Vault("another secret altogether").code(codes.plain(code))  # type: ignore[attr-defined]


async def test_a_code_is_good_once(database: Database, vault: Vault) -> None:
    now = Clock()()
    code = await database.transact(codes.make, vault, ROLE, now, grant=CAF)
    assert await database.transact(codes.look, vault, code, now) == Made(ROLE, CAF, None)
    assert await database.transact(codes.take, vault, code, now) == Made(ROLE, CAF, None)
    assert await database.transact(codes.take, vault, code, now) is None
    assert await database.transact(codes.look, vault, code, now) is None


@pytest.mark.parametrize(("purpose", "lasts"), [(ROLE, timedelta(days=30)), (LINK, timedelta(minutes=15))])
async def test_a_code_ends_by_itself(
    database: Database, vault: Vault, purpose: str, lasts: timedelta
) -> None:
    now = Clock()()
    code = await database.transact(codes.make, vault, purpose, now, grant=CAF)
    just = timedelta(seconds=1)
    assert await database.transact(codes.look, vault, code, now + lasts - just) is not None
    assert await database.transact(codes.take, vault, code, now + lasts) is None
    await database.transact(codes.make, vault, ROLE, now + lasts, grant=CAF)
    assert len(await kept(database, rows)) == 1  # the old one is not even kept


async def test_a_code_that_was_drawn_before_is_drawn_again(database: Database, vault: Vault) -> None:
    now, draw = Clock()(), dealing(CODE, CODE, OTHER)
    assert await database.transact(codes.make, vault, ROLE, now, grant=CAF, draw=draw) == CODE
    assert await database.transact(codes.make, vault, ROLE, now, grant=CAF, draw=draw) == OTHER


async def test_of_two_phones_one_has_it(dara: Person) -> None:
    await make(dara)
    phones = [Person(dara.database, dara.desk, "telegram", f"7001122{n}") for n in range(8)]
    seen = await asyncio.gather(*(phone.sees(CODE) for phone in phones))
    assert sum(WELCOME in text for text in seen) == 1
    assert sum(WRONG in text for text in seen) == 7
    assert sorted([await held(phone) for phone in phones], key=len)[-2:] == [(), (CAF,)]


# -- Sending them -----------------------------------------------------------------------------------------


async def test_a_code_gives_the_role_at_once(dara: Person, events: list[str]) -> None:
    await make(dara)
    received = await dara.says("sl 7k3m 9qx2.")
    assert WELCOME in dara.parts[-1]["text"]
    assert received.outcomes == (CAF,)
    assert await held(dara) == (CAF,)
    assert "granted" in events and "wrong_code" not in events


async def test_a_deep_link_gives_it_as_well(dara: Person) -> None:
    await make(dara)
    assert WELCOME in await dara.sees("/start i_SL7K3M9QX2")
    assert await held(dara) == (CAF,)


async def test_a_deep_link_with_something_else_leads_to_the_menu(dara: Person, events: list[str]) -> None:
    assert "តើអ្នកចង់ធ្វើអ្វី?" in await dara.sees("/start i_rubbish")
    assert "wrong_code" not in events


async def test_a_code_counts_in_the_middle_of_something_else(dara: Person) -> None:
    await make(dara)
    await dara.says("/start r_hc080303", "4")
    assert WELCOME in await dara.sees(CODE)
    here = await dara.conversation()
    assert here is not None and here.flow == "menu"


async def test_a_wrong_code_leaves_one_where_one_was(dara: Person, events: list[str]) -> None:
    await dara.says("/start r_hc080303", "4")
    before = await dara.conversation()
    seen = await dara.sees(CODE)
    assert WRONG in seen and dara.desk.library.criteria("hc")[1].question.in_language("km") in seen
    assert await dara.conversation() == before
    assert events.count("wrong_code") == 1


async def test_a_repeated_message_is_no_second_attempt(dara: Person) -> None:
    await make(dara)
    from bot.channels import terminal

    incoming = dara.message(terminal.understood(CODE, []))
    first = await dara.deliver(incoming)
    again = await dara.deliver(incoming)
    assert again.duplicate and again.parts == first.parts
    assert await kept(dara.database, guesses) == []


async def test_who_has_the_role_leaves_the_code_for_another(dara: Person) -> None:
    await make(dara)
    await make(dara, OTHER)
    await dara.says(CODE)
    assert "រួចហើយ" in await dara.sees(OTHER)
    sopheap = Person(dara.database, dara.desk, address="700112244")
    assert WELCOME in await sopheap.sees(OTHER)


async def test_one_person_may_have_several_roles(dara: Person) -> None:
    await make(dara)
    await make(dara, OTHER, Grant("caf", "080304"))
    await dara.says(CODE, OTHER)
    assert await held(dara) == (CAF, Grant("caf", "080304"))


async def test_nothing_is_asked_where_nobody_can_answer(dara: Person) -> None:
    from dataclasses import replace

    from bot.channels.sms import Sms
    from flows.channel import SMS

    await make(dara)
    dara.desk.media = {**dara.desk.media, "sms": Sms(replace(SMS, can_receive=False))}
    outbound = Person(dara.database, dara.desk, "sms", "+85512998877")
    assert (await outbound.says(CODE)).parts == []
    assert await held(outbound) == ()


# -- Guessing ---------------------------------------------------------------------------------------------


def guess(number: int) -> str:
    return f"SL-2222-{number:04}".replace("0", "A").replace("1", "B")


async def test_after_three_wrong_codes_one_waits_even_with_the_right_one(
    dara: Person, clock: Clock, events: list[str]
) -> None:
    await make(dara)
    assert WRONG in await dara.sees(guess(1))
    assert WRONG in await dara.sees(guess(2))
    assert "១៥ នាទី" in await dara.sees(guess(3))
    assert LATER in await dara.sees(CODE)
    assert await held(dara) == ()
    assert events.count("wrong_code") == 3 and events.count("code_refused") == 1
    clock.now += timedelta(minutes=15)
    assert WELCOME in await dara.sees(CODE)  # it was not used up by being sent too early


async def test_the_next_mistake_costs_an_hour(dara: Person, clock: Clock) -> None:
    await dara.says(*map(guess, range(3)))
    clock.now += timedelta(minutes=16)
    assert "១ ម៉ោង" in await dara.sees(guess(4))
    clock.now += timedelta(minutes=31)
    assert "២៩ នាទី" in await dara.sees(guess(5))  # not tried, and not counted
    clock.now += timedelta(minutes=30)
    assert "១ ម៉ោង" in await dara.sees(guess(6))


async def test_after_ten_it_is_a_day(dara: Person, clock: Clock) -> None:
    await make(dara)
    for number in range(10):
        seen = await dara.sees(guess(number))
        clock.now += timedelta(minutes=61)
    assert "២៤ ម៉ោង" in seen
    assert "២៣ ម៉ោង" in await dara.sees(CODE)
    clock.now += timedelta(hours=23)
    assert WELCOME in await dara.sees(CODE)


async def test_mistakes_are_forgotten_after_a_day(dara: Person, clock: Clock) -> None:
    await dara.says(guess(1), guess(2))
    clock.now += timedelta(hours=24)
    assert WRONG in await dara.sees(guess(3))
    clock.now += timedelta(hours=25)
    other = Person(dara.database, dara.desk, address="700112244")
    await other.says(guess(4))
    assert len(await kept(dara.database, guesses)) == 1  # those of others are not kept either


async def test_a_right_invitation_begins_anew(dara: Person) -> None:
    await make(dara)
    await dara.says(guess(1), guess(2), CODE)
    assert WRONG in await dara.sees(guess(3))


async def test_a_link_of_ones_own_does_not(dara: Person) -> None:
    """Or two phones would be enough to guess for ever."""
    phone = Person(dara.database, dara.desk, "sms", "+85512998877")
    dara.desk.draw = lambda _purpose: "LN-482913"
    await phone.says("LINK")
    await dara.says(guess(1), guess(2), "LN-482913")
    assert LATER in await dara.sees(guess(3))


async def test_erasing_ones_data_does_not(dara: Person) -> None:
    await dara.says(guess(1), guess(2), guess(3), "ERASE", "[បាទ/ចាស]")
    assert LATER in await dara.sees(guess(4))
    [row] = await kept(dara.database, guesses)
    assert dara.address not in repr(row)


async def test_another_persons_guesses_are_hers(dara: Person) -> None:
    await make(dara)
    await dara.says(*map(guess, range(3)))
    assert WELCOME in await Person(dara.database, dara.desk, address="700112244").sees(CODE)


async def test_half_a_code_is_no_guess(dara: Person, events: list[str]) -> None:
    for _time in range(5):
        assert HALF in await dara.sees("SL-7K3M")
    assert "LN-482913" in await dara.sees("ln-48")
    assert "wrong_code" not in events


async def test_a_clock_that_was_set_back_makes_nobody_wait_longer(dara: Person, clock: Clock) -> None:
    await dara.says(*map(guess, range(3)))
    clock.now -= timedelta(days=3)
    assert "១៥ នាទី" in await dara.sees(CODE)


async def test_the_audit_log_holds_no_code(dara: Person) -> None:
    await make(dara)
    await dara.says(CODE)
    written = repr(await kept(dara.database, audit))
    assert "granted" in written and "7K3M" not in written and dara.address not in written
