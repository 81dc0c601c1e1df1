"""Announcing one meeting from the command line, changing it, calling it off."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import typer

from bot import catalogues
from bot.commands import library, out, read, refuse, transact
from bot.commands.lookup import place_code
from bot.settings import Settings, read_settings
from broadcasts import notices
from broadcasts.notices import NotPossible, Plan
from broadcasts.schedule import LOCAL
from flows import dates, khmer
from flows.dates import Unclear
from flows.library import Library
from flows.meetings import KINDS, Meeting
from flows.notices import LONGEST_NOTE, LONGEST_PLACE
from handlers.desk import Desk, utc_now
from storage.vault import Vault

one = typer.Typer(no_args_is_help=True, help="One meeting: announce, show, change or cancel it.")


@one.command()
def announce(
    commune: Annotated[str, typer.Argument(help="an NCDD code or a name")],
    kind: Annotated[str, typer.Option(help=", ".join(KINDS))],
    when: Annotated[str, typer.Option(help='day and time, as in "2026-12-01 08:00" or "ស្អែក ម៉ោង ៨ ព្រឹក"')],
    at_place: Annotated[str, typer.Option("--at-place", help="where it is held, at most 80 characters")],
    village: Annotated[list[str] | None, typer.Option(help="only this village; may be repeated")] = None,
    facility: Annotated[str, typer.Option(help="only those who follow this facility")] = "",
    note: Annotated[str, typer.Option(help="what else people should know")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="don't ask")] = False,
) -> None:
    """Announce a meeting, after a look at what people will see and what it takes."""
    settings = read_settings()
    places = library(settings)
    code = _commune(commune, places)
    if kind not in KINDS:
        refuse(f"There is no kind of meeting {kind}. Write one of: {', '.join(KINDS)}.")
    if village and facility:
        refuse("A meeting is for villages or for those who follow a facility. Leave out one of the two.")
    on, at = _when(when)
    meeting = Meeting(
        kind,
        code,
        "villages" if village else "facility" if facility else "commune",
        on,
        at,
        _line(at_place, "--at-place", LONGEST_PLACE),
        _line(note, "--note", LONGEST_NOTE) if note else "",
        _villages(village or [], code, places),
        _facility(facility, code, places) if facility else None,
    )
    press = press_of(settings, places)
    _look(settings, press, meeting, None)
    if not yes:
        typer.confirm("Announce it?", abort=True)
    number = _done(settings, notices.announce, press, meeting, None, utc_now())
    out.print(f"Announced, number {number}. What becomes of it: samleng notice show {number}")


@one.command()
def change(
    number: Annotated[int, typer.Argument(help="as `samleng notices` shows it")],
    when: Annotated[str, typer.Option(help="another day and time")] = "",
    at_place: Annotated[str, typer.Option("--at-place", help="another place")] = "",
    note: Annotated[str | None, typer.Option(help='another note; "" for none')] = None,
    yes: Annotated[bool, typer.Option("--yes", help="don't ask")] = False,
) -> None:
    """Hold a meeting otherwise: those who were told hear of the change, and only they."""
    settings = read_settings()
    meeting = _announced(settings, number)
    if when:
        on, at = _when(when)
        meeting = replace(meeting, on=on, at=at)
    if at_place:
        meeting = replace(meeting, place=_line(at_place, "--at-place", LONGEST_PLACE))
    if note is not None:
        meeting = replace(meeting, note=_line(note, "--note", LONGEST_NOTE) if note else "")
    if meeting == _announced(settings, number):
        refuse("Nothing would be changed. Write --when, --at-place or --note.")
    press = press_of(settings, library(settings))
    _look(settings, press, meeting, number)
    if not yes:
        typer.confirm("Change it?", abort=True)
    told = _done(settings, notices.change, press, number, meeting, None, utc_now())
    out.print(f"Changed. {told:,} people who were told hear of it.")


@one.command()
def cancel(
    number: Annotated[int, typer.Argument(help="as `samleng notices` shows it")],
    yes: Annotated[bool, typer.Option("--yes", help="don't ask")] = False,
) -> None:
    """A meeting is not held: those who were told hear of it, and only they."""
    settings = read_settings()
    meeting = _announced(settings, number)
    if not yes:
        typer.confirm(f"Cancel meeting {number} on {meeting.on}, {meeting.at}?", abort=True)
    press = press_of(settings, library(settings))
    told = _done(settings, notices.call_off, press, number, None, utc_now())
    out.print(f"Cancelled. {told:,} people who were told hear of it.")


# -- A look before it goes out ----------------------------------------------------------------------------


def _look(settings: Settings, press: Desk, meeting: Meeting, replacing: int | None) -> None:
    """What people will see and what it takes; what can't be done ends the command."""
    made = read(settings, notices.plan, press, meeting, utc_now(), replacing)
    if made.trouble == "past":
        refuse(_refusal("past"))
    for text in dict.fromkeys(made.shown.values()):
        channels = ", ".join(channel for channel, said in made.shown.items() if said == text)
        out.print(f"[bold]{channels}[/bold]")
        for line in text.split("\n"):
            out.print(f"  {line}", markup=False, soft_wrap=True)
    for line in _takes(made):
        out.print(line, markup=False, soft_wrap=True)
    if made.trouble in notices.REFUSED:
        refuse(_refusal(made.trouble, f"{made.segments:,} SMS segments, {made.left:,} left"))


def _takes(made: Plan) -> list[str]:
    on = ", ".join(f"{channel} {people:,}" for channel, people in made.channels.items())
    minutes = max(-(-made.seconds // 60), 1)
    out_at = local(made.out_at) if made.later else "at once"
    lines = [
        f"{made.people:,} people" + (f" ({on})" if on else ""),
        f"{made.segments:,} SMS segments, of {made.left:,} that the commune may still send that day",
        f"Goes out {out_at}, takes {minutes:,} min.",
    ]
    if made.trouble == "late":
        lines.append(
            f"Only about {made.told:,} of {made.people:,} people can be told before it begins. The others are left "
            "out."
        )
    if made.trouble == "nobody":
        lines.append("Nobody there has joined yet.")
    elif made.villages:
        lines.append(f"Few have joined in {', '.join(made.villages)}: have it called out there.")
    return lines


def _done(settings: Settings, work: Any, *arguments: Any) -> int:
    try:
        return int(transact(settings, work, *arguments))
    except NotPossible as refused:
        refuse(_refusal(refused.trouble))


def _refusal(trouble: str, how_much: str = "") -> str:
    match trouble:
        case "past":
            return "That time has passed. Write a time to come with --when."
        case "cap":
            cost = f" ({how_much})" if how_much else ""
            return (
                f"This is more than the commune may send today{cost}. Choose fewer villages with --village, "
                "wait until tomorrow, or raise SAMLENG_SMS_CAP."
            )
        case _:
            return "That meeting has begun, is over or was cancelled. See: samleng notices --all"


# -- What was written -------------------------------------------------------------------------------------


def _when(text: str) -> tuple[str, str]:
    """The local day 2026-12-01 and the time 08:30."""
    found = dates.when(text, utc_now().astimezone(LOCAL).date())
    if isinstance(found, Unclear):
        why = {
            "no such day": "There is no such day",
            "no such time": "There is no such time of day",
            "two readings": "That can mean two times",
            "past": "That day has passed",
            "other weekday": "That day is another weekday",
        }.get(found.reason, "That is no day and time that can be read")
        refuse(f'{why}: {text[:80]}. Write it as in "2026-12-01 08:00".')
    return found.on.isoformat(), f"{found.at.hour:02}:{found.at.minute:02}"


def _line(text: str, option: str, most: int) -> str:
    line = " ".join(khmer.visible(text).split())
    if not line:
        refuse(f"{option} is empty. Write what people should read.")
    if len(line) > most:
        refuse(f"{option} has {len(line):,} characters. Write at most {most}: it goes to everybody by SMS.")
    return line


def _commune(text: str, places: Library) -> str:
    code = place_code(text, places)
    if len(code) != 6:
        inside = f" It lies in {code[:6]}." if len(code) == 8 else ""
        refuse(f"{code} is no commune.{inside} Write a commune's code, as in 080302.")
    return code


def _villages(given: list[str], commune: str, places: Library) -> tuple[str, ...]:
    found = []
    for text in given:
        code = khmer.ascii_digits(text).strip()
        if places.place(code) is None or len(code) != 8:
            refuse(f"There is no village {text[:80]}. Write its code of eight digits, as in {commune}01.")
        if code[:6] != commune:
            refuse(
                f"Village {code} lies in {code[:6]}, not in {commune}. Announce it there with a notice of its own."
            )
        found.append(code)
    return tuple(dict.fromkeys(found))


def _facility(text: str, commune: str, places: Library) -> str:
    facility = places.facility(text)
    if facility is None or facility.retired:
        refuse(f"There is no facility {text[:80]}. Write its code in the registry, as in hc{commune}.")
    if commune not in facility.communes:
        refuse(f"{facility.code} serves {', '.join(facility.communes)}, not {commune}.")
    return facility.code


def _announced(settings: Settings, number: int) -> Meeting:
    found = read(settings, notices.meeting, number, utc_now())
    if found is None:
        refuse(_refusal("gone"))
    return found


def local(at: datetime) -> str:
    return at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M")


def press_of(settings: Settings, places: Library) -> Desk:
    from bot.app import media  # brings the channels with it, which other commands start without

    return Desk(
        Vault(settings.secret()),
        places,
        media(settings),
        catalogues.load(),
        catalogues.languages(),
        timing=settings.timing,
        limits=settings.limits,
    )
