"""What every answer promises, whatever the model, the cost, the labels and the search."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import recourse as rs
from helpers import COSTS, LABELS, MODELS, brute_force, world
from recourse.search import brute_force as definition
from recourse.search.additive import KnapsackProposer

worlds = st.builds(
    world,
    st.integers(0, 10_000),
    kind=st.sampled_from(sorted(MODELS)),
    labels=st.sampled_from(sorted(LABELS)),
    favourable=st.integers(0, 1),
)
relaxed = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(worlds, st.sampled_from(COSTS), st.sampled_from([None, None, 0, 1, 2]))
def test_the_answer_is_what_brute_force_finds(w, cost, max_changes):
    denied = w.denied.iloc[:4]
    menus = w.actions.menus(denied, cost, max_changes=max_changes)
    answers = rs.search.solve(w.model, menus)
    for person in range(len(denied)):
        best = brute_force(w, denied.iloc[person], cost, max_changes)
        status = answers.status(person)
        if best is None:
            assert status is rs.Status.INFEASIBLE
            assert answers.cost[person] == answers.bound[person] == np.inf
        else:
            assert status is rs.Status.OPTIMAL
            np.testing.assert_allclose([answers.cost[person], answers.total[person]], best, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("search", ["knapsack", "milp", "best first"])
@settings(relaxed, max_examples=20, suppress_health_check=list(HealthCheck))
@given(w=worlds, cost=st.sampled_from(COSTS), max_changes=st.sampled_from([None, 2]))
def test_all_searches_agree(search, w, cost, max_changes, monkeypatch):
    denied = w.denied.iloc[:3]
    menus = w.actions.menus(denied, cost, max_changes=max_changes)
    expected = definition.solve(w.model, menus)
    with monkeypatch.context() as patch:
        if search == "milp":
            patch.setattr(KnapsackProposer, "accepts", lambda *question: False)
        if search == "best first":
            patch.setattr(type(w.model), "additive", lambda self, menus: None)
        answers = rs.search.solve(w.model, menus)
    np.testing.assert_array_equal(answers.codes, expected.codes)
    np.testing.assert_allclose(answers.cost, expected.cost, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(answers.total, expected.total, rtol=1e-9, atol=1e-9)


@relaxed
@given(worlds, st.sampled_from(COSTS))
def test_every_action_is_in_the_action_set_and_approved_by_the_users_estimator(w, cost):
    denied = w.denied.iloc[:10]
    menus = w.actions.menus(denied, cost)
    answers = rs.search.solve(w.model, menus)
    found = np.flatnonzero(answers.found)
    after = menus.points(found, answers.picks[found])
    if len(found):
        assert (w.clf.predict(after) == w.desired).all()
    for row, person in enumerate(found):
        for feature in w.actions:
            new, today = after[feature.name].iloc[row], denied[feature.name].iloc[person]
            assert (pd.isna(new) and pd.isna(today)) or new in feature.feasible_values(today)
    assert (answers.bound <= answers.cost + 1e-12)[answers.found].all()
    assert after.dtypes.equals(w.X.dtypes), "integers stay integers"


@relaxed
@given(worlds, st.sampled_from(COSTS))
def test_a_larger_action_set_never_raises_the_cost(w, cost):
    denied = w.denied.iloc[:5]
    before = rs.search.solve(w.model, w.actions.menus(denied, cost))
    larger = w.actions.copy()
    larger.actionable = True
    larger["income"].step_direction = 0
    after = rs.search.solve(w.model, larger.menus(denied, cost))
    assert (after.cost <= before.cost + 1e-9).all()


@relaxed
@given(worlds)
def test_immutable_features_never_move(w):
    w.actions[["overdue", "income"]].actionable = False
    denied = w.denied.iloc[:10]
    menus = w.actions.menus(denied)
    answers = rs.search.solve(w.model, menus)
    after = menus.points(np.arange(len(denied)), answers.picks)
    pd.testing.assert_frame_equal(
        after[["overdue", "income"]], denied[["overdue", "income"]].reset_index(drop=True), check_index_type=False
    )


@relaxed
@given(worlds, st.sampled_from(COSTS))
def test_a_budget_of_nothing_only_weakens_the_status(w, cost):
    menus = w.actions.menus(w.denied.iloc[:5], cost)
    full, none = rs.search.solve(w.model, menus), rs.search.solve(w.model, menus, budget=rs.Budget(0))
    for person in range(len(menus)):
        assert none.status(person) in (rs.Status.UNKNOWN, full.status(person))
        assert none.bound[person] <= full.cost[person] + 1e-12
    assert none.interrupted or not len(menus)


@relaxed
@given(worlds, st.sampled_from(["minimal", "subsets", "exclusive"]), st.sampled_from(["total", "max"]))
def test_listed_actions_are_the_cheapest_distinct_ones(w, distinct, cost):
    denied = w.denied.iloc[:1]
    if denied.empty:
        return
    menus = w.actions.menus(denied, cost)
    ranks = [rank for rank in rs.search.solve_items(w.model, menus, total_items=6, distinct=distinct) if rank.found[0]]
    subsets = _all_subsets_of(w.model, menus)
    earlier: list[frozenset[int]] = []
    for rank in ranks:
        best = next(best for changed, best in subsets if _is_new(changed, earlier, distinct))
        np.testing.assert_allclose([rank.cost[0], rank.total[0]], best, rtol=1e-9, atol=1e-9)
        # equally cheap subsets may come in any order: go on from the one that was chosen
        earlier.append(frozenset(np.flatnonzero(rank.picks[0]).tolist()))
    if len(ranks) < 6:
        assert not any(_is_new(changed, earlier, distinct) for changed, _ in subsets)


def _is_new(changed, earlier, distinct):
    if distinct == "minimal":
        return not any(subset <= changed for subset in earlier)
    return changed not in earlier if distinct == "subsets" else not any(subset & changed for subset in earlier)


def _all_subsets_of(model, menus):
    """Each set of changed features that can flip the decision, with its cheapest cost, cheapest first."""
    import itertools

    sizes = [len(menu.prices) for menu in menus.menu(0)]
    picks = np.array(list(itertools.product(*map(range, sizes))))
    picks = picks[model.approves(menus.points(np.zeros(len(picks), dtype=int), picks))]
    cost, total = menus.cost(np.zeros(len(picks), dtype=int), picks)
    best: dict[frozenset[int], tuple[float, float]] = {}
    for row, c, t in zip(picks, cost, total, strict=True):
        changed = frozenset(np.flatnonzero(row).tolist())
        best[changed] = min(best.get(changed, (np.inf, np.inf)), (c, t))
    # among equally cheap ones, smaller sets first, as a needless free change is never listed
    return sorted(best.items(), key=lambda one: (*np.round(one[1], 9), len(one[0])))


@pytest.mark.parametrize("favourable", [0, 1])
@pytest.mark.parametrize("labels", sorted(LABELS))
def test_a_score_exactly_on_the_boundary_follows_the_models_own_predict(labels, favourable):
    """Integer weights and features: every score is exact, and half of the menu lands on 0."""
    from sklearn.linear_model import LogisticRegression

    X = pd.DataFrame({"a": np.arange(-4, 5).repeat(9), "b": np.tile(np.arange(-4, 5), 9)})
    clf = LogisticRegression().fit(X, np.array(LABELS[labels])[(X["a"] + X["b"] > 0).astype(int)])
    clf.coef_[:], clf.intercept_[:] = [[1.0, 1.0]], 0.0
    desired = LABELS[labels][favourable]
    model = rs.as_model(clf, desired=desired)
    actions = rs.ActionSet(X, default_bounds=(-4, 4))
    denied = X[clf.predict(X) != desired].reset_index(drop=True)
    menus = actions.menus(denied, "l1")
    answers = rs.search.solve(model, menus)
    score = denied.sum(axis=1).to_numpy()
    # the second label needs a score of at least 1, the first one is given at 0 already
    steps = 1 - score if favourable else score
    scale = actions["a"].observed.median_absolute_deviation()
    np.testing.assert_allclose(answers.cost, steps / scale)
    assert {answers.status(i) for i in range(len(denied))} == {rs.Status.OPTIMAL}


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.9])
def test_a_named_threshold_has_the_last_word(threshold):
    w = world(3, kind="scaled logistic")
    model = rs.as_model(w.clf, threshold=threshold)
    denied = w.X[w.clf.predict_proba(w.X)[:, 1] < threshold]
    menus = w.actions.menus(denied)
    answers = rs.search.solve(model, menus)
    assert answers.found.any()
    after = menus.points(np.flatnonzero(answers.found), answers.picks[answers.found])
    assert (w.clf.predict_proba(after)[:, 1] >= threshold).all()
    exact = definition.solve(model, menus)
    np.testing.assert_allclose(answers.cost, exact.cost, atol=1e-9)


def test_a_margin_keeps_answers_clear_of_the_boundary():
    w = world(5, kind="scaled svm")
    model = rs.as_model(w.clf, margin=0.25)
    menus = w.actions.menus(w.X[~model.approves(w.X)].iloc[:10])
    answers = rs.search.solve(model, menus)
    after = menus.points(np.flatnonzero(answers.found), answers.picks[answers.found])
    assert (w.clf.decision_function(after) >= 0.25).all()


def test_moves_at_no_price_are_kept_where_they_decide():
    """Beyond the data percentiles are flat: without zero-price moves this person would be 'infeasible'."""
    X = pd.DataFrame({"a": np.arange(10.0)})
    model = rs.LinearModel({"a": 1.0}, intercept=-19.5)
    actions = rs.ActionSet(X)
    actions["a"].bounds, actions["a"].step_type, actions["a"].step_size = (0, 20), "absolute", 1
    start = pd.DataFrame({"a": [15.0]})
    answers = rs.search.solve(model, actions.menus(start))
    assert answers.status(0) is rs.Status.OPTIMAL
    assert answers.cost[0] == 0


@pytest.mark.parametrize("knapsack", [True, False])
def test_a_change_that_costs_nothing_and_decides_nothing_is_left_out(knapsack, monkeypatch):
    if not knapsack:
        monkeypatch.setattr(KnapsackProposer, "accepts", lambda *question: False)
    names = list("abcdefgh")
    X = pd.DataFrame({name: np.arange(10.0) for name in names})
    model = rs.LinearModel({"a": 1.0, **dict.fromkeys(names[1:], 0.001)}, intercept=-5)
    actions = rs.ActionSet(X, default_bounds=(0, 30))
    actions.step_type, actions.step_size = "absolute", 1
    person = pd.DataFrame({name: [0.0 if name == "a" else 12.0] for name in names})
    answers = rs.search.solve(model, actions.menus(person))
    assert (answers.picks[0, 1:] == 0).all()


def test_the_largest_shift_comes_first_and_only_then_the_sum():
    """Shift A alone costs .401; B, C and D cost .400 each. A weighted sum of both would take A."""
    model = rs.LinearModel({"A": 1.0, "B": 0.34, "C": 0.34, "D": 0.34}, intercept=-1 + 1e-9)
    price = {"A": 0.401, "B": 0.4, "C": 0.4, "D": 0.4}
    X = pd.DataFrame([[0, 0, 0, 0], [1, 1, 1, 1]], columns=list("ABCD"))
    cost = rs.FunctionCost(lambda feature, x, values: np.full(len(values), price[feature.name]), combine="max")
    answers = rs.search.solve(model, rs.ActionSet(X).menus(X.iloc[:1], cost))
    assert answers.picks[0].tolist() == [0, 1, 1, 1]
    np.testing.assert_allclose([answers.cost[0], answers.total[0]], [0.4, 1.2])


def test_points_within_rounding_of_the_boundary_are_settled_by_predict():
    """0.1 + 0.2 > 0.3 in floating point, and only there: the model decides which of such sums counts."""
    X = pd.DataFrame({"a": [0.0, 0.1, 0.2], "b": [0.0, 0.1, 0.2]})

    class Table(rs.LinearModel):
        """Denies exactly one point on the boundary, as rounding might."""

        def approves(self, rows):
            near = np.isclose(rows["a"] + rows["b"], 0.3, atol=1e-12)
            return (super().approves(rows) & ~near) | (near & (rows["a"] == 0.2))

    model = Table({"a": 1.0, "b": 1.0}, intercept=-0.3)
    actions = rs.ActionSet(X, default_bounds=(0, 0.2))
    actions.step_type, actions.step_size = "absolute", 0.1
    prefers_b = rs.FunctionCost(lambda feature, x, values: values * (2 if feature.name == "a" else 1))
    answers = rs.search.solve(model, actions.menus(X.iloc[:1], prefers_b))
    exact = definition.solve(model, actions.menus(X.iloc[:1], prefers_b))
    assert answers.status(0) is rs.Status.OPTIMAL
    np.testing.assert_allclose(answers.cost, exact.cost)
    assert actions.menus(X.iloc[:1]).points([0], answers.picks[:1])["a"].iloc[0] == pytest.approx(0.2)


def test_many_sums_exactly_on_the_bar_are_settled_without_a_search_for_each():
    """Whole points: hundreds of actions land on the bar, and a feature without weight multiplies them."""
    rng = np.random.default_rng(7)
    X = pd.DataFrame(rng.integers(0, 5, (200, 5)), columns=list("abcde")).astype(float)
    X["f"] = rng.normal(size=200).round(2)
    actions = rs.ActionSet(X)
    actions[list("abcde")].bounds = (0, 4)
    out_of_reach = rs.LinearModel({**dict.fromkeys("abcde", 1.0), "f": 0.0}, intercept=-20)
    answers = rs.search.solve(out_of_reach, actions.menus(X))
    assert {answers.status(i) for i in range(len(X))} == {rs.Status.INFEASIBLE}
    X["f"] = 0.0
    just = rs.LinearModel(dict.fromkeys("abcde", 1.0), intercept=-15)
    denied = X[~just.approves(X)]
    menus = actions.menus(denied, "l1")
    answers = rs.search.solve(just, menus)
    assert {answers.status(i) for i in range(len(menus))} == {rs.Status.OPTIMAL}
    assert (menus.points(np.arange(len(menus)), answers.picks)[list("abcde")].sum(axis=1) == 16).all()


def test_listed_actions_that_the_model_rejects_within_rounding_are_never_listed():
    """The kernel lists actions at the lowered bar; whoever has one rejected is answered item by item."""
    X = pd.DataFrame({"a": [0.0, 0.1, 0.2], "b": [0.0, 0.1, 0.2], "c": [0.0, 0.1, 0.3]})

    class Table(rs.LinearModel):
        """Denies every point that lies within rounding of the boundary."""

        def approves(self, rows):
            return self.score(rows) > 1e-12

    model = Table({"a": 1.0, "b": 1.0, "c": 1.0}, intercept=-0.3)
    actions = rs.ActionSet(X, default_bounds=(0, 0.2))
    actions["c"].bounds = (0, 0.3)
    actions.step_type, actions.step_size = "absolute", 0.1
    menus = actions.menus(X.iloc[:1], rs.FunctionCost(lambda feature, x, values: values))
    for distinct in ("subsets", "minimal"):
        ranks = rs.search.solve_items(model, menus, total_items=4, distinct=distinct)
        listed = [rank for rank in ranks if rank.found[0]]
        assert listed
        earlier: list[frozenset[int]] = []
        for rank in listed:
            assert model.approves(menus.points([0], rank.picks)).all()
            best = next(best for changed, best in _all_subsets_of(model, menus) if _is_new(changed, earlier, distinct))
            np.testing.assert_allclose([rank.cost[0], rank.total[0]], best, atol=1e-9)
            earlier.append(frozenset(np.flatnonzero(rank.picks[0]).tolist()))


def test_numbers_that_round_are_not_taken_for_exact():
    X = pd.DataFrame({"a": np.arange(5) * 0.1, "b": np.arange(5.0)})
    menus = rs.ActionSet(X).menus(X)
    assert rs.LinearModel({"a": 1.0, "b": 1.0}, -2).additive(menus).quantum == 0
    assert rs.LinearModel({"a": 0.0, "b": 0.1}, -2).additive(menus).quantum == 0
    whole = X.assign(a=X["b"])
    assert rs.LinearModel({"a": 1.5, "b": 2.0}, -2).additive(rs.ActionSet(whole).menus(whole)).quantum == 0.5
