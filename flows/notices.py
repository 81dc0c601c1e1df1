"""Announcing a meeting, with a look at it exactly as citizens will see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flows.library import place_name, place_with_unit
from flows.meetings import KINDS, Meeting, clock, kind_name
from flows.officials import commune_for, may_somewhere
from flows.outcomes import Announced, Done, Goto, Outcome
from flows.places import choose_facility
from flows.questions import JSON, Attachment, Choice, Comment, Fact, Given, Line, Option, Remark, Say
from flows.services import CHOICES
from flows.text import Day, Phrase, _, joined
from flows.villages import DONE, choose_villages
from flows.when import choose_when
from flows.world import World

LONGEST_PLACE = 80  # letters; every one goes to everybody
LONGEST_NOTE = 200

WHEN = _("On which day and at what time? For example: tomorrow 8:00 in the morning")


def announces(world: World) -> bool:
    """Whether the person may announce meetings anywhere."""
    return may_somewhere(world.roles, "announce")


async def announce(world: World) -> Outcome:
    """A meeting, from its kind to a look at it exactly as citizens will see it."""
    commune = await commune_for(world, "announce")
    if commune is None:
        return Goto("not_allowed")
    kind = await Choice(
        key="kind",
        text=_("Which meeting in {commune}?", commune=place_with_unit(world.library.place(commune))),
        options=(
            *(Option(kind, kind_name(kind)) for kind in KINDS[:-1]),
            Option(KINDS[-1], _("Another meeting")),
        ),
        budget=2,
    )
    scope = await Choice(
        key="scope",
        text=_("For whom?"),
        options=(
            Option("commune", _("The whole commune")),
            Option("villages", _("Some villages")),
            Option("facility", _("Those who follow a service")),
        ),
    )
    villages = await choose_villages(world, commune) if scope == "villages" else ()
    facility = await _followed(world, commune) if scope == "facility" else None
    on, at = await choose_when(world, "when", WHEN)
    place = await ask_place()
    note, shown = await ask_note()
    meeting = Meeting(kind, commune, scope, on, at, place, note, villages, facility, shown)
    sure = await look(world, meeting, None)
    if sure == "send":
        return Announced(meeting)
    if sure == "no":
        await Say(_("Nothing was announced."))
        return Done() if world.channel.brief else Goto("menu")
    other = await Choice(key="other", text=_("What do you want to change?"), options=PARTS)
    return Goto("announce", _without(other, meeting, world))


PARTS = (
    Option("scope", _("For whom")),
    Option("when", _("Day and time")),
    Option("place", _("Place")),
    Option("note", _("Note")),
)


def _without(other: str, meeting: Meeting, world: World) -> dict[str, JSON]:
    """The answers that make this meeting, but for the one to be given anew."""
    a = meeting.attachment
    remark = {"text": meeting.note} | ({"attachment": [a.kind, a.file, a.size, a.seconds]} if a else {})
    facility = world.library.facility(meeting.facility) if meeting.facility else None
    given: dict[str, dict[str, JSON]] = {
        "scope": {
            "scope": meeting.scope,
            "village.1": {"villages": list(meeting.villages)},
            "village.2": {"way": DONE},
            "service": facility.service if facility else "",
            "facility.pick.1": meeting.facility,
        },
        "when": {"when.1": f"{meeting.on}T{meeting.at}"},
        "place": {"place": meeting.place},
        "note": {"note": remark if a or meeting.note else None},
    }
    kept = {"commune": meeting.commune, "kind": meeting.kind}
    for name, answers in given.items():
        if name != other:
            kept |= answers
    return kept


async def _followed(world: World, commune: str) -> str:
    """The facility whose followers are told."""
    service: str = await Choice(
        key="service",
        text=_("Those who follow which service?"),
        options=CHOICES,
    )
    return (await choose_facility(world, commune, service)).code


async def ask_place() -> str:
    place = await Line(
        key="place", text=_("Where is it held? For example: at the pagoda"), longest=LONGEST_PLACE
    )
    assert isinstance(place, str)  # it has no other ways
    return place


async def ask_note() -> tuple[str, Attachment | None]:
    note = await Comment(
        key="note",
        text=_(
            "What else should people know or bring? A short note; on Telegram also a photo or a voice note."
        ),
        longest=LONGEST_NOTE,
        budget=2,
    ).or_skip()
    return (note.text, note.attachment) if isinstance(note, Remark) else ("", None)


# -- A look before it goes out ----------------------------------------------------------------------------


async def look(world: World, meeting: Meeting, notice: int | None) -> str:
    """The message as people will see it on each channel, what sending it takes, and what is to be done: send,
    change or no. What can't be done is said instead of being offered."""
    plan = await Fact("plan", lambda: world.plan(meeting, notice))
    await Say(_("This is what people will see:"))
    for brief, text in plan["shown"]:
        shown = meeting.attachment if world.channel.images and not brief else None
        await Say(
            joined(_("By SMS:") if brief else _("On Telegram:"), text, separator="\n"), attachment=shown
        )
    await Say(_takes(plan))
    for line in _warnings(plan, world):
        await Say(line)
    options = (
        Option("send", _("Send it")),
        Option("change", _("Change something")),
        Option("no", _("Leave it")),
    )
    refused = plan["trouble"] in {"past", "cap"}
    sure: str = await Choice(
        key="sure",
        text=_("Shall it go out?") if not refused else _("It can't go out like this."),
        options=options[1:] if refused else options,
        budget=6,
    )
    return sure


def _takes(plan: dict[str, Any]) -> Phrase:
    """How many people, what it costs, when it goes out and how long that takes."""
    minutes = -(-int(plan["seconds"]) // 60)
    on, _t, at = str(plan["out_at"]).partition("T")
    out = _("{day}, {time}", day=Day(on), time=clock(at)) if plan["later"] else _("at once")
    said = {"people": plan["people"], "out": out, "minutes": max(minutes, 1)}
    if plan["segments"]:
        return _(
            "{people} people, {segments} SMS segments. Goes out {out}, takes {minutes} min.",
            segments=plan["segments"],
            **said,
        )
    return _("{people} people. Goes out {out}, takes {minutes} min.", **said)


def _warnings(plan: dict[str, Any], world: World) -> list[Phrase]:
    said: list[Phrase] = []
    match plan["trouble"]:
        case "past":
            said.append(_("That time has passed already."))
        case "late":
            said.append(late(plan["people"], plan.get("told")))
        case "cap":
            said.append(
                _(
                    "Your commune may send {left} more SMS segments today. Choose fewer villages.",
                    left=plan["left"],
                )
            )
        case "nobody":
            said.append(_("Nobody there has joined yet. Ask people to send JOIN."))
    if plan["villages"] and plan["trouble"] != "nobody":
        said.append(called_out(plan["villages"], world))
    return said


def late(people: int, told: int | None) -> Phrase:
    """That not everybody can be told before a meeting begins, and about how many can be."""
    if told is None:  # looked at before there was such a number
        return _("Not everybody can be told before it begins. Those who can't are left out.")
    if not told:
        return _("Nobody can be told before it begins.")
    return _(
        "Only about {told} of {people} people can be told before it begins. The others are left out.",
        told=told,
        people=people,
    )


def called_out(villages: Sequence[str], world: World) -> Phrase:
    """Villages where few have joined."""
    names = joined(*(place_name(world.library.place(code)) for code in villages), separator=", ")
    return _("Few have joined in {villages}: have it called out there.", villages=names)


async def announced(world: World) -> Outcome:
    """After a meeting was announced."""
    notice = int(await Given("notice"))
    people = int(await Given("people"))
    told = await Given("told")  # where these are not all
    await Say(
        _(
            "Announced, number {number}, to {people} people. You will hear how many came to know. To change or cancel: MEETINGS",
            number=notice,
            people=people,
        )
    )
    if told is not None:
        await Say(late(people, int(told)), budget=2)
    return Done() if world.channel.brief else Goto("menu")


async def not_allowed(world: World) -> Outcome:
    """Somebody without the role, or who has it no more."""
    await Say(_("Only volunteers and council members who were invited can announce meetings."))
    return Done() if world.channel.brief else Goto("menu")


async def not_possible(world: World) -> Outcome:
    """What was planned can't be done any more, such as a meeting that has begun meanwhile."""
    trouble = await Given("trouble")
    if trouble == "cap":
        await Say(_("Your commune may send no more SMS today. Nothing was announced."))
    elif trouble == "gone":
        await Say(_("That meeting is over, cancelled, or not yours to change."))
    else:
        await Say(_("That time has passed already. Nothing was announced."))
    return Done() if world.channel.brief else Goto("menu")
