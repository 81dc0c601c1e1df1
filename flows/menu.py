"""The menu, and what is reached from it in one step: help, language, my data."""

from __future__ import annotations

from flows.assent import yes
from flows.listen import listens
from flows.notices import announces
from flows.officials import hands_in, may
from flows.outcomes import Done, Erased, Goto, Outcome, Speaks
from flows.questions import Choice, Given, Option, Say
from flows.record import approves, records
from flows.text import _, words
from flows.world import World

WELCOME = _("Welcome to Samleng, the voice of citizens.")
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
    if world.roles:
        options.append(Option("work", _("My tasks")))
    options.append(
        Option("leave", _("Stop village notices"))
        if contact.joined
        else Option("join", _("Get village notices"))
    )
    options += [Option("language", _("Language")), Option("privacy", _("My data")), Option("help", _("Help"))]
    chosen = await Choice(
        key="menu",
        text=_("What would you like to do?"),
        options=tuple(options),
        budget=3 if welcome else 2 if world.roles else 1,
    )
    return Goto(chosen)


async def work(world: World) -> Outcome:
    """What somebody with a role does here."""
    options = duties(world)
    if not options:
        return Goto("menu")
    chosen = await Choice(
        key="work",
        text=_("Which task?"),
        options=(*options, Option("menu", _("Main menu"))),
        budget=2,
    )
    return Goto(chosen)


def duties(world: World) -> list[Option[str]]:
    """What one's roles allow, what waits for one first."""
    options: list[Option[str]] = []
    sounds = len(world.sounds.waiting()) if approves(world) else 0
    drafts = len(world.drafts()) if hands_in(world.roles) else 0
    if sounds:
        options.append(Option("recordings", _("Recordings to approve ({count})", count=sounds)))
    if drafts:
        options.append(Option("publish", _("Drafts to publish ({count})", count=drafts)))
    if announces(world):
        options += [Option("announce", _("Announce a meeting")), Option("meetings", _("Announced meetings"))]
    if any(may((grant,), "invite", grant.place) for grant in world.roles):
        options.append(Option("invite", _("Invite a facilitator")))
    if hands_in(world.roles) and not drafts and world.channel.documents:
        options.append(Option("publish", _("Publish information")))
    if records(world):
        options.append(Option("record", _("Record what is asked")))
    if world.roles:
        options.append(Option("dashboard", _("Dashboard")))
    return options


async def language(world: World) -> Outcome:
    """Another language, to read or to listen to."""
    options = [Option(code, words({code: own_name})) for code, own_name in world.languages]
    if listens(world):
        options.append(Option("listen", _("🔊 Listen")))
    chosen = await Choice(key="language", text=_("Which language?"), options=tuple(options))
    return Goto("listen") if chosen == "listen" else Speaks(chosen)


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
