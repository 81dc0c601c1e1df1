"""A clerk publishes what her facility owes and does: the template, what is wrong with the file she hands in, and a look at
the draft before everybody sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.library import SERVICES, facility_name
from flows.officials import MAY, hands_in, publishes
from flows.outcomes import Done, Drafted, Goto, Outcome, Published
from flows.packtext import block_name, shortened
from flows.places import choose_commune, choose_from
from flows.questions import JSON, Choice, Given, Option, Say
from flows.read import turn_pages
from flows.text import Phrase, _, joined, words
from flows.world import World

MOST_PROBLEMS = 10  # said of a file; who mends them finds the rest the next time
MOST_WARNINGS = 5
MOST_SEGMENTS = 6  # of what only officials get, on a channel that has no files

LONGEST_NAME = 40  # letters of a facility where each is paid for

LOOK = Option("look", _("Back to the draft"))


@dataclass(frozen=True, slots=True)
class Template(Say):
    """The empty workbook of a facility goes with what is said, where the channel has documents; written when it is sent."""

    service: str = ""
    facility: str = ""


async def publish(world: World) -> Outcome:
    """The drafts that wait to be published, and the empty template."""
    if not hands_in(world.roles):
        return Goto("not_yours")
    waiting = {subject: version for subject, version in world.drafts() if world.library.facility(subject)}
    options = [Option(subject, _named(world, subject)) for subject in waiting]
    if world.channel.documents:
        options.append(Option("template", _("Get the empty template (Excel)")))
    text: Phrase = _("Which draft do you want to look at and publish?")
    if not waiting:
        text = _("No draft is waiting. To publish something, fill in the template (Excel) and send it here.")
    if not options:
        await Say(_("No draft is waiting."), budget=MOST_SEGMENTS)
        return _ended(world)
    chosen = await choose_from(world, "draft", text, options)
    if chosen == "template":
        return Goto("template")
    return Goto("drafted", {"subject": chosen, "version": waiting[chosen]})


async def template(world: World) -> Outcome:
    """The empty workbook of one of her facilities."""
    if not hands_in(world.roles):
        return Goto("not_yours")
    if not world.channel.documents:
        return Goto("publish")
    giving = [grant for grant in world.roles if grant.role in MAY["publish"]]
    councils = [grant for grant in giving if not grant.facility]
    communes = {grant.place for grant in councils}
    if any(len(grant.place) < 6 for grant in councils):
        communes = {await choose_commune(world)}
    codes = dict.fromkeys(grant.facility for grant in giving if grant.facility)
    for commune in sorted(communes):
        for service in SERVICES:
            codes |= dict.fromkeys(facility.code for facility in world.library.facilities(commune, service))
    hers = [
        code for code in codes if (found := world.library.facility(code)) and publishes(world.roles, found)
    ]
    if not hers:
        return Goto("not_yours")
    options = [Option(code, _named(world, code)) for code in hers]
    chosen = (
        hers[0] if len(hers) == 1 else await choose_from(world, "facility", _("Whose template?"), options)
    )
    facility = world.library.facility(chosen)
    assert facility is not None  # hers are of the library
    text = _("Fill in this template of {facility} and send it here.", facility=_named(world, chosen))
    await Template(text, service=facility.service, facility=facility.code)
    return _ended(world)


def _named(world: World, code: str) -> Phrase:
    facility = world.library.facility(code)
    assert facility is not None  # asked for before
    name = facility_name(facility, world.library)
    return joined(shortened(world.speak(name), LONGEST_NAME)) if world.channel.brief else name


async def handed_in(world: World) -> Outcome:
    """A file came, and was judged: its problems by sheet, row and column, or it is kept as a draft."""
    held = dict(await Given("document") or {})
    if not hands_in(world.roles):
        return Goto("not_yours")
    problems = list(held.get("problems") or ())
    pack = held.get("pack")
    if pack is None:
        count = len(problems) + int(held.get("more") or 0)
        await Say(_("Nothing was stored: there are {count} problems in the file.", count=count))
        for problem in problems[:MOST_PROBLEMS]:
            await Say(_problem(problem), budget=MOST_SEGMENTS)
        left = count - min(len(problems), MOST_PROBLEMS)
        if left:
            await Say(_("And {count} more.", count=left), budget=MOST_SEGMENTS)
        await Say(_("Please mend the file and send it again."), budget=MOST_SEGMENTS)
        return Done()
    facility = world.library.facility(str(pack["subject"]))
    if facility is None or not publishes(world.roles, facility):
        return Goto("not_yours")
    return Drafted(facility.code, str(held.get("name") or ""), pack, tuple(held.get("warnings") or ()))


def _problem(problem: JSON) -> Phrase:
    """What is wrong and where: [sheet, row, column, English, Khmer], any of the first three may be missing."""
    sheet, row, column, english, khmer = problem
    places: list[Phrase | str] = [str(sheet)] if sheet else []
    if row is not None:
        places.append(_("row {row}", row=int(row)))
    if column:
        places.append(str(column))
    said = words({"km": str(khmer), "en": str(english)})
    return (
        joined("•", _("{where}: {problem}", where=joined(*places, separator=", "), problem=said))
        if places
        else joined("•", said)
    )


def _problems(listed: Iterable[JSON]) -> list[Phrase]:
    return [_problem(problem) for problem in listed]


async def drafted(world: World) -> Outcome:
    """A draft: a look at each block as citizens will read it, then to everybody, or left as it is."""
    subject, number = str(await Given("subject") or ""), int(await Given("version") or 0)
    warnings = _problems(await Given("warnings") or ())
    facility = world.library.facility(subject)
    pack = world.version(subject, number)
    if facility is None or pack is None or pack.state == "superseded":
        return Goto("published", {"subject": subject, "done": False})
    name = facility_name(facility, world.library)
    if pack.state == "published":
        await Say(_("{facility} has published exactly this already.", facility=name), budget=MOST_SEGMENTS)
        return _ended(world)
    if warnings:
        await Say(_("The draft is kept. Please look at these:"))
        for warning in warnings[:MOST_WARNINGS]:
            await Say(warning, budget=MOST_SEGMENTS)
    chosen = await Choice(
        key="sure",
        text=_(
            "Draft of {facility}, {count} lines. Nobody else sees it yet. Look at it, then publish it.",
            facility=name,
            count=len(pack.items),
        ),
        options=(
            *(Option(block, block_name(block)) for block in pack.blocks),
            Option("publish", _("Publish it")),
            Option("leave", _("Leave it as a draft")),
        ),
        budget=MOST_SEGMENTS,
    )
    if chosen == "publish":
        return Published(subject, number)
    if chosen == "leave":
        await Say(_("It is kept as a draft. To publish it, send PUBLISH."), budget=MOST_SEGMENTS)
        return _ended(world)
    title = world.speak(joined(_("Draft"), block_name(chosen), separator=" · "))
    way = await turn_pages(world, pack, chosen, pack.of(chosen), title, (LOOK,), counts=False)
    return Goto("drafted", {"subject": subject, "version": number}) if way == LOOK.value else Goto("menu")


async def published(world: World) -> Outcome:
    """After a draft was shown to everybody; or it was not, since another one came meanwhile."""
    facility = world.library.facility(str(await Given("subject") or ""))
    if await Given("done") and facility is not None:
        name = facility_name(facility, world.library)
        await Say(_("Published. Everybody can now read it: {facility}", facility=name), budget=MOST_SEGMENTS)
    else:
        await Say(_("That draft is no longer there. Please send the file again."), budget=MOST_SEGMENTS)
    return _ended(world)


async def not_yours(world: World) -> Outcome:
    """Somebody without the role, or whose role is of another place."""
    await Say(
        _(
            "Only the council, and the staff of a facility, publish its information. This is not one of yours."
        ),
        budget=MOST_SEGMENTS,
    )
    return _ended(world)


def _ended(world: World) -> Outcome:
    return Done() if world.channel.brief else Goto("menu")
