"""The verb `audit`: everybody is answered, and searches that are cut short say so."""

from __future__ import annotations

import importlib

import numpy as np
import pandas as pd
import pytest

import recourse as rs
from recourse.search import brute_force


def test_every_row_is_answered_on_its_own_index(w):
    X = pd.concat([w.X, w.X.iloc[:10]]).set_index(np.r_[np.arange(120) * 2, np.arange(10) * 2])
    result = rs.audit(w.clf, X, w.actions)
    frame = result.to_frame()
    assert frame.index.equals(X.index), "non-unique, and in the table's order"
    np.testing.assert_array_equal(frame["denied"], w.clf.predict(X) == 0)
    assert (frame.loc[~frame["denied"], "status"] == "").all()
    assert frame.loc[~frame["denied"], ["feasible", "cost", "bound"]].isna().all(axis=None)
    np.testing.assert_array_equal(frame["cost"].iloc[120:], frame["cost"].iloc[:10]), "equal rows, equal answers"


def test_answers_are_those_of_the_flipset(w):
    result = rs.audit(w.clf, w.X, w.actions, cost="local")
    for position in np.flatnonzero(result.people["denied"])[:5]:
        one = rs.flipset(w.clf, w.X.iloc[position], w.actions, cost="local", total_items=1)
        assert result.people["status"].iloc[position] == one.status.label
        if one.items:
            assert result.people["cost"].iloc[position] == pytest.approx(one[0].cost)


def test_the_listed_changes_flip_the_decision(w):
    result = rs.audit(w.clf, w.X, w.actions)
    after = w.X.copy()
    for change in result.changes.itertuples():
        assert after.loc[after.index[change.row], change.feature] == change.today
        after.loc[after.index[change.row], change.feature] = change.new
    feasible = result.people["feasible"].fillna(False).to_numpy(dtype=bool)
    assert feasible.any()
    assert (w.clf.predict(after)[feasible] == 1).all()


def test_an_array_is_audited_with_the_action_sets_names(w):
    result = rs.audit(w.clf, w.X.to_numpy(), w.actions, group_by=["owns"])
    assert result.to_dict()["overall"] == rs.audit(w.clf, w.X, w.actions).to_dict()["overall"]


def test_the_callers_action_set_and_table_are_never_changed(w):
    before, text = w.X.copy(deep=True), repr(w.actions)
    result = rs.audit(w.clf, w.X, w.actions)
    w.actions["income"].actionable = False
    assert result.spec.actions["income"].actionable, "a result keeps the settings it was made with"
    w.actions["income"].actionable = True
    assert repr(w.actions) == text
    pd.testing.assert_frame_equal(w.X, before)


def test_out_of_time_people_are_undecided_and_apart(w):
    result = rs.audit(w.clf, w.X, w.actions, group_by=["owns"], time_limit=0)
    overall = result.overall
    assert overall["undecided"] == overall["denied"] > 0
    assert overall["recourse"] == overall["no_recourse"] == 0
    assert overall["feasible"] is None
    assert result.interrupted
    assert "Stopped early" in repr(result)
    frame = result.to_frame()
    assert frame["feasible"].isna().all()


def test_ctrl_c_keeps_what_is_done(w):
    seen = []

    def progress(done, total):
        seen.append((done, total))
        if done >= 3:
            raise KeyboardInterrupt

    result = rs.audit(w.clf, w.X, w.actions, progress=progress)
    assert result.interrupted
    assert 0 < result.overall["undecided"] < result.overall["denied"]
    assert result.overall["recourse"] + result.overall["no_recourse"] >= 3
    assert seen[-1][0] <= seen[-1][1]


def test_progress_ends_at_everybody(w):
    seen = []
    rs.audit(w.clf, w.X, w.actions, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: rs.audit(w.clf, w.X.iloc[:0], w.actions), "nobody to audit"),
        (lambda w: rs.audit(w.clf, w.X.drop(columns="income"), w.actions), "no column 'income'"),
        (lambda w: rs.audit(w.clf, w.X.assign(income=np.nan), w.actions), "column 'income' is missing in 120 rows"),
        (lambda w: rs.audit(w.clf, w.X, w.actions, cost="totl"), "Did you mean 'total'"),
        (lambda w: rs.audit(w.clf, w.X, w.actions, max_changes=-1), "max_changes must be"),
        (lambda w: rs.audit(w.clf, w.X, w.actions, time_limit="soon"), "time_limit must be"),
    ],
)
def test_bad_input_is_an_error_before_any_search(w, call, message, monkeypatch):
    monkeypatch.setattr(
        importlib.import_module("recourse.audits.part"), "solve", lambda *a, **k: pytest.fail("the search began")
    )
    with pytest.raises(rs.InputError, match=message):
        call(w)


def test_a_model_that_is_not_additive_is_asked_action_by_action(w):
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(w.X, w.y)
    result = rs.audit(tree, w.X, w.actions)
    assert result.overall["undecided"] == 0
    menus = w.actions.menus(w.X[tree.predict(w.X) == 0])
    exact = brute_force.solve(rs.as_model(tree), menus)
    np.testing.assert_allclose(result.to_frame().loc[tree.predict(w.X) == 0, "cost"], exact.cost)


def test_the_limit_on_changes_is_checked_before_the_model_is_asked(w, monkeypatch):
    monkeypatch.setattr(type(w.model), "approves", lambda *a: pytest.fail("the model ran"))
    with pytest.raises(rs.InputError, match="max_changes must be"):
        rs.audit(w.model, w.X, w.actions, max_changes=-1)
    with pytest.raises(rs.InputError, match="max_changes must be"):
        rs.flipset(w.model, w.X.iloc[0], w.actions, max_changes=-1)


def test_settings_of_a_classifier_are_an_error_for_a_table_of_coefficients(w):
    model = rs.LinearModel({"income": 1.0})
    with pytest.raises(rs.InputError, match="a LinearModel has its own rule"):
        rs.audit(model, w.X, w.actions, threshold=0.5)
