"""Asking for scores: whose is meant, who may see what, and that nothing is read which nobody asked for."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from flows.library import Library
from flows.scores import meant
from flows.world import Grant
from handlers.desk import Desk
from storage import codes, reference, roles
from storage.database import Connection, Database
from storage.tables import contacts, facilities, facility_communes, sampled
from tests.person import Person
from tests.scored import fill

COMMUNE, FACILITY = "080303", "hc080303"


@pytest.mark.parametrize(
    ("rest", "given"),
    [
        ("080303", {"place": COMMUNE}),
        ("០៨០៣០៣", {"place": COMMUNE}),
        ("08 03 03", {"place": COMMUNE}),
        ("ឃុំ 080303", {"place": COMMUNE}),
        ("ឃុំ080303", {"place": COMMUNE}),
        ("08030301", {"place": COMMUNE}),
        ("KH080303", {"place": COMMUNE}),
        ("0803", {"place": "0803"}),
        ("08", {"place": "08"}),
        (FACILITY, {"place": FACILITY}),
        ("HC 080303", {"place": FACILITY}),
        ("ព្រែកអំពិល", {"place": "081303"}),
        ("ឃុំព្រែកអំពិល", {"place": "081303"}),
        ("Preaek Ampil", {"place": "081303"}),
        ("prek ampil", {"heard": ["081303"]}),
        ("មណ្ឌលសុខភាព ព្រែកអំពិល", {"service": "hc", "place": "081303"}),
        ("សាលា ព្រែកអំពិល", {"service": "ps", "place": "081303"}),
        ("hc", {"service": "hc"}),
        ("ខេត្តកណ្តាល", {"place": "08"}),
        ("Kandal", {"place": "08"}),
        ("ស្រុកខ្សាច់កណ្ដាល", {"place": "0803"}),
        ("", {}),
        ("5", {}),
        ("៤/៥", {}),
        ("999999", {"heard": []}),
        ("ទាបណាស់", {"heard": []}),
        ("x" * 5000, {"heard": []}),
        ("'; DROP TABLE published; --", {"heard": []}),
    ],
)
def test_whose_scores_are_meant(rest: str, given: dict[str, Any], library: Library) -> None:
    assert meant(rest, library) == given


@pytest.fixture
async def dara(sqlite: Database, desk: Desk) -> Person:
    await sqlite.transact(fill, desk.library, [COMMUNE])
    return Person(sqlite, desk)


async def official(person: Person, *grants: Grant) -> None:
    """She has these roles."""

    def work(connection: Connection) -> None:
        now = person.desk.clock()
        for grant in grants:
            code = codes.make(connection, person.desk.vault, codes.ROLE, now, grant=grant)
            given.append(code)

    given: list[str] = []
    await person.database.transact(work)
    await person.says(*given)


OVERVIEW = "ពិន្ទុពីប្រជាពលរដ្ឋ"
PART = "តាមស្រុក"


@pytest.mark.anyio
async def test_a_citizen_sees_a_commune_and_never_what_was_said(dara: Person) -> None:
    await dara.says("ពិន្ទុ 080303")
    labels = [label for part in dara.parts for row in part.get("keyboard", ()) for label, _data in row]
    assert labels[:3] == ["សាលាឃុំ/សង្កាត់", "មណ្ឌលសុខភាព", "សាលាបឋមសិក្សា"]
    assert not [label for label in labels if "មតិ" in label or label.startswith("តាម") or "ផ្ទាំង" in label]


@pytest.mark.anyio
@pytest.mark.parametrize("asked", ["ពិន្ទុ 08", "/start s_08", "ពិន្ទុ 0803", "scores kandal"])
async def test_who_has_no_role_there_is_asked_for_a_commune(dara: Person, asked: str) -> None:
    assert OVERVIEW not in await dara.sees(asked)
    await official(dara, Grant("viewer", "12"))
    assert OVERVIEW not in await dara.sees(asked)
    await official(dara, Grant("viewer", "08"))
    assert OVERVIEW in await dara.sees(asked)


@pytest.mark.anyio
async def test_a_role_that_was_taken_back_opens_nothing_more(dara: Person) -> None:
    await official(dara, Grant("viewer", "08"))
    assert "[" not in await dara.sees("ពិន្ទុ", f"[{PART}]")

    def revoke(connection: Connection) -> None:
        whose = connection.execute(sa.select(contacts.c.id)).scalar_one()
        roles.revoke(connection, whose, None, actor=None, now=dara.desk.clock())

    await dara.database.transact(revoke)
    said = await dara.sees("[សេវាទាំងអស់]")
    assert OVERVIEW not in said


@pytest.mark.anyio
async def test_an_official_of_several_places_is_asked_which(dara: Person) -> None:
    await official(
        dara, Grant("council", COMMUNE), Grant("council", "080304"), Grant("staff", "080303", FACILITY)
    )
    assert "មួយណា?" in await dara.sees("ពិន្ទុ")
    assert "មណ្ឌលសុខភាព កំពង់ចំលង, ឃុំកំពង់ចំលង" in await dara.sees("[មណ្ឌលសុខភាព កំពង់ចំលង]")


@pytest.mark.anyio
@pytest.mark.parametrize("channel", ["telegram", "sms"])
async def test_made_up_scores_say_so(dara: Person, channel: str) -> None:
    def sample(connection: Connection) -> None:
        connection.execute(sa.insert(sampled).values(facility=FACILITY))

    dara.channel = channel
    assert "ទិន្នន័យគំរូ" not in await dara.sees("scores 080303")
    await dara.database.transact(sample)
    assert "ទិន្នន័យគំរូ" in await dara.sees("scores 080303")
    assert "ទិន្នន័យគំរូ" in await dara.sees("scores hc080303")


@pytest.mark.anyio
async def test_of_several_schools_one_may_be_chosen(dara: Person) -> None:
    """As where a registry was imported: the commune's schools are summed, and each is seen alone."""

    def register(connection: Connection) -> None:
        connection.execute(sa.insert(facility_communes).values(facility="ps080304", commune=COMMUNE))
        for code, name in (("ps080303", "សាលាវត្តថ្មី"), ("ps080304", "សាលាវត្តចាស់")):
            connection.execute(
                sa.update(facilities)
                .where(facilities.c.code == code)
                .values(name_km=name, name_latin=name, provisional=False)
            )
        dara.desk.library = reference.read(connection)

    await dara.database.transact(register)
    await dara.says("ពិន្ទុ 080303", "[សាលាបឋមសិក្សា]", "[មើលតែកន្លែងមួយ]")
    assert "មិនទាន់មានពិន្ទុ" in await dara.sees("[សាលាវត្តចាស់]")
    await dara.says("ពិន្ទុ 080303", "[សាលាបឋមសិក្សា]", "[មើលតែកន្លែងមួយ]")
    assert "សាលាវត្តថ្មី" in await dara.sees("[សាលាវត្តថ្មី]")


@pytest.mark.anyio
@pytest.mark.parametrize("said", ["ពិន្ទុទាបណាស់", "score is 4", "ពិន្ទុ 5", "scores of my neighbour"])
async def test_in_a_comment_the_word_is_a_word(dara: Person, said: str) -> None:
    await dara.says("/start r_hc080303", "4", "3", "5", "5", "4")
    assert said in await dara.sees(said)


@pytest.mark.anyio
async def test_what_nobody_asks_for_is_not_read(dara: Person) -> None:
    """A rating, a menu, information: no scores, comments or files are looked up for them."""
    seen: list[str] = []

    def watch(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    await official(dara, Grant("council", COMMUNE))
    engine = dara.database._writer  # type: ignore[attr-defined]
    sa.event.listen(engine, "before_cursor_execute", watch)
    try:
        await dara.says("/menu", "/info", "/start r_hc080303", "4", "3", "5", "5", "4")
        assert seen
        assert not [said for said in seen if "FROM published" in said or "FROM attachments" in said]
        await dara.says("ពិន្ទុ")
        assert [said for said in seen if "FROM published" in said]
    finally:
        sa.event.remove(engine, "before_cursor_execute", watch)
