"""A code somebody sends: an invitation to a role, or the link of her two addresses.

It counts in whatever conversation she is. Guessing is slowed, and then refused; while it is, even a right code
is not tried, so that nobody learns which one is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flows import khmer
from flows.outcomes import Goto
from flows.text import Phrase, _
from handlers.desk import LOCAL, Desk
from storage import codes, links, roles
from storage.contacts import Known
from storage.database import Connection

PARAMETER = "i_"  # before a code in a deep link: t.me/samleng_bot?start=i_SL7K3M9QX2

LONGEST = 40  # characters of a message that is a code, however it is spaced
LONGEST_AROUND = 1000  # of one that has a code in it: an invitation passed on as it came
_A = f"[{codes.ALPHABET}]"
_MARK = r"[-\u2010-\u2015._:]"  # a hyphen, or what a phone makes of it
_INSIDE = re.compile(rf"\b(?:SL-({_A}{{4}})-({_A}{{4}})|START=I_SL({_A}{{8}}))\b")
_CODE_LIKE = re.compile(rf"(SL|LN)\s?{_MARK}")
_SPACED = re.compile(r"SL\W*[A-Z0-9]{4}\W*[A-Z0-9]{4}")
_LINK = re.compile(r"LN([0-9OIL]{6})")
_BARE = re.compile(rf"{_A}{{4}}-?{_A}{{4}}")
_DIGITS = str.maketrans("OIL", "011")  # what is read for the digits of a link


def read(text: str) -> str | None:
    """The code that a message is, as SL7K3M9QX2 or LN482913; "" when it is meant for one and can be none; None
    when it is something else. In either case of letters, with Khmer digits, with any marks between and around."""
    if len(text) > LONGEST_AROUND:
        return None
    line = khmer.ascii_digits(khmer.visible(text)).upper().strip()
    if len(text) <= LONGEST and all(c.isascii() or not c.isalnum() for c in line):
        bare = "".join(c for c in line if c.isalnum())
        link = _LINK.fullmatch(bare)
        if link:
            return f"{codes.PREFIXES[codes.LINK]}{link[1].translate(_DIGITS)}"
        marked = _CODE_LIKE.match(line) is not None
        ours = bare.startswith("SL") and len(bare) == 10
        if ours and (marked or _is_no_word(bare[2:]) or _is_spaced(line)):
            return bare
        if marked:
            return ""
        if _BARE.fullmatch(line.strip("().[]«»\"' ")) and _is_no_word(bare):
            return f"SL{bare}"
    found = _INSIDE.search(line)
    return "SL" + "".join(filter(None, found.groups())) if found else None


def _is_no_word(letters: str) -> bool:
    """Whether so many letters and digits can only be those of an invitation: sl7k3m9qx2, not "sleeps well"."""
    digits = sum(c.isdigit() for c in letters)
    return 2 <= digits <= len(letters) - 2 and all(c in codes.ALPHABET for c in letters)


def _is_spaced(line: str) -> bool:
    """Whether it is written in two fours, with a digit: a letter may be wrong then."""
    return any(c.isdigit() for c in line) and _SPACED.fullmatch(line.strip("().[]«»\"'។ ")) is not None


def deep_link(username: str, code: str) -> str:
    """What opens the bot with a code; empty where the bot's name is not known."""
    return f"t.me/{username}?start={PARAMETER}{codes.plain(code)}" if username else ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a code brought: the flow it leads to and what was `stored`, or what is `said` to it instead."""

    known: Known
    then: Goto | None = None
    said: Phrase | None = None
    stored: Any = None


def attempt(connection: Connection, desk: Desk, known: Known, text: str, now: datetime) -> Attempt | None:
    """Try the code that a message is; None when it is none."""
    code = read(text)
    if code is None:
        return None
    if not code:
        return Attempt(known, said=_("That is not a whole code, as in {example}.", example=_example(text)))
    wait = codes.waits(connection, desk.vault, known.address_hash, now)
    if wait is not None:
        desk.heard("code_refused")
        return Attempt(known, said=_later(wait))
    made = codes.look(connection, desk.vault, code, now)
    if made is not None and made.contact == known.id:
        return Attempt(known, said=_own(made))
    if made is not None and made.grant in roles.of(connection, known.id):
        return Attempt(known, said=_("You have this role already. The code is still good for somebody else."))
    taken = codes.take(connection, desk.vault, code, now) if made is not None else None
    if taken is None:
        desk.heard("wrong_code")
        wait = codes.wrong(connection, desk.vault, known.address_hash, now)
        return Attempt(known, said=_later(wait) if wait else WRONG)
    if taken.grant is None:
        return _link(connection, known, taken)
    # A link clears no mistakes: who has two phones can make as many as she likes.
    codes.right(connection, desk.vault, known.address_hash)
    today = now.astimezone(LOCAL).date()
    roles.grant(connection, known.id, taken.grant, today, actor=taken.contact, now=now)
    desk.heard("granted")
    grant = taken.grant
    then = Goto("welcomed", {"role": grant.role, "place": grant.place, "facility": grant.facility})
    return Attempt(replace(known, official=True), then, stored=grant)


def _example(text: str) -> str:
    return "LN-482913" if text.lstrip()[:1] in {"L", "l"} else "SL-7K3M-9QX2"


WRONG = _("This code does not work: mistyped, used, or too old. Please look at it again.")


def _link(connection: Connection, known: Known, taken: codes.Made) -> Attempt:
    assert taken.contact is not None  # whoever is erased takes her codes with her
    links.link(connection, known.id, taken.contact, told=known.id)
    return Attempt(known, Goto("linked", {"other": taken.contact}))


def _own(made: codes.Made) -> Phrase:
    if made.purpose == codes.LINK:
        return _("Send this code from your other phone or app, not from this one.")
    return _("This code is for the person you invite. Pass it on.")


def _later(wait: timedelta) -> Phrase:
    """When one may try again, in minutes or hours."""
    minutes = -(-wait // timedelta(minutes=1))
    if minutes < 60:
        return _("Too many wrong codes. Please try again in {minutes} minutes.", minutes=minutes)
    return _("Too many wrong codes. Please try again in {hours} hours.", hours=-(-minutes // 60))
