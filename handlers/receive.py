"""A message arrives: one transaction from the claim of its id to the queued reply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from broadcasts import notices
from flows import engine, oneline
from flows.engine import FlowError, Reply, Turn
from flows.listen import HEARS
from flows.meetings import COMING, coming, thanks
from flows.menu import PRIVACY, WELCOME
from flows.outcomes import Coming, Goto, Recorded, Speaks
from flows.packsearch import asks_for_a_price, wanted
from flows.pages import Page
from flows.places import LIVES, WHERE
from flows.questions import Said, Say
from flows.read import WHAT
from flows.record import SPOKEN
from flows.registry import FLOWS
from flows.scores import meant
from flows.text import _, spoken
from flows.world import Grant, World
from handlers import announcing, codes, informing, keywords, listening, outcomes, references, scores
from handlers.desk import LOCAL, Desk, Incoming, Part
from handlers.keywords import Keyword, information, keyword
from storage import contacts, conversations, inbox, outbox, places, reference, responses, roles
from storage.contacts import Known
from storage.database import Connection

log = structlog.get_logger(__name__)

LONGEST_ANSWER = 24  # characters of an answer to a notice; what is longer says something else
NOTICE = "n."  # before the number of a notice, on the buttons beneath it

#: Conversations that are nothing but reading: a question in words is another way to read on.
READING = frozenset({"read", "ask", "read_on", "wished", "scores", "scores_within", "comments"})

_PLACED = {"commune", "facility"}  # answers of a line that names where it is

MOST_FLOWS = 8  # in one turn; more would be two flows sending each other on for ever

#: What the menu leads to: a tap on an old menu is as good as on a new one.
FROM_MENU = frozenset(
    {
        "rate",
        "read",
        "work",
        "announce",
        "meetings",
        "invite",
        "record",
        "recordings",
        "publish",
        "scores",
        "join",
        "leave",
        "language",
        "privacy",
        "help",
        "menu",
        "dashboard",
    }
)


@dataclass(frozen=True, slots=True)
class Received:
    """What to answer. `number` is the outbox row that holds `parts`; None where nothing is said.

    `outcomes` are what was stored, for whoever writes a transcript. `stale`:
    the tapped button belonged to a question that is no longer open.
    """

    number: int | None
    parts: list[Part]
    duplicate: bool = False
    stale: bool = False
    outcomes: tuple[Any, ...] = ()
    language: str = "km"


def receive(connection: Connection, incoming: Incoming, desk: Desk) -> Received:
    """Answer one message, once. Its second delivery gets the same reply and has no second effect."""
    now = desk.clock()
    number = inbox.message_number(now)
    whose = desk.vault.address_hash(incoming.channel, incoming.address)
    if not inbox.claim(connection, incoming.channel, incoming.message, now, number, whose):
        desk.heard("duplicate")
        earlier = inbox.reply_to(connection, incoming.channel, incoming.message)
        parts = outbox.parts_of(connection, desk.vault, earlier) if earlier else None
        return Received(earlier if parts else None, parts or [], duplicate=True)
    today = now.astimezone(LOCAL).date()
    language = desk.languages[0][0]
    known = contacts.find(connection, desk.vault, incoming.channel, incoming.address, today, language)
    if known.version != desk.library.version:
        desk.library = reference.read(connection)
    return _Visit(connection, desk, incoming, known, now, number).answer()


class _Visit:
    """One message of one contact, from what was said to what is stored and queued."""

    def __init__(
        self,
        connection: Connection,
        desk: Desk,
        incoming: Incoming,
        known: Known,
        now: datetime,
        number: int,
    ) -> None:
        self.connection = connection
        self.desk = desk
        self.said = incoming.said
        self.known = known
        self.now = now
        self.today = now.astimezone(LOCAL).date()
        self.number = number
        self.medium = desk.media[incoming.channel]
        self.channel = self.medium.channel
        self.conversation = known.conversation
        self.replies: list[Reply] = []
        self.outcomes: list[Any] = []
        self.stale = False
        self.gone = False
        self.nav: list[str] = []

    # -- What it is ------------------------------------------------------------------------------------

    def answer(self) -> Received:
        try:
            self._understand()
        except FlowError as error:
            # The flow was changed or is wrong. Nobody is stuck: begin again, and let the operator know.
            log.error("flow_failed", flow=self.conversation and self.conversation.flow, **_why(error))
            self.desk.heard("flow_failed")
            self.replies.clear()
            self._begin("sorry", {})
        return self._finish()

    def _understand(self) -> None:
        said = self.said
        if not self.channel.can_receive:
            # Nobody can answer us there, so nothing is asked. A wish to be left alone counts all the same.
            word = keyword(said.text)
            if word and word.word == keywords.STOP:
                self.known = outcomes.stop(self.connection, self.known)
            return
        if said.tap is not None:
            self._tapped(*said.tap)
            return
        if said.document is not None:
            self._begin("handed_in", {"document": said.document})
            return
        if said.text and not said.attachment and self._code(said.text):
            return
        word = keyword(said.text) if said.text and not said.attachment else None
        if word is None and not said.attachment and self._asks_what_became(said.text):
            return
        if word is not None and word.word == keywords.SPEAK and self._names_a_sound:
            word = None
        about = self._information(said) if word is None else None
        wanted = self._scores(said) if word is None and about is None else None
        line = (
            oneline.read(said.text, self.desk.library) if word is None and self._may_be_a_line(said) else None
        )
        if word is not None:
            self._keyword(word)
        elif about is not None:
            self._begin("ask" if "query" in about else "read", about)
        elif self._answers_a_notice(said):
            pass
        elif line is not None and line.complete:
            self._begin("rate", line.given)
        elif wanted is not None and not (line and any(key.startswith("score.") for key in line.given)):
            self._begin("scores", wanted)
        elif self._asks(said):
            self._begin("ask", self._question(said.text.strip()))
        elif line is not None and self._idle:
            self._begin("rate", line.given)
        elif self.conversation is not None:
            turn = self._resumed(said)
            if line is not None and not turn.understood and self._where and line.given.keys() & _PLACED:
                self._begin("rate", line.given)
            else:
                self._take(turn)
        else:
            if said.attachment or said.other:
                self.replies.append(Say(_("I can't read that here. Please write, or choose an answer.")))
            self._menu()

    def _asks_what_became(self, text: str) -> bool:
        """Whether it was the number of a rating of hers. What only looks like one is said so where nothing else waits
        for her words."""
        called = references.number(text)
        if called is None:
            return False
        given = references.given(self.connection, self.desk, self.known, called, self.today)
        if given is not None:
            self._begin("became", given)
        elif self._idle and references.is_no_word(called):
            self._begin("no_such_number", {"reference": called})
        else:
            return False
        return True

    def _code(self, text: str) -> bool:
        """Whether it was a code, in whatever conversation. What a right one leads to replaces that; else it goes on."""
        tried = codes.attempt(self.connection, self.desk, self.known, text, self.now)
        if tried is None:
            return False
        self.known = tried.known
        if tried.stored is not None:
            self.outcomes.append(tried.stored)
        if tried.then is not None:
            self._begin(tried.then.flow, dict(tried.then.given))
            return True
        assert tried.said is not None
        self.replies.append(Say(tried.said))
        if self.conversation is not None or not self.channel.brief:
            self._again()
        return True

    @property
    def _idle(self) -> bool:
        return self.conversation is None or self.conversation.flow == "menu"

    @property
    def _where(self) -> bool:
        """Whether she was asked where something is: a service and a place there begin a rating."""
        return self.conversation is not None and self.conversation.asked.startswith((LIVES, WHERE))

    @property
    def _names_a_sound(self) -> bool:
        """Whether the name of a language answers in which one listens or records, and changes no texts."""
        return self.conversation is not None and self.conversation.asked in {HEARS, SPOKEN}

    @property
    def _reads(self) -> bool:
        """Whether what is written may be a question about information: there is no other question that it answers."""
        return self._idle or (self.conversation is not None and self.conversation.flow in READING)

    def _asks(self, said: Said) -> bool:
        """Whether somebody asks what something costs, where no other question waits for her words."""
        if not self._reads or not said.text or said.attachment:
            return False
        waits = self.conversation is not None and self.conversation.asked == WHAT
        return not waits and asks_for_a_price(said.text)

    def _question(self, query: str) -> dict[str, Any]:
        """A question, and the commune that she was reading about."""
        answers = self.conversation.answers if self.conversation and not self._idle else {}
        return {"query": query} | ({"commune": answers["commune"]} if answers.get("commune") else {})

    def _information(self, said: Said) -> dict[str, Any] | None:
        """What is asked for by the word INFO and what follows it; None when it is something else. In the middle of a
        conversation only whose information it is may follow: comments begin with "information" too."""
        rest = information(said.text) if said.text and not said.attachment else None
        if rest is None:
            return None
        about = wanted(rest, self.desk.library)
        return about if self._reads or not about.keys().isdisjoint({"service", "facility"}) else None

    def _scores(self, said: Said) -> dict[str, Any] | None:
        """Whose scores are asked for by the word SCORES and what follows it; None when it is something else. In the
        middle of a conversation only a place or facility may follow: comments begin with "score" too."""
        rest = keywords.scores(said.text) if said.text and not said.attachment else None
        if rest is None:
            return None
        about = meant(rest, self.desk.library)
        return about if self._reads or len(about.get("place", "")) >= 4 else None

    def _may_be_a_line(self, said: Said) -> bool:
        """In the middle of a conversation only a line with digits is looked at: comments begin with "school" too."""
        return bool(said.text) and not said.attachment and (self._idle or any(c.isdigit() for c in said.text))

    def _answers_a_notice(self, said: Said) -> bool:
        """Whether "1" is meant for the notice that came after our last question, rather than for that question."""
        if len(said.text) > LONGEST_ANSWER or said.attachment or said.other:
            return False
        comes = coming(said, self.desk.labels(self.channel))
        asked = notices.asked(self.connection, self.known.id, self.now) if comes is not None else None
        if comes is None or asked is None:
            return False
        number, sent_at = asked
        since = self.known.changed_at
        if not self._idle and since is not None and since >= sent_at:
            return False
        self._comes(number, comes)
        if not self._idle:
            self._again()
        return True

    def _comes(self, number: int, comes: bool) -> None:
        """Somebody told whether she comes to a meeting."""
        meeting = notices.meeting(self.connection, number, self.now)
        if meeting is None:
            self.replies.append(Say(_("That meeting is over or cancelled.")))
            return
        self._apply(Coming(number, comes))
        self.replies.append(thanks(meeting, comes))

    def _tapped(self, key: str, value: str) -> None:
        tag, _colon, key = key.rpartition(":")
        if key == COMING.key and tag.startswith(NOTICE) and tag.removeprefix(NOTICE).isdigit():
            self._comes(int(tag.removeprefix(NOTICE)), value == "yes")
            return
        conversation = self.conversation
        if key == "menu" and value in FROM_MENU:
            self._begin(value, {})
            return
        current = conversation is not None and tag in {"", conversation.tag}
        if key == "nav" and (current or value == keywords.MENU):
            self._keyword(Keyword(value))
            return
        if current and conversation is not None:
            turn = self._resumed(Said(tap=(key, value)))
            if turn.understood or (turn.question is not None and turn.question.key == key):
                self._take(turn)
                return
            if conversation.answers.get(key) is not None and str(conversation.answers[key]) == value:
                self.stale = True  # the same button twice: it was heard the first time
                return
        self.stale = True
        self.replies.append(Say(_("That question is already answered. Here is where we are:")))
        self._again()

    def _keyword(self, word: Keyword) -> None:
        match word.word:
            case keywords.START:
                if self.known.stopped:
                    self.known = contacts.remember(self.connection, self.known, stopped=False, blocked=False)
                if word.rest.startswith(codes.PARAMETER) and self._code(word.rest[len(codes.PARAMETER) :]):
                    return
                if word.rest.startswith("r_") and self.desk.library.facility(word.rest[2:]):
                    self._begin("rate", {"facility": word.rest[2:].lower()})
                elif word.rest.startswith("p_") and self.desk.library.facility(word.rest[2:]):
                    self._begin("read", {"facility": word.rest[2:].lower()})
                elif word.rest.startswith("s_") and (about := meant(word.rest[2:], self.desk.library)):
                    self._begin("scores", about)
                else:
                    self._begin("menu", {"welcome": True})
            case keywords.STOP:
                self._begin("leave", {})
            case keywords.MENU:
                self._begin("menu", {})
            case keywords.CANCEL:
                if self.conversation is not None:
                    self.replies.append(Say(_("Cancelled. Nothing was sent.")))
                self._begin("menu", {})
            case keywords.BACK:
                self._back()
            case keywords.SPEAK:
                then = self._apply(Speaks(word.rest))
                self._begin(then.flow if then else "menu", {})
            case other:
                self._begin(other, {})

    # -- Moving the conversation -----------------------------------------------------------------------

    @property
    def roles(self) -> tuple[Grant, ...]:
        """What the person may do and where; looked up only for who has a role at all."""
        return roles.of(self.connection, self.known.id) if self.known.official else ()

    def _world(self) -> World:
        library, known, vault, held = self.desk.library, self.known, self.desk.vault, self.roles
        round_code = library.round_on(self.today.isoformat())
        catalogue = self.desk.catalogue(known.contact.language, self.channel)

        def rated(facility: str) -> int:
            persons = range(1, known.contact.people + 1)
            return responses.rated(
                self.connection,
                [vault.rater(known.address_hash, person, facility, round_code) for person in persons],
            )

        return World(
            known.contact,
            self.channel,
            library,
            rated,
            round_code,
            self.desk.languages,
            lambda query: places.unmatched(self.connection, query, self.today),
            held,
            self.today,
            announcing.local(self.now),
            lambda: announcing.upcoming(self.connection, known, held, self.now),
            lambda meeting, notice: announcing.plan(
                self.connection, self.desk, known, meeting, notice, self.now
            ),
            lambda subject: informing.pack(self.connection, self.desk, subject),
            lambda subject, number: informing.version(self.connection, subject, number),
            lambda commune, query: informing.search(self.connection, self.desk, commune, query),
            lambda said: spoken(said, catalogue),  # outlives this visit, and so holds nothing of it
            sounds=listening.Stored(self.connection, known, held),
            drafts=lambda: informing.drafts(self.connection, self.desk, held),
            board=scores.board(self.connection, self.desk, held, self.today),
        )

    def _menu(self) -> None:
        self._begin("menu", {"welcome": True} if self.known.new else {})

    def _begin(self, name: str, given: dict[str, Any]) -> None:
        if self.known.new and name not in {"menu", "leave"} and not self.channel.brief and not self.replies:
            self.replies += [Say(WELCOME), *(Say(line) for line in PRIVACY)]
        tag = _tag(self.number)
        self._take(engine.start(FLOWS[name], self._world(), given, name=name, tag=tag))

    def _resumed(self, said: Said) -> Turn:
        conversation = self.conversation
        assert conversation is not None
        flow = FLOWS.get(conversation.flow)
        if flow is None:
            raise FlowError(f"there is no flow {conversation.flow}")
        turn = engine.resume(flow, conversation, said, self._world(), self.desk.labels(self.channel))
        if not turn.understood and turn.conversation.misses >= engine.LOST_AFTER:
            ways = _("Write MENU for the menu, BACK for the question before, or HELP.")
            turn = _with(turn, Say(ways))
        return turn

    def _back(self) -> None:
        conversation = self.conversation
        flow = FLOWS.get(conversation.flow) if conversation else None
        turn = engine.back(flow, conversation, self._world()) if flow and conversation else None
        if turn is None:
            self._begin("menu", {})
        else:
            self._take(turn, new=False)

    def _again(self) -> None:
        conversation = self.conversation
        flow = FLOWS.get(conversation.flow) if conversation else None
        if flow is None or conversation is None:
            self._menu()
        else:
            self._take(engine.again(flow, conversation, self._world()), new=False)

    def _apply(self, outcome: Any) -> Goto | None:
        if isinstance(outcome, Recorded):
            outcome = replace(outcome, sound=self.said.sound)
        done = outcomes.apply(self.connection, self.desk, self.known, self.channel, outcome, self.today)
        self.known = done.known
        self.gone |= done.gone
        if not isinstance(outcome, Goto):
            self.outcomes.append(outcome)
            self.desk.heard(type(outcome).__name__.lower())
        return done.then

    def _take(self, turn: Turn, *, new: bool = True) -> None:
        """Follow a turn to where a question is open or nothing is left to do. `new`: it was not shown before."""
        for _flow in range(MOST_FLOWS):
            self.replies += turn.replies
            if turn.outcome is None:
                if new and turn.understood and isinstance(turn.question, Page):
                    informing.count(self.connection, turn.question, self.today)
                self.conversation = turn.conversation
                self.nav = [] if turn.conversation.flow == "menu" else [keywords.MENU]
                if turn.trail:
                    self.nav.insert(0, keywords.BACK)
                return
            then = self._apply(turn.outcome)
            if then is None:
                self.conversation = None
                self.nav = []
                return
            turn = engine.start(
                FLOWS[then.flow], self._world(), then.given, name=then.flow, tag=_tag(self.number)
            )
        raise FlowError(f"{turn.conversation.flow}: more than {MOST_FLOWS} flows in one turn")

    # -- What is stored and said -----------------------------------------------------------------------

    def _finish(self) -> Received:
        connection, vault, contact = self.connection, self.desk.vault, self.known.id
        if self.conversation is not None and not self.gone:
            conversations.save(connection, vault, contact, self.conversation, self.now)
        elif self.known.conversation is not None and not self.gone:
            conversations.end(connection, contact)
        language = self.known.contact.language
        parts: list[Part] = []
        if self.replies:
            catalogue = self.desk.catalogue(language, self.channel)
            tag = self.conversation.tag if self.conversation else ""
            if self.known.contact.hears and self.channel.voice and self.conversation is not None:
                flow = self.conversation.flow
                self.replies = [*listening.voiced(connection, self.desk, self.known, flow, self.replies)]
            parts = self.medium.render(self.replies, catalogue, tag, self.nav)
        if parts:
            outbox.queue(
                connection,
                vault,
                self.number,
                None if self.gone else contact,
                self.channel.name,
                parts,
                self.now,
            )
        return Received(
            self.number if parts else None,
            parts,
            stale=self.stale,
            outcomes=tuple(self.outcomes),
            language=language,
        )


def _why(error: FlowError) -> dict[str, str]:
    """What a flow did wrong and where. Not the words of what it raised: a person's may be among them."""
    cause = error.__cause__
    if cause is None:
        return {"error": str(error)}
    trace = cause.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"
    return {"error": type(cause).__name__, "where": where}


def _tag(number: int) -> str:
    """Four letters that tell one conversation's buttons from another's."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[number >> shift & 31] for shift in (0, 5, 10, 15))


def _with(turn: Turn, *said: Say) -> Turn:
    """The turn with something said before its question."""
    return Turn(
        turn.conversation,
        (*turn.replies[:-1], *said, turn.replies[-1]),
        turn.outcome,
        turn.question,
        turn.trail,
        turn.understood,
    )
