"""What becomes of what we sent: receipts, people who blocked us or came back."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.desk import Desk
from storage import contacts, fate, passing
from storage.database import Connection

#: What an error of a provider means; which error means what is in the table of each channel.
AGAIN = "again"  # it may go well in a moment
SLOW = "slow"  # we send more than is taken
LATER = "later"  # the phone is off; in some hours it may be on
FINAL = "final"  # this message will never be taken
GONE = "gone"  # nor will any other to this person
STOPPED = "stopped"  # the person told the provider to be left alone

#: When to try once more to reach a phone that is off, each time after the next of these.
LATER_AFTER = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))


def blocked(connection: Connection, desk: Desk, channel: str, address: str, gone: bool) -> None:
    """A person blocked the bot, or let it in again. Somebody we never heard of stays unknown."""
    contacts.block(connection, desk.vault, channel, address, gone)
    desk.heard("blocked" if gone else "unblocked")


def receipt(
    connection: Connection,
    sid: str,
    state: str,
    error: str | None,
    number: int | None,
    means: str = FINAL,
    now: datetime | None = None,
) -> str | None:
    """A provider's word on a message; the channel it was on, None when we know of no such message (yet).

    `number` names our row when the provider had no id for it yet. `means`: what a failure says of trying again.
    """
    if number is not None:
        fate.name(connection, number, sid)
    row = fate.named(connection, sid)
    if row is None:
        return None
    failed = state == "failed"
    if failed and row.contact is not None and row.state in fate.WAY:
        if means in {GONE, STOPPED}:
            contacts.unreachable(connection, row.contact, stopped=means == STOPPED)
            if now is not None and passing.pass_on(connection, row.id, now):
                return str(row.channel)
        elif (
            means == LATER
            and now is not None
            and fate.try_again(connection, sid, error or "", now, LATER_AFTER)
        ):
            return str(row.channel)
    fate.report(connection, sid, state, error, now)
    return str(row.channel)
