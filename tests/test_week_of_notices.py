"""A week in a commune, half an hour at a time: what each heard of five meetings, and at what time of her day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from broadcasts import notices
from broadcasts.schedule import LOCAL, quiet_at
from flows.meetings import Meeting
from handlers.desk import Desk
from storage import fate, outbox
from storage import notices as rows
from storage.database import Connection, Database
from storage.links import link, stop
from storage.tables import broadcasts
from storage.tables import outbox as messages
from storage.vault import Vault
from tests.villagers import COMMUNE, NEIGHBOUR, VILLAGES, at, fires, joins

pytestmark = pytest.mark.anyio

#: Monday to Sunday.
DAYS = {
    "Mon": "2026-11-30",
    "Tue": "2026-12-01",
    "Wed": "2026-12-02",
    "Thu": "2026-12-03",
    "Fri": "2026-12-04",
    "Sat": "2026-12-05",
    "Sun": "2026-12-06",
}
STEP = timedelta(minutes=30)


def on(when: str) -> datetime:
    """The instant of "Tue 09:30" in that week."""
    day, clock = when.split()
    return at(f"{DAYS[day]} {clock}")


def meeting(kind: str, when: str, place: str, **other: Any) -> Meeting:
    day, clock = when.split()
    return Meeting(kind, COMMUNE, other.pop("scope", "commune"), DAYS[day], clock, place, **other)


@dataclass
class Week:
    """What happens, and what was heard of it: by person, "Mon 09:00 notice 1"."""

    database: Database
    desk: Desk
    vault: Vault
    people: dict[str, int] = field(default_factory=dict)
    heard: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    said: dict[str, str] = field(default_factory=dict)

    async def pass_(self, happens: dict[str, Callable[[datetime], Awaitable[Any]]]) -> None:
        """From Monday at five until Sunday noon: at each half hour what happens, what falls due, what leaves."""
        plan = {on(when): what for when, what in happens.items()}
        now = on("Mon 05:00")
        while now <= on("Sun 12:00"):
            if now in plan:
                await plan.pop(now)(now)
            await fires(self.database, self.desk, now)
            for channel in ("telegram", "sms"):
                for who, what, text in await self.database.transact(self._deliver, channel, now):
                    when = now.astimezone(LOCAL).strftime("%a %H:%M")
                    self.heard[who].append(f"{when} {what}")
                    self.said[f"{who}: {what}"] = text
            now += STEP
        assert not plan

    def _deliver(self, connection: Connection, channel: str, now: datetime) -> list[tuple[str, str, str]]:
        """What the sender does, without a provider."""
        names = {number: name for name, number in self.people.items()}
        told = []
        while taken := outbox.take(connection, self.vault, channel, now, 50, bulk=True):
            bodies = outbox.bodies(connection, [row.payload for row in taken if row.payload])
            for row in taken:
                assert row.payload is not None and row.contact is not None
                kind, number = connection.execute(
                    sa.select(broadcasts.c.kind, broadcasts.c.notice)
                    .join(messages, messages.c.broadcast == broadcasts.c.id)
                    .where(messages.c.id == row.id)
                ).one()
                text = "\n".join(str(part["text"]) for part in bodies[row.payload])
                told.append((names[row.contact], f"{kind} {number}", text))
            fate.mark_sent(connection, [(row.id, f"M{row.id}") for row in taken], now)
        return sorted(told)


@pytest.fixture
async def week(database: Database, desk: Desk, vault: Vault) -> Week:
    """Sokha and Srey live in one village, Dara in another, Bopha has two phones, Vanna lives in the next commune,
    Chan is the volunteer who announces."""
    made = Week(database, desk, vault)

    def settle(connection: Connection) -> None:
        made.people = {
            "Sokha": joins(connection, vault, village=VILLAGES[0]),
            "Srey": joins(connection, vault, village=VILLAGES[0], language="en"),
            "Dara": joins(connection, vault, "sms", village=VILLAGES[1]),
            "Bopha": joins(connection, vault, village=VILLAGES[1]),
            "Bopha's other phone": joins(connection, vault, "sms", village=VILLAGES[1]),
            "Vanna": joins(connection, vault, commune=NEIGHBOUR),
            "Chan": joins(connection, vault, joined=False),
        }
        bopha, other = made.people["Bopha"], made.people["Bopha's other phone"]
        link(connection, other, bopha, bopha)

    await database.transact(settle)
    return made


async def test_a_week_of_notices(week: Week) -> None:
    database, desk = week.database, week.desk
    chan = week.people["Chan"]
    village = meeting("village", "Wed 14:00", "វត្តព្រែក")
    scorecard = meeting("scorecard", "Thu 08:00", "សាលា", scope="villages", villages=VILLAGES[:1])
    session = meeting("i4c", "Fri 09:00", "សាលាឃុំ")
    interface = meeting("interface", "Sat 15:00", "មណ្ឌលសុខភាព")
    dawn = meeting("other", "Sun 06:30", "ស្ពាន")

    def announces(what: Meeting) -> Callable[[datetime], Awaitable[Any]]:
        return lambda now: database.transact(notices.announce, desk, what, chan, now)

    async def rith_joins(now: datetime) -> None:
        week.people["Rith"] = await database.transact(joins, week.vault, "sms", village=VILLAGES[0])

    async def sokha_comes_dara_does_not(now: datetime) -> None:
        for who, coming in (("Sokha", True), ("Dara", False)):
            asked = await database.transact(notices.asked, week.people[who], now)
            assert asked == (1, on("Mon 09:00"))
            await database.transact(notices.answer, asked[0], week.people[who], coming)

    await week.pass_(
        {
            "Mon 09:00": announces(village),
            "Mon 10:00": sokha_comes_dara_does_not,
            "Mon 21:30": announces(scorecard),  # at night: told in the morning
            "Tue 10:00": announces(session),
            "Tue 12:00": rith_joins,
            "Wed 09:00": lambda now: database.transact(stop, week.people["Srey"]),
            "Wed 16:00": lambda now: database.transact(
                notices.change, desk, 3, replace(session, on=DAYS["Sat"]), chan, now
            ),
            "Thu 10:00": announces(interface),
            "Thu 22:00": lambda now: database.transact(notices.call_off, desk, 4, chan, now),
            "Fri 15:00": announces(dawn),
        }
    )

    assert week.heard["Sokha"] == [
        "Mon 09:00 notice 1",
        "Tue 07:00 notice 2",
        "Tue 10:00 notice 3",
        "Tue 18:00 evening 1",
        "Wed 12:00 soon 1",
        "Wed 16:00 changed 3",
        "Wed 18:00 evening 2",
        "Thu 07:00 soon 2",
        "Thu 10:00 notice 4",
        "Fri 07:00 cancelled 4",
        "Fri 15:00 notice 5",
        "Fri 18:00 evening 3",
        "Sat 07:00 soon 3",
        "Sat 18:00 evening 5",
    ]
    # She stopped on Wednesday, and heard nothing more: no reminder, no change.
    assert week.heard["Srey"] == [
        "Mon 09:00 notice 1",
        "Tue 07:00 notice 2",
        "Tue 10:00 notice 3",
        "Tue 18:00 evening 1",
    ]
    # Of another village: the scorecard is not his.
    assert week.heard["Dara"] == [line for line in week.heard["Sokha"] if not line.endswith(" 2")]
    # One person, told on one of her phones.
    assert week.heard["Bopha"] == week.heard["Dara"]
    assert week.heard["Bopha's other phone"] == []
    # Not of this commune.
    assert week.heard["Vanna"] == []
    # He came on Tuesday: reminded of what was announced before, and told of the change as of something new.
    assert week.heard["Rith"] == [
        "Tue 18:00 evening 1",
        "Wed 12:00 soon 1",
        "Wed 16:00 notice 3",
        *week.heard["Sokha"][6:],
    ]
    # The volunteer has not joined; she hears how each meeting went, in the morning of what was held at dawn.
    assert week.heard["Chan"] == [
        "Wed 14:00 turnout 1",
        "Thu 08:00 turnout 2",
        "Sat 09:00 turnout 3",
        "Sun 07:00 turnout 5",
    ]
    for lines in week.heard.values():
        for line in lines:
            day, clock, _kind, _number = line.split()
            assert not quiet_at(on(f"{day} {clock}"), desk.timing)

    assert "វត្តព្រែក" in week.said["Dara: soon 1"]
    assert "Cancelled" in (await said_to(week, "cancelled 4", "en"))
    first = await database.transact(rows.find, 1)
    assert first is not None and first.turnout is not None
    # Five were reached: each one's answer counts, no village is large enough to be told apart.
    assert (first.turnout["reached"], first.turnout["yes"], first.turnout["no"]) == (5, 1, 1)
    assert first.turnout["villages"] == []
    called_off = await database.transact(rows.find, 4)
    assert called_off is not None and (called_off.state, called_off.turnout) == ("cancelled", None)


async def said_to(week: Week, what: str, language: str) -> str:
    """What was rendered for Telegram in a language."""
    kind, number = what.split()

    def work(connection: Connection) -> str:
        body = connection.execute(
            sa.select(rows.payloads.c.body)
            .join(broadcasts, broadcasts.c.id == rows.payloads.c.broadcast)
            .where(
                broadcasts.c.kind == kind,
                broadcasts.c.notice == int(number),
                rows.payloads.c.channel == "telegram",
                rows.payloads.c.language == language,
            )
        ).scalar_one()
        return "\n".join(str(part["text"]) for part in body)

    return await week.database.transact(work)
