"""Bringing a database to the newest schema, with the gazetteer and the content of this release. Safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from storage import reference
from storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

#: The revision this release expects: the newest file in migrations/versions, as a test checks. Alembic itself is
#: loaded only when there is something to do.
NEWEST = "0006"


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration found and did."""

    before: str | None
    after: str
    places: int
    facilities: int
    criteria: int
    changed: bool


def _config(connection: sa.Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def current(connection: sa.Connection) -> str | None:
    """The revision the database is at; None when it is empty."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: sa.Connection, content: Path) -> Migrated:
    if connection.dialect.name == "postgresql":
        # Two processes that start together migrate one after the other; the lock goes with the transaction.
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(5841)"))
        # Between two statements all content is read; elsewhere so long a silence means a frozen process.
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    before = current(connection)
    if before != NEWEST:
        from alembic import command

        command.upgrade(_config(connection), "head")
    counts = reference.load(connection, content)
    return Migrated(
        before,
        NEWEST,
        counts.places,
        counts.facilities,
        counts.criteria,
        changed=counts.changed or before != NEWEST,
    )


async def migrate(database: Database, content: Path) -> Migrated:
    """Upgrade the schema and load `content` (a folder), in one transaction."""
    return await database.transact(_upgrade, content)
