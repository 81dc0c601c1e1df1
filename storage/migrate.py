"""Bringing a database to the newest schema, with the gazetteer and the content of this release. Safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage import reference
from storage.database import Database


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
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision this release expects."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # there is always a first migration
    return head


def current(connection: sa.Connection) -> str | None:
    """The revision the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: sa.Connection, content: Path) -> Migrated:
    if connection.dialect.name == "postgresql":
        # Two processes that start together migrate one after the other; the lock goes with the transaction.
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(5841)"))
    before = current(connection)
    command.upgrade(_config(connection), "head")
    counts = reference.load(connection, content)
    return Migrated(
        before,
        newest(),
        counts.places,
        counts.facilities,
        counts.criteria,
        changed=counts.changed or before != newest(),
    )


async def migrate(database: Database, content: Path) -> Migrated:
    """Upgrade the schema and load `content` (a folder), in one transaction."""
    return await database.transact(_upgrade, content)
