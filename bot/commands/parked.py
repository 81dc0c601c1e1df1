"""Messages that could not be answered and wait for the operator."""

from __future__ import annotations

import typer
from rich.table import Table

from bot.commands import err, out, read, transact
from bot.settings import read_settings
from storage import inbox
from storage.vault import Vault

parked = typer.Typer(no_args_is_help=True, help="Messages that could not be answered and wait for you.")


@parked.command(name="list")
def parked_list() -> None:
    """What failed three times, without who sent it."""
    rows = read(read_settings(), inbox.parked_messages)
    table = Table("channel", "message", "failures", "since", "error", box=None)
    for row in rows:
        table.add_row(
            row.channel, row.message, str(row.failures), row.first_at.isoformat(timespec="seconds"), row.error
        )
    out.print(table if rows else "Nothing is parked.")


@parked.command(name="show")
def parked_show(channel: str, message: str) -> None:
    """The message itself, as the provider sent it. It names a person: look only to mend."""
    settings = read_settings()
    body = read(settings, inbox.parked_body, Vault(settings.secret()), channel, message)
    if body is None:
        err.print(f"No message {message} of {channel} is parked. See: samleng parked list")
        raise typer.Exit(1)
    out.print_json(data=body, ensure_ascii=False)


@parked.command(name="drop")
def parked_drop(channel: str, message: str) -> None:
    """Forget a parked message that was dealt with."""
    transact(read_settings(), inbox.settle, channel, message)
    out.print("Dropped.")
