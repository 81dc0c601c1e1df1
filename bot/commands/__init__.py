"""The words of the `samleng` command, a group a file; and what they share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console

from bot.settings import NotReady, Settings
from flows.library import Library
from storage import migrate, reference
from storage.database import Connection, Database, connect

P = ParamSpec("P")
T = TypeVar("T")

CONTENT = Path(__file__).resolve().parent.parent.parent / "content"

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def refuse(why: str) -> NoReturn:
    """End the command: what is wrong, and what to write."""
    err.print(why, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1)


def transact(
    settings: Settings, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """One transaction on the database of these settings, which must be of this release."""

    async def done() -> T:
        database = connect(settings.database_url)
        try:
            await _check(database)
            return await database.transact(work, *args, **kwargs)
        finally:
            await database.close()

    return run_async(done())


def read(
    settings: Settings, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """A look at the database of these settings, which must be of this release."""

    async def done() -> T:
        database = connect(settings.database_url)
        try:
            await _check(database)
            return await database.read(work, *args, **kwargs)
        finally:
            await database.close()

    return run_async(done())


async def _check(database: Database) -> None:
    revision = await database.transact(migrate.current)
    if revision != migrate.NEWEST:
        at = f"at {revision}" if revision else "empty"
        raise NotReady(f"The database is {at}, this release needs {migrate.NEWEST}. Run: samleng migrate")


def library(settings: Settings) -> Library:
    """The reference data of this database, or of this release's content where there is no database yet."""

    async def loaded() -> Library:
        database = connect(settings.database_url)
        try:
            await migrate.migrate(database, CONTENT)
            return await database.transact(reference.read)
        finally:
            await database.close()

    return run_async(loaded())
