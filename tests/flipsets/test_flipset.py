"""The verb `flipset`: what one person is told, in every situation."""

from __future__ import annotations

import importlib
import math

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from helpers import Fragile, world


def test_items_are_cheapest_first_and_each_flips_the_decision(w, x):
    result = rs.flipset(w.clf, x, w.actions, total_items=5)
    assert result.status is rs.Status.OPTIMAL
    costs = [item.cost for item in result]
    assert costs == sorted(costs)
    assert (w.clf.predict(result.x_new.astype(w.X.dtypes)) == 1).all()
    for item in result:
        assert item.cost == pytest.approx(sum(change.price for change in item.changes))


def test_a_person_may_be_a_series_a_mapping_a_table_or_a_sequence(w, x):
    expected = rs.flipset(w.clf, x, w.actions, total_items=2).to_dict()
    names = list(w.X.columns)
    for person in (
        x.to_dict(),
        {**x.to_dict(), "a name": "not a feature"},
        w.denied.iloc[[0]],
        x.tolist(),
        x.to_numpy(),
        x.to_numpy()[None],
        x[names[::-1]],
    ):
        assert rs.flipset(w.clf, person, w.actions, total_items=2).to_dict() == expected


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: x.drop("income"), "x has no value for 'income'"),
        (lambda x: {k: v for k, v in x.items() if k != "income"}, "no value for 'income'"),
        (lambda x: pd.DataFrame([x, x]), "must be one person, but the table has 2 rows"),
        (lambda x: {**x, "income": np.nan}, "column 'income' is missing"),
        (lambda x: {**x, "income": "much"}, "column 'income' holds 'much', but it is real"),
    ],
)
def test_a_person_that_does_not_fit_is_an_error(w, x, spoil, message):
    with pytest.raises(rs.InputError, match=message):
        rs.flipset(w.clf, spoil(x), w.actions)


def test_a_series_with_names_is_never_read_by_position(w, x):
    with pytest.raises(rs.InputError, match="no value for 'income'. Did you mean 'incme'"):
        rs.flipset(w.clf, x.rename({"income": "incme"}), w.actions)


@pytest.mark.parametrize("dtype", ["Int64", "Float64"])
def test_a_row_that_an_audit_accepts_is_accepted_here(dtype):
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    X = pd.DataFrame({"a": pd.array([0, 1, None, 5] * 5, dtype=dtype), "b": [0.0, 1, 0, 9] * 5})
    clf = make_pipeline(SimpleImputer(), LogisticRegression()).fit(X.astype(float), np.arange(20) % 4 == 3)
    A = rs.ActionSet(X)
    expected = rs.audit(clf, X, A).people["cost"]
    for person in (X.iloc[2], X.iloc[[2]]):
        assert rs.flipset(clf, person, A)[0].cost == pytest.approx(expected.iloc[2])


def test_somebody_approved_gets_an_empty_result_with_the_reason(w):
    approved = w.X[w.model.approves(w.X)].iloc[0]
    result = rs.flipset(w.clf, approved, w.actions)
    assert len(result) == 0
    assert result.status is None
    assert "approved already" in repr(result)


def test_no_recourse_is_said_only_with_its_proof(w, x):
    w.actions.actionable = False
    result = rs.flipset(w.clf, x, w.actions)
    assert result.status is rs.Status.INFEASIBLE
    assert result.reason == "No recourse: no feature is actionable for this person."
    w.actions["owns"].actionable = True
    w.actions["owns"].bounds = (x["owns"], x["owns"])
    model = rs.LinearModel({"owns": 1.0, "overdue": 0.0, "income": 0.0, "balance": 0.0}, intercept=-5)
    result = rs.flipset(model, x, w.actions)
    assert result.status is rs.Status.INFEASIBLE
    assert "No recourse" in result.reason


def test_running_out_of_time_is_never_no_recourse(w, x):
    result = rs.flipset(w.clf, x, w.actions, time_limit=0)
    assert result.status is rs.Status.UNKNOWN
    assert "No recourse" not in repr(result)
    assert "the budget ran out" in repr(result)


def test_exclusive_items_share_no_feature(w, x):
    result = rs.flipset(w.clf, x, w.actions, distinct="exclusive")
    features = [name for item in result for name in item.features]
    assert len(features) == len(set(features))
    assert "no more than" in result.reason


def test_at_most_k_changes(w, x):
    for item in rs.flipset(w.clf, x, w.actions, max_changes=1):
        assert len(item.changes) == 1


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"total_items": 0}, "total_items must be at least 1"),
        ({"total_items": 2.5}, "total_items must be at least 1, a whole number or math.inf, not 2.5"),
        ({"total_items": "3"}, "total_items must be at least 1, a whole number or math.inf, not '3'"),
        ({"total_items": float("nan")}, "total_items must be at least 1"),
        ({"distinct": "different"}, "distinct can't be 'different'"),
        ({"cost": "price"}, "'price' is not a cost"),
        ({"time_limit": -1}, "time_limit must be seconds"),
        ({"desired": "yes"}, "desired='yes' is none of the model's labels"),
    ],
)
def test_bad_settings_are_errors(w, x, setting, message):
    with pytest.raises(rs.InputError, match=message):
        rs.flipset(w.clf, x, w.actions, **setting)


def test_an_array_model_and_an_array_action_set_work_together(w):
    from sklearn.linear_model import LogisticRegression

    clf = LogisticRegression().fit(w.X.to_numpy(), w.y)
    A = rs.ActionSet(w.X.to_numpy())
    denied = w.X.to_numpy()[clf.predict(w.X.to_numpy()) == 0]
    result = rs.flipset(clf, denied[0], A, total_items=1)
    assert result.status is rs.Status.OPTIMAL


def test_no_recourse_within_a_limit_names_the_limit(w, x):
    result = rs.flipset(w.clf, x, w.actions, max_changes=0)
    assert result.status is rs.Status.INFEASIBLE
    assert "No recourse that changes at most 0 features" in result.reason
    assert result.to_dict()["max_changes"] == 0
    assert rs.flipset(w.clf, x, w.actions).to_dict()["max_changes"] is None


@pytest.mark.parametrize("distinct", ["minimal", "subsets", "exclusive"])
@pytest.mark.parametrize("kind", ["logistic", "forest"])
def test_without_a_limit_on_items_all_are_listed(distinct, kind, monkeypatch):
    from sklearn.ensemble import RandomForestClassifier

    w = world(11)
    if kind == "forest":
        w.clf = RandomForestClassifier(3, max_depth=3, random_state=0).fit(w.X, w.y)
    w.actions.actionable = True
    x = w.X[w.clf.predict(w.X) == 0].iloc[0]
    many = rs.flipset(w.clf, x, w.actions, total_items=20, distinct=distinct)
    monkeypatch.setattr(importlib.import_module("recourse.flipsets.flipset"), "FIRST_ITEMS", 1)
    every = rs.flipset(w.clf, x, w.actions, total_items=math.inf, distinct=distinct)
    assert len(every) < 20
    assert every.to_dict() == many.to_dict()
    assert "no more than" in every.reason


def test_what_is_left_is_counted_in_good_grammar(w, x):
    w.actions[["overdue", "balance", "owns"]].actionable = False
    w.actions["income"].step_direction = 0
    result = rs.flipset(w.clf, x, w.actions)
    assert result.reason == "There is no more than 1 such action."


def test_a_model_that_raises_leaves_the_items_found_by_then(w, x, monkeypatch):
    monkeypatch.setattr(importlib.import_module("recourse.flipsets.flipset"), "FIRST_ITEMS", 1)
    counted = Fragile(w.clf, 10**9)
    first = rs.flipset(counted, x, w.actions, total_items=1)
    with pytest.raises(RuntimeError, match="out of memory") as caught:
        rs.flipset(Fragile(w.clf, 10**9 - counted.rows), x, w.actions, total_items=3)
    assert caught.value.__notes__ == ["raised in recourse.flipset, while the model was asked about this person"]
    assert caught.value.partial.items == first.items
    assert caught.value.partial.interrupted
    assert caught.value.partial.notes[0].startswith("Stopped after 1 items")


def test_a_cancelled_budget_is_undecided_and_never_no_recourse(w, x):
    budget = rs.Budget()
    budget.cancel()
    result = rs.flipset(w.clf, x, w.actions, budget=budget)
    assert result.status is rs.Status.UNKNOWN
    assert result.interrupted
    assert not rs.flipset(w.clf, x, w.actions).interrupted


def test_who_is_undecided_is_told_what_to_try(w, x):
    assert "A longer time_limit" in rs.flipset(w.clf, x, w.actions, time_limit=0).reason
    asked = rs.flipset(Fragile(w.clf, 10**9), x, w.actions, max_questions=1)
    assert asked.status is rs.Status.UNKNOWN
    assert "A larger max_questions" in asked.reason
