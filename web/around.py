"""What goes on around a commune's scores: its meetings and who they reached, and how often its information is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.library import Facility
from flows.meetings import Meeting
from flows.packs import BLOCKS
from flows.turnout import FEW, Turnout, from_json
from storage import notices, packs
from storage.database import Connection
from storage.notices import TELLING

MEETINGS, MONTHS = 6, 6  # as many as are shown, the newest


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting that was announced. `told`: to how many messages were written, None where so few are that they are
    not counted; `turnout`: what was counted after it."""

    number: int
    meeting: Meeting
    state: str
    told: int | None
    turnout: Turnout | None


def meetings(connection: Connection, commune: str) -> list[Held]:
    """The last meetings of a commune, the newest first. While people still answer nothing is counted: from two
    looks one could tell who did."""
    found = notices.listed(connection, place=commune)[-MEETINGS:]
    held = []
    for notice in reversed(found):
        sent = notices.broadcasts_of(connection, notice.number)
        told = max((broadcast.queued for broadcast in sent if broadcast.kind in TELLING), default=0)
        counted = from_json(notice.turnout) if notice.turnout else None
        held.append(
            Held(
                notice.number,
                notice.meeting,
                notice.state,
                told if told == 0 or told >= FEW else None,
                counted,
            )
        )
    return held


@dataclass(frozen=True, slots=True)
class Reads:
    """How often the blocks of a facility's information were read, by month: the months as 2026-11, oldest first, and
    for each block its counts. `wishes`: how often somebody asked for information that is not there."""

    facility: str
    months: Sequence[str]
    blocks: Sequence[tuple[str, Sequence[int]]]
    wishes: int


def reads(connection: Connection, facilities: Iterable[Facility]) -> list[Reads]:
    """Of each facility whose information was read or asked for."""
    made = []
    for facility in facilities:
        counted = packs.read_of(connection, facility.code)
        wishes = sum(packs.wishes_of(connection, facility.code).values())
        months = sorted({month for month, _block in counted})[-MONTHS:]
        blocks = [
            (block, [counted.get((month, block), 0) for month in months])
            for block in BLOCKS
            if any((month, block) in counted for month in months)
        ]
        if blocks or wishes:
            made.append(Reads(facility.code, months, blocks, wishes))
    return made
