"""A meeting, and how it is told: the words of a notice, a reminder, a change and a cancellation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flows.assent import AFFIRMED, DENIED, NO, YES, keys
from flows.engine import Reply
from flows.library import Library, facility_name, place_name, place_with_unit
from flows.questions import JSON, MISSED, Attachment, Choice, Said, Say
from flows.text import Catalogue, Day, Phrase, _, joined

#: The kinds of meeting of the yearly cycle, in the order they are offered.
KINDS = ("village", "i4c", "scorecard", "interface", "jaap", "other")

#: For whom: everybody of the commune, some of its villages, or those who follow a facility.
SCOPES = ("commune", "villages", "facility")

#: What is told of a meeting: that it is held, the evening before, shortly before, that it is held otherwise, that
#: it is not held.
OCCASIONS = ("notice", "evening", "soon", "changed", "cancelled")


@dataclass(frozen=True, slots=True)
class Meeting:
    """What citizens are told. `on` is the local day 2026-12-01, `at` the time of day 08:30.

    `villages` are codes, only where the scope is villages; `facility` is the one whose followers are told.
    """

    kind: str
    commune: str
    scope: str
    on: str
    at: str
    place: str
    note: str = ""
    villages: tuple[str, ...] = ()
    facility: str | None = None
    attachment: Attachment | None = None


def as_json(meeting: Meeting) -> dict[str, JSON]:
    """The meeting, to be kept among the answers of a conversation."""
    a = meeting.attachment
    fields: dict[str, JSON] = {
        name: getattr(meeting, name)
        for name in ("kind", "commune", "scope", "on", "at", "place", "note", "facility")
    }
    fields["villages"] = list(meeting.villages)
    fields["attachment"] = [a.kind, a.file, a.size, a.seconds] if a else None
    return fields


def from_json(fields: Mapping[str, JSON]) -> Meeting:
    """The meeting that `as_json` wrote."""
    kept = {**fields, "villages": tuple(fields["villages"])}
    kept["attachment"] = Attachment(*fields["attachment"]) if fields["attachment"] else None
    return Meeting(**kept)


def kind_name(kind: str) -> Phrase:
    """What a meeting is called."""
    match kind:
        case "village":
            return _("Village meeting")
        case "i4c":
            return _("Information session")
        case "scorecard":
            return _("Scorecard meeting")
        case "interface":
            return _("Interface meeting")
        case "jaap":
            return _("Follow-up of the action plan")
        case _:
            return _("Meeting")


def whom(meeting: Meeting, library: Library) -> Phrase:
    """Whose meeting it is: a commune's, its villages', or that of a facility."""
    if meeting.scope == "facility" and meeting.facility:
        facility = library.facility(meeting.facility)
        if facility is not None:
            return facility_name(facility, library)
    if meeting.scope == "villages" and meeting.villages:
        villages = (place_name(library.place(code)) for code in meeting.villages)
        return joined(*villages, separator=", ")
    return place_with_unit(library.place(meeting.commune))


def clock(at: str) -> Phrase:
    """The time of day 08:30, as one says it."""
    hour, sharp = int(at[:2]), at.endswith("00")
    said: dict[str, Phrase | int] = {"hour": (hour - 1) % 12 + 1}
    if not sharp:
        said["minute"] = joined(int(at[3]), int(at[4]), separator="")
    if hour < 12:
        return _("{hour} in the morning", **said) if sharp else _("{hour}:{minute} in the morning", **said)
    if hour < 17:
        return (
            _("{hour} in the afternoon", **said) if sharp else _("{hour}:{minute} in the afternoon", **said)
        )
    return _("{hour} in the evening", **said) if sharp else _("{hour}:{minute} in the evening", **said)


def told(meeting: Meeting, occasion: str, library: Library, *, asks: bool) -> list[Reply]:
    """What a citizen hears on an occasion. `asks`: whether she can answer on her channel."""
    held = {
        "kind": kind_name(meeting.kind),
        "whom": whom(meeting, library),
        "day": Day(meeting.on),
        "time": clock(meeting.at),
        "place": meeting.place,
    }
    match occasion:
        case "cancelled":
            return [Say(_("Cancelled: {kind}, {whom}, {day}, {time}. It is not held.", **held))]
        case "changed":
            text = _("Changed: {kind}, {whom}. Now {day}, {time}, at {place}.", **held)
        case "evening":
            text = _("Tomorrow: {kind}, {whom}. {day}, {time}, at {place}.", **held)
        case "soon":
            text = _("Today: {kind}, {whom}. {day}, {time}, at {place}.", **held)
        case _:
            text = _("{kind}, {whom}. {day}, {time}, at {place}.", **held)
    replies: list[Reply] = [Say(text, attachment=meeting.attachment if occasion == "notice" else None)]
    if meeting.note and occasion != "soon":
        replies.append(Say(joined(meeting.note)))
    replies.append(Say(_("To hear of no more meetings, send STOP.")))
    if asks:
        replies.append(COMING)
    return replies


COMING = Choice(
    key="coming",
    text=_("Are you coming?"),
    options=(
        replace(YES, label=_("I am coming"), called=AFFIRMED | keys("mok មក បាទមក ចាសមក ខ្ញុំមក")),
        replace(
            NO,
            label=_("I am not coming"),
            called=DENIED | keys("minmok otmok មិនមក អត់មក មិនមកទេ អត់មកទេ មកមិនបាន"),
        ),
    ),
    budget=4,
)


def coming(said: Said, languages: Sequence[Catalogue]) -> bool | None:
    """Whether one comes, in answer to a notice: a tap, 1 or 2, its label, yes or no; None where it says neither."""
    answer = COMING.read(said, languages)
    return None if answer is MISSED else bool(answer == "yes")


def thanks(meeting: Meeting, coming: bool) -> Say:
    """What is said to somebody who told whether she comes."""
    if not coming:
        return Say(_("Thank you for telling us."))
    return Say(
        _(
            "Good, we expect you: {day}, {time}, at {place}.",
            day=Day(meeting.on),
            time=clock(meeting.at),
            place=meeting.place,
        ),
        budget=2,
    )
