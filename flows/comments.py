"""What citizens said beside their scores, for those who can act on it: page by page, to be marked as answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.library import SERVICES, Library, facility_in_short, facility_name
from flows.officials import may
from flows.outcomes import Answered, Done, Goto, Outcome
from flows.packtext import day, shortened
from flows.pages import (
    MORE,
    MOST_SEGMENTS,
    OUT,
    Entry,
    Page,
    fill,
    fits_a_caption,
    fits_a_screen,
    fits_a_text_message,
    numbered,
)
from flows.questions import Attachment, Fact, Given, Option, Say
from flows.text import Phrase, _, joined
from flows.world import Grant, World

if TYPE_CHECKING:
    from datetime import date

#: What begins the name of a file that is kept here, and not by the provider; its number follows, as hex digits.
KEPT = "kept:"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as officials read it: without what could tell who said it, and without a time finer than the day.

    `key` is opaque and leads back to nobody. `kind` is voice or photo where something was sent; `state` of that is
    waiting, kept or refused, and only what is kept has the number `attachment`. `seconds` of sound.
    """

    key: str
    facility: str
    round: str
    said_on: date
    text: str
    kind: str | None = None
    attachment: bytes | None = None
    seconds: int = 0
    answered_on: date | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose comments somebody reads: of these facilities, where a commune is named only those in its name."""

    facilities: tuple[str, ...]
    commune: str | None = None


def scope(roles: Iterable[Grant], subject: str, library: Library) -> Scope | None:
    """The comments that roles allow to read of a commune or of a facility; None: none at all. The council reads what
    was said in the name of its commune, the staff what was said of its facility."""
    roles = tuple(roles)
    facility = library.facility(subject)
    if facility is not None:
        if any(_serves(grant, facility.code) for grant in roles):
            return Scope((facility.code,))
        theirs = [commune for commune in facility.communes if may(roles, "comments", commune)]
        if not theirs:
            return None
        whole = len(theirs) == len(facility.communes)
        return Scope((facility.code,), None if whole else theirs[0])
    if len(subject) != 6 or library.place(subject) is None:
        return None
    serving = [facility.code for service in SERVICES for facility in library.facilities(subject, service)]
    if may(roles, "comments", subject):
        return Scope(tuple(serving), subject)
    own = tuple(code for code in serving if any(_serves(grant, code) for grant in roles))
    return Scope(own) if own else None


def _serves(grant: Grant, facility: str) -> bool:
    return grant.role == "staff" and grant.facility == facility


# -- Reading them -----------------------------------------------------------------------------------------

#: As many as are read here, one after the other; more are on the dashboard.
MOST = 50
LONGEST_NAME = 20  # letters of a facility in a text message

NEXT = Option("next", _("Next comment"))
ANSWERED = Option("answered", _("Mark as answered"))
WAITING = Option("waiting", _("Only unanswered ones"))
SCORES = Option("scores", _("Back to the scores"))


async def comments(world: World) -> Outcome:
    """One comment after the other, the newest first; each may be marked as answered.

    Begun with the `subject`, a commune or a facility; when one was marked, with what was `found` before and `at` which
    of them to go on, and `done`: whether it was marked.
    """
    subject, only = str(await Given("subject") or ""), bool(await Given("unanswered"))
    if scope(world.roles, subject, world.library) is None:
        await Say(
            _("Only the council, and the staff of a facility, read the comments."), budget=MOST_SEGMENTS
        )
        return Goto("scores")
    at, done = int(await Given("at") or 0), await Given("done")
    listed = {(said.facility, said.key): said for said in world.board.comments(subject, only)}
    found = await Fact("found", lambda: [list(of) for of in listed])
    there = [
        (number, listed[facility, key])
        for number, (facility, key) in enumerate(found)
        if (facility, key) in listed
    ]
    there = [(number, said) for number, said in there if number >= at]
    head: Phrase | None = None
    if done is not None:
        head = _("Marked as answered.") if done else _("It was marked as answered already.")
    if not there:
        await Say(head or (_("No comment waits for an answer.") if only else _("There are no comments yet.")))
        return _back(world, {"place": subject})
    waits = [said.answered_on is None for said in listed.values()]
    mixed = any(waits) and not all(waits)
    for place, (number, said) in enumerate(there):
        ways = [] if place + 1 == len(there) else [NEXT]
        ways += [] if said.answered_on else [ANSWERED]
        ways += [WAITING] if place == 0 and mixed and not only else []
        ways += [] if world.channel.brief and ways else [SCORES]
        way = await _read(world, said, number, joined(number + 1, len(found), separator="/"), head, ways)
        head = None
        match way:
            case ANSWERED.value:
                return Answered(
                    said.facility,
                    said.key,
                    {"subject": subject, "unanswered": only, "found": found, "at": number + 1},
                )
            case WAITING.value:
                return Goto("comments", {"subject": subject, "unanswered": True})
            case SCORES.value:
                return Goto("scores", {"place": subject})
            case OUT.value:
                break
    return Goto("menu")


def _back(world: World, given: dict[str, str]) -> Outcome:
    """To the scores, where they cost nothing."""
    return Done() if world.channel.brief else Goto("scores", given)


async def _read(
    world: World, said: Comment, number: int, which: Phrase, head: Phrase | None, ways: list[Option[str]]
) -> str:
    """A comment, in as many pages as it takes; the way that was taken from the last, or out."""
    pages = _paged(world, said, which, head, ways)
    for page, text in enumerate(pages, 1):
        way: str = await Page(
            key=f"comment.{number}" if page == 1 else f"comment.{number}.{page}",
            text=joined(text),
            options=(MORE,) if page < len(pages) else tuple(ways),
            budget=MOST_SEGMENTS,
            attachment=_beside(said) if page == 1 else None,
        )
        if way != MORE.value:
            return way
    return OUT.value


def _paged(
    world: World, said: Comment, which: Phrase, head: Phrase | None, ways: list[Option[str]]
) -> list[str]:
    speak, brief = world.speak, world.channel.brief
    beneath = max((speak(numbered(options)) for options in ((MORE,), ways)), key=len) if brief else ""
    title = "\n".join(filter(None, (speak(head) if head else "", *map(speak, _title(world, said, which)))))
    beside = speak(_what(said, brief=brief) or "")
    text = "\n".join(filter(None, (said.text, beside))) or "…"
    fits = fits_a_text_message if brief else fits_a_caption if _beside(said) else fits_a_screen

    def compose(page: list[Entry] | tuple[Entry, ...], number: str) -> str:
        parts = (title, *(entry.text for entry in page), beneath)
        return ("\n" if brief else "\n\n").join(filter(None, parts))

    pages = fill([Entry(text, "", 0)], lambda page, number: compose(tuple(page), number), fits, 1)
    beneath = ""
    return [compose(tuple(page), "") for page in pages]


def _title(world: World, said: Comment, which: Phrase) -> list[Phrase]:
    """Which comment it is, on what, of which day, and whether it was answered."""
    facility = world.library.facility(said.facility)
    on = day(said.said_on.isoformat())
    if world.channel.brief:
        name = (
            shortened(world.speak(facility_in_short(facility, world.library)), LONGEST_NAME)
            if facility
            else ""
        )
        answered = _("answered") if said.answered_on else None
        return [joined(which, name, *(part for part in (on, answered) if part), separator=" ")]
    name_in_full = facility_name(facility, world.library) if facility else joined(said.facility)
    lines: list[Phrase] = [
        _("Comment {which} · {facility}", which=which, facility=name_in_full),
        _("Written on {day}", day=on),
    ]
    if said.answered_on:
        lines.append(_("✅ Answered on {day}", day=day(said.answered_on.isoformat())))
    return lines


def _what(said: Comment, *, brief: bool) -> Phrase | None:
    """What came with a comment, and where it is."""
    if said.kind is None:
        return None
    what = _("a voice note") if said.kind == "voice" else _("a photo")
    match said.state:
        case "kept" if brief:
            return _("({what}: on Telegram or the dashboard)", what=what)
        case "kept":
            return _("🎤 {seconds} seconds", seconds=said.seconds) if said.seconds else None
        case "waiting":
            return _("({what} is still being fetched)", what=what)
        case _:
            return _("({what} could not be kept)", what=what)


def _beside(said: Comment) -> Attachment | None:
    """The voice note or photo that goes with it, where the channel has such."""
    if said.attachment is None or said.kind is None:
        return None
    return Attachment(said.kind, KEPT + said.attachment.hex(), 0, said.seconds)
