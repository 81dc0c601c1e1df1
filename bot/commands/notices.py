"""Meetings that are announced: which, how far telling them is, and what became of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from bot import catalogues
from bot.commands import err, library, out, read, refuse, run_async
from bot.commands.announcing import local, one, press_of
from bot.commands.lookup import languages, place_code
from bot.settings import read_settings
from broadcasts import lists, turnout
from flows.library import Library, facility_name, full_name, place_name
from flows.loudspeaker import read_out
from flows.meetings import Meeting, kind_name
from flows.questions import Say
from flows.text import Catalogue, spoken
from flows.turnout import from_json, report
from handlers.desk import utc_now
from storage import audience
from storage import notices as rows
from storage.database import Connection, connect
from storage.notices import Broadcast, Notice


class _OrPlace(TyperGroup):
    """`samleng notices 0803` lists what is announced there, `samleng notices import` is a word of its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return list(super().parse_args(ctx, ["", *args] if args and args[0] in self.commands else args))


many = typer.Typer(cls=_OrPlace, invoke_without_command=True, help="Meetings that are announced.")


def register(app: typer.Typer) -> None:
    """Add these words to the command."""
    app.add_typer(many, name="notices")
    app.add_typer(one, name="notice")


# -- Many -------------------------------------------------------------------------------------------------


@many.callback()
def listed(
    context: typer.Context,
    place: Annotated[str, typer.Argument(help="only what is announced here: an NCDD code or a name")] = "",
    every: Annotated[bool, typer.Option("--all", help="also those that are over or were cancelled")] = False,
) -> None:
    """The coming meetings, or all there were."""
    if context.invoked_subcommand is not None:
        return
    settings = read_settings()
    places = library(settings)
    within = place_code(place, places) if place else ""
    after = None if every else utc_now()
    found = read(settings, rows.listed, after=after, place=within, announced=not every)
    if not found:
        out.print("No meeting is announced" + (f" in {within}." if within else "."))
        return
    khmer_, english = languages()
    table = Table("number", "when", "kind", "commune", "", "for", "where", "state", box=None)
    for notice in found:
        meeting = notice.meeting
        table.add_row(
            str(notice.number),
            f"{meeting.on} {meeting.at}",
            spoken(kind_name(meeting.kind), english),
            meeting.commune,
            spoken(place_name(places.place(meeting.commune)), khmer_),
            _for(meeting, places, khmer_),
            Text(meeting.place),
            notice.state,
        )
    out.print(table)


@many.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="a .csv or .xlsx file", exists=True, dir_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="only report, announce nothing")] = False,
) -> None:
    """Announce every meeting of a table, or, when any row is bad, none. Columns: commune, kind, date, time, place;
    and, where wanted, villages, facility, note."""
    settings = read_settings()
    press = press_of(settings, library(settings))

    async def load() -> lists.Report:
        database = connect(settings.database_url)
        try:
            return await lists.import_list(database, press, file, utc_now(), check=check)
        finally:
            await database.close()

    found = run_async(load())
    for colour, problems in (("red", found.problems), ("yellow", found.warnings)):
        for problem in problems:
            where = f"row {problem.row}" if problem.row else "file"
            column = f", {problem.column}" if problem.column else ""
            err.print(f"{where}{column}: ", style=colour, markup=False, end="")
            err.print(f"{problem.english}\n    {problem.khmer}", markup=False, soft_wrap=True)
    if found.problems:
        refuse(f"{len(found.problems)} problems: nothing was announced. Mend them and import again.")
    numbers = [number for _row, number, _meeting in found.meetings if number is not None]
    which = f", numbers {numbers[0]} to {numbers[-1]}" if numbers else ""
    out.print(
        f"{'Would announce' if check else 'Announced'}: {len(found.meetings)} meetings to {found.people:,} people, "
        f"{found.segments:,} SMS segments{which}; {found.unchanged} as before."
    )


# -- One --------------------------------------------------------------------------------------------------


@one.command()
def show(number: Annotated[int, typer.Argument(help="as `samleng notices` shows it")]) -> None:
    """Everything about a meeting: for whom, what was sent and how far it is, who was reached and comes."""
    settings = read_settings()
    places = library(settings)
    press = press_of(settings, places)

    def look(connection: Connection) -> tuple[Notice, list[Broadcast], dict[int, int], list[Any], Any] | None:
        notice = rows.find(connection, number)
        if notice is None:
            return None
        planned = rows.broadcasts_of(connection, number)
        people = {
            b.id: sum(audience.count_due(connection, notice, b).values())
            for b in planned
            if b.state == "queueing"
        }
        counted = from_json(notice.turnout) if notice.turnout else turnout.count(connection, press, notice)
        return notice, planned, people, rows.states(connection, number), counted

    found = read(settings, look)
    if found is None:
        refuse(f"There is no meeting {number}. See: samleng notices --all")
    notice, planned, people, states, counted = found
    khmer_, english = languages()
    meeting = notice.meeting
    out.print(f"{number}: {spoken(kind_name(meeting.kind), english)}, {notice.state}", markup=False)
    by = "the command line" if notice.author is None else f"contact {notice.author}"
    lines = {
        "when": f"{meeting.on} {meeting.at}",
        "where": meeting.place,
        "commune": f"{meeting.commune} {spoken(full_name(meeting.commune, places), khmer_)}",
        "for": _for(meeting, places, khmer_),
        "note": meeting.note,
        "attached": meeting.attachment.kind if meeting.attachment else "",
        "announced": f"{local(notice.created_at)} by {by}",
        "changed": f"{local(notice.changed_at)}, version {notice.version}" if notice.version > 1 else "",
    }
    for name, line in lines.items():
        if line:
            out.print(f"  {name:10} {line}", markup=False, soft_wrap=True)
    table = Table("sent", "due", "state", "people", "messages", box=None)
    for broadcast in planned:
        queued = f"{broadcast.queued:,}"
        if broadcast.id in people:
            queued += f" of {people[broadcast.id]:,}"
        counts = [
            f"{row.channel} {row.state}{f' ({row.error})' if row.error else ''} {row.count:,}"
            for row in states
            if row.broadcast == broadcast.id
        ]
        table.add_row(broadcast.kind, local(broadcast.due_at), broadcast.state, queued, ", ".join(counts))
    out.print(table)
    if notice.state == "cancelled" or not (notice.turnout or any(broadcast.queued for broadcast in planned)):
        return
    for reply in report(counted, meeting, places, number)[1:]:
        assert isinstance(reply, Say)
        out.print(spoken(reply.text, english), markup=False, soft_wrap=True)
    if not notice.turnout:
        out.print("So far; it is counted for good when the meeting begins.")


@one.command()
def loudspeaker(
    number: Annotated[int, typer.Argument(help="as `samleng notices` shows it")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="write it to this file")] = None,
    language: Annotated[str, typer.Option(help="km or another that the service speaks")] = "km",
) -> None:
    """The notice as it is read out in the village, to be printed."""
    settings = read_settings()
    chains = catalogues.load()
    if (language, catalogues.MESSAGES) not in chains:
        spoken_ = ", ".join(code for code, _name in catalogues.languages())
        refuse(f"The service does not speak {language}. Write one of: {spoken_}.")
    notice = read(settings, rows.find, number)
    if notice is None:
        refuse(f"There is no meeting {number}. See: samleng notices --all")
    text = spoken(read_out(notice.meeting, library(settings)), chains[language, catalogues.MESSAGES])
    if output is None:
        out.print(text, markup=False, soft_wrap=True)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        out.print(f"Written to {output}", markup=False)


def _for(meeting: Meeting, places: Library, catalogue: Catalogue) -> str:
    """For whom, in a few words."""
    facility = places.facility(meeting.facility) if meeting.facility else None
    if facility is not None:
        return f"followers of {facility.code} {spoken(facility_name(facility, places), catalogue)}"
    if meeting.villages:
        names = (f"{code} {spoken(place_name(places.place(code)), catalogue)}" for code in meeting.villages)
        return ", ".join(names)
    return "the commune"
