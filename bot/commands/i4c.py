"""Information for citizens: the template a clerk fills in, checking and importing it, looking at what is published."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text as Printed

from bot.commands import err, library, out, read, refuse, transact
from bot.commands.announcing import local
from bot.commands.lookup import languages, place_code
from bot.settings import read_settings
from flows.library import SERVICES, Library, facility_name, service_name
from flows.packs import Budget, Item, Pack, Performance, Price, last_true_on, old
from flows.text import Catalogue, Words, joined, spoken
from handlers.desk import utc_now
from storage import packs
from storage.complaints import Problem
from storage.database import Connection
from storage.localtime import LOCAL
from storage.packcheck import Checked, check_file

i4c = typer.Typer(no_args_is_help=True, help="Information for citizens: rights, standards, prices, budget.")

_SHOWN = 100  # problems of a file; who mends them sees the rest

File = Annotated[Path, typer.Argument(help="an .xlsx or .yaml file", exists=True, dir_okay=False)]
Facility = Annotated[str, typer.Argument(help="the code of a facility, as in hc080303, or of a service")]


@i4c.command()
def template(
    service: Annotated[str, typer.Argument(help="ca, hc or ps; or the code of a facility")],
    output: Annotated[Path, typer.Option("-o", "--output", help="write it to this file, .xlsx")],
) -> None:
    """Write the workbook that a clerk fills in."""
    from reports.template import write_template  # brings openpyxl with it

    facility = ""
    if service not in SERVICES:
        found = library(read_settings()).facility(service)
        if found is None:
            refuse(
                f"There is no service {service}. Write one of {', '.join(SERVICES)}, or a facility's code."
            )
        service, facility = found.service, found.code
    if output.suffix.lower() != ".xlsx":
        refuse(f"The template is an .xlsx file. Write: -o {output.with_suffix('.xlsx')}")
    if output.exists():
        refuse(f"{output} is there already, and may be filled in. Write another name.")
    write_template(service, output, facility)
    out.print(f"Written to {output}", markup=False, soft_wrap=True)


@i4c.command()
def check(file: File) -> None:
    """Say what is wrong with a pack, by sheet, row and column. Stores nothing."""
    checked = _checked(file, library(read_settings()))
    assert checked.pack is not None
    out.print(f"Nothing is wrong: {_summary(checked.pack)}.", markup=False, soft_wrap=True)


@i4c.command(name="import")
def import_(
    file: File,
    publish_: Annotated[bool, typer.Option("--publish", help="show it to everybody at once")] = False,
) -> None:
    """Take a pack as a draft: all of it, or, when anything is wrong, nothing."""
    settings = read_settings()
    checked = _checked(file, library(settings))
    assert checked.pack is not None
    kept, new = transact(settings, packs.enter, checked.pack, None, utc_now(), file.name, show=publish_)
    subject = kept.subject
    what = f"{_summary(kept)}, version {kept.version}"
    if not new:
        out.print(f"As before, {kept.state}: {what}.", markup=False, soft_wrap=True)
    elif kept.state == "published":
        out.print(f"Published: {what}.", markup=False, soft_wrap=True)
    if kept.state == "draft":
        out.print(
            f"{'Draft' if new else 'Still a draft'}: {what}. To show it: samleng i4c publish {subject}",
            soft_wrap=True,
        )


@i4c.command()
def publish(facility: Facility) -> None:
    """Show the draft of a facility to everybody, in place of what was published before."""
    settings = read_settings()
    code = facility.lower()

    def work(connection: Connection) -> Pack | None:
        draft = packs.draft(connection, code)
        if draft is not None:
            packs.publish(connection, code, draft.version, utc_now())
        return draft

    draft = transact(settings, work)
    if draft is None:
        refuse(f"There is no draft of {code}. See: samleng i4c list")
    out.print(f"Published: {_summary(draft)}, version {draft.version}.", markup=False, soft_wrap=True)


@i4c.command(name="list")
def list_(
    place: Annotated[str, typer.Argument(help="only of facilities here: an NCDD code or a name")] = "",
) -> None:
    """What is published, and the drafts."""
    settings = read_settings()
    places = library(settings)
    within = place_code(place, places)[:6] if place else ""
    found = read(settings, packs.current, within)
    if not found:
        out.print("There is no pack" + (f" in {within}." if within else "."))
        return
    khmer_, _english = languages()
    today = utc_now().astimezone(LOCAL).date()
    table = Table("facility", "", "state", "version", "published", "items", "true on", "", box=None)
    for kept in found:
        pack = kept.pack
        marks = ["sample"] if pack.sample else ["general"] if pack.general else []
        marks += ["old"] if any(old(item, today) for item in pack.items) else []
        table.add_row(
            pack.subject,
            _name(pack, places, khmer_),
            pack.state,
            str(pack.version),
            pack.published_on or "",
            str(len(pack.items)),
            last_true_on(pack.items) or "",
            ", ".join(marks),
        )
    out.print(table)


@i4c.command()
def show(facility: Facility) -> None:
    """Everything that a facility publishes, its draft, its versions, and how often it is read."""
    settings = read_settings()
    places = library(settings)
    code = facility.lower()
    kept = read(settings, packs.versions, code)
    wishes = read(settings, packs.wishes_of, code)
    if not kept and places.facility(code) is None:
        refuse(f"There is no facility {code}. See: samleng i4c list")
    if not kept:
        out.print(f"{code} has no pack." + _months(" Wished for:", wishes), markup=False)
        return
    khmer_, english = languages()
    today = utc_now().astimezone(LOCAL).date()
    for pack in (one.pack for one in kept if one.pack.state != "superseded"):
        sample = ", sample" if pack.sample else ""
        out.print(
            f"{code} {_name(pack, places, khmer_)}: {pack.state}, version {pack.version}{sample}",
            markup=False,
        )
        for block in pack.blocks:
            out.print(f"\n{block}", style="bold")
            for item in pack.of(block):
                late = f", old: {item.true_on}" if old(item, today) else ""
                out.print(f"  {item.key:15} {_line(item, khmer_)}", markup=False, soft_wrap=True)
                out.print(f"  {'':15} {_line(item, english)}", markup=False, soft_wrap=True, style="dim")
                out.print(
                    f"  {'':15} ({spoken(item.source, khmer_)}{late})",
                    markup=False,
                    soft_wrap=True,
                    style="dim",
                )
        out.print()
    table = Table("version", "state", "entered", "by", "file", "published", box=None)
    for one in kept:
        by = f"contact {one.author}" if one.author is not None else "the command line"
        table.add_row(
            str(one.pack.version),
            one.pack.state,
            local(one.created_at),
            "this release" if "/" in one.source_name else by,
            Printed(one.source_name),
            local(one.published_at) if one.published_at else "",
        )
    out.print(table)
    counts = read(settings, packs.read_of, code)
    if counts:
        months = sorted({month for month, _block in counts})
        blocks = sorted({block for _month, block in counts})
        table = Table("read in", *blocks, box=None)
        for month in months:
            table.add_row(month, *(str(counts.get((month, block), "")) for block in blocks))
        out.print(table)
    if wishes:
        out.print(_months("Wished for:", wishes))


def _checked(file: Path, places: Library) -> Checked:
    """What a file holds; ends the command when anything is wrong with it."""
    checked = check_file(file, places, utc_now().astimezone(LOCAL).date())
    _print("yellow", checked.warnings)
    _print("red", checked.problems)
    if checked.pack is None:
        refuse(f"{len(checked.problems)} problems: nothing was stored. Mend them and try again.")
    return checked


def _print(colour: str, problems: tuple[Problem, ...]) -> None:
    for problem in problems[:_SHOWN]:
        where = ", ".join(
            filter(
                None,
                (
                    f"sheet {problem.sheet}" if problem.sheet else "",
                    f"row {problem.row}" if problem.row else "",
                    problem.column,
                ),
            )
        )
        err.print(f"{where or 'file'}: ", style=colour, markup=False, end="")
        err.print(f"{problem.english}\n    {problem.khmer}", markup=False, soft_wrap=True)
    if len(problems) > _SHOWN:
        err.print(f"and {len(problems) - _SHOWN} more.", style=colour)


def _summary(pack: Pack) -> str:
    counts = ", ".join(f"{block} {len(pack.of(block))}" for block in pack.blocks)
    return f"{pack.subject}, {len(pack.items)} items ({counts})"


def _name(pack: Pack, places: Library, catalogue: Catalogue) -> str:
    facility = places.facility(pack.subject)
    return spoken(facility_name(facility, places) if facility else service_name(pack.service), catalogue)


def _line(item: Item, catalogue: Catalogue) -> str:
    """An item in one line, as the operator checks it; citizens are shown it otherwise."""
    said = spoken(item.text, catalogue).replace("\n", " ")
    match item:
        case Performance():
            actual = "?" if item.actual is None else f"{item.actual:g}"
            return f"{said}: {actual} / {item.target:g} {spoken(item.unit, catalogue)}, {item.year}"
        case Price():
            parts: Iterable[Words | None] = (item.documents, item.exempt)
            days = "" if item.days is None else f", ≤ {item.days} d"
            more = spoken(joined(*(part for part in parts if part), separator=" · "), catalogue)
            words = f" [{', '.join(item.keywords)}]" if item.keywords else ""
            return f"{said}: {item.riel:,} ៛{days}{f' · {more}' if more else ''}{words}"
        case Budget():
            spent = "?" if item.spent is None else f"{item.spent:,}"
            return f"{said}: {spent} / {item.planned:,} ៛, {item.year}"
    kind = getattr(item, "kind", "")
    return f"{kind}: {said}" if kind else said


def _months(before: str, counts: dict[str, int]) -> str:
    return f"{before} {', '.join(f'{month} {count}' for month, count in counts.items())}" if counts else ""
