"""Every search can be told to stop: from another thread, by a time limit, and by a number of questions."""

from __future__ import annotations

import threading
import time

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from helpers import tie, world
from recourse.budget import Budget
from recourse.menus import folding
from recourse.search import any_model, brute_force
from recourse.search.additive import KnapsackProposer
from recourse.search.exclusions import Exclusions, exclusions_of
from recourse.search.find import solve_stated
from recourse.search.knapsack import Knapsack
from recourse.search.solutions import INFEASIBLE, OPTIMAL, OUT_OF_QUESTIONS, OUT_OF_TIME

SOON = 0.6
"""Seconds: what is waited for at most after a search is told to stop, on a machine that does other things too."""


def cancelled(solve, after=0.1):
    """Run a search that is cancelled from another thread; returns its answer and how long that took to come."""
    budget = rs.Budget()
    told = []

    def cancel():
        told.append(time.monotonic())
        budget.cancel()

    timer = threading.Timer(after, cancel)
    timer.start()
    answer = solve(budget)
    timer.join()
    return answer, time.monotonic() - told[0]


class Never(rs.Model):
    """Denies everybody, whatever they do."""

    name, desired, rule, feature_names = "never", 1, "never", None

    def approves(self, X):
        return np.zeros(len(X), dtype=bool)


def many_actions(features=12):
    """Menus of far more actions than anything can try."""
    names = [f"x{k}" for k in range(features)]
    X = pd.DataFrame({name: np.arange(12.0) for name in names})
    return rs.ActionSet(X).menus(X.iloc[:3])


def test_best_first_is_cancelled_from_another_thread(monkeypatch):
    monkeypatch.setattr(any_model, "MOST_TRIED", 10**9)
    menus = many_actions()
    some, took = cancelled(lambda budget: rs.search.solve(Never(), menus, budget=budget))
    assert took < SOON
    assert some.interrupted
    assert {some.status(i) for i in range(3)} == {rs.Status.UNKNOWN}
    assert some.reason(0) == OUT_OF_TIME
    assert (some.bound > 0).all(), "what was tried bounds the rest"


def test_brute_force_is_cancelled_from_another_thread(monkeypatch):
    monkeypatch.setattr(brute_force, "BATCH", 10)

    class Slow(Never):
        def approves(self, X):
            time.sleep(0.02)
            return super().approves(X)

    menus = many_actions(4)
    some, took = cancelled(lambda budget: brute_force.solve(Slow(), menus, budget=budget))
    assert took < SOON
    assert some.interrupted
    assert some.status(0) is rs.Status.UNKNOWN


def test_a_mixed_integer_program_is_cancelled_from_another_thread(monkeypatch):
    """A program that HiGHS needs very long for: a sum that must be met exactly by numbers without structure."""
    rng = np.random.default_rng(0)
    names = [f"x{k}" for k in range(40)]
    X = pd.DataFrame({name: [0.0, 1.0] for name in names})
    weights = rng.integers(10**6, 10**7, len(names)).astype(float)
    prices = dict(zip(names, weights / 1e7 + rng.random(len(names)) * 1e-7, strict=True))
    cost = rs.FunctionCost(lambda feature, x, values: np.where(values == x, 0.0, prices[feature.name]))
    model = rs.LinearModel(dict(zip(names, weights, strict=True)), intercept=-weights.sum() / 2)
    menus = rs.ActionSet(X).menus(X.iloc[:1], cost)
    monkeypatch.setattr(KnapsackProposer, "accepts", lambda *question: False)
    some, took = cancelled(lambda budget: rs.search.solve(model, menus, budget=budget), after=0.3)
    assert took < SOON
    assert some.interrupted
    assert some.status(0) is rs.Status.UNKNOWN


def test_the_knapsack_is_cancelled_between_slices():
    rng = np.random.default_rng(0)
    n, m, items = 20_000, 20, 12
    gains, prices = rng.random((m, items)), rng.random((m, items))
    prices += gains
    gains[:, 0] = prices[:, 0] = 0.0
    knapsack = Knapsack(np.arange(m + 1) * items, gains.ravel(), prices.ravel())
    rows = np.tile(np.arange(m), (n, 1))
    need = rng.uniform(5, 15, n)
    budget = Budget()
    some = knapsack.solve(rows, need, threads=1, budget=budget, advance=lambda done: budget.cancel())
    assert some.interrupted
    assert 0 < (some.status == 3).sum() < n


@pytest.mark.parametrize("kind", ["grown forest", "deep network"])
@pytest.mark.parametrize("cost", ["total", "max"])
def test_trees_and_networks_are_cancelled_by_whoever_they_tell_of_their_progress(kind, cost):
    w = world(11, kind=kind, n=400)
    menus = w.actions.menus(w.denied, cost)
    full = rs.search.solve(w.model, menus)
    budget = rs.Budget()
    some = rs.search.solve(w.model, menus, budget=budget, advance=lambda more: budget.cancel())
    assert some.interrupted
    proven = np.isin(some.codes, (OPTIMAL, INFEASIBLE))
    np.testing.assert_allclose(some.cost[proven], full.cost[proven])
    assert not proven.all()
    assert (some.bound <= full.cost + 1e-9).all()


@pytest.mark.parametrize("kind", ["grown forest", "network"])
def test_trees_and_networks_are_cancelled_from_another_thread(kind):
    w = world(11, kind=kind, n=3000)
    menus = w.actions.menus(pd.concat([w.denied] * 5, ignore_index=True))
    statement, everybody = w.model.states(menus), np.arange(len(menus))
    nothing = exclusions_of(None, everybody)
    some, took = cancelled(lambda budget: solve_stated(w.model, menus, everybody, nothing, statement, budget, None))
    assert took < SOON
    assert some.interrupted


@pytest.mark.parametrize("most", [1, 2, 5, 20])
@pytest.mark.parametrize("kind", ["logistic", "grown forest", "network", "none known"])
@pytest.mark.parametrize("wide", [False, True])
def test_nobody_is_asked_about_more_often_than_the_budget_allows(kind, most, wide, monkeypatch):
    w = world(4, kind="logistic" if kind == "none known" else kind)
    if wide:
        monkeypatch.setattr(folding, "MOST_STATES", 1)
        tie(w, by_function=True)
    menus = w.actions.menus(w.denied.iloc[:6])
    assert bool(menus.wide) is wide
    statement = None if kind == "none known" else w.model.states(menus)
    exact = brute_force.solve(w.model, menus)

    asked = []
    original = type(w.model).approves
    monkeypatch.setattr(type(w.model), "approves", lambda self, X: asked.append(len(X)) or original(self, X))
    for person in range(len(menus)):
        asked.clear()
        who, budget = np.array([person]), rs.Budget(max_questions=most)
        some = solve_stated(w.model, menus, who, [Exclusions()], statement, budget, None)
        assert sum(asked) <= most
        assert not some.interrupted
        assert some.bound[0] <= exact.cost[person] + 1e-9
        if some.status(0) in (rs.Status.OPTIMAL, rs.Status.INFEASIBLE):
            assert some.status(0) is exact.status(person)
            assert some.cost[0] == pytest.approx(exact.cost[person])
        else:
            assert some.out_of_questions[0]
            assert some.reason(0) == OUT_OF_QUESTIONS


def test_a_person_whose_questions_run_out_is_unknown_with_a_bound():
    menus = many_actions(4)
    some = rs.search.solve(Never(), menus, budget=rs.Budget(max_questions=50))
    assert {some.status(i) for i in range(3)} == {rs.Status.UNKNOWN}
    assert some.out_of_questions.all()
    assert (some.bound > 0).all()
    assert some.reason(0) == OUT_OF_QUESTIONS
    assert not some.interrupted


def test_rejected_proposals_are_cut_off_only_as_long_as_questions_last():
    """A model that denies every proposal within rounding of its own bar."""
    X = pd.DataFrame({name: np.arange(8.0) for name in "abc"})
    clf = rs.LinearModel(dict.fromkeys("abc", 1.0), intercept=-6.0)

    class Fussy(type(clf)):
        def approves(self, X):
            return super().approves(X) & (X.sum(axis=1).to_numpy() > 100)

    model = Fussy(dict.fromkeys("abc", 1.0), intercept=-6.0)
    asked = []
    original = Fussy.approves
    Fussy.approves = lambda self, X: asked.append(len(X)) or original(self, X)
    some = rs.search.solve(model, rs.ActionSet(X).menus(X.iloc[:1]), budget=rs.Budget(max_questions=4))
    assert 2 <= sum(asked) <= 4
    assert some.status(0) is rs.Status.UNKNOWN
    assert some.reason(0) == OUT_OF_QUESTIONS
