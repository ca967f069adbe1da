"""Real people, and an independent solver: every answer on four public tables against HiGHS of its own."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import recourse as rs
from milp_oracle import cheapest_by_highs

PEOPLE = 300
IMMUTABLE = {
    "credit": ["Married", "Single", "Age_lt_25", "Age_in_25_to_40", "Age_in_40_to_59", "Age_geq_60"],
    "german": ["ForeignWorker", "Single", "Age"],
    "compas": ["age"],
    "adult": ["age"],
}


@pytest.fixture(scope="module", params=sorted(IMMUTABLE))
def case(request, needs_data):
    """A fitted model, an action set, and up to 300 distinct denied people of one table."""
    name = request.param
    dataset = rs.datasets.load(name, data_home=needs_data(name).parent)
    X = dataset.X.select_dtypes("number")
    y = dataset.y
    clf = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X, y)
    actions = rs.ActionSet(X)
    actions[IMMUTABLE[name]].actionable = False
    threshold = None
    model = rs.as_model(clf, desired=dataset.desired)
    denied = X[~model.approves(X)].drop_duplicates()
    if len(denied) < PEOPLE:  # few are denied: ask for more than half a chance, so that more are
        threshold = float(np.quantile(clf.predict_proba(X)[:, list(clf.classes_).index(dataset.desired)], 0.5))
        model = rs.as_model(clf, desired=dataset.desired, threshold=threshold)
        denied = X[~model.approves(X)].drop_duplicates()
    return model, clf, actions, denied.sample(min(PEOPLE, len(denied)), random_state=0), threshold


@pytest.mark.slow
@pytest.mark.parametrize("cost", ["total", "local", "max"])
def test_costs_equal_those_of_an_independent_solver(case, cost):
    model, clf, actions, people, threshold = case
    assert len(people) >= PEOPLE
    menus = actions.menus(people, cost)
    answers = rs.search.solve(model, menus)
    assert not (answers.codes == rs.search.STATUSES.index(rs.Status.UNKNOWN)).any()
    sign = 1 if model.desired == clf.classes_[1] else -1
    decision = clf.decision_function(people) * sign
    bar = 0.0 if threshold is None else np.log(threshold / (1 - threshold))
    scaler, final = clf.steps[0][1], clf.steps[-1][1]
    weights = dict(zip(scaler.feature_names_in_, sign * final.coef_.ravel() / scaler.scale_, strict=True))
    for person in range(len(people)):
        person_menus = menus.menu(person)
        gains = [weights[m.features[0]] * (m.values[0].astype(float) - float(m.values[0][0])) for m in person_menus]
        expected = cheapest_by_highs(
            gains, [m.prices for m in person_menus], bar - decision[person], lexicographic=cost == "max"
        )
        if expected is None:
            assert answers.status(person) is rs.Status.INFEASIBLE
            continue
        assert answers.status(person) is rs.Status.OPTIMAL
        np.testing.assert_allclose((answers.cost[person], answers.total[person]), expected, rtol=1e-9, atol=1e-9)
    found = np.flatnonzero(answers.found)
    assert model.approves(menus.points(found, answers.picks[found])).all()


def test_a_range_a_user_sets_is_never_left_and_integers_stay_integers(case):
    model, _, actions, people, _ = case
    actions = actions.copy()
    for feature in actions:
        if feature.actionable and feature.variable_type == "integer":
            low, high = feature.bounds
            feature.bounds = (low, low + (high - low) // 2)
            feature.step_direction = -1
    result = rs.audit(model, people, actions)
    for change in result.changes.itertuples():
        feature = actions[change.feature]
        low, high = feature.bounds
        assert feature.actionable
        assert low <= change.new <= high
        if feature.variable_type != "real":
            assert change.new == int(change.new)
        if feature.step_direction:
            assert change.new < change.today
