"""Rules judged on people they were not made from, and the paper's weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from summary_worlds import Black, summarize, world


def test_tuned_weights_are_lowered_only_while_the_papers_conditions_hold():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.integers(0, 2, 900), "b": rng.integers(0, 3, 900)})
    easy = Black(lambda X: X["a"] - 0.5)
    result = summarize(easy, X, rs.ActionSet(X), subgroups=[], max_rules=3)
    asked = easy.asked
    weights = result.tune(held_out=0.1)
    assert easy.asked == asked
    assert set(weights) == {"incorrect_recourse", "cover", "feature_cost", "feature_change"}
    assert weights["incorrect_recourse"] < 1000
    assert weights["cover"] > 0, "without cover nobody has recourse"
    assert result.refit(weights=weights).measures().loc["accuracy", "in sample"] == 1
    w = world(0)
    hard = summarize(Black(lambda X: np.where(X["sex"] == "Male", 1, -1)), w.X, w.actions, min_support=0.05)
    with pytest.warns(UserWarning, match="already there, 0.0% of the held out satisfy a rule, not at least 95%"):
        assert hard.tune() == dict.fromkeys(weights, 1000.0)
    with pytest.raises(rs.InputError, match="held_out"):
        result.tune(held_out=2)


def test_stability_measures_on_people_the_rules_were_not_made_from(fitted):
    w, result = fitted
    asked = w.model.asked
    found = result.stability(splits=3)
    assert w.model.asked == asked
    assert found == result.stability(splits=3)
    assert found["accuracy_min"] <= found["accuracy_mean"] <= found["accuracy_max"]
    assert 0 <= found["rules_kept"] <= 1
    with pytest.raises(rs.InputError, match="splits"):
        result.stability(splits=0)


def test_choosing_from_a_part_counts_only_that_part(fitted):
    from recourse.summaries.tuning import transfer

    w, result = fitted
    evidence = result.evidence
    part = np.arange(len(evidence.people)) % 2 == 0
    half, rest = evidence.only(part), evidence.only(~part)
    people = pd.concat([w.denied[part], w.X[w.model.approves(w.X)]])
    other = summarize(w.model, people, w.actions, subgroups=["sex"], min_support=0.02, bins=5, max_rules=8)
    assert half.n == len(other.evidence.people)
    made = rs.TwoLevelRecourseSet(half, result.settings)
    assert all(rule.n <= half.n for rule in made.rules)
    found = transfer(made, rest)
    assert 0 <= found.accuracy <= found.cover <= 1
    assert found.accuracy == pytest.approx(found.cover * (1 - found.wrong))
    judged = made.measures(w.denied[~part])["held out"]
    assert (found.accuracy, found.cover) == (judged["accuracy"], judged["reach"])
