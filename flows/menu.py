"""The menu, and what is reached from it in one step: help, language, my data."""

from __future__ import annotations

from flows.notices import announces
from flows.officials import may
from flows.outcomes import Done, Erased, Goto, Outcome, Speaks
from flows.places import yes
from flows.questions import Choice, Given, Option, Say
from flows.text import _, words
from flows.world import World

WELCOME = _("Welcome to Samleng, the voice of citizens.")
MOST = 10  # options of a menu; an official who can do more than that finds help by its word
PRIVACY = (
    _("Nobody learns who gave a score: we never ask your name."),
    _("You can have what points to you deleted at any time: send ERASE."),
)


async def menu(world: World) -> Outcome:
    """What one can do here."""
    welcome = bool(await Given("welcome"))
    if welcome:
        await Say(WELCOME)
        for line in PRIVACY:
            await Say(line)
    contact = world.contact
    options = [
        Option("rate", _("Rate a service")),
        Option("scores", _("Scores")),
        Option("read", _("Information")),
    ]
    if announces(world):
        options += [Option("announce", _("Announce a meeting")), Option("meetings", _("Announced meetings"))]
    if any(may((grant,), "invite", grant.place) for grant in world.roles):
        options.append(Option("invite", _("Invite a facilitator")))
    if world.roles:
        options.append(Option("dashboard", _("Dashboard")))
    options.append(
        Option("leave", _("Stop village notices"))
        if contact.joined
        else Option("join", _("Get village notices"))
    )
    options += [Option("language", _("Language")), Option("privacy", _("My data")), Option("help", _("Help"))]
    chosen = await Choice(
        key="menu",
        text=_("What would you like to do?"),
        options=tuple(options[:MOST]),
        budget=3 if welcome else 2 if world.roles else 1,
    )
    return Goto(chosen)


async def language(world: World) -> Outcome:
    """Another language."""
    chosen = await Choice(
        key="language",
        text=_("Which language?"),
        options=tuple(Option(code, words({code: own_name})) for code, own_name in world.languages),
    )
    return Speaks(chosen)


async def language_set(world: World) -> Outcome:
    """After the language was changed: said in the new one."""
    await Say(_("From now on I speak English."))
    return Done() if world.channel.brief else Goto("menu")


async def help(world: World) -> Outcome:
    """What to write, and what it costs to know."""
    await Say(
        _(
            "Write RATE to rate a service, INFO to read about it, JOIN to hear of meetings, MENU for everything, BACK to return one question, STOP to get no more messages."
        )
    )
    return Done() if world.channel.brief else Goto("menu")


async def privacy(world: World) -> Outcome:
    """What is kept, in two lines, and the way to have it deleted."""
    for line in PRIVACY:
        await Say(line)
    chosen = await Choice(
        key="privacy",
        text=_("What would you like to do?"),
        options=(Option("menu", _("Main menu")), Option("erase", _("Delete my data"))),
        budget=2,
    )
    return Goto(chosen)


async def erase(world: World) -> Outcome:
    """Delete what points to this person; scores stay, since nothing in them does."""
    sure = await yes(
        "sure", _("Delete your place, language and notices? Your scores stay, without any link to you.")
    )
    return Erased() if sure else Goto("menu")


async def erased(world: World) -> Outcome:
    """After everything was deleted."""
    await Say(_("Deleted. If you write again, we start anew."))
    return Done()


async def sorry(world: World) -> Outcome:
    """A conversation could not go on: nobody is stuck."""
    await Say(_("Something went wrong on our side, not yours. Let us start again."))
    return Goto("menu")
