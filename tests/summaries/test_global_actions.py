"""A few actions for everybody: the best there is by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recourse as rs
from recourse.summaries import SelectionStatus, global_actions
from recourse.summaries.global_actions import choose_actions
from summary_worlds import Black, encoded_world, summarize


@given(st.integers(0, 10**6), st.integers(1, 4), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_actions_chosen_are_worth_as_much_as_any(seed, most, rounded):
    rng = np.random.default_rng(seed)
    benefit = np.where(rng.random((7, 15)) < 0.5, np.round(rng.random((7, 15)), int(rng.integers(1, 5))), 0.0)
    best = max(benefit[list(chosen)].max(axis=0).sum() for chosen in itertools.combinations(range(7), most))
    before = global_actions.MAX_ENTRIES
    try:
        global_actions.MAX_ENTRIES = 300 if rounded else before
        found = choose_actions(benefit, most)
    finally:
        global_actions.MAX_ENTRIES = before
    assert len(found.chosen) <= most
    assert found.value == pytest.approx(benefit[found.chosen].max(axis=0, initial=0.0).sum())
    assert found.value - 1e-6 <= best <= found.bound + 2e-6
    if not rounded or found.status is SelectionStatus.OPTIMAL:
        assert found.value == pytest.approx(best, abs=1e-5)
        assert found.status is SelectionStatus.OPTIMAL


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("weight", [0.0, 0.01, 0.3])
def test_global_actions_are_the_best_and_everybody_takes_the_cheapest_that_works(small, most, weight):
    w, rules, (cost, allowed) = small
    found = rules.global_actions(most, fcost_weight=weight)
    worth = np.nan_to_num(1.0 - weight * cost, nan=0.0).clip(0.0)
    best = max(worth[list(c)].max(axis=0).sum() for c in itertools.combinations(range(len(worth)), most))
    assert found.value == pytest.approx(best, abs=1e-4)
    assert found.status is SelectionStatus.OPTIMAL
    assert len(found.rules) <= most
    chosen = cost[found._actions]
    works = ~np.isnan(chosen)
    assert [rule.correct for rule in found.rules] == works.sum(axis=1).tolist()
    assert [rule.n for rule in found.rules] == allowed[found._actions].sum(axis=1).tolist()
    measures = found.measures(w.X)
    for column in ("in sample", "held out"):
        assert measures.loc["accuracy", column] == pytest.approx(works.any(axis=0).mean())
        assert measures.loc["overlap", column] == pytest.approx((works.sum(axis=0) > 1).mean())
        assert measures.loc["fcost", column] == pytest.approx(np.nanmin(chosen[:, works.any(axis=0)], axis=0).mean())
        assert measures.loc["objective", column] == pytest.approx(found.value)
    told = found.prescribe(w.denied)
    assert (told["rule"] > 0).tolist() == works.any(axis=0).tolist()
    assert told["cost"].to_numpy() == pytest.approx(np.where(works.any(axis=0), np.nanmin(
        np.where(works, chosen, np.inf), axis=0), np.nan), nan_ok=True)  # fmt: skip
    assert w.model.approves(found.apply(w.denied)).tolist() == works.any(axis=0).tolist()


def test_more_actions_are_never_worth_less_and_a_dearer_unit_never_costs_more(small):
    _, rules, _ = small
    values = [rules.global_actions(k).value for k in (1, 2, 3, 5, 99)]
    assert values == sorted(values)
    spent = []
    for weight in (0.0, 0.05, 0.2, 0.4):
        found = rules.global_actions(2, fcost_weight=weight).measures()["in sample"]
        spent.append(found["fcost"] * found["successes"] if weight else np.inf)
    assert spent == sorted(spent, reverse=True)


def test_global_actions_respect_joint_constraints_also_for_those_who_change_a_part():
    X, model, actions = encoded_world()
    rules = summarize(model, X, actions, subgroups=[], min_support=0.02, max_changes=3)
    found = rules.global_actions(4)
    denied = X[~model.approves(X)]
    new = found.apply(denied)
    assert (new[["home_0", "home_1", "home_2"]].sum(axis=1) == 1).all()
    measures = found.measures(X)
    assert measures["in sample"].to_dict() == measures["held out"].to_dict()
    assert model.approves(new).mean() == pytest.approx(measures.loc["accuracy", "in sample"])


def test_actions_and_trees_are_chosen_exactly_at_percentile_costs_too():
    people = rs.datasets.lender(250)
    model = Black(lambda X: X["income"] + X["savings"] - 3)
    A = rs.ActionSet(people.X)
    A[["gender", "age"]].actionable = False
    rules = summarize(model, people.X, A, subgroups=["gender"], cost="total", min_support=0.05, max_rules=2)
    found, tree = rules.global_actions(2, fcost_weight=0.5), rules.tree(depth=1, fcost_weight=0.5)
    assert found.status is tree.status is SelectionStatus.OPTIMAL
    for one in (found, tree):
        assert one.measures().loc["objective", "in sample"] == pytest.approx(one.value)
