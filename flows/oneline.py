"""A whole rating in one line, as a farmer can afford it: `HC 080303 43554 no medicine`.

Service, place, one digit a criterion (0 or - leaves one out), then perhaps a
comment; in either script, with any separators. A line is read in every way
that makes sense. One way: a conversation begins with those answers filled in.
Two ways: what they differ in is asked. Nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from flows import khmer
from flows.library import Facility, Library
from flows.places import hear
from flows.questions import Heard
from flows.services import SERVICE_WORDS

_AROUND = " \t\r\n.,;:/|+_–—។៖*#&-()[]!?\"'"
LONGEST = 1600  # characters, a text message at its longest; whatever is longer is no line
HIGHEST = 5

_RATE = re.compile(r"^\s*(?:/?(?:rate|vote)(?=\s)|វាយតម្លៃ|ដាក់ពិន្ទុ|ពិន្ទុ)\s*", re.IGNORECASE)
_NUMBERS = re.compile(r"[0-9-]+(?:[\s.,;:/|+_–—។៖()*#&-]+[0-9-]+)*")
_SYMBOL = re.compile(r"[0-9]+|-")


@dataclass(frozen=True, slots=True)
class Line:
    """What a line was understood as. `given` starts the flow `rate`; `complete`: nothing is left to ask but,
    perhaps, which of several places."""

    given: dict[str, Any]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read what follows the service.

    `place` is None where none is named, and without communes where it was not found. `scores` has None for
    what was left out, `unclear` the positions of those that are no score. Of several readings the worthiest counts.
    """

    place: Heard | None
    scores: tuple[int | None, ...] = ()
    unclear: frozenset[int] = frozenset()
    comment: str = ""
    worth: int = 0
    complete: bool = False


#: A hyphen between the service and the name of a place: "HC - Preaek Ampil". Before a digit it leaves a score out.
_PARTED = re.compile(r"^\s*[-–—]\s*(?=[^\W\d_])")


def read(text: str, library: Library) -> Line | None:
    """The line's answers for the flow `rate`; None when it does not name a service first."""
    if len(text) > LONGEST or text[:1].isdigit():  # most messages are a digit, and no line begins with one
        return None
    line = _RATE.sub("", khmer.ascii_digits(khmer.visible(text)).strip(), count=1)
    facility, rest = _facility(line, library)
    service = facility.service if facility else None
    if service is None:
        service, rest = _service(line)
        if service is None:
            return None
        named, after = _facility(rest.lstrip(), library)
        if named is not None and named.service == service:
            facility, rest = named, after
    rest = _PARTED.sub(" ", rest)
    criteria = library.criteria(service)
    given: dict[str, Any] = {"service": service}
    if facility is not None:
        given["facility"] = facility.code
    readings = list(dict.fromkeys(_readings(rest, len(criteria), library, placed=facility is not None)))
    best = max((reading.worth for reading in readings), default=0)
    readings = [reading for reading in readings if reading.worth == best]
    given |= _place_of(readings)
    if len(readings) != 1:  # two ways to read it: what they differ in is asked
        return Line(given, False)
    [reading] = readings
    for position, (criterion, score) in enumerate(zip(criteria, reading.scores, strict=False)):
        if position not in reading.unclear:
            given[f"score.{criterion.code}"] = score
    if reading.complete or reading.comment:
        given["comment"] = {"text": reading.comment} if reading.comment else None
    return Line(given, reading.complete)


def _place_of(readings: list[_Reading]) -> dict[str, Any]:
    """The commune, when all readings agree on it; else what it may be, to be asked."""
    places = {reading.place for reading in readings}
    named = [place for place in places if place is not None]
    if not named:
        return {}
    if len(places) == 1 and named[0].sure:
        return {"commune": named[0].communes[0]}
    return {"heard": list(dict.fromkeys(code for place in named for code in place.codes))}


def _facility(line: str, library: Library) -> tuple[Facility | None, str]:
    """A facility named by its code at the head of the line, and what follows it."""
    head = re.match(r"[A-Za-z0-9-]+", line)
    if head is None or head[0].isdigit():
        return None, line
    facility = library.facility(head[0])
    if facility is None or facility.retired:
        return None, line
    return facility, line[head.end() :]


def _service(line: str) -> tuple[str | None, str]:
    """The service a line begins with, and what follows its name."""
    # The key folds spelling, so it may be shorter than what was typed: the shortest head with that key is it.
    heads = {khmer.key(line[:end]): end for end in range(min(len(line), 30), 0, -1)}
    folded = khmer.key(line[:40])
    for word, service in SERVICE_WORDS:
        if not folded.replace(" ", "").startswith(word):
            continue
        for head, end in heads.items():
            if head.replace(" ", "") != word:
                continue
            rest = line[end:]
            # A Latin word ends where it ends: "pet" is not the head of "peter", nor "ca" of "camera".
            if word.isascii() and rest[:1].isalpha():
                continue
            return service, rest
    return None, line


def _readings(rest: str, count: int, library: Library, *, placed: bool) -> Iterator[_Reading]:
    """Every way to read place, scores and comment that makes sense. `placed`: the place is known already."""
    rest = _apart(rest, count, library)
    groups = list(_NUMBERS.finditer(rest))
    if not groups and rest.strip() and not placed:
        only = hear(library, rest)
        yield _Reading(only, worth=_known(only))
    for group in groups:
        symbols = list(_SYMBOL.finditer(group[0]))
        for first in range(len(symbols) + 1):
            until = group.start() + symbols[first].start() if first < len(symbols) else group.end()
            named = rest[:until].strip(_AROUND)
            if named and placed:
                break
            place = hear(library, named) if named else None
            if first and not _may_be_named(named, place):
                continue
            if group is not groups[0] and not place:
                continue  # digits behind other digits are scores only where a place is between
            yield from _led(rest, group, symbols[first:], count, place)


def _led(
    rest: str, group: re.Match[str], symbols: list[re.Match[str]], count: int, place: Heard | None
) -> Iterator[_Reading]:
    """The scores from here on, where a hyphen at their head may part them from the place or leave one out."""
    readings = list(_scored(rest, group, symbols, count, place))
    if symbols and symbols[0][0] == "-":
        parted = list(_scored(rest, group, symbols[1:], count, place))
        told = {reading.scores for reading in (*readings, *parted) if reading.scores}
        apart = rest[group.start() + symbols[0].end() :][:1].isspace()
        if len(told) > 1 and apart:
            readings = [_Reading(place, worth=_WHOLE + _known(place))]
        elif not any(reading.complete for reading in readings):
            readings = parted
    yield from readings


def _may_be_named(named: str, place: Heard | None) -> bool:
    """Whether digits before the scores are a place: as its code, even one that is not there, or as the end of its
    exact name. A near name does not take a score for its number."""
    if place is None:
        return False
    if named.isdigit() and len(named) in {6, 8}:
        return True
    if named.replace(" ", "").isdigit():
        return len(place.communes) == 1
    return place.sure


def _apart(rest: str, count: int, library: Library) -> str:
    """A place's code and the scores written as one number, with a space between them."""
    run = re.search(rf"(?<!\d)(\d{{6}}|\d{{8}})(\d{{{count}}})(?!\d)", rest)
    if run is None or not hear(library, run[1]).sure:
        return rest
    return f"{rest[: run.end(1)]} {rest[run.end(1) :]}"


def _scored(
    rest: str, group: re.Match[str], symbols: list[re.Match[str]], count: int, place: Heard | None
) -> Iterator[_Reading]:
    """The scores that begin here, with a hyphen read as "left out" and as a separator."""
    known = _known(place)
    if not symbols:
        # All digits were the place's code. As good a reading as scores without a place: then it is asked.
        after = _comment(rest[group.end() :])
        yield _Reading(place, comment=after, worth=known if after else _WHOLE + _known(None))
        return
    told = set()
    for hyphens in (True, False):
        tokens = [symbol for symbol in symbols if hyphens or symbol[0] != "-"]
        digits, taken = "", 0
        for token in tokens:
            if len(digits) + len(token[0]) > count or len(digits) == count:
                break
            digits += token[0]
            taken += 1
        if not tokens or digits in told:
            continue
        told.add(digits)
        scores = tuple(None if digit in "0-" else int(digit) for digit in digits)
        unclear = frozenset(n for n, score in enumerate(scores) if score is not None and score > HIGHEST)
        end = group.start() + (tokens[taken - 1].end() if taken else 0)
        if re.match(r"[A-Za-z]|[^\W\d]*\d|[½¼¾²³]", rest[end:]) and taken == len(tokens):
            yield _Reading(place, worth=known)  # "4th", "4½": these digits are no scores
        elif len(digits) == count:
            yield _whole(rest, end, tokens[:taken], _Reading(place, scores, unclear, worth=known))
        elif taken == len(tokens):
            yield _Reading(place, scores, unclear, _comment(rest[end:]), _PART + known)
        else:  # too many digits: which score is which can't be known
            yield _Reading(place, comment=_comment(rest[group.end() :]), worth=known)


def _whole(rest: str, end: int, tokens: list[re.Match[str]], found: _Reading) -> _Reading:
    """A reading with as many scores as criteria, and the comment behind them."""
    comment = _comment(rest[end:])
    if comment and not any(letter.isalpha() or letter > "\u2190" for letter in comment):
        return replace(found, scores=(), unclear=frozenset())  # numbers left over were meant for something
    if (
        comment
        and len(tokens) > 1
        and re.fullmatch(r"\d", tokens[-1][0])
        and any(len(t[0]) > 1 for t in tokens[:-1])
    ):
        # "4355 2 nurses": a score forgotten, or two nurses?
        last = len(found.scores) - 1
        comment = f"{tokens[-1][0]} {comment}"
        return replace(found, unclear=found.unclear | {last}, comment=comment, worth=found.worth + _PART)
    worth = found.worth + (_PART if found.unclear else _WHOLE)
    return replace(found, comment=comment, worth=worth, complete=not found.unclear)


def _comment(after: str) -> str:
    """What follows the scores, without the marks that part it from them."""
    said = after.lstrip(_AROUND).rstrip()
    return said if said.strip(_AROUND) else ""


#: A reading that explains the whole line stands above one that explains a part of it.
_WHOLE, _PART = 10, 5


def _known(place: Heard | None) -> int:
    """A place that is sure stands above none named, that above one that may be several, and that above one not
    found."""
    if place is None:
        return 2
    return 3 if place.sure else 1 if place else 0
