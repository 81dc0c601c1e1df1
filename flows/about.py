"""A few optional words about the person who rated: once for each person of a phone, never a name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flows.assent import NO, YES, YES_NO, keys
from flows.outcomes import Described, Done, Goto, Outcome
from flows.questions import JSON, MISSED, Choice, Given, Option, Say
from flows.text import _
from flows.world import World

GENDERS = (
    Option("female", _("Female"), called=keys("f woman girl srey srei neary neari ស្រី ស្ត្រី នារី នាង")),
    Option("male", _("Male"), called=keys("m man boy bros pros broh ប្រុស បុរស")),
    Option("other", _("Other")),
)

#: Youth (15 to 30) is derived from the band and never asked.
AGES = (
    Option("15-30", _("15 to 30")),
    Option("31-45", _("31 to 45")),
    Option("46-60", _("46 to 60")),
    Option("61+", _("61 or older")),
    Option("0-14", _("Under 15")),
)
_BANDS = (("0-14", 14), ("15-30", 30), ("31-45", 45), ("46-60", 60), ("61+", 120))  # to the last year of each


@dataclass(frozen=True, kw_only=True)
class Age(Choice[str]):
    """An age band; an age in years is as good."""

    def numbered(self, number: int) -> JSON:
        if number <= len(self.options):
            return super().numbered(number)
        return next((band for band, last in _BANDS if number <= last), MISSED)


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
            options=(replace(YES, label=_("Yes, ask")), replace(NO, label=_("No, thank you"))),
        )
        if willing == "no":
            return Described(facility, person, answers)
    answers["gender"] = await Choice(
        key="gender", text=_("Are you a woman or a man?"), options=GENDERS
    ).or_skip()
    answers["age"] = await Age(key="age", text=_("How old are you?"), options=AGES).or_skip()
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
