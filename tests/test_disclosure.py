"""What may be shown of a criterion, case by case. The attack on all of it is in test_publication.py."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from flows.counts import ALL, GROUPS, VILLAGE, Counts
from storage.disclosure import TRAITS, Alike, Move, moving, trait

FIRST = date(2026, 11, 1)
DAY = timedelta(days=1)
HERE, THERE = VILLAGE + "08030301", VILLAGE + "08030302"


def people(n: int, *groups: str, day: int = 0, fresh: bool = True) -> Alike:
    """So many who gave a 4 on a day."""
    return Alike(FIRST + day * DAY, frozenset(groups), fresh, 4, n)


def moved(day: int, *groups: str) -> Move:
    """What was published on a day: of the days before it."""
    return Move(FIRST + day * DAY, frozenset(groups))


def shown(*ratings: Alike, moves: Iterable[Move] = ()) -> dict[str, int]:
    return {group: counts.n for group, counts in moving(ratings, list(moves)).items()}


def test_every_group_belongs_to_a_trait() -> None:
    assert {trait(group) for group in (*GROUPS, HERE)} == set(TRAITS)


# -- Everybody ----------------------------------------------------------------------------------------------


def test_of_four_nothing_is_shown() -> None:
    assert shown(people(4)) == {}


def test_of_five_everybody_is_shown() -> None:
    assert shown(people(5)) == {ALL: 5}


def test_four_more_wait_for_the_fifth() -> None:
    before = [people(20)]
    assert shown(*before, people(4, day=1), moves=[moved(1)]) == {}
    assert shown(*before, people(4, day=1), people(1, day=2), moves=[moved(1)]) == {ALL: 25}


def test_who_gave_the_same_score_again_is_no_fifth() -> None:
    assert shown(people(20), people(4, day=1), people(3, day=1, fresh=False), moves=[moved(1)]) == {}


def test_who_gave_another_score_than_ever_before_is_counted_as_new() -> None:
    assert shown(people(10), people(5, day=1), moves=[moved(1)]) == {ALL: 15}


def test_scores_are_counted_one_by_one() -> None:
    found = moving([people(4), *(Alike(FIRST, frozenset(), True, score, 1) for score in (1, 2))], [])
    assert found == {ALL: Counts((1, 1, 0, 4, 0))}


# -- A group and the others ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("members", "others", "seen"), [(5, 5, True), (4, 20, False), (20, 4, False)])
def test_a_group_is_shown_where_it_and_all_others_are_five(members: int, others: int, seen: bool) -> None:
    assert ("youth" in shown(people(members, "youth"), people(others))) == seen


def test_a_group_that_everybody_is_in_is_not_shown() -> None:
    """That they all are poor is said by nobody's scores."""
    assert shown(people(10, "poor")) == {ALL: 10}


def test_a_group_moves_when_five_of_it_and_five_others_are_new() -> None:
    before = [people(6, "youth"), people(6)]
    later = [people(4, "youth", day=1), people(8, day=1)]
    assert shown(*before, *later, moves=[moved(1, "youth")]) == {ALL: 24}
    later += [people(1, "youth", day=2), people(4, day=2)]
    moves = [moved(1, "youth"), moved(2)]
    assert shown(*before, *later, moves=moves) == {ALL: 29, "youth": 11}


def test_those_who_rated_between_other_days_are_no_others() -> None:
    """Whoever takes the days apart has five of the group on one day, and nobody else of that day."""
    before = [people(6, "youth"), people(6)]
    assert shown(
        *before, people(5, "youth", day=1), people(5, day=2), moves=[moved(1, "youth"), moved(2)]
    ) == {ALL: 22}


def test_a_group_that_was_never_shown_may_begin_with_all_days_together() -> None:
    days = [people(1 + n % 2, "poor", day=n) for n in range(4)] + [people(4, day=n) for n in range(4)]
    assert shown(*days, moves=[moved(n) for n in range(1, 4)]) == {ALL: 22, "poor": 6}


# -- Groups beside each other -------------------------------------------------------------------------------


def test_women_and_men_are_shown_where_enough_say_nothing() -> None:
    ratings = [people(8, "women"), people(7, "men"), people(5)]
    assert shown(*ratings) == {ALL: 20, "women": 8, "men": 7}


def test_few_who_said_nothing_are_not_what_is_left() -> None:
    assert shown(people(8, "women"), people(7, "men"), people(4)) == {ALL: 19, "women": 8}


def test_where_everybody_is_a_woman_or_a_man_both_are_shown() -> None:
    assert shown(people(8, "women"), people(7, "men")) == {ALL: 15, "women": 8, "men": 7}


def test_the_one_who_is_neither_is_not_what_is_left() -> None:
    assert shown(people(8, "women"), people(7, "men"), people(1, "other")) == {ALL: 16, "women": 8}


def test_the_few_of_a_village_are_not_what_is_left_of_all() -> None:
    ratings = [people(9, HERE), people(8, THERE), people(3, VILLAGE + "08030303")]
    assert shown(*ratings) == {ALL: 20, HERE: 9}


def test_a_group_that_is_another_but_for_one_is_not_shown_beside_it() -> None:
    ratings = [people(9, "women", "youth"), people(1, "women"), people(10)]
    assert shown(*ratings) == {ALL: 20, "women": 10}


def test_groups_that_cross_each_other_are_shown() -> None:
    ratings = [people(5, "women", "youth"), people(5, "women"), people(5, "men", "youth"), people(5, "men")]
    assert shown(*ratings) == {ALL: 20, "women": 10, "men": 10, "youth": 10}


def test_a_group_that_would_tell_of_one_shown_before_stays_behind() -> None:
    """Women moved on the second day; of the young, few are told from them in any way."""
    ratings = [
        people(6, "women", "youth"),
        people(6),
        people(6, "women", "youth", day=1),
        people(6, day=1),
    ]
    assert shown(*ratings, moves=[moved(1, "women")]) == {ALL: 24, "women": 12}


def test_who_changed_what_she_says_of_herself_is_counted_and_bears_no_witness() -> None:
    ratings = [people(4, "poor"), people(3, "poor", fresh=False), people(10)]
    assert shown(*ratings) == {ALL: 17}
    assert shown(*ratings, people(1, "poor")) == {ALL: 18, "poor": 8}
