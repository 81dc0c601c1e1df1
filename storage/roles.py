"""Who may do what, and where."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from flows.world import Grant
from storage import audit
from storage.codes import forget_of
from storage.database import PerDialect
from storage.tables import contacts, roles
from storage.vault import Vault

_OF = (
    sa.select(roles.c.role, roles.c.place, roles.c.facility)
    .where(roles.c.contact == sa.bindparam("contact"))
    .order_by(roles.c.id)
)
_OF_ADDRESS = (
    sa.select(roles.c.role, roles.c.place, roles.c.facility)
    .join(contacts, contacts.c.id == roles.c.contact)
    .where(
        contacts.c.channel == sa.bindparam("channel"),
        contacts.c.address_hash == sa.bindparam("address_hash"),
    )
    .order_by(roles.c.id)
)
_GRANT = PerDialect(
    lambda insert: (
        insert(roles)
        .values(
            contact=sa.bindparam("contact"),
            role=sa.bindparam("role"),
            place=sa.bindparam("place"),
            facility=sa.bindparam("facility"),
            granted_on=sa.bindparam("granted_on"),
        )
        .on_conflict_do_nothing()
        .returning(roles.c.id)
    )
)
_REVOKE = (
    sa.delete(roles)
    .where(roles.c.id == sa.bindparam("number"))
    .returning(roles.c.contact, roles.c.role, roles.c.place, roles.c.facility)
)
_NUMBERS = sa.select(roles.c.id, roles.c.role, roles.c.place, roles.c.facility).where(
    roles.c.contact == sa.bindparam("contact")
)
_OFFICIAL = (
    sa.update(contacts)
    .where(contacts.c.id == sa.bindparam("whose"))
    .values(official=sa.exists().where(roles.c.contact == sa.bindparam("whose")))
)
_LISTED = (
    sa.select(
        roles.c.id, roles.c.role, roles.c.place, roles.c.facility, roles.c.granted_on, contacts.c.channel
    )
    .join(contacts, contacts.c.id == roles.c.contact)
    .where(roles.c.place.startswith(sa.bindparam("within"), autoescape=False))
    .order_by(roles.c.place, roles.c.role, roles.c.id)
)


def of_address(connection: sa.Connection, vault: Vault, channel: str, address: str) -> tuple[Grant, ...]:
    """The same of whoever has an address; nothing of a stranger."""
    whose = {"channel": channel, "address_hash": vault.address_hash(channel, address)}
    return tuple(Grant(row.role, row.place, row.facility) for row in connection.execute(_OF_ADDRESS, whose))


def of(connection: sa.Connection, contact: int) -> tuple[Grant, ...]:
    """What a contact may do and where, in the order it was granted."""
    found = connection.execute(_OF, {"contact": contact})
    return tuple(Grant(row.role, row.place, row.facility) for row in found)


def grant(
    connection: sa.Connection, contact: int, grant: Grant, today: date, *, actor: int | None, now: datetime
) -> bool:
    """Give a contact a role; False when it has it already. `actor`: who invited it, None for the operator."""
    values = {
        "contact": contact,
        "role": grant.role,
        "place": grant.place,
        "facility": grant.facility,
        "granted_on": today,
    }
    number = connection.execute(_GRANT.on(connection), values).scalar()
    if number is None:
        return False
    connection.execute(_OFFICIAL, {"whose": contact})
    audit.note(connection, now, "granted", actor, contact, _detail(number, grant))
    return True


def revoke(
    connection: sa.Connection, contact: int, grant: Grant | None, *, actor: int | None, now: datetime
) -> int:
    """Take a role from a contact, or with None every one of its roles; how many it was."""
    held = connection.execute(_NUMBERS, {"contact": contact}).all()
    numbers = [row.id for row in held if grant in {None, Grant(row.role, row.place, row.facility)}]
    for number in numbers:
        withdraw(connection, number, actor=actor, now=now)
    return len(numbers)


def withdraw(connection: sa.Connection, number: int, *, actor: int | None, now: datetime) -> Grant | None:
    """Take the role that has this number in `listed`; None when there is none. Invitations that its holder made
    and nobody has accepted yet are void."""
    row = connection.execute(_REVOKE, {"number": number}).first()
    if row is None:
        return None
    lost = Grant(row.role, row.place, row.facility)
    forget_of(connection, row.contact)
    connection.execute(_OFFICIAL, {"whose": row.contact})
    audit.note(connection, now, "revoked", actor, row.contact, _detail(number, lost))
    return lost


def listed(connection: sa.Connection, place: str | None) -> list[sa.Row[Any]]:
    """Everybody with a role in a place, or anywhere: id, role, place, facility, granted_on, channel; never an
    address."""
    return list(connection.execute(_LISTED, {"within": place or ""}))


def _detail(number: int, grant: Grant) -> dict[str, Any]:
    detail = {"number": number, "role": grant.role, "place": grant.place}
    return detail | ({"facility": grant.facility} if grant.facility else {})
