"""Information for citizens on paper: posters for the notice board, and stickers of the codes alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands import err, library, out, read, refuse
from bot.commands.lookup import catalogue
from bot.commands.presses import Job, done_by_two, folder_for, progress, write
from bot.settings import Settings, read_settings
from flows.library import SERVICES, Facility, Library
from flows.packs import Pack
from handlers.desk import LOCAL
from reports import typesetting
from reports.poster import PLACEHOLDER, SIZES, Board, Press, Reach
from reports.stickers import stickers_pdf
from storage import packs
from storage.database import Connection

PROVINCE, COMMUNE = 2, 6  # digits of their codes

Size = Annotated[str, typer.Option(help="a3 or a4")]
Language = Annotated[str, typer.Option(help="the code of a language, km or en")]
LinkBase = Annotated[
    str, typer.Option(help="what opens the bot, where it is not https://t.me/ and the bot's name")
]


def register(group: typer.Typer) -> None:
    """Add these words to a group of commands."""
    for word in (poster, stickers):
        group.command()(word)


def poster(
    facility: Annotated[str, typer.Argument(help="the code of a facility, as in hc080303")] = "",
    commune: Annotated[str, typer.Option(help="all facilities of a commune, in one file")] = "",
    each_commune_of: Annotated[
        str, typer.Option(help="all communes of a province, a file each; -o is a folder")
    ] = "",
    size: Size = "a3",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="the PDF file")] = None,
    language: Language = "km",
    link_base: LinkBase = "",
) -> None:
    """Posters for the notice board: what a facility owes and does, and the code with which one rates it."""
    if sum(map(bool, (facility, commune, each_commune_of))) != 1:
        refuse("Write one of: the code of a facility, --commune CODE, --each-commune-of PROVINCE.")
    if size.lower() not in SIZES:
        refuse(f"A poster can't be {size}. Write one of: {', '.join(SIZES)}.")
    settings = read_settings()
    reach = _reach(settings, link_base)
    places = library(settings)
    press = Press(places, catalogue(language), reach, datetime.now(LOCAL).date(), size.lower())
    if each_commune_of:
        province = _place(each_commune_of, places, PROVINCE)
        _each_commune(settings, press, province, output or Path("posters"))
        return
    if facility:
        chosen = [_facility(facility, places)]
    else:
        chosen = _of_commune(_place(commune, places, COMMUNE), places)
    boards = _Boards(settings)
    found = [board for one in chosen if (board := boards.of(one)) is not None]
    if not found:
        refuse(
            f"Nothing is published about {', '.join(one.code for one in chosen)}, and there are no general "
            "standards of its service. Publish a pack: samleng i4c import FILE --publish"
        )
    file = output or Path(f"{facility.lower() or chosen[0].communes[0]}.pdf")
    write(file, press.pdf(found))
    boards.say(file)


def stickers(
    commune: Annotated[str, typer.Option(help="the commune whose facilities get one")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="the PDF file")] = None,
    copies: Annotated[int, typer.Option(help="of each sticker", min=1, max=100)] = 1,
    language: Language = "km",
    link_base: LinkBase = "",
) -> None:
    """A sheet of stickers: only the codes, each with the name of what is rated."""
    settings = read_settings()
    reach = _reach(settings, link_base)
    places = library(settings)
    code = _place(commune, places, COMMUNE)
    chosen = [one for one in _of_commune(code, places) for _copy in range(copies)]
    file = output or Path(f"stickers-{code}.pdf")
    write(file, stickers_pdf(chosen, places, catalogue(language), reach))
    out.print(f"Written to {file}: {len(chosen)} stickers.", markup=False, soft_wrap=True)


# -- A province -------------------------------------------------------------------------------------------


def _each_commune(settings: Settings, press: Press, province: str, folder: Path) -> None:
    """A file a commune, set by two processes."""
    communes = communes_of(province, press.library)
    boards = _Boards(settings)
    folder_for(folder)
    with progress("posters") as bars:
        todo = sum(len(_of_commune(code, press.library)) for code in communes)
        bar = bars.add_task("posters", total=todo)
        for facilities in set_files(press, boards.of, communes, folder):
            bars.advance(bar, facilities)
    boards.say(folder)


def communes_of(province: str, places: Library) -> list[str]:
    """The codes of all communes of a province."""
    districts = places.gazetteer.children(province)
    return [place.code for district in districts for place in places.gazetteer.children(district.code)]


def set_files(
    press: Press, board_of: Callable[[Facility], Board | None], communes: Iterable[str], folder: Path
) -> Iterator[int]:
    """Set the posters of each commune into a file of the folder; yields how many facilities are done."""

    def jobs() -> Iterator[Job | int]:
        for code in communes:
            facilities = _of_commune(code, press.library)
            found = [board for one in facilities if (board := board_of(one)) is not None]
            if found:
                yield Job(set_file, (press.data(found), folder / f"{code}.pdf"), len(facilities))
            else:
                yield len(facilities)

    return done_by_two(jobs())


def set_file(data: dict[str, Any], file: Path) -> None:
    """What a worker does: one file of posters."""
    write(file, typesetting.pdf("poster", data))


# -- What was written -------------------------------------------------------------------------------------


class _Boards:
    """What is published, and a count of what was not."""

    def __init__(self, settings: Settings) -> None:
        samples = settings.demo_on
        self._packs: dict[str, Pack] = read(settings, _published, samples)
        self.own = self.general = self.samples = 0
        self.without: list[str] = []

    def of(self, facility: Facility) -> Board | None:
        """The facility's own pack, or its service's general one."""
        own = self._packs.get(facility.code)
        pack = own or self._packs.get(facility.service)
        if pack is None or not pack.items:
            self.without.append(facility.code)
            return None
        self.own += own is not None
        self.general += own is None
        self.samples += pack.sample
        return Board(facility, pack)

    def say(self, where: Path) -> None:
        """What came of it."""
        count = self.own + self.general
        said = ["1 poster" if count == 1 else f"{count} posters"]
        if self.general:
            said.append(
                f"{self.general} with the general standards of the service, having no pack of their own"
            )
        if self.samples:
            said.append(f"{self.samples} with sample data")
        out.print(f"Written to {where}: {', '.join(said)}.", markup=False, soft_wrap=True)
        if self.without:
            err.print(
                f"No poster for {len(self.without)}, about which nothing is published: "
                f"{', '.join(self.without[:10])}{' …' if len(self.without) > 10 else ''}",
                markup=False,
                soft_wrap=True,
            )


def _published(connection: Connection, samples: bool) -> dict[str, Pack]:
    return {pack.subject: pack for pack in packs.all_published(connection, samples)}


def _reach(settings: Settings, link_base: str) -> Reach:
    """How people get to us, as printed. A poster hangs for a year, so nothing is made up but in demo mode."""
    address = link_base.rstrip("/")
    if address and not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", address):
        refuse(f"{link_base} opens no bot. Write an address as in https://t.me/samleng_bot.")
    if not address and settings.telegram_username:
        address = f"https://t.me/{settings.telegram_username}"
    if not address and settings.demo_on:
        address = PLACEHOLDER
    if not address:
        refuse(
            "The code on a poster opens the bot, and its name is not known. Set SAMLENG_TELEGRAM_USERNAME, as in "
            "samleng_bot, or write --link-base https://t.me/samleng_bot."
        )
    number = settings.sms_from if settings.sms_on else ""
    reach = Reach(address, number if settings.sms_receives else None)
    _warn(reach)
    return reach


def _warn(reach: Reach) -> None:
    if reach.placeholder:
        err.print(
            "A sample: the code leads nowhere. Set SAMLENG_TELEGRAM_USERNAME for one that opens your bot.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )


def _facility(code: str, places: Library) -> Facility:
    found = places.facility(code)
    if found is None or found.retired:
        refuse(f"There is no facility {code}. Write its code in the registry, as in hc080303.")
    return found


def _of_commune(code: str, places: Library) -> list[Facility]:
    """The office, the health centres and the schools that serve a commune."""
    return [facility for service in SERVICES for facility in places.facilities(code, service)]


def _place(said: str, places: Library, digits: int) -> str:
    """The code of a commune or province that was written as a code or its name."""
    what, example = ("province", "08") if digits == PROVINCE else ("commune", "080303")
    found = places.finder.find(said).candidates
    named = {code for one in found if one.score == 1 for code in one.codes if len(code) == digits}
    if len(named) != 1:
        several = f": it may be {', '.join(sorted(named))}" if named else ""
        refuse(
            f"Which {what} is {said}{several}? Write its NCDD code, as in {example}; samleng find NAME shows it."
        )
    return named.pop()


if __name__ == "__main__":
    alone = typer.Typer(no_args_is_help=True, help="Information for citizens on paper.")
    register(alone)
    alone()
