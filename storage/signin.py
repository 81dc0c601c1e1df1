"""Officials signed in on the dashboard: by a link from the bot that works once, then by a cookie for some hours.

Of links and cookies only keyed hashes are kept. What a person may see is read anew with each request: a role that
was taken back opens nothing any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from flows.world import Grant
from storage import audit, codes, roles
from storage.tables import contacts, sessions
from storage.vault import Vault

#: How long one stays signed in: a working day.
LASTS = timedelta(hours=12)
#: Letters of a cookie, 6 bits each.
LONGEST = 64

_ADD = sa.insert(sessions)
_WHOSE = (
    sa.select(sessions.c.contact, sessions.c.language)
    .join(contacts, contacts.c.id == sessions.c.contact)
    .where(
        sessions.c.hash == sa.bindparam("hash"),
        sessions.c.expires_at > sa.bindparam("now", type_=sessions.c.expires_at.type),
    )
)
_LANGUAGE = sa.select(contacts.c.language).where(contacts.c.id == sa.bindparam("contact"))
_LEAVE = sa.delete(sessions).where(sessions.c.hash == sa.bindparam("hash")).returning(sessions.c.contact)
_PAST = sa.delete(sessions).where(sessions.c.expires_at <= sa.bindparam("now"))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, without a name: the contact, what it may see and do, and the language it speaks."""

    contact: int
    roles: tuple[Grant, ...]
    language: str


def link(
    connection: sa.Connection,
    vault: Vault,
    contact: int,
    now: datetime,
    draw: Callable[[str], str] = codes.drawn,
) -> str:
    """The token of a link that signs a contact in, once, for a quarter of an hour; an earlier one is void."""
    return codes.make(connection, vault, codes.SIGN_IN, now, contact=contact, draw=draw)


def may_be(token: str) -> bool:
    """Whether this could be such a token at all."""
    return len(token) == codes.LETTERS_OF_A_SIGN_IN and all(c in codes.LETTERS for c in token)


def opens(connection: sa.Connection, vault: Vault, token: str, now: datetime) -> int | None:
    """The contact that a token would sign in, without taking it: what looks at links beforehand uses none up."""
    made = codes.look(connection, vault, token, now) if may_be(token) else None
    return made.contact if made is not None and made.purpose == codes.SIGN_IN else None


def enter(connection: sa.Connection, vault: Vault, token: str, now: datetime) -> str | None:
    """Take a token and sign its contact in: the cookie, or None where the token is none, no more, or its contact has
    no role (any more)."""
    contact = opens(connection, vault, token, now)
    if contact is None or codes.take(connection, vault, token, now) is None:
        return None
    if not roles.of(connection, contact):
        return None
    connection.execute(_PAST, {"now": now})
    cookie = secrets.token_urlsafe(24)
    connection.execute(
        _ADD,
        {
            "hash": vault.session(cookie),
            "contact": contact,
            "language": connection.execute(_LANGUAGE, {"contact": contact}).scalar_one(),
            "created_at": now,
            "expires_at": now + LASTS,
        },
    )
    audit.note(connection, now, "signed_in", contact, contact, {})
    return cookie


def whose(connection: sa.Connection, vault: Vault, cookie: str, now: datetime) -> Visitor | None:
    """Who is signed in by a cookie; None: nobody (any more)."""
    if not cookie or len(cookie) > LONGEST:
        return None
    row = connection.execute(_WHOSE, {"hash": vault.session(cookie), "now": now}).first()
    if row is None:
        return None
    held = roles.of(connection, row.contact)
    return Visitor(row.contact, held, row.language) if held else None


def leave(connection: sa.Connection, vault: Vault, cookie: str) -> None:
    """Sign out: the cookie opens nothing any more."""
    if cookie and len(cookie) <= LONGEST:
        connection.execute(_LEAVE, {"hash": vault.session(cookie)})
