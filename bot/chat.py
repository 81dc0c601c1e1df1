"""`samleng chat`: a conversation through the real handlers, database and rendering, with nothing sent to anyone."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from bot import catalogues
from bot.app import media
from bot.channels import terminal
from bot.settings import Settings
from handlers.desk import Desk, Incoming, Part
from handlers.receive import receive
from storage import fate, reference
from storage.database import connect
from storage.vault import Vault


async def chat(settings: Settings, channel: str, address: str, record: Path | None) -> None:
    """Read lines until there are no more; print, and perhaps record, what is said to each."""
    database = connect(settings.database_url)
    try:
        library = await database.transact(reference.read)
        desk = Desk(
            Vault(settings.secret()), library, media(settings), catalogues.load(), catalogues.languages()
        )
        medium = desk.media[channel]
        interactive = sys.stdin.isatty()
        written: list[str] = [f"# A conversation by {channel}"] if record else []
        parts: list[Part] = []
        if interactive:
            sys.stdout.write(
                "Write RATE or វាយតម្លៃ to begin; [label] taps a button, {voice 5} sends one; Ctrl-D ends.\n"
            )
        for line in _lines(interactive):
            said = terminal.understood(line, parts)
            incoming = Incoming(channel, address, f"terminal-{secrets.token_hex(12)}", said)
            received = await database.transact(receive, incoming, desk)
            parts = received.parts or parts
            shown = [text for part in received.parts for text in terminal.shown(part, medium.channel)]
            stored = [text for text in map(terminal.stored, received.outcomes) if text]
            if received.number is not None:
                await database.transact(fate.mark, received.number, "sent")
            if not interactive:
                sys.stdout.write(terminal.TYPED + line.rstrip("\n") + "\n")
            sys.stdout.write("\n".join([*shown, *stored]) + "\n")
            sys.stdout.flush()
            written += [terminal.TYPED + line.rstrip("\n"), *shown, *stored]
        if record:
            record.write_text("\n".join(written) + "\n", encoding="utf-8")  # noqa: ASYNC240  (nobody else waits)
    finally:
        await database.close()


def _lines(interactive: bool) -> Iterator[str]:
    if not interactive:
        yield from sys.stdin
        return
    import readline  # noqa: F401  (makes input() a line editor)

    while True:
        try:
            yield input(terminal.TYPED)
        except (EOFError, KeyboardInterrupt):
            return
