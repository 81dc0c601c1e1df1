"""The conversation a contact is in: one row, answers sealed."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from flows.engine import Conversation
from storage.statements import Prepared
from storage.tables import conversations
from storage.vault import Vault

_SAVE = Prepared(
    lambda insert: (
        lambda statement: statement.on_conflict_do_update(
            index_elements=["contact"],
            set_={
                name: statement.excluded[name]
                for name in ("flow", "answers", "misses", "tag", "asked", "changed_at")
            },
        )
    )(
        insert(conversations).values(
            contact=sa.bindparam("contact"),
            flow=sa.bindparam("flow"),
            answers=sa.bindparam("answers"),
            misses=sa.bindparam("misses"),
            tag=sa.bindparam("tag"),
            asked=sa.bindparam("asked"),
            changed_at=sa.bindparam("changed_at"),
        )
    )
)
_END = sa.delete(conversations).where(conversations.c.contact == sa.bindparam("contact"))


def save(
    connection: sa.Connection, vault: Vault, contact: int, conversation: Conversation, now: datetime
) -> None:
    """Keep where a contact is."""
    _SAVE.last(
        connection,
        {
            "contact": contact,
            "flow": conversation.flow,
            "answers": vault.seal_json(dict(conversation.answers)),
            "misses": conversation.misses,
            "tag": conversation.tag,
            "asked": conversation.asked,
            "changed_at": now,
        },
    )


def end(connection: sa.Connection, contact: int) -> None:
    """The contact is in no conversation any more."""
    connection.execute(_END, {"contact": contact})


def forget(connection: sa.Connection, now: datetime, keep: timedelta) -> int:
    """Drop conversations that nobody came back to."""
    return connection.execute(
        sa.delete(conversations).where(conversations.c.changed_at < now - keep)
    ).rowcount
