"""Single-use codes, of which only a keyed hash is kept; and how often an address sent a wrong one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from flows.world import Grant
from storage.database import PerDialect
from storage.tables import codes, guesses
from storage.vault import Vault

#: An invitation to a role; a link of one person's two addresses; what signs an official in on the dashboard.
ROLE, LINK, SIGN_IN = "role", "link", "signin"
PREFIXES = {ROLE: "SL", LINK: "LN"}
LASTS = {ROLE: timedelta(days=30), LINK: timedelta(minutes=15), SIGN_IN: timedelta(minutes=15)}

#: Without what looks alike: 0 and O, 1, I and L, U and V.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS = "0123456789"
#: Of an address on the dashboard, which is clicked and not typed: 32 letters, 5 bits each.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
LETTERS_OF_A_SIGN_IN = 20

#: How long one waits after so many wrong codes in a row; they are forgotten a day after the last.
SLOWED_AT, REFUSED_AT = 3, 10
FIRST_WAIT, NEXT_WAIT, REFUSED = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)

_ADD = PerDialect(
    lambda insert: (
        insert(codes)
        .values(
            hash=sa.bindparam("hash"),
            purpose=sa.bindparam("purpose"),
            grants=sa.bindparam("grants"),
            contact=sa.bindparam("contact"),
            created_at=sa.bindparam("created_at"),
            expires_at=sa.bindparam("expires_at"),
        )
        .on_conflict_do_nothing()
        .returning(codes.c.hash)
    )
)
_IS = sa.and_(
    codes.c.hash == sa.bindparam("hash"),
    codes.c.expires_at > sa.bindparam("now", type_=codes.c.expires_at.type),
)
_LOOK = sa.select(codes.c.purpose, codes.c.grants, codes.c.contact).where(_IS)
_TAKE = sa.delete(codes).where(_IS).returning(codes.c.purpose, codes.c.grants, codes.c.contact)
_PAST = sa.delete(codes).where(codes.c.expires_at <= sa.bindparam("now"))
_OF = sa.delete(codes).where(codes.c.contact == sa.bindparam("contact"))
_OF_PURPOSE = _OF.where(codes.c.purpose == sa.bindparam("purpose"))

_GUESSES = sa.select(guesses.c.failures, guesses.c.last_at).where(guesses.c.who == sa.bindparam("who"))
_WRONG = PerDialect(
    lambda insert: (
        lambda statement: statement.on_conflict_do_update(
            index_elements=["who"],
            set_={name: statement.excluded[name] for name in ("failures", "last_at")},
        )
    )(
        insert(guesses).values(
            who=sa.bindparam("who"), failures=sa.bindparam("failures"), last_at=sa.bindparam("last_at")
        )
    )
)
_RIGHT = sa.delete(guesses).where(guesses.c.who == sa.bindparam("who"))
_OLD = sa.delete(guesses).where(guesses.c.last_at <= sa.bindparam("before"))


@dataclass(frozen=True, slots=True)
class Made:
    """What a code is for. `grant` is what an invitation gives; `contact` who made it, None for the operator."""

    purpose: str
    grant: Grant | None
    contact: int | None


def drawn(purpose: str, choose: Callable[[str], str] = secrets.choice) -> str:
    """A new code: SL-7K3M-9QX2 (39 bits), LN-482913, or 20 letters (100 bits) for signing in. An invitation has a
    digit, by which it is told from words."""
    if purpose == SIGN_IN:
        return "".join(choose(LETTERS) for _ in range(LETTERS_OF_A_SIGN_IN))
    if purpose == LINK:
        return f"{PREFIXES[LINK]}-{''.join(choose(DIGITS) for _ in range(6))}"
    while True:
        letters = "".join(choose(ALPHABET) for _ in range(8))
        if not letters.isalpha():
            return f"{PREFIXES[ROLE]}-{letters[:4]}-{letters[4:]}"


def plain(code: str) -> str:
    """A code as it is hashed and goes into a link: SL7K3M9QX2."""
    return code.replace("-", "")


def make(
    connection: sa.Connection,
    vault: Vault,
    purpose: str,
    now: datetime,
    *,
    grant: Grant | None = None,
    contact: int | None = None,
    draw: Callable[[str], str] = drawn,
) -> str:
    """A new code, which is nowhere but in what this returns. Of its own links a contact has one at a time."""
    connection.execute(_PAST, {"now": now})
    if purpose != ROLE:
        connection.execute(_OF_PURPOSE, {"contact": contact, "purpose": purpose})
    grants = {"role": grant.role, "place": grant.place, "facility": grant.facility} if grant else {}
    while True:
        code = draw(purpose)
        values = {
            "hash": vault.code(plain(code)),
            "purpose": purpose,
            "grants": grants,
            "contact": contact,
            "created_at": now,
            "expires_at": now + LASTS[purpose],
        }
        if connection.execute(_ADD.on(connection), values).first() is not None:
            return code


def look(connection: sa.Connection, vault: Vault, code: str, now: datetime) -> Made | None:
    """What a code is for, without taking it; None when there is no such code, or no more."""
    return _made(connection.execute(_LOOK, {"hash": vault.code(plain(code)), "now": now}).first())


def take(connection: sa.Connection, vault: Vault, code: str, now: datetime) -> Made | None:
    """What a code is for, once: of two who send it at the same moment one gets None."""
    return _made(connection.execute(_TAKE, {"hash": vault.code(plain(code)), "now": now}).first())


def _made(row: Any) -> Made | None:
    if row is None:
        return None
    return Made(row.purpose, Grant(**row.grants) if row.grants else None, row.contact)


def forget_of(connection: sa.Connection, contact: int) -> None:
    """Make void what a contact has handed out."""
    connection.execute(_OF, {"contact": contact})


# -- Guessing ---------------------------------------------------------------------------------------------


def waits(connection: sa.Connection, vault: Vault, address_hash: bytes, now: datetime) -> timedelta | None:
    """How long an address has to wait before a code of its is tried; None when it need not."""
    failures, last_at = _guesses(connection, vault, address_hash, now)
    if last_at is None:
        return None
    pause = _pause(failures)
    left = min(last_at + pause - now, pause)  # a clock that was set back makes nobody wait longer
    return left if left > timedelta(0) else None


def wrong(connection: sa.Connection, vault: Vault, address_hash: bytes, now: datetime) -> timedelta | None:
    """Count a wrong code of an address; how long it has to wait from now on, None when it may try again."""
    connection.execute(_OLD, {"before": now - REFUSED})
    failures, _last_at = _guesses(connection, vault, address_hash, now)
    values = {"who": vault.guesser(address_hash), "failures": failures + 1, "last_at": now}
    connection.execute(_WRONG.on(connection), values)
    return _pause(failures + 1) or None


def right(connection: sa.Connection, vault: Vault, address_hash: bytes) -> None:
    """An address sent the code that it was given: what it sent before were mistakes."""
    connection.execute(_RIGHT, {"who": vault.guesser(address_hash)})


def _guesses(
    connection: sa.Connection, vault: Vault, address_hash: bytes, now: datetime
) -> tuple[int, datetime | None]:
    row = connection.execute(_GUESSES, {"who": vault.guesser(address_hash)}).first()
    if row is None or row.last_at <= now - REFUSED:
        return 0, None
    return row.failures, row.last_at


def _pause(failures: int) -> timedelta:
    if failures < SLOWED_AT:
        return timedelta(0)
    if failures >= REFUSED_AT:
        return REFUSED
    return FIRST_WAIT if failures == SLOWED_AT else NEXT_WAIT
