"""Days and times of day as people write them, in Khmer, romanised Khmer or English.

Nothing here guesses. A text with no reading, or with two, is `Unclear` with the reason, so that the
question can be asked again in other words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from flows.khmer import key

if TYPE_CHECKING:
    from datetime import date

Reason = Literal["not understood", "no such day", "no such time", "two readings", "past", "other weekday"]


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why a date or a time was not taken."""

    reason: Reason


class Clock(NamedTuple):
    """A time of day: hour 0 to 23, minute 0 to 59."""

    hour: int
    minute: int


class When(NamedTuple):
    """A day and a time on it."""

    on: "date"
    at: Clock


_NOT_UNDERSTOOD = Unclear("not understood")

_MONTHS = (
    "មករា meakara makara january jan",
    "កុម្ភៈ កុម្ភះ កុម្ភ kompheak february feb",
    "មីនា មិនា mina march mar",
    "មេសា mesa april apr",
    "ឧសភា usaphea may",
    "មិថុនា mithona june jun",
    "កក្កដា kakkada july jul",
    "សីហា seyha august aug",
    "កញ្ញា kanha september sept sep",
    "តុលា tola october oct",
    "វិច្ឆិកា vichika november nov",
    "ធ្នូ thnou december dec",
)
_WEEKDAYS = (
    "ច័ន្ទ ចន្ទ monday mon",
    "អង្គារ tuesday tues tue",
    "ពុធ wednesday wed",
    "ព្រហស្បតិ៍ ព្រហស្បត្តិ៍ ព្រហ thursday thurs thu",
    "សុក្រ friday fri",
    "សៅរ៍ saturday sat",
    "អាទិត្យ sunday sun",
)
_MONTH = {key(word): month for month, words in enumerate(_MONTHS, 1) for word in words.split()}
_WEEKDAY = {key(word): day for day, words in enumerate(_WEEKDAYS) for word in words.split()}
_AWAY = {
    key(word): days
    for days, words in (
        (0, ("ថ្ងៃនេះ", "today", "thngai nih", "thngai nis")),
        (1, ("ស្អែក", "ថ្ងៃស្អែក", "tomorrow", "saek", "saaek", "sa-ek", "thngai saek", "thngai saaek")),
        (2, ("ខានស្អែក", "ថ្ងៃខានស្អែក", "day after tomorrow", "the day after tomorrow")),
    )
    for word in words
}


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + r")(?![a-z\u17b6-\u17d2])"


_DAY_WORD = f"(?:{key('ថ្ងៃ')})?"
_NUMBERED = f"(?:{_DAY_WORD} ?(?:{key('ទី')}|the )? ?)"
_YEAR_WORD = f" ?,? ?(?:{key('ឆ្នាំ')})? ?"
_IN_DAYS = re.compile(f"(?:in |{key('ក្នុង')} ?)?([0-9]{{1,3}}) ?(?:{key('ថ្ងៃទៀត')}|days?)")
_BY_WEEKDAY = re.compile(f"(?:(next|this) )?{_DAY_WORD} ?({_any(_WEEKDAY)}) ?({key('ក្រោយ')}|{key('នេះ')})?")
_WEEKDAY_FIRST = re.compile(f"{_DAY_WORD} ?({_any(_WEEKDAY)}),? ?(?=.)")
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<day>[0-9]{1,2}) ?(?P<by>[/.-]) ?(?P<month>[0-9]{1,2})(?: ?(?P=by) ?(?P<year>[0-9]{2}|[0-9]{4}))?",
        r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})",
        rf"{_NUMBERED}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)?,? ?(?:{key('ខែ')})? ?"
        rf"(?P<month>{_any(_MONTH)})(?:{_YEAR_WORD}(?P<year>[0-9]{{4}}))?",
        rf"{_NUMBERED}(?P<day>[0-9]{{1,2}}),? ?{key('ខែ')} ?(?P<month>[0-9]{{1,2}})(?:{_YEAR_WORD}(?P<year>[0-9]{{4}}))?",
        rf"(?P<month>{_any(_MONTH)}) (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>[0-9]{{4}}))?",
    )
)
# A date without a year that has just passed is a mistake; one long past is meant for the next year.
_HALF_A_YEAR = 183


def day(text: str, today: "date") -> "date | Unclear":
    """The day that `text` names, seen from `today`.

    Understood are: ថ្ងៃនេះ, ស្អែក, ខានស្អែក and the English words; "3 days"; a weekday, which is the coming
    one; day and month, in that order, with or without year and weekday. A day that does not exist is not
    moved, a weekday that contradicts the date is not overlooked, today's own weekday has two readings.
    A year must be of the common era; without one the day is the next such, at most half a year away.
    """
    text = key(text)
    if text in _AWAY:
        return today.fromordinal(today.toordinal() + _AWAY[text])
    later = _IN_DAYS.fullmatch(text)
    if later:
        return today.fromordinal(today.toordinal() + int(later[1]))
    named = _BY_WEEKDAY.fullmatch(text)
    if named:
        return _coming(_WEEKDAY[named[2]], named[1] or named[3] or "", today)
    stated = _WEEKDAY_FIRST.match(text)
    weekday = _WEEKDAY[stated[1]] if stated else None
    for pattern in _DATES:
        found = pattern.fullmatch(text, stated.end() if stated else 0)
        if found:
            month = _MONTH.get(found["month"]) or int(found["month"])
            return _dated(int(found["day"]), month, found["year"], weekday, today)
    return _NOT_UNDERSTOOD


def _coming(weekday: int, which: str, today: "date") -> "date | Unclear":
    ahead = (weekday - today.weekday()) % 7
    next_week = today.weekday() + ahead > 6
    if which in ("next", key("ក្រោយ")):
        # On a Monday "next Friday" is this week's for some and next week's for others.
        return today.fromordinal(today.toordinal() + ahead) if next_week else Unclear("two readings")
    if which and next_week:
        return Unclear("past")
    if ahead == 0 and not which:
        return Unclear("two readings")
    return today.fromordinal(today.toordinal() + ahead)


def _dated(
    number_of_day: int, month: int, year: str | None, weekday: int | None, today: "date"
) -> "date | Unclear":
    if year is not None:
        # Years of the Buddhist era begin in May: which common year is meant depends on the day.
        common = int(year) + (2000 if len(year) == 2 else 0)
        if not 1900 <= common < 2200:
            return _NOT_UNDERSTOOD
        on = _on(common, month, number_of_day, today)
    elif (month, number_of_day) >= (today.month, today.day):
        on = _on(today.year, month, number_of_day, today)
    else:
        on = _on(today.year + 1, month, number_of_day, today)
        if on is not None and on.toordinal() - today.toordinal() > _HALF_A_YEAR:
            return Unclear("past")
    if on is None:
        return Unclear("no such day")
    return on if weekday in (None, on.weekday()) else Unclear("other weekday")


def _on(year: int, month: int, number_of_day: int, today: "date") -> "date | None":
    try:
        return today.replace(year=year, month=month, day=number_of_day)
    except ValueError:
        return None


# The longest day with the longest time is shorter; every place to cut is tried.
_LONGEST = 80

# Which hours of the clock face each part of the day has; what is left out has two readings, or none.
_MORNING = {hour: hour for hour in range(1, 12)}
_NOON = {12: 12}
_AFTERNOON = {12: 12, **{hour: hour + 12 for hour in range(1, 6)}}
_EVENING = {hour: hour + 12 for hour in range(3, 9)}
_NIGHT = {**{hour: hour for hour in range(1, 5)}, **{hour: hour + 12 for hour in range(6, 12)}}
_PARTS = {
    key(word): hours
    for words, hours in (
        ("ព្រឹក am a.m. a.m morning", _MORNING),
        ("ថ្ងៃត្រង់ noon", _NOON),
        ("រសៀល afternoon", _AFTERNOON),
        ("ល្ងាច evening", _EVENING),
        ("យប់ night", _NIGHT),
        ("pm p.m. p.m", {12: 12, **{hour: hour + 12 for hour in range(1, 12)}}),
    )
    for word in words.split()
}
_PART = "(?:" + "|".join(map(re.escape, sorted(_PARTS, key=len, reverse=True))) + ")"
_OCLOCK = f"(?:{key('ម៉ោង')}|at|maong)"
_MINUTES = f" ?(?:[:.h]|{key('និង')}|{key('ម៉ោង')}) ?"
_CLOCK = re.compile(
    rf"(?P<named>{_OCLOCK} ?)?(?P<hour>[0-9]{{1,2}})"
    rf"(?:{_MINUTES}(?P<minute>[0-9]{{2}})(?: ?{key('នាទី')})?|h| ?(?P<half>{key('កន្លះ')}))?"
    rf"(?: ?o'clock)?(?: ?(?:in the |at )?(?:{key('ពេល')})?(?P<part>{_PART}))?"
)


def clock(text: str) -> Clock | Unclear:
    """The time of day that `text` names: ម៉ោង ៨ ព្រឹក, 8:30am, ម៉ោង ២ កន្លះ រសៀល, 14:00, 08:30, noon.

    Without a part of the day, only what is plainly of 24 hours has one reading: an hour from 13, or two
    digits and minutes. A part of the day that the hour does not have is not understood.
    """
    text = key(text)
    if text in ("noon", key("ថ្ងៃត្រង់")):
        return Clock(12, 0)
    found = _CLOCK.fullmatch(text)
    if not found or not (found["named"] or found["minute"] or found["part"] or "h" in text):
        return _NOT_UNDERSTOOD
    hour = int(found["hour"])
    minute = 30 if found["half"] else int(found["minute"] or 0)
    if hour > 23 or minute > 59:
        return Unclear("no such time")
    if found["part"]:
        return _in_part(hour, minute, _PARTS[found["part"]])
    if hour > 12 or (found["minute"] and len(found["hour"]) == 2):
        return Clock(hour, minute)
    return Unclear("two readings")


def _in_part(hour: int, minute: int, part: dict[int, int]) -> Clock | Unclear:
    if hour in part:
        return Clock(part[hour], minute)
    if hour > 12 and hour in part.values():
        return Clock(hour, minute)
    return Unclear("two readings" if hour == 12 else "no such time")


def when(text: str, today: "date") -> When | Unclear:
    """The day and the time that `text` names together, in either order: ២៥ តុលា ម៉ោង ៨ ព្រឹក.

    Both must be there, and nothing else; what one part lacks is not taken from `today`.
    """
    text = key(text)
    if len(text) > _LONGEST:
        return _NOT_UNDERSTOOD
    readings: set[When] = set()
    reason = _NOT_UNDERSTOOD
    for cut in range(1, len(text)):
        left, right = text[:cut].strip(" ,"), text[cut:].strip(" ,")
        for date_text, time_text in ((left, right), (right, left)):
            on, at = day(date_text, today), clock(time_text)
            if not isinstance(on, Unclear) and not isinstance(at, Unclear):
                readings.add(When(on, at))
            elif on != _NOT_UNDERSTOOD and at != _NOT_UNDERSTOOD:
                reason = on if isinstance(on, Unclear) else at if isinstance(at, Unclear) else reason
    if len(readings) > 1:
        return Unclear("two readings")
    return readings.pop() if readings else reason
