"""Following a facility: to hear of its meetings, and of what became of what people said."""

from __future__ import annotations

from flows.library import facility_name
from flows.outcomes import Done, Followed, Goto, Outcome
from flows.places import choose_commune, choose_facility
from flows.questions import Choice, Given, Say
from flows.services import CHOICES
from flows.text import _
from flows.world import World


async def follow(world: World) -> Outcome:
    """A facility whose news one wants to hear."""
    given = world.library.facility(str(await Given("facility") or ""))
    if given is not None and not given.retired:
        return Followed(given.code)
    commune = world.contact.commune or await choose_commune(world, lives=True)
    service: str = await Choice(
        key="service",
        text=_("Which service do you want to follow?"),
        options=CHOICES,
    )
    return Followed((await choose_facility(world, commune, service)).code)


async def followed(world: World) -> Outcome:
    """After following."""
    facility = world.library.facility(str(await Given("facility")))
    assert facility is not None  # it was stored a moment ago
    await Say(
        _(
            "You will hear of {facility}. To hear no more, send UNFOLLOW.",
            facility=facility_name(facility, world.library),
        )
    )
    return Done() if world.channel.brief else Goto("menu")


async def unfollow(world: World) -> Outcome:
    """Follow nothing any more; notices of the commune go on."""
    return Followed("", follows=False)


async def unfollowed(world: World) -> Outcome:
    """After following nothing any more."""
    await Say(_("You follow no service any more."))
    return Done() if world.channel.brief else Goto("menu")
