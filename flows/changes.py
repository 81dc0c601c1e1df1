"""Meetings that are announced: a list, another time or place or note, calling one off."""

from __future__ import annotations

from dataclasses import replace

from flows.assent import yes
from flows.meetings import Meeting, as_json, clock, from_json, kind_name, whom
from flows.notices import PARTS, WHEN, ask_note, ask_place, look
from flows.officials import may
from flows.outcomes import CalledOff, Changed, Done, Goto, Outcome
from flows.questions import JSON, Choice, Fact, Given, Option, Say
from flows.text import Day, Phrase, _, joined
from flows.when import choose_when
from flows.world import World

MOST_LISTED = 8  # meetings one chooses from


async def meetings(world: World) -> Outcome:
    """The coming meetings: to change for whom they belong to, to know of for everybody else."""
    listed = await Fact("listed", lambda: [[n, as_json(m)] for n, m in world.upcoming()[:MOST_LISTED]])
    coming = [(int(number), from_json(fields)) for number, fields in listed]
    if not coming:
        await Say(_("No meeting is announced."))
        return Done() if world.channel.brief else Goto("menu")
    theirs = [
        (number, meeting) for number, meeting in coming if may(world.roles, "announce", meeting.commune)
    ]
    if not theirs:
        for _number, meeting in coming[:3]:
            await Say(_line(meeting, world), budget=6)
        return Done() if world.channel.brief else Goto("menu")
    options = [Option(str(number), _in_short(meeting)) for number, meeting in theirs]
    picked = await Choice(
        key="notice", text=_("Which meeting do you want to change?"), options=tuple(options), budget=5
    )
    return Goto("change", {"notice": int(picked)})


def _line(meeting: Meeting, world: World) -> Phrase:
    return _(
        "{kind}, {whom}. {day}, {time}, at {place}.",
        kind=kind_name(meeting.kind),
        whom=whom(meeting, world.library),
        day=Day(meeting.on),
        time=clock(meeting.at),
        place=meeting.place,
    )


def _in_short(meeting: Meeting) -> Phrase:
    return joined(kind_name(meeting.kind), Day(meeting.on), clock(meeting.at))


async def change(world: World) -> Outcome:
    """Another time, place or note for an announced meeting; or it is not held."""
    notice = int(await Given("notice") or 0)
    fields = await Fact("meeting", lambda: _find(world, notice))
    if fields is None:
        return Goto("not_possible", {"trouble": "gone"})
    meeting = from_json(fields)
    what = await Choice(
        key="what",
        text=joined(_line(meeting, world), _("What do you want to change?"), separator="\n"),
        options=(*PARTS[1:], Option("cancel", _("It is not held"))),
        budget=3,
    )
    if what == "cancel":
        sure = await yes("cancel", _("Tell everybody who was told that it is not held?"))
        return CalledOff(notice) if sure else Goto("meetings")
    if what == "when":
        on, at = await choose_when(world, "when", WHEN)
        meeting = replace(meeting, on=on, at=at)
    elif what == "place":
        meeting = replace(meeting, place=await ask_place())
    else:
        note, shown = await ask_note()
        meeting = replace(meeting, note=note, attachment=shown)
    match await look(world, meeting, notice):
        case "send":
            return Changed(notice, meeting)
        case "change":
            return Goto("change", {"notice": notice})
    await Say(_("Nothing was changed."))
    return Done() if world.channel.brief else Goto("menu")


def _find(world: World, notice: int) -> dict[str, JSON] | None:
    for number, meeting in world.upcoming():
        if number == notice and may(world.roles, "announce", meeting.commune):
            return as_json(meeting)
    return None


async def changed(world: World) -> Outcome:
    """After a meeting was changed or called off."""
    if await Given("cancelled"):
        await Say(
            _("Cancelled. {people} people who were told hear of it.", people=int(await Given("people")))
        )
    else:
        await Say(_("Changed. {people} people who were told hear of it.", people=int(await Given("people"))))
    return Done() if world.channel.brief else Goto("menu")
