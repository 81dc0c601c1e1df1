"""What becomes of what we sent: receipts, people who blocked us or came back."""

from __future__ import annotations

from handlers.desk import Desk
from storage import contacts, outbox
from storage.database import Connection


def blocked(connection: Connection, desk: Desk, channel: str, address: str, gone: bool) -> None:
    """A person blocked the bot, or let it in again. Somebody we never heard of stays unknown."""
    contacts.block(connection, desk.vault, channel, address, gone)
    desk.heard("blocked" if gone else "unblocked")


def receipt(connection: Connection, sid: str, state: str, error: str | None, number: int | None) -> None:
    """A provider's word on a message. `number` names our row when the provider had no id for it yet."""
    if number is not None:
        outbox.name(connection, number, sid)
    outbox.report(connection, sid, state, error)
