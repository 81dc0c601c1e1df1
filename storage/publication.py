"""The nightly step: what is published of the scores moves on, as far as storage.disclosure lets it.

A facility's round at a time. It is looked at beside the writer, since that takes longest; what moves is then written
in a short transaction, which first makes sure that nobody else has moved it in between. So any process may die at any
time, two at once do no harm, and to repeat a day changes nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from flows.counts import ALL, LEAST, NOBODY, VILLAGE, Counts
from storage import daily, sums
from storage.database import Database, PerDialect
from storage.disclosure import Alike, Move, moving
from storage.tables import criteria, facilities, publications, published, responses

#: Facilities' rounds that are moved in one transaction: none of them holds up who waits for an answer.
AT_ONCE = 8


class Published(NamedTuple):
    """What a night came to. `looked`: facilities' rounds with new ratings; `criteria` of them moved, in `counters`
    of groups."""

    looked: int = 0
    criteria: int = 0
    counters: int = 0

    def __add__(self, other: Published) -> Published:  # type: ignore[override]
        return Published(*(mine + its for mine, its in zip(self, other, strict=True)))


class Waiting(NamedTuple):
    """A round of a facility in which somebody rated since the last night."""

    facility: str
    round: str


class Look(NamedTuple):
    """`ratings`: day, groups, village, scores and earlier ones as they are stored, to how many are alike."""

    waiting: Waiting
    today: date
    moves: dict[str, list[Move]]
    ratings: Mapping[tuple[Any, ...], int]


class Step(NamedTuple):
    """What moves of it today. `seen`: how often each criterion had moved before."""

    waiting: Waiting
    today: date
    moved: dict[str, dict[str, Counts]]  # criterion to group to what it then says
    seen: dict[str, int]


_FACILITY, _ROUND = (
    responses.c.facility == sa.bindparam("facility"),
    responses.c.round == sa.bindparam("round"),
)
_BEFORE = responses.c.rated_on < sa.bindparam("today")
_WAITING = sa.select(responses.c.facility, responses.c.round).where(_BEFORE).distinct()
_WAITING_SINCE = _WAITING.where(responses.c.rated_on >= sa.bindparam("since"))
#: The JSON as it is stored: there are few different ones, each of which is read once.
_RATINGS = sa.select(
    responses.c.rated_on,
    sa.cast(responses.c.groups, sa.Text),
    responses.c.village,
    sa.cast(responses.c.scores, sa.Text),
    sa.cast(responses.c.earlier, sa.Text),
).where(_FACILITY, _ROUND, _BEFORE)
_ASKED = (
    sa.select(criteria.c.code)
    .join(facilities, facilities.c.service == criteria.c.service)
    .where(facilities.c.code == sa.bindparam("facility"), sa.not_(criteria.c.retired))
)
#: As many as are needed to move anything, of those who rated since a day.
_NEW = (
    sa.select(responses.c.rated_on)
    .where(_FACILITY, _ROUND, _BEFORE, responses.c.rated_on >= sa.bindparam("since"))
    .limit(LEAST)
)
_MOVES = (
    sa.select(publications.c.criterion, publications.c.as_of, publications.c.groups)
    .where(publications.c.facility == sa.bindparam("facility"), publications.c.round == sa.bindparam("round"))
    .order_by(publications.c.as_of)
)
#: Whoever moves a facility's counters holds its row. Ratings go on being stored: they need no more than its key.
_LOCK = (
    sa.select(facilities.c.code)
    .where(facilities.c.code == sa.bindparam("facility"))
    .with_for_update(key_share=True)
)
_MOVED = (
    sa.select(publications.c.criterion, sa.func.count())
    .where(publications.c.facility == sa.bindparam("facility"), publications.c.round == sa.bindparam("round"))
    .group_by(publications.c.criterion)
)
_SHOWN = sa.select(
    published.c.criterion, published.c.grp, *(published.c[f"s{score}"] for score in range(1, 6))
).where(published.c.facility == sa.bindparam("facility"), published.c.round == sa.bindparam("round"))
_NOTE = sa.insert(publications)
_SHOW = PerDialect(
    lambda insert: (
        lambda statement: statement.on_conflict_do_update(
            index_elements=["facility", "round", "criterion", "grp"],
            set_={name: statement.excluded[name] for name in ("s1", "s2", "s3", "s4", "s5", "as_of")},
        )
    )(
        insert(published).values(
            {
                name: sa.bindparam(name)
                for name in (
                    "facility",
                    "round",
                    "criterion",
                    "grp",
                    "s1",
                    "s2",
                    "s3",
                    "s4",
                    "s5",
                    "as_of",
                )
            }
        )
    )
)


async def publish(database: Database, today: date) -> Published:
    """All that may be published on a local day."""
    found = Published()
    async for step in steps(database, today):
        found += step
    return found


async def steps(database: Database, today: date) -> AsyncIterator[Published]:
    """The same in short steps. The day is done when the last was taken; else whoever comes next begins anew, and finds
    what has moved already."""
    listed = await database.read(waiting, today)
    for begin in range(0, len(listed), AT_ONCE):
        yield await step(database, listed[begin : begin + AT_ONCE], today)
    await database.transact(daily.done, daily.PUBLISHING, today)


async def step(database: Database, some: Sequence[Waiting], today: date) -> Published:
    """A few of those that wait."""
    found = []
    for one in some:
        look = await database.read(looked, one, today)
        found.append(await asyncio.to_thread(decided, look))  # the loop has people to answer
    return Published(len(some)) + await database.transact(move, [step for step in found if step.moved])


def waiting(connection: sa.Connection, today: date) -> list[Waiting]:
    """Where somebody rated since the day before which everything was looked at."""
    since = daily.until(connection, daily.PUBLISHING)
    statement = _WAITING if since is None else _WAITING_SINCE
    found = connection.execute(statement, {"today": today, "since": since})
    return sorted(Waiting(*row) for row in found)


def looked_at(connection: sa.Connection, one: Waiting, today: date) -> Step:
    """Read what was rated before a day, and decide what of it moves."""
    return decided(looked(connection, one, today))


def looked(connection: sa.Connection, one: Waiting, today: date) -> Look:
    """What was rated before a day, and what was published of it."""
    values = {"facility": one.facility, "round": one.round, "today": today}
    moves: dict[str, list[Move]] = {}
    for criterion, on, groups in connection.execute(_MOVES, values):
        moves.setdefault(criterion, []).append(Move(on, frozenset(groups.split())))
    if moves.keys() >= set(connection.execute(_ASKED, values).scalars()):
        since = min(of_criterion[-1].on for of_criterion in moves.values())
        if len(connection.execute(_NEW, values | {"since": since}).all()) < LEAST:
            return Look(one, today, moves, {})  # as on most nights in most places
    return Look(one, today, moves, Counter(map(tuple, connection.execute(_RATINGS, values))))


def decided(look: Look) -> Step:
    """What moves on the day of the look; nothing that has moved on it or later."""
    moved = {}
    for criterion, ratings in sorted(_by_criterion(look.ratings).items()):
        before = look.moves.get(criterion, [])
        if not before or before[-1].on < look.today:
            shown = moving(ratings, before)
            if shown:
                moved[criterion] = shown
    seen = {criterion: len(look.moves.get(criterion, ())) for criterion in moved}
    return Step(look.waiting, look.today, moved, seen)


def move(connection: sa.Connection, steps: Iterable[Step]) -> Published:
    """Write what moves, where nothing has moved since it was looked at."""
    shown: list[dict[str, Any]] = []
    noted: list[dict[str, Any]] = []
    changes: list[sums.Change] = []
    for step in sorted(steps, key=lambda step: step.waiting):  # in one order: nobody waits in a circle
        key = {"facility": step.waiting.facility, "round": step.waiting.round}
        connection.execute(_LOCK, key)
        seen = dict[str, int](map(tuple, connection.execute(_MOVED, key)))
        before = _shown(connection, key)
        for criterion, groups in step.moved.items():
            if seen.get(criterion, 0) != step.seen[criterion]:
                continue
            named = key | {"criterion": criterion, "as_of": step.today}
            noted.append(named | {"groups": " ".join(sorted(groups.keys() - {ALL}))})
            for group, counts in groups.items():
                five = {f"s{score}": count for score, count in enumerate(counts.five, 1)}
                shown.append(named | five | {"grp": group})
                by = counts - before.get((criterion, group), NOBODY)
                changes.append(sums.Change(*step.waiting, criterion, group, by))
    if noted:
        connection.execute(_NOTE, noted)
        connection.execute(_SHOW.on(connection), shown)
        sums.add(connection, changes)
    return Published(0, len(noted), len(shown))


def _shown(connection: sa.Connection, key: dict[str, str]) -> dict[tuple[str, str], Counts]:
    """What is published now of a facility's round, by criterion and group."""
    return {
        (row[0], row[1]): Counts((row[2], row[3], row[4], row[5], row[6]))
        for row in connection.execute(_SHOWN, key)
    }


def _by_criterion(rows: Mapping[tuple[Any, ...], int]) -> dict[str, list[Alike]]:
    """What was said of each criterion."""
    found: dict[str, list[Alike]] = {}
    for (on, groups, village, scores, earlier), n in rows.items():
        said = _groups(groups, village)
        before = json.loads(earlier) if earlier else {}
        for criterion, score in _scores(scores):
            fresh = not before.get(criterion, 0) >> score & 1
            found.setdefault(criterion, []).append(Alike(on, said, fresh, score, n))
    return found


@lru_cache(10_000)
def _groups(stored: str, village: str | None) -> frozenset[str]:
    return frozenset([*json.loads(stored), *([VILLAGE + village] if village else [])])


@lru_cache(10_000)
def _scores(stored: str) -> tuple[tuple[str, int], ...]:
    return tuple(json.loads(stored).items())
