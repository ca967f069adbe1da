"""Proofs hold at any scale: prices that span twelve powers of ten, tiny ones, conditions across menus, missing values.

Every answer is compared with brute force, and with the answer for the same person alone. The integer program and the
search over boxes are tried on the same questions as the enumeration that spares most people them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import recourse as rs
from recourse.actions import constraints as c
from recourse.models.network_classifier import NetworkClassifier
from recourse.search import brute_force, small_menus
from recourse.search.exclusions import Exclusions

SPANS = [1.0, 1e6, 1e12]
LINEAR = rs.LinearModel({"a": 1.0, "b": 0.7, "c": 1.3, "d": 0.9}, intercept=-13)


class Asked:
    """A model that nothing is known of."""

    classes_ = np.array([0, 1])
    feature_names_in_ = np.array(["a", "b", "c", "d"])

    def predict(self, X):
        return (X.to_numpy(dtype=float) @ [1.0, 0.7, 1.3, 0.9] > 13).astype(int)


def forced_wide(seed, monkeypatch, *, n=60):
    """People with conditions that are too large to be folded, so that searches have to keep them."""
    monkeypatch.setattr("recourse.menus.folding.MOST_STATES", 8)
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({name: rng.integers(0, 6, n) for name in "abcd"})
    A = rs.ActionSet(X)
    A.add_constraint(c.IfThen(("a", ">", 3), ("b", ">=", 2)))
    A.add_constraint(c.Sum({"c": 1.0, "d": 1.0}, ub=8))
    return X, A


def priced(combine, weights):
    return rs.TotalCost(weights) if combine == "sum" else rs.MaxCost(weights)


def agree(ours, exact):
    """Assert that answers are those of brute force, to 1e-9 of the cost and of nothing else."""
    np.testing.assert_array_equal(ours.codes, exact.codes)
    for name in ("cost", "total", "bound"):
        np.testing.assert_allclose(getattr(ours, name), getattr(exact, name), rtol=1e-9, atol=0)


@pytest.fixture(params=["enumerated", "programs"])
def search(request, monkeypatch):
    """Both ways to answer small questions without a kernel."""
    if request.param == "programs":
        monkeypatch.setattr(small_menus, "MOST_ACTIONS", 0)
    return request.param


@pytest.mark.parametrize("combine", ["sum", "max"])
@pytest.mark.parametrize("span", SPANS)
def test_a_dear_feature_does_not_hide_what_cheap_ones_cost(span, combine, search, monkeypatch):
    X, A = forced_wide(0, monkeypatch)
    denied = X[~LINEAR.approves(X)].iloc[:12]
    menus = A.menus(denied, priced(combine, {"d": span}), max_changes=3)
    assert menus.wide
    ours = rs.search.solve(LINEAR, menus)
    agree(ours, brute_force.solve(LINEAR, menus))
    for k in range(len(denied)):
        alone = rs.search.solve(LINEAR, A.menus(denied.iloc[[k]], priced(combine, {"d": span}), max_changes=3))
        assert alone.codes[0] == ours.codes[k]
        np.testing.assert_allclose(alone.cost[0], ours.cost[k], rtol=1e-9)


@pytest.mark.parametrize("span", SPANS)
def test_every_feature_on_a_scale_of_its_own(span, search, monkeypatch):
    X, A = forced_wide(1, monkeypatch)
    denied = X[~LINEAR.approves(X)].iloc[:10]
    weights = {"a": 1.0, "b": span**0.5, "c": span, "d": span**0.25}
    menus = A.menus(denied, rs.TotalCost(weights))
    agree(rs.search.solve(LINEAR, menus), brute_force.solve(LINEAR, menus))


def test_near_ties_are_told_apart(search, monkeypatch):
    X, A = forced_wide(2, monkeypatch)
    denied = X[~LINEAR.approves(X)].iloc[:10]
    menus = A.menus(denied, rs.L1Cost({"a": 1.0, "b": 0.7 + 1e-8, "c": 1.3 - 2e-8, "d": 0.9}))
    agree(rs.search.solve(LINEAR, menus), brute_force.solve(LINEAR, menus))


def test_one_value_far_from_the_rest_does_not_blur_the_cuts_at_the_boundary(search):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.integers(0, 6, 60), "b": rng.integers(0, 6, 60), "c": rng.integers(0, 5, 60)})
    X.loc[0, "c"] = 10_000_000
    y = (X["a"] + X["b"] > 5).astype(int)
    clf = GaussianNB().fit(X, y)
    A = rs.ActionSet(X)
    for name in X:
        A[name].step_size, A[name].step_type = 1 if name != "c" else 5_000_000, "absolute"
    model = rs.as_model(clf)
    denied = X[~model.approves(X)].iloc[:10]
    menus = A.menus(denied, "l1")
    agree(rs.search.solve(model, menus), brute_force.solve(model, menus))


@pytest.mark.parametrize("unit", [1e-6, 1e-10, 1e-13])
@pytest.mark.parametrize("combine", ["sum", "max"])
@pytest.mark.parametrize("kind", ["forest", "network", "asked", "linear"])
def test_tiny_prices_are_prices(kind, combine, unit):
    rng = np.random.default_rng(3)
    X = pd.DataFrame({name: rng.integers(0, 6, 80) for name in "abcd"})
    y = Asked().predict(X)
    model = {
        "forest": lambda: rs.as_model(RandomForestClassifier(9, max_depth=4, random_state=0).fit(X, y)),
        "network": lambda: rs.as_model(NetworkClassifier((6,), epochs=20, random_state=0).fit(X, y)),
        "asked": lambda: rs.as_model(Asked()),
        "linear": lambda: LINEAR,
    }[kind]()
    A = rs.ActionSet(X)
    weights = {"a": unit, "b": 1.1 * unit, "c": 1.37 * unit, "d": 0.73 * unit}
    denied = X[~model.approves(X)].iloc[:10]
    menus = A.menus(denied, priced(combine, weights))
    ours, exact = rs.search.solve(model, menus), brute_force.solve(model, menus)
    assert (exact.cost[exact.found] > 0).all()
    agree(ours, exact)


@pytest.mark.parametrize("model", [LINEAR, rs.as_model(Asked())], ids=["linear", "asked"])
def test_small_menus_keep_exclusions_and_limits(model, monkeypatch):
    X, A = forced_wide(4, monkeypatch)
    denied = X[~model.approves(X)].iloc[:8]
    menus = A.menus(denied, "max", max_changes=3)
    first = rs.search.solve(model, menus)
    exclusions = [
        Exclusions(subsets=[frozenset(np.flatnonzero(flags).tolist())], frozen=frozenset({k % 4}))
        for k, flags in enumerate(menus.feature_changes(np.arange(len(denied)), first.picks))
    ]
    ours = rs.search.solve(model, menus, exclusions=exclusions)
    agree(ours, brute_force.solve(model, menus, exclusions=exclusions))
    few = rs.search.solve(model, menus, budget=rs.Budget(max_questions=2))
    assert not (few.codes == first.codes).all() or model is LINEAR
    claimed = few.codes != list(rs.Status).index(rs.Status.UNKNOWN)
    assert (few.bound[claimed] <= first.cost[claimed] * (1 + 1e-9)).all()


def test_groups_of_people_are_bounded_in_memory_and_change_no_answer(monkeypatch):
    X, A = forced_wide(5, monkeypatch)
    menus = A.menus(X[~LINEAR.approves(X)])
    whole = rs.search.solve(LINEAR, menus)
    monkeypatch.setattr(small_menus, "ROWS", 50)
    monkeypatch.setattr(small_menus, "FIRST_SHARE", 1)
    parts = rs.search.solve(LINEAR, menus)
    agree(parts, whole)
    np.testing.assert_array_equal(parts.picks, whole.picks)


def test_small_menus_stop_with_the_budget_and_keep_bounds():
    X = pd.DataFrame({name: np.arange(6) for name in "abcd"})
    budget = rs.Budget()

    class Stops(Asked):
        def predict(self, X):
            budget.cancel()
            return np.zeros(len(X), dtype=int)

    menus = rs.ActionSet(X).menus(X.iloc[:1])
    stopped = rs.search.solve(rs.as_model(Stops()), menus, budget=budget)
    assert stopped.interrupted
    assert stopped.status(0) is rs.Status.UNKNOWN
    picks = np.indices((6,) * 4).reshape(4, -1).T
    costs = np.sort(menus.cost(np.zeros(len(picks), dtype=int), picks)[0])
    assert stopped.bound[0] == costs[1 + small_menus.FIRST_SHARE], "the first question was about the cheapest ones"


@pytest.mark.parametrize("kind", ["linear", "asked"])
def test_who_is_on_the_boundary_and_can_do_nothing_is_without_recourse(kind):
    X = pd.DataFrame({"x": [1.0, 0.0, 2.0]})
    clf = LogisticRegression().fit(X, [0, 0, 1])
    clf.coef_[:], clf.intercept_[:] = 0.1, -0.1
    A = rs.ActionSet(X)
    A["x"].actionable = False
    model = clf if kind == "linear" else rs.as_model(clf)
    people = rs.audit(model, X, A).people
    assert people["denied"].tolist() == [True, True, False]
    assert people["status"].tolist()[:2] == ["infeasible", "infeasible"]


class MoodyAlone:
    """Approves whoever is asked about alone, and denies everybody in company."""

    classes_ = np.array([0, 1])
    feature_names_in_ = np.array(["a"])

    def predict(self, X):
        return np.full(len(X), int(len(X) == 1))


def test_an_action_that_changes_nothing_is_none():
    X = pd.DataFrame({"a": [0, 1, 2]})
    found = rs.find(MoodyAlone(), X, rs.ActionSet(X))
    changed = (found.picks != 0).any(axis=1)
    assert (changed | ~found.found).all()


@pytest.mark.parametrize("lost", ["chosen", "fixed"])
def test_a_sum_with_a_missing_value_binds_only_whoever_moves_it(lost, search, monkeypatch):
    monkeypatch.setattr("recourse.menus.folding.MOST_STATES", 8)
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.integers(0, 6, 40).astype(float) for name in "abcd"})
    X.loc[X.index[::2], "a"] = np.nan
    A = rs.ActionSet(X)
    if lost == "fixed":
        A["a"].actionable = False
    A.add_constraint(c.Sum({"a": 1.0, "b": 1.0, "c": 1.0}, ub=9))
    card = rs.LinearModel({"b": 0.7, "c": 1.3, "d": 0.9}, intercept=-8)
    denied = X[~card.approves(X)].iloc[:16]
    menus = A.menus(denied)
    assert menus.wide
    agree(rs.search.solve(card, menus), brute_force.solve(card, menus))


CODED = {
    "sum": (lambda: c.Sum({"a": 1.0, "b": 1.0, "d": 1.0}, ub=7), lambda a, b, d: a + b + d <= 7),
    "if then": (lambda: c.IfThen(("a", "<", 3), ("b", ">=", 2)), lambda a, b, d: not a < 3 or b >= 2),
    "if then, of the code": (lambda: c.IfThen(("a", "=", -9), ("b", ">=", 2)), None),
}


@pytest.mark.parametrize("size", ["folded", "wide"])
@pytest.mark.parametrize("kind", CODED)
def test_a_code_for_missing_is_no_number_in_a_condition(kind, size, search, monkeypatch):
    if size == "wide":
        monkeypatch.setattr("recourse.menus.folding.MOST_STATES", 8)
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.integers(0, 6, 40) for name in "abd"})
    X.loc[X.index[::2], "a"] = -9
    A = rs.ActionSet(X, missing={"a": [-9]})
    make, admits = CODED[kind]
    A.add_constraint(make())
    card = rs.LinearModel({"b": 0.7, "d": 1.1}, intercept=-6)
    denied = X[~card.approves(X)].iloc[:10]
    menus = A.menus(denied)
    assert bool(menus.wide) == (size == "wide")
    agree(rs.search.solve(card, menus), brute_force.solve(card, menus))
    for person in range(len(denied)):
        today = denied.iloc[person]
        picks = np.array(list(np.ndindex(*[len(menu.prices) for menu in menus.menu(person)])))
        people = np.full(len(picks), person)
        rows, kept = menus.points(people, picks), menus.allows(people, picks)
        for row, allowed in zip(rows.to_dict("records"), kept, strict=True):
            a = np.nan if row["a"] == -9 else row["a"]
            read = [name for name in "abd" if name != "d" or kind == "sum"]
            still = all(row[name] == today[name] for name in read)
            rule = (row["a"] != -9 or row["b"] >= 2) if admits is None else admits(a, row["b"], row["d"])
            if size == "wide":
                assert allowed == (still or rule)
            else:
                assert still or rule
