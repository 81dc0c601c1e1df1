"""What became of a rating, for whoever gave it: she sends the number that she was told."""

from __future__ import annotations

from flows.library import facility_in_short, facility_name
from flows.outcomes import Done, Goto, Outcome
from flows.packtext import day
from flows.pages import MOST_SEGMENTS
from flows.questions import Choice, Given, Option, Say
from flows.text import Phrase, _, joined
from flows.world import World


async def became(world: World) -> Outcome:
    """Where her rating is, and whether somebody answered her comment. `given`: of a rating that is hers."""
    called = str(await Given("reference"))
    facility = world.library.facility(str(await Given("facility")))
    if facility is None:
        return Goto("no_such_number", {"reference": called})
    name = (facility_in_short if world.channel.brief else facility_name)(facility, world.library)
    rated = _(
        "Number {reference}: your rating of {facility}, {day}.",
        reference=called,
        facility=name,
        day=day(str(await Given("day"))),
    )
    chosen = await Choice(
        key="next",
        text=joined(rated, await _comment(), separator="\n"),
        options=(Option("scores", _("Scores")), Option("rate", _("Rate this service"))),
        budget=MOST_SEGMENTS,
    )
    return (
        Goto("rate", {"facility": facility.code})
        if chosen == "rate"
        else Goto("scores", {"place": facility.code})
    )


async def _comment() -> Phrase:
    answered = await Given("answered")
    match await Given("comment"):
        case "read" if answered:
            return _(
                "Your comment was marked as answered on {day}. Ask there, or at the next meeting, what was done.",
                day=day(str(answered)),
            )
        case "read":
            return _("Your comment can be read there. It is not marked as answered yet.")
        case "waits":
            return _("Your comment can be read there from tomorrow on, without your name.")
        case _:
            return _("You left no comment.")


async def no_such_number(world: World) -> Outcome:
    """A number of a rating that did not come from this phone."""
    called = str(await Given("reference"))
    await Say(_("No rating from this phone has the number {reference}.", reference=called))
    return Done() if world.channel.brief else Goto("menu")
