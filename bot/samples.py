"""What a first look at Samleng has to look at: a few made-up ratings, once, where nobody has rated anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from storage import demo, makebelieve
from storage.database import Away
from storage.localtime import LOCAL

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger(__name__)

#: Where the sample packs are too, and the district around it; and how many ratings each.
COMMUNE, IN_COMMUNE = "080303", 480
DISTRICT, IN_DISTRICT = "0803", 320


async def plant_first(app: App) -> None:
    """Beside what else the process does, in steps that hold up nobody."""
    library = app.desk.library
    today = app.desk.clock().astimezone(LOCAL).date()
    others = [place.code for place in library.gazetteer.below(DISTRICT) if place.code != COMMUNE]
    beds = [
        *makebelieve.beds(library, [COMMUNE], IN_COMMUNE, today),
        *makebelieve.beds(library, others, IN_DISTRICT, today),
    ]
    try:
        if await app.database.read(demo.empty):
            await demo.plant(app.database, app.desk.vault, library, beds, today)
    except Away:
        log.warning("samples_wait_for_database")  # the next start makes up for it
