"""The exact search for ReLU networks: every claim checked by trying everything, by HiGHS, or on random points."""

from __future__ import annotations

import itertools
import runpy
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import recourse as rs
from helpers import CLOSE, COSTS, NETWORKS, agrees_with_brute_force, draw_exclusions, tie, world
from recourse.menus import folding
from recourse.models.moved_bar import moved_to_last_place, scores
from recourse.models.network_classifier import NetworkClassifier
from recourse.models.statements import network_on_menus
from recourse.models.statements.network import Layers
from recourse.search import any_model, brute_force, networks
from recourse.search.network_boxes import Boxes, affordable_inputs
from recourse.search.questions import Questions
from recourse.search.relaxation import cheapest_cover, linear_bound
from recourse.search.solutions import INFEASIBLE, OPTIMAL, Solutions

relaxed = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def agrees(model, menus, exclusions=None):
    """Whether our search and brute force answer alike; returns our answers."""
    if not len(menus):
        return None
    network = model.network(menus)
    assert network is not None
    people = np.arange(len(menus))
    ours = networks.solve(model, menus, people, exclusions, statement=network)
    return agrees_with_brute_force(ours, model, menus, exclusions)


# -- on menus small enough to try everything -----------------------------------------------------------------


@relaxed
@given(
    st.integers(0, 10_000), st.sampled_from(sorted(NETWORKS)), st.integers(0, 1), st.sampled_from(COSTS), st.booleans()
)
def test_prices_of_any_shape_are_handled(seed, kind, favourable, cost, biggest):
    """Prices that jump up and down, with many free moves: nothing may assume that they grow with the move."""
    w = world(seed, kind=kind, favourable=favourable)
    rng = np.random.default_rng(seed)
    price = rs.FunctionCost(
        lambda feature, x, values: np.round(rng.random(len(values)), 1) * (rng.random(len(values)) > 0.3),
        combine="max" if biggest else "sum",
    )
    agrees(w.model, w.actions.menus(w.denied.iloc[:3], price))
    agrees(w.model, w.actions.menus(w.denied.iloc[:3], cost, max_changes=(None, 1, 2)[seed % 3]))


@relaxed
@given(st.integers(0, 10_000), st.integers(1, 3), st.sampled_from([(), (4,), (3, 3), (3, 2, 3)]), st.floats(0.1, 8))
def test_networks_of_any_weights_are_handled(seed, members, hidden, size):
    """Weights drawn at random bend more than trained ones; some people can't be approved."""
    w = world(seed)
    rng = np.random.default_rng(seed)
    clf = NetworkClassifier(hidden, members=members, epochs=0, random_state=seed).fit(w.X, w.y)
    for array in clf.layers_.parameters():
        array[:] = size * rng.normal(size=array.shape)
    clf.layers_.biases[-1][:] -= np.quantile(clf.layers_.logits(w.X), rng.uniform(0.5, 1))
    model = rs.as_model(clf, threshold=(None, 0.3, 0.9)[seed % 3])
    agrees(model, w.actions.menus(w.X[~model.approves(w.X)].iloc[:3], COSTS[seed % 4]))


@relaxed
@given(st.integers(0, 10_000), st.sampled_from(sorted(NETWORKS)), st.sampled_from(COSTS), st.data())
def test_exclusions_of_every_kind_are_respected(seed, kind, cost, data):
    w = world(seed, kind=kind)
    menus = w.actions.menus(w.denied.iloc[:2], cost)
    exclusions = draw_exclusions(
        data, menus, lambda person: networks.solve(w.model, menus, person, statement=w.model.network(menus))
    )
    agrees(w.model, menus, exclusions)


@pytest.mark.parametrize(("wide", "by_function"), [(False, True), (True, False), (True, True)])
@pytest.mark.parametrize("cost", ["total", "max"])
@pytest.mark.parametrize("kind", ["deep network", "ensemble"])
def test_joint_constraints_are_kept(kind, cost, wide, by_function, monkeypatch):
    monkeypatch.setattr(folding, "MOST_STATES", 1 if wide else 4096)
    for seed in range(3):
        w = world(seed, kind=kind)
        tie(w, by_function)
        menus = w.actions.menus(w.denied.iloc[:3], cost, max_changes=(None, 2)[seed % 2])
        assert bool(menus.wide) is wide
        agrees(w.model, menus)


@pytest.mark.parametrize("cost", ["total", "max"])
@pytest.mark.parametrize("kind", ["network", "linear ensemble"])
def test_changes_that_come_along_at_no_price_count(kind, cost):
    for seed in range(8):
        w = world(seed, kind=kind)
        w.actions.add_constraint(rs.constraints.Linkage("overdue", {"income": -0.5, "balance": 1.0}))
        agrees(w.model, w.actions.menus(w.denied.iloc[:4], cost))


def test_what_can_be_afforded_is_never_thought_out_of_reach():
    """Of every row of weights, over every action within a budget: one price may move several inputs of a block."""
    for seed in range(6):
        w = world(seed, kind="network")
        w.actions.add_constraint(rs.constraints.Linkage("overdue", {"income": -0.5, "balance": 1.0}))
        menus = w.actions.menus(w.denied.iloc[:1])
        assert not menus.single
        nobody_yet = Solutions.unknown(1, len(menus.blocks))
        network, person = w.model.network(menus), np.array([0])
        questions = Questions(w.model, menus, person, None, None)
        search = networks._NetworkSearch(questions, network, nobody_yet, 1)
        side = search.side
        picks = np.array(list(itertools.product(*(range(len(menu.prices)) for menu in menus.menu(0)))))
        paid = menus.cost(np.zeros(len(picks), int), picks)[1]
        reached = search.network.inputs_at(menus, np.zeros(len(picks), int), picks)[:, side.moving]
        rows = np.random.default_rng(seed).normal(size=(1, 40, len(side.moving)))
        items, left = side.items(person), side.inside(person)
        for budget in (0.1, 0.5, 1.0, np.inf):
            boxes = Boxes(person, np.zeros(1), left)
            reachable = affordable_inputs(boxes, side, menus.prices[items], side.values[items], np.array([budget]))
            top = reachable.highest(rows)[0]
            assert (top >= (reached[paid <= budget] @ rows[0].T).max(axis=0) - 1e-9).all()


@pytest.mark.parametrize("steps", [0, 1])
def test_answers_do_not_hang_on_how_well_prices_are_bounded(steps, monkeypatch):
    monkeypatch.setattr(networks, "cheapest_cover", partial(cheapest_cover, steps=steps))
    for seed in range(12):
        w = world(seed, kind=("deep network", "ensemble")[seed % 2])
        agrees(w.model, w.actions.menus(w.denied.iloc[:4]))


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("kind", sorted(NETWORKS))
def test_a_named_threshold_decides(kind, threshold):
    w = world(8, kind=kind)
    model = rs.as_model(w.clf, threshold=threshold)
    agrees(model, w.actions.menus(w.X[~model.approves(w.X)].iloc[:4]))


@pytest.mark.parametrize("kind", ["network", "ensemble"])
def test_a_margin_keeps_answers_clear_of_the_boundary(kind):
    w = world(5, kind=kind)
    model = rs.as_model(w.clf, margin=0.1)
    agrees(model, w.actions.menus(w.X[~model.approves(w.X)].iloc[:6]))


@pytest.mark.parametrize("favourable", [0, 1])
@pytest.mark.parametrize("members", [1, 2])
def test_points_on_the_boundary_are_settled_by_predict(favourable, members):
    """|a| + |b| − 0.9 in tenths: much of the menu lies on the boundary, exactly or but for rounding."""
    X = pd.DataFrame({"a": np.arange(-8, 9).repeat(17) / 10, "b": np.tile(np.arange(-8, 9), 17) / 10})
    clf = NetworkClassifier((4,), members=members, epochs=0).fit(X, X["a"] > 0)
    inner = np.array([[1.0, -1, 0, 0], [0, 0, 1, -1]])
    one = Layers(
        (inner[None], np.ones((1, 4, 1))),
        (np.zeros((1, 1, 4)), np.full((1, 1, 1), -0.9)),
        *np.eye(2) @ [[0, 0], [1, 1]],
    )
    clf.layers_ = Layers(
        *(tuple(np.repeat(array, members, axis=0) for array in arrays) for arrays in (one.weights, one.biases)),
        np.zeros(2),
        np.ones(2),
    )
    model = rs.as_model(clf, desired=bool(favourable))
    actions = rs.ActionSet(X, default_bounds=(-0.8, 0.8))
    actions.step_type, actions.step_size = "absolute", 0.1
    answers = agrees(model, actions.menus(X[~model.approves(X)], "l1"))
    assert (answers.codes == OPTIMAL).all()


def test_nobody_is_left_out_where_many_wait():
    w = world(3, kind="network", n=600)
    menus = w.actions.menus(w.denied)
    assert len(menus) > 2 * networks._TOGETHER
    done = []
    answers = networks.solve(w.model, menus, statement=w.model.network(menus), advance=done.append)
    assert sum(done) == len(menus)
    each = [networks.solve(w.model, menus, [i], statement=w.model.network(menus)) for i in range(0, len(menus), 40)]
    np.testing.assert_allclose([one.cost[0] for one in each], answers.cost[::40], **CLOSE)


# -- on real tables, against HiGHS ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def credit(needs_data):
    table = pd.read_csv(needs_data("credit")).iloc[:2000]
    y = table.pop("NoDefaultNextMonth")
    X = table.drop(columns="Married")
    actions = rs.ActionSet(X)
    actions[[name for name in X if name.startswith("Age") or name == "Single"]].actionable = False
    return X, y, actions


@pytest.mark.parametrize("way", [0, 1])
def test_answers_are_those_of_a_mixed_integer_program(credit, way):
    X, y, actions = credit
    milp = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "networks_milp.py"))
    clf = make_pipeline(StandardScaler(), MLPClassifier((8, 4), solver="lbfgs", alpha=3.0, tol=0.01, random_state=0))
    model = rs.as_model(clf.fit(X, y))
    actions = actions.copy()
    denied = X[~model.approves(X)].iloc[:6]
    if way:  # of those who can change little and score lowest, some can't be approved
        actions[[name for name in X if "Amount" in name or "Overdue" in name]].actionable = False
        denied = X.iloc[np.argsort(clf.predict_proba(X)[:, 1])[:60:10]]
    menus = actions.menus(denied)
    network = model.network(menus)
    answers = rs.search.solve(model, menus)
    for person in range(len(menus)):
        theirs = milp["cheapest"](menus, network, person)
        assert theirs.status == (2 if answers.codes[person] == INFEASIBLE else 0)
        if answers.found[person]:
            np.testing.assert_allclose(answers.cost[person], theirs.fun, rtol=1e-6, atol=1e-8)
    assert (answers.codes == INFEASIBLE).any() == bool(way)


def test_a_flipset_and_an_audit_of_a_network_are_proven(credit):
    X, y, actions = credit
    clf = NetworkClassifier((16, 16), epochs=10, random_state=0).fit(X, y)
    audit = rs.audit(clf, X.iloc[:600], actions)
    denied = audit.to_frame().query("denied")
    assert denied["status"].isin(["optimal", "infeasible"]).all()
    person = X.loc[denied.query("feasible").index[0]]
    plans = rs.flipset(clf, person, actions, total_items=6)
    assert all(item.status is rs.Status.OPTIMAL for item in plans)
    assert plans[0].cost == pytest.approx(denied.query("feasible")["cost"].iloc[0])
    features = [set(item.features) for item in plans]
    assert not any(a <= b for k, b in enumerate(features) for a in features[:k])
    assert [item.cost for item in plans] == sorted(item.cost for item in plans)


# -- what is left when the search does not end ---------------------------------------------------------------


@pytest.mark.parametrize("cost", ["total", "max"])
def test_a_budget_only_weakens_what_is_claimed(credit, cost):
    X, y, actions = credit
    clf = NetworkClassifier((16, 16), epochs=30, random_state=0).fit(X, y)
    model = rs.as_model(clf)
    menus = actions.menus(X[~model.approves(X)].iloc[:10], cost)
    network = model.network(menus)
    full = networks.solve(model, menus, statement=network)
    weaker = False
    for budget in (1, 5, 20):
        some = networks.solve(model, menus, statement=network, most_boxes=budget)
        assert (some.bound <= full.cost + 1e-9).all()
        assert (some.cost >= full.cost - 1e-9)[some.found].all()
        assert (some.bound <= some.cost + 1e-9)[some.found].all()
        same = some.codes == full.codes
        np.testing.assert_allclose(some.total[same], full.total[same], **CLOSE)
        weaker |= not same.all()
    assert weaker


def test_long_menus_and_many_boxes_are_kept_within_bounds(credit, monkeypatch):
    X, y, actions = credit
    model = rs.as_model(NetworkClassifier((16, 16), epochs=30, random_state=0).fit(X, y))
    menus = actions.menus(X[~model.approves(X)].iloc[:10])
    full = networks.solve(model, menus, statement=model.network(menus))
    monkeypatch.setattr(networks, "_CELLS", 1)
    np.testing.assert_allclose(networks.solve(model, menus, statement=model.network(menus)).cost, full.cost, **CLOSE)
    monkeypatch.setattr(networks, "_POOL_BYTES", 1000)
    some = networks.solve(model, menus, statement=model.network(menus))
    assert not some.interrupted
    assert (some.codes != full.codes).any()
    assert (some.bound <= full.cost + 1e-9).all()
    assert (some.cost >= full.cost - 1e-9)[some.found].all()


@pytest.mark.parametrize("cost", ["total", "max"])
@pytest.mark.parametrize("calls", [0, 1, 4])
def test_ctrl_c_keeps_what_is_done(credit, cost, calls, monkeypatch):
    X, y, actions = credit
    model = rs.as_model(NetworkClassifier((16,), epochs=10, random_state=0).fit(X, y))
    menus = actions.menus(X[~model.approves(X)].iloc[:100], cost)
    full = rs.search.solve(model, menus)
    left = [calls]

    def stop(*arguments):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return linear_bound(*arguments)

    monkeypatch.setattr(networks, "linear_bound", stop)
    some = rs.search.solve(model, menus)
    assert some.interrupted
    assert (some.bound <= full.cost + 1e-9).all()
    proven = np.isin(some.codes, (OPTIMAL, INFEASIBLE))
    np.testing.assert_allclose(some.cost[proven], full.cost[proven], **CLOSE)
    assert not proven.all()
    found = np.flatnonzero(some.found)
    assert model.approves(menus.points(found, some.picks[found])).all()


def test_the_time_limit_holds_and_leaves_bounds(credit):
    X, y, actions = credit
    model = rs.as_model(NetworkClassifier((32, 32), members=5, epochs=10, random_state=0).fit(X, y))
    menus = actions.menus(X[~model.approves(X)].iloc[:300])
    model.network(menus)
    start = time.monotonic()
    answers = rs.search.solve(model, menus, budget=rs.Budget(0.3))
    assert time.monotonic() - start < 3
    assert answers.interrupted
    assert (answers.bound >= 0).all()
    assert not np.isnan(answers.cost[answers.found]).any()


# -- what a model states -------------------------------------------------------------------------------------


def test_layers_that_are_not_what_decides_are_not_believed():
    w = world(2, kind="network")
    menus = w.actions.menus(w.denied)

    class Moody(NetworkClassifier):
        def predict(self, X):
            return (self.decision_function(X) > 0.3).astype(int)

    class Vague(NetworkClassifier):
        def predict_proba(self, X):
            return super().predict_proba(X) * 0.99 + 0.005

    for kind in (Moody, Vague):
        model = rs.as_model(kind((6,), epochs=15, random_state=0).fit(w.X, w.y))
        assert model.layers() is not None
        assert model.network(menus) is None


def test_a_model_that_contradicts_its_layers_after_all_is_searched_action_by_action(monkeypatch):
    w = world(2, kind="network")
    menus = w.actions.menus(w.denied.iloc[:4])
    monkeypatch.setattr(network_on_menus, "holds", lambda *arguments: True)
    monkeypatch.setattr(w.clf, "predict", lambda X: (w.clf.decision_function(X) > 0.3).astype(int))
    answers = rs.search.solve(w.model, menus)
    np.testing.assert_allclose(answers.cost, brute_force.solve(w.model, menus).cost, **CLOSE)


def test_words_and_gaps_are_not_for_layers():
    w = world(0, kind="mixed logistic")
    clf = NetworkClassifier((3,), epochs=2, random_state=0).fit(w.X[["income", "overdue"]], w.y)
    model = rs.as_model(clf)
    read = w.actions.menus(w.X.iloc[:5])
    assert model.network(read) is not None, "words that it does not read are in nobody's way"
    other = NetworkClassifier((3,), epochs=2, random_state=0).fit(w.X[["income", "balance"]].fillna(0), w.y)
    assert rs.as_model(other).network(w.actions.menus(w.X[w.X["balance"].isna()])) is None
    immovable = rs.ActionSet(w.X)
    immovable[["income", "overdue"]].actionable = False
    assert model.network(immovable.menus(w.X.iloc[:5])) is None, "nothing that it reads can move"


@pytest.mark.parametrize("kind", sorted(NETWORKS))
def test_a_bar_that_is_raised_to_the_last_place_is_stated_too(kind):
    w = world(6, kind=kind)
    values = scores(w.model, w.X)
    raised = moved_to_last_place(w.model, values, values >= np.quantile(values, 0.8))
    agrees(raised, w.actions.menus(w.X[~raised.approves(w.X)].iloc[:5]))


def test_best_first_is_asked_only_where_nothing_is_known(monkeypatch):
    w = world(4, kind="deep network")
    monkeypatch.setattr(any_model, "enumerate_actions", None)
    assert rs.search.solve(w.model, w.actions.menus(w.denied.iloc[:3])).found.any()
