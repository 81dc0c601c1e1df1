"""One conversation through the real handlers, as the SQL that reaches the driver.

python -m benchmarks.record DATABASE_URL RECORD
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import telegram
from sqlalchemy.dialects.postgresql import asyncpg

from benchmarks.bare import CONTACT, Statement
from benchmarks.people import Person
from benchmarks.servers import KEY, PUBLIC
from bot import catalogues
from bot.app import media
from bot.channels import telegram as telegram_channel
from bot.settings import Settings
from handlers.desk import Desk, Incoming
from handlers.receive import receive
from storage import reference
from storage.database import connect
from storage.vault import Vault


async def record(url: str) -> list[list[Statement]]:
    """Play one conversation and write down each turn's statements."""
    database = connect(url)
    turns: list[list[Statement]] = [[]]

    # At the last place before the driver, whether SQLAlchemy composed a statement or only carried it.
    class Cursor(asyncpg.AsyncAdapt_asyncpg_cursor):
        async def _prepare_and_execute(self, operation: str, parameters: Any) -> None:
            turns[-1].append((operation, False, [tuple(parameters or ())]))
            await super()._prepare_and_execute(operation, parameters)

        async def _executemany(self, operation: str, seq_of_parameters: Any) -> None:
            rows = [tuple(row) for row in seq_of_parameters]
            turns[-1].append((operation, True, rows))
            await super()._executemany(operation, rows)

    asyncpg.AsyncAdapt_asyncpg_connection._cursor_cls = Cursor
    try:
        library = await database.transact(reference.read)
        settings = Settings(public_url=PUBLIC, secret_key=KEY)
        desk = Desk(Vault(KEY), library, media(settings), catalogues.load(), catalogues.languages())
        await database.transact(
            lambda connection: connection.execute(
                sa.text(f"ALTER SEQUENCE contacts_id_seq RESTART WITH {CONTACT}")
            )
        )
        turns.clear()
        for update in Person(0).telegram():
            incoming = telegram_channel.read(telegram.Update.de_json(json.loads(update), None))
            assert isinstance(incoming, Incoming)
            turns.append([])
            await database.transact(receive, incoming, desk)
    finally:
        await database.close()
    if min(map(len, turns)) < 3:
        raise RuntimeError("a turn without claim, contact and reply: not all of its statements were heard")
    return turns


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(pickle.dumps(asyncio.run(record(sys.argv[1]))))
