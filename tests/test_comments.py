"""Comments as officials read them: masked, by the day, in an order that tells nothing, answered once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from flows.comments import Scope, scope
from flows.library import Facility, Library
from flows.world import Grant
from storage import attachments, comments, responses
from storage.comments import Comment
from storage.database import Connection, Database
from storage.vault import Vault, reference

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)
FACILITY, OTHER = "hc080303", "ca080303"
COMMUNE = "080303"


def rater(vault: Vault, number: int, facility: str = FACILITY) -> bytes:
    return vault.rater(f"somebody {number}".encode(), 1, facility, "2026-Q4")


def say(
    connection: Connection,
    vault: Vault,
    person: int,
    text: str,
    on: date = YESTERDAY,
    *,
    facility: str = FACILITY,
    commune: str = COMMUNE,
    **more: Any,
) -> bytes:
    who = rater(vault, person, facility)
    responses.rate(
        connection,
        vault,
        who,
        facility=facility,
        round_code="2026-Q4",
        scores={f"{facility[:2]}-attitude": 2},
        comment={"text": text, **more} if text or more else None,
        commune=commune,
        today=on,
    )
    return who


def listed(
    connection: Connection,
    vault: Vault,
    facilities: tuple[str, ...] = (FACILITY,),
    commune: str | None = COMMUNE,
    today: date = TODAY,
    limit: int = 100,
    offset: int = 0,
    unanswered: bool = False,
) -> list[Comment]:
    return comments.listed(
        connection, vault, facilities, commune, today, limit=limit, offset=offset, unanswered=unanswered
    )


async def test_the_newest_day_comes_first_page_by_page(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        for number in range(30):
            say(connection, vault, number, f"មតិ {number}", YESTERDAY - timedelta(days=number // 7))
        say(connection, vault, 99, "", YESTERDAY)  # a rating without a comment
        whole = listed(connection, vault)
        assert len(whole) == 30
        assert [said.said_on for said in whole] == sorted((said.said_on for said in whole), reverse=True)
        assert whole[0].round == "2026-Q4" and whole[0].facility == FACILITY
        for size in (1, 4, 7, 50):
            paged = [
                said
                for start in range(0, 31, size)
                for said in listed(connection, vault, limit=size, offset=start)
            ]
            assert paged == whole
        assert listed(connection, vault, offset=30) == []
        assert comments.counted(connection, [FACILITY], COMMUNE, TODAY) == (30, 30)

    await database.transact(work)


async def test_nothing_of_today_is_shown_or_counted(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        say(connection, vault, 1, "ថ្ងៃនេះ", TODAY)
        assert listed(connection, vault) == []
        assert comments.counted(connection, [FACILITY], COMMUNE, TODAY) == (0, 0)
        [said] = listed(connection, vault, today=TODAY + timedelta(days=1))
        assert said.text == "ថ្ងៃនេះ"

    await database.transact(work)


async def test_a_comment_that_came_later_is_of_the_day_it_came(database: Database, vault: Vault) -> None:
    """Or who looks twice on one day would see when it was written."""

    def work(connection: Connection) -> None:
        who = say(connection, vault, 1, "មុន", YESTERDAY)
        [said] = listed(connection, vault)
        assert comments.answer(connection, vault, FACILITY, said.key, TODAY)
        assert responses.comment(connection, vault, who, {"text": "ក្រោយ"}, TODAY)
        assert listed(connection, vault) == []
        [said] = listed(connection, vault, today=TODAY + timedelta(days=1))
        assert (said.text, said.said_on, said.answered_on) == ("ក្រោយ", TODAY, None)

    await database.transact(work)


async def test_the_order_within_a_day_is_not_the_order_of_writing(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        for number in range(40):
            say(connection, vault, number, str(number))
        order = [said.text for said in listed(connection, vault)]
        assert sorted(order, key=int) == [str(number) for number in range(40)]
        assert order != [str(number) for number in range(40)]
        assert order != sorted(order)
        assert order != [row.text for row in sorted(listed(connection, vault), key=lambda row: row.text)]

    await database.transact(work)


async def test_the_key_leads_back_to_nobody(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        who = say(connection, vault, 1, "ទឹកខ្វះ")
        [said] = listed(connection, vault)
        assert who.hex() not in said.key and reference(who).lower() not in said.key.lower()
        assert said.key == vault.comment(who)

    await database.transact(work)


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE responses; --",
        "<script>alert('x')</script><b>ល្អ</b>",
        "{facility} %s %(x)s \\ \" ' `",
        "=HYPERLINK(1)",
        "ស" * 20_000,
    ],
)
async def test_whatever_it_looks_like_it_is_text(database: Database, vault: Vault, text: str) -> None:
    def work(connection: Connection) -> None:
        say(connection, vault, 1, text)
        [said] = listed(connection, vault)
        assert said.text == text
        assert not comments.answer(connection, vault, FACILITY, text[:60], TODAY)

    await database.transact(work)


async def test_what_leads_to_somebody_is_masked(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        say(connection, vault, 1, "ហៅ 012 345 678 ឬ @sokha_9 តម្លៃ 5000 រៀល")
        [said] = listed(connection, vault)
        assert said.text == "ហៅ [លេខទូរស័ព្ទ] ឬ [គណនី] តម្លៃ 5000 រៀល"

    await database.transact(work)


async def test_a_council_reads_what_was_said_in_the_name_of_its_commune(
    database: Database, vault: Vault
) -> None:
    def work(connection: Connection) -> None:
        say(connection, vault, 1, "របស់យើង")
        say(connection, vault, 2, "របស់គេ", commune="080304")
        say(connection, vault, 3, "សាលាឃុំ", facility=OTHER)
        assert [said.text for said in listed(connection, vault)] == ["របស់យើង"]
        both = listed(connection, vault, (FACILITY, OTHER))
        assert {said.text for said in both} == {"របស់យើង", "សាលាឃុំ"}
        everybody = listed(connection, vault, commune=None)
        assert {said.text for said in everybody} == {"របស់យើង", "របស់គេ"}
        assert comments.counted(connection, [FACILITY], "080304", TODAY) == (1, 1)
        assert comments.counted(connection, [FACILITY], None, TODAY) == (2, 2)
        assert comments.counted(connection, [], None, TODAY) == (0, 0)

    await database.transact(work)


async def test_it_is_answered_once_and_by_the_facility_that_it_is_about(
    database: Database, vault: Vault
) -> None:
    def work(connection: Connection) -> None:
        say(connection, vault, 1, "មួយ")
        say(connection, vault, 2, "ពីរ", YESTERDAY - timedelta(days=3))
        first, _second = listed(connection, vault)
        assert not comments.answer(connection, vault, OTHER, first.key, TODAY)
        assert not comments.answer(connection, vault, FACILITY, "0" * 32, TODAY)
        assert comments.answer(connection, vault, FACILITY, first.key, TODAY)
        assert not comments.answer(connection, vault, FACILITY, first.key, TODAY)
        first, second = listed(connection, vault)
        assert (first.answered_on, second.answered_on) == (TODAY, None)
        assert listed(connection, vault, unanswered=True) == [second]
        assert comments.counted(connection, [FACILITY], COMMUNE, TODAY) == (2, 1)

    await database.transact(work)


async def test_a_new_comment_waits_for_an_answer_of_its_own(database: Database, vault: Vault) -> None:
    def work(connection: Connection) -> None:
        say(connection, vault, 1, "មុន")
        [said] = listed(connection, vault)
        comments.answer(connection, vault, FACILITY, said.key, TODAY)
        say(connection, vault, 1, "ថ្មី", TODAY)
        [said] = listed(connection, vault, today=TODAY + timedelta(days=1))
        assert (said.text, said.answered_on) == ("ថ្មី", None)

    await database.transact(work)


async def test_what_was_sent_along_is_named_only_when_it_is_kept(database: Database, vault: Vault) -> None:
    from tests.person import Clock

    now = Clock()()

    def work(connection: Connection) -> None:
        number = attachments.add(connection, vault, "voice", "telegram", "file-1", now)
        say(connection, vault, 1, "", kind="voice", number=number.hex(), seconds=7)
        [said] = listed(connection, vault)
        assert (said.kind, said.attachment, said.state, said.seconds) == ("voice", None, "waiting", 7)
        assert comments.one(connection, vault, [FACILITY], COMMUNE, TODAY, said.key) == said
        assert attachments.kept(connection, number, 1000, now)
        [said] = listed(connection, vault)
        assert (said.attachment, said.state) == (number, "kept")
        assert comments.one(connection, vault, [FACILITY], COMMUNE, TODAY, said.key) == said
        assert comments.one(connection, vault, [FACILITY], "080304", TODAY, said.key) is None
        # As it was stored before files were kept.
        say(connection, vault, 2, "ចាស់", kind="photo", file="photo-1")
        old = next(said for said in listed(connection, vault) if said.text == "ចាស់")
        assert (old.kind, old.attachment, old.state) == ("photo", None, "refused")

    await database.transact(work)


# -- Who reads which --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(library: Library) -> Library:
    """A health centre that serves two communes, beside the others."""
    centre = Facility("hc-two", "hc", "មណ្ឌលរួម", "Shared", ("080303", "080304"))
    offices = [library.facilities(commune, "ca")[0] for commune in ("080303", "080304")]
    criteria = [criterion for service in ("ca", "hc", "ps") for criterion in library.criteria(service)]
    return Library(library.gazetteer, [centre, *offices], criteria, finder=library.finder)


COUNCIL, NEIGHBOUR = Grant("council", "080303"), Grant("council", "080304")


@pytest.mark.parametrize(
    ("roles", "subject", "expected"),
    [
        ((), "080303", None),
        ((Grant("caf", "080303"),), "080303", None),
        ((Grant("viewer", "08"),), "080303", None),
        ((COUNCIL,), "080303", Scope(("ca080303", "hc-two"), "080303")),
        ((COUNCIL,), "080304", None),
        ((COUNCIL,), "hc-two", Scope(("hc-two",), "080303")),
        ((COUNCIL, NEIGHBOUR), "hc-two", Scope(("hc-two",))),
        ((COUNCIL,), "ca080304", None),
        ((Grant("admin", "08"),), "080304", Scope(("ca080304", "hc-two"), "080304")),
        ((Grant("staff", "080303", "hc-two"),), "hc-two", Scope(("hc-two",))),
        ((Grant("staff", "080303", "hc-two"),), "080304", Scope(("hc-two",))),
        ((Grant("staff", "080303", "ca080303"),), "hc-two", None),
        ((COUNCIL,), "0803", None),
        ((Grant("admin", ""),), "", None),
        ((COUNCIL,), "999999", None),
    ],
)
def test_who_reads_which(
    shared: Library, roles: tuple[Grant, ...], subject: str, expected: Scope | None
) -> None:
    assert scope(roles, subject, shared) == expected
