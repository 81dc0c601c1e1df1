"""Reference data: content files into tables, tables into the `Library` that conversations look things up in."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from flows.gazetteer import Gazetteer, Place
from flows.library import SERVICES, Criterion, Facility, Library
from flows.text import words
from storage import packcontent, soundfiles
from storage.content import BadContent as BadContent
from storage.content import read_criteria as read_criteria
from storage.content import read_rounds
from storage.tables import (
    criteria,
    facilities,
    facility_communes,
    library,
    place_changes,
    place_names,
    places,
    rounds,
)

#: What is loaded from the content folder, beside the packs and the recordings.
FILES = (
    "criteria.yaml",
    "programme.yaml",
    "gazetteer/places.csv",
    "gazetteer/names.csv",
    "gazetteer/changes.csv",
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How much reference data there is, and whether any of it changed."""

    places: int
    facilities: int
    criteria: int
    changed: bool


def load(connection: sa.Connection, content: Path) -> Loaded:
    """Bring the tables to what `content` says. Codes that left the files are retired, never deleted: ratings
    point to them. The version is raised when anything changed, so that running processes read again."""
    found = fingerprint(content)
    if found == connection.execute(sa.select(library.c.fingerprint)).scalar():
        return _counted(connection, changed=False)
    changed = _load_gazetteer(connection, content / "gazetteer")
    changed |= _load_criteria(connection, read_criteria(content / "criteria.yaml"))
    changed |= _load_rounds(connection, content / "programme.yaml")
    changed |= _provide_facilities(connection)
    changed |= packcontent.load(connection, content)
    changed |= soundfiles.load(connection, content, datetime.now(UTC))
    if connection.execute(sa.select(library.c.id)).scalar() is None:
        connection.execute(sa.insert(library).values(id=1, version=0, fingerprint=found))
    else:
        connection.execute(sa.update(library).values(fingerprint=found))
    if changed:
        raise_version(connection)
    return _counted(connection, changed=changed)


def fingerprint(content: Path) -> str:
    """What tells one state of the content files from another."""
    summed = hashlib.sha256()
    for name in (*FILES, *packcontent.files(content), *soundfiles.files(content)):
        summed.update(name.encode())
        try:
            summed.update((content / name).read_bytes())
        except FileNotFoundError:
            raise BadContent(f"{name} is not in {content}") from None
    return summed.hexdigest()


def raise_version(connection: sa.Connection) -> None:
    """Reference data changed: every process reads it again at its next message."""
    connection.execute(sa.update(library).values(version=library.c.version + 1))


def _counted(connection: sa.Connection, *, changed: bool) -> Loaded:
    return Loaded(
        _size(connection, places), _size(connection, facilities), _size(connection, criteria), changed
    )


def read(connection: sa.Connection) -> Library:
    """The whole of it, in memory."""
    gazetteer = Gazetteer(
        (
            Place(*row)
            for row in connection.execute(
                sa.select(places.c.code, places.c.kind, places.c.name_km, places.c.name_latin).order_by(
                    places.c.code
                )
            )
        ),
        [(row.code, row.name) for row in connection.execute(sa.select(place_names))],
        [(row.old_code, row.new_code or "") for row in connection.execute(sa.select(place_changes))],
    )
    known = read_facilities(connection)
    asked = [
        Criterion(row.code, row.service, row.theme, words(row.question), words(row.label))
        for row in connection.execute(
            sa.select(criteria).where(criteria.c.retired.is_(False)).order_by(criteria.c.position)
        )
    ]
    listed = connection.execute(sa.select(rounds).order_by(rounds.c.from_on)).all()
    calendar = [(row.code, row.from_on.isoformat(), row.to_on.isoformat()) for row in listed]
    names = {row.code: words(row.name) for row in listed}
    version = connection.execute(sa.select(library.c.version)).scalar()
    return Library(gazetteer, known, asked, calendar, int(version or 0), round_names=names)


def read_facilities(connection: sa.Connection) -> list[Facility]:
    """All facilities in the order of their codes, each with the communes that it serves in theirs."""
    serving: dict[str, list[str]] = {}
    for row in connection.execute(sa.select(facility_communes).order_by(facility_communes.c.commune)):
        serving.setdefault(row.facility, []).append(row.commune)
    return [
        Facility(
            row.code,
            row.service,
            row.name_km,
            row.name_latin,
            tuple(serving.get(row.code, ())),
            row.provisional,
            row.retired,
        )
        for row in connection.execute(sa.select(facilities).order_by(facilities.c.code))
    ]


# -- Content files into tables ----------------------------------------------------------------------------


def _load_criteria(connection: sa.Connection, wanted: list[dict[str, Any]]) -> bool:
    stored = {row.code: dict(row._mapping) for row in connection.execute(sa.select(criteria))}
    changed = False
    for row in wanted:
        if stored.get(row["code"]) == row:
            continue
        changed = True
        if row["code"] in stored:
            connection.execute(sa.update(criteria).where(criteria.c.code == row["code"]).values(**row))
        else:
            connection.execute(sa.insert(criteria).values(**row))
    gone = [
        code for code, row in stored.items() if not row["retired"] and code not in {r["code"] for r in wanted}
    ]
    if gone:
        changed = True
        connection.execute(sa.update(criteria).where(criteria.c.code.in_(gone)).values(retired=True))
    return changed


def _load_rounds(connection: sa.Connection, file: Path) -> bool:
    wanted = read_rounds(file)
    stored = [dict(row._mapping) for row in connection.execute(sa.select(rounds).order_by(rounds.c.from_on))]
    if stored == wanted:
        return False
    connection.execute(sa.delete(rounds))
    if wanted:
        connection.execute(sa.insert(rounds), wanted)
    return True


def _load_gazetteer(connection: sa.Connection, folder: Path) -> bool:
    tables = (
        (places, "places.csv", ("code", "kind", "name_km", "name_latin")),
        (place_names, "names.csv", ("code", "name")),
        (place_changes, "changes.csv", ("old_code", "new_code")),
    )
    changed = False
    for table, name, columns in tables:
        wanted = _rows(folder / name, columns)
        stored = {tuple(row) for row in connection.execute(sa.select(*(table.c[c] for c in columns)))}
        if stored == wanted:
            continue
        changed = True
        connection.execute(sa.delete(table))
        connection.execute(
            sa.insert(table), [dict(zip(columns, row, strict=True)) for row in sorted(wanted, key=str)]
        )
    return changed


def _rows(file: Path, columns: tuple[str, ...]) -> set[tuple[str | None, ...]]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = (tuple(row[column] or None for column in columns) for row in csv.DictReader(lines))
        return {row if columns[-1] != "name_latin" else (*row[:-1], row[-1] or "") for row in rows if row[0]}


def _provide_facilities(connection: sa.Connection) -> bool:
    """Each commune's own office, health centre and school, until a registry names the real ones."""
    communes = connection.execute(
        sa.select(places.c.code).where(places.c.kind.in_(("commune", "sangkat")))
    ).scalars()
    wanted = {f"{service}{commune}": (service, commune) for commune in communes for service in SERVICES}
    known = set(connection.execute(sa.select(facilities.c.code)).scalars())
    new = sorted(wanted.keys() - known)
    if not new:
        return False
    connection.execute(
        sa.insert(facilities),
        [{"code": code, "service": wanted[code][0], "provisional": True} for code in new],
    )
    connection.execute(
        sa.insert(facility_communes), [{"facility": code, "commune": wanted[code][1]} for code in new]
    )
    return True


def _size(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
