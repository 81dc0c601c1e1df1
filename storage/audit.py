"""Who was given or lost what, and by whom: written with what it tells of, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.tables import audit

_NOTE = sa.insert(audit).values(
    at=sa.bindparam("at"),
    action=sa.bindparam("action"),
    actor=sa.bindparam("actor"),
    subject=sa.bindparam("subject"),
    detail=sa.bindparam("detail"),
)
_LAST = sa.select(audit).order_by(audit.c.id.desc()).limit(sa.bindparam("most"))


def note(
    connection: sa.Connection,
    now: datetime,
    action: str,
    actor: int | None,
    subject: int | None,
    detail: Mapping[str, Any],
) -> None:
    """Write an entry. `actor` and `subject` are contacts by number, None where it is the operator or nobody;
    `detail` is JSON and holds neither an address nor a code."""
    values = {"at": now, "action": action, "actor": actor, "subject": subject, "detail": dict(detail)}
    connection.execute(_NOTE, values)


def last(connection: sa.Connection, most: int) -> list[sa.Row[Any]]:
    """The newest entries, oldest of them first: at, action, actor, subject, detail."""
    return list(connection.execute(_LAST, {"most": most}))[::-1]
