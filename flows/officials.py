"""Officials and volunteers: what a role allows, and the conversations about getting one and giving one."""

from __future__ import annotations

from collections.abc import Iterable

from flows.assent import yes
from flows.library import Facility, Library, facility_name, full_name, place_name
from flows.outcomes import Done, Goto, Invited, Outcome
from flows.placekeys import COMMUNE
from flows.places import choose_commune, choose_from
from flows.questions import JSON, Given, Option, Say
from flows.text import Phrase, _
from flows.world import Grant, World

ROLES = ("caf", "council", "staff", "viewer", "admin")

#: Which roles allow what in a commune.
MAY = {
    "announce": frozenset({"caf", "council", "admin"}),
    "invite": frozenset({"council", "admin"}),
    "publish": frozenset({"council", "staff", "admin"}),
    "record": frozenset({"caf", "council", "admin"}),
    "approve": frozenset({"council", "admin"}),
    "comments": frozenset({"council", "admin"}),
}
#: Roles that hold in all that lies in their place; the others only in the place itself.
WIDE = frozenset({"council", "viewer", "admin"})


def may(roles: Iterable[Grant], what: str, commune: str) -> bool:
    """Whether roles allow something in a commune: "announce" a meeting, "invite" a facilitator,
    "record" what is asked, "approve" what was recorded, read "comments" and mark them as answered."""
    return any(grant.role in MAY[what] and covers(grant, commune) for grant in roles)


def publishes(roles: Iterable[Grant], facility: Facility) -> bool:
    """Whether roles allow to publish what a facility owes and does: of its staff, or of a commune that it serves."""
    return any(
        grant.facility == facility.code
        if grant.role == "staff"
        else any(may((grant,), "publish", commune) for commune in facility.communes)
        for grant in roles
    )


def may_somewhere(roles: Iterable[Grant], what: str) -> bool:
    """Whether roles allow something anywhere at all."""
    return any(grant.role in MAY[what] for grant in roles)


def hands_in(roles: Iterable[Grant]) -> bool:
    """Whether roles allow to publish what any facility at all owes and does."""
    return may_somewhere(roles, "publish")


def covers(grant: Grant, commune: str) -> bool:
    """Whether a role holds in a commune."""
    return commune.startswith(grant.place) if grant.role in WIDE else commune == grant.place


def role_name(role: str) -> Phrase:
    """What somebody with a role is called."""
    match role:
        case "caf":
            return _("community facilitator")
        case "council":
            return _("council member")
        case "staff":
            return _("staff member")
        case "viewer":
            return _("observer")
        case "admin":
            return _("administrator")
    raise ValueError(f"there is no role {role!r}; there are {', '.join(ROLES)}")


def where(grant: Grant, library: Library, *, brief: bool = False) -> Phrase:
    """The place or the facility of a role, by name."""
    facility = library.facility(grant.facility) if grant.facility else None
    if facility is not None:
        return facility_name(facility, library)
    if not grant.place:
        return _("the whole country")
    return place_name(library.place(grant.place)) if brief else full_name(grant.place, library)


async def welcomed(world: World) -> Outcome:
    """After an invitation was accepted: the role, and what one can do with it."""
    role, place, facility = await Given("role"), await Given("place"), await Given("facility")
    grant = Grant(str(role), str(place or ""), str(facility or ""))
    here = where(grant, world.library, brief=world.channel.brief)
    await Say(_("Thank you! You are now {role}: {place}.", role=role_name(grant.role), place=here), budget=2)
    if grant.role in MAY["announce"]:
        await Say(_("To announce a meeting, send ANNOUNCE."), budget=2)
    if grant.role in MAY["invite"]:
        await Say(_("To invite a community facilitator, send INVITE."), budget=2)
    if grant.role in MAY["record"] and world.channel.voice:
        await Say(_("To record for people who can't read, send RECORD."))
    if not world.channel.brief or grant.role in {"staff", "viewer"}:
        await Say(_("To see what citizens say, send SCORES."), budget=2)
    if not world.channel.brief or grant.role == "viewer":
        await Say(_("To open the dashboard, send DASHBOARD."), budget=2)
    if grant.role in MAY["publish"] and not world.channel.brief:
        await Say(_("To publish the information of your facility, send PUBLISH."))
    return _back_to_the_menu(world)


async def invite(world: World) -> Outcome:
    """A code for one community facilitator of a commune."""
    commune = await commune_for(world, "invite")
    if commune is None:
        await Say(_("Only the council of a commune invites its community facilitators."))
        return _back_to_the_menu(world)
    place = where(Grant("caf", commune), world.library, brief=world.channel.brief)
    if not await yes("sure", _("Invite one community facilitator for {place}?", place=place)):
        return _back_to_the_menu(world)
    return Invited(Grant("caf", commune))


async def commune_for(world: World, what: str) -> str | None:
    """The commune in which somebody does what her roles allow (see `may`): the only one, or one of several; None where
    they don't allow it there."""
    given = await Given("commune")
    if isinstance(given, str) and may(world.roles, what, given):
        return given
    places = list(dict.fromkeys(grant.place for grant in world.roles if grant.role in MAY[what]))
    if not places:
        return None
    if any(len(place) < COMMUNE for place in places):
        picked = await choose_commune(world)
        return picked if may(world.roles, what, picked) else None
    if len(places) == 1:
        return places[0]
    options = [Option(code, place_name(world.library.place(code))) for code in places]
    return await choose_from(world, "commune.pick", _("Which commune?"), options)


async def invitation(world: World) -> Outcome:
    """The code, and how to pass it on."""
    commune, days = str(await Given("commune")), int(await Given("days") or 0)
    place = place_name(world.library.place(commune))
    await Say(_("Pass this on. It is good for one person, for {days} days:", days=days))
    code, number, link = str(await Given("code")), await Given("number"), await Given("link")
    await Say(to_send(role_name("caf"), place, code), budget=3)
    for way in ways(number, link):
        await Say(way, budget=3)
    return _back_to_the_menu(world)


def to_send(role: Phrase, place: Phrase, code: str) -> Phrase:
    """What the person who is invited is to do, with what it makes of her."""
    return _("{role}, {place}: send {code}", role=role, place=place, code=code)


def ways(number: JSON, link: JSON) -> list[Phrase]:
    """How a code gets to us: by SMS to a number, by opening a link; either may not be known here."""
    found: list[Phrase] = []
    if number:
        found.append(_("By SMS: to {number}", number=str(number)))
    if link:
        found.append(_("By Telegram: open {link}", link=str(link)))
    return found


def _back_to_the_menu(world: World) -> Outcome:
    return Done() if world.channel.brief else Goto("menu")
