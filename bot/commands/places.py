"""How places are found."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot import catalogues
from bot.commands import library, out, read
from bot.settings import read_settings
from flows.library import full_name
from flows.text import spoken
from storage.places import most_unmatched

places = typer.Typer(no_args_is_help=True, help="How places are found.")


def find(
    query: Annotated[str, typer.Argument(help="a place as somebody would write it")] = "",
    batch: Annotated[
        Path | None, typer.Option(help="a CSV file with a column `query`", exists=True, dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one line of JSON a query")] = False,
) -> None:
    """What a place's name, code or misspelling is understood as."""
    if bool(query) == (batch is not None):
        raise typer.BadParameter("write either a query or --batch FILE.csv")
    known = library(read_settings())
    queries = [query]
    if batch is not None:
        with batch.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if "query" not in (rows.fieldnames or ()):
                raise typer.BadParameter(f"{batch} has no column named query", param_hint="--batch")
            queries = [row["query"] or "" for row in rows]
    for wanted in queries:
        found = known.finder.find(wanted)
        if as_json:
            said = {
                "query": wanted,
                "accepted": found.accepted,
                "candidates": [
                    {"codes": list(candidate.codes), "name": candidate.name, "score": candidate.score}
                    for candidate in found.candidates
                ],
            }
            sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
            continue
        taken = "taken as it is" if found.exact else "taken after one yes" if found.accepted else "asked"
        out.print(f"{wanted}: {taken}" if found.candidates else f"{wanted}: nothing found", markup=False)
        catalogue = catalogues.load()[catalogues.languages()[0][0], catalogues.MESSAGES]
        for candidate in found.candidates:
            for code in candidate.codes:
                name = spoken(full_name(code, known), catalogue)
                out.print(f"  {candidate.score:.2f}  {code:8}  {name}", markup=False)


@places.command()
def unmatched(most: Annotated[int, typer.Option(help="how many")] = 50) -> None:
    """What people wrote for a place and nothing was found for: the next lines of content/gazetteer/names.csv."""
    rows = read(read_settings(), most_unmatched, most)
    table = Table("times", "last on", "written", box=None)
    for row in rows:
        table.add_row(str(row.count), row.last_on.isoformat(), Text(row.query))
    out.print(table if rows else "Every place that was written was found.")
