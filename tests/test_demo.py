"""Made-up ratings: the same for the same seed, counted and published like any other, marked, and gone again."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from typer.testing import CliRunner

from bot.app import App
from bot.cli import app as command
from bot.commands import demo as words
from bot.samples import plant_first
from bot.settings import Settings
from flows.counts import LEAST
from flows.library import Library
from handlers.desk import Desk
from reports import reading
from storage import daily, demo, makebelieve, publication, responses
from storage.database import Connection, Database, connect
from storage.makebelieve import Bed
from storage.tables import histograms, publications, published, sampled
from storage.tables import responses as ratings
from storage.vault import Vault
from tests.conftest import SECRET
from tests.served import only_sqlite

pytestmark = pytest.mark.anyio

TODAY = date(2026, 11, 22)
COMMUNES = ["080303", "080304"]
FACILITY = "hc080303"
TABLES = (ratings, histograms, published, publications, sampled)


def beds(
    library: Library, how_many: int = 1200, seed: int = 1, communes: Sequence[str] = COMMUNES
) -> list[Bed]:
    return makebelieve.beds(library, communes, how_many, TODAY, seed)


async def plant(database: Database, vault: Vault, library: Library, seed: int = 1) -> demo.Planted:
    return await demo.plant(database, vault, library, beds(library, seed=seed), TODAY, seed)


def stored(connection: Connection, vault: Vault) -> list[dict[str, Any]]:
    """Every rating, with its comment opened."""
    rows = [dict(row._mapping) for row in connection.execute(sa.select(ratings).order_by(ratings.c.rater))]
    for row in rows:
        row["comment"] = vault.open_json(row["comment"])["text"] if row["comment"] else None
    return rows


def rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """What stands in the tables, but for sealed comments."""
    found = {}
    for table in TABLES:
        columns = [column for column in table.c if column.name != "comment"]
        found[table.name] = [
            tuple(row) for row in connection.execute(sa.select(*columns).order_by(*columns[:4]))
        ]
    return {name: [tuple(map(repr, row)) for row in listed] for name, listed in found.items()}


def rate(
    connection: Connection, vault: Vault, who: str, facility: str = FACILITY, today: date = TODAY
) -> str:
    """A citizen rates."""
    rater = vault.rater(vault.address_hash("telegram", who), 1, facility, "2026-Q4")
    scores = {"hc-presence": 2, "hc-medicine": 1}
    return responses.rate(
        connection, vault, rater, facility=facility, round_code="2026-Q4", scores=scores, today=today
    )


# -- What is made up --------------------------------------------------------------------------------------


def test_the_rounds_are_the_current_one_and_the_three_before(library: Library) -> None:
    terms = makebelieve.terms(library, TODAY)
    assert [term.round for term in terms] == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
    assert terms[-1].last == date(2026, 11, 21)
    assert all(after.first > before.last for before, after in itertools.pairwise(terms))
    # On the first day of a round nobody has rated in it yet.
    assert [term.round for term in makebelieve.terms(library, date(2027, 1, 1))][-1] == "2026-Q4"
    (first,) = [term for term in makebelieve.terms(library, date(2027, 1, 2)) if term.round == "2027-Q1"]
    assert first.first == first.last == date(2027, 1, 1)


@pytest.mark.parametrize("how_many", [1, 14, 100, 601, 20_000])
def test_as_many_are_made_up_as_were_asked_for_and_few_are_not_spread_thin(
    library: Library, how_many: int
) -> None:
    district = [place.code for place in library.gazetteer.below("0801")]
    made = beds(library, how_many, communes=district)
    given = [n for bed in made for n in bed.ratings.values()]
    assert sum(given) == how_many
    assert all(n >= min(how_many, makebelieve.LEAST_RATINGS) for n in given if n)


async def test_the_same_seed_makes_the_same_ratings(sqlite: Database, library: Library, vault: Vault) -> None:
    await plant(sqlite, vault, library)
    first = await sqlite.read(stored, vault), await sqlite.read(rows)
    await plant(sqlite, vault, library)
    assert (await sqlite.read(stored, vault), await sqlite.read(rows)) == first
    await plant(sqlite, vault, library, seed=2)
    assert not {row["rater"] for row in first[0]} & {row["rater"] for row in await sqlite.read(stored, vault)}


async def test_what_is_made_up_does_not_depend_on_how_it_is_stored(
    sqlite: Database, library: Library, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plant(sqlite, vault, library)
    first = await sqlite.read(rows)
    monkeypatch.setattr(demo, "AT_ONCE", 7)
    told: list[int] = []
    planted = await demo.plant(sqlite, vault, library, beds(library), TODAY, 1, told.append)
    assert await sqlite.read(rows) == first
    assert (sum(told), max(told)) == (planted.ratings, 7)


async def test_the_ratings_are_like_those_of_people(sqlite: Database, library: Library, vault: Vault) -> None:
    await demo.plant(sqlite, vault, library, beds(library, 3000), TODAY)
    made = await sqlite.read(stored, vault)
    assert len(made) == 3000
    terms = {term.round: term for term in makebelieve.terms(library, TODAY)}
    villages = {place.code for commune in COMMUNES for place in library.gazetteer.below(commune)}
    for row in made:
        facility = library.facility(row["facility"])
        assert facility is not None
        asked = {criterion.code for criterion in library.criteria(facility.service)}
        assert row["scores"]
        assert set(row["scores"]) <= asked
        assert set(row["scores"].values()) <= {1, 2, 3, 4, 5}
        assert terms[row["round"]].first <= row["rated_on"] <= terms[row["round"]].last
        assert row["village"] is None or row["village"] in villages
        assert row["village"] is None or row["village"].startswith(row["commune"])
        assert row["groups"] == sorted(set(row["groups"]))
        assert row["answered_on"] is None or row["rated_on"] < row["answered_on"] < TODAY
    groups = Counter(group for row in made for group in row["groups"])
    assert groups["women"] > groups["men"] > groups["poor"] > groups["disability"] > 0
    assert 0 < sum(len(row["scores"]) < 5 for row in made) < 1500
    comments = [row for row in made if row["comment"]]
    assert len({row["comment"] for row in comments}) > 24
    assert 0 < sum(row["answered_on"] is not None for row in comments) < len(comments)
    assert all("ក" <= row["comment"][0] <= "៹" for row in comments)


# -- Counted, published, marked ---------------------------------------------------------------------------


async def test_they_are_counted_and_published_by_the_rules_for_every_rating(
    database: Database, library: Library, vault: Vault
) -> None:
    planted = await plant(database, vault, library)
    assert (planted.ratings, planted.facilities, planted.passed) == (1200, 6, ())
    tally: Counter[tuple[str, ...]] = Counter()
    for row in await database.read(stored, vault):
        for group in ("all", *row["groups"]):
            for criterion, score in row["scores"].items():
                tally[row["facility"], row["round"], criterion, group, f"s{score}"] += 1
    counted = await database.read(lambda c: [row._mapping for row in c.execute(sa.select(histograms))])
    assert tally == Counter(
        {
            (row["facility"], row["round"], row["criterion"], row["grp"], name): row[name]
            for row in counted
            for name in ("s1", "s2", "s3", "s4", "s5")
            if row[name]
        }
    )
    shown = await database.read(lambda c: list(c.execute(sa.select(published))))
    assert {row.round for row in shown} == {"2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"}
    assert all(row.s1 + row.s2 + row.s3 + row.s4 + row.s5 >= LEAST for row in shown)
    assert {row.as_of for row in shown if row.round == "2026-Q3"} == {date(2026, 10, 1)}
    assert {row.as_of for row in shown if row.round == "2026-Q4"} == {TODAY}
    # The night finds nothing left to do.
    assert (await publication.publish(database, TODAY)).criteria == 0


async def test_every_view_of_them_is_marked(database: Database, library: Library, vault: Vault) -> None:
    await plant(database, vault, library)
    for place in ("080303", "0803", "08", ""):
        card = await database.read(reading.of_place, library, place)
        assert card
        assert card.sample
        assert card.before == "2026-Q3"
        assert card.as_of == TODAY
        assert {"women", "men"} <= set(card.groups)
    assert (await database.read(reading.of_facility, library, FACILITY)).sample
    assert not (await database.read(reading.of_place, library, "01")).sample


async def test_all_of_it_goes_again(database: Database, library: Library, vault: Vault) -> None:
    before = await database.read(rows)
    await plant(database, vault, library)
    gone: list[int] = []
    assert await demo.uproot(database, TODAY, gone.append) == 1200
    assert sum(gone) == 6
    assert await database.read(rows) == before
    assert not await database.read(demo.marked)


# -- Beside real ones -------------------------------------------------------------------------------------


async def test_where_citizens_have_rated_nothing_is_made_up(
    database: Database, library: Library, vault: Vault
) -> None:
    await database.transact(rate, vault, "012345678")
    real = await database.read(rows)
    assert await database.read(demo.real, demo.serving(library, COMMUNES)) == [FACILITY]
    planted = await plant(database, vault, library)
    assert planted.passed == (FACILITY,)
    assert planted.facilities == 5
    assert FACILITY not in await database.read(demo.marked)
    # What is real was not looked at by anybody yet, and is by the night.
    assert await database.read(daily.until, daily.PUBLISHING) is None
    await demo.uproot(database, TODAY)
    assert await database.read(rows) == real


async def test_what_citizens_gave_meanwhile_stays_and_is_counted_anew(
    database: Database, library: Library, vault: Vault
) -> None:
    await plant(database, vault, library)
    for who in range(6):
        await database.transact(rate, vault, f"01234567{who}", today=date(2026, 11, 21))
    # A second time they are not mixed any further.
    again = await plant(database, vault, library)
    assert again.passed == (FACILITY,)
    await demo.uproot(database, TODAY)
    assert len(await database.read(stored, vault)) == 6
    counted = await database.read(responses.histogram, FACILITY, "2026-Q4")
    assert counted == {("hc-presence", "all"): [0, 6, 0, 0, 0], ("hc-medicine", "all"): [6, 0, 0, 0, 0]}
    card = await database.read(reading.of_facility, library, FACILITY)
    assert (card.sample, card.sections[0].raters) == (False, 6)


# -- The first look ---------------------------------------------------------------------------------------


@only_sqlite
async def test_a_first_start_has_something_to_look_at_once(
    database_url: str, database: Database, desk: Desk, library: Library
) -> None:
    desk.clock = lambda: datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    settings = Settings(database_url=database_url, secret_key=SECRET, demo=True)
    app = App(settings, database, desk)
    await plant_first(app)
    card = await database.read(reading.of_place, library, "080303")
    assert card.sample
    assert all(section.counts for section in card.sections)
    assert card.villages
    assert (await database.read(reading.of_place, library, "0803")).rated > 1
    made = await database.read(rows)
    await plant_first(app)
    assert await database.read(rows) == made
    # Who took it away is not given it again.
    await demo.uproot(database, TODAY)
    await plant_first(app)
    assert await database.read(stored, desk.vault) == []


@only_sqlite
async def test_where_somebody_has_rated_a_first_start_makes_nothing_up(
    database_url: str, database: Database, desk: Desk
) -> None:
    await database.transact(rate, desk.vault, "012345678")
    app = App(Settings(database_url=database_url, secret_key=SECRET, demo=True), database, desk)
    await plant_first(app)
    assert len(await database.read(stored, desk.vault)) == 1


# -- The command ------------------------------------------------------------------------------------------

Samleng = Callable[..., Result]


@pytest.fixture
def samleng(database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch) -> Samleng:
    """The command, as typed; with the country at hand."""
    monkeypatch.setenv("SAMLENG_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMLENG_SECRET_KEY", SECRET)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(words, "library", lambda _settings: library)
    return lambda line: CliRunner().invoke(command, ["demo-data", *line.split()])


def looked(url: str, work: Callable[..., Any], *args: Any) -> Any:
    async def look() -> Any:
        database = connect(url)
        try:
            return await database.transact(work, *args)
        finally:
            await database.close()

    return asyncio.run(look())


def test_the_operator_plants_and_takes_away(samleng: Samleng, database_url: str, vault: Vault) -> None:
    looked(database_url, rate, vault, "012345678")
    done = samleng("--communes 080303,080304 --communes 080302 --ratings 1500 --seed 3")
    assert done.exit_code == 0, done.output
    assert "1,500 made-up ratings of 8 facilities" in done.output
    assert "Left alone, since citizens have rated them: hc080303." in done.output
    assert len(looked(database_url, demo.marked)) == 8
    gone = samleng("--remove")
    assert "Taken away: 1,500 made-up ratings of 8 facilities." in gone.output
    assert len(looked(database_url, stored, vault)) == 1
    assert "There is no sample data." in samleng("--remove").output


@only_sqlite
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "Where? Write codes"),
        ("--communes 0899", "There is no province, district or commune 0899."),
        ("--communes 08030301", "There is no province, district or commune 08030301."),
        ("--communes 0801 --ratings 0", "--ratings"),
    ],
)
def test_a_wrong_line_is_explained(samleng: Samleng, line: str, says: str) -> None:
    done = samleng(line)
    assert done.exit_code != 0
    assert says in done.output


@only_sqlite
def test_a_service_for_citizens_is_given_none_by_accident(
    samleng: Samleng, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMLENG_PUBLIC_URL", "https://samleng.example.org")
    refused = samleng("--communes 080303 --ratings 50")
    assert refused.exit_code == 1
    assert "SAMLENG_DATABASE_URL" in refused.output
    assert looked(database_url, demo.marked) == []
    assert samleng("--communes 080303 --ratings 50 --anyway").exit_code == 0
    assert looked(database_url, demo.marked)


@only_sqlite
def test_where_everything_was_rated_there_is_nothing_to_do(
    samleng: Samleng, database_url: str, vault: Vault
) -> None:
    for service in ("ca", "hc", "ps"):
        looked(database_url, rate, vault, "012345678", f"{service}080303")
    refused = samleng("--communes 080303")
    assert refused.exit_code == 1
    assert "Citizens have rated all 3 facilities there" in refused.output
