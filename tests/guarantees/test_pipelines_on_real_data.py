"""German and Adult with their own words and "?": realistic pipelines against brute force and HiGHS."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, SplineTransformer, StandardScaler

import recourse as rs
from milp_oracle import cheapest_by_highs
from recourse.search import brute_force as definition

ORDER = {"savings_status": ["A61", "A62", "A63", "A64"], "employment_since": ["A71", "A72", "A73", "A74", "A75"]}
IMMUTABLE = {
    "german": ["age", "personal_status_sex", "foreign_worker", "credit_history"],
    "adult": ["age", "race", "sex", "native_country", "fnlwgt"],
}


def german(path):
    """German Credit in its own codes; "A65" (savings unknown) is a level of its own."""
    table = pd.read_csv(path)
    X, y = table.drop(columns="class"), (table["class"] == 1).astype(int)
    bins = KBinsDiscretizer(5, quantile_method="averaged_inverted_cdf")
    pre = make_column_transformer(
        (bins, ["duration_months", "credit_amount"]),
        (OrdinalEncoder(categories=[ORDER["employment_since"]]), ["employment_since"]),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include=["object", "str"])),
        remainder=StandardScaler(),
    )
    actions = rs.ActionSet(X)
    for name, levels in ORDER.items():
        actions[name].levels = levels
    return X, y, make_pipeline(pre, LogisticRegression(max_iter=2000)), actions


def adult(path):
    """Adult with "?" as it comes: a missing code that the pipeline imputes and nobody can choose."""
    table = pd.read_csv(path).sample(4000, random_state=0)
    X, y = table.drop(columns="income"), (table["income"] == ">50K").astype(int)
    words = make_pipeline(
        SimpleImputer(missing_values="?", strategy="most_frequent"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20),
    )
    pre = make_column_transformer(
        (words, make_column_selector(dtype_include=["object", "str"])),
        (SplineTransformer(n_knots=4), ["hours_per_week", "age"]),
        remainder=make_pipeline(SimpleImputer(), StandardScaler()),
    )
    return X, y, make_pipeline(pre, LogisticRegression(max_iter=2000)), rs.ActionSet(X, missing=["?"])


@pytest.fixture(scope="module", params=["german", "adult"])
def case(request, needs_data):
    """Table, fitted pipeline, model and action set."""
    if request.param == "german":
        X, y, clf, actions = german(needs_data("german_raw"))
    else:
        X, y, clf, actions = adult(needs_data("adult"))
    actions[IMMUTABLE[request.param]].actionable = False
    clf.fit(X, y)
    return X, clf, rs.as_model(clf), actions


@pytest.mark.slow
@pytest.mark.parametrize("cost", ["total", "max"])
def test_costs_equal_those_of_an_independent_solver_on_the_encoded_columns(case, cost):
    """The oracle shares nothing: gains are coefficients times encoded columns, one feature changed at a time."""
    X, clf, model, actions = case
    people = X[clf.predict(X) == 0].sample(100, random_state=1)
    menus = actions.menus(people, cost)
    assert model.additive(menus) is not None
    answers = rs.search.solve(model, menus)
    encode, final = clf[:-1], clf[-1]

    def encoded(rows):
        columns = encode.transform(rows)
        return columns.toarray() if hasattr(columns, "toarray") else columns

    for person in range(len(people)):
        today = people.iloc[[person]]
        person_menus = menus.menu(person)
        changed = []
        for menu in person_menus:
            rows = today.loc[today.index.repeat(len(menu.prices))].reset_index(drop=True)
            rows[menu.features[0]] = pd.Series(menu.values[0]).to_numpy()
            changed.append(rows)
        columns = encoded(pd.concat([today, *changed], ignore_index=True))
        worth = (columns - columns[0]) @ final.coef_.ravel()
        ends = np.cumsum([len(menu.prices) for menu in person_menus])[:-1]
        gains = np.split(worth[1:], ends)
        need = -(columns[0] @ final.coef_.ravel() + final.intercept_[0])
        expected = cheapest_by_highs(gains, [m.prices for m in person_menus], need, lexicographic=cost == "max")
        if expected is None:
            assert answers.status(person) is rs.Status.INFEASIBLE
        else:
            assert answers.status(person) is rs.Status.OPTIMAL
            np.testing.assert_allclose((answers.cost[person], answers.total[person]), expected, rtol=1e-9, atol=1e-9)
    found = np.flatnonzero(answers.found)
    assert (clf.predict(menus.points(found, answers.picks[found])) == 1).all()


def test_every_returned_row_is_approved_on_the_raw_frame_and_in_the_action_set(case):
    X, clf, _, actions = case
    result = rs.audit(clf, X, actions)
    after = X.copy().reset_index(drop=True)
    for change in result.changes.itertuples():
        feature = actions[change.feature]
        assert feature.actionable
        assert change.new in feature.target_values
        assert change.new not in ("?", None)
        assert change.today != "?", "what is missing can't be changed"
        after.loc[change.row, change.feature] = change.new
    feasible = result.people["feasible"].fillna(False).to_numpy(bool)
    assert feasible.sum() >= 100
    assert (clf.predict(after)[feasible] == 1).all()
    assert result.overall["undecided"] == 0


def test_small_grids_agree_with_brute_force(case):
    X, clf, model, actions = case
    actions = actions.copy()
    few = ["duration_months", "purpose", "savings_status", "housing"] if "purpose" in X else []
    few = few or ["hours_per_week", "occupation", "education"]
    for feature in actions:
        feature.actionable = feature.name in few
        if feature.variable_type == "integer":
            feature.step_size = 0.2
    people = X[clf.predict(X) == 0].sample(40, random_state=2)
    for cost in ("total", "local", "max", "l1"):
        menus = actions.menus(people, cost)
        answers, exact = rs.search.solve(model, menus), definition.solve(model, menus)
        np.testing.assert_array_equal(answers.codes, exact.codes)
        np.testing.assert_allclose(answers.cost, exact.cost, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(answers.total, exact.total, rtol=1e-9, atol=1e-9)
