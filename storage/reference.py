"""Reference data: content files into tables, tables into the `Library` that conversations look things up in."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from flows.gazetteer import Gazetteer, Place
from flows.library import SERVICES, Criterion, Facility, Library
from flows.text import words
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

#: What is loaded from the content folder.
FILES = (
    "criteria.yaml",
    "programme.yaml",
    "gazetteer/places.csv",
    "gazetteer/names.csv",
    "gazetteer/changes.csv",
)


class BadContent(Exception):
    """A content file says something that can't be; the message names the file, the place in it and what to write."""


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
    for name in FILES:
        summed.update(name.encode())
        summed.update((content / name).read_bytes())
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
    serving: dict[str, list[str]] = {}
    for row in connection.execute(sa.select(facility_communes).order_by(facility_communes.c.commune)):
        serving.setdefault(row.facility, []).append(row.commune)
    known = [
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
    asked = [
        Criterion(row.code, row.service, row.theme, words(row.question), words(row.label))
        for row in connection.execute(
            sa.select(criteria).where(criteria.c.retired.is_(False)).order_by(criteria.c.position)
        )
    ]
    calendar = [
        (row.code, row.from_on.isoformat(), row.to_on.isoformat())
        for row in connection.execute(sa.select(rounds).order_by(rounds.c.from_on))
    ]
    version = connection.execute(sa.select(library.c.version)).scalar()
    return Library(gazetteer, known, asked, calendar, int(version or 0))


# -- Content files ----------------------------------------------------------------------------------------


#: A citizen changes one of her answers, or the comment, by choosing among ten.
MOST_CRITERIA = 9


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadContent(f"{file.name} is not in {file.parent}") from None
    except UnicodeDecodeError:
        raise BadContent(f"{file.name}: save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise BadContent(f"{file.name}{line}: {getattr(error, 'problem', None) or 'is no YAML'}") from None
    if not isinstance(said, dict):
        raise BadContent(f"{file.name}: write names and values, as in the file that came with this release")
    return said


def read_criteria(file: Path) -> list[dict[str, Any]]:
    """Rows for the criteria table; BadContent names what is wrong."""
    rows: list[dict[str, Any]] = []
    for service, listed in (dict.fromkeys(SERVICES) | _read_yaml(file)).items():
        if service not in SERVICES:
            raise BadContent(
                f"{file.name}: there is no service {service!r}; write one of {', '.join(SERVICES)}"
            )
        if not isinstance(listed, list) or not listed:
            raise BadContent(f"{file.name}: {service} has no criteria; write a list, each with - code:")
        if len(listed) > MOST_CRITERIA:
            raise BadContent(f"{file.name}: {service} has {len(listed)} criteria; {MOST_CRITERIA} fit")
        for entry in listed:
            row = _criterion(entry, service, len(rows) + 1, file)
            if row["code"] in {before["code"] for before in rows}:
                raise BadContent(f"{file.name}: {row['code']}: the code is there twice")
            rows.append(row)
    return rows


def _criterion(entry: Any, service: str, position: int, file: Path) -> dict[str, Any]:
    entry = entry if isinstance(entry, dict) else {}
    code = str(entry.get("code") or "")
    where = f"{file.name}: {service}, criterion {position} ({code or 'without a code'})"
    missing = [key for key in ("code", "theme", "question", "label") if not entry.get(key)]
    if missing:
        raise BadContent(f"{where} lacks {', '.join(missing)}")
    if not re.fullmatch("[a-z0-9-]{1,40}", code):
        raise BadContent(f"{where}: write the code in at most 40 of a-z, 0-9 and -")
    for key in ("question", "label"):
        _said(entry[key], f"{where}: {key}")
    return {
        "code": code,
        "service": service,
        "position": position,
        "theme": str(entry["theme"]),
        "question": entry["question"],
        "label": entry["label"],
        "retired": False,
    }


def _said(by_language: Any, where: str) -> None:
    """Words by language, Khmer among them."""
    if not isinstance(by_language, dict) or not by_language.get("km"):
        raise BadContent(f"{where} has no Khmer; write it after km:")
    for language, words_ in by_language.items():
        if not isinstance(words_, str):
            raise BadContent(f"{where}: put the words of {language}: in quotation marks")


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


def read_rounds(file: Path) -> list[dict[str, Any]]:
    """Rows for the table of rounds, in order of time; BadContent names what is wrong."""
    listed = _read_yaml(file).get("rounds") or []
    if not isinstance(listed, list):
        raise BadContent(f"{file.name}: rounds: write a list, each with - code:")
    wanted: list[dict[str, Any]] = []
    for number, entry in enumerate(listed, 1):
        entry = entry if isinstance(entry, dict) else {}
        code = str(entry.get("code") or "")
        where = f"{file.name}: round {code or number}"
        missing = [key for key in ("code", "name", "from", "to") if not entry.get(key)]
        if missing:
            raise BadContent(f"{where} lacks {', '.join(missing)}")
        if len(code) > 20:
            raise BadContent(f"{where}: write the code in at most 20 letters")
        if code in {row["code"] for row in wanted}:
            raise BadContent(f"{where}: the code is there twice")
        _said(entry["name"], f"{where}: name")
        row = {"code": code, "name": entry["name"], "from_on": entry["from"], "to_on": entry["to"]}
        if not all(type(row[key]) is date for key in ("from_on", "to_on")) or row["from_on"] > row["to_on"]:
            raise BadContent(f"{where}: write from: and to: as dates, the earlier first, as in 2026-12-01")
        wanted.append(row)
    wanted.sort(key=lambda row: row["from_on"])
    for before, after in pairwise(wanted):
        if after["from_on"] <= before["to_on"]:
            raise BadContent(f"{file.name}: rounds {before['code']} and {after['code']} overlap")
    return wanted


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
