"""Made-up ratings: to look at what there is to see, and to practise."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.commands import err, library, out, read, refuse, run_async
from bot.settings import read_settings
from flows.library import Library
from handlers.desk import utc_now
from storage import demo, makebelieve
from storage.database import connect
from storage.localtime import LOCAL
from storage.vault import Vault

T = TypeVar("T")

MOST = 1_000_000
_EXAMPLE = "samleng demo-data --communes 0801 --ratings 20000"
_NAMED = 5  # facilities; who wants to know of more sees how many


def register(app: typer.Typer) -> None:
    """Add this word to the command."""
    app.command(name="demo-data")(demo_data)


def demo_data(
    communes: Annotated[
        list[str] | None,
        typer.Option(help="codes of communes, districts or provinces, as in 0801 or 080101,080102"),
    ] = None,
    ratings: Annotated[
        int, typer.Option(help="how many, over the last four rounds", min=1, max=MOST)
    ] = 20_000,
    seed: Annotated[int, typer.Option(help="the same number makes the same ratings")] = 1,
    remove: Annotated[bool, typer.Option("--remove", help="take all made-up ratings away again")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="also where Telegram, SMS or a public address is connected")
    ] = False,
) -> None:
    """Make up ratings and comments, marked as sample data wherever they show. Facilities that citizens have rated are
    left alone."""
    settings = read_settings()
    today = utc_now().astimezone(LOCAL).date()
    if remove:
        marked = read(settings, demo.marked)
        if not marked:
            out.print("There is no sample data.")
            return

        async def uproot(told: Callable[[int], None]) -> int:
            database = connect(settings.database_url)
            try:
                return await demo.uproot(database, today, told)
            finally:
                await database.close()

        gone = _shown("facilities", len(marked), uproot)
        out.print(f"Taken away: {gone:,} made-up ratings of {len(marked):,} facilities.")
        return
    if not settings.demo_on and not anyway:
        refuse(
            "This service is connected to citizens, whose ratings would stand beside made-up ones. Use a database of "
            "its own for these (SAMLENG_DATABASE_URL), or write --anyway and take them away before anybody rates."
        )
    places = library(settings)
    codes = _communes(communes or [], places)
    facilities = demo.serving(places, codes)
    passed = read(settings, demo.real, facilities)
    beds = makebelieve.beds(places, codes, ratings, today, seed, without=frozenset(passed))
    if not beds:
        refuse(f"Citizens have rated all {len(facilities)} facilities there; nothing is made up beside that.")

    async def plant(told: Callable[[int], None]) -> demo.Planted:
        database = connect(settings.database_url)
        try:
            return await demo.plant(database, Vault(settings.secret()), places, beds, today, seed, told)
        finally:
            await database.close()

    planted = _shown("ratings", ratings, plant)
    passed += planted.passed
    if passed:
        more = f" and {len(passed) - _NAMED} more" if len(passed) > _NAMED else ""
        out.print(
            f"Left alone, since citizens have rated them: {', '.join(passed[:_NAMED])}{more}.", soft_wrap=True
        )
    out.print(
        f"{planted.ratings:,} made-up ratings of {planted.facilities:,} facilities; whatever shows them says so. "
        "To take them away: samleng demo-data --remove",
        soft_wrap=True,
    )


def _shown(what: str, total: int, work: Callable[[Callable[[int], None]], Coroutine[Any, Any, T]]) -> T:
    """Do it, with a bar that grows."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=total)
        return run_async(work(lambda more: progress.update(task, advance=more)))


def _communes(written: list[str], places: Library) -> list[str]:
    """The communes that are meant by codes of communes, districts or provinces."""
    codes = [code for one in written for code in re.split(r"[,;\s]+", one) if code]
    if not codes:
        refuse(f"Where? Write codes of communes, districts or provinces: {_EXAMPLE}")
    found: dict[str, None] = {}
    for code in codes:
        if len(code) not in (2, 4, 6) or places.place(code) is None:
            now = places.gazetteer.current(code)
            refuse(
                f"There is no province, district or commune {code}. "
                + (f"Write {now}, its code today." if now else f"Write NCDD codes, as in: {_EXAMPLE}")
            )
        found |= {
            place.code: None
            for place in places.gazetteer.places
            if len(place.code) == 6 and place.code.startswith(code)
        }
    return list(found)
