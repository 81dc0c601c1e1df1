"""Looking up a rating by its number, for whoever gave it and for nobody else."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flows import khmer
from handlers.desk import Desk
from storage import responses
from storage.contacts import Known
from storage.database import Connection
from storage.vault import LETTERS_OF_A_REFERENCE

MOST_PERSONS = 9  # who may have rated with one phone, before their data was erased too

LONGEST = 24  # characters of a message that is a number
_NUMBER = re.compile(rf"(?:លេខ|NUMBER|NO\.?)?\s*#?\s*([{LETTERS_OF_A_REFERENCE}]{{6}})[.។!?]*")


def number(text: str) -> str | None:
    """The number of a rating that a message may be, as MBR75L; None when it can be none. A word of six letters may be
    one too: only what is stored tells."""
    if len(text) > LONGEST:
        return None
    found = _NUMBER.fullmatch(khmer.ascii_digits(khmer.visible(text)).strip().upper())
    return found[1] if found and not found[1].isdigit() else None


def is_no_word(called: str) -> bool:
    """Whether it can only be meant for the number of a rating."""
    return any(c.isdigit() for c in called)


def given(
    connection: Connection, desk: Desk, known: Known, called: str, today: date
) -> dict[str, Any] | None:
    """What the conversation `became` begins with; None where nobody rated from this address under that number. Whose it
    is can be told from the address alone: nothing stored leads from a rating to who gave it."""
    persons = range(1, max(known.contact.people, MOST_PERSONS) + 1)
    for row in responses.called(connection, called):
        hers = (desk.vault.rater(known.address_hash, one, row.facility, row.round) for one in persons)
        if row.rater in hers:
            # Comments are listed from the day after (`storage.comments`).
            comment = "" if not row.commented else "read" if row.rated_on < today else "waits"
            return {
                "reference": called,
                "facility": row.facility,
                "day": row.rated_on.isoformat(),
                "comment": comment,
                "answered": row.answered_on.isoformat() if row.answered_on else None,
            }
    return None
