"""The packs that come with a release: general standards of each service, and samples. Loaded by `samleng migrate`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import sqlalchemy as sa

from flows.library import Facility
from flows.packs import last_true_on, same
from storage import packs
from storage.content import BadContent
from storage.localtime import instant
from storage.packcheck import check
from storage.tables import facilities

FOLDER = "i4c"
#: Made-up packs: passed over where the content has no such facility.
SAMPLE = "sample-"

#: Whether a day is still to come is no question of content: the same files give the same packs whenever they are read.
_ANY_DAY = date(2199, 12, 31)

_FACILITY = sa.select(facilities).where(facilities.c.code == sa.bindparam("wanted"))


class _Stored:
    """The facilities of this database, as far as a pack needs them."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.unknown = False

    def facility(self, code: str) -> Facility | None:
        row = self._connection.execute(_FACILITY, {"wanted": code}).first()
        self.unknown = row is None
        return Facility(row.code, row.service, row.name_km, row.name_latin, ("",)) if row else None

    def facilities(self, commune: str, service: str) -> tuple[Facility, ...]:
        return ()


def files(content: Path) -> list[str]:
    """The files with packs, by their place in the content."""
    return sorted(f"{FOLDER}/{file.name}" for file in (content / FOLDER).glob("*.yaml"))


def load(connection: sa.Connection, content: Path) -> bool:
    """Publish what the files say, unless it is so already; whether anything changed. A provider's own pack or draft is
    left alone. What left the files is no longer shown."""
    names = files(content)
    changed = False
    for name in names:
        changed |= _load(connection, content / name, name)
    return packs.withdraw(connection, f"{FOLDER}/", names) or changed


def _load(connection: sa.Connection, file: Path, name: str) -> bool:
    stored = _Stored(connection)
    checked = check(file.read_bytes(), file.name, stored, _ANY_DAY, general=True)
    if checked.pack is None:
        if stored.unknown and file.name.startswith(SAMPLE):
            return False
        first = checked.problems[0]
        line = f", line {first.row}" if first.row else ""
        column = f", {first.column}" if first.column else ""
        raise BadContent(f"{name}{line}{column}: {first.english}")
    shown = packs.newest_from(connection, checked.pack.subject, name)
    if shown is not None and shown.state == "published" and same(shown, checked.pack):
        return False
    # As if published when it was last true: a release has no other day.
    on = last_true_on(checked.pack.items)
    assert on is not None
    packs.install(connection, checked.pack, name, instant(on, "12:00"))
    return True
