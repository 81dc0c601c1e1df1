"""The figures: counts, medians by the programme's rule, how communes lie, what is compared with what."""

from __future__ import annotations

import statistics
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from flows.counts import ALL, NOBODY, Counts, total
from flows.library import Library
from reports import reading, scorecard
from storage.scores import Cell, Sum

COUNTS = st.tuples(*[st.integers(0, 40)] * 5).map(Counts)


@given(COUNTS.filter(bool))
def test_counts_say_what_the_single_scores_say(counts: Counts) -> None:
    scores = [score for score, count in enumerate(counts.five, 1) for _ in range(count)]
    assert counts.n == len(scores)
    assert counts.median == statistics.median(scores)
    assert counts.mean == pytest.approx(statistics.fmean(scores))
    assert counts.satisfied == pytest.approx(sum(score >= 4 for score in scores) / len(scores))


@given(COUNTS, COUNTS)
def test_counts_add_up_and_come_apart(one: Counts, other: Counts) -> None:
    assert (one + other) - other == one
    assert total([one, other]) == one + other


def test_an_even_count_whose_middle_scores_differ_has_their_mean_as_median() -> None:
    assert Counts((0, 1, 1, 0, 0)).median == 2.5


def test_nobody_has_no_score() -> None:
    assert (NOBODY.n, NOBODY.median, NOBODY.mean, NOBODY.satisfied, bool(NOBODY)) == (0, 0, 0, 0, False)


def test_communes_are_compared_without_a_rank() -> None:
    sums = [Sum(f"0803{n:02}", "ca-hours", ALL, Counts((0, 0, 10 - n, n, 0))) for n in range(1, 6)]
    spread = scorecard.spreads(sums)["ca-hours"]
    assert spread.places == 5
    assert [spread.stands(mean) for mean in (3.05, 3.3, 3.49)] == ["below", "within", "above"]


def test_too_few_communes_are_no_distribution() -> None:
    sums = [Sum(f"0803{n:02}", "ca-hours", ALL, Counts((0, 0, 5, 5, 0))) for n in range(1, 4)]
    assert scorecard.spreads(sums) == {}


def test_rounds_are_summed_and_compared_with_the_one_before(library: Library) -> None:
    day = date(2026, 11, 1)
    code = library.facilities("080303", "ca")[0].code
    cells = [
        Cell(code, "2026-Q4", "ca-hours", ALL, Counts((0, 0, 0, 3, 7)), day),
        Cell(code, "2026-Q3", "ca-hours", ALL, Counts((5, 0, 0, 5, 0)), day),
        Cell(code, "2026-Q3", "ca-hours", "women", Counts((5, 0, 0, 0, 0)), day),
        Cell(code, "2026-Q2", "ca-hours", ALL, Counts((5, 0, 0, 0, 0)), day),
    ]
    alone = scorecard.of_cells(cells, ["2026-Q4"], "2026-Q3")["ca-hours"]
    assert (alone.counts.n, alone.before.n, alone.groups) == (10, 10, {})
    assert alone.change == pytest.approx(4.7 - 2.5)
    both = scorecard.of_cells(cells, ["2026-Q4", "2026-Q3"], "2026-Q2")["ca-hours"]
    assert (both.counts.five, both.groups["women"].n) == ((5, 0, 0, 8, 7), 5)


def test_a_theme_gathers_what_belongs_to_it_in_all_services(library: Library) -> None:
    lines = {
        criterion.code: scorecard.Line(criterion.code, Counts((0, 0, 1, 4, 0)))
        for service in ("ca", "hc", "ps")
        for criterion in library.criteria(service)
    }
    themes = scorecard.themes(scorecard.sections(lines, library), library)
    assert sum(theme.counts.n for theme in themes) == 5 * len(lines)
    assert len({theme.code for theme in themes}) == len(themes)


@pytest.mark.parametrize(("place", "communes"), [("", 1652), ("08", 127), ("0803", 12), ("080303", 1)])
def test_every_commune_of_a_place_is_counted_also_without_ratings(
    library: Library, sqlite_template: Path, place: str, communes: int
) -> None:
    with sa.create_engine(f"sqlite:///{sqlite_template}").begin() as connection:
        card = reading.of_place(connection, library, place)
    assert (card.communes, card.rated, bool(card)) == (communes, 0, False)
