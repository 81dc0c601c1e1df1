"""What officials are told once a month, and at a round's end: how their scores moved, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.counts import Counts
from flows.engine import Reply
from flows.library import Library, full_name, place_name
from flows.questions import Say
from flows.text import Phrase, _, decimal, joined

#: A mean that moved by less has not moved, to whoever reads one decimal.
MOVED = 0.05
#: Rows of a table in one message: more is read on the dashboard.
MOST_ROWS = 30
#: The same in a text message.
MOST_BRIEF = 3


@dataclass(frozen=True, slots=True)
class Score:
    """How a service, a criterion or a place stands. `change`: of its mean since the last round, where there is one."""

    of: Phrase
    counts: Counts
    change: float | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """What is told about a place, of a month (2026-11) or a round (2026-Q4). `services`: what a commune's facilities
    got; `lowest`: the criteria that citizens are least content with; `parts`: the places within a wider one, of which
    `silent` have too few ratings. `comments` came in that time, `waiting` of all are not answered."""

    place: str
    services: tuple[Score, ...]
    lowest: tuple[Score, ...] = ()
    parts: tuple[Score, ...] = ()
    silent: int = 0
    comments: int = 0
    waiting: int = 0
    sample: bool = False


def month_name(month: str) -> Phrase:
    """2026-11 as one says it."""
    names = (
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    )
    year, _dash, number = month.partition("-")
    return _("{month} {year}", month=names[int(number) - 1], year=int(year))


def round_name(code: str) -> Phrase:
    """2026-Q4 as one says it; a round of the programme's calendar by its code."""
    year, _dash, quarter = code.partition("-Q")
    if quarter in {"1", "2", "3", "4"} and year.isdigit():
        return _("quarter {quarter} of {year}", quarter=int(quarter), year=int(year))
    return joined(code)


def digest(told: Digest, period: Phrase, library: Library, link: str, *, brief: bool) -> list[Reply]:
    """The messages. `link`: where everything stands; may be empty. `brief`: each letter is paid for."""
    if brief:
        return [Say(joined(*_in_brief(told, period, library)), budget=5)]
    place = full_name(told.place, library) if told.place else _("the whole country")
    lines: list[Phrase] = [_("Sample data")] if told.sample else []
    lines.append(_("Scores of {place}, {period}:", place=place, period=period))
    lines += [_scored(score) for score in told.services]
    if told.lowest:
        lines.append(_("Least content with: {criteria}.", criteria=_listed(told.lowest)))
    said: list[Reply] = [Say(joined(*lines, separator="\n"))]
    if told.parts:
        said.append(Say(joined(*_table(told), separator="\n")))
    after: list[Phrase] = []
    if told.comments:
        after.append(
            _(
                "New comments: {comments}. Not answered yet: {waiting}.",
                comments=told.comments,
                waiting=told.waiting,
            )
        )
    after.append(_("To see more, send SCORES."))
    if link:
        after.append(joined(link))
    said.append(Say(joined(*after, separator="\n")))
    return said


def _in_brief(told: Digest, period: Phrase, library: Library) -> Iterable[Phrase]:
    """The same in one text message: without links, and of a wider place only the least content."""
    if told.sample:
        yield _("Sample data")
    name = place_name(library.place(told.place)) if told.place else _("the whole country")
    scores = joined(*(_moved(score) for score in told.services), separator=", ")
    yield _("{place}, {period}: {scores}.", place=name, period=period, scores=scores)
    if told.lowest:
        yield _("Least content with: {criteria}.", criteria=_listed(told.lowest))
    elif told.parts:
        yield _("Least content with: {criteria}.", criteria=_listed(_least(told.parts)[:MOST_BRIEF]))
    if told.comments:
        yield _("New comments: {comments}.", comments=told.comments)
    yield _("To see more, send SCORES.")


def _table(told: Digest) -> Iterable[Phrase]:
    least = _least(told.parts)
    yield _("From the least content:")
    yield from (_scored(score) for score in least[:MOST_ROWS])
    if len(least) > MOST_ROWS:
        yield _("and {places} more", places=len(least) - MOST_ROWS)
    if told.silent:
        yield _("Without enough ratings: {places}", places=told.silent)


def _least(scores: Iterable[Score]) -> list[Score]:
    return sorted(scores, key=lambda score: score.counts.mean)


def _listed(scores: Iterable[Score]) -> Phrase:
    return joined(
        *(joined(score.of, decimal(score.counts.mean)) for score in scores),
        separator=", ",
    )


def _scored(score: Score) -> Phrase:
    """A line: the name, the mean, and how it moved since the last round."""
    values = {"name": score.of, "score": decimal(score.counts.mean)}
    if score.change is None:
        return _("{name}: {score}", **values)
    if abs(score.change) < MOVED:
        return _("{name}: {score}, as before", **values)
    by = decimal(abs(score.change))
    if score.change > 0:
        return _("{name}: {score}, up by {change}", **values, change=by)
    return _("{name}: {score}, down by {change}", **values, change=by)


def _moved(score: Score) -> Phrase:
    """The same in a few letters: office 3.9 (+0.2)."""
    mean = decimal(score.counts.mean)
    if score.change is None or abs(score.change) < MOVED:
        return joined(score.of, mean)
    by = joined("+" if score.change > 0 else "-", decimal(abs(score.change)), separator="")
    return joined(score.of, mean, joined("(", by, ")", separator=""))
