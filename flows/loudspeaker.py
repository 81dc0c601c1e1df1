"""A notice as it is read out over a village's loudspeaker: slowly, and its day, time and place twice."""

from __future__ import annotations

from flows.library import Library, place_with_unit
from flows.meetings import Meeting, clock, kind_name
from flows.text import Day, Phrase, _, joined


def read_out(meeting: Meeting, library: Library) -> Phrase:
    """The whole text, a paragraph for each breath."""
    held = {
        "kind": kind_name(meeting.kind),
        "day": Day(meeting.on),
        "time": clock(meeting.at),
        "place": meeting.place,
    }
    # Those who follow a facility have no loudspeaker of their own.
    codes = meeting.villages if meeting.scope == "villages" else (meeting.commune,)
    people = joined(*(place_with_unit(library.place(code)) for code in codes), separator=", ")
    said: list[Phrase] = [
        _("Attention, please, everybody in {whom}!", whom=people),
        _("There is a meeting, {kind}, on {day}, at {time}, at {place}.", **held),
    ]
    why = purpose(meeting.kind)
    if why is not None:
        said.append(why)
    if meeting.note:
        said.append(joined(meeting.note))
    said += [
        _("Everybody is welcome: women and men, young and old, people with disabilities."),
        _("Once more: {kind}, on {day}, at {time}, at {place}.", **held),
        _("Thank you for listening."),
    ]
    return joined(*said, separator="\n\n")


def purpose(kind: str) -> Phrase | None:
    """What such a meeting is for, as one explains it to somebody who was never at one; None where it may be
    anything."""
    match kind:
        case "village":
            return _("We talk about what our village needs.")
        case "i4c":
            return _(
                "You hear what the commune office, the health centre and the school owe you, what it costs, and what money they have."
            )
        case "scorecard":
            return _(
                "We score the services of the commune office, the health centre and the school together. Nobody writes down your name."
            )
        case "interface":
            return _(
                "Citizens and those who serve them compare their scores and agree on what is to become better."
            )
        case "jaap":
            return _("We look at what was promised last year, what was done, and what was not.")
        case _:
            return None
