"""Recording: a facilitator reads out what is asked or published, and the council listens before anybody else does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flows.assent import NO, YES
from flows.library import facility_name
from flows.officials import commune_for, may_somewhere
from flows.outcomes import Done, Goto, Judged, Outcome, Recorded
from flows.packs import Pack
from flows.packtext import shortened
from flows.places import choose_facility, choose_from
from flows.questions import (
    JSON,
    MISSED,
    RECORDING,
    Attachment,
    Choice,
    Fact,
    Given,
    Option,
    Question,
    Said,
    Say,
)
from flows.recordable import Recordable, blocks, find, of_block, questions
from flows.services import CHOICES
from flows.sound import LANGUAGES, LONGEST, Recording, language_name
from flows.text import Catalogue, Phrase, _, joined
from flows.world import World

QUESTIONS = "questions"
SPOKEN = "spoken"  # the question in which language one records
VOICE = "voice"  # the question that is answered by a voice note
LONGEST_NAME = 40  # letters of what is in a list
DONE_MARK, WAITS_MARK = "✓", "…"


def records(world: World) -> bool:
    """Whether the person may record anywhere, and can from here."""
    return world.channel.voice and may_somewhere(world.roles, "record")


def approves(world: World) -> bool:
    """Whether recordings may wait for this person."""
    return world.channel.voice and may_somewhere(world.roles, "approve")


@dataclass(frozen=True, kw_only=True)
class Voice(Question["dict[str, JSON]"]):
    """Answered by a voice note, whose sound goes with the message and is in no answer."""

    def heard(self, said: Said, languages: Sequence[Catalogue]) -> JSON:
        if said.sound is None or said.sound.trouble:
            return MISSED
        return {"seconds": said.sound.seconds}

    def fits(self, answer: JSON) -> bool:
        return isinstance(answer, dict) and "seconds" in answer

    def hint(self, said: Said) -> Phrase:
        if said.sound is not None:
            return trouble(said.sound.trouble)
        if said.attachment is not None and said.attachment.kind == "voice":
            return trouble("away")
        return self.unclear()

    def unclear(self) -> Phrase:
        return _("Please send a voice note: hold the microphone, read, and let go.")


def trouble(what: str) -> Phrase:
    """What is wrong with a voice note, and what to do."""
    match what:
        case "short":
            return _("I hear nothing in it. Hold the microphone while you read.")
        case "long" | "large":
            return _("That is too long. At most {minutes} minutes, please.", minutes=LONGEST // 60)
        case "away":
            return _("The voice note could not be fetched. Please send it again.")
        case _:
            return _("That can't be played. Please record it here, with the microphone.")


async def record(world: World) -> Outcome:
    """What to read out, and in which language; then the voice note."""
    if not world.channel.voice:
        await Say(_("You can record on Telegram: write RECORD to us there."))
        return Done()
    commune = await commune_for(world, "record")
    if commune is None:
        return Goto("may_not_record")
    language = await Choice(
        key=SPOKEN,
        text=_("In which language do you want to record?"),
        options=tuple(Option(code, language_name(code)) for code in LANGUAGES),
    )
    about = await Choice(
        key="about",
        text=_("What do you want to read out? {done} is recorded, {waits} waits for the council.", **MARKS),
        options=(
            Option(QUESTIONS, _("What is asked")),
            *CHOICES,
        ),
    )
    given: dict[str, JSON] = {"commune": commune, SPOKEN: language, "about": about}
    listed = questions(world.library)
    if about != QUESTIONS:
        pack = await _pack(world, commune, about)
        if pack is None:
            await Say(_("Nothing is published there that could be read out."))
            return Goto("record", {"commune": commune, SPOKEN: language})
        listed = blocks(pack)
    there = world.sounds.recorded(commune, language)
    named = [Option(one.key, _named(world, one, there)) for one in listed]
    key = await choose_from(world, "key", _("Which one?"), named)
    one = next(one for one in listed if one.key == key)
    says = await Fact("says", lambda: one.says)
    await Say(_("Read this out, in {language}:", language=language_name(language)))
    await Say(one.whole)
    await Voice(
        key=VOICE,
        text=_("Hold the microphone and read. At most {minutes} minutes.", minutes=LONGEST // 60),
    )
    return Recorded(key, language, commune, str(says), given)


MARKS = {"done": DONE_MARK, "waits": WAITS_MARK}


def _named(world: World, one: Recordable, there: Mapping[str, Sequence[Recording]]) -> Phrase:
    """What it is called, with what there is of it as it is now."""
    short = shortened(world.speak(one.name or one.text).replace("\n", " "), LONGEST_NAME)
    held = {found.state for found in there.get(one.key, ()) if found.says == one.says}
    return joined(DONE_MARK if "approved" in held else WAITS_MARK if held else "", short)


async def _pack(world: World, commune: str, service: str) -> Pack | None:
    """What a facility publishes or, where it has published nothing, its service's general standards."""
    facility = await choose_facility(world, commune, service)
    pack = world.pack(facility.code) or world.pack(service)
    return pack if pack is not None and pack.items else None


async def recorded(world: World) -> Outcome:
    """After a voice note came: it waits for the council; or it was read from what has changed meanwhile."""
    if not world.channel.voice:
        return Goto("record")
    given = dict(await Given("given") or {})
    if await Given("changed"):
        await Say(_("That text was changed while you read it. Please read it out as it is now."))
        return Goto("record", given)
    await Say(_("Thank you! People hear it as soon as the council has approved it."))
    more = await Choice(
        key="more",
        text=_("Do you want to record more?"),
        options=(Option("record", _("Record more")), Option("menu", _("Main menu"))),
    )
    return Goto("record", given) if more == "record" else Goto("menu")


async def may_not_record(world: World) -> Outcome:
    """Somebody without the role, or who has it no more."""
    if not world.channel.voice:
        return Goto("record")
    await Say(_("Only facilitators and council members who were invited can record."))
    return Goto("menu")


# -- The council listens ----------------------------------------------------------------------------------


async def recordings(world: World) -> Outcome:
    """What waits for approval, one by one: to be heard, with what was to be read out."""
    if not approves(world):
        return Goto("record")
    number = int(await Given("number") or 0)
    after = int(await Given("after") or 0)
    first = int(await Fact("first", lambda: _first(world, number, after)))
    if not first:
        await Say(_("No other recording waits for you.") if after else _("No recording waits for you."))
        return Goto("menu")
    one = world.sounds.of(first)
    if one is None:  # another has decided meanwhile
        return Goto("recordings", {"after": first})
    await Say(
        _(
            "Recorded in {language}, {seconds} seconds:",
            language=language_name(one.language),
            seconds=one.seconds,
        )
    )
    text = find(one.key, world.library, world.pack)
    sound = Attachment(RECORDING, str(one.number), one.size, one.seconds)
    await Say(
        joined(_whose(one, world), text.whole, separator="\n") if text else joined(one.key), attachment=sound
    )
    sure = await Choice(
        key="sure",
        text=_("Is it right, and easy to understand?"),
        options=(
            replace(YES, label=_("Yes, people may hear it")),
            replace(NO, label=_("No, delete it")),
            Option("later", _("Decide later")),
        ),
    )
    if sure == "later":
        return Goto("recordings", {"after": first})
    return Judged(first, sure == "yes")


def _first(world: World, number: int, after: int) -> int:
    """The recording that is asked for if it waits, else the first behind another."""
    waiting = [one.number for one in world.sounds.waiting()]
    if number in waiting:
        return number
    return next((found for found in waiting if found > after), 0)


def _whose(one: Recording, world: World) -> Phrase | str:
    """Of which facility a block is."""
    held = of_block(one.key)
    facility = world.library.facility(held[0]) if held else None
    return facility_name(facility, world.library) if facility is not None else ""


async def judged(world: World) -> Outcome:
    """After the council has decided; the next one follows."""
    if not world.channel.voice:
        return Goto("record")
    match await Given("done"):
        case "approved":
            await Say(_("Approved. People hear it from now on."))
        case "refused":
            await Say(_("Deleted."))
        case "changed":
            await Say(_("That text was changed since. It has to be recorded anew, so this one is deleted."))
        case _:
            await Say(_("Somebody else has decided that already, or it is not yours to decide."))
    return Goto("recordings", {"after": int(await Given("after") or 0)})
