"""What a person's next action may not be, by its definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from recourse.search.exclusions import Exclusions, exclusions_of

PICKS = list(itertools.product(range(3), repeat=3))
"""All actions over three menus of one feature and three items each."""


def allowed(exclusions):
    """The actions that are not excluded; a feature changes where an item other than the first is picked."""
    return {picks for picks in PICKS if exclusions.allow(picks, [pick > 0 for pick in picks])}


def changed(picks):
    return {feature for feature, pick in enumerate(picks) if pick}


@pytest.mark.parametrize(
    ("exclusions", "keeps"),
    [
        (Exclusions(), lambda picks: True),
        (Exclusions(subsets=[frozenset({0, 1})]), lambda picks: changed(picks) != {0, 1}),
        (Exclusions(subsets=[frozenset()]), lambda picks: bool(changed(picks))),
        (Exclusions(supersets=[frozenset({0, 1})]), lambda picks: not {0, 1} <= changed(picks)),
        (Exclusions(frozen=frozenset({2})), lambda picks: picks[2] == 0),
        (Exclusions(picks=[(1, 2, 0)]), lambda picks: picks != (1, 2, 0)),
        (Exclusions(picks=[(1, -1, 0)]), lambda picks: (picks[0], picks[2]) != (1, 0)),
        (
            Exclusions([frozenset({0})], [frozenset({1, 2})], frozenset({0}), [(0, 1, 0)]),
            lambda picks: picks[0] == 0 and not {1, 2} <= changed(picks) and picks != (0, 1, 0),
        ),
    ],
)
def test_each_kind_of_exclusion_forbids_what_it_says_and_nothing_else(exclusions, keeps):
    assert allowed(exclusions) == {picks for picks in PICKS if keeps(picks)}
    assert bool(exclusions) == (allowed(exclusions) != set(PICKS))


def test_one_more_action_is_excluded_where_it_matters_and_the_exclusions_before_stay_as_they_are():
    before = Exclusions(subsets=[frozenset({0})], picks=[(0, 0, 2)])
    after = before.without(np.array([1, 2, 1], dtype=np.int32), [True, False, True])
    assert after.picks == [(0, 0, 2), (1, -1, 1)]
    assert allowed(before) - allowed(after) == {(1, 0, 1), (1, 1, 1), (1, 2, 1)}
    assert before.picks == [(0, 0, 2)]
    assert allowed(after) <= allowed(before)


def test_without_exclusions_everybody_has_empty_ones_of_their_own():
    people = np.array([4, 7])
    mine, yours = exclusions_of(None, people)
    mine.subsets.append(frozenset({1}))
    assert not yours
    given = [Exclusions(), Exclusions(frozen=frozenset({0}))]
    listed = exclusions_of(given, people)
    assert listed == given
    listed[0] = Exclusions(picks=[(1, 1, 1)])
    assert not given[0], "the caller's list is not written"
