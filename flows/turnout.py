"""Who was reached before a meeting and who said they come, as numbers; and how its author is told of them.

So few that one could guess who they are (`FEW`) are never counted apart, nor can they be told by subtracting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flows.engine import Reply
from flows.library import Library, place_name
from flows.meetings import Meeting, clock, kind_name, whom
from flows.questions import JSON, Say
from flows.text import Day, Phrase, _, joined

#: A smaller group is not broken down; and where fewer hear of a meeting, it should be called out as well.
FEW = 5

#: Why somebody was not reached, in the order it is reported.
REASONS = ("blocked", "stopped", "refused", "cap", "expired")


@dataclass(frozen=True, slots=True)
class Share:
    """People of one village who were reached, and of them those who said that they come, or that they don't."""

    village: str
    reached: int
    yes: int
    no: int


@dataclass(frozen=True, slots=True)
class Turnout:
    """What is known of a meeting's audience afterwards.

    `reached` is None where so few were that they are not counted, as are `yes` and `no` then. `missed`: by reason, how
    many were not. `villages`: the larger ones. `low`: codes of the villages where few were reached, or that are
    not told apart from those.
    """

    reached: int | None
    yes: int | None
    no: int | None
    missed: Mapping[str, int]
    villages: tuple[Share, ...] = ()
    low: tuple[str, ...] = ()


def turnout(
    shares: Iterable[tuple[str | None, int, int, int]], missed: Mapping[str, int], audience: Iterable[str]
) -> Turnout:
    """The report of what was counted: (village, reached, yes, no) of each, None for those who named no village.
    `audience`: the villages the meeting was for.

    Those of small villages and of none are together the rest, which is the whole without the villages shown. Where
    it would be few, the smallest village shown joins it; and is then listed as low like those it hides, or
    one could tell that it is not.
    """
    counted = [Share(village or "", reached, yes, no) for village, reached, yes, no in shares]
    whole = sum(share.reached for share in counted)
    large = sorted(
        (share for share in counted if share.village and share.reached >= FEW),
        key=lambda share: (-share.reached, share.village),
    )
    if large and 0 < whole - sum(share.reached for share in large) < FEW:
        large.pop()
    kept = {share.village for share in large}
    low = tuple(village for village in audience if village not in kept)
    known = {reason: missed[reason] for reason in REASONS if missed.get(reason)}
    if 0 < whole < FEW:
        return Turnout(None, None, None, known, (), low)
    yes, no = sum(share.yes for share in counted), sum(share.no for share in counted)
    return Turnout(whole, yes, no, known, tuple(large), low)


def as_json(found: Turnout) -> dict[str, JSON]:
    """The counts, to be stored."""
    return {
        "reached": found.reached,
        "yes": found.yes,
        "no": found.no,
        "missed": dict(found.missed),
        "villages": [[share.village, share.reached, share.yes, share.no] for share in found.villages],
        "low": list(found.low),
    }


def from_json(fields: Mapping[str, JSON]) -> Turnout:
    """The counts that `as_json` wrote."""
    shares = tuple(Share(*share) for share in fields["villages"])
    return Turnout(
        fields["reached"], fields["yes"], fields["no"], fields["missed"], shares, tuple(fields["low"])
    )


# -- In words ---------------------------------------------------------------------------------------------


def report(found: Turnout, meeting: Meeting, library: Library, number: int) -> list[Reply]:
    """What the author of a notice is told when its meeting begins."""
    held = _(
        "Meeting {number}: {kind}, {whom}, {day}, {time}.",
        number=number,
        kind=kind_name(meeting.kind),
        whom=whom(meeting, library),
        day=Day(meeting.on),
        time=clock(meeting.at),
    )
    told: list[tuple[Phrase, ...]] = [(held,), tuple(_people(found)), tuple(_places(found, library))]
    return [Say(joined(*lines, separator="\n")) for lines in told if lines]


def _people(found: Turnout) -> Iterable[Phrase]:
    if found.reached is None:
        yield _("Reached: fewer than {few} people.", few=FEW)
    else:
        yield _("Reached: {people} people.", people=found.reached)
        if found.reached:
            yield _("Coming: {yes}. Not coming: {no}.", yes=found.yes or 0, no=found.no or 0)
    missed = sum(found.missed.values())
    if missed:
        why = joined(*(_because(reason, n) for reason, n in found.missed.items()), separator=", ")
        yield _("Not reached: {people} ({why}).", people=missed, why=why)


def _because(reason: str, people: int) -> Phrase:
    match reason:
        case "blocked":
            return _("{people} blocked us", people=people)
        case "stopped":
            return _("{people} asked for no more messages", people=people)
        case "refused":
            return _("{people} phones did not take it", people=people)
        case "cap":
            return _("{people} over the day's SMS limit", people=people)
        case _:
            return _("{people} too late", people=people)


def _places(found: Turnout, library: Library) -> Iterable[Phrase]:
    for share in found.villages:
        yield _(
            "{village}: {people} reached, {yes} coming.",
            village=place_name(library.place(share.village)),
            people=share.reached,
            yes=share.yes,
        )
    if found.low:
        names = joined(*(place_name(library.place(code)) for code in found.low), separator=", ")
        yield _("Few reached by phone, use the loudspeaker next time: {villages}.", villages=names)
