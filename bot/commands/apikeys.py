"""Keys by which other systems read scores."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text as Printed

from bot.commands import library, out, read, refuse, transact
from bot.commands.lookup import NATION
from bot.settings import read_settings
from handlers.desk import utc_now
from storage import apikeys, audit
from storage.database import Connection
from storage.localtime import LOCAL
from storage.vault import Vault

api_key = typer.Typer(no_args_is_help=True, help="Keys by which other systems read scores: docs/api.md.")


@api_key.command()
def create(
    name: Annotated[str, typer.Argument(help="whose it is, as in 'National M&E database'")],
    place: Annotated[
        str,
        typer.Option(help="where it may read: a code of a province, district or commune; 0 for the nation"),
    ],
) -> None:
    """Make a key. It is shown once and kept nowhere."""
    settings = read_settings()
    name = " ".join(name.split())
    if not name or len(name) > apikeys.LONGEST or not name.isprintable():
        refuse(
            f"Write a name of 1 to {apikeys.LONGEST} letters, as in: samleng api-key create M&E --place 08"
        )
    code = "" if place.strip().lower() in NATION else place.strip()
    if code and (len(code) not in (2, 4, 6) or library(settings).place(code) is None):
        refuse(f"There is no province, district or commune {code}. Write its NCDD code, or 0 for the nation.")

    def work(connection: Connection) -> tuple[int, str]:
        made = apikeys.make(connection, Vault(settings.secret()), name, code, _today())
        audit.note(connection, utc_now(), "key_made", None, None, {"key": made[0], "place": code})
        return made

    number, key = transact(settings, work)
    out.print(f"Key {number}, for {name}, to read {code or 'the nation'}:", markup=False, soft_wrap=True)
    out.print(f"  {key}", style="bold", markup=False, soft_wrap=True)
    out.print(
        "It is shown this once. Hand it over as you would a password. "
        f"To take it back: samleng api-key revoke {number}",
        soft_wrap=True,
    )


@api_key.command(name="list")
def list_() -> None:
    """Every key there is or was: whose, for where, when it was used last. Never the key."""
    keys = read(read_settings(), apikeys.listed)
    if not keys:
        out.print("There is no key. To make one: samleng api-key create NAME --place 08")
        return
    table = Table("number", "name", "place", "since", "used", "taken back", box=None)
    for key in keys:
        table.add_row(
            str(key.id),
            Printed(key.name),
            key.place or "0",
            key.created_on.isoformat(),
            key.used_on.isoformat() if key.used_on else "never",
            key.revoked_on.isoformat() if key.revoked_on else "",
        )
    out.print(table)


@api_key.command()
def revoke(number: Annotated[int, typer.Argument(help="as `samleng api-key list` shows it")]) -> None:
    """Take a key back, at once and for good."""

    def work(connection: Connection) -> bool:
        done = apikeys.revoke(connection, number, _today())
        if done:
            audit.note(connection, utc_now(), "key_revoked", None, None, {"key": number})
        return done

    if not transact(read_settings(), work):
        refuse(f"There is no key {number} that opens anything. See: samleng api-key list")
    out.print(f"Taken back: key {number} opens nothing any more.")


def _today() -> date:
    return utc_now().astimezone(LOCAL).date()
