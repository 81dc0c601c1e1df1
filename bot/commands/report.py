"""`samleng report`: a scorecard as a file, of one place or facility, or one for each commune."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands import library, out, read, refuse
from bot.commands.lookup import catalogue, place_code
from bot.commands.presses import Job, done_by_two, folder_for, progress, write
from bot.settings import Settings, read_settings
from flows.library import Library
from flows.text import Catalogue
from handlers.desk import LOCAL
from reports import card, pages, reading, tables, typesetting
from reports.pages import Links
from reports.poster import Reach
from reports.scorecard import Scorecard, Standing
from storage.database import Connection

FORMATS = ("pdf", "png", "xlsx", "csv", "json")
NATION = "nation"
LEVELS = (0, 2, 4, 6)  # digits of what a report can be of
#: Each of what, by the digits of its code.
EACH = {"province": 2, "district": 4, "commune": 6}
_QUARTER = re.compile(r"[0-9]{4}-Q[1-4]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def report(
    place: Annotated[
        str, typer.Argument(help="a code of 2, 4 or 6 digits, a name, the code of a facility, or nation")
    ] = NATION,
    round_: Annotated[
        str, typer.Option("--round", help="as in 2026-Q4; the newest with ratings where it is left out")
    ] = "",
    format_: Annotated[str, typer.Option("--format", help=", ".join(FORMATS))] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="the file; with --each a folder")
    ] = None,
    each: Annotated[
        str, typer.Option(help="one file for each commune (or district, province) of the place")
    ] = "",
    language: Annotated[str, typer.Option(help="the code of a language, km or en")] = "km",
) -> None:
    """The scores of a place or facility as a file: a report for the notice board, a picture, a table."""
    made = _format(format_, output, each)
    if each and each not in EACH:
        refuse(f"There is no report for each {each}. Write one of: {', '.join(EACH)}.")
    settings = read_settings()
    places = library(settings)
    writer = Writer(places, catalogue(language), made, links(settings))
    facility = None if each else places.facility(place.strip().lower())
    code = facility.code if facility else place_code(place, places, LEVELS)[:6]
    chosen = _rounds(round_, read(settings, _there, places, code), places)
    if each:
        codes = below(code, EACH[each], places)
        if not codes:
            refuse(f"{place} has no {each}s within. Write a wider place, or leave out --each.")
        _each(settings, writer, codes, chosen, output or Path("reports"), each)
        return
    scorecard, parts = read(settings, _read, places, code, chosen)
    file = output or Path(f"{_stem(scorecard)}.{made}")
    write(file, writer.written(scorecard, parts))
    out.print(f"Written to {file}: {_said(scorecard)}.", markup=False, soft_wrap=True)


def links(settings: Settings) -> Links:
    """Where the codes on paper lead, as far as it is known."""
    username, number = settings.telegram_username, settings.sms_from if settings.sms_receives else None
    return Links(settings.public_url, Reach(f"https://t.me/{username}", number) if username else None)


def _said(scorecard: Scorecard) -> str:
    if not scorecard:
        return "no scores to show yet"
    ratings = sum(section.raters for section in scorecard.sections)
    said = f"{ratings:,} ratings, round {', '.join(scorecard.rounds)}"
    return f"{said}, sample data" if scorecard.sample else said


def _stem(scorecard: Scorecard) -> str:
    return "-".join((scorecard.facility or scorecard.place or NATION, *scorecard.rounds))


# -- Writing ----------------------------------------------------------------------------------------------


class Writer:
    """Makes files of scorecards in one format and language."""

    def __init__(self, places: Library, catalogue: Catalogue, made: str, leading: Links) -> None:
        self.library, self.catalogue, self.format, self._links = places, catalogue, made, leading

    def written(self, scorecard: Scorecard, parts: Standing | None = None) -> bytes:
        """One file."""
        match self.format:
            case "pdf":
                return pages.pdf(scorecard, self.library, self.catalogue, parts, self._links)
            case "png":
                return card.card_png(scorecard, self.library, self.catalogue)
            case "xlsx":
                return tables.xlsx(scorecard, self.library, self.catalogue, parts)
            case "csv":
                return tables.csv(scorecard, self.library, self.catalogue, parts)
            case _:
                return tables.json(scorecard, self.library, parts)

    def job(self, scorecard: Scorecard, parts: Standing | None, file: Path) -> Job | int:
        """The same for another process, where it is typesetting; the rest is quick and done at once."""
        match self.format:
            case "pdf":
                filled = pages.data(scorecard, self.library, self.catalogue, parts, self._links)
                return Job(set_report, (filled, file))
            case "png":
                return Job(set_card, (card.data(scorecard, self.library, self.catalogue), file))
            case _:
                write(file, self.written(scorecard, parts))
                return 1


def set_report(data: dict[str, Any], file: Path) -> None:
    """What a worker does: one report."""
    write(file, typesetting.pdf("scorecard", data))


def set_card(data: dict[str, Any], file: Path) -> None:
    """What a worker does: one picture."""
    write(file, typesetting.png("card", data, card.DOTS)[0])


def _each(
    settings: Settings, writer: Writer, codes: Sequence[str], chosen: Sequence[str], folder: Path, what: str
) -> None:
    folder_for(folder)
    empty: list[str] = []
    with progress("reports") as bars:
        bar = bars.add_task("reports", total=len(codes))
        for count in set_reports(settings, writer, codes, chosen, folder, empty):
            bars.advance(bar, count)
    said = [f"1 {what}" if len(codes) == 1 else f"{len(codes):,} {what}s"]
    if empty:
        said.append(f"{len(empty):,} without scores to show yet")
    out.print(f"Written to {folder}: {', '.join(said)}.", markup=False, soft_wrap=True)


def set_reports(
    settings: Settings,
    writer: Writer,
    codes: Sequence[str],
    chosen: Sequence[str],
    folder: Path,
    empty: list[str],
) -> Iterator[int]:
    """A file for each place, set by two processes; yields how many are done. `empty` takes those without scores."""

    def jobs() -> Iterator[Job | int]:
        # A province at a time: what is read once serves its communes, and little is in memory.
        for province in dict.fromkeys(code[:2] for code in codes):
            within = [code for code in codes if code[:2] == province]
            for scorecard, parts in read(settings, _read_each, writer.library, within, chosen):
                if not scorecard:
                    empty.append(scorecard.place)
                yield writer.job(scorecard, parts, folder / f"{scorecard.place}.{writer.format}")

    return done_by_two(jobs())


# -- Reading ----------------------------------------------------------------------------------------------


def _read(
    connection: Connection, places: Library, code: str, chosen: Sequence[str]
) -> tuple[Scorecard, Standing | None]:
    if places.facility(code):
        return reading.of_facility(connection, places, code, chosen), None
    parts = reading.of_parts(connection, places, code, chosen) if len(code) in reading.PARTS else None
    return reading.of_place(connection, places, code, chosen), parts


def _read_each(
    connection: Connection, places: Library, codes: Sequence[str], chosen: Sequence[str]
) -> list[tuple[Scorecard, Standing | None]]:
    if len(codes[0]) == 6:
        return [(made, None) for made in reading.of_communes(connection, places, codes, chosen)]
    return [_read(connection, places, code, chosen) for code in codes]


def _there(connection: Connection, places: Library, code: str) -> list[str]:
    """The rounds with something to show, the newest first."""
    facility = places.facility(code)
    return reading.rounds(connection, places, facility.communes[0] if facility else code)


def below(code: str, digits: int, places: Library) -> list[str]:
    """The codes of all places of so many digits within a place, or itself."""
    if len(code) >= digits:
        return [code] if len(code) == digits else []
    return [one for part in places.gazetteer.below(code) for one in below(part.code, digits, places)]


# -- What was asked for -----------------------------------------------------------------------------------


def _format(wanted: str, output: Path | None, each: str) -> str:
    """The format that is named, or that the file's name ends in."""
    ending = output.suffix.lstrip(".").lower() if output and not each else ""
    made = wanted.lower() or (ending if ending in FORMATS else "pdf")
    if made not in FORMATS:
        refuse(f"A report can't be {wanted}. Write one of: {', '.join(FORMATS)}.")
    return made


def _rounds(wanted: str, there: Sequence[str], places: Library) -> tuple[str, ...]:
    """The round that was named; none where it was left out. One that has no ratings yet is a round all the same."""
    if not wanted or wanted in there:
        return (wanted,) if wanted else ()
    code = wanted.upper() if _QUARTER.fullmatch(wanted.upper()) else wanted
    begins = places.round_begins(code)
    today = datetime.now(LOCAL).date().isoformat()
    known = _DAY.fullmatch(begins) is not None
    if not known or begins > today:
        why = "has not begun" if known else "is not a round"
        rounds = f"Rounds with ratings: {', '.join(there)}." if there else "No round has ratings there yet."
        refuse(f"{wanted} {why}. {rounds} Write one as in {places.round_on(today)}, or leave out --round.")
    return (code,)
