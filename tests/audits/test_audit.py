"""Audits: one row a person, tallies that add up, groups, and searches cut short."""

from __future__ import annotations

import importlib
import itertools
import json
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recourse as rs
from helpers import Fragile, world
from recourse.audits import MISSING, AuditTallies, Tally
from recourse.search import brute_force


@pytest.fixture
def w():
    return world(21, n=120)


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


def test_counts_add_up_and_nobody_without_recourse_enters_a_mean(w):
    w.actions["income"].actionable = False
    w.actions["balance"].actionable = False
    w.X["sex"] = np.arange(len(w.X)) % 2
    result = rs.audit(w.clf, w.X, w.actions, group_by=["sex"])
    overall = result.overall
    assert overall["no_recourse"] > 0, "this world must have people without recourse"
    assert overall["recourse"] + overall["no_recourse"] + overall["undecided"] == overall["denied"]
    assert result.by_group["denied"].sum() == overall["denied"]
    frame = result.to_frame()
    assert np.isinf(frame.loc[frame["status"] == "infeasible", "cost"]).all()
    assert np.isfinite(overall["cost_mean"])
    assert overall["cost_mean"] == pytest.approx(frame.loc[frame["feasible"].fillna(False), "cost"].mean())


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 119), max_size=4, unique=True), st.randoms(use_true_random=False))
def test_the_audit_of_a_table_is_the_audit_of_its_parts_in_any_order(cuts, shuffle):
    w = world(22, n=120)
    w.X["group"] = (w.X["overdue"] > 3).map({True: "late", False: "on time"})
    w.X.index = np.arange(120)
    spec = rs.AuditSpec(w.model, w.actions, rs.TotalCost(), (("group",),))
    spec = pickle.loads(pickle.dumps(spec))
    whole = rs.audit_part(spec, w.X)
    ends = [0, *sorted(cuts), len(w.X)]
    parts = [rs.audit_part(spec, w.X.iloc[a:b]) for a, b in itertools.pairwise(ends)]
    pd.testing.assert_frame_equal(pd.concat([part.people for part in parts]), whole.people)
    tallies = [part.tallies for part in parts]
    shuffle.shuffle(tallies)
    assert sum(tallies, AuditTallies()) == whole.tallies


def test_groups_are_columns_crossings_and_ordered(w):
    w.X["sex"] = np.where(np.arange(len(w.X)) % 2, "f", "m")
    result = rs.audit(w.clf, w.X, w.actions, group_by=["overdue", ("sex", "owns")])
    assert result.by_group.loc["overdue"].index.tolist() == sorted(w.X["overdue"].unique())
    assert result.by_group.loc["sex × owns"].index.tolist() == [("f", 0), ("f", 1), ("m", 0), ("m", 1)]
    gaps = result.difference("denied_share")
    assert list(gaps.index) == ["overdue", "sex × owns"]
    shares = result.by_group.loc["overdue"]["denied_share"]
    assert gaps.loc["overdue", "difference"] == pytest.approx(shares.max() - shares.min())
    with pytest.raises(rs.InputError, match="measure can't be 'feasable'. Did you mean 'feasible'"):
        result.difference("feasable")


def test_people_with_a_missing_group_are_a_group_of_their_own(w):
    w.X["region"] = pd.Series(["north", None] * 60)
    result = rs.audit(w.clf, w.X, w.actions, group_by="region")
    assert result.by_group.loc["region"].index.tolist() == [MISSING, "north"]
    assert [group["level"] for group in result.to_dict()["groups"]] == ["missing", "north"]
    assert result.by_group["n"].tolist() == [60, 60]


@pytest.mark.parametrize(
    ("group_by", "message"),
    [
        (["incme"], "X has no column 'incme'. Did you mean 'income'"),
        (["balance"], "has 1.. levels, .* bin the values"),
        ([("owns", "owns")], "must be one or several different columns"),
    ],
)
def test_groups_that_make_no_table_are_errors(w, group_by, message):
    with pytest.raises(rs.InputError, match=message):
        rs.audit(w.clf, w.X, w.actions, group_by=group_by)


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda frame: pa.Table.from_pandas(frame, preserve_index=False)])
def test_other_tables_come_back_in_kind(w, convert):
    w.X["sex"] = np.where(np.arange(len(w.X)) % 2, "f", "m")
    table = convert(w.X)
    result = rs.audit(w.clf, table, w.actions, group_by=["sex"])
    expected = rs.audit(w.clf, w.X, w.actions, group_by=["sex"])
    assert type(result.to_frame()) is type(table)
    assert result.to_dict() == expected.to_dict()
    back = result.to_frame().to_pandas()
    np.testing.assert_allclose(back["cost"].astype(float), expected.to_frame()["cost"])
    assert back["action"].tolist() == expected.to_frame()["action"].tolist()


def test_an_array_is_audited_with_the_action_sets_names(w):
    result = rs.audit(w.clf, w.X.to_numpy(), w.actions, group_by=["owns"])
    assert result.to_dict()["overall"] == rs.audit(w.clf, w.X, w.actions).to_dict()["overall"]


def test_nobody_denied_is_an_empty_result_with_the_reason(w):
    approved = w.X[w.model.approves(w.X)]
    result = rs.audit(w.clf, approved, w.actions, group_by=["owns"])
    assert result.overall["denied"] == 0
    assert result.overall["feasible"] is None
    assert "Nobody is denied" in repr(result)


def test_nothing_actionable_is_said(w):
    w.actions.actionable = False
    result = rs.audit(w.clf, w.X, w.actions)
    assert result.overall["no_recourse"] == result.overall["denied"]
    assert "No feature is actionable" in repr(result)


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
        importlib.import_module("recourse.audits.part"), "find", lambda *a, **k: pytest.fail("the search began")
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


def test_the_document_is_plain_and_the_same_every_time(w):
    one = rs.audit(w.clf, w.X, w.actions, group_by=["owns"]).to_dict()
    other = rs.audit(w.clf, w.X, w.actions, group_by=["owns"]).to_dict()
    assert json.dumps(one, allow_nan=False) == json.dumps(other, allow_nan=False)
    assert one["document"] == "openrecourse/audit"


def test_views_show_the_numbers_of_the_document(w):
    result = rs.audit(w.clf, w.X.assign(sex="<b>f</b>"), w.actions, group_by=["sex"])
    text, html = repr(result), result._repr_html_()
    assert f"{result.overall['denied']:,}" in text
    assert f"{result.overall['denied']:,}" in html
    assert "<b>f</b>" not in html, "escaped"
    assert len(html) < 30_000
    assert result.to_html().startswith("<!doctype html>")


def test_tallies_of_nobody_say_nothing():
    measures = Tally().measures()
    assert measures["feasible"] is None
    assert measures["cost_mean"] is None
    assert measures["denied_share"] is None


def test_missing_values_and_the_word_for_them_are_two_levels(w):
    w.X["region"] = pd.Series(["missing", None, np.nan, "north"] * 30, dtype=object)
    result = rs.audit(w.clf, w.X, w.actions, group_by="region")
    assert result.by_group["n"].sum() == len(w.X)
    levels = {group["level"]: group["n"] for group in result.to_dict()["groups"]}
    assert levels == {"missing": 60, "'missing'": 30, "north": 30}
    assert pickle.loads(pickle.dumps(result.tallies)) == result.tallies


def test_a_number_and_its_digits_do_not_read_the_same(w):
    w.X["code"] = pd.Series([1, "1", 2] * 40, dtype=object)
    result = rs.audit(w.clf, w.X, w.actions, group_by=["code"])
    assert [group["level"] for group in result.to_dict()["groups"]] == ["1", "2", "'1'"]


def test_groups_of_intervals_are_fit_for_json(w):
    w.X["band"] = pd.cut(w.X["balance"], 3)
    result = rs.audit(w.clf, w.X, w.actions, group_by=["band", "owns"])
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    levels = {group["level"] for group in document["groups"] if group["group"] == "band"}
    assert levels == {str(one) for one in w.X["band"].cat.categories}
    for gap in document["differences"]:
        assert gap["level_largest"] in {group["level"] for group in document["groups"]}


def test_groups_may_be_named_by_numbers_and_tuples(w):
    X = w.X.assign(sex="f").rename(columns={"sex": 1})
    one = rs.audit(w.clf, X, w.actions, group_by=1)
    assert one.by_group["n"].tolist() == [120]
    tuples = w.X.set_axis(pd.Index([("a", name) for name in w.X.columns], tupleize_cols=False), axis=1)
    A = rs.ActionSet(tuples)
    model = rs.LinearModel({("a", "income"): 1.0}, intercept=-5.0)
    for group_by in (("a", "owns"), [("a", "owns")], [(("a", "owns"),)]):
        result = rs.audit(model, tuples, A, group_by=group_by)
        assert result.by_group["n"].tolist() == w.X["owns"].value_counts().sort_index().tolist()
    crossed = rs.audit(model, tuples, A, group_by=[(("a", "owns"), ("a", "overdue"))])
    assert crossed.by_group["n"].sum() == 120


def test_the_same_grouping_twice_counts_nobody_twice(w):
    result = rs.audit(w.clf, w.X, w.actions, group_by=["owns", "owns"])
    assert result.by_group["n"].sum() == len(w.X)


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda frame: pa.Table.from_pandas(frame, preserve_index=False)])
def test_columns_keep_their_types_where_everybody_is_approved(w, convert):
    approved = w.X[w.model.approves(w.X)].reset_index(drop=True)
    some, none = (rs.audit(w.clf, convert(X), w.actions).to_frame() for X in (w.X, approved))
    kinds = [getattr(table, "schema", None) for table in (some, none)]
    assert kinds[0] == kinds[1]


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


def test_a_model_that_raises_says_where_and_leaves_what_is_done(w, monkeypatch):
    monkeypatch.setattr(importlib.import_module("recourse.audits.audit"), "CHUNK", 40)
    whole = rs.audit(Fragile(w.clf, 10**9), w.X, w.actions)
    asked = Fragile(w.clf, 10**9)
    rs.audit(asked, w.X.iloc[:40], w.actions)
    fragile = Fragile(w.clf, (10**9 - asked.rows) + len(w.X) + 45)  # the second part's search is cut short
    with pytest.raises(RuntimeError, match="out of memory") as caught:
        rs.audit(fragile, w.X, w.actions)
    assert caught.value.__notes__ == ["raised in recourse.audit, rows 40 to 79 of 120"]
    partial = caught.value.partial
    assert isinstance(partial, rs.Audit)
    assert partial.interrupted
    assert len(partial) == 80
    pd.testing.assert_frame_equal(partial.people.iloc[:40], whole.people.iloc[:40])
    assert set(partial.people["status"].iloc[40:]) <= {"", "unknown"}


def test_an_audit_says_what_was_proven_of_all(w):
    assert rs.audit(w.clf, w.X, w.actions).status is rs.Status.OPTIMAL
    assert rs.audit(w.clf, w.X, w.actions, time_limit=0).status is rs.Status.UNKNOWN
    assert rs.audit(w.clf, w.X[w.model.approves(w.X)], w.actions).status is None
    w.actions.actionable = False
    none = rs.audit(w.clf, w.X, w.actions)
    assert none.status is rs.Status.INFEASIBLE
    assert none.notes == ["No feature is actionable, so nobody who is denied can change anything."]


def test_a_cancelled_budget_ends_an_audit_and_keeps_what_is_done(w, monkeypatch):
    monkeypatch.setattr(importlib.import_module("recourse.audits.audit"), "CHUNK", 40)
    budget = rs.Budget()
    result = rs.audit(w.clf, w.X, w.actions, budget=budget, progress=lambda done, of: budget.cancel())
    assert result.interrupted
    assert 0 < result.overall["undecided"] < result.overall["denied"]
    assert len(result) == len(w.X)


def test_nothing_of_a_result_can_be_assigned(w):
    result = rs.audit(w.clf, w.X, w.actions)
    with pytest.raises(AttributeError):
        result.interrupted = True
