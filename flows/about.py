"""A few optional words about the person who rated: once for each person of a phone, never a name."""

from __future__ import annotations

from flows.outcomes import Described, Done, Goto, Outcome
from flows.questions import Choice, Given, Option, Say
from flows.text import _
from flows.world import World

YES_NO = (Option("yes", _("Yes")), Option("no", _("No")))

GENDERS = (Option("female", _("Female")), Option("male", _("Male")), Option("other", _("Other")))

#: Youth (15 to 30) is derived from the band and never asked.
AGES = (
    Option("15-30", _("15 to 30")),
    Option("31-45", _("31 to 45")),
    Option("46-60", _("46 to 60")),
    Option("61+", _("61 or older")),
    Option("0-14", _("Under 15")),
)


async def about(world: World) -> Outcome:
    """Gender, age band, disability, minority, ID-Poor card; each may be left out."""
    facility = await Given("facility")
    person = int(await Given("person") or 1)
    answers: dict[str, str | None] = {}
    if not world.channel.brief:
        willing = await Choice(
            key="willing",
            text=_(
                "May I ask five short questions about you? They show whether the service is good for everyone. Skip any you like."
            ),
            options=(Option("yes", _("Yes, ask")), Option("no", _("No, thank you"))),
        )
        if willing == "no":
            return Described(facility, person, answers)
    answers["gender"] = await Choice(
        key="gender", text=_("Are you a woman or a man?"), options=GENDERS
    ).or_skip()
    answers["age"] = await Choice(key="age", text=_("How old are you?"), options=AGES).or_skip()
    answers["disability"] = await Choice(
        key="disability", text=_("Do you have a disability?"), options=YES_NO
    ).or_skip()
    answers["minority"] = await Choice(
        key="minority", text=_("Do you belong to an ethnic minority?"), options=YES_NO
    ).or_skip()
    answers["poor"] = await Choice(
        key="poor", text=_("Does your family hold an ID-Poor card?"), options=YES_NO
    ).or_skip()
    return Described(facility, person, answers)


async def described(world: World) -> Outcome:
    """What was said about oneself is stored."""
    await Say(_("Thank you! You will not be asked this again."))
    facility = await Given("facility")
    return Done() if world.channel.brief else Goto("read_on", {"facility": facility})
