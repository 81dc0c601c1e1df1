"""Recordings: which keys have one, importing them, deciding about what waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text as Printed

from bot.commands import err, library, out, read, refuse, transact
from bot.commands.announcing import local
from bot.commands.lookup import languages, place_code
from bot.settings import read_settings
from flows.library import Library
from flows.packs import Pack
from flows.packtext import shortened
from flows.recordable import Recordable, blocks, find, questions
from flows.sound import LANGUAGES, Recording, language_name
from flows.text import joined, spoken
from handlers.desk import utc_now
from storage import audit, packs, recordings, soundfiles
from storage.database import Connection
from storage.soundfiles import Ready

audio = typer.Typer(no_args_is_help=True, help="Recordings, for people who listen instead of reading.")

_SHOWN = 100  # problems of an import; who mends them sees the rest
_WORDS = 40  # letters of what is to be read out

Number = Annotated[int, typer.Argument(help="as `samleng audio show` gives it")]
Language = Annotated[str, typer.Option(help=", ".join(LANGUAGES))]


@audio.command(name="list")
def list_(
    language: Language = "",
    missing: Annotated[bool, typer.Option("--missing", help="only keys that lack one")] = False,
    commune: Annotated[str, typer.Option(help="as people of this commune hear it: a code or a name")] = "",
) -> None:
    """Every key, and the languages in which people hear it: ✓ for everybody, a number for so many communes, … what
    waits, old what was changed since it was read out."""
    settings = read_settings()
    _known(language)
    places = library(settings)
    home = place_code(commune, places) if commune else ""
    shown = (language,) if language else LANGUAGES
    rows, published = read(settings, _stored)
    khmer, english = languages()
    table = Table(
        "key", "to be read out", *(spoken(language_name(code), english) for code in shown), box=None
    )
    lacking = dict.fromkeys(shown, 0)
    listed = _listed(places, published, home)
    for one in listed:
        cells = [_cell(one, code, rows, home) for code in shown]
        for code, cell in zip(shown, cells, strict=True):
            lacking[code] += not cell
        if missing and all(cells):
            continue
        words = spoken(joined(one.text), khmer).replace("\n", " ")
        table.add_row(one.key, Printed(shortened(words, _WORDS)), *cells)
    out.print(table)
    counts = ", ".join(f"{spoken(language_name(code), english)} {count}" for code, count in lacking.items())
    out.print(f"{len(listed)} keys; without a recording: {counts}.")


@audio.command()
def show(
    key: Annotated[
        str, typer.Argument(help="as `samleng audio list` gives it; without one, what waits")
    ] = "",
    every: Annotated[bool, typer.Option("--every", help="superseded and refused ones too")] = False,
) -> None:
    """The recordings of a key, and all that waits to be approved, by their numbers."""
    settings = read_settings()
    places = library(settings)
    states = ("proposed", "approved", "superseded", "refused") if every else ("proposed", "approved")
    rows, published = read(settings, _stored, states)
    found = [row for row in rows if (row.key == key if key else row.state == "proposed")]
    khmer, _english = languages()
    if key:
        text = _find(key, places, published)
        if text is None:
            refuse(f"There is nothing with the key {key}. The keys: samleng audio list")
        out.print(spoken(text.whole, khmer), markup=False, soft_wrap=True)
    if not found:
        out.print("\nNobody has recorded it." if key else "Nothing waits.")
        return
    table = Table(
        "number", "key", "language", "commune", "state", "seconds", "bytes", "by", "recorded", box=None
    )
    for row in found:
        text = _find(row.key, places, published)
        old = text is None or text.says != row.says
        table.add_row(
            str(row.id),
            row.key,
            row.language,
            row.commune or "everywhere",
            f"{row.state}, old" if old else row.state,
            str(row.seconds),
            f"{row.size:,}",
            Printed(row.source_name or (f"contact {row.author}" if row.author else "the command line")),
            local(row.created_at),
        )
    out.print(table)
    out.print("To hear one: samleng audio export NUMBER -o FILE.ogg")


@audio.command(name="import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="LANGUAGE/KEY.ogg, or folders of such", exists=True)],
    language: Language = "",
    commune: Annotated[
        str, typer.Option(help="only people of this commune hear them: a code or a name")
    ] = "",
) -> None:
    """Have people hear recordings from files: all of them, or, when anything is wrong with one, none."""
    settings = read_settings()
    _known(language)
    home = place_code(commune, library(settings)) if commune else ""
    files = soundfiles.gather(paths)
    if not files:
        refuse("There is no file there. Write files named KEY.ogg, or the folder they are in.")
    ready, problems, new = transact(settings, _install, files, language, home, utc_now())
    for problem in problems[:_SHOWN]:
        err.print(problem, style="red", markup=False, soft_wrap=True)
    if len(problems) > _SHOWN:
        err.print(f"and {len(problems) - _SHOWN} more.", style="red")
    if problems:
        refuse(
            f"{len(problems)} of {len(files)} files can't be taken: nothing was stored. Mend them and try again."
        )
    for one in new:
        out.print(f"  {one.language}  {one.key}, {one.sound.seconds} s", markup=False)
    before = len(ready) - len(new)
    out.print(
        f"{len(new)} recordings are heard from now on" + (f", {before} were before." if before else ".")
    )


def _install(
    connection: Connection, files: list[Path], language: str, commune: str, now: datetime
) -> tuple[list[Ready], list[str], list[Ready]]:
    ready, problems = soundfiles.judge(connection, files, language)
    if problems:
        return ready, problems, []
    new = soundfiles.install(connection, ready, commune, now)
    if new:
        detail = {"recordings": len(new), "languages": ", ".join(sorted({one.language for one in new}))}
        audit.note(connection, now, "imported", None, None, detail | ({"place": commune} if commune else {}))
    return ready, [], new


@audio.command()
def export(
    number: Number,
    output: Annotated[Path, typer.Option("-o", "--output", help="write it to this file, .ogg")],
) -> None:
    """Write a recording to a file, to listen to it."""
    if output.exists():
        refuse(f"{output} is there already. Write another name.")
    sound = read(read_settings(), recordings.sound, number)
    if sound is None:
        refuse(f"There is no recording {number}, or it was deleted. See: samleng audio show")
    output.write_bytes(sound)
    out.print(f"Written to {output}", markup=False, soft_wrap=True)


@audio.command()
def approve(number: Number) -> None:
    """Have people hear it, in place of what they heard before; also one that is old and holds all the same."""

    def work(connection: Connection) -> Recording | None:
        one = recordings.one(connection, number)
        says = soundfiles.says(connection, one.key) if one is not None else None
        now = utc_now()
        if one is None or says is None or not recordings.approve(connection, number, says, now):
            return None
        audit.note(connection, now, "approved", None, None, _detail(one))
        return one

    one = _decided(transact(read_settings(), work), number)
    out.print(f"People hear it from now on: {one.key}, {one.language}.", markup=False)


@audio.command(name="refuse")
def refuse_(number: Number) -> None:
    """Have nobody hear it, and delete its sound."""

    def work(connection: Connection) -> Recording | None:
        one = recordings.one(connection, number)
        now = utc_now()
        if one is None or not recordings.refuse(connection, number, now):
            return None
        audit.note(connection, now, "refused", None, None, _detail(one))
        return one

    one = _decided(transact(read_settings(), work), number)
    out.print(f"Deleted: {one.key}, {one.language}.", markup=False)


def _decided(one: Recording | None, number: int) -> Recording:
    if one is None:
        refuse(f"There is no recording {number} to decide about. See: samleng audio show")
    return one


def _detail(one: Recording) -> dict[str, Any]:
    detail = {"recording": one.number, "key": one.key, "language": one.language}
    return detail | ({"place": one.commune} if one.commune else {})


def _known(language: str) -> None:
    if language and language not in LANGUAGES:
        refuse(f"There is no language {language}. Write one of: {', '.join(LANGUAGES)}.")


def _stored(
    connection: Connection, states: Iterable[str] = ("proposed", "approved")
) -> tuple[list[Any], dict[str, Pack]]:
    """The recordings, and what is published, by subject."""
    shown = {pack.subject: pack for pack in packs.all_published(connection, samples=True)}
    return recordings.listed(connection, list(states)), shown


def _find(key: str, places: Library, published: dict[str, Pack]) -> Recordable | None:
    return find(key, places, published.get)


def _listed(places: Library, published: dict[str, Pack], home: str) -> list[Recordable]:
    """Everything that can be read out; with `home`, only what the facilities of this commune publish."""
    listed = questions(places)
    for subject, pack in published.items():
        facility = places.facility(subject)
        if not home or facility is None or home in facility.communes:
            listed += blocks(pack)
    return listed


def _cell(one: Recordable, language: str, rows: list[Any], home: str) -> str:
    """What there is of a key in a language."""
    found = [
        row
        for row in rows
        if row.key == one.key and row.language == language and (not home or row.commune in ("", home))
    ]
    now = [row for row in found if row.says == one.says]
    approved = [row for row in now if row.state == "approved"]
    if any(not row.commune or home for row in approved):
        return "✓"
    if approved:
        return str(len(approved))
    if any(row.state == "proposed" for row in now):
        return "…"
    return "old" if any(row.state == "approved" for row in found) else ""
