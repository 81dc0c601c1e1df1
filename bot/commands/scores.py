"""The scores as they are published."""

from __future__ import annotations

import typer

from bot.commands import out, read, run_async, transact
from bot.settings import read_settings
from handlers.desk import utc_now
from storage import daily, publication, sums
from storage.database import connect
from storage.localtime import LOCAL
from storage.publication import Published

scores = typer.Typer(no_args_is_help=True, help="The scores as they are published.")


@scores.command()
def publish() -> None:
    """Do now what the worker does after midnight: publish ratings up to yesterday, where nobody can be told from
    them. Safe to repeat."""
    settings = read_settings()
    today = utc_now().astimezone(LOCAL).date()
    before = read(settings, daily.until, daily.PUBLISHING)

    async def published() -> Published:
        database = connect(settings.database_url)
        try:
            return await publication.publish(database, today)
        finally:
            await database.close()

    found = run_async(published())
    if before == today and not found.looked:
        out.print("Up to date: today's work was done before.")
    else:
        out.print(
            f"Looked at {found.looked:,} facilities with new ratings: {found.criteria:,} criteria moved, "
            f"{found.counters:,} counters. Ratings of today come tomorrow."
        )


@scores.command()
def renew() -> None:
    """Add up the published scores of all places anew. They are always in step; this is for whoever changed the database
    by hand. It may take a minute, in which nobody can rate."""
    transact(read_settings(), sums.renew)
    out.print("The scores of communes, districts, provinces and the nation are added up anew.")
