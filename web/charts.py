"""Charts as SVG, drawn here and readable without colour: every one says in words what it shows."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from flows import scoretext
from flows.counts import Counts
from flows.text import _, decimal
from reports.scorecard import Spread
from web.tongue import Tongue

_WIDE, _HIGH = 320, 132  # of a trend, in its own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 18, 22, 24
_MOUTHS = {
    1: "M8 17.2q4-4.6 8 0",
    2: "M8 16.6q4-2.8 8 0",
    3: "M8 15.6h8",
    4: "M8 14.6q4 3 8 0",
    5: "M7.4 14q4.6 6.4 9.2 0z",
}


def faces() -> Markup:
    """The five faces, once a page, for `face` to point at."""
    drawn = Markup("").join(
        Markup(
            '<symbol id="f{}" viewBox="0 0 24 24"><circle cx="12" cy="12" r="11" class="s{}"/>'
            '<g class="k{}"><circle cx="8.4" cy="9.6" r="1.3" class="eye"/>'
            '<circle cx="15.6" cy="9.6" r="1.3" class="eye"/><path d="{}"/></g></symbol>'
        ).format(score, score, score, mouth)
        for score, mouth in _MOUTHS.items()
    )
    return Markup('<svg class="none" aria-hidden="true">{}</svg>').format(drawn)


def face(score: float) -> Markup:
    """The face nearest to a score; whatever stands beside it says the same in words."""
    return Markup('<svg class="face" aria-hidden="true"><use href="#f{}"/></svg>').format(
        scoretext.nearest(score)
    )


def bar(counts: Counts, tongue: Tongue) -> Markup:
    """How many gave each score, as parts of one bar from very weak to very good."""
    said = told(counts, tongue)
    parts, at = [], 0.0
    for score, count in enumerate(counts.five, 1):
        wide = 100 * count / counts.n if counts else 0
        if count:
            parts.append(
                Markup('<rect class="s{}" x="{}%" width="{}%" height="100%"/>').format(
                    score, _short(at), _short(wide)
                )
            )
        at += wide
    return Markup('<svg class="bar" role="img"><title>{}</title>{}</svg>').format(
        said, Markup("").join(parts)
    )


def told(counts: Counts, tongue: Tongue) -> str:
    """The same in words: Very weak 3, Weak 5 …"""
    return ", ".join(
        f"{tongue.scale(score)} {tongue.number(count)}" for score, count in enumerate(counts.five, 1)
    )


def trend(points: Sequence[tuple[str, Counts]], tongue: Tongue, title: str) -> Markup:
    """The mean from round to round. A round of which nothing may be shown is left out of the line."""
    step = (_WIDE - _LEFT - _RIGHT) / max(1, len(points) - 1)
    dots: list[Markup] = []
    lines: list[Markup] = []
    run: list[str] = []
    last_year = ""
    for number, (code, counts) in enumerate(points):
        x = _short(_LEFT + step * number if len(points) > 1 else _WIDE / 2)
        when, year = _brief(code, tongue)
        dots.append(Markup('<text x="{}" y="{}" class="x">{}</text>').format(x, _HIGH - 12, when))
        if year != last_year:
            dots.append(Markup('<text x="{}" y="{}" class="x">{}</text>').format(x, _HIGH - 1, year))
            last_year = year
        if not counts:
            lines += _line(run)
            run = []
            continue
        y = _short(_height(counts.mean))
        run.append(f"{x} {y}")
        score = scoretext.nearest(counts.mean)
        dots.append(Markup('<circle cx="{}" cy="{}" r="4.5" class="s{}"/>').format(x, y, score))
        label = Markup('<text x="{}" y="{}" class="v">{}</text>')
        dots.append(label.format(x, _short(float(y) - 9), tongue.mean(counts.mean)))
    lines += _line(run)
    grid = Markup("").join(
        Markup('<path class="grid" d="M14 {}H{}"/><text x="0" y="{}" class="a">{}</text>').format(
            _short(_height(score)), _WIDE, _short(_height(score) + 4), tongue.number(score)
        )
        for score in (1, 3, 5)
    )
    said = "; ".join(
        f"{tongue.round(code)}: {tongue.mean(counts.mean) if counts else tongue.say(_('too few to show'))}"
        for code, counts in points
    )
    return Markup(
        '<svg class="trend" role="img" viewBox="0 0 {} {}"><title>{}</title><desc>{}</desc>{}{}{}</svg>'
    ).format(_WIDE, _HIGH, title, said, grid, Markup("").join(lines), Markup("").join(dots))


def span(spread: Spread, mean: float, tongue: Tongue) -> Markup:
    """Where the middle half of the communes lies from 1 to 5, and where this one does."""
    said = tongue.say(
        _(
            "Half of the {places} communes lie between {low} and {high}; here it is {mean}",
            places=spread.places,
            low=decimal(spread.low),
            high=decimal(spread.high),
            mean=decimal(mean),
        )
    )
    low, high, middle, here = ((score - 1) * 25 for score in (spread.low, spread.high, spread.middle, mean))
    return Markup(
        '<svg class="span" role="img"><title>{}</title><rect class="axis" y="45%" width="100%" height="10%"/>'
        '<rect class="half" x="{}%" y="20%" width="{}%" height="60%" rx="3"/>'
        '<rect class="mid" x="{}%" y="12%" width="2" height="76%"/>'
        '<circle class="here" cx="{}%" cy="50%" r="5"/></svg>'
    ).format(said, _short(low), _short(max(1.0, high - low)), _short(middle), _short(here))


def share(part: float, said: str) -> Markup:
    """A share of 0 to 1 as a bar."""
    return Markup(
        '<svg class="share" role="img"><title>{}</title><rect class="axis" width="100%" height="100%"/>'
        '<rect class="done" width="{}%" height="100%"/></svg>'
    ).format(said, _short(100 * part))


def _height(mean: float) -> float:
    return _TOP + (5 - mean) / 4 * (_HIGH - _TOP - _BOTTOM - 8)


def _line(run: Sequence[str]) -> list[Markup]:
    return [Markup('<path class="line" d="M{}"/>').format(" L".join(run))] if len(run) > 1 else []


def _brief(code: str, tongue: Tongue) -> tuple[str, str]:
    """A round under its dot: the quarter, and the year; of the programme's calendar its code."""
    year, _dash, quarter = code.partition("-Q")
    if quarter.isdigit() and year.isdigit():
        return tongue.say(_("Q{quarter}", quarter=int(quarter))), tongue.say(int(year))
    return code[-7:], ""


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
