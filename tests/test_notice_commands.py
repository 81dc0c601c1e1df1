"""What the operator types about meetings: announcing one or a list, looking at them, changing and cancelling them."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import announcing
from bot.commands import notices as commands
from broadcasts import fire, notices
from flows.library import Library
from handlers.desk import Desk
from storage import audience
from storage.database import Database, connect
from storage.vault import Vault
from tests.conftest import SECRET
from tests.villagers import COMMUNE, NOW, VILLAGES, at, fires, join, sends

Samleng = Callable[..., str]

MEETING = f'{COMMUNE} --kind village --when "2026-12-01 08:30" --at-place វត្តព្រែក'


@pytest.fixture
def url(database_url: str, library: Library, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings of a service on a database of its own, on a day in November."""
    monkeypatch.setenv("SAMLENG_DATABASE_URL", database_url)
    monkeypatch.setenv("SAMLENG_SECRET_KEY", SECRET)
    monkeypatch.setenv("COLUMNS", "250")
    for module in (announcing, commands):
        monkeypatch.setattr(module, "library", lambda _settings: library)
        monkeypatch.setattr(module, "utc_now", lambda: NOW)
    return database_url


@pytest.fixture
def samleng(url: str) -> Samleng:
    def typed(line: str, answer: str = "", code: int = 0) -> str:
        result: Result = CliRunner().invoke(app, shlex.split(line), input=answer)
        assert result.exit_code == code, result.output
        return result.output

    return typed


def during(url: str, work: Callable[[Database], Any]) -> Any:
    """What happens between two commands."""

    async def done() -> Any:
        database = connect(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(done())


def people_join(url: str, vault: Vault, how_many: int, **facts: Any) -> list[int]:
    found: list[int] = during(url, lambda database: database.transact(join, vault, how_many, **facts))
    return found


# -- Announcing -------------------------------------------------------------------------------------------


def test_a_meeting_is_looked_at_and_then_announced(samleng: Samleng, url: str, vault: Vault) -> None:
    people_join(url, vault, 4, village=VILLAGES[0])
    people_join(url, vault, 2, channel="sms", village=VILLAGES[1])
    said = samleng(f"notice announce {MEETING}", answer="y\n")
    assert "វត្តព្រែក" in said
    assert "6 people (telegram 4, sms 2)" in said
    assert "SMS segments, of 5,000 that the commune may still send that day" in said
    assert "Goes out at once, takes 1 min." in said
    assert "Few have joined in" in said and VILLAGES[0] in said
    assert said.rstrip().endswith("Announced, number 1. What becomes of it: samleng notice show 1")


def test_who_does_not_confirm_announces_nothing(samleng: Samleng) -> None:
    assert "Aborted" in samleng(f"notice announce {MEETING}", answer="n\n", code=1)
    assert samleng("notices") == "No meeting is announced.\n"


def test_a_date_as_people_write_it(samleng: Samleng) -> None:
    samleng(f'notice announce {COMMUNE} --kind i4c --when "១ ធ្នូ ម៉ោង ៨ ព្រឹក" --at-place សាលា --yes')
    assert "2026-12-01 08:00" in samleng("notices")


def test_for_villages_or_for_followers(samleng: Samleng, library: Library) -> None:
    samleng(f"notice announce {MEETING} --village {VILLAGES[0]} --village {VILLAGES[1]} --yes")
    samleng(f"notice announce {MEETING} --facility hc080302 --note យកប័ណ្ណមក --yes")
    assert VILLAGES[1] in samleng("notice show 1")
    said = samleng("notice show 2")
    assert "followers of hc080302" in said and "យកប័ណ្ណមក" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (MEETING.replace("2026-12-01", "2026-11-24"), "That time has passed"),
        (MEETING.replace("2026-12-01 08:30", "24 November 8:00 am"), "That day has passed"),
        (MEETING.replace("2026-12-01", "2027-02-31"), "There is no such day"),
        (MEETING.replace("2026-12-01 08:30", "1 December at 8"), "That can mean two times"),
        (MEETING.replace("2026-12-01 08:30", "soon"), "That is no day and time"),
        (MEETING.replace("វត្តព្រែក", "វ" * 1000), "--at-place has 1,000 characters. Write at most 80"),
        (MEETING.replace("វត្តព្រែក", '" "'), "--at-place is empty"),
        (MEETING + f" --note {'វ' * 201}", "--note has 201 characters. Write at most 200"),
        (MEETING.replace("--kind village", "--kind party"), "There is no kind of meeting party"),
        (MEETING.replace(COMMUNE, "999999", 1), "Nothing is called 999999"),
        (MEETING.replace(COMMUNE, "0803", 1), "0803 is no commune"),
        (MEETING.replace(COMMUNE, "08030201", 1), "It lies in 080302"),
        (MEETING + " --village 08030301", "Village 08030301 lies in 080303, not in 080302"),
        (MEETING + " --village 99999999", "There is no village 99999999"),
        (MEETING + " --facility hc999999", "There is no facility hc999999"),
        (MEETING + " --facility hc080303", "hc080303 serves 080303, not 080302"),
        (MEETING + " --facility hc080302 --village 08030201", "Leave out one of the two"),
    ],
)
def test_what_can_not_be_is_said_with_what_to_write(samleng: Samleng, line: str, said: str) -> None:
    assert said in samleng(f"notice announce {line} --yes", code=1)
    assert samleng("notices --all") == "No meeting is announced.\n"


def test_more_than_the_commune_may_send_is_refused_before_it_goes_out(
    samleng: Samleng, url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMLENG_SMS_CAP", "2")
    people_join(url, vault, 3, channel="sms")
    assert "This is more than the commune may send today" in samleng(
        f"notice announce {MEETING} --yes", code=1
    )


def test_what_can_not_be_told_in_time_is_said(
    samleng: Samleng, url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By text message to so many that it takes longer than until eleven."""
    monkeypatch.setenv("SAMLENG_SMS_PACE", "1")
    monkeypatch.setenv("SAMLENG_SMS_CAP", "100000")
    people_join(url, vault, 4000, channel="sms")
    line = MEETING.replace("2026-12-01 08:30", "2026-11-25 11:00")
    said = samleng(f"notice announce {line}", answer="n\n", code=1)
    assert re.search(r"Only about \d,?\d\d\d of 4,000 people can be told before it begins", said)


# -- Looking ----------------------------------------------------------------------------------------------


def test_meetings_are_listed_by_place(samleng: Samleng) -> None:
    samleng(f"notice announce {MEETING} --yes")
    samleng(f"notice announce {MEETING.replace(COMMUNE, '080303', 1)} --yes")
    assert len(samleng("notices").splitlines()) == 3
    assert len(samleng("notices 080303").splitlines()) == 2
    assert len(samleng("notices 08").splitlines()) == 3
    assert samleng("notices 09") == "No meeting is announced in 09.\n"
    samleng("notice cancel 1 --yes")
    assert len(samleng("notices").splitlines()) == 2
    assert "cancelled" in samleng("notices --all")


def test_a_meeting_is_shown_from_being_queued_to_being_counted(
    samleng: Samleng, url: str, vault: Vault, desk: Desk
) -> None:
    people = people_join(url, vault, 6, village=VILLAGES[0])
    samleng(f"notice announce {MEETING} --yes")
    said = samleng("notice show 1")
    assert "Village meeting, announced" in said and "Reached" not in said

    async def told(database: Database) -> None:
        await fires(database, desk, NOW)
        await sends(database, NOW)
        await database.transact(notices.answer, 1, people[0], True)

    during(url, told)
    said = samleng("notice show 1")
    assert "telegram sent 6" in said
    assert "Reached: 6 people." in said and "Coming: 1. Not coming: 0." in said
    assert "So far" in said
    during(url, lambda database: fires(database, desk, at("2026-12-01 08:30")))
    said = samleng("notice show 1")
    assert "Village meeting, over" in said
    assert "Coming: 1. Not coming: 0." in said and "So far" not in said


def test_how_far_queueing_is_can_be_seen(
    samleng: Samleng, url: str, vault: Vault, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "CHUNK", 4)
    monkeypatch.setattr(audience, "CHUNK_SQLITE", 4)
    people_join(url, vault, 10)
    samleng(f"notice announce {MEETING} --yes")

    async def begin(database: Database) -> None:
        for _ in range(2):
            await database.transact(fire.fire, desk, NOW)

    during(url, begin)
    assert "4 of 10" in samleng("notice show 1")


def test_the_text_for_the_loudspeaker(samleng: Samleng, tmp_path: Path) -> None:
    samleng(f"notice announce {MEETING} --note យកប័ណ្ណមក --yes")
    said = samleng("notice loudspeaker 1 --language en")
    assert said.count("in the morning") == said.count("វត្តព្រែក") == 2
    assert "យកប័ណ្ណមក" in said
    file = tmp_path / "loudspeaker.txt"
    samleng(f"notice loudspeaker 1 -o {file}")
    khmer = file.read_text(encoding="utf-8")
    assert khmer.count("វត្តព្រែក") == 2 and "Attention" not in khmer
    assert not any("a" <= letter <= "z" for letter in khmer.lower())


@pytest.mark.parametrize("word", ["show", "loudspeaker", "cancel", "change"])
def test_a_number_that_there_is_not(samleng: Samleng, word: str) -> None:
    assert "See: samleng notices --all" in samleng(f"notice {word} 7", code=1)


# -- Changing ---------------------------------------------------------------------------------------------


def test_a_change_and_a_cancellation_say_how_many_hear_of_it(
    samleng: Samleng, url: str, vault: Vault, desk: Desk
) -> None:
    people_join(url, vault, 3)
    samleng(f"notice announce {MEETING} --yes")

    async def told(database: Database) -> None:
        await fires(database, desk, NOW)
        await sends(database, NOW)

    during(url, told)
    said = samleng('notice change 1 --when "2026-12-02 14:00" --at-place សាលា --yes')
    assert "3 people" in said and "Changed. 3 people who were told hear of it." in said
    said = samleng("notice show 1")
    assert "2026-12-02 14:00" in said and "version 2" in said
    assert "Cancelled. 3 people who were told hear of it." in samleng("notice cancel 1", answer="y\n")
    assert "cancelled" in samleng("notice show 1")
    assert "has begun, is over or was cancelled" in samleng("notice change 1 --at-place ក --yes", code=1)


def test_a_change_of_nothing_is_none(samleng: Samleng) -> None:
    samleng(f"notice announce {MEETING} --yes")
    assert "Nothing would be changed" in samleng("notice change 1 --at-place វត្តព្រែក", code=1)


# -- Lists ------------------------------------------------------------------------------------------------


def test_a_list_is_checked_mended_and_announced(samleng: Samleng, tmp_path: Path) -> None:
    file = tmp_path / "meetings.csv"
    head = "commune,kind,date,time,place\n"
    file.write_text(f"{head}{COMMUNE},village,2026-12-01,08:30,វត្ត\n{COMMUNE},party,2026-12-01,08:30,វត្ត\n")
    said = samleng(f"notices import {file}", code=1)
    assert (
        "row 3, kind: “party” is no kind of meeting" in said and "1 problems: nothing was announced" in said
    )
    file.write_text(f"{head}{COMMUNE},village,2026-12-01,08:30,វត្ត\n{COMMUNE},jaap,2026-12-02,08:30,វត្ត\n")
    assert "Would announce: 2 meetings" in samleng(f"notices import {file} --check")
    assert "Announced: 2 meetings to 0 people, 0 SMS segments, numbers 1 to 2; 0 as before." in samleng(
        f"notices import {file}"
    )
    assert "Announced: 0 meetings to 0 people, 0 SMS segments; 2 as before." in samleng(
        f"notices import {file}"
    )
