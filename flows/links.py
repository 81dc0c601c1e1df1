"""One person with two addresses: a code sent by one is given on the other, and she is told of a meeting once."""

from __future__ import annotations

from flows.officials import ways
from flows.outcomes import Done, Goto, Linked, Linking, Outcome, Unlinked
from flows.questions import Choice, Given, Option, Say
from flows.text import _
from flows.world import World


async def link(world: World) -> Outcome:
    """A code to be sent from the person's other address."""
    return Linking()


async def link_code(world: World) -> Outcome:
    """The code, for a few minutes."""
    code, minutes = str(await Given("code")), int(await Given("minutes") or 0)
    await Say(
        _("Within {minutes} minutes, send {code} from your other phone or app.", minutes=minutes, code=code)
    )
    for way in ways(await Given("number"), await Given("link")):
        await Say(way, budget=3)
    return Done() if world.channel.brief else Goto("menu")


async def linked(world: World) -> Outcome:
    """The two belong together from now on; on which of them does she want to hear of meetings?"""
    other = await Given("other")
    told = await Choice(
        key="told",
        text=_("Linked: each notice now comes once. Where do you want it?"),
        options=(Option("here", _("Here")), Option("there", _("On the other"))),
        budget=2,
    )
    return Linked(int(other), told == "here")


async def told(world: World) -> Outcome:
    """Where she is told from now on."""
    if await Given("here"):
        await Say(_("Done. You will hear of meetings here."))
    else:
        await Say(_("Done. You will hear of meetings on the other."))
    return Done() if world.channel.brief else Goto("menu")


async def unlink(world: World) -> Outcome:
    """Each address for itself again."""
    return Unlinked()


async def unlinked(world: World) -> Outcome:
    """After that, or when there was nothing to undo."""
    if await Given("was"):
        await Say(_("No longer linked. Each is told for itself."))
    else:
        await Say(_("Nothing is linked with this. To link, send LINK."))
    return Done() if world.channel.brief else Goto("menu")
