"""Who may do what: invitations, roles, and the log of both."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from bot import catalogues
from bot.commands import library, out, read, refuse, transact
from bot.commands.lookup import languages, place_code
from bot.settings import Settings, read_settings
from flows.library import Library
from flows.officials import ROLES, role_name, to_send, ways, where
from flows.text import spoken
from flows.world import Grant
from handlers.codes import deep_link
from handlers.desk import LOCAL, utc_now
from storage import audit, codes, roles
from storage.database import Connection
from storage.vault import Vault

MOST = 1000  # codes at once; a province has 500 facilitators
COMMUNE = 6  # digits of a commune's code

#: Where a role can hold, by the number of digits of a place's code; and how to write it.
HOLDS_IN = {
    "caf": ((6,), "a commune, as in: samleng invite caf 080303"),
    "council": ((6,), "a commune, as in: samleng invite council 080303"),
    "staff": ((6,), "the commune of the facility, as in: samleng invite staff 080303 --facility hc080303"),
    "viewer": ((0, 2, 4, 6), "a province, a district or a commune, or 0 for the nation"),
    "admin": ((0, 2, 4, 6), "a province, a district or a commune, or 0 for the nation"),
}


def register(app: typer.Typer) -> None:
    """Add these words to the command."""
    for word in (invite, people, revoke):
        app.command()(word)
    app.command(name="audit")(audit_)


def invite(
    role: Annotated[str, typer.Argument(help="caf, council, staff, viewer or admin")],
    place: Annotated[str, typer.Argument(help="where: an NCDD code or a name; 0 for the nation")],
    facility: Annotated[str, typer.Option(help="the code of the facility of a staff member")] = "",
    count: Annotated[int, typer.Option(help="how many codes, each for one person", min=1, max=MOST)] = 1,
) -> None:
    """Make codes that give a role to whoever sends one to the bot. They are shown once and kept nowhere."""
    if role not in ROLES:
        refuse(f"There is no role {role}. Write one of: {', '.join(ROLES)}.")
    settings = read_settings()
    places = library(settings)
    grant = Grant(role, _holds_in(role, place, places), _facility(role, facility, places))
    commune = places.facility(grant.facility) if grant.facility else None
    if commune is not None and grant.place not in commune.communes:
        refuse(
            f"{commune.code} serves {', '.join(commune.communes)}, not {grant.place}. "
            f"Write: samleng invite staff {commune.communes[0]} --facility {commune.code}"
        )
    now = utc_now()
    made = transact(settings, _make, Vault(settings.secret()), grant, count, now)
    _show(made, grant, places, settings, now)


def _make(connection: Connection, vault: Vault, grant: Grant, count: int, now: datetime) -> list[str]:
    made = [codes.make(connection, vault, codes.ROLE, now, grant=grant) for _ in range(count)]
    detail = {"role": grant.role, "place": grant.place, "codes": count}
    if grant.facility:
        detail["facility"] = grant.facility
    audit.note(connection, now, "invited", None, None, detail)
    return made


def _show(made: list[str], grant: Grant, places: Library, settings: Settings, now: datetime) -> None:
    """The codes, how they get to us, and what to write to the person by SMS."""
    khmer, english = languages()
    brief = catalogues.load()["km", "sms"]
    until = (now + codes.LASTS[codes.ROLE]).astimezone(LOCAL).date()
    one = "One code, for one person" if len(made) == 1 else f"{len(made)} codes, each for one person"
    what = f"{spoken(role_name(grant.role), english)}, {spoken(where(grant, places), khmer)}"
    out.print(f"{one}, good until {until}: {what}", markup=False, soft_wrap=True)
    number = settings.sms_number
    for code in made:
        link = deep_link(settings.telegram_username, code)
        out.print(f"\n{code}" + (f"   https://{link}" if link else ""), markup=False, soft_wrap=True)
        here = where(grant, places, brief=True)
        lines = [to_send(role_name(grant.role), here, code), *ways(number, link)]
        out.print("  SMS: " + " ".join(spoken(line, brief) for line in lines), markup=False, soft_wrap=True)
    if not settings.telegram_username:
        out.print("\nWith SAMLENG_TELEGRAM_USERNAME set there is a link that opens the bot with the code.")


def people(
    place: Annotated[str, typer.Argument(help="only what lies here: an NCDD code or a name")] = "",
) -> None:
    """Everybody who has a role: where, since when, by which channel. Never an address."""
    settings = read_settings()
    places = library(settings)
    within = place_code(place, places) if place else ""
    rows = read(settings, roles.listed, within)
    if not rows:
        out.print(
            "Nobody has a role" + (f" in {within}" if within else "") + ". To invite: samleng invite --help"
        )
        return
    khmer, _english = languages()
    table = Table("number", "role", "place", "", "since", "channel", box=None)
    for row in rows:
        name = spoken(where(Grant(row.role, row.place, row.facility), places), khmer)
        table.add_row(
            str(row.id),
            row.role,
            row.facility or row.place or "0",
            name,
            row.granted_on.isoformat(),
            row.channel,
        )
    out.print(table)


def revoke(number: Annotated[int, typer.Argument(help="as `samleng people` shows it")]) -> None:
    """Take a role back, at once. Invitations that its holder made and nobody has accepted are void."""
    settings = read_settings()
    lost = transact(settings, roles.withdraw, number, actor=None, now=utc_now())
    if lost is None:
        refuse(f"There is no number {number}. See: samleng people")
    khmer, english = languages()
    name = spoken(where(lost, library(settings)), khmer)
    role = spoken(role_name(lost.role), english)
    out.print(f"Taken back: number {number} is no longer {role}, {name}.", markup=False, soft_wrap=True)


def audit_(last: Annotated[int, typer.Option("--last", help="how many entries", min=1)] = 50) -> None:
    """Who was given or lost what, and by whom; who announced and published what. People by their numbers, never by address."""
    rows = read(read_settings(), audit.last, last)
    if not rows:
        out.print("Nothing has been written yet.")
        return
    table = Table("at", "what", "by", "about", "", box=None)
    for row in rows:
        table.add_row(
            row.at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M"),
            row.action,
            "operator" if row.actor is None else f"contact {row.actor}",
            "" if row.subject is None else f"contact {row.subject}",
            ", ".join(f"{name} {'nation' if value == '' else value}" for name, value in row.detail.items()),
        )
    out.print(table)


# -- What was written -------------------------------------------------------------------------------------


def _holds_in(role: str, place: str, places: Library) -> str:
    """The code of the place, where this role can hold."""
    levels, write = HOLDS_IN[role]
    code = place_code(place, places, levels)
    if len(code) not in levels:
        found = places.place(code)
        what = f"a {found.kind}" if found else "the nation"
        inside = f" {code} lies in {code[:COMMUNE]}." if len(code) > COMMUNE else ""
        refuse(f"The role {role} can't hold in {what}.{inside} Write {write}.")
    return code


def _facility(role: str, facility: str, places: Library) -> str:
    """The code of the facility, for a member of its staff and for nobody else."""
    if role != "staff":
        if facility:
            refuse(f"{role} has no facility. Leave out --facility, or write: samleng invite staff …")
        return ""
    if not facility:
        refuse(f"staff needs a facility. Write {HOLDS_IN['staff'][1]}")
    found = places.facility(facility)
    if found is None or found.retired:
        refuse(f"There is no facility {facility}. Write its code in the registry, as in hc080303.")
    return found.code
