"""How much of a channel's pace each process has: the places in a second are shared out, and never more than there are.

One row a channel names who has how many. Only a place that is free changes hands, that is one whose last message
arrived more than a second ago by its owner's own watch. So all of them together keep the pace whatever their clocks
say, and nobody needs to know what the others send. Who does not say again and again that it still lives loses its
places to the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage.database import PerDialect
from storage.tables import shares

SPARE = 6  # who needs a place takes a sixth of them all besides, where nobody else wants them

_OPEN = PerDialect(
    lambda insert: (
        insert(shares)
        .values(channel=sa.bindparam("lane"), held=sa.bindparam("none"))
        .on_conflict_do_nothing()
    )
)
_SEEN = sa.select(shares.c.held).where(shares.c.channel == sa.bindparam("lane"))
#: Who holds the row for long has frozen: nobody waits for it.
_HELD = _SEEN.with_for_update(skip_locked=True)
_WRITE = (
    sa.update(shares).where(shares.c.channel == sa.bindparam("lane")).values(held=sa.bindparam("now_held"))
)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a process says of itself. `taken`: places that are not free; `waiting`: those that replies wait for;
    `bulk`: whether it wants all that others do not want for replies; `gives`: whether it lets go of what is free,
    having made sure that it is not used meanwhile; `ends`: of all of that. `beat`: another each time it is asked."""

    beat: int
    taken: int
    waiting: int = 0
    bulk: bool = False
    gives: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What a process has then: `places`; `owed` of them that others wait for; by name the last beat of each other;
    and whether one of these tells the many."""

    places: int
    owed: int
    others: Mapping[str, int]
    bulk: bool


def of_use(connection: sa.Connection, channel: str, holder: str, rate: int, ask: Ask) -> tuple[bool, bool]:
    """Whether `share` would change anything, and whether others lack what we could give. Only looks, so that nobody
    waits for it."""
    held = connection.execute(_SEEN, {"lane": channel}).scalar() or {}
    there = {name: entry for name, entry in held.items() if name != holder}
    had, lacked = held.get(holder, [0, 0])[:2]
    free = rate - had - sum(entry[0] for entry in there.values())
    wanted = sum(entry[1] for entry in there.values())
    mine, lacks, owed = divided(rate, ask, had, free, wanted, 1 + len(there))
    return (mine, lacks, owed) != (had, lacked, 0), owed > 0


def share(
    connection: sa.Connection, channel: str, holder: str, rate: int, ask: Ask, silent: Mapping[str, int]
) -> Part | None:
    """Take or give places; None where somebody holds on to the row. `silent`: by name, those whose last beat is an
    old one, as the caller has seen by its own watch; their places are free."""
    held = connection.execute(_HELD, {"lane": channel}).scalar()
    if held is None:
        connection.execute(_OPEN.on(connection), {"lane": channel, "none": {}})
        held = connection.execute(_HELD, {"lane": channel}).scalar()
    if held is None:
        return None
    there = {
        name: entry for name, entry in held.items() if name == holder or silent.get(name, -1) != entry[2]
    }
    mine = there.pop(holder, [0])[0]
    wanted = sum(entry[1] for entry in there.values())
    free = rate - mine - sum(entry[0] for entry in there.values())
    mine, lacks, owed = divided(rate, ask, mine, free, wanted, 1 + len(there))
    after: dict[str, Any] = dict(there)
    if mine or lacks:
        after[holder] = [mine, lacks, ask.beat, ask.bulk]
    if after != held:
        connection.execute(_WRITE, {"lane": channel, "now_held": after})
    beats = {name: entry[2] for name, entry in there.items()}
    return Part(mine, owed, beats, any(entry[3] for entry in there.values()))


def divided(rate: int, ask: Ask, mine: int, free: int, wanted: int, many: int) -> tuple[int, int, int]:
    """How many places a process has, how many it still lacks for replies, and how many others lack that it could
    give. `free`: nobody's; `wanted`: by others, for replies; `many`: processes, with this one."""
    free, needs = max(free, 0), ask.taken + ask.waiting
    took = min(max(0, needs - mine), free)
    lacked, mine, free = needs > mine, mine + took, free - took
    idle = max(0, mine - needs)
    short, owed = wanted - free, 0
    if short > 0:
        # Replies before bulk; among replies, to each process as much as to the others.
        could = max(mine - ask.waiting if ask.bulk else idle, mine - -(-rate // many))
        gives = max(0, min(short, could, mine - ask.taken)) if ask.gives or ask.ends else 0
        mine -= max(gives, idle) if ask.ends else gives
        owed = max(0, min(short, could) - gives)
    elif ask.ends:
        mine -= idle
    elif ask.bulk:
        mine -= short
    elif lacked:
        mine += min(-short, rate // SPARE)
    return mine, max(0, needs - mine), owed
