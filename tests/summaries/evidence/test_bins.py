"""Bins, levels and what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import recourse as rs
from recourse.summaries.evidence.bins import Levels, levels_of, mobility
from recourse.summaries.evidence.predicates import FeaturePredicate
from summary_worlds import summary, world


def test_bins_are_fitted_on_the_people_summarised_and_reach_beyond_them():
    w = world(0)
    result = summary(w)
    levels = result.evidence.levels["income"]
    other = pd.Series([-1e9, 1e9], name="income")
    assert levels.codes(other).tolist() == [0, len(levels.predicates) - 1]


@given(st.integers(0, 10**6), st.sampled_from(["width", "quantile"]), st.booleans(), st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_every_number_is_in_exactly_one_bin(seed, binning, whole, bins):
    rng = np.random.default_rng(seed)
    column = pd.Series(rng.integers(0, 99, 60) if whole else rng.gamma(2.0, 3.0, 60), name="x")
    levels = levels_of(column, mobility(None, column), bins=bins, binning=binning)
    others = pd.Series(np.concatenate([rng.normal(0, 200, 50), column]), name="x")
    assert (sum(p.holds(others).astype(int) for p in levels.predicates) == 1).all()
    assert len(levels.predicates) <= bins


def test_missing_codes_are_no_targets_and_no_part_of_the_bins():
    column = pd.Series([-9, -9, 1, 2, 3, 4, 5, 60], name="x")
    actions = rs.ActionSet({"x": column}, missing=[-9])
    levels = levels_of(column, mobility(actions["x"], column), bins=3, binning="width")
    assert levels.aside == 1
    assert [str(p) for p in levels.predicates][-1] == "x = -9"
    assert not any("-9" in str(p) for p in levels.targets)
    assert levels.codes(column).tolist()[:2] == [len(levels.predicates) - 1] * 2
    result = summary(world(0))
    kinds = {str(m) for m in result.evidence.effects.moves}
    assert "job = manager" in kinds
    assert "job = ?" not in kinds
    assert any(str(p) == "job = ?" for p in result.evidence.predicates)


def test_ordinal_levels_go_by_rank():
    order = ("low", "middle", "high")
    column = pd.Series(["high", "low", "middle"], name="x")
    actions = rs.ActionSet({"x": pd.Series(pd.Categorical(column, order, ordered=True))})
    how = mobility(actions["x"], column)
    levels = levels_of(column, how, bins=5, binning="width")
    assert levels.codes(column).tolist() == [2, 0, 1]
    assert levels.steps(np.array([0]), np.array([2])).tolist() == [2]
    assert FeaturePredicate("x", "≥", "middle", order=order).holds(column).tolist() == [True, False, True]
    assert isinstance(levels, Levels)
