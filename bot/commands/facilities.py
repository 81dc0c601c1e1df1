"""The registry of offices, health centres and schools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import err, out, run_async
from bot.settings import read_settings
from storage import registry
from storage.database import connect

facilities = typer.Typer(no_args_is_help=True, help="The registry of offices, health centres and schools.")


@facilities.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="a .csv or .xlsx file", exists=True, dir_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="only report, store nothing")] = False,
    retire_missing: Annotated[
        bool, typer.Option("--retire-missing", help="retire registered facilities that the file leaves out")
    ] = False,
) -> None:
    """Load a registry of facilities: all of it, or, when any row is bad, none."""
    settings = read_settings()

    async def load() -> registry.Report:
        database = connect(settings.database_url)
        try:
            return await registry.import_registry(
                database, file, retire_missing=retire_missing, dry_run=check
            )
        finally:
            await database.close()

    report = run_async(load())
    for colour, problems in (("red", report.problems), ("yellow", report.warnings)):
        for problem in problems:
            where = f"row {problem.row}" if problem.row else "file"
            column = f", {problem.column}" if problem.column else ""
            err.print(f"{where}{column}: ", style=colour, markup=False, end="")
            err.print(f"{problem.english}\n    {problem.khmer}", markup=False, soft_wrap=True)
    counts = f"{report.added} new, {report.changed} changed, {report.unchanged} as before, {report.retired} retired"
    if report.problems:
        err.print(f"{len(report.problems)} problems: nothing was loaded. Mend them and import again.")
        raise typer.Exit(1)
    out.print(f"{'Would load' if check else 'Loaded'}: {counts}.")
