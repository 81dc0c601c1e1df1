"""An official asks for the dashboard: a link that signs her in, once."""

from __future__ import annotations

from flows.outcomes import Done, Entering, Goto, Outcome
from flows.questions import Given, Say
from flows.text import _, joined
from flows.world import World


async def dashboard(world: World) -> Outcome:
    """The link, for who has a role; for everybody else where the scores of a commune are."""
    if not world.roles:
        await Say(
            _("The dashboard is for officials. To become one, send the code of your invitation."), budget=2
        )
        return _back_to_the_menu(world)
    return Entering()


async def dashboard_link(world: World) -> Outcome:
    """The link, and what it is good for."""
    link, minutes = str(await Given("link")), int(await Given("minutes") or 0)
    if not link:
        await Say(_("The dashboard has no address here yet. Please ask whoever runs this service."), budget=2)
        return _back_to_the_menu(world)
    await Say(
        _("Open the dashboard within {minutes} minutes. The link works once, for you alone:", minutes=minutes)
    )
    await Say(joined(link), budget=3)
    return _back_to_the_menu(world)


def _back_to_the_menu(world: World) -> Outcome:
    return Done() if world.channel.brief else Goto("menu")
