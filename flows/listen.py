"""Listening: to hear what is asked beside reading it, in a language that may be only spoken."""

from __future__ import annotations

from flows.outcomes import Done, Goto, Hears, Lives, Outcome
from flows.places import choose_commune
from flows.questions import Choice, Given, Option, Say
from flows.sound import LANGUAGES, language_name
from flows.text import _
from flows.world import World

HEARS = "hears"  # the question in which language one listens
OFF = "off"


def listens(world: World) -> bool:
    """Whether there is anything to choose: a recording to hear, or an earlier wish to take back."""
    return world.channel.voice and bool(world.contact.hears or world.sounds.languages())


async def listen(world: World) -> Outcome:
    """The language in which one wants to hear, of those in which there is anything to be heard."""
    if not world.channel.voice:
        await Say(_("You can listen on Telegram: write LISTEN to us there."))
        return Done()
    hears = world.contact.hears
    there = world.sounds.languages()
    offered = [code for code in LANGUAGES if code in there or code == hears]
    if not offered:
        await Say(_("There is nothing to listen to yet. The facilitators of your commune can record it."))
        return Goto("menu")
    if world.contact.commune is None and hears is None:
        # What a commune recorded is heard by its own people: whose she is has to be known.
        return Lives(await choose_commune(world, lives=True), Goto("listen"))
    off = (Option(OFF, _("Do not listen any more")),) if hears else ()
    chosen = await Choice(
        key=HEARS,
        text=_("In which language do you want to listen?"),
        options=(*(Option(code, language_name(code)) for code in offered), *off),
    )
    return Hears(None if chosen == OFF else chosen)


async def listening(world: World) -> Outcome:
    """After that was chosen."""
    if not world.channel.voice:
        return Goto("listen")
    language = await Given("language")
    if language in LANGUAGES:
        await Say(
            _(
                "From now on you hear it too, in {language}, where it was recorded. To stop, send LISTEN.",
                language=language_name(str(language)),
            )
        )
    else:
        await Say(_("From now on nothing is read out to you."))
    return Goto("menu")
