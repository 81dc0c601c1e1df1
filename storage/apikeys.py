"""Keys by which other systems read scores: of each only a keyed hash is kept, and the place it is for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from storage.tables import api_keys
from storage.vault import Vault

#: What a key begins with, by which whoever finds one in a file knows what it opens.
PREFIX = "samleng_"
LONGEST = 80  # letters of a name

_ADD = sa.insert(api_keys).returning(api_keys.c.id)
_FIND = sa.select(api_keys).where(api_keys.c.hash == sa.bindparam("hash"), api_keys.c.revoked_on.is_(None))
_LISTED = sa.select(api_keys).order_by(api_keys.c.id)
_USED = (
    sa.update(api_keys)
    .where(api_keys.c.id == sa.bindparam("number"))
    .values(used_on=sa.bindparam("today", type_=sa.Date))
)
_REVOKE = (
    sa.update(api_keys)
    .where(api_keys.c.id == sa.bindparam("number"), api_keys.c.revoked_on.is_(None))
    .values(revoked_on=sa.bindparam("today", type_=sa.Date))
    .returning(api_keys.c.id)
)


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key. `place`: a code of 0 (the nation), 2, 4 or 6 digits, in which it may read."""

    id: int
    name: str
    place: str
    created_on: date
    used_on: date | None
    revoked_on: date | None = None

    def opens(self, place: str) -> bool:
        """Whether it may read of a place."""
        return place.startswith(self.place)


def make(connection: sa.Connection, vault: Vault, name: str, place: str, today: date) -> tuple[int, str]:
    """A new key: its number, and the key itself, which is nowhere but in what this returns."""
    key = PREFIX + secrets.token_urlsafe(32)
    values = {"hash": vault.api_key(key), "name": name[:LONGEST], "place": place, "created_on": today}
    return int(connection.execute(_ADD, values).scalar_one()), key


def find(connection: sa.Connection, vault: Vault, key: str) -> Key | None:
    """What a key is for; None where there is no such key, or no more."""
    row = connection.execute(_FIND, {"hash": vault.api_key(key)}).first()
    return None if row is None else _key(row)


def used(connection: sa.Connection, number: int, today: date) -> None:
    """Note the day on which a key was used, and no time finer than that."""
    connection.execute(_USED, {"number": number, "today": today})


def revoke(connection: sa.Connection, number: int, today: date) -> bool:
    """Take a key back, at once and for good; False where there is none of this number, or no more."""
    return connection.execute(_REVOKE, {"number": number, "today": today}).first() is not None


def listed(connection: sa.Connection) -> list[Key]:
    """Every key there is or was."""
    return [_key(row) for row in connection.execute(_LISTED)]


def _key(row: sa.Row[tuple[object, ...]]) -> Key:
    found = row._mapping
    return Key(**{name: found[name] for name in Key.__slots__})
