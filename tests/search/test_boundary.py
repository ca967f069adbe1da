"""Additive models near the bar: the model's own verdict counts, and what it rejects is cut off."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from helpers import CLOSE, agrees_with_brute_force, tie, world
from recourse.menus import folding
from recourse.search import boundary, brute_force, small_menus
from recourse.search.exclusions import Exclusions
from recourse.search.solutions import OUT_OF_QUESTIONS

X = pd.DataFrame({name: np.arange(4.0) for name in "abc"})


class Doubtful(rs.LinearModel):
    """States a score with a wide tolerance, and denies some of what its statement approves within that."""

    def __init__(self, denies, tolerance):
        super().__init__(dict.fromkeys("abc", 1.0), intercept=-4.0)
        self.denies, self.tolerance, self.asked = denies, tolerance, 0

    def approves(self, X):
        self.asked += len(X)
        return super().approves(X) & ~self.denies(X)

    def states(self, menus):
        return dataclasses.replace(super().states(menus), tolerance=self.tolerance, quantum=0.0)


def solve(model, menus, **options):
    return boundary.solve(model, menus, statement=model.states(menus), **options)


@pytest.mark.parametrize("cost", ["total", "max", "l1"])
@pytest.mark.parametrize(
    "denies",
    [
        lambda X: (X["a"] == 3).to_numpy(),
        lambda X: (X["a"] < X["b"]).to_numpy(),
        lambda X: (X.sum(axis=1) < 5).to_numpy(),
    ],
)
def test_proposals_that_the_model_rejects_are_cut_off_until_the_cheapest_that_works_is_found(denies, cost):
    model = Doubtful(denies, tolerance=10.0)
    menus = rs.ActionSet(X).menus(X.iloc[:1], cost)
    agrees_with_brute_force(solve(model, menus), model, menus)


def test_where_everything_within_the_tolerance_is_rejected_nothing_is_left():
    model = Doubtful(lambda X: np.ones(len(X), dtype=bool), tolerance=10.0)
    menus = rs.ActionSet(X[["a", "b", "c"]]).menus(X.iloc[:1])
    some = solve(model, menus)
    assert some.status(0) in (rs.Status.UNKNOWN, rs.Status.INFEASIBLE)
    assert some.status(0) is rs.Status.INFEASIBLE or model.asked > boundary.CUTS


def test_after_so_many_cuts_the_answer_comes_with_its_gap(monkeypatch):
    monkeypatch.setattr(boundary, "CUTS", 2)
    monkeypatch.setattr(small_menus, "MOST_ACTIONS", 0)  # else everything is asked
    model = Doubtful(lambda X: (X.sum(axis=1) < 9).to_numpy(), tolerance=3.0)
    menus = rs.ActionSet(X).menus(X.iloc[:1])
    exact = brute_force.solve(model, menus)
    model.asked = 0
    some = solve(model, menus)
    assert some.status(0) in (rs.Status.FEASIBLE, rs.Status.UNKNOWN)
    assert some.bound[0] < exact.cost[0]
    assert model.asked <= 2 + 2 * boundary.CUTS, "one for each bar, and at most one a cut"


def test_a_bar_that_is_lowered_by_the_tolerance_proves_who_has_no_recourse(monkeypatch):
    monkeypatch.setattr(small_menus, "MOST_ACTIONS", 0)
    model = Doubtful(lambda X: np.zeros(len(X), dtype=bool), tolerance=1e-9)
    A = rs.ActionSet(X)
    A[["b", "c"]].actionable = False
    some = solve(model, A.menus(X.iloc[:2]))
    assert [some.status(0), some.status(1)] == [rs.Status.INFEASIBLE, rs.Status.OPTIMAL]
    wide = Doubtful(model.denies, tolerance=1.5)
    assert solve(wide, A.menus(X.iloc[:1])).status(0) is rs.Status.INFEASIBLE, "the model had the last word"
    assert wide.asked == 1


@pytest.mark.parametrize("denies", [lambda X: (X["a"] == 3).to_numpy(), lambda X: np.zeros(len(X), dtype=bool)])
def test_without_questions_left_an_action_keeps_its_gap(denies):
    model = Doubtful(denies, tolerance=1.0)
    menus = rs.ActionSet(X).menus(X.iloc[:1])
    exact = brute_force.solve(model, menus)
    for most in (1, 2, 3):
        model.asked = 0
        some = solve(model, menus, budget=rs.Budget(max_questions=most))
        assert model.asked <= most
        assert some.bound[0] <= exact.cost[0] + 1e-9
        if some.status(0) is not rs.Status.OPTIMAL:
            assert some.reason(0) == OUT_OF_QUESTIONS


@pytest.mark.parametrize("by_function", [False, True])
def test_conditions_go_to_the_first_proposer_that_knows_them(by_function, monkeypatch):
    monkeypatch.setattr(folding, "MOST_STATES", 1)
    w = world(5)
    menus = w.actions.menus(w.denied.iloc[:3])
    tie(w, by_function)
    tied = w.actions.menus(w.denied.iloc[:3])
    nothing = [Exclusions()] * 3
    asked = [
        [proposer.accepts(w.model.states(on), on, nothing) for proposer in boundary.PROPOSERS] for on in (menus, tied)
    ]
    assert asked[0][0]
    assert asked[1] == [False, not by_function]
    assert boundary.accepts(w.model.states(tied), tied, nothing) is not by_function
    assert not boundary.accepts(None, menus, nothing)
    if not by_function:
        ours, exact = solve(w.model, tied), brute_force.solve(w.model, tied)
        np.testing.assert_array_equal(ours.codes, exact.codes)
        np.testing.assert_allclose(ours.cost, exact.cost, **CLOSE)
