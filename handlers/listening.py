"""Between the conversations about listening and the recordings that are stored: what one hears, records and approves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flows import recordable
from flows.engine import Reply
from flows.library import SERVICES
from flows.officials import MAY, may
from flows.outcomes import Goto, Judged, Recorded
from flows.questions import RECORDING, Attachment, Question, Say
from flows.record import VOICE
from flows.sound import KHMER, Recording, Sounds
from flows.text import joined
from flows.world import Grant
from handlers import informing
from handlers.desk import Desk
from storage import audit, recordings, roles
from storage.contacts import Known
from storage.database import Connection

EVERYWHERE = ""  # the commune of what was recorded for everybody


class Stored(Sounds):
    """The recordings, for one message of one person."""

    def __init__(self, connection: Connection, known: Known, held: Sequence[Grant]) -> None:
        self.connection = connection
        self.known = known
        self.held = held

    def languages(self) -> Collection[str]:
        home = self.known.contact.commune
        return recordings.languages(self.connection, (EVERYWHERE, home) if home else None)

    def recorded(self, commune: str, language: str) -> Mapping[str, Sequence[Recording]]:
        return recordings.recorded(self.connection, commune, language)

    def waiting(self) -> Sequence[Recording]:
        if not any(grant.role in MAY["approve"] for grant in self.held):
            return ()
        return [one for one in recordings.waiting(self.connection) if may(self.held, "approve", one.commune)]

    def of(self, number: int) -> Recording | None:
        one = recordings.one(self.connection, number)
        if one is None or one.state != "proposed" or not may(self.held, "approve", one.commune):
            return None
        return one


# -- Hearing ----------------------------------------------------------------------------------------------


def voiced(
    connection: Connection, desk: Desk, known: Known, flow: str, replies: Sequence[Reply]
) -> Sequence[Reply]:
    """The replies, with what was recorded of the question among them: in her language, else in Khmer; of her commune,
    else for everybody."""
    question = replies[-1]
    hears = known.contact.hears
    if hears is None or not isinstance(question, Question):
        return replies
    keys = recordable.keys(flow, question)
    if not keys:
        return replies
    says, communes = _as_it_is(connection, desk, keys[0], known.contact.commune)
    found = [
        one
        for one in recordings.heard(connection, keys, {hears, KHMER}, communes)
        if says is None or one.says == says
    ]

    def nearness(one: Recording) -> tuple[bool, bool, bool, int]:
        home = one.commune == known.contact.commune
        return one.language == hears, home, one.commune == EVERYWHERE, one.number

    best = {one.key: one for one in sorted(found, key=nearness)}
    heard = [
        Say(joined(), attachment=Attachment(RECORDING, str(one.number), one.size, one.seconds))
        for one in (best.get(key) for key in keys)
        if one is not None
    ]
    return [*replies[:-1], *heard, question]


def _as_it_is(
    connection: Connection, desk: Desk, key: str, home: str | None
) -> tuple[str | None, Collection[str] | None]:
    """What a block says now (None of what has one text for ever), and whose recordings of it are heard: a facility's
    by everybody, wherever it was recorded."""
    communes = [EVERYWHERE, home] if home else [EVERYWHERE]
    held = recordable.of_block(key)
    if held is None:
        return None, communes
    subject, block = held
    pack = informing.pack(connection, desk, subject)
    says = recordable.fingerprint(pack, block) if pack is not None else ""
    return says, communes if subject in SERVICES else None


# -- Recording and approving ------------------------------------------------------------------------------


def is_recording(connection: Connection, desk: Desk, channel: str, address: str) -> bool:
    """Whether somebody who may is asked for a voice note to be heard by others."""
    if not recordings.is_asked(connection, desk.vault, channel, address, "record", VOICE):
        return False
    held = roles.of_address(connection, desk.vault, channel, address)
    return any(grant.role in MAY["record"] for grant in held)


def keep(connection: Connection, desk: Desk, known: Known, outcome: Recorded) -> Goto:
    """Keep what was read out until the council has listened, if she still may record and it is still what is said.
    Who may approve it herself is asked at once."""
    held = roles.of(connection, known.id)
    if not may(held, "record", outcome.commune) or outcome.sound is None:
        return Goto("may_not_record")
    text = recordable.find(outcome.key, desk.library, lambda code: informing.pack(connection, desk, code))
    if text is None or text.says != outcome.says:
        return Goto("recorded", {"changed": True, "given": dict(outcome.given)})
    now = desk.clock()
    number = recordings.propose(
        connection,
        outcome.key,
        outcome.language,
        outcome.commune,
        outcome.says,
        outcome.sound,
        known.id,
        now,
    )
    audit.note(connection, now, "recorded", known.id, None, _detail(number, outcome))
    if may(held, "approve", outcome.commune):
        return Goto("recordings", {"number": number})
    return Goto("recorded", {"given": dict(outcome.given)})


def judge(connection: Connection, desk: Desk, known: Known, outcome: Judged) -> Goto:
    """Have people hear a recording, or delete it, if she still may decide that and nobody else did."""
    number = outcome.number
    one = Stored(connection, known, roles.of(connection, known.id)).of(number)
    if one is None:
        return Goto("judged", {"after": number})
    now = desk.clock()
    text = recordable.find(one.key, desk.library, lambda code: informing.pack(connection, desk, code))
    changed = text is None or text.says != one.says
    if outcome.approved and not changed:
        recordings.approve(connection, number, one.says, now)
        done = "approved"
    else:
        recordings.refuse(connection, number, now)
        done = "changed" if outcome.approved else "refused"
    action = "approved" if done == "approved" else "refused"
    audit.note(connection, now, action, known.id, None, _detail(number, one))
    return Goto("judged", {"done": done, "after": number})


def _detail(number: int, what: Recorded | Recording) -> dict[str, str | int]:
    detail: dict[str, str | int] = {"recording": number, "key": what.key, "language": what.language}
    return detail | ({"place": what.commune} if what.commune else {})
