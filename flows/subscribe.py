"""Joining: to hear of meetings in one's commune or village. Leaving: to hear nothing more unasked."""

from __future__ import annotations

from dataclasses import replace

from flows.assent import NO, YES, yes
from flows.library import brief_name, full_name, place_name
from flows.outcomes import Done, Goto, Joined, Left, Outcome
from flows.places import choose_commune, choose_from, named
from flows.questions import Choice, Say
from flows.text import _
from flows.world import World


async def join(world: World) -> Outcome:
    """The commune, and perhaps the village, whose meetings one wants to hear of."""
    home = world.library.place(world.contact.commune)
    name = brief_name if world.channel.brief else full_name
    if home and await yes(
        "home", _("Hear of meetings in {commune}?", commune=name(home.code, world.library))
    ):
        commune = home.code
    else:
        commune = await choose_commune(world, lives=True)
    villages = world.library.gazetteer.children(commune)
    if not villages:
        return Joined(commune)
    scope = await Choice(
        key="scope",
        text=_("Do you want to choose your village too?"),
        options=(
            replace(NO, value="commune", label=_("No, the whole commune")),
            replace(YES, value="village", label=_("Yes, choose my village")),
        ),
    )
    if scope == "commune":
        return Joined(commune)
    return Joined(commune, await choose_from(world, "village", _("Which village?"), named(villages)))


async def joined(world: World) -> Outcome:
    """After joining."""
    place = world.library.place(world.contact.village or world.contact.commune)
    await Say(_("Done. You will hear of meetings in {place}. To stop, send STOP.", place=place_name(place)))
    return Done() if world.channel.brief else Goto("menu")


async def leave(world: World) -> Outcome:
    """Stop, at once; asked for by a keyword or from the menu, and not questioned."""
    return Left()


async def left(world: World) -> Outcome:
    """The one confirmation of a stop."""
    await Say(_("You will get no more messages from us. To come back, send START."))
    return Done()
