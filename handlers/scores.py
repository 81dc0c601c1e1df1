"""Between the conversations about scores and what is stored: the scoreboard of one turn, and marking as answered."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flows.board import Board, Part
from flows.comments import MOST, Comment, Scope, scope
from flows.library import Library
from flows.outcomes import Answered, Goto
from flows.scoretext import Told
from flows.world import Grant
from handlers.desk import Desk
from storage import audit, comments, roles
from storage.contacts import Known
from storage.database import Connection

if TYPE_CHECKING:
    from reports.scorecard import Scorecard

# What scorecards are made with is loaded when somebody first asks for one.


def board(connection: Connection, desk: Desk, held: tuple[Grant, ...], today: date) -> Board:
    """What may be asked of the scores in one turn; nothing is read before it is asked."""
    library = desk.library

    def those(subject: str) -> Scope | None:
        return scope(held, subject, library)

    def listed(subject: str, unanswered: bool) -> list[Comment]:
        whose = those(subject)
        if whose is None:
            return []
        return comments.listed(
            connection,
            desk.vault,
            whose.facilities,
            whose.commune,
            today,
            limit=MOST,
            unanswered=unanswered,
        )

    def counted(subject: str) -> tuple[int, int] | None:
        whose = those(subject)
        if whose is None:
            return None
        return comments.counted(connection, whose.facilities, whose.commune, today)

    return Board(
        lambda subject: scores(connection, library, subject),
        lambda place: parts(connection, library, place),
        listed,
        counted,
    )


def scores(connection: Connection, library: Library, subject: str) -> Told | None:
    """What is published of a place or facility, in the newest round that has anything."""
    from reports import summary

    card = scorecard(connection, library, subject)
    return None if card is None else summary.told(card)


def scorecard(
    connection: Connection, library: Library, subject: str, rounds: tuple[str, ...] = ()
) -> Scorecard | None:
    """The same as a scorecard; None where there is no such place."""
    from reports import reading

    try:
        if library.facility(subject) is not None:
            return reading.of_facility(connection, library, subject, rounds)
        return reading.of_place(connection, library, subject, rounds, compared=False)
    except reading.NoSuchPlace:
        return None


def parts(connection: Connection, library: Library, place: str) -> list[Part]:
    """The places within a place, in the order of their codes."""
    from reports import reading

    standing = reading.of_parts(connection, library, place)
    return [Part(row.place, row.services, row.raters) for row in standing.rows]


def picture(connection: Connection, desk: Desk, wanted: dict[str, Any]) -> Scorecard | None:
    """The scorecard that a picture shows (`flows.board.Card`)."""
    card = wanted["card"]
    return scorecard(connection, desk.library, card["subject"], tuple(card["rounds"]))


def draw(card: Scorecard, desk: Desk, wanted: dict[str, Any]) -> bytes:
    """A scorecard as PNG. Takes a while: in a thread."""
    from flows.channel import TELEGRAM
    from reports.card import card_png

    catalogue = desk.catalogue(wanted["language"], TELEGRAM)
    return card_png(card, desk.library, catalogue, wanted["card"]["service"])


def answer(connection: Connection, desk: Desk, known: Known, outcome: Answered, today: date) -> Goto:
    """Mark a comment as answered, if she still may read it; and read on."""
    held = roles.of(connection, known.id)
    subject = str(outcome.then.get("subject") or "")
    whose = scope(held, subject, desk.library)
    if whose is None or outcome.facility not in whose.facilities:
        return Goto("scores")
    done = comments.answer(connection, desk.vault, outcome.facility, outcome.key, today)
    if done:
        audit.note(connection, desk.clock(), "answered", known.id, None, {"facility": outcome.facility})
    return Goto("comments", {**outcome.then, "done": done})
