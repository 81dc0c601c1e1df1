"""Contacts: one address on one channel, and what it wants to be remembered. Never a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from flows.engine import Conversation
from flows.world import Contact
from storage import links
from storage.statements import Prepared
from storage.tables import contacts, conversations, library, people
from storage.vault import Vault


@dataclass(frozen=True, slots=True)
class Known:
    """A contact's row with the conversation it is in. `version` is that of the reference data."""

    id: int
    channel: str
    address_hash: bytes
    contact: Contact
    conversation: Conversation | None
    changed_at: datetime | None
    stopped: bool
    version: int
    new: bool = False
    official: bool = False  # has a role


_FIND = Prepared(
    sa.select(
        contacts.c.id,
        contacts.c.language,
        contacts.c.commune,
        contacts.c.village,
        contacts.c.people,
        contacts.c.asked,
        contacts.c.joined,
        contacts.c.stopped,
        contacts.c.official,
        contacts.c.hears,
        conversations.c.flow,
        conversations.c.answers,
        conversations.c.misses,
        conversations.c.tag,
        conversations.c.asked.label("asked_last"),
        conversations.c.changed_at,
        sa.select(library.c.version).scalar_subquery().label("version"),
    )
    .select_from(contacts.outerjoin(conversations, conversations.c.contact == contacts.c.id))
    .where(
        contacts.c.channel == sa.bindparam("channel"), contacts.c.address_hash == sa.bindparam("address_hash")
    )
)
_ADD = Prepared(
    lambda insert: (
        insert(contacts)
        .values(
            channel=sa.bindparam("channel"),
            address_hash=sa.bindparam("address_hash"),
            address=sa.bindparam("address"),
            language=sa.bindparam("language"),
            created_on=sa.bindparam("created_on"),
        )
        .on_conflict_do_nothing()
    )
)


def find(
    connection: sa.Connection, vault: Vault, channel: str, address: str, today: date, language: str
) -> Known:
    """The contact of an address, made when it is new. Whoever answers a message has claimed it (`inbox.claim`),
    so that the conversation read here is the newest."""
    address_hash = vault.address_hash(channel, address)
    key = {"channel": channel, "address_hash": address_hash}
    row = _FIND.first(connection, key)
    new = row is None
    if row is None:
        _ADD.first(
            connection,
            {**key, "address": vault.seal(address.encode()), "language": language, "created_on": today},
        )
        row = _FIND.first(connection, key)
    conversation = None
    if row.flow is not None:
        conversation = Conversation(
            row.flow, vault.open_json(row.answers), row.misses, row.tag, row.asked_last
        )
    asked = tuple(number for number in range(1, row.people + 1) if row.asked >> number & 1)
    facts = Contact(row.language, row.commune, row.village, row.joined, row.people, asked, row.hears)
    return Known(
        row.id,
        channel,
        address_hash,
        facts,
        conversation,
        row.changed_at,
        row.stopped,
        row.version or 0,
        new,
        row.official,
    )


_COLUMNS = frozenset({"language", "commune", "village", "joined", "stopped", "people", "blocked", "hears"})


def remember(connection: sa.Connection, known: Known, **facts: Any) -> Known:
    """Store facts of a contact: language, commune, village, joined, stopped, people, hears. Returns the new `Known`."""
    unknown = facts.keys() - _COLUMNS
    if unknown:
        raise ValueError(f"a contact has no {', '.join(sorted(unknown))}")
    connection.execute(sa.update(contacts).where(contacts.c.id == known.id).values(**facts))
    shown = {name: value for name, value in facts.items() if name not in {"stopped", "blocked"}}
    return replace(
        known, contact=replace(known.contact, **shown), stopped=facts.get("stopped", known.stopped)
    )


def describe(
    connection: sa.Connection, vault: Vault, known: Known, number: int, about: dict[str, str | None]
) -> Known:
    """Store what one person of a phone said of herself, and that she was asked."""
    sealed = vault.seal_json(about)
    connection.execute(sa.delete(people).where(people.c.contact == known.id, people.c.number == number))
    connection.execute(sa.insert(people).values(contact=known.id, number=number, about=sealed))
    connection.execute(
        sa.update(contacts)
        .where(contacts.c.id == known.id)
        .values(asked=contacts.c.asked.op("|")(sa.literal(1 << number)))
    )
    asked = tuple(sorted({*known.contact.asked, number}))
    return replace(known, contact=replace(known.contact, asked=asked))


def about(connection: sa.Connection, vault: Vault, known: Known, number: int) -> dict[str, str | None]:
    """What one person of a phone said of herself; empty when she was not asked or said nothing."""
    sealed = connection.execute(
        sa.select(people.c.about).where(people.c.contact == known.id, people.c.number == number)
    ).scalar()
    return dict(vault.open_json(sealed)) if sealed is not None else {}


def block(connection: sa.Connection, vault: Vault, channel: str, address: str, blocked: bool) -> bool:
    """Note that a contact blocked us, or let us in again; False when we do not know the address. Where somebody
    hears of meetings on an address that blocked us, another of hers takes over."""
    row = connection.execute(
        sa.update(contacts)
        .where(contacts.c.channel == channel, contacts.c.address_hash == vault.address_hash(channel, address))
        .values(blocked=blocked)
        .returning(contacts.c.id)
    ).first()
    if row is not None:
        links.take_over(connection, row.id)
    return row is not None


def opted_out(connection: sa.Connection, vault: Vault, channel: str, address: str) -> None:
    """Note that somebody told the provider to be left alone by us: we hear of it when it refuses a message."""
    address_hash = vault.address_hash(channel, address)
    connection.execute(
        sa.update(contacts)
        .where(contacts.c.channel == channel, contacts.c.address_hash == address_hash)
        .values(joined=False, stopped=True, blocked=True)
    )


def unreachable(connection: sa.Connection, contact: int, *, stopped: bool) -> None:
    """Note what a receipt said of a contact: it can't be reached, or wants to be left alone."""
    wish: dict[str, bool] = {"joined": False, "stopped": True} if stopped else {}
    connection.execute(sa.update(contacts).where(contacts.c.id == contact).values(blocked=True, **wish))
    links.take_over(connection, contact)


def erase(connection: sa.Connection, known: Known) -> None:
    """Delete the contact and all that points to it. Scores do not. Who heard through it hears for herself."""
    links.unlink(connection, known.id)
    connection.execute(sa.delete(conversations).where(conversations.c.contact == known.id))
    connection.execute(sa.delete(people).where(people.c.contact == known.id))
    connection.execute(sa.delete(contacts).where(contacts.c.id == known.id))
