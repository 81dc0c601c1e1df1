"""Messages that were received: claimed once, counted when they fail, parked after three times."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from storage.statements import PerDialect, Prepared
from storage.tables import inbox, parked
from storage.vault import Vault

#: An update that failed so often is put aside and acknowledged: the channel goes on.
PARK_AFTER = 3


def _turn(insert: Any) -> list[sa.ColumnElement[Any]]:
    """PostgreSQL: messages of one person wait for each other until the transaction ends. In the claim already,
    since a statement that waits for a row reads everything else as it was before it waited."""
    if insert is not postgresql.insert:
        return []  # SQLite has one writer
    return [sa.func.pg_advisory_xact_lock(sa.bindparam("person", type_=sa.BigInteger))]


_CLAIM = Prepared(
    lambda insert: (
        insert(inbox)
        .values(
            channel=sa.bindparam("channel"),
            message=sa.bindparam("message"),
            received_at=sa.bindparam("received_at"),
            reply=sa.bindparam("reply"),
        )
        .on_conflict_do_nothing()
        .returning(inbox.c.reply, *_turn(insert))
    )
)
_REPLY = sa.select(inbox.c.reply).where(
    inbox.c.channel == sa.bindparam("channel"), inbox.c.message == sa.bindparam("message")
)
_FAILED = PerDialect(
    lambda insert: (
        insert(parked)
        .values(
            channel=sa.bindparam("channel"),
            message=sa.bindparam("message"),
            failures=1,
            body=sa.bindparam("body"),
            error=sa.bindparam("error"),
            first_at=sa.bindparam("first_at"),
            state="trying",
        )
        .on_conflict_do_update(
            index_elements=["channel", "message"],
            set_={
                "failures": parked.c.failures + 1,
                "error": sa.bindparam("error"),
                "state": sa.case((parked.c.failures + 1 >= PARK_AFTER, "parked"), else_=parked.c.state),
            },
        )
        .returning(parked.c.failures)
    )
)


def message_number(now: datetime) -> int:
    """A number for an outbox row: milliseconds, a bit that is 0 (`outbox.bulk_base` has it 1), 19 bits of chance.
    In order of time, without a sequence to ask, so that the inbox can name its reply before it is written."""
    return int(now.timestamp() * 1000) << 20 | secrets.randbits(19)


def claim(
    connection: sa.Connection, channel: str, message: str, now: datetime, reply: int, whose: bytes
) -> bool:
    """Take a message, naming the outbox row its reply will be; False when it was taken before. From here on
    no other message of the same address (`whose`: its hash) is answered until the transaction ends."""
    values: dict[str, Any] = {
        "channel": channel,
        "message": message[:64],
        "received_at": now,
        "reply": reply,
    }
    if connection.dialect.name == "postgresql":
        values["person"] = int.from_bytes(whose[:8], "big", signed=True)
    return _CLAIM.first(connection, values) is not None


def reply_to(connection: sa.Connection, channel: str, message: str) -> int | None:
    """The outbox row that answered a message received before."""
    return connection.execute(_REPLY, {"channel": channel, "message": message[:64]}).scalar()


def failed(
    connection: sa.Connection,
    vault: Vault,
    channel: str,
    message: str,
    body: dict[str, Any],
    error: str,
    now: datetime,
) -> int:
    """Count a failure of a message; the number so far. From PARK_AFTER on it is parked."""
    return int(
        connection.execute(
            _FAILED.on(connection),
            {
                "channel": channel,
                "message": message[:64],
                "body": vault.seal_json(body),
                "error": error[:500],
                "first_at": now,
            },
        ).scalar_one()
    )


def parked_messages(connection: sa.Connection) -> list[sa.Row[Any]]:
    """What waits for the operator: channel, message, failures, error, first_at."""
    query = (
        sa.select(parked.c.channel, parked.c.message, parked.c.failures, parked.c.error, parked.c.first_at)
        .where(parked.c.state == "parked")
        .order_by(parked.c.first_at)
    )
    return list(connection.execute(query))


def parked_body(connection: sa.Connection, vault: Vault, channel: str, message: str) -> dict[str, Any] | None:
    """The message itself, as the provider sent it."""
    sealed = connection.execute(
        sa.select(parked.c.body).where(parked.c.channel == channel, parked.c.message == message)
    ).scalar()
    return vault.open_json(sealed) if sealed is not None else None


def settle(connection: sa.Connection, channel: str, message: str) -> None:
    """A parked message was dealt with."""
    connection.execute(sa.delete(parked).where(parked.c.channel == channel, parked.c.message == message))


def forget(connection: sa.Connection, now: datetime, keep: timedelta) -> int:
    """Drop claims older than `keep`, and messages that failed but never for good; providers repeat a message
    for 24 hours at most. How many claims it was."""
    connection.execute(sa.delete(parked).where(parked.c.state == "trying", parked.c.first_at < now - keep))
    return connection.execute(sa.delete(inbox).where(inbox.c.received_at < now - keep)).rowcount
