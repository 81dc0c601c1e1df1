"""One person's several addresses: she hears of a meeting on one of them, and is left alone on all.

Contacts that belong together have one among them that hears; `told_at` of the others names it. Who has no
`told_at` hears for herself.
"""

from __future__ import annotations

import sqlalchemy as sa

from storage.database import PerDialect
from storage.tables import contacts, follows

_TOLD_AT = sa.select(contacts.c.told_at).where(contacts.c.id == sa.bindparam("contact"))
_TOLD_THERE = (
    sa.select(contacts.c.id).where(contacts.c.told_at == sa.bindparam("contact")).order_by(contacts.c.id)
)
_WISHES = (
    sa.select(contacts.c.id, contacts.c.joined, contacts.c.stopped, contacts.c.commune, contacts.c.village)
    .where(contacts.c.id.in_(sa.bindparam("those", expanding=True)))
    .order_by(contacts.c.id)
)
_WRITE = sa.update(contacts).where(contacts.c.id.in_(sa.bindparam("those", expanding=True)))
_POINT = _WRITE.values(told_at=sa.bindparam("there"))
_STOP = _WRITE.values(joined=False, stopped=True)
_JOIN = _WRITE.values(
    joined=True, stopped=False, commune=sa.bindparam("where"), village=sa.bindparam("within")
)
_FOLLOW = PerDialect(
    lambda insert: (
        insert(follows)
        .from_select(
            ["facility", "contact"],
            sa.select(follows.c.facility, sa.bindparam("there", type_=sa.BigInteger))
            .where(follows.c.contact.in_(sa.bindparam("those", expanding=True)))
            .distinct(),
        )
        .on_conflict_do_nothing()
    )
)


def hears(connection: sa.Connection, contact: int) -> int:
    """The contact on which this person hears of meetings: this one, or another of hers."""
    return connection.execute(_TOLD_AT, {"contact": contact}).scalar() or contact


def persons_other(connection: sa.Connection, contact: int) -> list[int]:
    """The other contacts of the same person."""
    there = hears(connection, contact)
    all_of_her = [there, *connection.execute(_TOLD_THERE, {"contact": there}).scalars()]
    return [one for one in all_of_her if one != contact]


def link(connection: sa.Connection, contact: int, other: int, told: int) -> None:
    """From now on the two are one person's, with all that was linked to either; she hears on `told`, of what she
    wanted to hear on any."""
    those = {contact, other, *persons_other(connection, contact), *persons_other(connection, other)}
    if told not in those or len(those) < 2:
        raise ValueError("a person is told on one of her own addresses")
    others = sorted(those - {told})
    connection.execute(_POINT, {"those": [told], "there": None})
    connection.execute(_POINT, {"those": others, "there": told})
    wishes = {row.id: row for row in connection.execute(_WISHES, {"those": sorted(those)})}
    wished = next((wishes[one] for one in others if wishes[one].joined and not wishes[one].stopped), None)
    if not wishes[told].joined and wished is not None:
        _join(connection, told, wished.commune, wished.village)
    connection.execute(_FOLLOW.on(connection), {"those": others, "there": told})


_REACHABLE = sa.select(contacts.c.id, contacts.c.blocked, contacts.c.stopped).where(
    contacts.c.id.in_(sa.bindparam("those", expanding=True))
)


def take_over(connection: sa.Connection, contact: int) -> None:
    """See to it that this person hears where she can be reached: where she has blocked us on the address on which
    she hears, another of hers takes over. Who stopped is left alone."""
    there = hears(connection, contact)
    others = persons_other(connection, there)
    if not others:
        return
    rows = {row.id: row for row in connection.execute(_REACHABLE, {"those": [there, *others]})}
    if not rows[there].blocked or rows[there].stopped:
        return
    for other in others:
        if not rows[other].blocked and not rows[other].stopped:
            link(connection, there, other, other)
            return


def unlink(connection: sa.Connection, contact: int) -> bool:
    """This contact is for itself again; False when it was. Others that heard through it hear on the first of them."""
    there = connection.execute(_TOLD_AT, {"contact": contact}).scalar()
    connection.execute(_POINT, {"those": [contact], "there": None})
    others = list(connection.execute(_TOLD_THERE, {"contact": contact}).scalars())
    if others:
        connection.execute(_POINT, {"those": others[:1], "there": None})
    if others[1:]:
        connection.execute(_POINT, {"those": others[1:], "there": others[0]})
    return there is not None or bool(others)


def stop(connection: sa.Connection, contact: int) -> None:
    """Leave a person alone, on each of her addresses."""
    connection.execute(_STOP, {"those": [contact, *persons_other(connection, contact)]})


def join(connection: sa.Connection, contact: int, commune: str, village: str | None) -> None:
    """Note what a person wishes to hear of, on the contact on which she hears; where it is no other, nothing. The
    rest of her addresses stay as they are, for when they are unlinked."""
    there = hears(connection, contact)
    if there != contact:
        _join(connection, there, commune, village)


def _join(connection: sa.Connection, contact: int, commune: str | None, village: str | None) -> None:
    connection.execute(_JOIN, {"those": [contact], "where": commune, "within": village})
