"""Importing a registry of facilities: every bad row is reported, and nothing of a file with a bad row is loaded.

The registered facilities of a commune take the place of its provisional ones. A code is permanent: ratings
point to it, so a facility is never deleted, only retired.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from flows.gazetteer import Gazetteer, Place
from flows.library import Facility
from storage import sums
from storage.complaints import Problem
from storage.database import Database
from storage.listing import HEADINGS, OWN, Listing
from storage.reference import raise_version, read_facilities
from storage.sheets import Sheet, Unreadable, read_sheet
from storage.tables import facilities, facility_communes, place_changes, places


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. With a problem it does nothing."""

    added: tuple[Facility, ...] = ()
    changed: tuple[Facility, ...] = ()
    unchanged: tuple[Facility, ...] = ()
    retired: tuple[Facility, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """How many facilities an import touched, or would; none when there are problems."""

    added: int
    changed: int
    unchanged: int
    retired: int
    problems: list[Problem]
    warnings: list[Problem]


async def import_registry(
    database: Database, path: Path, *, retire_missing: bool = False, dry_run: bool = False
) -> Report:
    """Bring the registered facilities to what the file says, all of it or nothing."""
    try:
        sheet = await asyncio.to_thread(read_sheet, path)
    except Unreadable as error:
        return Report(0, 0, 0, 0, [Problem(None, "", error.english, error.khmer)], [])
    if dry_run:
        planned = await database.read(plan, sheet, retire_missing=retire_missing)
    else:
        planned = await database.transact(_import, sheet, retire_missing)
    return Report(
        len(planned.added),
        len(planned.changed),
        len(planned.unchanged),
        len(planned.retired),
        list(planned.problems),
        list(planned.warnings),
    )


def _import(connection: sa.Connection, sheet: Sheet, retire_missing: bool) -> Plan:
    if connection.dialect.name == "postgresql":
        # The lock of migrations: what a plan was made from must still be so when it is applied.
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(5841)"))
    planned = plan(connection, sheet, retire_missing=retire_missing)
    if not planned.problems:
        apply(connection, planned)
    return planned


# -- Planning ---------------------------------------------------------------------------------------------

_PLACES = sa.select(places.c.code, places.c.kind, places.c.name_km, places.c.name_latin)
_CHANGES = sa.select(place_changes.c.old_code, place_changes.c.new_code)


def plan(connection: sa.Connection, sheet: Sheet, *, retire_missing: bool = False) -> Plan:
    """Compare the sheet with what is stored; changes nothing.

    With `retire_missing`, the registered facilities that the sheet does not list are retired, of those
    services it has any of: a list of health centres says nothing about schools.
    """
    stored = _stored(connection)
    gazetteer = Gazetteer(
        (Place(*row) for row in connection.execute(_PLACES)),
        changes=((row.old_code, row.new_code or "") for row in connection.execute(_CHANGES)),
    )
    listing = Listing(sheet, gazetteer, {code: facility.service for code, facility in stored.items()})
    warnings = tuple(sorted(listing.warnings, key=_position))
    if listing.problems:
        return Plan(problems=tuple(sorted(listing.problems, key=_position)), warnings=warnings)
    listed = listing.facilities
    return Plan(
        added=tuple(facility for facility in listed if facility.code not in stored),
        changed=tuple(f for f in listed if f.code in stored and stored[f.code] != f),
        unchanged=tuple(f for f in listed if stored.get(f.code) == f),
        retired=tuple(_missing(listed, stored.values(), gazetteer)) if retire_missing else (),
        warnings=warnings,
    )


def _stored(connection: sa.Connection) -> dict[str, Facility]:
    return {facility.code: facility for facility in read_facilities(connection)}


def _missing(
    listed: Sequence[Facility], stored: Iterable[Facility], gazetteer: Gazetteer
) -> Iterable[Facility]:
    codes = {facility.code for facility in listed}
    services = {facility.service for facility in listed}
    for facility in stored:
        if facility.provisional or facility.retired or facility.code in codes:
            continue
        if facility.service not in services:
            continue
        own = OWN.fullmatch(facility.code)
        if own and gazetteer.place(own[2]):
            # It took the place of a commune's own, which must not be left without any.
            yield Facility(facility.code, facility.service, "", "", (own[2],), provisional=True)
        else:
            yield replace(facility, retired=True)


def _position(problem: Problem) -> tuple[int, int]:
    columns = list(HEADINGS)
    return problem.row or 0, columns.index(problem.column) if problem.column in columns else len(columns)


# -- Applying ---------------------------------------------------------------------------------------------

_ADD = sa.insert(facilities)
_CHANGE = (
    sa.update(facilities)
    .where(facilities.c.code == sa.bindparam("which"))
    .values({column: sa.bindparam(column) for column in ("name_km", "name_latin", "provisional", "retired")})
)
_SERVE = sa.insert(facility_communes)
_UNSERVE = sa.delete(facility_communes).where(facility_communes.c.facility == sa.bindparam("which"))


def apply(connection: sa.Connection, plan: Plan) -> None:
    """Do what was planned, in the caller's transaction."""
    if plan.problems:
        raise ValueError("a plan with problems is never applied")
    replaced = plan.changed + plan.retired
    if not plan.added and not replaced:
        return
    served_before = [f.code for f in replaced]
    sums.take(connection, served_before)
    if plan.added:
        connection.execute(_ADD, [{"code": f.code, "service": f.service, **_columns(f)} for f in plan.added])
    if replaced:
        connection.execute(_CHANGE, [{"which": f.code, **_columns(f)} for f in replaced])
        connection.execute(_UNSERVE, [{"which": f.code} for f in replaced])
    served = [
        {"facility": f.code, "commune": commune} for f in plan.added + replaced for commune in f.communes
    ]
    if served:
        connection.execute(_SERVE, served)
    sums.give(connection, served_before)
    raise_version(connection)


def _columns(facility: Facility) -> dict[str, str | bool]:
    return {
        "name_km": facility.km,
        "name_latin": facility.latin,
        "provisional": facility.provisional,
        "retired": facility.retired,
    }
