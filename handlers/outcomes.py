"""What each outcome of a flow stores, and which flow follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flows import officials
from flows.channel import Channel
from flows.outcomes import (
    Announced,
    Answered,
    CalledOff,
    Changed,
    Coming,
    Commented,
    Described,
    Done,
    Drafted,
    Entering,
    Erased,
    Followed,
    Goto,
    Hears,
    Invited,
    Joined,
    Judged,
    Left,
    Linked,
    Linking,
    Lives,
    Published,
    Rated,
    Recorded,
    Speaks,
    Unlinked,
    Wished,
)
from flows.questions import Remark
from flows.world import Grant
from handlers import announcing, informing, listening, scores
from handlers.codes import deep_link
from handlers.desk import Desk
from storage import attachments, audit, codes, contacts, follow, links, responses, roles, signin
from storage.contacts import Known
from storage.database import Connection
from storage.vault import reference


@dataclass(frozen=True, slots=True)
class Applied:
    """The contact as it is now, and what comes next. `gone`: the contact was deleted."""

    known: Known
    then: Goto | None
    gone: bool = False


def apply(
    connection: Connection, desk: Desk, known: Known, channel: Channel, outcome: Any, today: date
) -> Applied:
    """Store an outcome in the transaction of its message."""
    match outcome:
        case Goto():
            return Applied(known, outcome)
        case Done():
            return Applied(known, None)
        case Rated():
            return _rate(connection, desk, known, outcome, today)
        case Commented(facility, person, remark):
            rater = _rater(desk, known, person, facility, today)
            stored = responses.comment(
                connection, desk.vault, rater, _comment(connection, desk, known, remark), today
            )
            return Applied(known, Goto("noted" if stored else "menu"))
        case Described(facility, person, about):
            known = contacts.describe(connection, desk.vault, known, person, dict(about))
            if facility and about:
                rater = _rater(desk, known, person, facility, today)
                round_code = desk.library.round_on(today.isoformat())
                groups = responses.groups_of(about)
                responses.regroup(connection, rater, facility, round_code, groups, today=today)
            return Applied(known, Goto("described" if about else "read_on", {"facility": facility}))
        case Joined(commune, village):
            known = contacts.remember(
                connection, known, commune=commune, village=village, joined=True, stopped=False
            )
            links.join(connection, known.id, commune, village)
            return Applied(known, Goto("joined"))
        case Lives(commune, then):
            if known.contact.commune is None:
                known = contacts.remember(connection, known, commune=commune)
            return Applied(known, then)
        case Wished(facility):
            informing.wish(connection, facility, today)
            return Applied(known, Goto("wished", {"facility": facility}))
        case Drafted():
            return Applied(known, informing.keep(connection, desk, known, outcome))
        case Published():
            return Applied(known, informing.publish(connection, desk, known, outcome))
        case Left():
            return Applied(stop(connection, known), Goto("left"))
        case Speaks(language):
            return Applied(contacts.remember(connection, known, language=language), Goto("language_set"))
        case Hears(language):
            known = contacts.remember(connection, known, hears=language)
            return Applied(known, Goto("listening", {"language": language}))
        case Recorded():
            return Applied(known, listening.keep(connection, desk, known, outcome))
        case Judged():
            return Applied(known, listening.judge(connection, desk, known, outcome))
        case Announced():
            held = roles.of(connection, known.id)
            return Applied(known, announcing.announce(connection, desk, known, held, outcome))
        case Changed() | CalledOff():
            held = roles.of(connection, known.id)
            return Applied(known, announcing.change(connection, desk, known, held, outcome))
        case Coming():
            announcing.answer(connection, known, outcome)
            return Applied(known, None)
        case Followed(facility, follows):
            if not follows:
                for contact in (known.id, *links.persons_other(connection, known.id)):
                    follow.none(connection, contact)
                return Applied(known, Goto("unfollowed"))
            follow.follow(connection, links.hears(connection, known.id), facility)
            if known.stopped:
                known = contacts.remember(connection, known, stopped=False)
            return Applied(known, Goto("followed", {"facility": facility}))
        case Invited(grant):
            return Applied(known, _invite(connection, desk, known, grant))
        case Linking():
            code = codes.make(
                connection, desk.vault, codes.LINK, desk.clock(), contact=known.id, draw=desk.draw
            )
            minutes = codes.LASTS[codes.LINK] // timedelta(minutes=1)
            return Applied(known, Goto("link_code", {**_ways(desk, code), "minutes": minutes}))
        case Linked(other, here):
            if other not in links.persons_other(connection, known.id):
                return Applied(known, Goto("unlinked", {"was": True}))  # by the other, in the meantime
            links.link(connection, known.id, other, told=known.id if here else other)
            return Applied(known, Goto("told", {"here": here}))
        case Unlinked():
            return Applied(known, Goto("unlinked", {"was": links.unlink(connection, known.id)}))
        case Answered():
            return Applied(known, scores.answer(connection, desk, known, outcome, today))
        case Entering():
            return Applied(known, _enter(connection, desk, known))
        case Erased():
            if known.official:
                roles.revoke(connection, known.id, None, actor=known.id, now=desk.clock())
            contacts.erase(connection, known)
            return Applied(known, Goto("erased"), gone=True)
    raise TypeError(f"{outcome!r} is no outcome")


def stop(connection: Connection, known: Known) -> Known:
    """Leave a person alone, on each of her addresses."""
    links.stop(connection, known.id)
    return replace(known, stopped=True, contact=replace(known.contact, joined=False))


def _invite(connection: Connection, desk: Desk, known: Known, grant: Grant) -> Goto:
    """A code for somebody else, if she still may give it: her own role may have been taken back meanwhile."""
    if not officials.may(roles.of(connection, known.id), "invite", grant.place):
        return Goto("invite")
    now = desk.clock()
    code = codes.make(connection, desk.vault, codes.ROLE, now, grant=grant, contact=known.id, draw=desk.draw)
    audit.note(connection, now, "invited", known.id, None, {"role": grant.role, "place": grant.place})
    days = codes.LASTS[codes.ROLE] // timedelta(days=1)
    return Goto("invitation", {**_ways(desk, code), "commune": grant.place, "days": days})


def _enter(connection: Connection, desk: Desk, known: Known) -> Goto:
    """A link that signs her in on the dashboard, if she still has a role and the pages an address."""
    if not roles.of(connection, known.id):
        return Goto("dashboard")
    minutes = codes.LASTS[codes.SIGN_IN] // timedelta(minutes=1)
    if not desk.site:
        return Goto("dashboard_link", {"link": "", "minutes": minutes})
    token = signin.link(connection, desk.vault, known.id, desk.clock(), desk.draw)
    return Goto("dashboard_link", {"link": f"{desk.site}/in/{token}", "minutes": minutes})


def _ways(desk: Desk, code: str) -> dict[str, Any]:
    """A code, and how it gets to us."""
    return {"code": code, "number": desk.number, "link": deep_link(desk.username, code)}


def _rate(connection: Connection, desk: Desk, known: Known, outcome: Rated, today: date) -> Applied:
    round_code = desk.library.round_on(today.isoformat())
    rater = desk.vault.rater(known.address_hash, outcome.person, outcome.facility, round_code)
    said_before = contacts.about(connection, desk.vault, known, outcome.person)
    responses.rate(
        connection,
        desk.vault,
        rater,
        facility=outcome.facility,
        round_code=round_code,
        scores=outcome.scores,
        groups=responses.groups_of(said_before),
        comment=_comment(connection, desk, known, outcome.comment) if outcome.comment else None,
        commune=outcome.commune,
        village=_village(desk, known, outcome.facility),
        shared=outcome.person > 1,
        keep_comment=bool(outcome.corrects),
        today=today,
    )
    facts: dict[str, Any] = {}
    if outcome.person > known.contact.people:
        facts["people"] = outcome.person
    if known.contact.commune is None and outcome.commune:
        facts["commune"] = outcome.commune
    if facts:
        known = contacts.remember(connection, known, **facts)
    given = {
        "facility": outcome.facility,
        "person": outcome.person,
        "reference": reference(rater),
        "scores": dict(outcome.scores),
        "commented": outcome.comment is not None,
    }
    return Applied(known, Goto("thanks", given))


def _village(desk: Desk, known: Known, facility: str) -> str | None:
    """Where she lives, if she told us and the facility serves it: the people of a village far away are not counted
    as such, being few."""
    village, rated = known.contact.village, desk.library.facility(facility)
    return village if village and rated and village[:6] in rated.communes else None


def _rater(desk: Desk, known: Known, person: int, facility: str, today: date) -> bytes:
    round_code = desk.library.round_on(today.isoformat())
    return desk.vault.rater(known.address_hash, person, facility, round_code)


def _comment(connection: Connection, desk: Desk, known: Known, remark: Remark) -> dict[str, Any]:
    """A comment as it is sealed. What came with it is to be fetched; its number stands nowhere else."""
    said: dict[str, Any] = {"text": remark.text}
    if remark.attachment:
        a = remark.attachment
        number = attachments.add(connection, desk.vault, a.kind, known.channel, a.file, desk.clock())
        said |= {"kind": a.kind, "number": number.hex(), "size": a.size, "seconds": a.seconds}
    return said
